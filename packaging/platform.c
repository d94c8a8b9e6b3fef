// SPDX-License-Identifier: GPL-2.0-or-later
/* Compiled before all else: where gmemctl cannot be built, this says so once. */
#if __SIZEOF_LONG__ < 8
#error "gmemctl needs a 64-bit machine: KVM has guest_memfd on no other"
#else
#include <features.h>
#ifndef __GLIBC__
#error "gmemctl needs glibc: other C libraries have no argp for its command line"
#endif
#endif
