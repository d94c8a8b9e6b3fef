// SPDX-License-Identifier: LGPL-2.1-or-later
/* TDX, layer by layer: CPU, kernel, BIOS, module, kvm_intel, KeyIDs, VM type. */
#include <errno.h>

#include "host/confidential.h"
#include "procfs/file.h"

#define VERSION "/sys/devices/faux/tdx_host/version"

/* What lies above proves what lies below, also where that cannot be looked at. */
static bool offered(struct gmem_host *host)
{
	return gmem_host_offers(host, GMEM_VM_TDX);
}

/* tdx_init() in arch/x86/virt/vmx/tdx/tdx.c sets it when it accepts the platform. */
static bool platform_accepted(struct gmem_host *host)
{
	return offered(host) || gmem_cpu_has(&host->cpu, "tdx_host_platform");
}

static enum gmem_check_result check_cpu(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (host->cpu_error)
		return gmem_host_unread(host, "/proc/cpuinfo", host->cpu_error);
	if (!gmem_host_vendor(host, "GenuineIntel"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "%s CPU",
				      gmem_host_vendor_name(host));
	if (platform_accepted(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "Intel CPU, and the kernel accepts the platform");
	if (gmem_cpu_has(&host->cpu, "hypervisor"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "this is a virtual machine itself, and TDX does not nest");
	/* No flag of the CPU says TDX; memory encryption with several keys it must have. */
	if (!gmem_cpu_has(&host->cpu, "tme"))
		return gmem_host_find(
			host, GMEM_CHECK_CANNOT_TELL,
			"TDX came with 5th generation Xeon (and some 4th); if this is "
			"one, switch TME on in the BIOS",
			"Intel CPU without memory encryption (flag tme): it has no "
			"TDX, or the BIOS hides it");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "Intel CPU with memory encryption");
}

static enum gmem_check_result check_kernel(struct gmem_host *host, const struct gmem_host_row *row)
{
	enum gmem_config_value tdx_host = gmem_config_get(&host->config, "INTEL_TDX_HOST");
	enum gmem_config_value kvm_tdx = gmem_config_get(&host->config, "KVM_INTEL_TDX");

	(void)row;
	if (platform_accepted(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "the kernel knows TDX");
	if (tdx_host == GMEM_CONFIG_UNKNOWN)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the kernel's configuration cannot be read");
	if (tdx_host == GMEM_CONFIG_OFF || kvm_tdx == GMEM_CONFIG_OFF)
		return gmem_host_find(
			host, GMEM_CHECK_FAIL, "use a kernel built with it", "CONFIG_%s is off",
			tdx_host == GMEM_CONFIG_OFF ? "INTEL_TDX_HOST" : "KVM_INTEL_TDX");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built with TDX");
}

static enum gmem_check_result check_bios(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (platform_accepted(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "the BIOS set TDX up, with private KeyIDs");
	return gmem_host_find(
		host, GMEM_CHECK_FAIL,
		"switch TDX on in the BIOS with 2 or more TDX KeyIDs, boot with "
		"nohibernate; dmesg | grep virt/tdx says which is missing",
		"the kernel did not accept the platform (no flag tdx_host_platform in "
		"/proc/cpuinfo)");
}

static enum gmem_check_result check_module(struct gmem_host *host, const struct gmem_host_row *row)
{
	char version[64];
	int ret = gmem_read_line(host->ctx, VERSION, version, sizeof(version));

	(void)row;
	if (!ret)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "initialised, version %s",
				      version);
	if (offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "initialised; no version in %s (module tdx-host)", VERSION);
	if (ret == -ENXIO)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "install a TDX module (BIOS or /boot/efi/EFI/TDX); dmesg | "
				      "grep virt/tdx says what went wrong",
				      "the TDX module is not initialised");
	if (ret == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, "modprobe tdx-host",
				      "there is no %s: module tdx-host is not loaded, or the "
				      "kernel has none",
				      VERSION);
	return gmem_host_unread(host, VERSION, ret);
}

static const struct gmem_host_confidential tdx = {
	.vm_type = GMEM_VM_TDX,
	.parameter = "kvm_intel.tdx",
	.parameter_file = "/sys/module/kvm_intel/parameters/tdx",
	.switch_on = "load kvm_intel with tdx=1; if it is, dmesg | grep -i tdx says why KVM "
		     "switched it off",
	.load = "modprobe kvm_intel tdx=1, of a kernel with CONFIG_KVM_INTEL_TDX",
	.not_there = "kvm_intel is not loaded or built without TDX",
	.resource = "tdx",
	.keys = "KeyIDs",
	.free_one = "stop a TD; a leaked guest_memfd descriptor keeps its KeyID",
	.without_one = "the next TD gets ENOSPC",
	.log = "dmesg | grep -i tdx says why",
};

static const struct gmem_host_row rows[] = {
	{ "tdx.cpu", NULL, "CPU may have TDX", check_cpu, false, NULL },
	{ "tdx.kernel", "tdx.cpu", "kernel built with TDX", check_kernel, false, NULL },
	{ "tdx.bios", "tdx.kernel", "BIOS set TDX up", check_bios, false, NULL },
	{ "tdx.module", "tdx.bios", "TDX module initialised", check_module, false, NULL },
	{ "tdx.kvm-parameter", "tdx.bios", "kvm_intel.tdx on", gmem_host_check_parameter, false,
	  &tdx },
	{ "tdx.keyids", "tdx.bios", "KeyIDs left", gmem_host_check_keys, false, &tdx },
	{ "tdx.vm-type", "tdx.kvm-parameter", "KVM offers TDX VMs", gmem_host_check_vm_type, false,
	  &tdx },
};

const struct gmem_host_subject gmem_host_tdx = { rows, sizeof(rows) / sizeof(rows[0]) };
