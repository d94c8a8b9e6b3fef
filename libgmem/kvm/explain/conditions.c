// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel checks in more than one call. */
#include "base/log.h"
#include "kvm/explain/conditions.h"

#include <errno.h>
#include <string.h>

#include "kernel/uapi.h"
#include "kvm/state.h"
#include "procfs/fd.h"

const struct gmem_condition gmem_conditions_of_vm[] = {
	{ EIO, gmem_fact_other_process,
	  "the VM belongs to process {vm_pid}, this is process {own_pid}, and KVM takes ioctls from "
	  "the process that created the VM only",
	  "make the call there" },
	{ EIO, gmem_fact_vm_refuses,
	  "KVM refuses every ioctl on this VM: it is dead (KVM stops a VM after an internal error), "
	  "or another process created it",
	  GMEM_LOG_KVM " shows the error; close the VM and create a new one" },
	GMEM_CONDITION_OOPS,
};
const size_t gmem_conditions_of_vm_count =
	sizeof(gmem_conditions_of_vm) / sizeof(gmem_conditions_of_vm[0]);

const struct gmem_condition gmem_conditions_of_fd[] = {
	{ EMFILE, NULL, "this process has no free file descriptor",
	  "close some, or raise its limit (ulimit -n)" },
	{ ENFILE, NULL, "the system has no free file", "raise the sysctl fs.file-max" },
};
const size_t gmem_conditions_of_fd_count =
	sizeof(gmem_conditions_of_fd) / sizeof(gmem_conditions_of_fd[0]);

static bool unaligned(const struct gmem_facts *facts, uint64_t value)
{
	return value % gmem_page_size(facts->ctx) != 0;
}

bool gmem_fact_arm64(const struct gmem_facts *facts)
{
	return !strcmp(facts->ctx->kernel->ops->machine, "aarch64");
}

bool gmem_fact_other_process(const struct gmem_facts *facts)
{
	return facts->vm_error == EIO && facts->vm_pid && facts->own_pid &&
	       facts->vm_pid != facts->own_pid;
}

bool gmem_fact_vm_refuses(const struct gmem_facts *facts)
{
	return facts->vm_error == EIO;
}

bool gmem_fact_td_finalized(const struct gmem_facts *facts)
{
	return facts->vm->td.finalized;
}

bool gmem_fact_no_slot(const struct gmem_facts *facts)
{
	return !gmem_vm_slot_at(facts->vm, facts->gpa);
}

bool gmem_fact_slot_without_memory(const struct gmem_facts *facts)
{
	const struct gmem_vm_slot *slot = gmem_vm_slot_at(facts->vm, facts->gpa);

	return slot && !(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD);
}

bool gmem_fact_not_private(const struct gmem_facts *facts)
{
	return !gmem_ranges_cover(&facts->vm->private_gpas, facts->gpa,
				  facts->gpa + GMEM_PAGE_SIZE);
}

bool gmem_fact_source_unaligned(const struct gmem_facts *facts)
{
	return unaligned(facts, facts->userspace_addr);
}

bool gmem_fact_firmware_error(const struct gmem_facts *facts)
{
	return facts->has_firmware_error;
}

bool gmem_fact_tdx(const struct gmem_facts *facts)
{
	return facts->type == GMEM_VM_TDX;
}

bool gmem_fact_snp(const struct gmem_facts *facts)
{
	return facts->type == GMEM_VM_SNP;
}

bool gmem_fact_size_zero(const struct gmem_facts *facts)
{
	return !facts->size;
}

bool gmem_fact_size_negative(const struct gmem_facts *facts)
{
	return (int64_t)facts->size < 0;
}

bool gmem_fact_size_unaligned(const struct gmem_facts *facts)
{
	return unaligned(facts, facts->size);
}

bool gmem_fact_offset_negative(const struct gmem_facts *facts)
{
	return (int64_t)facts->offset < 0;
}

bool gmem_fact_offset_unaligned(const struct gmem_facts *facts)
{
	return unaligned(facts, facts->offset);
}

bool gmem_fact_gpa_unaligned(const struct gmem_facts *facts)
{
	return unaligned(facts, facts->gpa);
}

/* A range that ends at 2^64 counts as one that wraps. */
bool gmem_fact_gpa_wraps(const struct gmem_facts *facts)
{
	return facts->gpa + facts->size < facts->gpa;
}

/* Bit 47 or 51 of the GPA, as the TD was configured (tdx_td_init() in arch/x86/kvm/vmx/tdx.c). */
bool gmem_fact_gpa_has_shared_bit(const struct gmem_facts *facts)
{
	unsigned int width = facts->vm ? facts->vm->td.address_width : 0;

	return gmem_fact_tdx(facts) && (facts->gpa + facts->size - 1) >> ((width ? width : 48) - 1);
}

bool gmem_fact_file_closed(const struct gmem_facts *facts)
{
	return facts->file_error == EBADF;
}

bool gmem_fact_path_only(const struct gmem_facts *facts)
{
	return gmem_fd_is_path(facts->ctx, facts->memory ? facts->memory->fd : facts->fd);
}

bool gmem_fact_beyond_file(const struct gmem_facts *facts)
{
	return facts->offset > facts->file_size || facts->size > facts->file_size - facts->offset;
}

bool gmem_fact_no_mmap_flag(const struct gmem_facts *facts)
{
	return !(facts->file_flags & GMEM_MEMORY_MMAP);
}

bool gmem_fact_not_init_shared(const struct gmem_facts *facts)
{
	return !(facts->file_flags & GMEM_MEMORY_INIT_SHARED);
}
