// SPDX-License-Identifier: LGPL-2.1-or-later
/* Kernel version and configuration. */
#include "base/release.h"
#include "host/host.h"

/* A feature that came with a version. */
struct since {
	unsigned int major;
	unsigned int minor;
	const char *fix;
};

static const struct since guest_memfd = { 6, 8, "boot Linux 6.8 or newer" };
static const struct since mappable = { 6, 18, "boot Linux 6.18 or newer to map guest_memfd" };

static enum gmem_check_result check_version(struct gmem_host *host, const struct gmem_host_row *row)
{
	const char *release = host->ctx->release;
	const struct since *since = row->about;

	if (*release < '0' || *release > '9')
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the kernel's release could not be read");
	if (gmem_release_before(release, since->major, since->minor))
		return gmem_host_find(host, GMEM_CHECK_FAIL, since->fix,
				      "Linux %s, it came with %u.%u", release, since->major,
				      since->minor);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "Linux %s", release);
}

static enum gmem_check_result check_config(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (!host->config.text && host->config.not_recorded)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the configuration is not in the snapshot");
	if (!host->config.text)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "modprobe configs, or install the kernel's config in /boot",
				      "no /proc/config.gz, and no configuration of Linux %s in "
				      "/boot or /lib/modules",
				      host->ctx->release);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", host->config.source);
}

/* An option: whom it concerns, and whether a host is worse off without it. */
struct option {
	const char *name;
	const char *former; /* what it was called before, or NULL */
	const char *vendor; /* matters on this vendor's CPUs only, or NULL */
	const char *without;
	bool optional; /* its absence is in order on most hosts */
};

static enum gmem_check_result check_option(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct option *option = row->about;
	enum gmem_config_value value = gmem_config_get(&host->config, option->name);

	if (option->vendor && !host->cpu_error && !gmem_host_vendor(host, option->vendor))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "%s CPU",
				      gmem_host_vendor_name(host));
	if (value == GMEM_CONFIG_OFF && option->former)
		value = gmem_config_get(&host->config, option->former);
	if (value == GMEM_CONFIG_BUILT_IN)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built in");
	if (value == GMEM_CONFIG_MODULE)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built as a module");
	if (option->optional)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "off: %s", option->without);
	return gmem_host_find(host, GMEM_CHECK_FAIL, "use a kernel built with it", "off: %s",
			      option->without);
}

/* The check of an option, id and all that it is about. */
#define OPTION(id, name, former, vendor, without, optional)                                      \
	{                                                                                        \
		id, "kernel.config", "CONFIG_" name, check_option, false, &(const struct option) \
		{                                                                                \
			name, former, vendor, without, optional                                  \
		}                                                                                \
	}

static const struct gmem_host_row rows[] = {
	{ "kernel.version", NULL, "kernel new enough for guest_memfd", check_version, true,
	  &guest_memfd },
	{ "kernel.mmap", "kernel.version", "kernel new enough to map guest_memfd", check_version,
	  false, &mappable },
	{ "kernel.config", NULL, "kernel configuration can be read", check_config, false, NULL },
	OPTION("config.kvm", "KVM", NULL, NULL, "no virtual machines at all", false),
	/* Called KVM_PRIVATE_MEM before Linux 6.18. */
	OPTION("config.kvm-guest-memfd", "KVM_GUEST_MEMFD", "KVM_PRIVATE_MEM", NULL,
	       "KVM cannot create a guest_memfd", false),
	OPTION("config.kvm-memory-attributes", "KVM_GENERIC_MEMORY_ATTRIBUTES", NULL, NULL,
	       "memory cannot be made private; it comes with TDX, SEV or KVM_SW_PROTECTED_VM",
	       false),
	OPTION("config.kvm-sw-protected-vm", "KVM_SW_PROTECTED_VM", NULL, NULL,
	       "no software-protected VMs, which are for developers without TDX or SNP", true),
	OPTION("config.kvm-intel-tdx", "KVM_INTEL_TDX", NULL, "GenuineIntel", "KVM cannot run TDs",
	       false),
	OPTION("config.intel-tdx-host", "INTEL_TDX_HOST", NULL, "GenuineIntel",
	       "the TDX module is not initialised", false),
	OPTION("config.kvm-amd-sev", "KVM_AMD_SEV", NULL, "AuthenticAMD",
	       "KVM cannot run SEV and SNP guests", false),
	OPTION("config.secretmem", "SECRETMEM", NULL, NULL,
	       "no memfd_secret(), so no control for the reader", false),
	OPTION("config.debug-info-btf", "DEBUG_INFO_BTF", NULL, NULL,
	       "no type information: struct offsets are unknown", false),
	OPTION("config.bpf-syscall", "BPF_SYSCALL", NULL, NULL,
	       "kernel memory cannot be read through BPF", false),
	OPTION("config.proc-kcore", "PROC_KCORE", NULL, NULL,
	       "kernel memory cannot be read through /proc/kcore", false),
	OPTION("config.ptdump-debugfs", "PTDUMP_DEBUGFS", NULL, NULL,
	       "no page table dump, which is for cross-checks only", true),
};

const struct gmem_host_subject gmem_host_kernel = { rows, sizeof(rows) / sizeof(rows[0]) };
