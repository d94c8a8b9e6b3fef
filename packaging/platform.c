// SPDX-License-Identifier: GPL-2.0-or-later
/* Compiled first: where gmemctl cannot be built, this file gives the one error message. */
#if __SIZEOF_LONG__ < 8
#error "gmemctl needs a 64-bit machine: KVM has guest_memfd on no other"
#else
#include <features.h>
#ifndef __GLIBC__
#error "gmemctl needs glibc: other C libraries have no argp for its command line"
#endif
#endif
