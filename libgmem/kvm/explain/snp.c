// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM's commands for SEV-SNP guests: arch/x86/kvm/svm/sev.c. */
#include <errno.h>

#include "kernel/uapi_sev.h"
#include "base/log.h"
#include "kvm/explain/conditions.h"
#include "kvm/state.h"

static bool not_initialized(const struct gmem_facts *facts)
{
	return facts->vm->owned && !facts->vm->snp.initialized;
}

static bool not_started(const struct gmem_facts *facts)
{
	return facts->vm->owned && !facts->vm->snp.started;
}

static bool initialized(const struct gmem_facts *facts)
{
	return facts->vm->snp.initialized;
}

static bool started(const struct gmem_facts *facts)
{
	return facts->vm->snp.started;
}

static bool has_vcpus(const struct gmem_facts *facts)
{
	return facts->vcpu_count;
}

static bool has_features(const struct gmem_facts *facts)
{
	return facts->vmsa_features;
}

static bool has_version(const struct gmem_facts *facts)
{
	return facts->ghcb_version;
}

/* sev_guest_init2(), __sev_guest_init(). An SNP guest takes no command of plain SEV: EPERM. */
static const struct gmem_condition sev_init[] = {
	{ ENOTTY, NULL, "KVM on Linux {release} runs without SEV here",
	  "load kvm_amd with sev=1, sev_es=1 and sev_snp=1; gmemctl doctor tells what is missing" },
	{ EPERM, NULL, "the guest is initialised already", NULL },
	{ EINVAL, has_vcpus, "the VM has {vcpu_count} vCPUs already",
	  "initialise it before its first vCPU" },
	{ EINVAL, initialized, "the guest is initialised already", NULL },
	{ EINVAL, has_features,
	  "VMSA features {vmsa_features} are not all offered, or GHCB version {ghcb_version} is not "
	  "(an SNP guest has 2 or more)",
	  "leave them 0; /dev/kvm's attribute KVM_X86_SEV_VMSA_FEATURES tells what is offered" },
	{ EINVAL, has_version,
	  "GHCB version {ghcb_version} is not offered: an SNP guest has 2, or what newer kernels "
	  "have",
	  "leave it 0" },
	{ EINVAL, NULL, "the guest was initialised by others, or has vCPUs", NULL },
	{ EBUSY, NULL, "no ASID is free, or the misc cgroup's limit of encrypted guests is reached",
	  "end another guest, raise sev_es in its misc.max, or give more ASIDs to SEV-ES and SNP "
	  "in the firmware setup" },
	{ ENOMEM, NULL, "the kernel has no memory left for the guest", "free some" },
};

const struct gmem_call gmem_call_sev_init = {
	.name = "KVM_SEV_INIT2",
	GMEM_CONDITIONS(sev_init),
	.on_vm = true,
	.unseen = GMEM_LOG_SNP " may say more",
};

static bool policy_unknown(const struct gmem_facts *facts)
{
	/* The low 16 bits are the lowest firmware version; SNP_POLICY_MASK_VALID. */
	return facts->policy & ~(0xffffull | GMEM_SNP_POLICY_ALLOW_SMT | GMEM_SNP_POLICY_ALWAYS |
				 GMEM_SNP_POLICY_ALLOW_DEBUG | GMEM_SNP_POLICY_ONE_SOCKET);
}

static bool no_device(const struct gmem_facts *facts)
{
	return facts->vm->snp.sev_fd < 0;
}

/* snp_launch_start(), snp_context_create() */
static const struct gmem_condition snp_start[] = {
	{ ENOTTY, not_initialized, "the guest is not initialised", "call {do:snp-init} first" },
	{ EINVAL, started, "the launch was begun already", NULL },
	{ EINVAL, policy_unknown, "policy {policy} has a bit that KVM does not take",
	  "leave it out" },
	{ EINVAL, NULL, "the launch was begun by others, or KVM does not take policy {policy}",
	  NULL },
	{ ENOTTY, no_device, "/dev/sev could not be opened, through which KVM reaches the firmware",
	  "give this user the device; if the host has no such device, " GMEM_LOG_SNP
	  " says why the firmware did not come up" },
	{ ENOTTY, gmem_fact_firmware_error,
	  "the firmware gave no context for the guest: {firmware_error}",
	  GMEM_LOG_SNP " may say more" },
	{ ENOTTY, NULL, "the firmware gave no context for the guest",
	  GMEM_LOG_SNP " may say more" },
	{ EBADF, NULL, "/dev/sev is not open", "give this user the device" },
	{ EIO, gmem_fact_firmware_error, "the firmware refused: {firmware_error}",
	  "change the policy; " GMEM_LOG_SNP " may say more" },
	{ EINTR, NULL, "signals came in, again and again", "call again" },
};

const struct gmem_call gmem_call_snp_start = {
	.name = "KVM_SEV_SNP_LAUNCH_START",
	GMEM_CONDITIONS(snp_start),
	.on_vm = true,
	.unseen = GMEM_LOG_SNP " may say more",
};

static bool type_unknown(const struct gmem_facts *facts)
{
	return facts->page_type != GMEM_SNP_PAGE_NORMAL &&
	       (facts->page_type < GMEM_SNP_PAGE_ZERO || facts->page_type > GMEM_SNP_PAGE_CPUID);
}

static bool no_source(const struct gmem_facts *facts)
{
	return facts->page_type != GMEM_SNP_PAGE_ZERO && !facts->userspace_addr;
}

static bool bad_source(const struct gmem_facts *facts)
{
	return facts->page_type != GMEM_SNP_PAGE_ZERO && gmem_fact_source_unaligned(facts);
}

static bool added_before(const struct gmem_facts *facts)
{
	return gmem_ranges_cover(&facts->vm->snp.added, facts->gpa, facts->gpa + GMEM_PAGE_SIZE);
}

static bool file_closed(const struct gmem_facts *facts)
{
	const struct gmem_vm_slot *slot = gmem_vm_slot_at(facts->vm, facts->gpa);
	struct gmem_kernel *kernel = facts->ctx->kernel;
	struct stat st;

	return slot && (kernel->ops->fstat(kernel, slot->fd, &st) || st.st_ino != slot->inode);
}

/*
 * snp_launch_update(): every error of kvm_gmem_populate() and sev_gmem_post_populate() becomes EIO.
 * Those causes that can be seen from here are checked in their order.
 */
static const struct gmem_condition snp_update[] = {
	{ EINVAL, not_started, "no launch was begun", "call {do:snp-start} first" },
	{ EINVAL, gmem_fact_gpa_unaligned, "guest address {gpa} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_size_zero, "the region has 0 pages", NULL },
	{ EINVAL, type_unknown, "page type {page_type} is unknown",
	  "pass one of enum gmem_snp_page_type" },
	{ EINVAL, no_source, "there is no source, and only zero pages do without", NULL },
	{ EINVAL, bad_source, "source address {userspace_addr} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_no_slot, "guest address {gpa} is in no memslot",
	  "set one with a guest_memfd there" },
	{ EINVAL, gmem_fact_slot_without_memory,
	  "the memslot at guest address {gpa} has no guest_memfd",
	  "delete it and set one that has" },
	{ EIO, gmem_fact_firmware_error,
	  "the firmware refused the page at guest address {gpa}: {firmware_error}",
	  "a CPUID page then holds what the firmware would take" },
	{ EIO, file_closed, "the guest_memfd behind guest address {gpa} seems to be closed",
	  "delete the memslot and bind a new one" },
	{ EIO, gmem_fact_not_private, "guest address {gpa} is shared", "call {do:convert} first" },
	{ EIO, added_before, "the page at guest address {gpa} was added before",
	  "leave it out; a page is added once" },
	{ EIO, NULL,
	  "the page at guest address {gpa} could not be added, and KVM says EIO to all of it: it "
	  "is the guest's already, source address {userspace_addr} cannot be read, no page was "
	  "free, it has a memory failure, or a signal came in",
	  "call again with what is left; " GMEM_LOG_SNP " shows errors of the RMP" },
};

const struct gmem_call gmem_call_snp_update = {
	.name = "KVM_SEV_SNP_LAUNCH_UPDATE",
	GMEM_CONDITIONS(snp_update),
	.on_vm = true,
	.unseen = "slots and conversions that did not go through this gmem_vm are not seen",
};

/* snp_launch_finish() */
static const struct gmem_condition snp_finish[] = {
	{ ENOTTY, NULL, "the guest is not initialised", "call {do:snp-init} first" },
	{ EINVAL, not_started, "no launch was begun", "call {do:snp-start} first" },
	{ EINVAL, NULL, "no launch was begun", NULL },
	{ EFAULT, NULL, "the ID block or its authentication cannot be read",
	  "they have 96 and 4096 bytes" },
	{ EIO, gmem_fact_firmware_error, "the firmware refused: {firmware_error}",
	  "with an ID block, measurement and policy must be those that it names" },
	{ ENOMEM, NULL, "the kernel has no memory left for the launch", "free some" },
	{ EINTR, NULL, "signals came in, again and again", "call again" },
};

const struct gmem_call gmem_call_snp_finish = {
	.name = "KVM_SEV_SNP_LAUNCH_FINISH",
	GMEM_CONDITIONS(snp_finish),
	.on_vm = true,
	.unseen = GMEM_LOG_SNP " may say more",
};
