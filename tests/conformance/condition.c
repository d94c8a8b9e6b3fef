// SPDX-License-Identifier: GPL-2.0-or-later
/* Conditions: properties of a kernel, or of the VM type in use. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "conformance.h"
#include "kernel/uapi.h"

#define TYPES_PRIVATE (1u << 1 | 1u << 4 | 1u << 5)
#define TYPES_PROTECTED (1u << 3 | 1u << 4 | 1u << 5)
#define TYPES_SEV (1u << 2 | 1u << 3 | 1u << 4)
#define TYPES_PRE_FAULT (1u << 0 | 1u << 1)
#define TYPE_TDX (1u << 5)

static bool type_among(struct run *run, uint64_t types)
{
	return types >> run->vm_type & 1;
}

static bool offers_type(struct run *run, uint64_t types)
{
	return (run->vm_types & types) != 0;
}

static bool has_capability(struct run *run, uint64_t number)
{
	return run_vm_capability(run, number) != 0;
}

static bool has_creation_flags(struct run *run, uint64_t flags)
{
	return (run_vm_capability(run, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS) & flags) == flags;
}

static bool knows_creation_flags(struct run *run, uint64_t flags)
{
	return (run_capability(run, run->kvm, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS) & flags) == flags;
}

static bool knows(struct run *run, uint64_t number)
{
	return run_capability(run, run->kvm, number) != 0;
}

/*
 * Whether memslots of the VM type accept a guest_memfd: the capability tells it
 * on kernels of every age.
 */
static bool has_guest_memfd(struct run *run, uint64_t unused)
{
	(void)unused;
	return run_vm_capability(run, GMEM_KVM_CAP_GUEST_MEMFD) != 0;
}

static bool has_two_vcpus(struct run *run, uint64_t unused)
{
	(void)unused;
	return run_vm_capability(run, GMEM_KVM_CAP_MAX_VCPUS) > 1;
}

static bool has_two_address_spaces(struct run *run, uint64_t unused)
{
	(void)unused;
	return run_vm_capability(run, GMEM_KVM_CAP_MULTI_ADDRESS_SPACE) > 1;
}

static int count_node(const char *name, void *arg)
{
	if (!strncmp(name, "node", 4) && strspn(name + 4, "0123456789") == strlen(name + 4))
		++*(unsigned int *)arg;
	return 0;
}

static bool has_nodes(struct run *run, uint64_t wanted)
{
	unsigned int nodes = 0;

	run->kernel->ops->list_directory(run->kernel, "/sys/devices/system/node", count_node,
					 &nodes);
	return nodes >= wanted;
}

static bool has_memfd(struct run *run, uint64_t unused)
{
	const struct gmem_kernel_ops *ops = run->kernel->ops;
	int fd = ops->create_file(run->kernel, GMEM_FILE_ORDINARY, PAGE);

	(void)unused;
	if (fd >= 0)
		ops->close(run->kernel, fd);
	return fd >= 0;
}

static bool has_file(struct run *run, const char *path)
{
	const struct gmem_kernel_ops *ops = run->kernel->ops;
	int fd = ops->open(run->kernel, path, O_RDONLY);

	if (fd >= 0)
		ops->close(run->kernel, fd);
	return fd >= 0;
}

static bool has_huge_pages(struct run *run, uint64_t unused)
{
	(void)unused;
	return run->kernel->ops->model ||
	       has_file(run, "/sys/kernel/mm/transparent_hugepage/enabled");
}

/* Whether the beginning of a file contains a word. */
static bool file_has(struct run *run, const char *path, const char *word)
{
	const struct gmem_kernel_ops *ops = run->kernel->ops;
	int fd = ops->open(run->kernel, path, O_RDONLY);
	char text[256] = "";

	if (fd < 0)
		return false;
	if (ops->pread(run->kernel, fd, text, sizeof(text) - 1, 0) < 0)
		*text = '\0';
	ops->close(run->kernel, fd);
	return strstr(text, word) != NULL;
}

/*
 * kvm_intel has the parameter if it was built with TDX. With both modules built in, it can be there
 * beside kvm_amd. The CPU decides which of them is KVM.
 */
static bool has_tdx_code(struct run *run, uint64_t unused)
{
	(void)unused;
	return has_file(run, "/sys/module/kvm_intel/parameters/tdx") &&
	       file_has(run, "/proc/cpuinfo", "GenuineIntel");
}

/* Whether attributes belong to the file instead of the VM: a module parameter tells it. */
static bool converts_in_place(struct run *run, uint64_t unused)
{
	(void)unused;
	return file_has(run, "/sys/module/kvm/parameters/gmem_in_place_conversion", "Y");
}

static bool is_arm64(struct run *run, uint64_t wanted)
{
	return run_is_machine(run, "aarch64") == wanted;
}

/* KVM_VM_TYPE_ARM_PROTECTED: no capability shows it. */
static bool has_protected_kvm(struct run *run, uint64_t type)
{
	const struct gmem_kernel_ops *ops = run->kernel->ops;
	int fd;

	if (!run_is_machine(run, "aarch64"))
		return false;
	fd = ops->ioctl(run->kernel, run->kvm, GMEM_KVM_CREATE_VM, type);
	if (fd >= 0)
		ops->close(run->kernel, fd);
	return fd >= 0;
}

static bool is_simulated(struct run *run, uint64_t wanted)
{
	return (run->kernel->ops->model != NULL) == wanted;
}

static bool is_expendable(struct run *run, uint64_t unused)
{
	(void)unused;
	return run->options->expendable || run->kernel->ops->model;
}

static const struct {
	const char *name;
	bool (*holds)(struct run *run, uint64_t argument);
	uint64_t argument;
	const char *why; /* why the condition is false */
} conditions[] = {
	{ "default", type_among, 1u << 0, "the VM is of another type" },
	{ "sw-protected", type_among, 1u << 1, "the VM is of another type" },
	{ "snp", type_among, 1u << 4, "the VM is of another type" },
	{ "tdx", type_among, TYPE_TDX, "the VM is of another type" },
	{ "private", type_among, TYPES_PRIVATE, "the VM type has no private memory" },
	{ "protected", type_among, TYPES_PROTECTED, "the VM type protects no state" },
	{ "sev-family", type_among, TYPES_SEV, "the VM type is none of SEV" },
	{ "pre-faults-at-once", type_among, TYPES_PRE_FAULT, "the VM type needs a launch" },
	{ "arm64", is_arm64, 1, "for kernels of arm64" },
	{ "x86-64", is_arm64, 0, "for kernels of x86-64" },
	{ "protected-kvm", has_protected_kvm, 1u << 31, "KVM was not started as protected KVM" },
	{ "offers-sw-protected", offers_type, 1u << 1, "the kernel offers no such VMs" },
	{ "offers-snp", offers_type, 1u << 4, "the kernel offers no SNP VMs" },
	{ "offers-tdx", offers_type, TYPE_TDX, "the kernel offers no TDX VMs" },
	{ "offers-sev", offers_type, TYPES_SEV, "the kernel offers no SEV VMs" },
	{ "knows-guest-memfd", knows, GMEM_KVM_CAP_GUEST_MEMFD, "the kernel has no guest_memfd" },
	{ "guest-memfd", has_guest_memfd, 0, "the VM type takes no guest_memfd" },
	{ "attributes", has_capability, GMEM_KVM_CAP_MEMORY_ATTRIBUTES,
	  "the VM has no memory attributes" },
	{ "knows-attributes", knows, GMEM_KVM_CAP_MEMORY_ATTRIBUTES,
	  "the kernel has no memory attributes" },
	{ "in-place", converts_in_place, 0, "the kernel does not convert in place" },
	{ "tdx-in-kvm", has_tdx_code, 0, "KVM was built without TDX" },
	{ "pre-fault", has_capability, GMEM_KVM_CAP_PRE_FAULT_MEMORY,
	  "the kernel has no KVM_PRE_FAULT_MEMORY" },
	{ "region2", has_capability, GMEM_KVM_CAP_USER_MEMORY2,
	  "the kernel has no KVM_SET_USER_MEMORY_REGION2" },
	{ "mmap", has_creation_flags, 1, "the creation flag mmap is not offered" },
	{ "init-shared", has_creation_flags, 3, "the creation flag init-shared is not offered" },
	{ "no-direct-map", has_creation_flags, 4,
	  "the creation flag no-direct-map is not offered to this VM type" },
	{ "knows-no-direct-map", knows_creation_flags, 4,
	  "the kernel does not have the creation flag no-direct-map" },
	{ "two-vcpus", has_two_vcpus, 0,
	  "the VM has one vCPU: a TD has no more than the machine has" },
	{ "two-address-spaces", has_two_address_spaces, 0, "VMs have one address space" },
	{ "transparent-huge-pages", has_huge_pages, 0, "the kernel has no huge pages" },
	{ "numa", has_nodes, 1, "the kernel was built without NUMA" },
	{ "two-nodes", has_nodes, 2, "the machine has one NUMA node" },
	{ "memfd", has_memfd, 0, "the kernel has no memfd_create(2)" },
	{ "simulated", is_simulated, 1, "simulated kernels only" },
	{ "real-kernel", is_simulated, 0, "system calls that the simulated kernel does not have" },
	{ "expendable-kernel", is_expendable, 0, "harms the kernel; --expendable allows it" },
};

/* Conditions such as "linux<6.19" and "linux>=6.19". */
static bool version_holds(struct run *run, const char *condition, const char **why)
{
	bool below = !strncmp(condition, "linux<", 6);
	unsigned long major, minor;
	char *end;

	*why = NULL;
	if (!below && strncmp(condition, "linux>=", 7))
		return false;
	major = strtoul(condition + (below ? 6 : 7), &end, 10);
	if (*end != '.')
		return false;
	minor = strtoul(end + 1, &end, 10);
	if (*end)
		return false;
	*why = below ? "for older kernels" : "for newer kernels";
	return (run->version < (major << 16 | minor)) == below;
}

bool condition_holds(struct run *run, const char *condition, const char **why)
{
	if (*condition == '!') {
		bool holds = condition_holds(run, condition + 1, why);

		*why = *why ? "not for this kernel or VM type" : NULL;
		return !holds;
	}
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		if (strcmp(conditions[i].name, condition))
			continue;
		*why = conditions[i].why;
		return conditions[i].holds(run, conditions[i].argument);
	}
	return version_holds(run, condition, why);
}
