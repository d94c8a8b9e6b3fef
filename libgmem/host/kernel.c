// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel can do: KVM's own answer where it can be asked, else the release. */
#include <errno.h>

#include "base/release.h"
#include "host/confidential.h"
#include "kernel/uapi.h"

static bool is_release(const char *release)
{
	return *release >= '0' && *release <= '9';
}

/* The release in which guest_memfd appeared; arm64 got it in a later one. */
struct since {
	unsigned int minor;
	const char *boot, *or_vendor;
};

static const struct since since_x86 = {
	8, "boot Linux 6.8 or newer", "boot Linux 6.8 or newer, or a vendor's kernel that has it"
};
static const struct since since_arm = {
	18, "boot Linux 6.18 or newer", "boot Linux 6.18 or newer, or a vendor's kernel that has it"
};

/*
 * Other evidence that a kernel has guest_memfd, if KVM did not answer: its configuration, or its
 * modules.
 */
static const char *other_evidence(struct gmem_host *host)
{
	static const struct {
		const char *parameter, *words;
	} modules[] = {
		{ "/sys/module/kvm_intel/parameters/tdx", "kvm_intel.tdx is on" },
		{ "/sys/module/kvm_amd/parameters/sev_snp", "kvm_amd.sev_snp is on" },
	};

	if (gmem_config_get(&host->config, "KVM_GUEST_MEMFD") >= GMEM_CONFIG_MODULE)
		return "it is built with CONFIG_KVM_GUEST_MEMFD";
	if (gmem_config_get(&host->config, "KVM_PRIVATE_MEM") >= GMEM_CONFIG_MODULE)
		return "it is built with CONFIG_KVM_PRIVATE_MEM";
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (gmem_host_parameter(host, modules[i].parameter) > 0)
			return modules[i].words;
	return NULL;
}

/* The release is too old for the feature, and KVM did not say whether this kernel has it anyway. */
static enum gmem_check_result judge_number(struct gmem_host *host, const struct since *since)
{
	const char *other = other_evidence(host);

	if (other)
		return gmem_host_find(
			host, GMEM_CHECK_CANNOT_TELL, NULL,
			"Linux %s, and guest_memfd came with 6.%u, but %s: KVM knows, "
			"and did not answer",
			host->ctx->release, since->minor, other);
	if (host->caps)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "Linux %s, and guest_memfd came with 6.%u; whether this one "
				      "has it anyway, KVM did not say",
				      host->ctx->release, since->minor);
	return gmem_host_find(host, GMEM_CHECK_FAIL, since->or_vendor,
			      "Linux %s: guest_memfd came with 6.%u, and nothing here says that "
			      "this kernel has it anyway",
			      host->ctx->release, since->minor);
}

/* A vendor's kernel may have a feature of a later release, so the release alone does not decide. */
static enum gmem_check_result check_version(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct since *since = host->cpu.is_arm ? &since_arm : &since_x86;
	const char *release = host->ctx->release;
	bool is_old = gmem_release_before(release, 6, since->minor);
	int has = gmem_host_any_vm(host, GMEM_KVM_CAP_GUEST_MEMFD);

	(void)row;
	if (has > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "Linux %s%s", release,
				      is_old ? ": KVM offers guest_memfd, whatever the number"
					     : "");
	if (!is_release(release))
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "the kernel's release could not be read");
	if (!is_old)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "Linux %s", release);
	if (has < 0)
		return judge_number(host, since);
	return gmem_host_find(host, GMEM_CHECK_FAIL, since->boot,
			      "Linux %s: KVM has no guest_memfd, it came with 6.%u", release,
			      since->minor);
}

/* The flag came with the operation: kvm_gmem_get_flags() in virt/kvm/guest_memfd.c. */
static int can_map(const struct gmem_host *host)
{
	for (int type = 0; host->caps && type < GMEM_VM_TYPES; type++)
		if (gmem_caps_memory_flags(host->caps, (enum gmem_vm_type)type) & GMEM_MEMORY_MMAP)
			return 1;
	return gmem_host_any_vm(host, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS);
}

/*
 * A kernel that is older than the feature is not broken: that is a skip, with advice how to get the
 * feature.
 */
static enum gmem_check_result check_mmap(struct gmem_host *host, const struct gmem_host_row *row)
{
	const char *release = host->ctx->release;
	int can = can_map(host);

	(void)row;
	if (can > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "Linux %s: KVM offers flag mmap",
				      release);
	if (can < 0 && !gmem_release_before(release, 6, 18))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "Linux %s", release);
	if (can < 0 && host->caps)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "Linux %s: KVM did not say which flags it has", release);
	return gmem_host_find(host, GMEM_CHECK_SKIP, "boot Linux 6.18 or newer to map guest_memfd",
			      "Linux %s: no flag mmap, it came with 6.18", release);
}

static const struct gmem_host_row rows[] = {
	{ "kernel.version", NULL, "kernel new enough for guest_memfd", check_version, true, NULL },
	{ "kernel.mmap", "kernel.version", "kernel new enough to map guest_memfd", check_mmap,
	  false, NULL },
};

const struct gmem_host_subject gmem_host_kernel = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
