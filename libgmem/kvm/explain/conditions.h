/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel checks in more than one call. */
#ifndef GMEM_KVM_EXPLAIN_CONDITIONS_H
#define GMEM_KVM_EXPLAIN_CONDITIONS_H

#include "kvm/explain/explain.h"

#define GMEM_CONDITIONS(table) .conditions = (table), .count = sizeof(table) / sizeof((table)[0])

/* Any call that makes a simulated kernel touch a page that is not there. */
#define GMEM_CONDITION_OOPS                                                                                  \
	{                                                                                                    \
		GMEM_KERNEL_OOPS, NULL,                                                                      \
			"the kernel took a page fault that it cannot handle; a real one never returns from " \
			"this, and the process hangs or dies with the VM's locks held",                      \
			"see its log ({do:kernel-log})"                                                      \
	}

/* A descriptor that is open, and of no use. */
#define GMEM_CONDITION_PATH_ONLY(what, from)                                             \
	{                                                                                \
		EBADF, gmem_fact_path_only,                                              \
			what " was opened with O_PATH: it only names the file, and the " \
			     "kernel takes no call on it",                               \
			"pass the one that " from " gave"                                \
	}

/* The entry checks of kvm_vm_ioctl() and kvm_vcpu_ioctl(), see on_vm. */
extern const struct gmem_condition gmem_conditions_of_vm[];
extern const size_t gmem_conditions_of_vm_count;

/* Conditions of every call that makes a file descriptor, see makes_fd. */
extern const struct gmem_condition gmem_conditions_of_fd[];
extern const size_t gmem_conditions_of_fd_count;

/* KVM of arm64: it knows fewer calls, and gives EINVAL for those that it does not know. */
bool gmem_fact_arm64(const struct gmem_facts *facts);
bool gmem_fact_other_process(const struct gmem_facts *facts);
bool gmem_fact_vm_refuses(const struct gmem_facts *facts);
bool gmem_fact_tdx(const struct gmem_facts *facts);
bool gmem_fact_snp(const struct gmem_facts *facts);

bool gmem_fact_td_finalized(const struct gmem_facts *facts);
bool gmem_fact_firmware_error(const struct gmem_facts *facts);
/* What is known of the page at gpa through this gmem_vm. */
bool gmem_fact_no_slot(const struct gmem_facts *facts);
bool gmem_fact_slot_without_memory(const struct gmem_facts *facts);
bool gmem_fact_not_private(const struct gmem_facts *facts);
bool gmem_fact_source_unaligned(const struct gmem_facts *facts);

bool gmem_fact_size_zero(const struct gmem_facts *facts);
bool gmem_fact_size_negative(const struct gmem_facts *facts);
bool gmem_fact_size_unaligned(const struct gmem_facts *facts);
bool gmem_fact_offset_negative(const struct gmem_facts *facts);
bool gmem_fact_offset_unaligned(const struct gmem_facts *facts);
bool gmem_fact_gpa_unaligned(const struct gmem_facts *facts);
bool gmem_fact_gpa_wraps(const struct gmem_facts *facts);
bool gmem_fact_gpa_has_shared_bit(const struct gmem_facts *facts);
bool gmem_fact_file_closed(const struct gmem_facts *facts);
bool gmem_fact_path_only(const struct gmem_facts *facts);
bool gmem_fact_beyond_file(const struct gmem_facts *facts);
bool gmem_fact_no_mmap_flag(const struct gmem_facts *facts);
bool gmem_fact_not_init_shared(const struct gmem_facts *facts);

#endif
