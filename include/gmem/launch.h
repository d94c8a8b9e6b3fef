/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a confidential guest is launched, for TDX and SEV-SNP guests alike. Each has KVM commands of
 * its own that add the first pages, and memory can be pre-faulted when the launch is finished.
 * These are the steps that both have, with all defaults. gmem/tdx.h and gmem/snp.h have each step
 * with its options, and gmem_tdx_launch() does the whole launch of a TD in one call.
 *
 * The order is: gmem_launch_init(), gmem_vm_add_vcpu() and gmem_launch_vcpu(); memory, memslots and
 * gmem_convert(); gmem_launch_add() as often as there is content; gmem_launch_finalize().
 *
 * Nothing here has run on such hardware: it was written from the kernel's source and tested on
 * models of it.
 */
#ifndef GMEM_LAUNCH_H
#define GMEM_LAUNCH_H

#include <gmem/base.h>
#include <gmem/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The names of the calls to KVM that a launch makes, to show to people. All strings have static
 * storage. Since: 0.1
 */
struct gmem_launch {
	size_t size; /* sizeof(struct gmem_launch) */
	enum gmem_vm_type vm_type;
	const char *init_calls;	   /* of gmem_launch_init() */
	const char *vcpu_calls;	   /* of gmem_vm_add_vcpu() and gmem_launch_vcpu() */
	const char *add_call;	   /* of gmem_launch_add() */
	const char *measured_call; /* the same where the content is measured */
	const char *finalize_call; /* of gmem_launch_finalize() */
};

/*
 * How guests of that type are launched. NULL if that type has no launch, or libgmem does not know
 * how. Static storage. Since: 0.1
 */
GMEM_API const struct gmem_launch *gmem_launch_of(enum gmem_vm_type type);

/*
 * Begins the launch: gmem_tdx_split_irqchip() and gmem_tdx_init_vm(), or gmem_snp_init_vm() and
 * gmem_snp_launch_start(). An irqchip that is split already is taken as it is. Errors: those of
 * these calls; EINVAL for a VM without a launch, as with all steps. Since: 0.1
 */
GMEM_API int gmem_launch_init(struct gmem_vm *vm);

/*
 * Prepares the index-th vCPU: calls gmem_tdx_init_vcpu(), and does nothing for SNP. Errors: those
 * of that call. Since: 0.1
 */
GMEM_API int gmem_launch_vcpu(struct gmem_vm *vm, unsigned int index);

/* Pages of content on their way into the guest. Since: 0.1 */
struct gmem_launch_content {
	size_t size;	/* sizeof(struct gmem_launch_content) */
	void *source;	/* page aligned; see struct gmem_tdx_region and struct gmem_snp_region */
	uint64_t gpa;	/* page aligned; private, in a memslot with a guest_memfd */
	uint64_t pages; /* above 0 */
	bool measure;	/* it becomes part of the measurement */
};

/*
 * Adds content: gmem_tdx_init_mem_region() by the first vCPU, or gmem_snp_launch_update(). *done,
 * if not NULL, is the number of pages added, on failure too. Errors: those of these calls,
 * GMEM_EWOULDFAULT among them. Since: 0.1
 */
GMEM_API int gmem_launch_add(struct gmem_vm *vm, const struct gmem_launch_content *content,
			     uint64_t *done);

/*
 * Ends the launch: gmem_tdx_finalize() or gmem_snp_launch_finish(). Errors: those of these calls.
 * Since: 0.1
 */
GMEM_API int gmem_launch_finalize(struct gmem_vm *vm);

#ifdef __cplusplus
}
#endif
#endif
