// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of kernel paths. Read in Linux 7.3.4; a new path, or one that changes, is a row here.
 *
 * Two kinds are left out on purpose. Some code never touches the page itself (rmpupdate's
 * adjust_direct_map(), DMA, the TDX module's own accesses by physical address), and some survives a
 * fault (kcore, BPF, user copies that have an exception table entry).
 */
#include "verdict/flush_paths.h"

#define TYPE(name) (1u << GMEM_VM_##name)
/*
 * A guest's page fault goes to guest_memfd. For a protected VM of arm64, pkvm_mem_abort() pins the
 * page behind userspace_addr instead, and it refuses one of a guest_memfd.
 */
#define FAULTING_TYPES \
	(TYPE(DEFAULT) | TYPE(SW_PROTECTED) | TYPE(SEV) | TYPE(SEV_ES) | TYPE(SNP) | TYPE(TDX))
#define ALL_TYPES (FAULTING_TYPES | TYPE(ARM_PROTECTED))

static const struct gmem_flush_rule rules[] = {
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "gmem-clear",
			.function = "kvm_gmem_get_pfn > clear_highpage",
			.trigger = "first guest fault on the page, or KVM_PRE_FAULT_MEMORY",
			.condition = "every VM type but protected (arm64); pages that are not up to "
				     "date",
			.source = "virt/kvm/guest_memfd.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = GMEM_TRACE_CLEAR "kvm_gmem_get_pfn __kvm_gmem_get_pfn kvm_gmem_prepare_folio ", .in = "kvm_gmem_get_pfn __kvm_gmem_get_pfn kvm_gmem_prepare_folio "
			  "kvm_gmem_get_folio kvm_gmem_allocate" },
		.vm_types = FAULTING_TYPES,
		.touches = GMEM_TOUCH_PRE_FAULT,
		.pages = GMEM_FLUSH_NOT_UPTODATE,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "gmem-user-clear",
			.function = "kvm_gmem_fault_user_mapping > clear_highpage",
			.trigger = "first access of userspace through mmap",
			.condition = "flag init-shared; pages that are not up to date",
			.source = "virt/kvm/guest_memfd.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = GMEM_TRACE_CLEAR "kvm_gmem_fault_user_mapping kvm_gmem_fault", .in = "kvm_gmem_fault_user_mapping kvm_gmem_fault" },
		.vm_types = ALL_TYPES,
		.touches = GMEM_TOUCH_HOST,
		.pages = GMEM_FLUSH_NOT_UPTODATE,
		.needs_shared = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "tdx-page-add",
			.function = "tdh_mem_page_add > tdx_clflush_pfn > clflush_cache_range",
			.trigger = "KVM_TDX_INIT_MEM_REGION",
			.condition = "tdx VMs, before KVM_TDX_FINALIZE_VM; Linux 6.16 and later",
			.source = "arch/x86/virt/vmx/tdx/tdx.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CLFLUSH,
		},
		.trace = { .at = GMEM_TRACE_CLFLUSH "tdx_clflush_pfn tdx_clflush_page tdh_mem_page_add", .in = "tdh_mem_page_add tdx_mem_page_add" },
		.machine = GMEM_FLUSH_X86,
		.vm_types = TYPE(TDX),
		.touches = GMEM_TOUCH_TDX_ADD,
		.after_removal = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "tdx-page-aug",
			.function = "tdh_mem_page_aug > tdx_clflush_pfn > clflush_cache_range",
			.trigger = "KVM_RUN (private EPT violation), KVM_PRE_FAULT_MEMORY",
			.condition = "tdx VMs, after KVM_TDX_FINALIZE_VM; Linux 6.16 and later",
			.source = "arch/x86/virt/vmx/tdx/tdx.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CLFLUSH,
		},
		.trace = { .at = GMEM_TRACE_CLFLUSH "tdx_clflush_pfn tdx_clflush_page tdh_mem_page_aug", .in = "tdh_mem_page_aug tdx_mem_page_aug" },
		.machine = GMEM_FLUSH_X86,
		.vm_types = TYPE(TDX),
		.touches = GMEM_TOUCH_PRE_FAULT,
		.after_removal = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "tdx-reclaim",
			.function = "tdx_sept_remove_leaf_spte > tdx_quirk_reset_paddr",
			.trigger = "punch, close, memslot deletion, conversion to shared",
			.condition = "tdx VMs on CPUs with the bug tdx_pw_mce",
			.source = "arch/x86/kvm/vmx/tdx.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = "tdx_quirk_reset_paddr tdx_quirk_reset_page tdx_clear_page reset_tdx_pages "
			  "movdir64b", .in = "tdx_sept_remove_leaf_spte tdx_sept_remove_private_spte "
			  "tdx_sept_drop_private_spte" },
		.machine = GMEM_FLUSH_X86,
		.vm_types = TYPE(TDX),
		.touches = GMEM_TOUCH_UNMAP | GMEM_TOUCH_FREE,
		.needs_pw_mce = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "snp-launch-update",
			.function = "sev_gmem_post_populate > memcpy",
			.trigger = "KVM_SEV_SNP_LAUNCH_UPDATE",
			.condition = "snp VMs",
			.source = "arch/x86/kvm/svm/sev.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = GMEM_TRACE_COPY "sev_gmem_post_populate", .in = "sev_gmem_post_populate" },
		.machine = GMEM_FLUSH_X86,
		.vm_types = TYPE(SNP),
		.touches = GMEM_TOUCH_SNP_UPDATE,
		.after_removal = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "snp-launch-cpuid",
			.function = "sev_gmem_post_populate > memcpy (page type CPUID, refused)",
			.trigger = "KVM_SEV_SNP_LAUNCH_UPDATE that the firmware refuses",
			.condition = "snp VMs",
			.source = "arch/x86/kvm/svm/sev.c, Linux 7.3.4",
			.access = GMEM_ACCESS_READ,
		},
		.machine = GMEM_FLUSH_X86,
		.vm_types = TYPE(SNP),
		.touches = GMEM_TOUCH_SNP_CPUID,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "snp-reclaim",
			.function = "sev_gmem_make_shared > clflush_cache_range",
			.trigger = "punch, close: a page that the RMP gave to the guest is freed",
			.condition = "snp VMs",
			.source = "arch/x86/kvm/svm/sev.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CLFLUSH,
		},
		.trace = { .at = GMEM_TRACE_CLFLUSH "sev_gmem_make_shared sev_gmem_invalidate", .in = "sev_gmem_make_shared sev_gmem_invalidate" },
		.machine = GMEM_FLUSH_X86,
		.vm_types = TYPE(SNP),
		.touches = GMEM_TOUCH_FREE,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "sev-register-region",
			.function = "sev_mem_enc_register_region > sev_clflush_pages",
			.trigger = "KVM_MEMORY_ENCRYPT_REG_REGION on a mapping of the memory",
			.condition = "sev and sev-es VMs; flag init-shared",
			.source = "arch/x86/kvm/svm/sev.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CLFLUSH,
		},
		.trace = { .at = GMEM_TRACE_CLFLUSH "sev_clflush_pages", .in = "sev_clflush_pages sev_mem_enc_register_region" },
		.machine = GMEM_FLUSH_X86,
		.vm_types = TYPE(SEV) | TYPE(SEV_ES),
		.any_memory = true,
		.needs_shared = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "kvm-map",
			.function = "kvm_vcpu_map, kvm_gpc_refresh > kmap",
			.trigger = "nested VMCS or VMCB, kvmclock and Xen pages in guest memory",
			.condition = "flag init-shared",
			.source = "virt/kvm/pfncache.c, virt/kvm/kvm_main.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = GMEM_TRACE_COPY GMEM_TRACE_CLEAR "kvm_vcpu_map __kvm_vcpu_map kvm_gpc_refresh", .in = "nested_get_vmcs12_pages nested_vmx_run nested_svm_vmrun "
			  "enter_svm_guest_mode nested_svm_vmexit kvm_xen_set_evtchn_fast "
			  "kvm_xen_update_runstate_guest kvm_setup_guest_pvclock "
			  "sev_es_validate_vmgexit sev_handle_vmgexit" },
		.machine = GMEM_FLUSH_X86,
		.vm_types = ALL_TYPES,
		.any_memory = true,
		.needs_shared = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "gup-copy",
			.function = "access_remote_vm > copy_to_user_page",
			.trigger = "ptrace, /proc/PID/mem, a core dump of the VMM",
			.condition = "flag init-shared; refused by GUP where the kernel marks the "
				     "mapping (the direct-map removal series does)",
			.source = "mm/memory.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = GMEM_TRACE_COPY "copy_to_user_page copy_from_user_page __access_remote_vm", .in = "__access_remote_vm access_remote_vm access_process_vm mem_rw "
			  "dump_user_range dump_page dump_emit_page" },
		.vm_types = ALL_TYPES,
		.any_memory = true,
		.needs_shared = true,
	},
	/*
	 * arm64. A cache maintenance instruction by address faults like a read if the linear map
	 * has no valid entry. (This was read in the source, and never seen: QEMU does not fault on
	 * it.)
	 */
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "stage2-map",
			.function = "stage2_map_walker_try_leaf > dcache_clean_inval_poc",
			.trigger = "KVM_RUN (a guest's first access to the page)",
			.condition = "arm64, CPUs without Stage-2 Force Write-Back",
			.source = "arch/arm64/kvm/hyp/pgtable.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CACHE,
		},
		.trace = { .at = GMEM_TRACE_DCACHE,
			   .in = "stage2_map_walker_try_leaf stage2_map_walk_leaf "
				 "stage2_map_walker kvm_pgtable_stage2_map" },
		.machine = GMEM_FLUSH_ARM64,
		.vm_types = TYPE(DEFAULT),
		.touches = GMEM_TOUCH_PRE_FAULT,
		.after_removal = true,
		.skipped_by_fwb = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "stage2-map-exec",
			.function = "stage2_map_walker_try_leaf, stage2_attr_walker > "
				    "icache_inval_pou",
			.trigger = "KVM_RUN (the guest executes the page)",
			.condition = "arm64, CPUs that must invalidate the instruction cache "
				     "(CTR_EL0.DIC 0), with Stage-2 Force Write-Back or without: "
				     "the posted series for memory outside the direct map asks "
				     "for Force Write-Back only, so there such memory can fault "
				     "on the first execution",
			.source = "arch/arm64/kvm/hyp/pgtable.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CACHE,
		},
		.trace = { .at = GMEM_TRACE_ICACHE,
			   .in = "stage2_attr_walker kvm_pgtable_stage2_relax_perms "
				 "stage2_map_walker_try_leaf kvm_pgtable_stage2_map" },
		.machine = GMEM_FLUSH_ARM64,
		.vm_types = TYPE(DEFAULT),
		.touches = GMEM_TOUCH_PRE_FAULT,
		.after_removal = true,
		.skipped_by_dic = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "stage2-unmap",
			.function = "stage2_unmap_walker > dcache_clean_inval_poc",
			.trigger = "punch, close, memslot deletion, MMU notifiers",
			.condition = "arm64, CPUs without Stage-2 Force Write-Back",
			.source = "arch/arm64/kvm/hyp/pgtable.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CACHE,
		},
		.trace = { .at = GMEM_TRACE_DCACHE,
			   .in = "stage2_unmap_walker kvm_pgtable_stage2_unmap" },
		.machine = GMEM_FLUSH_ARM64,
		.vm_types = TYPE(DEFAULT),
		.touches = GMEM_TOUCH_UNMAP | GMEM_TOUCH_FREE,
		.skipped_by_fwb = true,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "stage2-flush",
			.function = "kvm_pgtable_stage2_flush > dcache_clean_inval_poc",
			.trigger = "the guest turns its MMU or caches on or off, or cleans by set and "
				   "way",
			.condition = "arm64, CPUs without Stage-2 Force Write-Back",
			.source = "arch/arm64/kvm/mmu.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CACHE,
		},
		.trace = { .at = GMEM_TRACE_DCACHE,
			   .in = "stage2_flush_walker kvm_pgtable_stage2_flush stage2_flush_vm "
				 "kvm_toggle_cache kvm_set_way_flush" },
		.machine = GMEM_FLUSH_ARM64,
		.vm_types = TYPE(DEFAULT),
		.skipped_by_fwb = true,
	},
};

const struct gmem_flush_rule *gmem_flush_rule_at(size_t index)
{
	return index < sizeof(rules) / sizeof(rules[0]) ? &rules[index] : NULL;
}

const struct gmem_flush_path *gmem_flush_path_at(size_t index)
{
	const struct gmem_flush_rule *rule = gmem_flush_rule_at(index);

	return rule ? &rule->path : NULL;
}

bool gmem_flush_is_of(const struct gmem_flush_rule *rule, const struct gmem_flush_facts *facts)
{
	return rule->machine == GMEM_FLUSH_ANY_MACHINE ||
	       (rule->machine == GMEM_FLUSH_ARM64) == facts->arm64;
}

/* What a CPU of arm64 does without cache maintenance, or may do. */
static enum gmem_verdict cache_applies(const struct gmem_flush_rule *rule,
				       const struct gmem_flush_facts *facts, const char **reason)
{
	if (rule->skipped_by_fwb && facts->fwb > 0) {
		*reason = "this CPU has Stage-2 Force Write-Back: nothing is cleaned";
		return GMEM_VERDICT_NOT_APPLICABLE;
	}
	if (rule->skipped_by_dic && facts->dic > 0) {
		*reason = "this CPU needs no invalidation of the instruction cache (CTR_EL0.DIC)";
		return GMEM_VERDICT_NOT_APPLICABLE;
	}
	if (rule->skipped_by_fwb && facts->fwb < 0)
		*reason = "whether the CPU has Stage-2 Force Write-Back is not known: KVM tells of "
			  "it together with CTR_EL0.DIC only (capability 243 of a VM), and the "
			  "kernel's table of CPU features (arm64_ftr_regs) is not read here";
	if (rule->skipped_by_dic && facts->dic < 0)
		*reason = "whether the CPU must invalidate its instruction cache (CTR_EL0.DIC) is "
			  "not known";
	return GMEM_VERDICT_SAFE;
}

/* Whether VMs of the rule's types are, or can be, the ones that own the pages. */
static enum gmem_verdict type_applies(const struct gmem_flush_rule *rule,
				      const struct gmem_flush_facts *facts, const char **reason)
{
	if (facts->vm_type >= 0) {
		if (rule->vm_types & (1u << facts->vm_type))
			return GMEM_VERDICT_SAFE;
		*reason = "VMs of this type do not run it";
		return GMEM_VERDICT_NOT_APPLICABLE;
	}
	if (facts->vm_types < 0) {
		*reason = facts->doubt ? facts->doubt
				       : "/dev/kvm cannot be asked which VM types this kernel has";
		return GMEM_VERDICT_UNKNOWN;
	}
	if (rule->vm_types & (unsigned int)facts->vm_types)
		return GMEM_VERDICT_SAFE;
	if (rule->vm_types & facts->behind_types) {
		*reason = facts->doubt;
		return GMEM_VERDICT_UNKNOWN;
	}
	*reason = "this kernel offers no VM type that runs it";
	return GMEM_VERDICT_NOT_APPLICABLE;
}

enum gmem_verdict gmem_flush_applies(const struct gmem_flush_rule *rule,
				     const struct gmem_flush_facts *facts, const char **reason)
{
	enum gmem_verdict verdict;

	*reason = NULL;
	if (!gmem_flush_is_of(rule, facts)) {
		*reason = "kernels of this machine do not have it";
		return GMEM_VERDICT_NOT_APPLICABLE;
	}
	if (facts->guest_memfd == 0) {
		*reason = "this kernel has no guest_memfd";
		return GMEM_VERDICT_NOT_APPLICABLE;
	}
	verdict = type_applies(rule, facts, reason);
	if (verdict != GMEM_VERDICT_SAFE)
		return verdict;
	if (rule->needs_shared && !facts->shared) {
		*reason = "the memory was not created init-shared";
		return GMEM_VERDICT_NOT_APPLICABLE;
	}
	if (rule->needs_pw_mce && facts->partial_write == 0) {
		*reason = "this CPU does not have the bug tdx_pw_mce";
		return GMEM_VERDICT_NOT_APPLICABLE;
	}
	if (rule->needs_pw_mce && facts->partial_write < 0) {
		*reason = "/proc/cpuinfo does not tell whether the CPU has the bug tdx_pw_mce";
		return GMEM_VERDICT_UNKNOWN;
	}
	return cache_applies(rule, facts, reason);
}
