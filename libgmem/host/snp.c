// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEV-SNP, layer by layer: CPU and BIOS, kernel, kvm_amd, ASIDs, VM type. */
#include "host/confidential.h"

static bool offered(struct gmem_host *host)
{
	return gmem_host_offers(host, GMEM_VM_SNP);
}

static enum gmem_check_result check_cpu(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (host->cpu_error)
		return gmem_host_unread(host, "/proc/cpuinfo", host->cpu_error);
	if (!gmem_host_vendor(host, "AuthenticAMD"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "%s CPU",
				      gmem_host_vendor_name(host));
	if (offered(host) || gmem_cpu_has(&host->cpu, "sev_snp"))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "AMD CPU with SNP set up");
	if (gmem_cpu_has(&host->cpu, "hypervisor"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "this is a virtual machine itself, and SNP does not nest");
	/* snp_probe_rmptable_info() clears the flag where the BIOS reserved no RMP table. */
	return gmem_host_find(
		host, GMEM_CHECK_FAIL,
		"on EPYC 7003 or newer, switch SEV-SNP on in the BIOS and give the RMP "
		"table memory; boot with the IOMMU on",
		"no flag sev_snp in /proc/cpuinfo: the CPU has no SNP, or BIOS or "
		"kernel did not set it up");
}

static enum gmem_check_result check_kernel(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM knows SNP");
	switch (gmem_config_get(&host->config, "KVM_AMD_SEV")) {
	case GMEM_CONFIG_UNKNOWN:
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the kernel's configuration cannot be read");
	case GMEM_CONFIG_OFF:
		return gmem_host_find(host, GMEM_CHECK_FAIL, "use a kernel built with it",
				      "CONFIG_KVM_AMD_SEV is off");
	default:
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "built with CONFIG_KVM_AMD_SEV");
	}
}

static const struct gmem_host_confidential snp = {
	.vm_type = GMEM_VM_SNP,
	.parameter = "kvm_amd.sev_snp",
	.parameter_file = "/sys/module/kvm_amd/parameters/sev_snp",
	.switch_on = "load kvm_amd with sev=1 sev_es=1 sev_snp=1; if it is, dmesg | grep -i sev "
		     "says why KVM switched it off",
	.load = "modprobe kvm_amd, of Linux 6.11 or newer with CONFIG_KVM_AMD_SEV",
	.not_there = "kvm_amd is not loaded or does not know SNP",
	/* Their ASIDs are of those of SEV-ES: sev_asid_new() in arch/x86/kvm/svm/sev.c. */
	.resource = "sev_es",
	.keys = "ASIDs",
	.free_one = "stop a guest, or set the BIOS's minimum SEV ASID higher",
	.without_one = "the next guest gets EBUSY",
	.log = "dmesg | grep -i sev says why",
};

static const struct gmem_host_row rows[] = {
	{ "snp.cpu", NULL, "CPU and BIOS have SEV-SNP", check_cpu, false, NULL },
	{ "snp.kernel", "snp.cpu", "kernel built with SEV", check_kernel, false, NULL },
	{ "snp.kvm-parameter", "snp.cpu", "kvm_amd.sev_snp on", gmem_host_check_parameter, false,
	  &snp },
	{ "snp.asids", "snp.cpu", "ASIDs left", gmem_host_check_keys, false, &snp },
	{ "snp.vm-type", "snp.kvm-parameter", "KVM offers SNP VMs", gmem_host_check_vm_type, false,
	  &snp },
};

const struct gmem_host_subject gmem_host_snp = { rows, sizeof(rows) / sizeof(rows[0]) };
