// SPDX-License-Identifier: GPL-2.0-or-later
/* Every call fails once while VMs and their memory are created and changed. */
#include "faults.h"

#include <linux/mempolicy.h>

static int make_vm(struct world *w)
{
	struct gmem_vm *vm;
	int ret = gmem_vm_new(w->ctx, models[w->model].vm_type, &vm);

	if (!ret)
		gmem_vm_free(vm);
	return ret;
}

static int ask_caps(struct world *w)
{
	struct gmem_caps *caps;
	int ret = gmem_caps_new(w->ctx, &caps);

	if (ret)
		return ret;
	/* If an answer is missing, the result is an errno or unknown, and never wrong. */
	ck_assert_uint_eq(gmem_caps_memory_flags(caps, models[w->model].vm_type) & ~7ull, 0);
	ck_assert(!gmem_caps_has_private(caps, GMEM_VM_DEFAULT));
	gmem_caps_free(caps);
	return 0;
}

static int add_vcpu(struct world *w)
{
	int ret = gmem_vm_add_vcpu(w->vm, 5);

	faults_end(w);
	if (!ret)
		ck_assert_int_eq(gmem_vm_add_vcpu(w->vm, 5), -EEXIST);
	return ret;
}

static int make_memory(struct world *w)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = SIZE,
		.flags = models[w->model].flags,
	};
	struct gmem_memory *memory;
	int ret = gmem_memory_new(w->vm, &options, &memory);

	if (!ret)
		gmem_memory_free(memory);
	return ret;
}

static int wrap_memory(struct world *w)
{
	struct gmem_memory *memory;
	int ret = gmem_memory_from_fd(w->ctx, gmem_memory_fd(w->memory), models[w->model].flags,
				      &memory);

	/* A failed call does not prove that the descriptor is something else. */
	ck_assert_int_ne(ret, -EINVAL);
	if (ret)
		return ret;
	ck_assert_uint_eq(gmem_memory_size(memory), SIZE);
	gmem_memory_free(memory);
	return 0;
}

/* Returns how many pages the file has. */
static uint64_t resident(const struct world *w)
{
	uint64_t pages = 0;

	for (uint64_t i = 0; i < PAGES; i++)
		pages += gmem_sim_file_pfn(w->sim, gmem_memory_fd(w->memory), i) >= 0;
	return pages;
}

static int allocate(struct world *w)
{
	int ret = gmem_memory_allocate(w->memory, 0, SIZE);

	faults_end(w);
	ck_assert_uint_eq(resident(w), ret ? 0 : PAGES);
	return ret;
}

static void prepare_pages(struct world *w)
{
	ck_assert_int_eq(gmem_memory_allocate(w->memory, 0, SIZE), 0);
}

static int punch(struct world *w)
{
	int ret = gmem_memory_punch(w->memory, 0, SIZE);

	faults_end(w);
	ck_assert_uint_eq(resident(w), ret ? PAGES : 0);
	return ret;
}

static int map(struct world *w)
{
	void *first, *second;
	int ret = gmem_memory_map(w->memory, &first);

	faults_end(w);
	if (ret)
		return ret;
	ck_assert_int_eq(gmem_memory_map(w->memory, &second), 0);
	ck_assert_ptr_eq(first, second);
	return 0;
}

static int bind_nodes(struct world *w)
{
	const unsigned long nodes = 1;

	return gmem_memory_bind_nodes(w->memory, 0, SIZE, MPOL_BIND, &nodes, 1);
}

static int set_slot(struct world *w, uint64_t gpa)
{
	const struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.slot = 1,
		.gpa = gpa,
		.memory_size = PAGE,
		.userspace_addr = 0x200000,
	};

	return gmem_slot_set(w->vm, &slot);
}

static int make_slot(struct world *w)
{
	int ret = set_slot(w, 0);

	faults_end(w);
	if (!ret)
		ck_assert_int_eq(gmem_slot_delete(w->vm, 1), 0);
	return ret;
}

static void prepare_slot(struct world *w)
{
	ck_assert_int_eq(set_slot(w, 0), 0);
}

/* The slot stays as long as deleting it fails. After that it is gone. */
static int delete_slot(struct world *w)
{
	int ret = gmem_slot_delete(w->vm, 1);

	faults_end(w);
	if (!ret)
		ck_assert_int_eq(gmem_slot_delete(w->vm, 1), -EINVAL);
	return ret;
}

static int convert(struct world *w)
{
	return gmem_convert(w->vm, GPA, SIZE / 2, false);
}

static int populate(struct world *w, enum gmem_populate_method method)
{
	const struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = method,
		.gpa = GPA,
	};
	uint64_t done = UINT64_MAX;
	int ret = gmem_populate(w->vm, w->memory, &options, NULL, &done);

	faults_end(w);
	ck_assert_uint_le(done, SIZE);
	ck_assert_uint_le(done / PAGE, resident(w));
	if (!ret)
		ck_assert_uint_eq(resident(w), PAGES);
	return ret;
}

static int populate_best(struct world *w)
{
	return populate(w, GMEM_POPULATE_BEST);
}

static int populate_allocate(struct world *w)
{
	return populate(w, GMEM_POPULATE_ALLOCATE);
}

static int populate_host(struct world *w)
{
	return populate(w, GMEM_POPULATE_HOST);
}

static int populate_pre_fault(struct world *w)
{
	return populate(w, GMEM_POPULATE_PRE_FAULT);
}

static const struct operation operations[] = {
	{ "vm", ON_ALL, WITH_CONTEXT, false, "/dev/kvm|KVM_CREATE_VM", NULL, make_vm },
	{ "caps", ON_ALL, WITH_CONTEXT, false, "/dev/kvm", NULL, ask_caps },
	{ "vcpu", ON_ALL & ~ON(TDX), WITH_VM, false, "KVM_CREATE_VCPU", NULL, add_vcpu },
	{ "memory", ON_ALL, WITH_VM, false, "KVM_CREATE_GUEST_MEMFD|FD_CLOEXEC", NULL,
	  make_memory },
	{ "wrapped memory", ON_ALL, WITH_MEMORY, false, "guest_memfd", NULL, wrap_memory },
	{ "allocate", ON_ALL, WITH_MEMORY, false, "fallocate KEEP_SIZE", NULL, allocate },
	{ "punch", ON_ALL, WITH_MEMORY, false, "fallocate PUNCH_HOLE", prepare_pages, punch },
	{ "map", ON(PLAIN) | ON(SW_PROTECTED), WITH_MEMORY, false, "mmap", NULL, map },
	{ "policy", ON(PLAIN), WITH_MEMORY, false, "mbind|mmap", NULL, bind_nodes },
	{ "memslot", ON_ALL, WITH_MEMORY, false, "KVM_SET_USER_MEMORY_REGION2", NULL, make_slot },
	{ "memslot deletion", ON_ALL, WITH_MEMORY, false, "KVM_SET_USER_MEMORY_REGION2",
	  prepare_slot, delete_slot },
	{ "convert", ON_PRIVATE, WITH_MEMORY, false, "KVM_SET_MEMORY_ATTRIBUTES", NULL, convert },
	{ "populate", ON_ALL, WITH_MEMORY, false,
	  "fallocate KEEP_SIZE|MADV_POPULATE_WRITE|KVM_PRE_FAULT_MEMORY|mmap|page fault", NULL,
	  populate_best },
	{ "populate by fallocate", ON_ALL, WITH_MEMORY, false, "fallocate KEEP_SIZE", NULL,
	  populate_allocate },
	{ "populate by the host", ON(PLAIN), WITH_MEMORY, false, "MADV_POPULATE_WRITE|mmap", NULL,
	  populate_host },
	{ "populate by pre-fault", ON(PLAIN) | ON(SW_PROTECTED) | ON(NO_DIRECT_MAP) | ON(OLD),
	  WITH_MEMORY, false, "KVM_PRE_FAULT_MEMORY", NULL, populate_pre_fault },
};

START_TEST(vm_and_memory_with_each_call_failed)
{
	try_operations(operations, sizeof(operations) / sizeof(operations[0]));
}
END_TEST

/* A context can be created whatever fails. Only the kernel's release may be missing. */
START_TEST(context_is_created_whatever_fails)
{
	struct gmem_ctx *ctx;
	char spec[64];

	for (unsigned int n = 1; n <= 4; n++) {
		snprintf(spec, sizeof(spec), "plain,fail=any@%u:EIO", n);
		ck_assert_int_eq(gmem_ctx_new_simulated(spec, &ctx), 0);
		ck_assert_str_eq(gmem_ctx_release(ctx), n <= 3 ? "unknown" : "7.3.4-sim");
		gmem_ctx_free(ctx);
	}
}
END_TEST

UNIT_MAIN("faults", vm_and_memory_with_each_call_failed, context_is_created_whatever_fails)
