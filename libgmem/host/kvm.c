// SPDX-License-Identifier: LGPL-2.1-or-later
/* /dev/kvm and what it offers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/release.h"
#include "host/host.h"
#include "host/list.h"
#include "base/log.h"
#include "kernel/uapi.h"
#include "kvm/missing.h"
#include "procfs/misc.h"

/* O_PATH: to see the device needs no permission to use it. */
static enum gmem_check_result check_device(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_kernel *kernel = host->ctx->kernel;
	int fd = kernel->ops->open(kernel, "/dev/kvm", O_PATH);
	struct stat st;
	int ret;

	(void)row;
	if (fd < 0 && host->caps)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "/dev/kvm, and KVM answers");
	if (fd == -ENOENT &&
	    (gmem_host_told(host, "machine.virtual") || gmem_host_told(host, "config.kvm")))
		return GMEM_CHECK_SKIP;
	if (fd == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      gmem_kvm_missing_advice(host->ctx, false),
				      "there is no /dev/kvm");
	if (fd < 0)
		return gmem_host_unread(host, "/dev/kvm", fd);
	ret = kernel->ops->fstat(kernel, fd, &st);
	kernel->ops->close(kernel, fd);
	if (ret)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "/dev/kvm is there");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "/dev/kvm, mode %04o, uid %u, gid %u",
			      st.st_mode & 07777, st.st_uid, st.st_gid);
}

/* An errno of creating a VM: whether it is final, and what to do. */
static const struct refusal {
	int error;
	enum gmem_check_result result;
	const char *fix;
} refusals[] = {
	{ EBUSY, GMEM_CHECK_FAIL, "stop other hypervisors; " GMEM_LOG_KVM " says more" },
	{ EIO, GMEM_CHECK_FAIL, "stop other hypervisors; " GMEM_LOG_KVM " says more" },
	{ EINVAL, GMEM_CHECK_FAIL, "stop other hypervisors; " GMEM_LOG_KVM " says more" },
	{ ENOMEM, GMEM_CHECK_CANNOT_TELL, "free memory (also of this cgroup), and ask again" },
	{ EMFILE, GMEM_CHECK_CANNOT_TELL, "raise the limit of open files (ulimit -n)" },
	{ ENFILE, GMEM_CHECK_CANNOT_TELL, "raise the sysctl fs.file-max" },
	{ EACCES, GMEM_CHECK_CANNOT_TELL, "look for the denial in the security module's log" },
	{ EPERM, GMEM_CHECK_CANNOT_TELL, "look for the denial in the security module's log" },
	{ ENOTTY, GMEM_CHECK_CANNOT_TELL,
	  "make /dev/kvm the character device 10:232; in a container, pass the host's in" },
};

/* /dev/kvm could be opened. Can VMs be created, too? */
static enum gmem_check_result check_vm(struct gmem_host *host)
{
	int ret = gmem_caps_vm(host->caps, GMEM_VM_DEFAULT, GMEM_KVM_CAP_VM_TYPES);

	if (ret >= 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "it can be opened, and VMs created");
	if (ret == -GMEM_ENOTRECORDED)
		return gmem_host_unsaid(host);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].error == -ret)
			return gmem_host_find(host, refusals[i].result, refusals[i].fix,
					      ret == -ENOTTY
						      ? "what stands at /dev/kvm is not KVM's "
							"device: %s"
						      : "a VM could not be created: %s",
					      gmem_error_words(ret));
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, GMEM_LOG_KVM " may say more",
			      "a VM could not be created: %s", gmem_error_words(ret));
}

/* A device node without a driver: kmod made it from modules.devname, or a container has it. */
static enum gmem_check_result say_no_driver(struct gmem_host *host)
{
	if (gmem_host_told(host, "machine.virtual") || gmem_host_told(host, "config.kvm"))
		return GMEM_CHECK_SKIP;
	return gmem_host_find(
		host, GMEM_CHECK_FAIL, gmem_kvm_missing_advice(host->ctx, true),
		gmem_misc_has(host->ctx, "kvm") > 0
			? "/dev/kvm is another device than KVM's, which runs (/proc/misc)"
			: "/dev/kvm is there, but no driver behind it");
}

static enum gmem_check_result check_access(struct gmem_host *host, const struct gmem_host_row *row)
{
	int ret = host->caps_error;

	(void)row;
	if (!ret)
		return check_vm(host);
	if (ret == -EACCES)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "run as root, or as a member of the device's group where its "
				      "mode has group permissions",
				      "owner and mode of /dev/kvm keep this user out");
	if (ret == -EPERM)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "allow the character device 10:232",
				      "a device cgroup or a security module keeps /dev/kvm closed");
	if (ret == -ENOENT || ret == -ENXIO || ret == -ENODEV)
		return say_no_driver(host);
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s", host->caps_why);
}

static enum gmem_check_result check_types(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_host_list list = { .used = 0 };
	const char *doubt;

	(void)row;
	if (gmem_caps_system(host->caps, GMEM_KVM_CAP_VM_TYPES) < 0)
		return gmem_host_unsaid(host);
	for (int type = 0; type < GMEM_VM_TYPES; type++)
		if (gmem_caps_has_vm_type(host->caps, type))
			gmem_host_list(&list, "%s%s", list.used ? ", " : "",
				       gmem_vm_type_name(type));
	gmem_caps_doubted(host->caps, &doubt);
	if (doubt)
		gmem_host_list(&list, "; %s", doubt);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", list.text);
}

static enum gmem_check_result check_memory2(struct gmem_host *host, const struct gmem_host_row *row)
{
	int has = gmem_host_any_vm(host, GMEM_KVM_CAP_USER_MEMORY2);

	(void)row;
	if (has > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "KVM_SET_USER_MEMORY_REGION2 is there");
	if (has < 0)
		return gmem_host_unsaid(host);
	if (gmem_host_told(host, "kernel.version"))
		return GMEM_CHECK_SKIP;
	return gmem_host_find(host, GMEM_CHECK_FAIL, "boot another kernel, of 6.8 or newer",
			      "KVM has no KVM_SET_USER_MEMORY_REGION2");
}

/*
 * KVM pre-faults only with a second level of page tables: kvm_dev_ioctl_check_extension_generic().
 */
static const struct paging {
	const char *vendor, *option, *module, *flag;
	const char *load, *boot, *either, *nest, *none;
} pagings[] = {
	{ "GenuineIntel", "KVM_INTEL", "kvm_intel", "ept", "load kvm_intel with ept=1",
	  "boot with kvm_intel.ept=1",
	  "load kvm_intel with ept=1, or boot with kvm_intel.ept=1 where it is built in",
	  "let the hypervisor of this VM nest EPT", "take a machine with a CPU that has EPT" },
	{ "AuthenticAMD", "KVM_AMD", "kvm_amd", "npt", "load kvm_amd with npt=1",
	  "boot with kvm_amd.npt=1",
	  "load kvm_amd with npt=1, or boot with kvm_amd.npt=1 where it is built in",
	  "let the hypervisor of this VM nest NPT", "take a machine with a CPU that has NPT" },
};

static const char *fix_paging(const struct gmem_host *host)
{
	for (size_t i = 0; i < sizeof(pagings) / sizeof(pagings[0]); i++) {
		const struct paging *paging = &pagings[i];
		enum gmem_config_value built;

		if (!gmem_host_vendor(host, paging->vendor))
			continue;
		if (!gmem_host_has_flag(host, paging->flag))
			return gmem_host_has_flag(host, "hypervisor") ? paging->nest : paging->none;
		built = gmem_config_get_module(host->ctx, &host->config, paging->option,
					       paging->module);
		if (built == GMEM_CONFIG_UNKNOWN)
			return paging->either;
		return built == GMEM_CONFIG_BUILT_IN ? paging->boot : paging->load;
	}
	return "take a machine with a CPU that has EPT or NPT, and switch it on (kvm_intel.ept, kvm_amd.npt)";
}

/*
 * A kernel that is older than the call is not broken. That is not the same as a kernel that has the
 * call and does not offer it.
 */
static enum gmem_check_result check_pre_fault(struct gmem_host *host,
					      const struct gmem_host_row *row)
{
	int has = gmem_host_any_vm(host, GMEM_KVM_CAP_PRE_FAULT_MEMORY);

	(void)row;
	if (has > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM_PRE_FAULT_MEMORY is there");
	if (has < 0)
		return gmem_host_unsaid(host);
	if (host->cpu.is_arm)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "KVM on arm64 has no KVM_PRE_FAULT_MEMORY");
	if (gmem_release_before(host->ctx->release, 6, 11))
		return gmem_host_find(
			host, GMEM_CHECK_SKIP, "boot Linux 6.11 or newer to pre-fault",
			"Linux %s: no KVM_PRE_FAULT_MEMORY, it came with 6.11", host->ctx->release);
	return gmem_host_find(host, GMEM_CHECK_FAIL, fix_paging(host),
			      "KVM does not offer KVM_PRE_FAULT_MEMORY: it needs EPT or NPT");
}

static const struct gmem_host_row rows[] = {
	{ "kvm.device", NULL, "KVM device present", check_device, true, NULL },
	{ "kvm.access", "kvm.device", "KVM device usable by this user", check_access, true, NULL },
	{ "kvm.vm-types", "kvm.access", "VM types offered", check_types, false, NULL },
	{ "kvm.user-memory2", "kvm.access", "memslots with guest_memfd offered", check_memory2,
	  false, NULL },
	{ "kvm.pre-fault", "kvm.access", "pre-fault offered", check_pre_fault, false, NULL },
};

const struct gmem_host_subject gmem_host_kvm = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
