/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why did the kernel refuse? KVM answers most mistakes with a bare EINVAL. Here each call has a
 * table of the kernel's own checks, in the kernel's own order; after a failure the first one that
 * gives this errno and that holds for the arguments is named.
 *
 * None of this runs for a call that succeeds.
 */
#ifndef GMEM_KVM_EXPLAIN_EXPLAIN_H
#define GMEM_KVM_EXPLAIN_EXPLAIN_H

#include "kvm/memory.h"
#include "kvm/vm.h"

/* What a condition learns while it looks, for its words. */
struct gmem_findings {
	uint64_t bad_flag; /* lowest flag that is not offered */
	uint64_t bad_node; /* lowest node that the policy cannot have */
	uint64_t limit;	   /* first address that is too high */
	uint64_t other_slot;
	uint64_t other_gpa;
	uint64_t other_size;
	uint64_t shared_addr; /* userspace address of the shared page */
	uint64_t device_uid;
	uint64_t device_gid;
	uint64_t device_mode;
	const char *advice; /* what to do, where it depends on the host; NULL: not looked for */
};

/*
 * The arguments of a call, and facts about the host that are collected after the failure. Unused
 * fields are zero.
 */
struct gmem_facts {
	/* Filled by the caller, as far as the call has them. */
	struct gmem_ctx *ctx;
	const struct gmem_vm *vm;
	const struct gmem_memory *memory;
	int fd;	       /* of what is to be wrapped */
	uint64_t type; /* enum gmem_vm_type */
	uint64_t vcpu; /* id */
	uint64_t size; /* bytes: of a file, a slot, a range */
	uint64_t offset;
	uint64_t gpa;
	uint64_t flags;
	uint64_t userspace_addr;
	uint64_t attributes;
	uint64_t slot;
	uint64_t count; /* of entries or routes */
	uint64_t mode;	/* MPOL_* */
	uint64_t nodes; /* bits in nodemask */
	const unsigned long *nodemask;
	uint64_t td_attributes;
	uint64_t xfam;
	uint64_t address_width; /* bits */
	uint64_t cpuid_entries;
	uint64_t vmsa_features;
	uint64_t ghcb_version;
	uint64_t policy;
	uint64_t page_type; /* enum gmem_snp_page_type */
	uint64_t hw_error;  /* SEAMCALL status, 0: none was reported */
	uint64_t firmware_error;
	bool has_firmware_error;

	/* Learnt by gmem_explain_call() before it looks at the table. */
	const char *release;
	uint64_t page_size; /* bytes of the kernel's pages */
	uint64_t vm_error;  /* errno that any ioctl on the VM gives, or 0 */
	uint64_t vm_pid;    /* process that created the VM, 0: not known */
	uint64_t own_pid;
	uint64_t vcpu_count;
	uint64_t file_size;
	uint64_t file_error; /* errno of fstat() on the memory's fd */
	uint64_t file_flags; /* creation flags of memory */

	/* KVM_CHECK_EXTENSION, on the VM fd where there is one, else on /dev/kvm; 0: no. */
	uint64_t vm_types;
	uint64_t offered_flags;
	uint64_t offered_attributes;
	uint64_t guest_memfd;
	uint64_t user_memory2;
	uint64_t pre_fault;
	uint64_t max_slots;
	uint64_t max_vcpus;
	uint64_t max_vcpu_ids;
	uint64_t address_spaces;

	/* Filled by the caller where it has asked before. */
	uint64_t offered_td_attributes;
	uint64_t offered_xfam;

	struct gmem_findings *found;
};

/*
 * One check of the kernel. words and next are for people; {name} in them stands for a value, see
 * the table in template.c.
 */
struct gmem_condition {
	int error;				       /* positive errno it gives */
	bool (*holds)(const struct gmem_facts *facts); /* NULL: the errno alone says it */
	const char *words;
	const char *next; /* what to do, or NULL */
};

struct gmem_call {
	const char *name; /* "KVM_CREATE_GUEST_MEMFD" */
	const struct gmem_condition *conditions;
	size_t count;
	bool on_vm;	    /* KVM's entry checks of a VM come first */
	bool makes_fd;	    /* running out of descriptors comes last */
	const char *unseen; /* where to look when no condition holds */
};

extern const struct gmem_call gmem_call_open_kvm;
extern const struct gmem_call gmem_call_create_vm;
extern const struct gmem_call gmem_call_create_vcpu;
extern const struct gmem_call gmem_call_wrap_vm;
extern const struct gmem_call gmem_call_wrap_vcpu;
extern const struct gmem_call gmem_call_create_guest_memfd;
extern const struct gmem_call gmem_call_wrap_guest_memfd;
extern const struct gmem_call gmem_call_set_cloexec;
extern const struct gmem_call gmem_call_allocate;
extern const struct gmem_call gmem_call_punch;
extern const struct gmem_call gmem_call_mmap;
extern const struct gmem_call gmem_call_mbind;
extern const struct gmem_call gmem_call_populate_write;
extern const struct gmem_call gmem_call_touch;
extern const struct gmem_call gmem_call_set_region;
extern const struct gmem_call gmem_call_set_attributes;
extern const struct gmem_call gmem_call_pre_fault;
extern const struct gmem_call gmem_call_tdx_capabilities;
extern const struct gmem_call gmem_call_tdx_init_vm;
extern const struct gmem_call gmem_call_tdx_init_vcpu;
extern const struct gmem_call gmem_call_tdx_get_cpuid;
extern const struct gmem_call gmem_call_tdx_init_mem_region;
extern const struct gmem_call gmem_call_tdx_finalize;
extern const struct gmem_call gmem_call_split_irqchip;
extern const struct gmem_call gmem_call_set_cpuid;
extern const struct gmem_call gmem_call_sev_init;
extern const struct gmem_call gmem_call_snp_start;
extern const struct gmem_call gmem_call_snp_update;
extern const struct gmem_call gmem_call_snp_finish;
extern const struct gmem_call gmem_call_convert_in_place;

/* Notes why call failed with error, a negative errno, which it returns. */
int gmem_explain_call(const struct gmem_call *call, struct gmem_facts *facts, int error);

/* The same for a call that was not made, because it would not do what is wanted. */
int gmem_explain_refusal(const struct gmem_call *call, struct gmem_facts *facts, int error);

/*
 * Writes text with its {names} replaced, always NUL-terminated. Returns false for an unknown
 * name.
 */
bool gmem_words(const struct gmem_facts *facts, const char *text, char *out, size_t size);

#endif
