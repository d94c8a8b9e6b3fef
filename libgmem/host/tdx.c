// SPDX-License-Identifier: LGPL-2.1-or-later
/* TDX, layer by layer: CPU, kernel, BIOS, module, kvm_intel, KeyIDs, VM type. */
#include <errno.h>

#include "host/confidential.h"
#include "base/log.h"
#include "procfs/file.h"

#define VERSION "/sys/devices/faux/tdx_host/version"
#define PARAMETER "/sys/module/kvm_intel/parameters/tdx"

/* What lies above proves what lies below, also where that cannot be looked at. */
static bool offered(struct gmem_host *host)
{
	return gmem_host_offers(host, GMEM_VM_TDX) || gmem_host_has_old_tdx(host);
}

/* tdx_init() in arch/x86/virt/vmx/tdx/tdx.c sets it when it accepts the platform. */
static bool platform_accepted(struct gmem_host *host)
{
	return offered(host) || gmem_cpu_has(&host->cpu, "tdx_host_platform");
}

static enum gmem_check_result check_cpu(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (host->cpu.is_arm)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "the CPU is Arm");
	if (host->cpu_error && offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM offers TDX");
	if (host->cpu_error)
		return gmem_host_unread(host, "/proc/cpuinfo", host->cpu_error);
	if (!gmem_host_vendor(host, "GenuineIntel"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "the CPU is %s",
				      gmem_host_vendor_name(host));
	if (platform_accepted(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "Intel CPU, and the kernel accepts the platform");
	if (gmem_cpu_has(&host->cpu, "hypervisor"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "this is a virtual machine itself, and TDX does not nest");
	if (!gmem_host_may_have_tdx(host))
		return gmem_host_find(
			host, GMEM_CHECK_SKIP, NULL,
			"no TDX in CPUs of family %u, model %u: it came with Xeons of "
			"the 5th generation, and some of the 4th",
			host->cpu.family, host->cpu.model);
	if (!gmem_cpu_has(&host->cpu, "tme"))
		return gmem_host_find(
			host, GMEM_CHECK_CANNOT_TELL,
			"TDX came with 5th generation Xeon (and some 4th); if this is "
			"one, switch TME on in the BIOS",
			"Intel CPU without memory encryption (flag tme): it has no "
			"TDX, or the BIOS hides it");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
			      "Intel CPU of a generation that has TDX, with memory encryption");
}

static enum gmem_check_result check_kernel(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (platform_accepted(host) && (!host->caps || offered(host)))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "the kernel knows TDX");
	if (gmem_host_told(host, "config.intel-tdx-host") ||
	    gmem_host_told(host, "config.kvm-intel-tdx"))
		return GMEM_CHECK_SKIP;
	if (platform_accepted(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "the kernel knows TDX");
	if (!host->config.text)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the kernel's configuration cannot be read");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built with TDX");
}

/*
 * hibernation_available() keeps TDX off, so that is part of the advice where it may be the reason.
 */
static enum gmem_check_result check_bios(struct gmem_host *host, const struct gmem_host_row *row)
{
	bool hibernates = gmem_config_get(&host->config, "HIBERNATION") == GMEM_CONFIG_BUILT_IN &&
			  gmem_host_booted_with(host, "nohibernate") <= 0;

	(void)row;
	if (platform_accepted(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "the BIOS set TDX up, with private KeyIDs");
	return gmem_host_find(
		host, GMEM_CHECK_FAIL,
		hibernates ? "switch TDX on in the BIOS with 2 or more TDX KeyIDs, and boot with "
			     "nohibernate; " GMEM_LOG_TDX " says which is missing"
			   : "switch TDX on in the BIOS with 2 or more TDX KeyIDs; " GMEM_LOG_TDX
			     " says what is missing",
		"the kernel did not accept the platform (no flag tdx_host_platform in "
		"/proc/cpuinfo)");
}

/* The module tdx-host is an option of its own, and came after TDX. */
static enum gmem_check_result say_no_version(struct gmem_host *host)
{
	switch (gmem_config_get(&host->config, "TDX_HOST_SERVICES")) {
	case GMEM_CONFIG_MODULE:
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, "modprobe tdx-host",
				      "there is no %s: module tdx-host is not loaded", VERSION);
	case GMEM_CONFIG_BUILT_IN:
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, GMEM_LOG_TDX " says why",
				      "there is no %s, though tdx-host is built in", VERSION);
	case GMEM_CONFIG_UNKNOWN:
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, GMEM_LOG_TDX " says more",
				      "there is no %s: module tdx-host is not loaded, or the "
				      "kernel has none",
				      VERSION);
	default:
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, GMEM_LOG_TDX " says more",
				      "there is no %s: this kernel has no module tdx-host",
				      VERSION);
	}
}

static enum gmem_check_result check_module(struct gmem_host *host, const struct gmem_host_row *row)
{
	char version[64];
	int ret = gmem_read_line(host->ctx, VERSION, version, sizeof(version));

	(void)row;
	if (!ret)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "initialised, version %s",
				      version);
	/* tdx_bringup() leaves the parameter on only behind the module's initialisation. */
	if (offered(host) || gmem_host_parameter(host, PARAMETER) > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "initialised; no version in %s (module tdx-host)", VERSION);
	if (ret == -ENXIO)
		return gmem_host_find(
			host, GMEM_CHECK_FAIL,
			"install a TDX module (BIOS or /boot/efi/EFI/TDX); " GMEM_LOG_TDX
			" says what went wrong",
			"the TDX module is not initialised");
	if (ret == -ENOENT)
		return say_no_version(host);
	return gmem_host_unread(host, VERSION, ret);
}

/* A parameter that is off because the module is not initialised is not told twice. */
static enum gmem_check_result check_parameter(struct gmem_host *host,
					      const struct gmem_host_row *row)
{
	if (!offered(host) && gmem_host_told(host, "tdx.module"))
		return GMEM_CHECK_SKIP;
	if (gmem_host_has_old_tdx(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "kvm_intel.tdx is on");
	return gmem_host_check_parameter(host, row);
}

static enum gmem_check_result check_vm_type(struct gmem_host *host, const struct gmem_host_row *row)
{
	const char *why;

	if (!gmem_host_has_old_tdx(host))
		return gmem_host_check_vm_type(host, row);
	gmem_caps_doubted(host->caps, &why);
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
			      "run TDs with the VMM of this kernel's vendor, or boot Linux 6.16 or "
			      "newer",
			      "%s; this may work, but a VMM that asks for upstream's number 5 is "
			      "refused",
			      why);
}

static const struct gmem_host_confidential tdx = {
	.vm_type = GMEM_VM_TDX,
	.parameter = "kvm_intel.tdx",
	.parameter_file = PARAMETER,
	.option = "KVM_INTEL",
	.module = "kvm_intel",
	.switch_on =
		"load kvm_intel with tdx=1; if it is, " GMEM_LOG_TDX " says why KVM switched it "
		"off",
	.boot_with =
		"boot with kvm_intel.tdx=1; if it is, " GMEM_LOG_TDX " says why KVM switched it "
		"off",
	.either =
		"load kvm_intel with tdx=1, or boot with kvm_intel.tdx=1 where it is built in; if it "
		"is on, " GMEM_LOG_TDX " says why KVM switched it off",
	.load = "modprobe kvm_intel tdx=1",
	.other_kernel = "boot a kernel with CONFIG_KVM_INTEL_TDX: Linux 6.16 or newer",
	.resource = "tdx",
	.keys = "KeyIDs",
	.free_one = "stop a TD; a leaked guest_memfd descriptor keeps its KeyID",
	.without_one = "the next TD gets ENOSPC",
	.log = GMEM_LOG_TDX " says why",
};

static const struct gmem_host_row rows[] = {
	{ "tdx.cpu", NULL, "CPU may have TDX", check_cpu, false, NULL },
	{ "tdx.kernel", "tdx.cpu", "kernel built with TDX", check_kernel, false, NULL },
	{ "tdx.bios", "tdx.kernel", "BIOS set TDX up", check_bios, false, NULL },
	{ "tdx.module", "tdx.bios", "TDX module initialised", check_module, false, NULL },
	{ "tdx.kvm-parameter", "tdx.bios", "kvm_intel.tdx on", check_parameter, false, &tdx },
	{ "tdx.keyids", "tdx.kvm-parameter", "KeyIDs left", gmem_host_check_keys, false, &tdx },
	{ "tdx.vm-type", "tdx.kvm-parameter", "KVM offers TDX VMs", check_vm_type, false, &tdx },
};

const struct gmem_host_subject gmem_host_tdx = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
