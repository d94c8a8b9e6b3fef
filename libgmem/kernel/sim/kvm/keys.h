/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set of numbers, ascending. */
#ifndef SIM_KVM_KEYS_H
#define SIM_KVM_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_keys {
	uint64_t *keys;
	size_t count;
	size_t size;
};

bool sim_keys_has(const struct sim_keys *keys, uint64_t key);
/* Errors: ENOMEM. */
int sim_keys_add(struct sim_keys *keys, uint64_t key);
void sim_keys_free(struct sim_keys *keys);

#endif
