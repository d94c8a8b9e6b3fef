/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libgmem: guest_memfd, KVM's private memory and the kernel's direct map. Includes all of it. */
#ifndef GMEM_GMEM_H
#define GMEM_GMEM_H

#include <gmem/base.h>
#include <gmem/caps.h>
#include <gmem/directmap.h>
#include <gmem/extents.h>
#include <gmem/flush.h>
#include <gmem/frame.h>
#include <gmem/host.h>
#include <gmem/launch.h>
#include <gmem/nodes.h>
#include <gmem/oops.h>
#include <gmem/owners.h>
#include <gmem/snp.h>
#include <gmem/tdx.h>
#include <gmem/vm.h>
#include <gmem/watch.h>

#endif
