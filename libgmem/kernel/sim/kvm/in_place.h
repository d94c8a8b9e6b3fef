/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In-place conversion: private and shared are properties of a file's pages. */
#ifndef SIM_KVM_IN_PLACE_H
#define SIM_KVM_IN_PLACE_H

#include "kernel/sim/kvm/kvm.h"

/* All pages of a new file are private, or with INIT_SHARED shared. Errors: ENOMEM. */
int sim_in_place_init(const struct gmem_sim *sim, struct sim_gmem *gmem);
bool sim_in_place_is_private(const struct sim_gmem *gmem, uint64_t index);
int sim_in_place_ioctl(struct gmem_sim *sim, struct sim_gmem *gmem, unsigned long request,
		       uint64_t arg);

#endif
