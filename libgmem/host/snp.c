// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEV-SNP, layer by layer: CPU and BIOS, kernel, IOMMU, firmware, kvm_amd, ASIDs, VM type. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/release.h"
#include "host/confidential.h"
#include "host/iommu.h"
#include "procfs/container.h"
#include "procfs/file.h"

#define IOMMU "/sys/class/iommu/ivhd0"
#define IOMMU_FEATURES IOMMU "/amd-iommu/features"
#define FEATURE_SNP (1ull << 63) /* drivers/iommu/amd/amd_iommu_types.h */
#define PARAMETER(name) "/sys/module/kvm_amd/parameters/" name

static bool offered(struct gmem_host *host)
{
	return gmem_host_offers(host, GMEM_VM_SNP);
}

static enum gmem_check_result check_cpu(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (host->cpu.is_arm)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "the CPU is Arm");
	if (host->cpu_error && offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM offers SNP");
	if (host->cpu_error)
		return gmem_host_unread(host, "/proc/cpuinfo", host->cpu_error);
	if (!gmem_host_vendor(host, "AuthenticAMD"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "the CPU is %s",
				      gmem_host_vendor_name(host));
	if (offered(host) || gmem_cpu_has(&host->cpu, "sev_snp"))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "AMD CPU with SNP set up");
	if (gmem_cpu_has(&host->cpu, "hypervisor"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "this is a virtual machine itself, and SNP does not nest");
	if (!gmem_host_may_have_snp(host))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "no SNP in this CPU (family %u): it came with EPYC 7003",
				      host->cpu.family);
	if (gmem_host_told(host, "config.kvm-amd-sev"))
		return GMEM_CHECK_SKIP;
	/* snp_probe_rmptable_info() clears the flag where the BIOS reserved no RMP table. */
	return gmem_host_find(
		host, GMEM_CHECK_FAIL,
		"switch SEV-SNP on in the BIOS and give the RMP table memory; " GMEM_LOG_SNP
		" says what is missing",
		"no flag sev_snp in /proc/cpuinfo: BIOS or kernel did not set it up");
}

static enum gmem_check_result check_kernel(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM knows SNP");
	if (gmem_host_told(host, "config.kvm-amd-sev"))
		return GMEM_CHECK_SKIP;
	if (!host->config.text)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the kernel's configuration cannot be read");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built with CONFIG_KVM_AMD_SEV");
}

/*
 * Two numbers since Linux 6.2, in either order: no bit 63 of the second set of features has a use.
 */
static enum gmem_check_result check_features(struct gmem_host *host)
{
	uint64_t first = 0, second = 0;
	char line[64];
	int ret = gmem_read_line(host->ctx, IOMMU_FEATURES, line, sizeof(line));

	if (ret == -ENOENT && !gmem_path_exists(host->ctx, "/sys/class/iommu"))
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "there is no /sys/class/iommu to look at");
	if (ret == -ENOENT && !gmem_path_exists(host->ctx, IOMMU) &&
	    gmem_path_exists(host->ctx, "/sys/class/iommu") > 0)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "switch the IOMMU on in the BIOS; " GMEM_LOG_SNP " says more",
				      "the kernel has no IOMMU of AMD (/sys/class/iommu)");
	if (ret)
		return gmem_host_unread(host, IOMMU_FEATURES, ret);
	if (sscanf(line, "%" SCNx64 ":%" SCNx64, &first, &second) < 1)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s has no number",
				      IOMMU_FEATURES);
	if ((first | second) & FEATURE_SNP)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "it supports SNP, and translates");
	return gmem_host_find(host, GMEM_CHECK_FAIL,
			      "switch SNP support of the IOMMU on in the BIOS; " GMEM_LOG_SNP
			      " says more",
			      "the IOMMU does not support SNP (bit 63 of %s)", IOMMU_FEATURES);
}

static enum gmem_check_result check_iommu(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_iommu_boot boot;

	(void)row;
	/* A kernel before 6.15 may offer SNP and then fail in each launch: see snp.firmware. */
	if (offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "KVM offers SNP, so it is in order");
	gmem_iommu_boot(host->ctx, &boot);
	if (*boot.word)
		return gmem_host_find(
			host, GMEM_CHECK_FAIL,
			boot.v2 ? "boot without it: SNP needs an IOMMU with page tables of the "
				  "first version"
				: "boot without it: SNP needs an IOMMU that translates",
			"the kernel was booted with %s", boot.word);
	if (gmem_config_get(&host->config, "IOMMU_DEFAULT_PASSTHROUGH") == GMEM_CONFIG_BUILT_IN &&
	    boot.passes_through < 0)
		return gmem_host_find(
			host, GMEM_CHECK_FAIL, "boot with iommu=nopt",
			"CONFIG_IOMMU_DEFAULT_PASSTHROUGH is on: SNP needs an IOMMU that "
			"translates");
	return check_features(host);
}

/*
 * Kernels from 6.11 to 6.15 offer SNP though its firmware did not come up. Later ones do not, so
 * their offer is proof where nobody looked for the device.
 */
static enum gmem_check_result check_firmware(struct gmem_host *host,
					     const struct gmem_host_row *row)
{
	int there = gmem_path_exists(host->ctx, "/dev/sev");

	(void)row;
	if (there > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "/dev/sev is there");
	if (there == -GMEM_ENOTRECORDED && offered(host) &&
	    !gmem_release_before(host->ctx->release, 6, 16))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "KVM of Linux %s offers SNP, which it does only where the "
				      "firmware came up",
				      host->ctx->release);
	if (there < 0)
		return gmem_host_unread(host, "/dev/sev", there);
	if (gmem_host_told(host, "config.kvm-amd-sev"))
		return GMEM_CHECK_SKIP;
	if (gmem_is_container(host->ctx))
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "pass /dev/sev into the container",
				      "there is no /dev/sev in this container");
	return gmem_host_find(
		host, GMEM_CHECK_FAIL,
		GMEM_LOG_SNP " says why; update the BIOS, which brings the firmware",
		"there is no /dev/sev: the firmware of the secure processor did not come "
		"up");
}

/* sev_hardware_setup(): with a minimum SEV ASID of 1 none is left for SEV-ES, nor for SNP. */
static bool all_asids_are_for_sev(struct gmem_host *host, uint64_t *asids)
{
	struct gmem_keys sev = { .size = sizeof(sev) }, sev_es = { .size = sizeof(sev_es) };

	if (gmem_host_parameter(host, PARAMETER("sev")) <= 0 ||
	    gmem_host_parameter(host, PARAMETER("sev_es")) != 0)
		return false;
	if (gmem_keys_get(host->ctx, "sev", &sev) || !sev.has_capacity || !sev.capacity ||
	    gmem_keys_get(host->ctx, "sev_es", &sev_es) != -ENODATA)
		return false;
	*asids = sev.capacity;
	return true;
}

static enum gmem_check_result check_parameter(struct gmem_host *host,
					      const struct gmem_host_row *row)
{
	uint64_t asids;

	if (offered(host))
		return gmem_host_check_parameter(host, row);
	if (gmem_host_told(host, "config.kvm-amd-sev") || gmem_host_told(host, "snp.iommu") ||
	    gmem_host_told(host, "snp.firmware"))
		return GMEM_CHECK_SKIP;
	if (all_asids_are_for_sev(host, &asids))
		return gmem_host_find(
			host, GMEM_CHECK_FAIL,
			"raise the BIOS's SEV-ES ASID space limit (minimum SEV non-ES "
			"ASID) above 1; " GMEM_LOG_SNP " shows the ranges",
			"kvm_amd.sev_snp is off: all %" PRIu64 " ASIDs are for SEV, none "
			"for SEV-ES and SNP",
			asids);
	return gmem_host_check_parameter(host, row);
}

static const struct gmem_host_confidential snp = {
	.vm_type = GMEM_VM_SNP,
	.parameter = "kvm_amd.sev_snp",
	.parameter_file = PARAMETER("sev_snp"),
	.option = "KVM_AMD",
	.module = "kvm_amd",
	.switch_on = "load kvm_amd with sev=1 sev_es=1 sev_snp=1; if it is, " GMEM_LOG_SNP
		     " says why KVM switched it off",
	.boot_with = "boot with kvm_amd.sev=1 kvm_amd.sev_es=1 kvm_amd.sev_snp=1; if it "
		     "is, " GMEM_LOG_SNP " says why KVM switched it off",
	.either =
		"load kvm_amd with sev=1 sev_es=1 sev_snp=1, or boot with kvm_amd.sev=1 "
		"kvm_amd.sev_es=1 kvm_amd.sev_snp=1 where it is built in; if it is on, " GMEM_LOG_SNP
		" says why KVM switched it off",
	.load = "modprobe kvm_amd",
	.other_kernel = "boot a kernel with SNP in KVM: Linux 6.11 or newer with "
			"CONFIG_KVM_AMD_SEV",
	/* Their ASIDs are of those of SEV-ES: sev_asid_new() in arch/x86/kvm/svm/sev.c. */
	.resource = "sev_es",
	.keys = "ASIDs",
	.free_one = "stop a guest, or set the BIOS's minimum SEV ASID higher",
	.without_one = "the next guest gets EBUSY",
	.log = GMEM_LOG_SNP " says why",
};

static const struct gmem_host_row rows[] = {
	{ "snp.cpu", NULL, "CPU and BIOS have SEV-SNP", check_cpu, false, NULL },
	{ "snp.kernel", "snp.cpu", "kernel built with SEV", check_kernel, false, NULL },
	{ "snp.iommu", "snp.cpu", "IOMMU fit for SNP", check_iommu, false, NULL },
	{ "snp.firmware", "snp.cpu", "firmware of SEV came up", check_firmware, false, NULL },
	{ "snp.kvm-parameter", "snp.cpu", "kvm_amd.sev_snp on", check_parameter, false, &snp },
	{ "snp.asids", "snp.kvm-parameter", "ASIDs left", gmem_host_check_keys, false, &snp },
	{ "snp.vm-type", "snp.kvm-parameter", "KVM offers SNP VMs", gmem_host_check_vm_type, false,
	  &snp },
};

const struct gmem_host_subject gmem_host_snp = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
