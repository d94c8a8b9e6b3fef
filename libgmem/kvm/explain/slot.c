// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_SET_USER_MEMORY_REGION2. */
#include <errno.h>

#include "base/release.h"
#include "kernel/uapi.h"
#include "kvm/explain/conditions.h"
#include "kvm/kvm.h"
#include "procfs/cpuinfo.h"
#include "procfs/fd.h"

#define ADDRESS_SPACE(slot) ((slot) >> 16)

static bool no_region2(const struct gmem_facts *facts)
{
	return !facts->vm_error && !facts->user_memory2;
}

static bool slot_id_too_large(const struct gmem_facts *facts)
{
	return facts->max_slots && (facts->slot & 0xffff) >= facts->max_slots;
}

static bool has_memory(const struct gmem_facts *facts)
{
	return facts->flags & GMEM_KVM_MEM_GUEST_MEMFD;
}

/*
 * Before Linux 6.18 check_memory_region_flags() allowed it to VMs with private memory only, and
 * KVM_CAP_GUEST_MEMFD on the fd of another VM was 0.
 */
static bool memory_for_private_only(const struct gmem_facts *facts)
{
	return has_memory(facts) && !facts->offered_attributes && !facts->vm_error &&
	       !facts->guest_memfd;
}

static bool flags_do_not_go_with_memory(const struct gmem_facts *facts)
{
	return has_memory(facts) &&
	       facts->flags & (GMEM_KVM_MEM_LOG_DIRTY_PAGES | GMEM_KVM_MEM_READONLY);
}

static bool readonly_of_protected(const struct gmem_facts *facts)
{
	return facts->flags & GMEM_KVM_MEM_READONLY &&
	       (facts->type == GMEM_VM_SEV_ES || gmem_fact_snp(facts) || gmem_fact_tdx(facts));
}

static bool flags_unknown(const struct gmem_facts *facts)
{
	return facts->flags & ~(uint64_t)(GMEM_KVM_MEM_LOG_DIRTY_PAGES | GMEM_KVM_MEM_READONLY |
					  GMEM_KVM_MEM_GUEST_MEMFD);
}

static bool userspace_unaligned(const struct gmem_facts *facts)
{
	return facts->userspace_addr % gmem_page_size(facts->ctx) != 0;
}

/* User addresses of x86-64 end a page below 2^47 or, where 5-level paging is on, 2^56. */
static bool limit_of_x86(const struct gmem_facts *facts)
{
	struct gmem_cpu cpu;
	unsigned int bits = 47;

	if (gmem_cpu_read(facts->ctx, &cpu))
		return false;
	if (gmem_cpu_has(&cpu, "la57"))
		bits = 56;
	gmem_cpu_free(&cpu);
	facts->found->limit = (1ull << bits) - gmem_page_size(facts->ctx);
	return true;
}

/* access_ok(). On arm64 the kernel's configured width counts, which is 52 bits at most. */
static bool userspace_too_high(const struct gmem_facts *facts)
{
	if (gmem_fact_arm64(facts))
		facts->found->limit = 1ull << 52;
	else if (!limit_of_x86(facts))
		return false;
	return facts->size > facts->found->limit ||
	       facts->userspace_addr > facts->found->limit - facts->size;
}

static bool offset_unaligned(const struct gmem_facts *facts)
{
	return has_memory(facts) && gmem_fact_offset_unaligned(facts);
}

static bool offset_wraps(const struct gmem_facts *facts)
{
	return has_memory(facts) && facts->offset + facts->size < facts->offset;
}

static bool address_space_unknown(const struct gmem_facts *facts)
{
	return ADDRESS_SPACE(facts->slot) >= facts->address_spaces;
}

static bool too_many_pages(const struct gmem_facts *facts)
{
	return gmem_page_of(facts->ctx, facts->size) > INT32_MAX;
}

/* Finds the slot that is in the way, for the explanation. */
static void note_other(const struct gmem_facts *facts, const struct gmem_vm_slot *slot)
{
	facts->found->other_slot = slot->id;
	facts->found->other_gpa = slot->gpa;
	facts->found->other_size = slot->size;
}

static const struct gmem_vm_slot *slot_of(const struct gmem_facts *facts)
{
	for (size_t i = 0; i < facts->vm->slot_count; i++) {
		const struct gmem_vm_slot *slot = &facts->vm->slots[i];

		if (slot->id != facts->slot)
			continue;
		note_other(facts, slot);
		return slot;
	}
	return NULL;
}

static bool delete_of_nothing(const struct gmem_facts *facts)
{
	return !facts->size && !slot_of(facts);
}

static bool slot_exists_and_memory(const struct gmem_facts *facts)
{
	return slot_of(facts) && has_memory(facts);
}

static bool slot_of_memory_changed(const struct gmem_facts *facts)
{
	const struct gmem_vm_slot *slot = slot_of(facts);

	return slot && slot->flags & GMEM_KVM_MEM_GUEST_MEMFD && !has_memory(facts);
}

static bool slot_changed(const struct gmem_facts *facts)
{
	const struct gmem_vm_slot *slot = slot_of(facts);

	return slot &&
	       (slot->size != facts->size || slot->userspace_addr != facts->userspace_addr ||
		(slot->flags ^ facts->flags) & GMEM_KVM_MEM_READONLY);
}

static bool gpa_in_use(const struct gmem_facts *facts)
{
	for (size_t i = 0; i < facts->vm->slot_count; i++) {
		const struct gmem_vm_slot *slot = &facts->vm->slots[i];

		if (slot->id == facts->slot ||
		    ADDRESS_SPACE(slot->id) != ADDRESS_SPACE(facts->slot) ||
		    slot->gpa >= facts->gpa + facts->size || facts->gpa >= slot->gpa + slot->size)
			continue;
		note_other(facts, slot);
		return true;
	}
	return false;
}

static bool file_range_in_use(const struct gmem_facts *facts)
{
	if (!has_memory(facts) || !facts->memory || !facts->memory->inode)
		return false;
	for (size_t i = 0; i < facts->vm->slot_count; i++) {
		const struct gmem_vm_slot *slot = &facts->vm->slots[i];

		if (!(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD) ||
		    slot->inode != facts->memory->inode ||
		    slot->offset >= facts->offset + facts->size ||
		    facts->offset >= slot->offset + slot->size)
			continue;
		note_other(facts, slot);
		return true;
	}
	return false;
}

static bool flag_without_memory(const struct gmem_facts *facts)
{
	return has_memory(facts) && !facts->memory;
}

static bool not_a_guest_memfd(const struct gmem_facts *facts)
{
	return has_memory(facts) && facts->memory &&
	       gmem_is_guest_memfd(facts->ctx, facts->memory->fd, true) == 0;
}

static bool memory_of_other_vm(const struct gmem_facts *facts)
{
	return facts->memory && facts->memory->vm && facts->memory->vm != facts->vm;
}

static bool beyond_file(const struct gmem_facts *facts)
{
	return facts->memory && gmem_fact_beyond_file(facts);
}

static bool ends_beyond(const struct gmem_facts *facts, unsigned int bits)
{
	facts->found->limit = 1ull << bits;
	return facts->gpa > facts->found->limit || facts->size > facts->found->limit - facts->gpa;
}

/* kvm_mmu_max_gfn(): with EPT or NPT, which is what pre-faulting needs, the CPU's own width. */
static bool gpa_too_high_for_cpu(const struct gmem_facts *facts)
{
	struct gmem_cpu cpu;
	unsigned int bits;

	if (!facts->pre_fault || gmem_cpu_read(facts->ctx, &cpu))
		return false;
	bits = cpu.physical_bits;
	gmem_cpu_free(&cpu);
	return bits && ends_beyond(facts, bits);
}

/*
 * Without them 52 bits. Before Linux 6.11, which has no such capability, either may be the limit.
 */
static bool gpa_too_high(const struct gmem_facts *facts)
{
	return ends_beyond(facts, 52);
}

/* kvm_arch_prepare_memory_region() in arch/arm64/kvm/mmu.c wants KVM_MEMSLOT_GMEM_ONLY. */
static bool arm64_without_mmap(const struct gmem_facts *facts)
{
	return gmem_fact_arm64(facts) && has_memory(facts) && facts->memory &&
	       !(facts->memory->flags & GMEM_MEMORY_MMAP);
}

/* The same, before that: no VM has more than the CPU. With protected KVM each VM has all of it. */
static bool arm64_gpa_too_high_for_cpu(const struct gmem_facts *facts)
{
	int bits;

	if (!gmem_fact_arm64(facts))
		return false;
	bits = gmem_check_extension(facts->ctx, facts->vm->fd, GMEM_KVM_CAP_ARM_VM_IPA_SIZE);
	return bits > 0 && bits < 64 && ends_beyond(facts, (unsigned int)bits);
}

/* kvm_init_ipa_range(): the type of a VM has its bits, and 0 stands for 40. */
static bool arm64_gpa_too_high(const struct gmem_facts *facts)
{
	return gmem_fact_arm64(facts) && ends_beyond(facts, 40);
}

/* KVM does not tell the type of a VM that somebody else created. */
static bool arm64_gpa_too_high_for_type(const struct gmem_facts *facts)
{
	return gmem_fact_arm64(facts) && !facts->vm->owned;
}

/*
 * kvm_gmem_bind() came before kvm_set_memslot(), and said EINVAL, up to Linux 6.18 at least. KVM
 * cannot be asked which of the two it does. If another argument is wrong as well, the release
 * decides.
 */
static bool file_range_in_use_first(const struct gmem_facts *facts)
{
	return gmem_release_before(facts->release, 6, 19) && file_range_in_use(facts);
}

#define FILE_RANGE_IN_USE                                                                       \
	"file range {offset} plus {size} is bound to slot {other_slot} at {other_gpa} already", \
		"a guest_memfd page has one slot at a time: delete that slot first"

/* kvm_set_memory_region(), check_memory_region_flags(), kvm_gmem_bind(), in their order. */
static const struct gmem_condition set_region[] = {
	{ ENOTTY, no_region2, "KVM on Linux {release} has no memslots with guest_memfd",
	  "use Linux 6.8 or newer" },
	{ EINVAL, slot_id_too_large,
	  "slot {slot}: the low 16 bits must be below {max_slots} (KVM_CAP_NR_MEMSLOTS)", NULL },
	{ EINVAL, memory_for_private_only,
	  "on Linux {release} only VMs with private memory take slots with guest_memfd, and a {type} "
	  "VM has none",
	  "take another VM type, or Linux 6.18 or newer" },
	{ EINVAL, flags_do_not_go_with_memory,
	  "a slot with guest_memfd takes neither log-dirty-pages nor readonly (asked: {slot_flags})",
	  "leave them out" },
	{ EINVAL, readonly_of_protected, "a {type} VM has no readonly slots", "leave it out" },
	{ EINVAL, flags_unknown, "a slot flag is unknown (asked: {slot_flags})", "leave it out" },
	{ EINVAL, gmem_fact_size_unaligned, "size {size} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_gpa_unaligned, "guest address {gpa} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, userspace_unaligned,
	  "userspace address {userspace_addr} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, userspace_too_high,
	  "userspace address {userspace_addr} plus size {size} is no user range (they end at "
	  "{limit})",
	  "take a smaller size" },
	{ EINVAL, offset_unaligned, "guest_memfd offset {offset} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, offset_wraps, "guest_memfd offset {offset} plus size {size} wraps", NULL },
	{ EINVAL, address_space_unknown,
	  "slot {slot}: its address space (bits 16 and up) is not below {address_spaces}, the number "
	  "that a {type} VM has",
	  NULL },
	{ EINVAL, gmem_fact_gpa_wraps, "guest address {gpa} plus size {size} wraps",
	  "take lower addresses" },
	{ EINVAL, too_many_pages, "size {size} is 2^31 pages or more", "use several slots" },
	{ EINVAL, delete_of_nothing, "there is no slot {slot} to delete", NULL },
	{ EINVAL, slot_exists_and_memory,
	  "slot {slot} exists (guest address {other_gpa}, {other_size} bytes), and a slot with "
	  "guest_memfd cannot replace another",
	  "delete it first" },
	{ EINVAL, slot_of_memory_changed,
	  "slot {slot} has a guest_memfd, and such a slot cannot be changed",
	  "delete it and create it again" },
	{ EINVAL, slot_changed,
	  "slot {slot} exists with other size, userspace address or readonly flag (guest address "
	  "{other_gpa}, {other_size} bytes), and these cannot be changed",
	  "delete it and create it again" },
	{ EEXIST, gpa_in_use,
	  "guest addresses {gpa} plus {size} overlap slot {other_slot} at {other_gpa}, {other_size} "
	  "bytes",
	  "delete that slot, or take other addresses" },
	{ EBADF, flag_without_memory, "flag guest-memfd is set and no memory was given",
	  "give the memory; the flag is then set by libgmem" },
	GMEM_CONDITION_PATH_ONLY("the guest_memfd's descriptor", "KVM_CREATE_GUEST_MEMFD"),
	{ EBADF, NULL, "the guest_memfd's descriptor is not open", NULL },
	{ EINVAL, not_a_guest_memfd, "the memory's descriptor is open on something else by now",
	  "keep it open as long as the memory is used" },
	{ EINVAL, memory_of_other_vm, "the guest_memfd was created on another VM",
	  "create one on this VM; it cannot be shared" },
	{ EINVAL, beyond_file,
	  "guest_memfd offset {offset} plus size {size} is beyond the file's {file_size} bytes",
	  NULL },
	{ EINVAL, file_range_in_use_first, FILE_RANGE_IN_USE },
	{ EINVAL, arm64_without_mmap,
	  "KVM on arm64 takes a guest_memfd into a slot only if it was created with the flag mmap",
	  "create it with mmap, and with init-shared where the guest uses it" },
	{ EFAULT, arm64_gpa_too_high_for_cpu,
	  "guest address {gpa} plus size {size} is beyond {limit}, where guest addresses end on "
	  "this CPU",
	  "take lower addresses" },
	{ EFAULT, arm64_gpa_too_high,
	  "guest address {gpa} plus size {size} is beyond {limit}: a VM has guest addresses of 40 "
	  "bits, unless its type names another number",
	  "take lower addresses" },
	{ EFAULT, arm64_gpa_too_high_for_type,
	  "guest address {gpa} plus size {size} may be beyond the guest addresses of this VM: the "
	  "type that it was created with says how many bits they have",
	  "take lower addresses" },
	{ EINVAL, gpa_too_high_for_cpu,
	  "guest address {gpa} plus size {size} is beyond {limit}, this CPU's "
	  "physical address width",
	  "take lower addresses" },
	{ EINVAL, gpa_too_high,
	  "guest address {gpa} plus size {size} is beyond {limit}, where guest-physical addresses end",
	  "take lower addresses" },
	{ EINVAL, gmem_fact_gpa_has_shared_bit,
	  "guest address {gpa} plus size {size} reaches the TD's shared bit",
	  "take addresses below it" },
	{ EEXIST, file_range_in_use, FILE_RANGE_IN_USE },
	/* It is not known from which version on it is EEXIST; in 7.3 it is. */
	{ EINVAL, file_range_in_use, FILE_RANGE_IN_USE },
	{ ENOMEM, NULL, "the kernel has no memory left for the slot's tables", "free some" },
};

const struct gmem_call gmem_call_set_region = {
	.name = "KVM_SET_USER_MEMORY_REGION2",
	GMEM_CONDITIONS(set_region),
	.on_vm = true,
	.unseen =
		"slots that were not set through this gmem_vm are not seen, one may be in the way",
};
