// SPDX-License-Identifier: LGPL-2.1-or-later
/* What KVM offers: every capability, asked on /dev/kvm and on a VM of each type. */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/kvm.h"
#include "procfs/vm_types.h"

#define CAPABILITY(name_, meaning_)                                                     \
	{                                                                               \
		.size = sizeof(struct gmem_capability), .number = GMEM_KVM_CAP_##name_, \
		.name = "KVM_CAP_" #name_, .meaning = (meaning_),                       \
	}

/* Documentation/virt/kvm/api.rst */
static const struct gmem_capability capabilities[] = {
	CAPABILITY(VM_TYPES, "VM types that can be created, a bit each"),
	CAPABILITY(GUEST_MEMFD, "guest_memfd can be created"),
	CAPABILITY(GUEST_MEMFD_FLAGS, "creation flags of guest_memfd, a bit each"),
	CAPABILITY(USER_MEMORY2, "memslots can be bound to a guest_memfd"),
	CAPABILITY(MEMORY_ATTRIBUTES, "memory attributes, a bit each; bit 3 is private memory"),
	CAPABILITY(PRE_FAULT_MEMORY,
		   "memory can be mapped into the guest before the guest touches it"),
	CAPABILITY(MEMORY_FAULT_INFO, "a failed guest access names its address"),
	CAPABILITY(EXIT_HYPERCALL,
		   "hypercalls left to userspace, a bit each; bit 12 asks for conversions"),
	CAPABILITY(READONLY_MEM, "read-only memslots"),
	CAPABILITY(MULTI_ADDRESS_SPACE, "guest address spaces, 2 with system management mode"),
	CAPABILITY(NR_MEMSLOTS, "most memslots"),
	CAPABILITY(MAX_VCPUS, "most vCPUs"),
	CAPABILITY(SPLIT_IRQCHIP,
		   "interrupt controllers split between KVM and userspace, as TDX wants"),
};

#define CAPABILITIES (sizeof(capabilities) / sizeof(capabilities[0]))

struct gmem_caps {
	struct gmem_numbering numbering;
	int system[CAPABILITIES];
	int vm[GMEM_VM_TYPES][CAPABILITIES];
};

const struct gmem_capability *gmem_capability_at(size_t index)
{
	return index < CAPABILITIES ? &capabilities[index] : NULL;
}

static void ask_all(struct gmem_ctx *ctx, int fd, int *answers)
{
	for (size_t i = 0; i < CAPABILITIES; i++)
		answers[i] = gmem_check_extension(ctx, fd, capabilities[i].number);
}

static void answer_all(int *answers, int error)
{
	for (size_t i = 0; i < CAPABILITIES; i++)
		answers[i] = error;
}

static void ask_vm(struct gmem_ctx *ctx, enum gmem_vm_type type, int *answers)
{
	struct gmem_vm *vm;
	int ret = gmem_vm_new(ctx, type, &vm);

	if (ret) {
		answer_all(answers, ret);
		return;
	}
	ask_all(ctx, gmem_vm_fd(vm), answers);
	gmem_vm_free(vm);
}

/* Kernels before 6.8 do not know the capability, and have the default type. */
static void number_types(struct gmem_ctx *ctx, struct gmem_caps *caps)
{
	int types = gmem_caps_system(caps, GMEM_KVM_CAP_VM_TYPES);

	gmem_vm_types_judge(ctx, types > 0 ? (unsigned int)types : 1u << GMEM_VM_DEFAULT,
			    &caps->numbering);
}

int gmem_caps_new(struct gmem_ctx *ctx, struct gmem_caps **out)
{
	struct gmem_caps *caps;
	int fd;

	gmem_begin(ctx);
	fd = gmem_kvm_open(ctx);
	if (fd < 0)
		return fd;
	caps = calloc(1, sizeof(*caps));
	if (caps)
		ask_all(ctx, fd, caps->system);
	ctx->kernel->ops->close(ctx->kernel, fd);
	if (!caps)
		return gmem_no_memory(ctx, "capabilities");
	number_types(ctx, caps);
	for (int type = 0; type < GMEM_VM_TYPES; type++) {
		if (gmem_caps_has_vm_type(caps, type))
			ask_vm(ctx, type, caps->vm[type]);
		else
			answer_all(caps->vm[type], -EOPNOTSUPP);
	}
	*out = caps;
	return 0;
}

void gmem_caps_free(struct gmem_caps *caps)
{
	free(caps);
}

static int answer_of(const int *answers, unsigned int number)
{
	for (size_t i = 0; i < CAPABILITIES; i++)
		if (capabilities[i].number == number)
			return answers[i];
	return -EINVAL;
}

int gmem_caps_system(const struct gmem_caps *caps, unsigned int number)
{
	return answer_of(caps->system, number);
}

int gmem_caps_vm(const struct gmem_caps *caps, enum gmem_vm_type type, unsigned int number)
{
	if ((unsigned int)type >= GMEM_VM_TYPES)
		return -EOPNOTSUPP;
	return answer_of(caps->vm[type], number);
}

bool gmem_caps_has_vm_type(const struct gmem_caps *caps, enum gmem_vm_type type)
{
	return (unsigned int)type < GMEM_VM_TYPES && caps->numbering.believed & 1u << type;
}

unsigned int gmem_caps_doubted(const struct gmem_caps *caps, const char **why)
{
	if (why)
		*why = caps->numbering.why;
	return caps->numbering.doubted;
}

bool gmem_caps_has_old_tdx(const struct gmem_caps *caps)
{
	return caps->numbering.old_tdx;
}

uint64_t gmem_caps_memory_flags(const struct gmem_caps *caps, enum gmem_vm_type type)
{
	int flags = gmem_caps_vm(caps, type, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS);

	return flags > 0 ? (uint64_t)flags : 0;
}

bool gmem_caps_has_private(const struct gmem_caps *caps, enum gmem_vm_type type)
{
	int attributes = gmem_caps_vm(caps, type, GMEM_KVM_CAP_MEMORY_ATTRIBUTES);

	return attributes > 0 && (uint64_t)attributes & GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE;
}
