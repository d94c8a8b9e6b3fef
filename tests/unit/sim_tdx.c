// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated TDX: the order of every command's checks, the launch, and the flush that oopses. */
#include "kernel/sim/kvm/tdx_module.h"
#include "kernel/uapi_tdx.h"
#include "sim_test.h"

#define SIZE (8 * PAGE)
#define ENABLE_CAP 0x4068aea3ul
#define SET_CPUID2 0x4008ae90ul
#define KVM_RUN_ 0xae80ul
#define INIT_ENTRIES 2

struct init_vm {
	struct gmem_kvm_tdx_init_vm head;
	struct gmem_kvm_cpuid_entry2 entries[INIT_ENTRIES];
};

struct cpuid {
	struct gmem_kvm_cpuid2 head;
	struct gmem_kvm_cpuid_entry2 entries[16];
};

static int command(struct gmem_kernel *kernel, int fd, struct gmem_kvm_tdx_cmd *cmd)
{
	return call(kernel, fd, GMEM_KVM_MEMORY_ENCRYPT_OP, cmd);
}

static int simple(struct gmem_kernel *kernel, int fd, uint32_t id, uint32_t flags, void *data)
{
	struct gmem_kvm_tdx_cmd cmd = { id, flags, (uintptr_t)data, 0 };

	return command(kernel, fd, &cmd);
}

static struct init_vm good_params(void)
{
	struct init_vm params = { .head = { .xfam = 3, .cpuid = { .nent = 1 } } };

	params.entries[0].function = 0x80000008;
	params.entries[0].eax = 48 << 16;
	return params;
}

static int split_irqchip(struct gmem_kernel *kernel, int vm)
{
	uint64_t cap[13] = { GMEM_KVM_CAP_SPLIT_IRQCHIP, 24 };

	return call(kernel, vm, ENABLE_CAP, cap);
}

static int init_vm(struct gmem_kernel *kernel, int vm)
{
	struct init_vm params = good_params();

	return simple(kernel, vm, GMEM_KVM_TDX_INIT_VM, 0, &params);
}

static int set_cpuid(struct gmem_kernel *kernel, int vcpu)
{
	struct cpuid cpuid = { .head = { .nent = 1 } };

	cpuid.entries[0].function = 1;
	cpuid.entries[0].ecx = 1u << 21;
	return call(kernel, vcpu, SET_CPUID2, &cpuid);
}

/* Makes a TD that is ready for memory. */
struct td {
	struct gmem_kernel *kernel;
	int vm, vcpu, gmem;
	char *source;
};

static struct td launch(const char *model, uint64_t flags)
{
	struct td td = { .kernel = sim_open(model), .source = aligned_alloc(PAGE, SIZE) };

	memset(td.source, 1, SIZE);
	td.vm = new_vm(td.kernel, 5);
	ck_assert_int_eq(split_irqchip(td.kernel, td.vm), 0);
	ck_assert_int_eq(init_vm(td.kernel, td.vm), 0);
	td.vcpu = new_vcpu(td.kernel, td.vm, 0);
	ck_assert_int_ge(td.vcpu, 0);
	ck_assert_int_eq(set_cpuid(td.kernel, td.vcpu), 0);
	ck_assert_int_eq(simple(td.kernel, td.vcpu, GMEM_KVM_TDX_INIT_VCPU, 0, NULL), 0);
	td.gmem = new_gmem(td.kernel, td.vm, SIZE, flags);
	ck_assert_int_ge(td.gmem, 0);
	ck_assert_int_eq(bind_gmem(td.kernel, td.vm, 0, td.gmem, 0, SIZE), 0);
	/* With in-place conversion a file begins private. */
	if (strcmp(model, "in-place"))
		ck_assert_int_eq(convert(td.kernel, td.vm, 0, SIZE, true), 0);
	return td;
}

static int add(struct td *td, uint64_t gpa, uint64_t pages, uint32_t flags, uint64_t *left)
{
	struct gmem_kvm_tdx_init_mem_region region = { (uintptr_t)td->source, gpa, pages };
	int ret = simple(td->kernel, td->vcpu, GMEM_KVM_TDX_INIT_MEM_REGION, flags, &region);

	if (left)
		*left = region.nr_pages;
	return ret;
}

static int finalize(struct td *td)
{
	return simple(td->kernel, td->vm, GMEM_KVM_TDX_FINALIZE_VM, 0, NULL);
}

static void end(struct td *td)
{
	free(td->source);
	td->kernel->ops->destroy(td->kernel);
}

START_TEST(dispatch)
{
	struct gmem_kernel *kernel = sim_open("tdx");
	int plain = new_vm(kernel, 0), td = new_vm(kernel, 5);
	struct gmem_kvm_tdx_cmd cmd = { .id = 4, .hw_error = 1 };

	ck_assert_int_eq(call(kernel, plain, GMEM_KVM_MEMORY_ENCRYPT_OP, &cmd), -ENOTTY);
	ck_assert_int_eq(call(kernel, new_vcpu(kernel, plain, 0), GMEM_KVM_MEMORY_ENCRYPT_OP, &cmd),
			 -EINVAL);
	ck_assert_int_eq(call(kernel, td, GMEM_KVM_MEMORY_ENCRYPT_OP, (void *)8), -EFAULT);
	ck_assert_int_eq(command(kernel, td, &cmd), -EINVAL);
	for (uint32_t id = 2; id < 8; id++)
		ck_assert_int_eq(simple(kernel, td, id, 0, NULL), -EINVAL);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(capabilities)
{
	struct {
		struct gmem_kvm_tdx_capabilities head;
		struct gmem_kvm_cpuid_entry2 entries[16];
	} caps = { .head = { .cpuid = { .nent = 16 } } };
	struct gmem_kernel *kernel = sim_open("tdx");
	int vm = new_vm(kernel, 5);

	ck_assert_int_eq(simple(kernel, vm, 0, 1, &caps), -EINVAL);
	ck_assert_int_eq(simple(kernel, vm, 0, 0, (void *)8), -EFAULT);
	caps.head.cpuid.nent = 1;
	ck_assert_int_eq(simple(kernel, vm, 0, 0, &caps), -E2BIG);
	ck_assert_uint_eq(caps.head.cpuid.nent, 1);
	caps.head.cpuid.nent = 16;
	ck_assert_int_eq(simple(kernel, vm, 0, 0, &caps), 0);
	ck_assert_uint_eq(caps.head.supported_attrs, GMEM_TDX_ATTR_SEPT_VE_DISABLE);
	ck_assert_uint_eq(caps.head.supported_xfam & 3, 3);
	ck_assert_uint_eq(caps.head.user_tdvmcallinfo_1_r11, 2);
	ck_assert_uint_gt(caps.head.cpuid.nent, 1);
	for (uint32_t i = 0; i < caps.head.cpuid.nent; i++)
		ck_assert_uint_eq(caps.entries[i].flags, 0);
	kernel->ops->destroy(kernel);
}
END_TEST

/* Makes one of the parameters wrong. */
static void spoil(struct init_vm *params, int row)
{
	switch (row) {
	case 0:
		params->head.reserved[11] = 1;
		break;
	case 1:
		params->head.cpuid.padding = 1;
		break;
	case 2:
		params->head.attributes = 1;
		break;
	case 3:
		params->head.xfam = 1ull << 63;
		break;
	case 4:
		params->head.cpuid.nent = 0;
		break;
	case 5:
		params->entries[0].eax = 47 << 16;
		break;
	case 6:
		params->entries[1].function = 0x1234;
		params->head.cpuid.nent = 2;
		break;
	case 7:
		params->entries[1].function = 7;
		params->entries[1].ebx = 1 << 4;
		params->head.cpuid.nent = 2;
		break;
	default:
		params->entries[1].function = 7;
		params->entries[1].ecx = 1 << 5;
		params->head.cpuid.nent = 2;
	}
}

START_TEST(init_vm_checks)
{
	struct gmem_kernel *kernel = sim_open("tdx");
	struct init_vm params = good_params();
	int vm = new_vm(kernel, 5);

	ck_assert_int_eq(simple(kernel, vm, 1, 1, &params), -EINVAL);
	ck_assert_int_eq(simple(kernel, vm, 1, 0, (void *)8), -EFAULT);
	params.head.cpuid.nent = 257;
	ck_assert_int_eq(simple(kernel, vm, 1, 0, &params), -E2BIG);
	for (int row = 0; row < 9; row++) {
		params = good_params();
		spoil(&params, row);
		ck_assert_msg(simple(kernel, vm, 1, 0, &params) == -EINVAL, "row %d", row);
	}
	ck_assert_int_eq(init_vm(kernel, vm), 0);
	ck_assert_int_eq(init_vm(kernel, vm), -EINVAL);
	kernel->ops->destroy(kernel);
}
END_TEST

/* A KeyID stays in use until the last guest_memfd, mapping, vCPU and VM descriptor is gone. */
START_TEST(keyid_is_held_to_the_last_user)
{
	struct gmem_kernel *kernel = sim_open("tdx");
	int vms[32], gmem;
	void *memory;

	for (int i = 0; i < 31; i++) {
		vms[i] = new_vm(kernel, 5);
		ck_assert_int_eq(init_vm(kernel, vms[i]), 0);
	}
	vms[31] = new_vm(kernel, 5);
	ck_assert_int_eq(init_vm(kernel, vms[31]), -ENOSPC);
	gmem = new_gmem(kernel, vms[0], SIZE, 1);
	ck_assert_int_eq(kernel->ops->mmap(kernel, SIZE, PROT_READ, MAP_SHARED, gmem, 0, &memory),
			 0);
	kernel->ops->close(kernel, vms[0]);
	ck_assert_int_eq(init_vm(kernel, vms[31]), -ENOSPC);
	kernel->ops->close(kernel, gmem);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(kernel), 31);
	kernel->ops->munmap(kernel, memory, SIZE);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(kernel), 30);
	ck_assert_int_eq(init_vm(kernel, vms[31]), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(init_vm_seamcall_failures)
{
	static const struct {
		unsigned int leaf;
		uint64_t status;
		int expected;
		bool bugged, has_error;
	} rows[] = {
		{ TDH_MNG_CREATE, SIM_TDX_RND_NO_ENTROPY, -EAGAIN, false, false },
		{ TDH_MNG_CREATE, SIM_TDX_OPERAND_INVALID, -EIO, true, false },
		{ TDH_MNG_KEY_CONFIG, SIM_TDX_RND_NO_ENTROPY | 1, -EAGAIN, false, false },
		{ TDH_MNG_ADDCX, SIM_TDX_RND_NO_ENTROPY, -EAGAIN, false, false },
		{ TDH_MNG_INIT, SIM_TDX_OPERAND_INVALID | 5, -EINVAL, false, true },
		{ TDH_MNG_INIT, SIM_TDX_OPERAND_BUSY, -EIO, true, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct gmem_kernel *kernel = sim_open("tdx");
		struct init_vm params = good_params();
		struct gmem_kvm_tdx_cmd cmd = { 1, 0, (uintptr_t)&params, 0 };
		int vm = new_vm(kernel, 5);

		gmem_sim_fail_seamcall(kernel, rows[i].leaf, 1, rows[i].status);
		ck_assert_msg(command(kernel, vm, &cmd) == rows[i].expected, "row %zu", i);
		ck_assert_uint_eq(cmd.hw_error, rows[i].has_error ? rows[i].status : 0);
		ck_assert_uint_eq(gmem_sim_keyids_in_use(kernel), 0);
		cmd.hw_error = 0;
		ck_assert_int_eq(command(kernel, vm, &cmd), rows[i].bugged ? -EIO : 0);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

START_TEST(vcpu_order)
{
	struct gmem_kernel *kernel = sim_open("tdx");
	int vm = new_vm(kernel, 5), vcpu;

	ck_assert_int_eq(new_vcpu(kernel, vm, 4096), -EINVAL);
	ck_assert_int_eq(new_vcpu(kernel, vm, 0), -EIO);
	ck_assert_int_eq(init_vm(kernel, vm), 0);
	ck_assert_int_eq(new_vcpu(kernel, vm, 0), -EINVAL);
	ck_assert_int_eq(call(kernel, vm, 0xae60, NULL), -ENOTTY);
	ck_assert_int_eq(split_irqchip(kernel, vm), 0);
	ck_assert_int_eq(split_irqchip(kernel, vm), -EEXIST);
	vcpu = new_vcpu(kernel, vm, 0);
	ck_assert_int_ge(vcpu, 0);
	ck_assert_int_eq(new_vcpu(kernel, vm, 0), -EEXIST);
	ck_assert_int_eq(simple(kernel, vcpu, GMEM_KVM_TDX_INIT_VCPU, 0, NULL), -EINVAL);
	ck_assert_int_eq(set_cpuid(kernel, vcpu), 0);
	ck_assert_int_eq(simple(kernel, vcpu, GMEM_KVM_TDX_INIT_VCPU, 1, NULL), -EINVAL);
	ck_assert_int_eq(simple(kernel, vcpu, GMEM_KVM_TDX_INIT_VCPU, 0, NULL), 0);
	ck_assert_int_eq(simple(kernel, vcpu, GMEM_KVM_TDX_INIT_VCPU, 0, NULL), -EINVAL);
	ck_assert_int_eq(simple(kernel, vcpu, 9, 0, NULL), -EINVAL);
	ck_assert_int_eq(call(kernel, vcpu, KVM_RUN_, NULL), -EINVAL);
	ck_assert_int_eq(simple(kernel, vm, GMEM_KVM_TDX_FINALIZE_VM, 7, NULL), 0);
	ck_assert_int_eq(new_vcpu(kernel, vm, 1), -EIO);
	for (uint32_t id = 0; id < 7; id++)
		ck_assert_int_eq(simple(kernel, vcpu, id, 0, NULL), -EINVAL);
	ck_assert_int_eq(simple(kernel, vm, GMEM_KVM_TDX_FINALIZE_VM, 0, NULL), -EINVAL);
	ck_assert_int_eq(call(kernel, vcpu, KVM_RUN_, NULL), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(get_cpuid)
{
	struct td td = launch("tdx", 0);
	struct cpuid cpuid = { .head = { .nent = 1 } };
	bool has_x2apic = false;

	ck_assert_int_eq(simple(td.kernel, td.vcpu, GMEM_KVM_TDX_GET_CPUID, 0, &cpuid), -E2BIG);
	ck_assert_uint_gt(cpuid.head.nent, 1);
	ck_assert_int_eq(simple(td.kernel, td.vcpu, GMEM_KVM_TDX_GET_CPUID, 9, &cpuid), 0);
	for (uint32_t i = 0; i < cpuid.head.nent; i++)
		if (cpuid.entries[i].function == 1)
			has_x2apic = cpuid.entries[i].ecx >> 21 & 1;
	ck_assert(has_x2apic);
	ck_assert_int_eq(simple(td.kernel, td.vcpu, GMEM_KVM_TDX_GET_CPUID, 0, (void *)8), -EFAULT);
	end(&td);
}
END_TEST

START_TEST(mem_region_checks)
{
	struct td td = launch("tdx", 0);
	char *source = td.source;
	uint64_t left;

	ck_assert_int_eq(add(&td, 0, 1, 2, NULL), -EINVAL);
	ck_assert_int_eq(simple(td.kernel, td.vcpu, 3, 0, (void *)8), -EFAULT);
	td.source = NULL;
	ck_assert_int_eq(add(&td, 0, 1, 0, NULL), -EINVAL);
	td.source = source + 1;
	ck_assert_int_eq(add(&td, 0, 1, 0, NULL), -EINVAL);
	td.source = source;
	ck_assert_int_eq(add(&td, 1, 1, 0, NULL), -EINVAL);
	ck_assert_int_eq(add(&td, 0, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(add(&td, 1ull << 47, 1, 0, NULL), -EINVAL);
	ck_assert_int_eq(add(&td, -PAGE, 2, 0, NULL), -EINVAL);
	/* KVM checks the slot before the source, and the source before the attribute. */
	td.source = (char *)0x1000;
	ck_assert_int_eq(add(&td, 1 << 30, 1, 0, &left), -EINVAL);
	ck_assert_int_eq(add(&td, 0, 1, 0, &left), -EFAULT);
	td.source = source;
	ck_assert_uint_eq(gmem_sim_pages_in_use(td.kernel), 0);
	convert(td.kernel, td.vm, 0, PAGE, false);
	ck_assert_int_eq(add(&td, 0, 1, 0, &left), -EINVAL);
	ck_assert_uint_eq(gmem_sim_pages_in_use(td.kernel), 1);
	convert(td.kernel, td.vm, 0, PAGE, true);
	ck_assert_int_eq(add(&td, 0, 2, 0, &left), 0);
	ck_assert_uint_eq(left, 0);
	ck_assert_int_eq(add(&td, PAGE, 1, 0, &left), -EIO);
	/*
	 * Modulo 2^64: the call continues to the end of the slot, and progress
	 * does not hide the error.
	 */
	ck_assert_int_eq(add(&td, 2 * PAGE, (1ull << 52) + 1, 0, &left), -EINVAL);
	td.source = source;
	ck_assert_int_eq(finalize(&td), 0);
	end(&td);
}
END_TEST

START_TEST(mem_region_progress)
{
	struct td td = launch("tdx", 0);
	uint64_t left, one, other;

	ck_assert_int_eq(convert(td.kernel, td.vm, 3 * PAGE, PAGE, false), 0);
	ck_assert_int_eq(add(&td, 0, 8, 1, &left), -EINVAL);
	ck_assert_uint_eq(left, 5);
	ck_assert_uint_eq(gmem_sim_seamcalls(td.kernel, TDH_MEM_PAGE_ADD), 3);
	ck_assert_uint_eq(gmem_sim_seamcalls(td.kernel, TDH_MR_EXTEND), 48);
	ck_assert_uint_eq(gmem_sim_seamcalls(td.kernel, TDH_MEM_SEPT_ADD), 3);
	gmem_sim_signal(td.kernel, true);
	ck_assert_int_eq(add(&td, 4 * PAGE, 1, 0, &left), -EINTR);
	gmem_sim_signal(td.kernel, false);
	gmem_sim_measurement(td.kernel, td.vm, &one);
	/* The caller never sees busy. A removed page may be added again. */
	gmem_sim_fail_seamcall(td.kernel, TDH_MEM_PAGE_ADD, 1, SIM_TDX_OPERAND_BUSY | 0x92);
	ck_assert_int_eq(add(&td, 4 * PAGE, 1, 0, &left), 0);
	gmem_sim_measurement(td.kernel, td.vm, &other);
	ck_assert_uint_ne(one, other);
	ck_assert_int_eq(td.kernel->ops->fallocate(td.kernel, td.gmem, PUNCH, 0, PAGE), 0);
	ck_assert_int_eq(add(&td, 0, 1, 0, &left), 0);
	gmem_sim_fail_seamcall(td.kernel, TDH_MEM_PAGE_ADD, 1, SIM_TDX_PAGE_METADATA_INCORRECT);
	ck_assert_int_eq(add(&td, 5 * PAGE, 1, 0, &left), -EIO);
	ck_assert_int_eq(add(&td, 5 * PAGE, 1, 0, &left), -EIO);
	ck_assert_int_eq(convert(td.kernel, td.vm, 0, PAGE, true), -EIO);
	end(&td);
}
END_TEST

/* With in-place conversion, a page without a source is added with its own content. */
START_TEST(mem_region_in_place)
{
	struct td td = launch("in-place", 0);
	char *source = td.source;
	uint64_t left;

	td.source = NULL;
	ck_assert_int_eq(add(&td, 0, 8, 1, &left), 0);
	ck_assert_uint_eq(left, 0);
	ck_assert_int_eq(finalize(&td), 0);
	td.source = source;
	end(&td);
}
END_TEST

START_TEST(finalize_checks)
{
	struct td td = launch("tdx", 0);
	struct gmem_kvm_tdx_cmd cmd = { .id = GMEM_KVM_TDX_FINALIZE_VM };
	struct gmem_kernel *kernel = td.kernel;

	ck_assert_int_eq(simple(kernel, new_vm(kernel, 5), 4, 0, NULL), -EINVAL);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 100, PAGE, NULL), -EINVAL);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 0, PAGE, NULL), -EOPNOTSUPP);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 1ull << 47, PAGE, NULL), -EOPNOTSUPP);
	gmem_sim_fail_seamcall(kernel, TDH_MR_FINALIZE, 1, SIM_TDX_OPERAND_BUSY | 0x80);
	ck_assert_int_eq(command(kernel, td.vm, &cmd), -EBUSY);
	ck_assert_uint_eq(cmd.hw_error, SIM_TDX_OPERAND_BUSY | 0x80);
	ck_assert_int_eq(finalize(&td), 0);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 1ull << 47, PAGE, NULL), -EINVAL);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 0, SIZE, NULL), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(kernel, TDH_MEM_PAGE_AUG), 8);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 0, SIZE, NULL), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(kernel, TDH_MEM_PAGE_AUG), 8);
	end(&td);
}
END_TEST

/* What is removed from the S-EPT, and that a removed page is augmented again. */
START_TEST(removed_page_is_augmented_again)
{
	struct td td = launch("tdx", 0);
	struct gmem_kernel *kernel = td.kernel;
	uint64_t removed = 0;

	ck_assert_int_eq(add(&td, 0, 8, 0, NULL), 0);
	ck_assert_int_eq(finalize(&td), 0);
	ck_assert_int_eq(convert(kernel, td.vm, 0, PAGE, false), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(kernel, TDH_MEM_PAGE_REMOVE), ++removed);
	ck_assert_int_eq(kernel->ops->fallocate(kernel, td.gmem, PUNCH, PAGE, PAGE), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(kernel, TDH_MEM_PAGE_REMOVE), ++removed);
	ck_assert_int_eq(delete_slot(kernel, td.vm, 0), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(kernel, TDH_MEM_PAGE_REMOVE), removed += 6);
	ck_assert_int_eq(bind_gmem(kernel, td.vm, 0, td.gmem, 1ull << 47, SIZE), -EINVAL);
	ck_assert_int_eq(bind_gmem(kernel, td.vm, 0, td.gmem, 0, SIZE), 0);
	ck_assert_int_eq(convert(kernel, td.vm, 0, SIZE, true), 0);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 0, SIZE, NULL), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(kernel, TDH_MEM_PAGE_AUG), 8);
	ck_assert_int_eq(kernel->ops->close(kernel, td.gmem), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(kernel, TDH_MEM_PAGE_REMOVE), removed += 8);
	ck_assert_int_eq(pre_fault(kernel, td.vcpu, 0, PAGE, NULL), -EFAULT);
	kernel->ops->close(kernel, td.vcpu);
	kernel->ops->close(kernel, td.vm);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(kernel), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 0);
	ck_assert_uint_eq(gmem_sim_open_fds(kernel), 0);
	ck_assert(!gmem_sim_oopsed(kernel));
	end(&td);
}
END_TEST

START_TEST(excluded_from_removal)
{
	struct gmem_kernel *kernel = sim_open("no-direct-map");

	ck_assert_int_eq(new_gmem(kernel, new_vm(kernel, 5), SIZE, 4), -EINVAL);
	ck_assert_int_ge(new_gmem(kernel, new_vm(kernel, 0), SIZE, 4), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

static void expect_oops(struct td *td, const char *function, const char *code)
{
	const char *log = td->kernel->ops->log(td->kernel);

	ck_assert(gmem_sim_oopsed(td->kernel));
	ck_assert_ptr_nonnull(strstr(log, function));
	ck_assert_ptr_nonnull(strstr(log, code));
	ck_assert_ptr_nonnull(strstr(log, "not-present page"));
}

/* The what-if kernel: the flush of PAGE.ADD faults, and the locks stay held. */
START_TEST(page_add_oops)
{
	struct td td = launch("tdx-no-direct-map", 4);

	ck_assert_int_eq(add(&td, 0, 8, 1, NULL), -GMEM_KERNEL_OOPS);
	expect_oops(&td, "tdh_mem_page_add+", "error_code(0x0000)");
	ck_assert_ptr_nonnull(
		strstr(td.kernel->ops->log(td.kernel), "RIP: 0010:clflush_cache_range"));
	ck_assert_uint_eq(gmem_sim_seamcalls(td.kernel, TDH_MEM_PAGE_ADD), 0);
	ck_assert_int_eq(convert(td.kernel, td.vm, 0, PAGE, false), -GMEM_KERNEL_OOPS);
	ck_assert_int_eq(td.kernel->ops->fallocate(td.kernel, td.gmem, PUNCH, 0, PAGE),
			 -GMEM_KERNEL_OOPS);
	ck_assert_int_eq(td.kernel->ops->close(td.kernel, td.gmem), 0);
	ck_assert_int_eq(td.kernel->ops->close(td.kernel, td.vcpu), 0);
	ck_assert_int_eq(td.kernel->ops->close(td.kernel, td.vm), 0);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(td.kernel), 1);
	ck_assert_uint_eq(gmem_sim_open_fds(td.kernel), 0);
	end(&td);
}
END_TEST

START_TEST(page_aug_oops)
{
	struct td td = launch("tdx-no-direct-map", 4);

	ck_assert_int_eq(finalize(&td), 0);
	ck_assert_int_eq(pre_fault(td.kernel, td.vcpu, 0, PAGE, NULL), -GMEM_KERNEL_OOPS);
	expect_oops(&td, "tdh_mem_page_aug+", "error_code(0x0000)");
	end(&td);
}
END_TEST

/* A page that is out before the first fault: the kernel clears it before the flush. */
START_TEST(clear_oops_first)
{
	struct td td = launch("tdx", 0);

	ck_assert_int_eq(finalize(&td), 0);
	ck_assert_int_eq(td.kernel->ops->fallocate(td.kernel, td.gmem, KEEP, 0, PAGE), 0);
	gmem_sim_set_direct_map(td.kernel, (uint64_t)gmem_sim_file_pfn(td.kernel, td.gmem, 0),
				false);
	gmem_sim_guest_touch(td.kernel, td.vcpu, 0, true);
	ck_assert_int_eq(call(td.kernel, td.vcpu, KVM_RUN_, NULL), -GMEM_KERNEL_OOPS);
	expect_oops(&td, "kvm_gmem_get_pfn+", "error_code(0x0002)");
	end(&td);
}
END_TEST

/* The kernel touches pages that it takes back only on CPUs with the erratum. */
START_TEST(reclaim_oops_with_erratum)
{
	static const char *const models[] = { "tdx", "no-direct-map" };

	for (int i = 0; i < 2; i++) {
		struct td td = launch(models[i], 0);
		int expected = i ? 0 : -GMEM_KERNEL_OOPS;

		ck_assert_int_eq(add(&td, 0, 1, 0, NULL), 0);
		gmem_sim_set_direct_map(td.kernel,
					(uint64_t)gmem_sim_file_pfn(td.kernel, td.gmem, 0), false);
		ck_assert_int_eq(td.kernel->ops->fallocate(td.kernel, td.gmem, PUNCH, 0, PAGE),
				 expected);
		ck_assert_int_eq(gmem_sim_oopsed(td.kernel), !i);
		if (!i)
			expect_oops(&td, "tdx_sept_remove_leaf_spte+", "error_code(0x0002)");
		end(&td);
	}
}
END_TEST

SIM_MAIN("sim_tdx", dispatch, capabilities, init_vm_checks, keyid_is_held_to_the_last_user,
	 init_vm_seamcall_failures, vcpu_order, get_cpuid, mem_region_checks, mem_region_progress,
	 mem_region_in_place, finalize_checks, removed_page_is_augmented_again,
	 excluded_from_removal, page_add_oops, page_aug_oops, clear_oops_first,
	 reclaim_oops_with_erratum)
