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
			"see its log (gmem_ctx_kernel_log())"                                                \
	}

/* The entry checks of kvm_vm_ioctl() and kvm_vcpu_ioctl(), see on_vm. */
extern const struct gmem_condition gmem_conditions_of_vm[];
extern const size_t gmem_conditions_of_vm_count;

/* Of every call that makes a file descriptor, see makes_fd. */
extern const struct gmem_condition gmem_conditions_of_fd[];
extern const size_t gmem_conditions_of_fd_count;

bool gmem_fact_other_process(struct gmem_facts *facts);
bool gmem_fact_vm_refuses(struct gmem_facts *facts);
bool gmem_fact_tdx(struct gmem_facts *facts);
bool gmem_fact_snp(struct gmem_facts *facts);

bool gmem_fact_td_finalized(struct gmem_facts *facts);
bool gmem_fact_firmware_error(struct gmem_facts *facts);
/* Of the page at gpa, as far as it went through this gmem_vm. */
bool gmem_fact_no_slot(struct gmem_facts *facts);
bool gmem_fact_slot_without_memory(struct gmem_facts *facts);
bool gmem_fact_not_private(struct gmem_facts *facts);
bool gmem_fact_source_unaligned(struct gmem_facts *facts);

bool gmem_fact_size_zero(struct gmem_facts *facts);
bool gmem_fact_size_negative(struct gmem_facts *facts);
bool gmem_fact_size_unaligned(struct gmem_facts *facts);
bool gmem_fact_offset_negative(struct gmem_facts *facts);
bool gmem_fact_offset_unaligned(struct gmem_facts *facts);
bool gmem_fact_gpa_unaligned(struct gmem_facts *facts);
bool gmem_fact_gpa_wraps(struct gmem_facts *facts);
bool gmem_fact_gpa_has_shared_bit(struct gmem_facts *facts);
bool gmem_fact_file_closed(struct gmem_facts *facts);
bool gmem_fact_beyond_file(struct gmem_facts *facts);
bool gmem_fact_no_mmap_flag(struct gmem_facts *facts);
bool gmem_fact_not_init_shared(struct gmem_facts *facts);

#endif
