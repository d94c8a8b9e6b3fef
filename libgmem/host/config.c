// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's configuration. KVM's answers count more than it. An option that this kernel does not
 * know is not the same as an option that is off.
 */
#include <errno.h>

#include "base/release.h"
#include "host/host.h"
#include "kernel/uapi.h"
#include "procfs/file.h"

#define TDX_PARAMETER "/sys/module/kvm_intel/parameters/tdx"

static enum gmem_check_result check_config(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (host->config.text)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", host->config.source);
	if (host->config.not_recorded)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the configuration is not in the snapshot");
	/* Only some vendors build config.gz as a module: CONFIG_IKCONFIG. */
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
			      "install the kernel's configuration in /boot, or modprobe configs "
			      "where the kernel has that module",
			      "no /proc/config.gz, and no configuration of Linux %s in /boot or "
			      "/lib/modules",
			      host->ctx->release);
}

/* An option: which machines it concerns, and whether a host needs it. */
struct option {
	const char *name;
	const char *former; /* what it was called before, or NULL */
	const char *vendor; /* matters on this vendor's CPUs only, or NULL */
	const char *without;
	bool optional;				     /* most hosts do not need it */
	bool x86;				     /* no other architecture has it */
	bool (*proof)(const struct gmem_host *host); /* it is on, whatever the file says; or NULL */
	const char *causes[2];			     /* checks that explain its fail, or NULL */
};

static bool has_kvm(const struct gmem_host *host)
{
	return host->caps;
}

static bool has_guest_memfd(const struct gmem_host *host)
{
	return gmem_host_any_vm(host, GMEM_KVM_CAP_GUEST_MEMFD) > 0;
}

static bool has_tdx(const struct gmem_host *host)
{
	return gmem_host_offers(host, GMEM_VM_TDX) || gmem_host_has_old_tdx(host);
}

static bool has_sev(const struct gmem_host *host)
{
	return gmem_host_offers(host, GMEM_VM_SEV) || gmem_host_offers(host, GMEM_VM_SNP);
}

/* Whether the CPUs of this machine lack the feature that the option is for. */
static const char *never(const struct gmem_host *host, const struct option *option)
{
	bool intel = option->vendor && option->vendor[0] == 'G';

	if (!option->vendor || (host->cpu_error && !host->cpu.is_arm))
		return NULL;
	if (!gmem_host_vendor(host, option->vendor))
		return "the CPU is another vendor's";
	if (gmem_host_has_flag(host, "hypervisor"))
		return "this is a virtual machine, where it does not nest";
	if (intel ? gmem_host_may_have_tdx(host) : gmem_host_may_have_snp(host))
		return NULL;
	return intel ? "the CPU has no TDX" : "the CPU has no SNP";
}

static enum gmem_check_result say_off(struct gmem_host *host, const struct option *option)
{
	for (size_t i = 0; i < 2; i++)
		if (option->causes[i] && gmem_host_told(host, option->causes[i]))
			return GMEM_CHECK_SKIP;
	if (option->optional)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "CONFIG_%s is off: %s",
				      option->name, option->without);
	if (option->vendor && host->cpu_error)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "CONFIG_%s is off, and whether it concerns this CPU is not "
				      "known",
				      option->name);
	return gmem_host_find(host, GMEM_CHECK_FAIL, "use a kernel built with it",
			      "CONFIG_%s is off: %s", option->name, option->without);
}

static enum gmem_check_result check_option(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct option *option = row->about;
	enum gmem_config_value value = gmem_config_get(&host->config, option->name);
	const char *why = never(host, option);

	if (value < GMEM_CONFIG_MODULE && option->former)
		value = gmem_config_get(&host->config, option->former);
	if ((why && !gmem_host_vendor(host, option->vendor)) || (option->x86 && host->cpu.is_arm))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "the CPU is %s",
				      gmem_host_vendor_name(host));
	if (value == GMEM_CONFIG_BUILT_IN)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built in");
	if (value == GMEM_CONFIG_MODULE)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built as a module");
	if (option->proof && option->proof(host))
		return gmem_host_find(
			host, GMEM_CHECK_PASS, NULL,
			"KVM offers what it is for, whatever this configuration says");
	if (why)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "CONFIG_%s is off; %s",
				      option->name, why);
	return say_off(host, option);
}

/*
 * KVM's part of TDX has an option of its own since Linux 6.16, which depends on INTEL_TDX_HOST.
 * Older kernels with TDX build both parts with INTEL_TDX_HOST alone.
 */
static enum gmem_check_result check_kvm_tdx(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct option *option = row->about;
	int parameter;

	if (gmem_config_get(&host->config, option->name) != GMEM_CONFIG_ABSENT ||
	    gmem_config_get(&host->config, "INTEL_TDX_HOST") < GMEM_CONFIG_MODULE ||
	    never(host, option) || !gmem_release_before(host->ctx->release, 6, 16))
		return check_option(host, row);
	parameter = gmem_path_exists(host->ctx, TDX_PARAMETER);
	if (has_tdx(host) || parameter > 0)
		return gmem_host_find(
			host, GMEM_CHECK_PASS, NULL,
			"this kernel has no such option: CONFIG_INTEL_TDX_HOST builds "
			"it alone");
	if (!host->caps || parameter < 0)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "this kernel has no such option, and whether its KVM has TDX "
				      "anyway is not known");
	return gmem_host_find(host, GMEM_CHECK_FAIL,
			      "boot Linux 6.16 or newer, or a vendor's kernel with TDX",
			      "Linux %s has no CONFIG_%s: KVM's part of TDX came with 6.16",
			      host->ctx->release, option->name);
}

/* The check of an option, id and all that it is about. */
#define OPTION(id, run, called, ...)                                                      \
	{                                                                                 \
		id, "kernel.config", "CONFIG_" called, run, false, &(const struct option) \
		{                                                                         \
			.name = called, __VA_ARGS__                                       \
		}                                                                         \
	}

static const struct gmem_host_row rows[] = {
	{ "kernel.config", NULL, "kernel configuration can be read", check_config, false, NULL },
	OPTION("config.kvm", check_option, "KVM", .without = "no virtual machines at all",
	       .proof = has_kvm),
	/* Called KVM_PRIVATE_MEM before Linux 6.18. */
	OPTION("config.kvm-guest-memfd", check_option, "KVM_GUEST_MEMFD",
	       .former = "KVM_PRIVATE_MEM", .without = "KVM cannot create a guest_memfd",
	       .proof = has_guest_memfd, .causes = { "config.kvm", "kernel.version" }),
	OPTION("config.intel-tdx-host", check_option, "INTEL_TDX_HOST", .vendor = "GenuineIntel",
	       .without = "the TDX module is not initialised, and KVM cannot run TDs",
	       .proof = has_tdx, .causes = { "config.kvm" }),
	OPTION("config.kvm-intel-tdx", check_kvm_tdx, "KVM_INTEL_TDX", .vendor = "GenuineIntel",
	       .without = "KVM cannot run TDs", .proof = has_tdx,
	       .causes = { "config.kvm", "config.intel-tdx-host" }),
	OPTION("config.kvm-amd-sev", check_option, "KVM_AMD_SEV", .vendor = "AuthenticAMD",
	       .without = "KVM cannot run SEV and SNP guests", .proof = has_sev,
	       .causes = { "config.kvm" }),
	/* Only TDX, SEV and KVM_SW_PROTECTED_VM select it. */
	OPTION("config.kvm-memory-attributes", check_option, "KVM_GENERIC_MEMORY_ATTRIBUTES",
	       .without =
		       "memory cannot be made private; TDX, SEV and KVM_SW_PROTECTED_VM bring it",
	       .optional = true, .x86 = true, .proof = gmem_host_has_private,
	       .causes = { "config.intel-tdx-host", "config.kvm-amd-sev" }),
	OPTION("config.kvm-sw-protected-vm", check_option, "KVM_SW_PROTECTED_VM",
	       .without = "no software-protected VMs, which are for developers without TDX or SNP",
	       .optional = true, .x86 = true),
	OPTION("config.secretmem", check_option, "SECRETMEM",
	       .without = "no memfd_secret(), so no control for the reader"),
	OPTION("config.debug-info-btf", check_option, "DEBUG_INFO_BTF",
	       .without = "no type information: struct offsets are unknown"),
	OPTION("config.bpf-syscall", check_option, "BPF_SYSCALL",
	       .without = "kernel memory cannot be read through BPF"),
	OPTION("config.proc-kcore", check_option, "PROC_KCORE",
	       .without = "kernel memory cannot be read through /proc/kcore"),
	OPTION("config.ptdump-debugfs", check_option, "PTDUMP_DEBUGFS",
	       .without = "no page table dump, which is for cross-checks only", .optional = true),
};

const struct gmem_host_subject gmem_host_config = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
