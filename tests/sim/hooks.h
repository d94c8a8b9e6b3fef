/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a test may do to a simulated kernel besides using the port: look inside, and make operations
 * fail. The struct gmem_kernel passed must come from gmem_kernel_sim_new().
 */
#ifndef TESTS_SIM_HOOKS_H
#define TESTS_SIM_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/kernel.h"

/* Whether the model had a fault that a kernel would not survive. */
bool gmem_sim_oopsed(const struct gmem_kernel *kernel);

/* From now on the reader does not work: reader_open() fails with error, a negative errno. */
void gmem_sim_fail_reader(struct gmem_kernel *kernel, enum gmem_reader reader, int error);

/* Lets the n-th page allocation from now on (1 is the next one) fail, once. 0 cancels that. */
void gmem_sim_fail_allocation(struct gmem_kernel *kernel, uint64_t n);

/* Makes a signal pending, or not: loops that check for one end with EINTR while it is pending. */
void gmem_sim_signal(struct gmem_kernel *kernel, bool pending);

/* Takes another reference to a page frame, as a pin by GUP does, or drops that reference. */
int gmem_sim_pin(struct gmem_kernel *kernel, uint64_t pfn, bool pin);

/*
 * Takes a page frame out of the direct map, or puts it back, as another user
 * of the direct map would.
 */
int gmem_sim_set_direct_map(struct gmem_kernel *kernel, uint64_t pfn, bool present);

/* Makes a page frame of the direct map read-only. */
int gmem_sim_set_read_only(struct gmem_kernel *kernel, uint64_t pfn);

/* Whether the model's direct map has the page frame. */
bool gmem_sim_direct_map_present(struct gmem_kernel *kernel, uint64_t pfn);

/* Returns the page frame behind a page of a file, or -ENOENT. */
int64_t gmem_sim_file_pfn(struct gmem_kernel *kernel, int fd, uint64_t index);

/*
 * Sets what the guest does in the next KVM_RUN of that vCPU: one access, then it halts. is_private
 * counts for TDX and SNP guests. Other guests access the memory as the attribute of the gfn says.
 */
int gmem_sim_guest_touch(struct gmem_kernel *kernel, int vcpu_fd, uint64_t gpa, bool is_private);

/*
 * The same on arm64: the guest executes the instruction at gpa, or accesses gpa as data.
 * Initialises the vCPU as KVM_ARM_VCPU_INIT does.
 */
int gmem_sim_guest_run_arm64(struct gmem_kernel *kernel, int vcpu_fd, uint64_t gpa, bool executes);

/* Returns how often KVM made the SEAMCALL of that leaf. */
uint64_t gmem_sim_seamcalls(const struct gmem_kernel *kernel, unsigned int leaf);

/* Lets the n-th SEAMCALL of that leaf from now on return status and do nothing. */
void gmem_sim_fail_seamcall(struct gmem_kernel *kernel, unsigned int leaf, uint64_t n,
			    uint64_t status);

/*
 * Gets a number that stands for MRTD: it depends on what was added and
 * extended, and in which order.
 */
int gmem_sim_measurement(const struct gmem_kernel *kernel, int vm_fd, uint64_t *out);

/* Page frames in use, without the kernel's own; descriptors that are open. */
uint64_t gmem_sim_pages_in_use(const struct gmem_kernel *kernel);
unsigned int gmem_sim_open_fds(const struct gmem_kernel *kernel);

/* Calls memory_failure() for a page frame: poisons it. -EINVAL if it is not a page of a file. */
int gmem_sim_poison(struct gmem_kernel *kernel, uint64_t pfn);

/* Returns how many KeyIDs TDs hold. */
unsigned int gmem_sim_keyids_in_use(const struct gmem_kernel *kernel);

/* Returns how many calls the fault made fail since gmem_sim_set_fault(). */
uint64_t gmem_sim_struck(const struct gmem_kernel *kernel);

#endif
