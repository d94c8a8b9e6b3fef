/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KVM: the device, VMs, memslots, attributes, vCPUs, guest_memfd. */
#ifndef SIM_KVM_KVM_H
#define SIM_KVM_KVM_H

#include "kernel/sim/fs/file.h"

#define SIM_USER_SLOTS 32764u /* 3 of all are KVM's own on x86-64, none on arm64 */
#define SIM_ARM64_SLOTS 32767u
#define SIM_MAX_VCPUS 1024u
#define SIM_MAX_VCPU_IDS 4096u

/* Internal flags of a memslot. */
#define SIM_SLOT_GMEM_ONLY (1u << 17)

struct sim_gmem;

struct sim_slot {
	uint32_t id;
	uint32_t as_id;
	uint64_t base_gfn;
	uint64_t npages;
	uint64_t userspace_addr;
	uint32_t flags;
	struct sim_gmem *gmem; /* NULL once its file is closed */
	uint64_t pgoff;	       /* page index of base_gfn in the file */
	uint64_t address;      /* struct kvm_memory_slot */
};

/* The memslots of an address space. */
struct sim_slots {
	struct sim_slot **slots; /* by ascending base_gfn */
	size_t count;
	size_t size;
	struct sim_slot **by_id;
	size_t ids;
};

/* GFNs [first, last] with the PRIVATE attribute. */
struct sim_gfn_range {
	uint64_t first;
	uint64_t last;
};

struct sim_attributes {
	struct sim_gfn_range *ranges; /* ascending, neither touching nor overlapping */
	size_t count;
};

struct sim_td;
struct sim_snp;

struct sim_vm {
	struct sim_vm *next;
	unsigned int refs; /* VM file, vCPU files, guest_memfd files */
	unsigned int type;
	pid_t owner;
	bool dead;
	bool stuck; /* a task died holding this VM's locks */
	bool has_private;
	bool has_protected_state;
	bool pre_fault_allowed;
	bool in_place;	       /* private or not is a matter of the file */
	bool is_protected;     /* arm64: by protected KVM */
	unsigned int ipa_bits; /* arm64: of its guest physical addresses */
	bool split_irqchip;
	bool irqchip;
	unsigned int max_vcpus;
	unsigned int vcpu_count;
	struct sim_vcpu *vcpus;
	struct sim_slots spaces[2];
	uint64_t slot_pages;
	struct sim_attributes attributes;
	struct sim_td *td;   /* of a TDX VM */
	struct sim_snp *snp; /* of an SEV VM */
	uint64_t address;    /* struct kvm */
};

struct sim_gmem {
	struct sim_vm *vm;
	struct sim_inode *inode;
	struct sim_file *file;
	bool stuck;			     /* a task died holding the invalidate lock */
	uint64_t address;		     /* struct gmem_file, or kvm_gmem */
	uint64_t bindings;		     /* its xarray */
	struct sim_attributes private_pages; /* with in-place conversion */
};

/* What a guest does in its next KVM_RUN. */
struct sim_guest_access {
	bool pending;
	bool is_private; /* of a TD or an SNP guest; others follow the attribute */
	uint64_t gpa;
	bool executes; /* arm64: the other accesses map data only */
};

struct sim_vcpu {
	struct sim_vcpu *next;
	struct sim_vm *vm;
	unsigned int id;
	bool has_x2apic;  /* of KVM_SET_CPUID2 */
	bool initialized; /* TDX: KVM_TDX_INIT_VCPU; arm64: KVM_ARM_VCPU_INIT */
	uint64_t tdvpr;	  /* TDX: its control pages */
	struct sim_guest_access access;
	void *run; /* struct kvm_run */
};

struct sim_ioctl {
	unsigned long request;
	int (*fn)(struct gmem_sim *sim, void *object, uint64_t arg);
};

/* The handler of a request in a table that ends with request 0, or NULL. */
const struct sim_ioctl *sim_find_ioctl(const struct sim_ioctl *table, unsigned long request);

extern const struct sim_file_type sim_kvm_type;

static inline unsigned int sim_user_slots(const struct gmem_sim *sim)
{
	return sim->model->arm64 ? SIM_ARM64_SLOTS : SIM_USER_SLOTS;
}

/* Bytes of struct kvm_run, and of the ring pages behind it. */
static inline size_t sim_run_size(const struct gmem_sim *sim)
{
	return (sim->model->arm64 ? 2 : 3) * sim->page_size;
}

/* kvm.c */
int sim_check_extension(struct gmem_sim *sim, const struct sim_vm *vm, uint64_t number);

/* vm.c */
int sim_vm_create(struct gmem_sim *sim, uint64_t type);
void sim_vm_put(struct gmem_sim *sim, struct sim_vm *vm);
/* KVM_BUG(): no ioctl on this VM works any more. */
void sim_vm_bug(struct gmem_sim *sim, struct sim_vm *vm);
/* -EIO or -GMEM_KERNEL_OOPS where the VM takes no ioctls: the head of kvm_vm_ioctl(). */
int sim_vm_check(const struct sim_vm *vm);
/* What a fault inside an operation on the VM means for it; returns err. */
int sim_vm_result(struct sim_vm *vm, int err);
void sim_vms_exit(struct gmem_sim *sim);

/* slots.c */
struct sim_slot *sim_slot_at(const struct sim_vm *vm, uint64_t gfn);
int sim_vm_set_region(struct gmem_sim *sim, void *object, uint64_t arg);
int sim_vm_set_region2(struct gmem_sim *sim, void *object, uint64_t arg);
void sim_slots_exit(struct gmem_sim *sim, struct sim_vm *vm);

/* slot_table.c */
struct sim_slot *sim_slot_by_id(const struct sim_slots *slots, uint32_t id);
/* The first slot that ends behind gfn; slots->count if there is no such slot. */
size_t sim_slot_index(const struct sim_slots *slots, uint64_t gfn);
int sim_slot_insert(struct sim_slots *slots, struct sim_slot *slot);
void sim_slot_remove(struct sim_slots *slots, const struct sim_slot *slot);

/* attributes.c */
int sim_vm_set_attributes(struct gmem_sim *sim, void *object, uint64_t arg);
bool sim_attributes_has(const struct sim_attributes *attributes, uint64_t gfn);
/* Sets or clears [first, last]. Errors: ENOMEM. */
int sim_attributes_assign(struct sim_attributes *attributes, uint64_t first, uint64_t last,
			  bool is_private);
bool sim_gfn_is_private(const struct sim_vm *vm, uint64_t gfn);
void sim_attributes_exit(struct gmem_sim *sim, struct sim_vm *vm);

/* gmem.c */
int sim_vm_create_gmem(struct gmem_sim *sim, void *object, uint64_t arg);
uint64_t sim_gmem_flags(const struct gmem_sim *sim, const struct sim_vm *vm);
/* The guest_memfd of an open file, or NULL. */
struct sim_gmem *sim_gmem_of(const struct sim_file *file);
int sim_gmem_bind(struct gmem_sim *sim, struct sim_gmem *gmem, struct sim_slot *slot);
void sim_gmem_unbind(struct gmem_sim *sim, struct sim_slot *slot);

/* fault.c */
/* The removal series: a folio leaves the direct map when it is first mapped. */
int sim_gmem_leave_direct_map(struct gmem_sim *sim, struct sim_inode *inode, uint64_t pfn);
/* A guest page fault, as KVM_RUN and KVM_PRE_FAULT_MEMORY have it: kvm_tdp_map_page(). */
int sim_map_gfn(struct gmem_sim *sim, struct sim_vm *vm, uint64_t gfn, bool is_private,
		bool executes);

/* stage2.c: what arm64 does to a page through the linear map, as it maps or unmaps it. */
int sim_stage2_map(struct gmem_sim *sim, struct sim_vm *vm, uint64_t pfn, bool executes);
int sim_stage2_unmap(struct gmem_sim *sim, uint64_t pfn);

enum sim_zap {
	SIM_ZAP_SHARED = 1,
	SIM_ZAP_PRIVATE = 2,
	SIM_ZAP_ALL = 3,
};

/* Takes the file pages [first, last] out of the guest's page tables. */
int sim_zap_pages(struct gmem_sim *sim, struct sim_vm *vm, const struct sim_inode *inode,
		  uint64_t first, uint64_t last, enum sim_zap which);

/* vm_arm64.c: KVM_CREATE_VM and the ioctls on VMs and vCPUs of arm64. */
int sim_arm64_init_vm(const struct gmem_sim *sim, struct sim_vm *vm, uint64_t type);
extern const struct sim_ioctl sim_arm64_vm_ioctls[], sim_arm64_vcpu_ioctls[];

/* vcpu.c */
int sim_vm_create_vcpu(struct gmem_sim *sim, void *object, uint64_t arg);
void sim_vcpus_exit(struct gmem_sim *sim, struct sim_vm *vm);

/* prefault.c, run.c */
int sim_vcpu_pre_fault(struct gmem_sim *sim, void *object, uint64_t arg);
int sim_vcpu_run(struct gmem_sim *sim, void *object, uint64_t arg);

#endif
