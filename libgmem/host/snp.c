// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEV-SNP, layer by layer: CPU and BIOS, kernel, kvm_amd, ASIDs, VM type. */
#include <errno.h>
#include <inttypes.h>

#include "host/host.h"

#define PARAMETER "/sys/module/kvm_amd/parameters/sev_snp"

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

static enum gmem_check_result check_parameter(struct gmem_host *host,
					      const struct gmem_host_row *row)
{
	char value[8];
	int ret = gmem_read_line(host->ctx, PARAMETER, value, sizeof(value));

	(void)row;
	if ((!ret && (*value == 'Y' || *value == '1')) || offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "kvm_amd.sev_snp is on");
	if (!ret)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "load kvm_amd with sev=1 sev_es=1 sev_snp=1; if it is, dmesg "
				      "| grep -i sev says why KVM switched it off",
				      "kvm_amd.sev_snp is off");
	if (ret == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "modprobe kvm_amd, of Linux 6.11 or newer with "
				      "CONFIG_KVM_AMD_SEV",
				      "there is no %s: kvm_amd is not loaded or does not know SNP",
				      PARAMETER);
	return gmem_host_unread(host, PARAMETER, ret);
}

/* SNP guests take their ASIDs from those of SEV-ES (sev_asid_new() in arch/x86/kvm/svm/sev.c). */
static enum gmem_check_result check_asids(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_keys keys;
	int ret = gmem_keys_get(host->ctx, "sev_es", &keys);

	(void)row;
	if (ret == -ENODATA)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "use a kernel with CONFIG_CGROUP_MISC, mount cgroup v2, and "
				      "let it show: echo +misc > "
				      "/sys/fs/cgroup/cgroup.subtree_control",
				      "no line sev_es in the root cgroup's misc.capacity");
	if (ret)
		return gmem_host_unread(host, "misc.capacity", ret);
	if (!keys.has_used)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "%" PRIu64 " ASIDs; how many are in use is not told",
				      keys.capacity);
	if (keys.used >= keys.capacity)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "stop a guest, or set the BIOS's minimum SEV ASID higher",
				      "all %" PRIu64 " ASIDs are in use: the next guest gets EBUSY",
				      keys.capacity);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%" PRIu64 " of %" PRIu64 " ASIDs left",
			      keys.capacity - keys.used, keys.capacity);
}

static enum gmem_check_result check_type(struct gmem_host *host, const struct gmem_host_row *row)
{
	(void)row;
	if (offered(host))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM creates VMs of type snp");
	if (!host->caps)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "/dev/kvm could not be asked, see kvm.access");
	return gmem_host_find(host, GMEM_CHECK_FAIL, "dmesg | grep -i sev says why",
			      "KVM_CAP_VM_TYPES has no type snp");
}

static const struct gmem_host_row rows[] = {
	{ "snp.cpu", NULL, "CPU and BIOS have SEV-SNP", check_cpu, false, NULL },
	{ "snp.kernel", "snp.cpu", "kernel built with SEV", check_kernel, false, NULL },
	{ "snp.kvm-parameter", "snp.cpu", "kvm_amd.sev_snp on", check_parameter, false, NULL },
	{ "snp.asids", "snp.cpu", "ASIDs left", check_asids, false, NULL },
	{ "snp.vm-type", "snp.kvm-parameter", "KVM offers SNP VMs", check_type, false, NULL },
};

const struct gmem_host_subject gmem_host_snp = { rows, sizeof(rows) / sizeof(rows[0]) };
