// SPDX-License-Identifier: GPL-2.0-or-later
/* Launching a TD through the library: the steps, the whole, and the explanations of failures. */
#include "unit.h"

#include "kernel/sim/kvm/tdx_module.h"
#include "kernel/uapi.h"
#include "port.h"
#include "kvm/tdx/td.h"

#define PAGE 4096ull
#define SIZE (16 * PAGE)
#define GPA 0x100000000ull

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_memory *memory;
static unsigned int fds;
static _Alignas(4096) char source[16 * 4096];

static void setup(const char *model)
{
	ctx = port_ctx(model);
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), 0);
	memory = NULL;
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(port_sim(ctx)), 0);
	port_ctx_free(ctx, fds, 0);
}

static void bind_memory(uint64_t flags)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = SIZE,
		.flags = flags,
	};
	struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.gpa = GPA,
		.memory_size = SIZE,
	};

	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	slot.memory = memory;
	ck_assert_int_eq(gmem_slot_set(vm, &slot), 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), 0);
}

/* Makes a TD with one vCPU that is ready for memory. */
static void setup_td(const char *model)
{
	setup(model);
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 0, NULL), 0);
}

static int add(uint64_t page, uint64_t pages, uint64_t flags, uint64_t *done)
{
	const struct gmem_tdx_region region = { sizeof(region), source, GPA + page * PAGE, pages,
						flags };

	return gmem_tdx_init_mem_region(vm, 0, &region, done);
}

/* Lets the n-th ioctl of a number from now on fail with an errno, a given number of times. */
static struct {
	unsigned long request;
	unsigned int after, times;
	int error;
	uint64_t hw_error;
	unsigned int calls;
} refuse;

static int refusing_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	if (request == refuse.request && refuse.calls++ >= refuse.after &&
	    refuse.calls <= refuse.after + refuse.times) {
		if (request == GMEM_KVM_MEMORY_ENCRYPT_OP)
			((struct gmem_kvm_tdx_cmd *)arg)->hw_error = refuse.hw_error;
		return -refuse.error;
	}
	return port.real->ioctl(kernel, fd, request, arg);
}

static void refuse_command(unsigned int times, int error, uint64_t hw_error)
{
	refuse.request = GMEM_KVM_MEMORY_ENCRYPT_OP;
	refuse.after = 0;
	refuse.times = times;
	refuse.error = error;
	refuse.hw_error = hw_error;
	refuse.calls = 0;
	port_pretend(ctx)->ioctl = refusing_ioctl;
}

START_TEST(capabilities_asked)
{
	struct gmem_tdx_capabilities *capabilities;
	const struct kvm_cpuid2 *cpuid;
	struct gmem_tdx_vmcalls vmcalls = { .size = sizeof(vmcalls) };

	setup("tdx");
	ck_assert_int_eq(gmem_tdx_capabilities_new(vm, &capabilities), 0);
	ck_assert_uint_eq(gmem_tdx_attributes(capabilities), GMEM_TDX_SEPT_VE_DISABLE);
	ck_assert_uint_eq(gmem_tdx_xfam(capabilities) & 7, 7);
	gmem_tdx_get_vmcalls(capabilities, &vmcalls);
	ck_assert_uint_eq(vmcalls.user_r11, 2);
	ck_assert_uint_eq(vmcalls.kernel_r11 | vmcalls.kernel_r12 | vmcalls.user_r12, 0);
	cpuid = gmem_tdx_configurable_cpuid(capabilities);
	ck_assert_uint_gt(cpuid->nent, 1);
	for (uint32_t i = 0; i < cpuid->nent; i++)
		ck_assert_uint_eq(cpuid->entries[i].flags, 0);
	gmem_tdx_capabilities_free(capabilities);
	gmem_tdx_capabilities_free(NULL);
	teardown();
}
END_TEST

/* libgmem enlarges the list until it is long enough, but not for ever. */
START_TEST(capabilities_grow)
{
	struct gmem_tdx_capabilities *capabilities;

	setup("tdx");
	refuse_command(2, E2BIG, 0);
	ck_assert_int_eq(gmem_tdx_capabilities_new(vm, &capabilities), 0);
	ck_assert_uint_eq(refuse.calls, 3);
	gmem_tdx_capabilities_free(capabilities);
	refuse_command(1000, E2BIG, 0);
	ck_assert_int_eq(gmem_tdx_capabilities_new(vm, &capabilities), -E2BIG);
	ck_assert_uint_lt(refuse.calls, 10);
	port_said(ctx, "KVM_TDX_CAPABILITIES: Argument list too long: the TDX module lets more "
		       "than 4096 CPUID leaves be configured");
	refuse_command(1, EIO, 0);
	ck_assert_int_eq(gmem_tdx_capabilities_new(vm, &capabilities), -EIO);
	port_said(ctx, "mandatory");
	teardown();
}
END_TEST

/* On an SEV VM the number of KVM_TDX_CAPABILITIES is KVM_SEV_INIT, so libgmem must not call it. */
START_TEST(needs_a_td)
{
	struct gmem_tdx_capabilities *capabilities;
	const struct gmem_tdx_region region = { .size = sizeof(region) };
	struct kvm_cpuid2 *cpuid;

	ctx = port_ctx("tdx");
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	port_fail_at(ctx, 1, -EDOM);
	ck_assert_int_eq(gmem_tdx_capabilities_new(vm, &capabilities), -EINVAL);
	port_said(ctx, "KVM_TDX_CAPABILITIES: Invalid argument: a default VM is no TD");
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 0), -EINVAL);
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), -EINVAL);
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 0, NULL), -EINVAL);
	ck_assert_int_eq(gmem_tdx_get_cpuid(vm, 0, &cpuid), -EINVAL);
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	ck_assert_int_eq(gmem_tdx_finalize(vm), -EINVAL);
	ck_assert(!port_failed(ctx));
	gmem_memory_free(NULL);
	memory = NULL;
	teardown();
}
END_TEST

static struct kvm_cpuid2 *list(uint32_t n)
{
	struct kvm_cpuid2 *cpuid = gmem_cpuid_alloc(n);

	ck_assert_ptr_nonnull(cpuid);
	return cpuid;
}

/* Only configurable bits, each sub-leaf on its own, and always the guest's address width. */
START_TEST(cpuid_of_init_vm)
{
	struct kvm_cpuid2 *configurable = list(4), *wanted = list(4), *made;

	configurable->entries[0] = (struct kvm_cpuid_entry2){ .function = 1, .ecx = 0x80 };
	configurable->entries[1] = (struct kvm_cpuid_entry2){ .function = 4, .eax = 0xffff };
	configurable->entries[2] =
		(struct kvm_cpuid_entry2){ .function = 4, .index = 1, .eax = 0xffff };
	configurable->entries[3] =
		(struct kvm_cpuid_entry2){ .function = 0x80000008, .eax = 0xff00ff };

	made = gmem_td_init_cpuid(configurable, NULL, 48);
	ck_assert_uint_eq(made->nent, 1);
	ck_assert_uint_eq(made->entries[0].function, 0x80000008);
	ck_assert_uint_eq(made->entries[0].eax, 48 << 16);
	free(made);

	wanted->entries[0] = (struct kvm_cpuid_entry2){ .function = 4, .index = 1, .eax = ~0u };
	wanted->entries[1] = (struct kvm_cpuid_entry2){ .function = 7, .ebx = ~0u };
	wanted->entries[2] = (struct kvm_cpuid_entry2){ .function = 1, .ecx = ~0u, .edx = 1 };
	wanted->entries[3] = (struct kvm_cpuid_entry2){ .function = 0x80000008, .eax = ~0u };
	made = gmem_td_init_cpuid(configurable, wanted, 52);
	ck_assert_uint_eq(made->nent, 3);
	ck_assert_uint_eq(made->entries[0].function, 1);
	ck_assert_uint_eq(made->entries[0].ecx, 0x80);
	ck_assert_uint_eq(made->entries[0].edx, 0);
	ck_assert_uint_eq(made->entries[0].flags, 0);
	ck_assert_uint_eq(made->entries[1].function, 4);
	ck_assert_uint_eq(made->entries[1].index, 1);
	ck_assert_uint_eq(made->entries[1].eax, 0xffff);
	ck_assert_uint_eq(made->entries[1].flags, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
	ck_assert_uint_eq(made->entries[2].eax, 0x3400ff);
	free(made);
	free(wanted);
	free(configurable);
}
END_TEST

/* With every feature of the host, even TSX and WAITPKG, the TD must still be created. */
START_TEST(init_vm_with_cpuid)
{
	struct gmem_tdx_init_options options = { .size = sizeof(options), .address_width = 52 };
	struct kvm_cpuid2 *cpuid = list(3);

	cpuid->entries[0] = (struct kvm_cpuid_entry2){ .function = 1, .ecx = ~0u };
	cpuid->entries[1] = (struct kvm_cpuid_entry2){ .function = 7, .ebx = ~0u, .ecx = ~0u };
	cpuid->entries[2] = (struct kvm_cpuid_entry2){ .function = 0x12345, .ebx = ~0u };
	options.cpuid = cpuid;
	options.attributes = GMEM_TDX_SEPT_VE_DISABLE;
	setup("tdx");
	ck_assert_int_eq(gmem_tdx_init_vm(vm, &options), 0);
	ck_assert_uint_eq(vm->td.address_width, 52);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(port_sim(ctx)), 1);
	free(cpuid);
	teardown();
}
END_TEST

static void init_refused(struct gmem_tdx_init_options options, const char *words)
{
	ck_assert_int_eq(gmem_tdx_init_vm(vm, &options), -EINVAL);
	port_said(ctx, words);
}

START_TEST(init_vm_mistakes)
{
	const struct gmem_tdx_init_options good = { .size = sizeof(good) };
	struct gmem_tdx_init_options options = good;

	setup("tdx");
	options.attributes = GMEM_TDX_DEBUG | GMEM_TDX_SEPT_VE_DISABLE;
	init_refused(options,
		     "KVM_TDX_INIT_VM: Invalid argument: attributes 0x10000001 are not all "
		     "offered (offered: 0x10000000)");
	options = good;
	options.xfam = 1ull << 63 | 3;
	init_refused(options, "XFAM 0x8000000000000003 is not all offered");
	options = good;
	options.address_width = 47;
	init_refused(options, "guest addresses of 47 bits do not exist");
	options = good;
	options.size = 0;
	init_refused(options, "struct gmem_tdx_init_options: Invalid argument: its size is 0");
	ck_assert_uint_eq(gmem_sim_keyids_in_use(port_sim(ctx)), 0);
	/* A failure changes nothing. */
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	init_refused(good, "initialised already");
	teardown();
}
END_TEST

START_TEST(init_vm_refusals)
{
	static const struct {
		unsigned int leaf;
		uint64_t status;
		int error;
		const char *words;
	} cases[] = {
		{ TDH_MNG_INIT, 0xc000010000000041, EINVAL,
		  "the TDX module refused the parameters: TDX_OPERAND_INVALID "
		  "(0xc000010000000041): the operand is not valid; operand XFAM of TD_PARAMS" },
		{ TDH_MNG_CREATE, SIM_TDX_PAGE_METADATA_INCORRECT, EIO,
		  "the VM is dead: a SEAMCALL of this command or of an earlier one failed" },
		{ TDH_MNG_KEY_CONFIG, SIM_TDX_OPERAND_BUSY, EIO, "the VM is dead" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup("tdx");
		gmem_sim_fail_seamcall(port_sim(ctx), cases[i].leaf, 1, cases[i].status);
		ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), -cases[i].error);
		port_said(ctx, cases[i].words);
		teardown();
	}
	/* Too little entropy is temporary. */
	setup("tdx");
	gmem_sim_fail_seamcall(port_sim(ctx), TDH_MNG_CREATE, 1, SIM_TDX_RND_NO_ENTROPY);
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	teardown();
}
END_TEST

/* Errnos that the model does not return by itself. The first command asks for the capabilities. */
START_TEST(init_vm_errnos)
{
	static const struct {
		int error;
		const char *words;
	} cases[] = {
		{ EBUSY, "misc.max" },		{ EAGAIN, "random numbers" },
		{ EINTR, "a signal came in" },	{ ENOMEM, "control pages" },
		{ EIO, "no online CPU" },	{ EINVAL, "misc.capacity" },
		{ ENOSPC, "no KeyID is free" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup("tdx");
		refuse_command(1000, cases[i].error, 0);
		refuse.after = 1;
		ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), -cases[i].error);
		ck_assert_uint_le(refuse.calls, 110);
		port_said(ctx, cases[i].words);
		teardown();
	}
}
END_TEST

START_TEST(keyids_run_out)
{
	struct gmem_vm *others[64];
	size_t n = 0;
	int ret;

	setup("tdx");
	do {
		ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &others[n]), 0);
		ret = gmem_tdx_init_vm(others[n++], NULL);
	} while (!ret && n < sizeof(others) / sizeof(others[0]));
	ck_assert_int_eq(ret, -ENOSPC);
	port_said(ctx, "no KeyID is free: every TD has one");
	while (n--)
		gmem_vm_free(others[n]);
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	teardown();
}
END_TEST

START_TEST(irqchip)
{
	setup("tdx");
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 5000), -EINVAL);
	port_said(ctx, "5000 routes are more than KVM takes (4096)");
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), -EINVAL);
	port_said(ctx, "split irqchip");
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 24), 0);
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 24), -EEXIST);
	port_said(ctx, "KVM_ENABLE_CAP KVM_CAP_SPLIT_IRQCHIP: File exists: the VM has an irqchip");
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	teardown();
}
END_TEST

START_TEST(vcpus)
{
	const struct gmem_tdx_vcpu_options options = { .size = sizeof(options), .rcx = 0x1234 };
	struct kvm_cpuid2 *cpuid;

	setup("tdx");
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 0, NULL), -ENOENT);
	port_said(ctx, "index 0, only 0; add it with gmem_vm_add_vcpu()");
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 1), 0);
	ck_assert_int_eq(gmem_vm_vcpu_fd(vm, 2), -ENOENT);
	ck_assert_int_eq(gmem_tdx_get_cpuid(vm, 1, &cpuid), 0);
	ck_assert_uint_gt(cpuid->nent, 2);
	ck_assert_ptr_nonnull(gmem_cpuid_find(cpuid, 0x21, 0));
	gmem_tdx_free_cpuid(cpuid);
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 0, NULL), 0);
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 1, &options), 0);
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 1, NULL), -EINVAL);
	port_said(ctx, "KVM_TDX_INIT_VCPU: Invalid argument: the vCPU is initialised already");
	teardown();
}
END_TEST

/* If a list lacks x2APIC, or leaf 1, libgmem adds it. */
START_TEST(vcpu_cpuid_given)
{
	struct gmem_tdx_vcpu_options options = { .size = sizeof(options) };
	struct kvm_cpuid2 *cpuid = list(1);

	cpuid->entries[0].function = 7;
	options.cpuid = cpuid;
	setup("tdx");
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 0, &options), 0);
	ck_assert_uint_eq(cpuid->nent, 1);
	free(cpuid);
	teardown();
}
END_TEST

/* The caller's own descriptors: libgmem closes none of them. */
START_TEST(vm_and_memory_of_the_caller)
{
	struct gmem_vm *wrapper;

	setup("tdx");
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_TDX, &wrapper), 0);
	ck_assert_int_eq(gmem_tdx_split_irqchip(wrapper, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vm(wrapper, NULL), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(wrapper, gmem_vm_vcpu_fd(vm, 0)), 0);
	ck_assert_int_eq(gmem_tdx_init_vcpu(wrapper, 0, NULL), 0);
	ck_assert_int_eq(gmem_tdx_finalize(wrapper), 0);
	gmem_vm_free(wrapper);
	ck_assert_int_eq(gmem_tdx_finalize(vm), -EINVAL);
	teardown();
}
END_TEST

START_TEST(regions_added)
{
	uint64_t done;

	setup_td("tdx");
	bind_memory(0);
	ck_assert_int_eq(add(0, 4, GMEM_TDX_MEASURE, &done), 0);
	ck_assert_uint_eq(done, 4);
	ck_assert_uint_eq(gmem_sim_seamcalls(port_sim(ctx), TDH_MEM_PAGE_ADD), 4);
	ck_assert_uint_eq(gmem_sim_seamcalls(port_sim(ctx), TDH_MR_EXTEND), 4 * 16);
	ck_assert_int_eq(add(4, 2, 0, NULL), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(port_sim(ctx), TDH_MR_EXTEND), 4 * 16);

	/* The second of these pages is already in the TD. */
	ck_assert_int_eq(add(7, 1, 0, NULL), 0);
	ck_assert_int_eq(add(6, 3, 0, &done), -EIO);
	ck_assert_uint_eq(done, 1);
	port_said(ctx, "KVM_TDX_INIT_MEM_REGION: Input/output error: the page at guest address "
		       "0x100007000 was added before");
	ck_assert_int_eq(add(8, 1, 0, NULL), 0);
	teardown();
}
END_TEST

START_TEST(region_mistakes)
{
	struct gmem_tdx_region region = { sizeof(region), source, GPA, 1, 0 };
	uint64_t done = 9;

	setup_td("tdx");
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 1, &region, &done), -ENOENT);
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "guest address 0x100000000 is in no memslot");
	bind_memory(0);
	region.pages = 0;
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "the region has 0 pages");
	region.pages = (1ull << 52) + 1;
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "wraps");
	region = (struct gmem_tdx_region){ sizeof(region), NULL, GPA, 1, 0 };
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "there is no source");
	region = (struct gmem_tdx_region){ sizeof(region), source + 8, GPA, 1, 0 };
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "is no multiple of 4096");
	region = (struct gmem_tdx_region){ sizeof(region), source, GPA + 1, 1, 0 };
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "guest address 0x100000001 is no multiple of 4096");
	region = (struct gmem_tdx_region){ sizeof(region), source, 1ull << 47, 1, 0 };
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "carries the TD's shared bit");
	region = (struct gmem_tdx_region){ sizeof(region), source, GPA, 1, 2 };
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EINVAL);
	port_said(ctx, "a flag is unknown");
	region = (struct gmem_tdx_region){ sizeof(region), (void *)0x1000, GPA, 1, 0 };
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 0, &region, NULL), -EFAULT);
	port_said(ctx, "source address 0x1000 cannot be read");
	ck_assert_int_eq(gmem_convert(vm, GPA, PAGE, false), 0);
	ck_assert_int_eq(add(0, 1, 0, NULL), -EINVAL);
	port_said(ctx, "guest address 0x100000000 is shared");
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 1), 0);
	region = (struct gmem_tdx_region){ sizeof(region), source, GPA + PAGE, 1, 0 };
	ck_assert_int_eq(gmem_tdx_init_mem_region(vm, 1, &region, NULL), -EINVAL);
	port_said(ctx, "the vCPU that should carry the command is not initialised");
	teardown();
}
END_TEST

/* A page that left the TD must be added again when it is private again. */
START_TEST(added_again_after_conversion)
{
	setup_td("tdx");
	bind_memory(0);
	ck_assert_int_eq(add(0, 2, 0, NULL), 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, PAGE, false), 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, PAGE, true), 0);
	ck_assert(!gmem_ranges_cover(&vm->td.added, GPA, GPA + PAGE));
	ck_assert_int_eq(add(0, 1, 0, NULL), 0);

	/* The same after its memslot is deleted. */
	ck_assert_int_eq(gmem_slot_delete(vm, 0), 0);
	gmem_memory_free(memory);
	bind_memory(0);
	ck_assert_int_eq(add(0, 2, 0, NULL), 0);
	teardown();
}
END_TEST

START_TEST(region_refusals)
{
	uint64_t done;

	setup_td("tdx");
	bind_memory(0);
	/*
	 * A few interruptions: the caller does not see them. Interrupted all
	 * the time: the call ends.
	 */
	refuse_command(5, EINTR, 0);
	ck_assert_int_eq(add(0, 1, 0, NULL), 0);
	gmem_sim_signal(port_sim(ctx), true);
	ck_assert_int_eq(add(1, 1, 0, &done), -EINTR);
	ck_assert_uint_eq(done, 0);
	port_said(ctx, "signals came in, again and again");
	gmem_sim_signal(port_sim(ctx), false);
	gmem_sim_fail_allocation(port_sim(ctx), 3);
	ck_assert_int_eq(add(1, 8, 0, &done), -ENOMEM);
	port_said(ctx, "memory.max");
	/* The remaining pages are added afterwards. */
	ck_assert_int_eq(add(1 + done, 8 - done, 0, NULL), 0);
	gmem_sim_fail_seamcall(port_sim(ctx), TDH_MEM_PAGE_ADD, 2, SIM_TDX_PAGE_METADATA_INCORRECT);
	ck_assert_int_eq(add(9, 4, 0, &done), -EIO);
	ck_assert_uint_eq(done, 1);
	port_said(ctx, "for commands on a vCPU it reports no status; dmesg | grep");
	ck_assert_int_eq(gmem_tdx_finalize(vm), -EIO);
	port_said(ctx, "the VM is dead");
	teardown();
}
END_TEST

START_TEST(memory_closed_before_adding)
{
	setup_td("tdx");
	bind_memory(0);
	gmem_memory_free(memory);
	memory = NULL;
	ck_assert_int_eq(add(0, 1, 0, NULL), -EFAULT);
	port_said(ctx, "has been closed");
	teardown();
}
END_TEST

START_TEST(finalize)
{
	setup("tdx");
	ck_assert_int_eq(gmem_tdx_finalize(vm), -EINVAL);
	port_said(ctx, "KVM_TDX_FINALIZE_VM: Invalid argument: the TD is not initialised");
	teardown();

	setup_td("tdx");
	bind_memory(0);
	ck_assert_int_eq(add(0, 1, GMEM_TDX_MEASURE, NULL), 0);
	gmem_sim_fail_seamcall(port_sim(ctx), TDH_MR_FINALIZE, 1, 0x8000020000000080);
	ck_assert_int_eq(gmem_tdx_finalize(vm), 0);
	ck_assert_int_eq(gmem_tdx_finalize(vm), -EINVAL);
	port_said(ctx, "the TD is finalised already");
	ck_assert_int_eq(add(1, 1, 0, NULL), -EINVAL);
	port_said(ctx, "the TD is finalised, and its vCPUs take no TDX command any more");
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 0, NULL), -EINVAL);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 1), -EIO);
	teardown();
}
END_TEST

START_TEST(finalize_refusals)
{
	setup_td("tdx");
	refuse_command(1000, EBUSY, 0x8000020000000080);
	ck_assert_int_eq(gmem_tdx_finalize(vm), -EBUSY);
	ck_assert_uint_lt(refuse.calls, 200);
	port_said(ctx, "the TDX module stayed busy: TDX_OPERAND_BUSY (0x8000020000000080): another "
		       "CPU holds the operand; try again; operand TDR");
	refuse_command(0, 0, 0);
	gmem_sim_fail_seamcall(port_sim(ctx), TDH_MR_FINALIZE, 1,
			       SIM_TDX_LIFECYCLE_STATE_INCORRECT);
	ck_assert_int_eq(gmem_tdx_finalize(vm), -EIO);
	port_said(ctx, "the TDX module refused, and KVM stopped the VM: "
		       "TDX_LIFECYCLE_STATE_INCORRECT");
	teardown();
}
END_TEST

struct seen {
	enum gmem_tdx_stage last;
	uint64_t pages;
	unsigned int calls;
	enum gmem_tdx_stage stop_at;
	int value; /* with this value */
};

static int note(enum gmem_tdx_stage stage, uint64_t done, uint64_t total, void *arg)
{
	struct seen *seen = arg;

	ck_assert_uint_le(done, total);
	ck_assert_int_ge(stage, seen->last);
	seen->last = stage;
	seen->calls++;
	if (stage == GMEM_TDX_STAGE_INIT_MEM_REGION)
		seen->pages = done;
	return seen->stop_at == stage && stage ? seen->value : 0;
}

static struct gmem_tdx_launch_options launch_options(const struct gmem_tdx_region *regions,
						     size_t count, struct seen *seen)
{
	return (struct gmem_tdx_launch_options){
		.size = sizeof(struct gmem_tdx_launch_options),
		.vcpus = 3,
		.regions = regions,
		.region_count = count,
		.progress = note,
		.progress_arg = seen,
	};
}

START_TEST(launch)
{
	const struct gmem_tdx_region regions[] = {
		{ sizeof(regions[0]), source, GPA, 4, GMEM_TDX_MEASURE },
		{ sizeof(regions[0]), source, GPA + 8 * PAGE, 2, 0 },
	};
	const struct gmem_populate_options rest = {
		.size = sizeof(rest),
		.method = GMEM_POPULATE_PRE_FAULT,
		.gpa = GPA,
	};
	struct seen seen = { 0 };
	struct gmem_tdx_launch_options options = launch_options(regions, 2, &seen);

	setup("tdx");
	bind_memory(0);
	ck_assert_int_eq(gmem_tdx_launch(vm, &options), 0);
	ck_assert_int_eq(seen.last, GMEM_TDX_STAGE_FINALIZE);
	ck_assert_uint_eq(seen.pages, 6);
	ck_assert_uint_eq(seen.calls, 1 + 1 + 3 + 2 + 1);
	ck_assert_uint_eq(vm->vcpu_count, 3);
	ck_assert_int_eq(gmem_populate(vm, memory, &rest, NULL, NULL), 0);
	ck_assert_uint_eq(gmem_sim_seamcalls(port_sim(ctx), TDH_MEM_PAGE_AUG), 10);
	teardown();
}
END_TEST

/* A newer program's regions are longer: the size of one tells where the next begins. */
START_TEST(launch_of_longer_regions)
{
	struct longer {
		struct gmem_tdx_region known;
		uint64_t more;
	} regions[] = {
		{ .known = { sizeof(regions[0]), source, GPA, 4, GMEM_TDX_MEASURE } },
		{ .known = { sizeof(regions[0]), source, GPA + 8 * PAGE, 2, 0 } },
	};
	struct seen seen = { 0 };
	struct gmem_tdx_launch_options options = launch_options(&regions[0].known, 2, &seen);

	setup("tdx");
	bind_memory(0);
	regions[1].more = 1;
	ck_assert_int_eq(gmem_tdx_launch(vm, &options), -E2BIG);
	port_said(ctx, "struct gmem_tdx_region");
	regions[1].more = 0;
	regions[1].known.size = sizeof(regions[1].known);
	ck_assert_int_eq(gmem_tdx_launch(vm, &options), -EINVAL);
	port_said(ctx, "the size of region 1 is 40, and that of the first 48");
	ck_assert_uint_eq(seen.calls, 0);
	regions[1].known.size = sizeof(regions[1]);
	ck_assert_int_eq(gmem_tdx_launch(vm, &options), 0);
	ck_assert_uint_eq(seen.pages, 6);
	teardown();
}
END_TEST

/* The measurement equals that of the same single steps. */
START_TEST(launch_measures_alike)
{
	const struct gmem_tdx_region regions[] = { { sizeof(regions[0]), source, GPA, 4,
						     GMEM_TDX_MEASURE } };
	struct seen seen = { 0 };
	struct gmem_tdx_launch_options options = launch_options(regions, 1, &seen);
	uint64_t whole, steps;

	setup("tdx");
	bind_memory(0);
	ck_assert_int_eq(gmem_tdx_launch(vm, &options), 0);
	ck_assert_int_eq(gmem_sim_measurement(port_sim(ctx), gmem_vm_fd(vm), &whole), 0);
	teardown();

	setup_td("tdx");
	bind_memory(0);
	ck_assert_int_eq(add(0, 3, GMEM_TDX_MEASURE, NULL), 0);
	ck_assert_int_eq(add(3, 1, GMEM_TDX_MEASURE, NULL), 0);
	ck_assert_int_eq(gmem_tdx_finalize(vm), 0);
	ck_assert_int_eq(gmem_sim_measurement(port_sim(ctx), gmem_vm_fd(vm), &steps), 0);
	ck_assert_uint_eq(whole, steps);
	teardown();
}
END_TEST

/* A stopped launch can be finished with the single steps. */
static void stop_launch(int value)
{
	const struct gmem_tdx_region regions[] = { { sizeof(regions[0]), source, GPA, 4, 0 } };
	struct seen seen = { .stop_at = GMEM_TDX_STAGE_INIT_VCPU, .value = value };
	struct gmem_tdx_launch_options options = launch_options(regions, 1, &seen);

	setup("tdx");
	bind_memory(0);
	ck_assert_int_eq(gmem_tdx_launch(vm, &options), value);
	port_said(ctx, "gmem_tdx_launch: ended by its progress function at init-vcpu, 1 of 3");
	ck_assert_int_eq(gmem_tdx_init_vcpu(vm, 1, NULL), 0);
	ck_assert_int_eq(add(0, 4, 0, NULL), 0);
	ck_assert_int_eq(gmem_tdx_finalize(vm), 0);
	teardown();
}

START_TEST(launch_stopped)
{
	stop_launch(-ECANCELED);
	stop_launch(7);
}
END_TEST

/* Every call of a launch fails once, with an errno that libgmem does not try again. */
START_TEST(launch_fails_anywhere)
{
	const struct gmem_tdx_region regions[] = { { sizeof(regions[0]), source, GPA, 4, 0 } };
	unsigned int n = 0;
	bool failed;

	do {
		struct seen seen = { 0 };
		struct gmem_tdx_launch_options options = launch_options(regions, 1, &seen);
		int ret;

		setup("tdx");
		bind_memory(0);
		/*
		 * Calls that only look may fail, see guard.c. This test is about calls that launch.
		 */
		gmem_ctx_allow_faults(ctx, true);
		port_fail_at(ctx, ++n, -ENOMEM);
		ret = gmem_tdx_launch(vm, &options);
		failed = port_failed(ctx);
		ck_assert_int_eq(ret, failed ? -ENOMEM : 0);
		teardown();
	} while (failed);
	ck_assert_uint_gt(n, 10);
}
END_TEST

/* The what-if kernel: the page leaves the direct map, and the flush before PAGE.ADD faults. */
START_TEST(page_add_oops)
{
	setup_td("tdx-no-direct-map");
	bind_memory(GMEM_MEMORY_NO_DIRECT_MAP);
	gmem_ctx_allow_faults(ctx, true);
	ck_assert_int_eq(add(0, 1, 0, NULL), -GMEM_KERNEL_OOPS);
	port_said(ctx, "KVM_TDX_INIT_MEM_REGION: Kernel oops: the kernel took a page fault that it "
		       "cannot handle");
	ck_assert(strstr(gmem_ctx_kernel_log(ctx), "tdh_mem_page_add"));
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
}
END_TEST

UNIT_MAIN("tdx", capabilities_asked, capabilities_grow, needs_a_td, cpuid_of_init_vm,
	  init_vm_with_cpuid, init_vm_mistakes, init_vm_refusals, init_vm_errnos, keyids_run_out,
	  irqchip, vcpus, vcpu_cpuid_given, vm_and_memory_of_the_caller, regions_added,
	  region_mistakes, added_again_after_conversion, region_refusals,
	  memory_closed_before_adding, finalize, finalize_refusals, launch,
	  launch_of_longer_regions, launch_measures_alike, launch_stopped, launch_fails_anywhere,
	  page_add_oops)
