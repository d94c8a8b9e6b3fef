/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_HOST_OFFER_H
#define GMEM_HOST_OFFER_H

#include "host/host.h"

/* The first failed check that keeps TDX or SNP, and so private memory, off; or NULL. */
const struct gmem_check *gmem_host_private_cause(const struct gmem_host *host);

#endif
