// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD into QEMU, which uses guest_memfd for TDs and SNP guests only. The library stands
 * between QEMU and a KVM without TDX, and gives the answers that only TDX has. The VM is an
 * ordinary one. Its guest_memfds, memslots and vCPUs are the running kernel's, as QEMU requests
 * them. Memory that KVM_TDX_INIT_MEM_REGION would add is allocated without content, as KVM
 * allocates it. No guest can run like this, so QEMU must be started paused.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "kernel/uapi.h"
#include "kernel/uapi_tdx.h"

#define TDX_TYPE 5
#define PAGE 4096ull
#define SLOTS_MAX 64
#define ATTRIBUTES ((1ull << 28) | (1ull << 30) | (1ull << 63))
#define XFAM 0x602e7ull

typedef int (*ioctl_fn)(int fd, unsigned long request, void *arg);

static ioctl_fn real;
static struct gmem_kvm_userspace_memory_region2 slots[SLOTS_MAX];
static int kvm_fd = -1;

static void keep_slot(const struct gmem_kvm_userspace_memory_region2 *region)
{
	if ((region->slot & 0xffff) < SLOTS_MAX)
		slots[region->slot & 0xffff] = *region;
}

/* Allocates the pages in the guest_memfd of the memslot, instead of KVM's own populate. */
static int add_region(struct gmem_kvm_tdx_init_mem_region *region)
{
	for (; region->nr_pages; region->nr_pages--, region->gpa += PAGE) {
		int ret = -1;

		for (int i = 0; ret && i < SLOTS_MAX; i++) {
			uint64_t offset = region->gpa - slots[i].guest_phys_addr;

			if (!(slots[i].flags & GMEM_KVM_MEM_GUEST_MEMFD) ||
			    region->gpa < slots[i].guest_phys_addr ||
			    offset >= slots[i].memory_size)
				continue;
			ret = fallocate((int)slots[i].guest_memfd, FALLOC_FL_KEEP_SIZE,
					(off_t)(slots[i].guest_memfd_offset + offset), PAGE);
		}
		if (ret) {
			errno = EINVAL;
			return -1;
		}
	}
	return 0;
}

static int get_capabilities(struct gmem_kvm_tdx_capabilities *out)
{
	struct gmem_kvm_cpuid2 *cpuid = &out->cpuid;

	out->supported_attrs = ATTRIBUTES;
	out->supported_xfam = XFAM;
	cpuid->nent = 0;
	return 0;
}

/* The TD sees the CPUID values that KVM supports. */
static int get_cpuid(struct gmem_kvm_cpuid2 *cpuid)
{
	return real(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid);
}

static int encrypt_op(struct gmem_kvm_tdx_cmd *cmd)
{
	void *data = (void *)(uintptr_t)cmd->data;

	cmd->hw_error = 0;
	switch (cmd->id) {
	case GMEM_KVM_TDX_CAPABILITIES:
		return get_capabilities(data);
	case GMEM_KVM_TDX_GET_CPUID:
		return get_cpuid(data);
	case GMEM_KVM_TDX_INIT_MEM_REGION:
		return add_region(data);
	case GMEM_KVM_TDX_INIT_VM:
	case GMEM_KVM_TDX_INIT_VCPU:
	case GMEM_KVM_TDX_FINALIZE_VM:
		return 0;
	}
	errno = EINVAL;
	return -1;
}

static int check_extension(int fd, unsigned long request, void *arg)
{
	int ret = real(fd, request, arg);

	switch ((uintptr_t)arg) {
	case GMEM_KVM_CAP_VM_TYPES:
		return (ret > 0 ? ret : 1) | 1 << TDX_TYPE;
	case GMEM_KVM_CAP_MEMORY_ATTRIBUTES:
		return GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE;
	}
	return ret;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!real)
		real = (ioctl_fn)dlsym(RTLD_NEXT, "ioctl");
	switch (request & 0xffffffff) {
	case GMEM_KVM_CREATE_VM:
		kvm_fd = fd;
		return real(fd, request, (uintptr_t)arg == TDX_TYPE ? NULL : arg);
	case GMEM_KVM_CHECK_EXTENSION:
		return check_extension(fd, request, arg);
	case GMEM_KVM_MEMORY_ENCRYPT_OP:
		return encrypt_op(arg);
	case GMEM_KVM_SET_MEMORY_ATTRIBUTES:
		return 0;
	case GMEM_KVM_SET_USER_MEMORY_REGION2:
		keep_slot(arg);
		break;
	}
	return real(fd, request, arg);
}
