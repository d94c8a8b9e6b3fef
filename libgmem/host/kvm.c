// SPDX-License-Identifier: LGPL-2.1-or-later
/* /dev/kvm and what it offers. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "kernel/uapi.h"

/* O_PATH: to see the device needs no permission to use it. */
static enum gmem_check_result check_device(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_kernel *kernel = host->ctx->kernel;
	int fd = kernel->ops->open(kernel, "/dev/kvm", O_PATH);
	struct stat st;
	int ret;

	(void)row;
	if (fd == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "modprobe kvm_intel or kvm_amd; switch virtualisation on in "
				      "the firmware; for a container, pass the device in",
				      "there is no /dev/kvm");
	if (fd < 0)
		return gmem_host_unread(host, "/dev/kvm", fd);
	ret = kernel->ops->fstat(kernel, fd, &st);
	kernel->ops->close(kernel, fd);
	if (ret == -GMEM_ENOTRECORDED)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "/dev/kvm is there");
	if (ret)
		return gmem_host_unread(host, "/dev/kvm", ret);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "/dev/kvm, mode %04o, uid %u, gid %u",
			      st.st_mode & 07777, st.st_uid, st.st_gid);
}

/* It may be opened; can VMs be made, too? */
static enum gmem_check_result check_vm(struct gmem_host *host)
{
	int ret = gmem_caps_vm(host->caps, GMEM_VM_DEFAULT, GMEM_KVM_CAP_VM_TYPES);

	if (ret >= 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "it can be opened, and VMs created");
	if (ret == -EBUSY || ret == -EIO || ret == -EINVAL)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "stop other hypervisors; dmesg | grep -i kvm says more",
				      "a VM could not be created: %s", gmem_error_words(ret));
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "a VM could not be created: %s",
			      gmem_error_words(ret));
}

static enum gmem_check_result check_access(struct gmem_host *host, const struct gmem_host_row *row)
{
	char why[GMEM_EXPLANATION_MAX];
	int ret = gmem_caps_new(host->ctx, &host->caps);

	(void)row;
	if (!ret)
		return check_vm(host);
	host->caps = NULL;
	if (ret == -EACCES)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "run as root, or as a member of the device's group where its "
				      "mode has group permissions",
				      "owner and mode of /dev/kvm keep this user out");
	if (ret == -EPERM)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "allow the character device 10:232",
				      "a device cgroup or a security module keeps /dev/kvm closed");
	gmem_explain_error(host->ctx, ret, why, sizeof(why));
	if (ret == -ENOENT || ret == -ENXIO || ret == -ENODEV)
		return gmem_host_find(host, GMEM_CHECK_FAIL, "modprobe kvm_intel or kvm_amd", "%s",
				      why);
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s", why);
}

/* A capability that a VM either has or not. */
struct asked {
	unsigned int number;
	const char *with;
	const char *without;
	const char *fix;
};

static const struct asked guest_memfd = {
	GMEM_KVM_CAP_GUEST_MEMFD,
	"KVM_CREATE_GUEST_MEMFD is there",
	"KVM has no KVM_CREATE_GUEST_MEMFD",
	"boot Linux 6.8 or newer built with CONFIG_KVM_GUEST_MEMFD",
};
static const struct asked user_memory2 = {
	GMEM_KVM_CAP_USER_MEMORY2,
	"KVM_SET_USER_MEMORY_REGION2 is there",
	"KVM has no KVM_SET_USER_MEMORY_REGION2",
	"boot Linux 6.8 or newer",
};
static const struct asked pre_fault = {
	GMEM_KVM_CAP_PRE_FAULT_MEMORY,
	"KVM_PRE_FAULT_MEMORY is there",
	"KVM does not offer KVM_PRE_FAULT_MEMORY: it needs EPT or NPT",
	"boot Linux 6.11 or newer with kvm_intel.ept=1 or kvm_amd.npt=1",
};

struct list {
	char text[256];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct list *list, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(list->text + list->used, sizeof(list->text) - list->used, format, args);
	va_end(args);
	if (length > 0)
		list->used += (size_t)length;
	if (list->used >= sizeof(list->text))
		list->used = sizeof(list->text) - 1;
}

static enum gmem_check_result not_recorded(struct gmem_host *host, const char *what)
{
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s: %s", what,
			      gmem_error_words(-GMEM_ENOTRECORDED));
}

/* The answer may depend on the VM type: before 6.18 guest_memfd was for private memory only. */
static enum gmem_check_result check_capability(struct gmem_host *host,
					       const struct gmem_host_row *row)
{
	const struct asked *asked = row->about;
	struct list list = { .used = 0 };
	bool all = true, known = true;

	for (int type = 0; type < GMEM_VM_TYPES; type++) {
		int answer = gmem_caps_vm(host->caps, type, asked->number);

		if (!gmem_caps_has_vm_type(host->caps, type))
			continue;
		known = known && answer != -GMEM_ENOTRECORDED;
		if (answer > 0)
			add(&list, "%s%s", list.used ? ", " : "", gmem_vm_type_name(type));
		else
			all = false;
	}
	if (!list.used && !known)
		return not_recorded(host, "what KVM answers");
	if (!list.used)
		return gmem_host_find(host, GMEM_CHECK_FAIL, asked->fix, "%s", asked->without);
	if (all)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", asked->with);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s, for VMs of type %s", asked->with,
			      list.text);
}

static enum gmem_check_result check_types(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct list list = { .used = 0 };

	(void)row;
	for (int type = 0; type < GMEM_VM_TYPES; type++)
		if (gmem_caps_has_vm_type(host->caps, type))
			add(&list, "%s%s", list.used ? ", " : "", gmem_vm_type_name(type));
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", list.text);
}

static void add_flags(struct list *list, uint64_t flags)
{
	const char *separator = "";

	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = gmem_memory_flag_name(bit);

		if (!(flags & 1ull << bit))
			continue;
		if (name)
			add(list, "%s%s", separator, name);
		else
			add(list, "%sbit %u", separator, bit);
		separator = "+";
	}
	if (!flags)
		add(list, "none");
}

static enum gmem_check_result check_flags(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct list list = { .used = 0 };
	bool any = false;

	(void)row;
	for (int type = 0; type < GMEM_VM_TYPES; type++) {
		uint64_t flags = gmem_caps_memory_flags(host->caps, type);

		if (!gmem_caps_has_vm_type(host->caps, type))
			continue;
		if (gmem_caps_vm(host->caps, type, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS) ==
		    -GMEM_ENOTRECORDED)
			return not_recorded(host, "the creation flags of guest_memfd");
		add(&list, "%s%s: ", list.used ? "; " : "", gmem_vm_type_name(type));
		add_flags(&list, flags);
		any = any || flags;
	}
	return gmem_host_find(host, any ? GMEM_CHECK_PASS : GMEM_CHECK_FAIL,
			      any ? NULL : "boot Linux 6.18 or newer", "%s", list.text);
}

static enum gmem_check_result check_private(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct list list = { .used = 0 };

	(void)row;
	for (int type = 0; type < GMEM_VM_TYPES; type++)
		if (gmem_caps_has_private(host->caps, type))
			add(&list, "%s%s", list.used ? ", " : "", gmem_vm_type_name(type));
	if (!list.used)
		return gmem_host_find(
			host, GMEM_CHECK_FAIL,
			"switch TDX or SNP on (see tdx and snp below), or use a "
			"kernel with CONFIG_KVM_SW_PROTECTED_VM for tests",
			"no VM type here has private memory, so none can be converted");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "for VMs of type %s", list.text);
}

static const struct gmem_host_row rows[] = {
	{ "kvm.device", NULL, "KVM device present", check_device, true, NULL },
	{ "kvm.access", "kvm.device", "KVM device usable by this user", check_access, true, NULL },
	{ "kvm.vm-types", "kvm.access", "VM types offered", check_types, false, NULL },
	{ "kvm.guest-memfd", "kvm.access", "guest_memfd offered", check_capability, true,
	  &guest_memfd },
	{ "kvm.user-memory2", "kvm.access", "memslots with guest_memfd offered", check_capability,
	  false, &user_memory2 },
	{ "kvm.memory-flags", "kvm.guest-memfd", "guest_memfd creation flags, by VM type",
	  check_flags, false, NULL },
	{ "kvm.private-memory", "kvm.access", "private memory offered", check_private, false,
	  NULL },
	{ "kvm.pre-fault", "kvm.access", "pre-fault offered", check_capability, false, &pre_fault },
};

const struct gmem_host_subject gmem_host_kvm = { rows, sizeof(rows) / sizeof(rows[0]) };
