/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How confidential guests begin: TDX and SEV-SNP guests get their first pages from KVM commands of
 * their own, and can be mapped once their launch is finished. The same four steps, as each has
 * them.
 */
#ifndef CLI_HELD_LAUNCH_H
#define CLI_HELD_LAUNCH_H

#include <gmem/gmem.h>

/* Pages of content on their way into the guest. */
struct launch_content {
	void *source; /* page aligned */
	uint64_t gpa;
	uint64_t pages;
	bool measure; /* it goes into the measurement */
};

struct launch {
	enum gmem_vm_type type;
	const char *init_calls;
	const char *vcpu_calls;
	const char *add_call;
	const char *measured_call;
	const char *finalize_call;
	int (*init)(struct gmem_vm *vm);
	int (*init_vcpu)(struct gmem_vm *vm);
	int (*add)(struct gmem_vm *vm, const struct launch_content *content, uint64_t *done);
	int (*finalize)(struct gmem_vm *vm);
};

/* How guests of that type are launched, or NULL: there is nothing to launch. */
const struct launch *launch_of(enum gmem_vm_type type);

#endif
