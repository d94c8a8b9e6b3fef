// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM's TDX commands on the VM fd, and the irqchip of a TD: arch/x86/kvm/vmx/tdx.c. */
#include <errno.h>

#include "base/log.h"
#include "kvm/explain/conditions.h"
#include "procfs/cpuinfo.h"

/*
 * These calls can kill the VM, so they explain that themselves: an unexpected status of a SEAMCALL
 * is EIO once, and EIO for every ioctl on the VM from then on (KVM_BUG_ON()).
 */
#define SEAMCALL_FAILED                                                                          \
	{ EIO, gmem_fact_other_process,                                                          \
	  "the VM belongs to process {vm_pid}, this is process {own_pid}, and KVM takes ioctls " \
	  "from the process that created the VM only",                                           \
	  "make the call there" },                                                               \
	{                                                                                        \
		EIO, gmem_fact_vm_refuses,                                                       \
			"the VM is dead: a SEAMCALL of this command or of an earlier one "       \
			"failed, and KVM stopped it",                                            \
			GMEM_LOG_TDX " names the SEAMCALL and its status; create a new VM"       \
	}

static bool has_hw_error(const struct gmem_facts *facts)
{
	return facts->hw_error;
}

/* tdx_get_capabilities() */
static const struct gmem_condition capabilities[] = {
	{ ENOTTY, NULL, "KVM on Linux {release} has no TDX commands, or the VM is no TD",
	  "use a kernel with CONFIG_KVM_INTEL_TDX, and type tdx" },
	{ E2BIG, NULL, "the TDX module lets more than {count} CPUID leaves be configured",
	  "use a newer libgmem" },
	{ ENOMEM, NULL, "the kernel has no memory left for the list", "free some" },
	SEAMCALL_FAILED,
	{ EIO, NULL,
	  "the TDX module makes an attribute or an extended feature mandatory that KVM on Linux "
	  "{release} does not know",
	  "use a newer kernel" },
	GMEM_CONDITION_OOPS,
};

const struct gmem_call gmem_call_tdx_capabilities = {
	.name = "KVM_TDX_CAPABILITIES",
	GMEM_CONDITIONS(capabilities),
	.unseen = "the VM may be of another type than libgmem was told",
};

static bool too_many_routes(const struct gmem_facts *facts)
{
	return facts->count > 4096; /* KVM_MAX_IRQ_ROUTES */
}

/* kvm_vm_ioctl_enable_cap() in arch/x86/kvm/x86.c */
static const struct gmem_condition split_irqchip[] = {
	{ EINVAL, too_many_routes, "{count} routes are more than KVM takes (4096)", NULL },
	{ EEXIST, NULL, "the VM has an irqchip already, or a vCPU",
	  "enable it first of all; a TD without it takes no vCPU" },
	{ ENOMEM, NULL, "the kernel has no memory left for the routes", "free some" },
};

const struct gmem_call gmem_call_split_irqchip = {
	.name = "KVM_ENABLE_CAP KVM_CAP_SPLIT_IRQCHIP",
	GMEM_CONDITIONS(split_irqchip),
	.on_vm = true,
	.unseen = "the VM may be of another type than libgmem was told",
};

static bool td_initialized(const struct gmem_facts *facts)
{
	return facts->vm->td.initialized;
}

static bool attributes_not_offered(const struct gmem_facts *facts)
{
	return facts->td_attributes & ~facts->offered_td_attributes;
}

static bool xfam_not_offered(const struct gmem_facts *facts)
{
	return facts->xfam & ~facts->offered_xfam;
}

static bool address_width_unknown(const struct gmem_facts *facts)
{
	return facts->address_width != 48 && facts->address_width != 52;
}

static bool no_5_level_paging(const struct gmem_facts *facts)
{
	struct gmem_cpu cpu;
	bool missing;

	if (facts->address_width != 52 || gmem_cpu_read(facts->ctx, &cpu))
		return false;
	missing = !gmem_cpu_has(&cpu, "la57");
	gmem_cpu_free(&cpu);
	return missing;
}

/* tdx_td_init(), setup_tdparams(), __tdx_td_init() */
static const struct gmem_condition init_vm[] = {
	{ EINTR, NULL, "a signal came in while a vCPU was running", "call again" },
	{ EINVAL, td_initialized, "the TD is initialised already", "create a new VM for another" },
	{ E2BIG, NULL, "{cpuid_entries} CPUID entries are more than KVM takes (256)", NULL },
	{ EINVAL, attributes_not_offered,
	  "attributes {td_attributes} are not all offered (offered: {offered_td_attributes})",
	  "leave the others out" },
	{ EINVAL, xfam_not_offered, "XFAM {xfam} is not all offered (offered: {offered_xfam})",
	  "leave the others out" },
	{ EINVAL, address_width_unknown,
	  "guest addresses of {address_width} bits do not exist: it is 48 or 52", NULL },
	{ EINVAL, no_5_level_paging,
	  "guest addresses of 52 bits need 5-level paging, which this CPU does not have",
	  "take 48" },
	{ ENOSPC, NULL,
	  "no KeyID is free: every TD has one, until its VM fd, its vCPU fds and all its "
	  "guest_memfds are closed",
	  "end another TD; gmemctl list shows who still holds guest_memfds, and misc.capacity of "
	  "the root cgroup how many KeyIDs there are" },
	{ EBUSY, NULL, "the misc cgroup's limit of TDs is reached, here or in a group above",
	  "raise tdx in its misc.max" },
	{ EAGAIN, NULL, "the CPU ran out of random numbers, again and again", "call again later" },
	{ EINVAL, has_hw_error, "the TDX module refused the parameters: {hw_error}",
	  "change what it names; nothing was done, the call can be repeated" },
	{ EINVAL, NULL,
	  "the parameters look right; the TD was initialised by others, or the misc cgroup has no "
	  "capacity for TDs",
	  "see misc.capacity of the root cgroup" },
	{ ENOMEM, NULL, "the kernel has no memory left for the TD's control pages",
	  "free some; they count in the memory cgroup" },
	SEAMCALL_FAILED,
	{ EIO, NULL, "a CPU package has no online CPU, and each must configure the TD's key",
	  "switch one CPU of each package on (/sys/devices/system/cpu/cpu*/online)" },
	GMEM_CONDITION_OOPS,
};

const struct gmem_call gmem_call_tdx_init_vm = {
	.name = "KVM_TDX_INIT_VM",
	GMEM_CONDITIONS(init_vm),
	.unseen = GMEM_LOG_TDX " may say more",
};

static bool td_not_initialized(const struct gmem_facts *facts)
{
	return facts->vm->owned && !facts->vm->td.initialized;
}

/* tdx_td_finalize() */
static const struct gmem_condition finalize[] = {
	{ EINTR, NULL, "a signal came in while a vCPU was running", "call again" },
	{ EINVAL, gmem_fact_td_finalized, "the TD is finalised already", NULL },
	{ EINVAL, td_not_initialized, "the TD is not initialised",
	  "call {do:td-init-vm} and add memory first" },
	{ EINVAL, NULL, "the TD is not initialised, or finalised already", NULL },
	{ EBUSY, has_hw_error, "the TDX module stayed busy: {hw_error}",
	  "call again when no other thread works on the TD" },
	{ EBUSY, NULL, "the TDX module stayed busy",
	  "call again when no other thread works on the TD" },
	{ EIO, has_hw_error, "the TDX module refused, and KVM stopped the VM: {hw_error}",
	  "create a new VM" },
	SEAMCALL_FAILED,
	GMEM_CONDITION_OOPS,
};

const struct gmem_call gmem_call_tdx_finalize = {
	.name = "KVM_TDX_FINALIZE_VM",
	GMEM_CONDITIONS(finalize),
	.unseen = GMEM_LOG_TDX " may say more",
};
