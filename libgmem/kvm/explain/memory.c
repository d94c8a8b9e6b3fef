// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_CREATE_GUEST_MEMFD and what can be done to the file without a VM. */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/mempolicy.h>

#include "base/log.h"
#include "kernel/uapi.h"
#include "kvm/explain/conditions.h"
#include "kvm/kvm.h"
#include "procfs/nodes.h"

static bool no_guest_memfd(const struct gmem_facts *facts)
{
	return !facts->vm_error && !facts->guest_memfd;
}

static bool flag_not_offered(const struct gmem_facts *facts)
{
	uint64_t refused = facts->flags & ~facts->offered_flags;

	facts->found->bad_flag = refused & -refused;
	return refused != 0;
}

/*
 * The removal series leaves TDX and SNP out (kvm_arch_gmem_supports_no_direct_map(), v12): they
 * touch a page through the direct map while they map it. /dev/kvm shows the flag anyway.
 */
static bool flag_excludes_type(const struct gmem_facts *facts)
{
	struct gmem_kernel *kernel = facts->ctx->kernel;
	int fd, known;

	flag_not_offered(facts);
	if (facts->found->bad_flag != GMEM_MEMORY_NO_DIRECT_MAP ||
	    !(gmem_fact_tdx(facts) || gmem_fact_snp(facts)))
		return false;
	fd = kernel->ops->open(kernel, "/dev/kvm", O_RDWR);
	if (fd < 0)
		return false;
	known = gmem_check_extension(facts->ctx, fd, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS);
	kernel->ops->close(kernel, fd);
	return known > 0 && known & GMEM_MEMORY_NO_DIRECT_MAP;
}

/* kvm_gmem_create() in virt/kvm/guest_memfd.c: flags before size, then the file. */
static const struct gmem_condition create_guest_memfd[] = {
	{ ENOTTY, no_guest_memfd, "KVM on Linux {release} has no guest_memfd",
	  "use Linux 6.8 or newer, built with CONFIG_KVM_GUEST_MEMFD" },
	{ EINVAL, flag_excludes_type,
	  "flag {bad_flag} is not offered for a {type} VM on Linux {release} "
	  "(offered: {offered_flags}): this kernel has it, and excludes tdx and snp, which touch a "
	  "page through the direct map while they map it",
	  "leave it out, or take another VM type; gmemctl caps lists the flags of each" },
	{ EINVAL, flag_not_offered,
	  "flag {bad_flag} is not offered for a {type} VM on Linux {release} "
	  "(offered: {offered_flags})",
	  "leave it out, or take another VM type; gmemctl caps lists the flags of each" },
	{ EINVAL, gmem_fact_size_zero, "size is 0",
	  "give a multiple of {page_size} bytes above 0" },
	{ EINVAL, gmem_fact_size_negative,
	  "size {size} is negative as the kernel reads it ({signed_size})",
	  "give less than 2^63 bytes" },
	{ EINVAL, gmem_fact_size_unaligned, "size {size} is no multiple of {page_size}",
	  "round it up to whole pages" },
	{ ENOMEM, NULL, "the kernel has no memory left for the inode or the file", "free some" },
	{ ENOENT, NULL, "the KVM module is being unloaded", "load it again" },
	{ EACCES, NULL, "a security module forbids anonymous inodes of this kind",
	  "see its audit log" },
	{ EPERM, NULL, "a security module or a seccomp filter forbids it", "see the audit log" },
};

const struct gmem_call gmem_call_create_guest_memfd = {
	.name = "KVM_CREATE_GUEST_MEMFD",
	GMEM_CONDITIONS(create_guest_memfd),
	.on_vm = true,
	.makes_fd = true,
	.unseen = "flags, size and VM are as the kernel wants them",
};

static bool flag_unknown(const struct gmem_facts *facts)
{
	facts->found->bad_flag = gmem_memory_flag_unknown(facts->flags);
	return facts->found->bad_flag;
}

static const struct gmem_condition wrap_guest_memfd[] = {
	{ EINVAL, flag_unknown, "libgmem knows no flag {bad_flag} of a guest_memfd",
	  "pass the flags that it was created with, of enum gmem_memory_flag" },
	GMEM_CONDITION_PATH_ONLY("the descriptor", "KVM_CREATE_GUEST_MEMFD"),
	{ EBADF, NULL, "the descriptor is not open", NULL },
	{ EINVAL, NULL, "the descriptor is no guest_memfd", "pass one of KVM_CREATE_GUEST_MEMFD" },
};

const struct gmem_call gmem_call_wrap_guest_memfd = {
	.name = "look at a guest_memfd's descriptor",
	GMEM_CONDITIONS(wrap_guest_memfd),
	.unseen = "the descriptor could not be looked at",
};

static const struct gmem_condition set_cloexec[] = {
	{ EBADF, NULL, "another thread closed the new guest_memfd", NULL },
};

const struct gmem_call gmem_call_set_cloexec = {
	.name = "fcntl F_SETFD FD_CLOEXEC",
	GMEM_CONDITIONS(set_cloexec),
	.unseen = "the new guest_memfd was closed again",
};

static bool range_overflows(const struct gmem_facts *facts)
{
	return facts->offset + facts->size > (uint64_t)INT64_MAX;
}

/* Holes may be punched there. */
static bool allocates_beyond_file(const struct gmem_facts *facts)
{
	return !(facts->flags & FALLOC_FL_PUNCH_HOLE) && gmem_fact_beyond_file(facts);
}

/* vfs_fallocate() in fs/open.c, then kvm_gmem_fallocate(). */
static const struct gmem_condition fallocates[] = {
	{ EBADF, gmem_fact_file_closed, "the guest_memfd's descriptor is not open", NULL },
	GMEM_CONDITION_PATH_ONLY("the guest_memfd's descriptor", "KVM_CREATE_GUEST_MEMFD"),
	{ EINVAL, gmem_fact_offset_negative, "offset {offset} is negative as the kernel reads it",
	  "give less than 2^63" },
	{ EINVAL, gmem_fact_size_zero, "length is 0",
	  "give a multiple of {page_size} bytes above 0" },
	{ EINVAL, gmem_fact_size_negative,
	  "length {size} is negative as the kernel reads it ({signed_size})",
	  "give less than 2^63 bytes" },
	{ EFBIG, range_overflows, "offset {offset} plus length {size} is 2^63 or more", NULL },
	{ EINVAL, gmem_fact_offset_unaligned, "offset {offset} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_size_unaligned, "length {size} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, allocates_beyond_file,
	  "offset {offset} plus length {size} is beyond the file's {file_size} bytes",
	  "a guest_memfd never grows; allocate inside it" },
	{ EINTR, NULL, "a signal came in; pages allocated so far stay", "call again" },
	{ ENOMEM, NULL, "no page was free, or the memory cgroup is at its limit",
	  "free memory or raise memory.max; guest_memfd pages cannot be swapped or reclaimed" },
};

const struct gmem_call gmem_call_allocate = {
	.name = "fallocate KEEP_SIZE",
	GMEM_CONDITIONS(fallocates),
	.unseen = "offset and length lie in the file",
};

const struct gmem_call gmem_call_punch = {
	.name = "fallocate PUNCH_HOLE",
	GMEM_CONDITIONS(fallocates),
	.unseen = "offset and length are whole pages",
};

static bool larger_than_address_space(const struct gmem_facts *facts)
{
	return facts->size >> 56;
}

/* kvm_gmem_mmap(). */
static const struct gmem_condition map[] = {
	{ EBADF, gmem_fact_file_closed, "the guest_memfd's descriptor is not open", NULL },
	GMEM_CONDITION_PATH_ONLY("the guest_memfd's descriptor", "KVM_CREATE_GUEST_MEMFD"),
	{ EINVAL, gmem_fact_size_zero, "length is 0", NULL },
	{ ENOMEM, larger_than_address_space, "{size} bytes fit no address space", NULL },
	{ ENODEV, gmem_fact_no_mmap_flag,
	  "the guest_memfd was created without flag mmap (its flags: {file_flags})",
	  "create it with mmap, and with init-shared to touch it" },
	{ ENODEV, NULL,
	  "the guest_memfd was created without flag mmap, whatever the flags that this memory was "
	  "wrapped with ({file_flags})",
	  "pass the flags that it was created with, or create it with mmap" },
	{ ENOMEM, NULL, "no room for {size} bytes in this process's address space",
	  "see ulimit -v and the sysctl vm.max_map_count" },
	{ EAGAIN, NULL, "mlockall() asks for locked mappings, and the limit is reached",
	  "raise ulimit -l" },
	{ EPERM, NULL, "a security module or a file seal forbids it", NULL },
};

const struct gmem_call gmem_call_mmap = {
	.name = "mmap",
	GMEM_CONDITIONS(map),
	.unseen = "length and flags are as the kernel wants them",
};

static bool policy_ignored(const struct gmem_facts *facts)
{
	return gmem_kernel_heeds_policy(facts->ctx) <= 0;
}

static bool mode_unknown(const struct gmem_facts *facts)
{
	return (facts->mode & ~(uint64_t)MPOL_MODE_FLAGS) > GMEM_MPOL_WEIGHTED_INTERLEAVE;
}

/* The first node of the mask that fits, or -1. */
static int first_node(const struct gmem_facts *facts, bool (*fits)(const struct gmem_node *node))
{
	const unsigned int word = 8 * sizeof(*facts->nodemask);
	struct gmem_nodes *nodes = NULL;
	int found = -1;

	if (!facts->nodemask || gmem_nodes_read(facts->ctx, &nodes))
		return -1;
	for (uint64_t i = 0; found < 0 && i < facts->nodes && i <= INT32_MAX; i++)
		if (facts->nodemask[i / word] >> i % word & 1 &&
		    fits(gmem_nodes_find(nodes, (int)i)))
			found = (int)i;
	gmem_nodes_free(nodes);
	return found;
}

static bool is_any(const struct gmem_node *node)
{
	(void)node;
	return true;
}

static bool is_missing(const struct gmem_node *node)
{
	return !node;
}

static bool is_without_memory(const struct gmem_node *node)
{
	return node && !node->total;
}

static bool is_not_allowed(const struct gmem_node *node)
{
	return node && !node->allowed;
}

/* The kernel ignores such nodes, and refuses a mask if no node is left (mpol_set_nodemask()). */
static bool finds_node(const struct gmem_facts *facts, bool (*fits)(const struct gmem_node *node))
{
	int node = first_node(facts, fits);

	facts->found->bad_node = (uint64_t)node;
	return node >= 0;
}

static bool no_node(const struct gmem_facts *facts)
{
	return facts->mode != MPOL_DEFAULT && facts->mode != MPOL_LOCAL &&
	       first_node(facts, is_any) < 0;
}

static bool node_missing(const struct gmem_facts *facts)
{
	return finds_node(facts, is_missing);
}

static bool node_without_memory(const struct gmem_facts *facts)
{
	return finds_node(facts, is_without_memory);
}

static bool node_not_allowed(const struct gmem_facts *facts)
{
	return finds_node(facts, is_not_allowed);
}

/* mbind(2) in mm/mempolicy.c, kvm_gmem_set_policy(). */
static const struct gmem_condition bind[] = {
	{ ENODEV, gmem_fact_no_mmap_flag,
	  "the guest_memfd was created without flag mmap (its flags: {file_flags}), and a policy is "
	  "set through a mapping",
	  "create it with mmap, or call set_mempolicy() in the thread that allocates" },
	{ ENODEV, policy_ignored,
	  "Linux {release} takes the policy and ignores it: guest_memfd knows policies since 6.19",
	  "use set_mempolicy() in the thread that allocates, or a newer kernel" },
	{ EINVAL, gmem_fact_offset_unaligned, "offset {offset} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_beyond_file,
	  "offset {offset} plus length {size} is beyond the file's {file_size} bytes", NULL },
	{ EINVAL, mode_unknown, "policy mode {mode} is unknown", "take one of MPOL_*" },
	{ EINVAL, no_node, "policy mode {mode} takes nodes, and the mask names none",
	  "set the bit of a node" },
	{ EINVAL, node_missing, "there is no node {bad_node} on this host",
	  "see /sys/devices/system/node/online" },
	{ EINVAL, node_without_memory, "node {bad_node} has no memory",
	  "see /sys/devices/system/node/has_memory" },
	{ EINVAL, node_not_allowed, "node {bad_node} is not in the cpuset of this process",
	  "see Mems_allowed_list in /proc/self/status" },
	{ EINVAL, NULL, "policy mode {mode} does not go with these nodes, or with its mode flags",
	  "see mbind(2)" },
	{ EFAULT, NULL, "the range is not mapped, or the mask cannot be read", NULL },
	{ ENOMEM, NULL, "the kernel has no memory left for the policy", "free some" },
	{ ENOSYS, NULL, "Linux {release} is built without NUMA", NULL },
	{ EPERM, NULL, "a seccomp filter forbids mbind(), as container runtimes do by default",
	  "allow it, or give CAP_SYS_NICE" },
};

const struct gmem_call gmem_call_mbind = {
	.name = "mbind",
	GMEM_CONDITIONS(bind),
	.unseen = "mode and mask look right",
};

/* madvise_behavior_valid() comes first: known advice about 0 bytes is accepted. */
static bool populate_unknown(const struct gmem_facts *facts)
{
	struct gmem_kernel *kernel = facts->ctx->kernel;

	return kernel->ops->madvise(kernel, NULL, 0, GMEM_MADV_POPULATE_WRITE) == -EINVAL;
}

/* Memory that was wrapped has the flags that its caller gave. */
static bool flags_believed(const struct gmem_facts *facts)
{
	return facts->memory && !facts->memory->owned;
}

/* madvise_populate() in mm/madvise.c, kvm_gmem_fault_user_mapping(). */
static const struct gmem_condition populate_write[] = {
	{ EINVAL, populate_unknown, "Linux {release} has no MADV_POPULATE_WRITE",
	  "use Linux 5.14 or newer" },
	{ EINVAL, gmem_fact_offset_unaligned, "offset {offset} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_beyond_file,
	  "offset {offset} plus length {size} is beyond the file's {file_size} bytes", NULL },
	{ EFAULT, gmem_fact_not_init_shared,
	  "the guest_memfd was created without flag init-shared (its flags: {file_flags}): its "
	  "pages are private, and the host may not touch them",
	  "use fallocate, or pre-fault through a vCPU" },
	{ EFAULT, flags_believed,
	  "a page could not be mapped: the access would be a SIGBUS, as it is where the guest_memfd "
	  "was created without flag init-shared, whatever the flags that this memory was wrapped "
	  "with ({file_flags})",
	  "pass the flags that it was created with; if these are, look for a memory failure: " GMEM_LOG_MEMORY },
	{ EFAULT, NULL, "a page could not be mapped: the access would be a SIGBUS",
	  "look for a memory failure: " GMEM_LOG_MEMORY },
	{ EHWPOISON, NULL, "a page of the range has a memory failure", "punch it out" },
	{ EINTR, NULL, "a signal came in", "call again" },
	{ ENOMEM, NULL, "no page was free, or the memory cgroup is at its limit",
	  "free memory or raise memory.max; guest_memfd pages cannot be swapped or reclaimed" },
};

const struct gmem_call gmem_call_populate_write = {
	.name = "madvise MADV_POPULATE_WRITE",
	GMEM_CONDITIONS(populate_write),
	.unseen = "the range lies in the mapping",
};

const struct gmem_call gmem_call_touch = {
	.name = "a page fault in a mapping",
	GMEM_CONDITIONS(populate_write),
	.unseen = "the range lies in the mapping",
};
