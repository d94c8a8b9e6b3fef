/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What KVM offers: KVM_CHECK_EXTENSION asked on /dev/kvm and on a VM fd of every type that the
 * kernel creates. The two answers differ by design. Only the answer of the VM fd is true for that
 * VM.
 */
#ifndef GMEM_CAPS_H
#define GMEM_CAPS_H

#include <gmem/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gmem_caps;

struct gmem_capability {
	size_t size;	     /* sizeof(struct gmem_capability) */
	unsigned int number; /* KVM_CAP_* */
	const char *name;    /* "KVM_CAP_GUEST_MEMFD_FLAGS" */
	const char *meaning; /* one line */
};

/* The index-th capability that libgmem asks for, or NULL past the last. Since: 0.1 */
GMEM_API const struct gmem_capability *gmem_capability_at(size_t index);

/*
 * Asks everything once; creates and closes a VM of each type that KVM_CAP_VM_TYPES offers.
 * Errors: ENOENT, EACCES, ENXIO (/dev/kvm), ENOMEM. Since: 0.1
 */
GMEM_API int gmem_caps_new(struct gmem_ctx *ctx, struct gmem_caps **out);

/* Frees what gmem_caps_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_caps_free(struct gmem_caps *caps);

/* Answer of /dev/kvm, or the negative errno that KVM gave. Since: 0.1 */
GMEM_API int gmem_caps_system(const struct gmem_caps *caps, unsigned int number);

/*
 * Answer of a VM fd of that type; -EOPNOTSUPP when the type is not offered, another negative
 * errno when a VM of an offered type could not be made or asked. Since: 0.1
 */
GMEM_API int gmem_caps_vm(const struct gmem_caps *caps, enum gmem_vm_type type,
			  unsigned int number);

/*
 * Whether KVM_CAP_VM_TYPES offers the type, and neither the CPU's vendor nor the parameter of KVM's
 * module contradicts it. Never of GMEM_VM_ARM_PROTECTED: only making one would tell, and that
 * taints the kernel. Since: 0.1
 */
GMEM_API bool gmem_caps_has_vm_type(const struct gmem_caps *caps, enum gmem_vm_type type);

/*
 * The numbers of KVM_CAP_VM_TYPES, a bit each, that do not mean here what they mean upstream. For
 * example, on an Intel CPU with TDX on, 2 is a TD: kernels that had TDX before Linux 6.16 gave it
 * that number. *why, if not NULL, gets a sentence about it (static), or NULL. 0: all numbers are
 * believed. Since: 0.1
 */
GMEM_API unsigned int gmem_caps_doubted(const struct gmem_caps *caps, const char **why);

/*
 * Creation flags (enum gmem_memory_flag) that a VM of that type takes, as its own fd says. 0 if the
 * kernel does not know KVM_CAP_GUEST_MEMFD_FLAGS (kernels before 6.18 take no flags). Bits without
 * a known name are kept. Since: 0.1
 */
GMEM_API uint64_t gmem_caps_memory_flags(const struct gmem_caps *caps, enum gmem_vm_type type);

/*
 * Whether a VM of that type has private memory: KVM_CAP_MEMORY_ATTRIBUTES on its fd has the
 * PRIVATE bit. Since: 0.1
 */
GMEM_API bool gmem_caps_has_private(const struct gmem_caps *caps, enum gmem_vm_type type);

#ifdef __cplusplus
}
#endif
#endif
