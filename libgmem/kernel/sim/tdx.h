/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SIM_TDX_H
#define SIM_TDX_H

#include "kernel/sim/kvm.h"

static inline uint64_t sim_td_shared_gfn(const struct sim_vm *vm)
{
	(void)vm;
	return 0;
}

#endif
