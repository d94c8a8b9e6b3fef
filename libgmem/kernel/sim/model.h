/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A model: what one kernel on one machine offers. A new kernel is a new row in models.c. */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_RAM_RANGES 8

/* Which kernel's structs: columns of the table in layout.c. */
enum sim_generation {
	SIM_LAYOUT_7_3,
	SIM_LAYOUT_6_12,
	SIM_LAYOUT_7_3_ARM64,
	SIM_LAYOUTS,
};

struct sim_ram_range {
	uint64_t start; /* bytes, page aligned */
	uint64_t end;	/* bytes, exclusive; 0 ends the list */
	unsigned int node;
};

struct sim_cpu {
	const char *vendor; /* "GenuineIntel"; of arm64 the implementer's number */
	const char *name;   /* of arm64 the part's number */
	const char *flags;  /* of /proc/cpuinfo */
	const char *bugs;
	unsigned int count;
	unsigned int physical_bits; /* what /proc/cpuinfo says */
	bool five_level;
	bool tdx_pw_mce;   /* X86_BUG_TDX_PW_MCE: pages are reset with MOVDIR64B */
	uint64_t sme_mask; /* encryption bit of page-table entries */
};

/* An arm64 machine, and the kernel's mode on it. The kernel is one for 52 bits of address. */
struct sim_arm64 {
	unsigned int va_bits;  /* that the CPU has: 52 is LPA2 */
	unsigned int ipa_bits; /* of guest physical addresses: KVM_CAP_ARM_VM_IPA_SIZE */
	bool fwb;	       /* FEAT_S2FWB: stage 2 needs no cleaning */
	bool dic;	       /* CTR_EL0.DIC: instructions need no invalidation */
	bool bbml3;	       /* the linear map is in blocks, which are split on demand */
	bool pkvm;	       /* kvm-arm.mode=protected: there are protected VMs */
};

/* What guest_memfd is in this kernel. */
struct sim_gmem_traits {
	bool has_flags;		    /* KVM_CAP_GUEST_MEMFD_FLAGS exists */
	uint64_t flags;		    /* creation flags this kernel knows: /dev/kvm's answer */
	unsigned int no_direct_map; /* VM types that may have NO_DIRECT_MAP, a bit each */
	bool private_vms_only;	    /* memslots take one only on VMs with private memory */
	bool signed_offsets;	    /* kvm_gmem_bind() adds offset and size as signed numbers */
	bool in_place;		    /* conversion by an ioctl on the file; INIT_SHARED for all */
	bool mmap;		    /* the file has an mmap operation at all */
	const char *link;	    /* /proc/PID/fd text */
	uint64_t magic;		    /* of its file system */
	int binding_overlap;	    /* errno of binding a file range twice */
};

struct sim_model {
	const char *name;
	const char *summary;
	const char *release;
	unsigned int vm_types; /* KVM_CAP_VM_TYPES */
	bool attributes;       /* CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES */
	bool pre_fault;	       /* TDP is on */
	bool tdx_built;	       /* CONFIG_KVM_INTEL_TDX */
	bool sev_built;	       /* CONFIG_KVM_AMD_SEV */
	unsigned int keyids;   /* private KeyIDs for TDs */
	unsigned int asids;    /* SEV-SNP */
	struct sim_gmem_traits gmem;
	const struct sim_cpu *cpu;
	const struct sim_arm64 *arm64; /* NULL: an x86-64 machine */
	unsigned int page_shift;       /* 12, or 14 on arm64 */
	enum sim_generation layout;
	uint64_t page_offset_base;
	uint64_t vmemmap_base;
	uint64_t vmalloc_base;
	uint64_t kernel_offset;		 /* virtual KASLR */
	uint64_t image_physical;	 /* where the image, and all kernel memory, begins */
	const struct sim_ram_range *ram; /* SIM_RAM_RANGES of them */
};

/* The index-th model, or NULL past the last. */
const struct sim_model *sim_model_at(unsigned long index);

#endif
