// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The paths of verdict/flush_paths.c are recognised by their traces. Here are more paths, which the
 * verdict does not need because they touch no guest memory. Read in Linux 7.3.4.
 */
#include "oops/paths.h"

#include <string.h>

#include "verdict/flush_paths.h"

#define GUEST_MEMFD "guest_memfd"
#define TDX_CONTROL "TDX control page"
#define SECRET "memfd_secret"

struct known_path {
	struct gmem_flush_path path;
	struct gmem_flush_trace trace;
	const char *page;
};

static const struct known_path known[] = {
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "tdx-control",
			.function = "tdh_mng_create, tdh_mng_addcx, tdh_vp_create, tdh_vp_addcx, "
				    "tdh_mem_sept_add > tdx_clflush_page > clflush_cache_range",
			.trigger = "KVM_TDX_INIT_VM, KVM_TDX_INIT_VCPU, any private mapping",
			.condition = "tdx VMs: pages that KVM gives to the TDX module, not guest memory",
			.source = "arch/x86/virt/vmx/tdx/tdx.c, Linux 7.3.4",
			.access = GMEM_ACCESS_CLFLUSH,
		},
		.trace = { .at = GMEM_TRACE_CLFLUSH "tdx_clflush_page",
			   .in = "tdh_mng_create tdh_mng_addcx tdh_vp_create tdh_vp_addcx "
				 "tdh_mem_sept_add" },
		.page = TDX_CONTROL,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "tdx-control-reclaim",
			.function = "tdx_reclaim_page, tdx_reclaim_td_control_pages > "
				    "tdx_quirk_reset_paddr",
			.trigger = "the TD is torn down",
			.condition = "tdx VMs on CPUs with the bug tdx_pw_mce; not guest memory",
			.source = "arch/x86/kvm/vmx/tdx.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = "tdx_quirk_reset_paddr tdx_quirk_reset_page tdx_clear_page",
			   .in = "tdx_reclaim_page tdx_reclaim_control_page "
				 "tdx_reclaim_td_control_pages tdx_sept_free_private_spt" },
		.page = TDX_CONTROL,
	},
	{
		.path = {
			.size = sizeof(struct gmem_flush_path),
			.name = "memfd-secret-free",
			.function = "secretmem_free_folio > folio_zero_segment",
			.trigger = "the last reference to a page of memfd_secret(2) goes",
			.condition = "the page could not be put back into the direct map before",
			.source = "mm/secretmem.c, Linux 7.3.4",
			.access = GMEM_ACCESS_WRITE,
		},
		.trace = { .at = GMEM_TRACE_CLEAR "folio_zero_segment secretmem_free_folio",
			   .in = "secretmem_free_folio secretmem_freepage" },
		.page = SECRET,
	},
};

/* Functions that only one step of userspace runs: the innermost one of a trace tells it. */
static const struct {
	const char *in, *step;
} steps[] = {
	{ "tdx_vcpu_init_mem_region tdx_gmem_post_populate", "KVM_TDX_INIT_MEM_REGION" },
	{ "snp_launch_update sev_gmem_post_populate", "KVM_SEV_SNP_LAUNCH_UPDATE" },
	{ "sev_mem_enc_register_region", "KVM_MEMORY_ENCRYPT_REG_REGION" },
	{ "tdx_td_init __tdx_td_init", "KVM_TDX_INIT_VM" },
	{ "tdx_vcpu_init tdx_td_vcpu_init", "KVM_TDX_INIT_VCPU" },
	{ "kvm_vcpu_pre_fault_memory kvm_arch_vcpu_pre_fault_memory", "KVM_PRE_FAULT_MEMORY" },
	{ "kvm_arch_vcpu_ioctl_run vcpu_run vcpu_enter_guest tdx_handle_ept_violation "
	  "kvm_handle_guest_abort kvm_handle_sys_reg",
	  "KVM_RUN" },
	{ "kvm_gmem_fault_user_mapping", "access through mmap(2)" },
	{ "kvm_gmem_punch_hole kvm_gmem_fallocate", "fallocate(FALLOC_FL_PUNCH_HOLE)" },
	{ "kvm_gmem_release", "close(2) of the guest_memfd" },
	{ "kvm_vm_ioctl_set_mem_attributes kvm_vm_set_mem_attributes",
	  "KVM_SET_MEMORY_ATTRIBUTES" },
	{ "kvm_vm_ioctl_set_memory_region kvm_set_memory_region __kvm_set_memory_region",
	  "KVM_SET_USER_MEMORY_REGION2" },
	{ "kvm_destroy_vm", "close(2) of the VM" },
	{ "mem_rw mem_read mem_write", "/proc/PID/mem" },
	{ "ptrace_request arch_ptrace ptrace_access_vm __x64_sys_ptrace __arm64_sys_ptrace",
	  "ptrace(2)" },
	{ "elf_core_dump do_coredump vfs_coredump", "core dump" },
	{ "process_vm_rw", "process_vm_readv(2)" },
};

/* What compilers put behind a name, and arm64's linker before it. */
static size_t bare(const char **name)
{
	static const char *const suffixes[] = { ".isra.", ".constprop.", ".part.", ".cold",
						".llvm." };
	size_t length;

	if (!strncmp(*name, "__pi_", 5))
		*name += 5;
	length = strlen(*name);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const char *found = strstr(*name, suffixes[i]);

		if (found && (size_t)(found - *name) < length)
			length = (size_t)(found - *name);
	}
	return length;
}

/* Whether a list with blanks between has the name. */
static bool lists(const char *list, const char *name)
{
	size_t length = bare(&name);

	while (list && *list) {
		size_t word = strcspn(list, " ");

		if (word == length && !strncmp(list, name, length))
			return true;
		list += word + strspn(list + word, " ");
	}
	return false;
}

/* The next function of the trace, from the innermost on; NULL past the last. */
static const char *frame(const struct oops_text *text, bool reliable, unsigned int *at)
{
	while (*at < text->n_frames) {
		const struct oops_frame *is = &text->frames[(*at)++];

		if (is->reliable || !reliable)
			return is->name;
	}
	return NULL;
}

static bool shows(const struct gmem_flush_trace *trace, const struct oops_text *text,
		  const char *outer)
{
	return trace->at && lists(trace->at, text->function) && lists(trace->in, outer);
}

static bool find(const struct oops_text *text, const char *outer, struct gmem_oops *out)
{
	const struct gmem_flush_rule *rule;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!shows(&known[i].trace, text, outer))
			continue;
		out->path = &known[i].path;
		out->page = known[i].page;
		return true;
	}
	for (size_t i = 0; (rule = gmem_flush_rule_at(i)); i++) {
		if (!shows(&rule->trace, text, outer))
			continue;
		out->path = &rule->path;
		out->page = rule->any_memory ? NULL : GUEST_MEMFD;
		return true;
	}
	return false;
}

static const char *step_of(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (lists(steps[i].in, name))
			return steps[i].step;
	return NULL;
}

void oops_find_path(const struct oops_text *text, struct gmem_oops *out)
{
	const char *name = text->function;
	bool reliable = false;
	unsigned int at = 0;

	for (unsigned int i = 0; i < text->n_frames; i++)
		reliable = reliable || text->frames[i].reliable;
	if (text->n_frames && !reliable)
		out->notes |= GMEM_OOPS_UNRELIABLE;
	if (!*text->function)
		return;
	/*
	 * The innermost function that tells the step decides; functions further out only lead
	 * there.
	 */
	for (; name; name = frame(text, reliable, &at)) {
		if (!out->path)
			find(text, name, out);
		if (!out->step)
			out->step = step_of(name);
	}
}
