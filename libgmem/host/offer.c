// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * guest_memfd and private memory: what all else is for. Where a check that came before failed, it
 * is the cause, and these are a skip.
 */
#include <string.h>

#include "host/host.h"
#include "host/list.h"
#include "host/offer.h"
#include "kernel/uapi.h"

/* The subjects TDX and SNP, and the options that they need. */
static bool is_of_private(const char *id)
{
	static const char *const starts[] = { "tdx.", "snp.", "config.intel-tdx-host",
					      "config.kvm-intel-tdx", "config.kvm-amd-sev" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncmp(id, starts[i], strlen(starts[i])))
			return true;
	return false;
}

const struct gmem_check *gmem_host_private_cause(const struct gmem_host *host)
{
	for (size_t i = 0; i < host->count; i++)
		if (host->checks[i].result == GMEM_CHECK_FAIL && is_of_private(host->checks[i].id))
			return &host->checks[i];
	return NULL;
}

/* Before Linux 6.18 a VM without private memory could have none: kvm_arch_has_private_mem(). */
static enum gmem_check_result say_none(struct gmem_host *host)
{
	const struct gmem_check *cause = gmem_host_private_cause(host);
	bool built = gmem_host_result(host, "config.kvm-guest-memfd") == GMEM_CHECK_PASS;

	if (gmem_host_told(host, "kernel.version") ||
	    gmem_host_told(host, "config.kvm-guest-memfd"))
		return GMEM_CHECK_SKIP;
	if (!built || gmem_host_has_private(host))
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "use a kernel built with CONFIG_KVM_GUEST_MEMFD",
				      "KVM has no KVM_CREATE_GUEST_MEMFD");
	if (cause)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "this kernel has it for private memory only, and no VM type "
				      "here has any: %s failed",
				      cause->id);
	return gmem_host_find(host, GMEM_CHECK_FAIL,
			      "boot Linux 6.18 or newer, where VMs without private memory have it, "
			      "too",
			      "this kernel has it for private memory only, and no VM type here has "
			      "any");
}

/* The answer may depend on the VM type. */
static enum gmem_check_result check_memfd(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_host_list list = { .used = 0 };
	int has = gmem_host_any_vm(host, GMEM_KVM_CAP_GUEST_MEMFD);
	bool all = true, silent = false;

	(void)row;
	if (has < 0)
		return gmem_host_unsaid(host);
	if (!has)
		return say_none(host);
	for (int type = 0; type < GMEM_VM_TYPES; type++) {
		if (!gmem_caps_has_vm_type(host->caps, type))
			continue;
		has = gmem_caps_vm(host->caps, type, GMEM_KVM_CAP_GUEST_MEMFD);
		if (has > 0)
			gmem_host_list(&list, "%s%s", list.used ? ", " : "",
				       gmem_vm_type_name(type));
		all = all && has > 0;
		silent = silent || has < 0;
	}
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM_CREATE_GUEST_MEMFD is there%s%s%s",
			      all ? "" : ", for VMs of type ", all ? "" : list.text,
			      silent ? "; of others KVM did not say" : "");
}

static void list_flags(struct gmem_host_list *list, uint64_t flags)
{
	const char *separator = "";

	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = gmem_memory_flag_name(bit);

		if (!(flags & 1ull << bit))
			continue;
		if (name)
			gmem_host_list(list, "%s%s", separator, name);
		else
			gmem_host_list(list, "%sbit %u", separator, bit);
		separator = "+";
	}
	if (!flags)
		gmem_host_list(list, "none");
}

static enum gmem_check_result check_flags(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_host_list list = { .used = 0 };
	bool any = false;

	(void)row;
	if (gmem_host_any_vm(host, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS) < 0)
		return gmem_host_unsaid(host);
	for (int type = 0; type < GMEM_VM_TYPES; type++) {
		uint64_t flags = gmem_caps_memory_flags(host->caps, type);

		if (!gmem_caps_has_vm_type(host->caps, type))
			continue;
		gmem_host_list(&list, "%s%s: ", list.used ? "; " : "", gmem_vm_type_name(type));
		if (gmem_caps_vm(host->caps, type, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS) < 0)
			gmem_host_list(&list, "not known");
		else
			list_flags(&list, flags);
		any = any || flags;
	}
	return gmem_host_find(host, any ? GMEM_CHECK_PASS : GMEM_CHECK_SKIP, NULL, "%s", list.text);
}

static enum gmem_check_result check_private(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_host_list list = { .used = 0 };
	const struct gmem_check *cause = gmem_host_private_cause(host);

	(void)row;
	for (int type = 0; type < GMEM_VM_TYPES; type++)
		if (gmem_caps_has_private(host->caps, type))
			gmem_host_list(&list, "%s%s", list.used ? ", " : "",
				       gmem_vm_type_name(type));
	if (list.used)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "for VMs of type %s", list.text);
	if (host->cpu.is_arm && !gmem_host_told(host, "kernel.version") &&
	    !gmem_host_told(host, "kvm.guest-memfd"))
		return gmem_host_find(
			host, GMEM_CHECK_FAIL, "take an x86 machine with TDX or SNP",
			"KVM on arm64 has no private memory, so none can be converted");
	if (gmem_host_any_vm(host, GMEM_KVM_CAP_MEMORY_ATTRIBUTES) < 0)
		return gmem_host_unsaid(host);
	if (cause)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "no VM type here has any: %s failed", cause->id);
	if (gmem_host_told(host, "kernel.version") || gmem_host_told(host, "kvm.guest-memfd"))
		return GMEM_CHECK_SKIP;
	return gmem_host_find(host, GMEM_CHECK_FAIL,
			      "take a machine with TDX or SNP; for tests, a kernel with "
			      "CONFIG_KVM_SW_PROTECTED_VM",
			      "no VM type here has private memory, so none can be converted");
}

static const struct gmem_host_row rows[] = {
	{ "kvm.guest-memfd", "kvm.access", "guest_memfd offered", check_memfd, true, NULL },
	{ "kvm.memory-flags", "kvm.guest-memfd", "guest_memfd creation flags, by VM type",
	  check_flags, false, NULL },
	{ "kvm.private-memory", "kvm.access", "private memory offered", check_private, false,
	  NULL },
};

const struct gmem_host_subject gmem_host_offer = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
