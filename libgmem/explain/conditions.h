/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel checks in more than one call. */
#ifndef GMEM_CONDITIONS_H
#define GMEM_CONDITIONS_H

#include "explain/explain.h"

#define GMEM_CONDITIONS(table) .conditions = (table), .count = sizeof(table) / sizeof((table)[0])

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
