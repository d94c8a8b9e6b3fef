// SPDX-License-Identifier: GPL-2.0-or-later
/* Launching an SNP guest through the library, and the explanations of failures. */
#include "unit.h"

#include "kernel/uapi.h"
#include "kernel/uapi_sev.h"
#include "port.h"
#include "kvm/vm.h"

#define PAGE 4096ull
#define SIZE (16 * PAGE)
#define GPA 0x100000000ull

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_memory *memory;
static unsigned int fds;
static _Alignas(4096) char source[16 * 4096];

static void setup(void)
{
	ctx = port_ctx("snp");
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_SNP, &vm), 0);
	memory = NULL;
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	port_ctx_free(ctx, fds, 0);
}

static void bind_memory(void)
{
	const struct gmem_memory_options options = { .size = sizeof(options), .memory_size = SIZE };
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

static void setup_guest(void)
{
	setup();
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), 0);
}

static int update(uint64_t page, uint64_t pages, enum gmem_snp_page_type type, uint64_t *done)
{
	const struct gmem_snp_region region = {
		.size = sizeof(region),
		.source = type == GMEM_SNP_PAGE_ZERO ? NULL : source,
		.gpa = GPA + page * PAGE,
		.pages = pages,
		.type = type,
	};

	return gmem_snp_launch_update(vm, &region, done);
}

/* The firmware answers the next command with error. */
static uint32_t firmware_error;
static int firmware_errno;

static int refusing_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	if (request != GMEM_KVM_MEMORY_ENCRYPT_OP)
		return port.real->ioctl(kernel, fd, request, arg);
	((struct gmem_kvm_sev_cmd *)arg)->error = firmware_error;
	return -firmware_errno;
}

static void refuse(int error, uint32_t firmware)
{
	firmware_errno = error;
	firmware_error = firmware;
	port_pretend(ctx)->ioctl = refusing_ioctl;
}

START_TEST(launch)
{
	const struct gmem_populate_options rest = {
		.size = sizeof(rest),
		.method = GMEM_POPULATE_PRE_FAULT,
		.gpa = GPA,
	};
	uint64_t done;

	setup_guest();
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	bind_memory();
	ck_assert_int_eq(gmem_populate(vm, memory, &rest, NULL, NULL), -EOPNOTSUPP);
	ck_assert_int_eq(update(0, 4, GMEM_SNP_PAGE_NORMAL, &done), 0);
	ck_assert_uint_eq(done, 4);
	ck_assert_int_eq(update(4, 2, GMEM_SNP_PAGE_ZERO, &done), 0);
	ck_assert_int_eq(update(6, 1, GMEM_SNP_PAGE_SECRETS, &done), 0);
	ck_assert_int_eq(update(7, 1, GMEM_SNP_PAGE_CPUID, &done), 0);
	ck_assert_int_eq(update(8, 1, GMEM_SNP_PAGE_UNMEASURED, &done), 0);
	ck_assert_int_eq(gmem_snp_launch_finish(vm, NULL), 0);
	ck_assert_int_eq(gmem_populate(vm, memory, &rest, NULL, &done), 0);
	ck_assert_uint_eq(done, SIZE);
	teardown();
}
END_TEST

/* Another program began the launch, on its own descriptor. */
START_TEST(launch_begun_by_another_program)
{
	struct gmem_vm *wrapper;

	setup_guest();
	bind_memory();
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_SNP, &wrapper), 0);
	ck_assert_int_eq(gmem_snp_init_vm(wrapper, NULL), -EPERM);
	ck_assert_int_eq(gmem_snp_launch_start(wrapper, NULL), -EINVAL);
	port_said(ctx, "the launch was begun by others");
	ck_assert_int_eq(gmem_snp_launch_finish(wrapper, NULL), 0);
	gmem_vm_free(wrapper);
	teardown();
}
END_TEST

START_TEST(needs_an_snp_vm)
{
	const struct gmem_snp_region region = { .size = sizeof(region) };

	ctx = port_ctx("tdx");
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), 0);
	memory = NULL;
	port_fail_at(ctx, 1, -EDOM);
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), -EINVAL);
	port_said(ctx, "KVM_SEV_INIT2: Invalid argument: a tdx VM is no SNP guest");
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), -EINVAL);
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, NULL), -EINVAL);
	ck_assert_int_eq(gmem_snp_launch_finish(vm, NULL), -EINVAL);
	ck_assert(!port_failed(ctx));
	teardown();
}
END_TEST

START_TEST(init_mistakes)
{
	struct gmem_snp_init_options options = { .size = sizeof(options), .ghcb_version = 1 };

	setup();
	ck_assert_int_eq(gmem_snp_init_vm(vm, &options), -EINVAL);
	port_said(ctx, "KVM_SEV_INIT2: Invalid argument: GHCB version 1 is not offered");
	options.vmsa_features = 1ull << 63;
	ck_assert_int_eq(gmem_snp_init_vm(vm, &options), -EINVAL);
	port_said(ctx, "VMSA features 0x8000000000000000 are not all offered");
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), -ENOTTY);
	port_said(ctx, "the guest is not initialised; call gmem_snp_init_vm() first");
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), -EPERM);
	port_said(ctx, "the guest is initialised already");
	teardown();

	setup();
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), -EINVAL);
	port_said(ctx, "the VM has 1 vCPUs already");
	teardown();
}
END_TEST

START_TEST(asids_run_out)
{
	struct gmem_vm *others[128];
	size_t n = 0;
	int ret;

	setup();
	do {
		ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_SNP, &others[n]), 0);
		ret = gmem_snp_init_vm(others[n++], NULL);
	} while (!ret && n < sizeof(others) / sizeof(others[0]));
	ck_assert_int_eq(ret, -EBUSY);
	port_said(ctx, "no ASID is free");
	while (n--)
		gmem_vm_free(others[n]);
	teardown();
}
END_TEST

START_TEST(start_mistakes)
{
	struct gmem_snp_start_options options = { .size = sizeof(options), .policy = 1ull << 40 };

	setup();
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_snp_launch_start(vm, &options), -EINVAL);
	port_said(ctx, "policy 0x10000020000 has a bit that KVM does not take");
	options.policy = GMEM_SNP_POLICY_ALLOW_DEBUG;
	ck_assert_int_eq(gmem_snp_launch_start(vm, &options), 0);
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), -EINVAL);
	port_said(ctx, "the launch was begun already");
	teardown();

	/* The kernel reaches the firmware through a device that may be missing. */
	setup();
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), 0);
	port_refuse_open(ctx, "/dev/sev", -ENOENT);
	refuse(ENOTTY, 0);
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), -ENOTTY);
	port_said(ctx, "/dev/sev could not be opened");
	refuse(EIO, 7);
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), -EIO);
	port_said(ctx, "the firmware refused: POLICY_FAILURE (0x7)");
	teardown();
}
END_TEST

START_TEST(update_mistakes)
{
	struct gmem_snp_region region = { sizeof(region), source, GPA, 1, GMEM_SNP_PAGE_NORMAL };
	uint64_t done = 9;

	setup();
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, &done), -EINVAL);
	port_said(ctx, "no launch was begun; call gmem_snp_launch_start() first");
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), 0);
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, NULL), -EINVAL);
	port_said(ctx, "guest address 0x100000000 is in no memslot");
	bind_memory();
	region.type = 2;
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, NULL), -EINVAL);
	port_said(ctx, "page type 2 is unknown");
	region = (struct gmem_snp_region){ sizeof(region), NULL, GPA, 1, GMEM_SNP_PAGE_NORMAL };
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, NULL), -EINVAL);
	port_said(ctx, "only zero pages do without");
	region = (struct gmem_snp_region){ sizeof(region), source + 1, GPA, 1,
					   GMEM_SNP_PAGE_NORMAL };
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, NULL), -EINVAL);
	port_said(ctx, "is no multiple of 4096");
	/* The kernel would round this to whole pages. */
	region = (struct gmem_snp_region){ sizeof(region), source, GPA + 5, 1,
					   GMEM_SNP_PAGE_NORMAL };
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, NULL), -EINVAL);
	port_said(ctx, "guest address 0x100000005 is no multiple of 4096");
	region = (struct gmem_snp_region){ sizeof(region), source, GPA, 0, GMEM_SNP_PAGE_NORMAL };
	ck_assert_int_eq(gmem_snp_launch_update(vm, &region, NULL), -EINVAL);
	port_said(ctx, "the region has 0 pages");
	teardown();
}
END_TEST

/* The kernel returns EIO for all of them. Progress is kept. */
START_TEST(update_failures)
{
	uint64_t done;

	setup_guest();
	bind_memory();
	ck_assert_int_eq(gmem_convert(vm, GPA + 2 * PAGE, PAGE, false), 0);
	ck_assert_int_eq(update(0, 4, GMEM_SNP_PAGE_NORMAL, &done), -EIO);
	ck_assert_uint_eq(done, 2);
	port_said(ctx,
		  "KVM_SEV_SNP_LAUNCH_UPDATE: Input/output error: guest address 0x100002000 is "
		  "shared");
	ck_assert_int_eq(update(1, 1, GMEM_SNP_PAGE_NORMAL, &done), -EIO);
	port_said(ctx, "the page at guest address 0x100001000 was added before");
	gmem_sim_fail_allocation(port_sim(ctx), 1);
	ck_assert_int_eq(update(5, 1, GMEM_SNP_PAGE_NORMAL, &done), -EIO);
	port_said(ctx, "KVM says EIO to all of it");
	/* Beyond the end of the memslot. */
	ck_assert_int_eq(update(14, 4, GMEM_SNP_PAGE_ZERO, &done), -EINVAL);
	ck_assert_uint_eq(done, 2);
	port_said(ctx, "guest address 0x100010000 is in no memslot");
	gmem_memory_free(memory);
	memory = NULL;
	ck_assert_int_eq(update(8, 1, GMEM_SNP_PAGE_ZERO, &done), -EIO);
	port_said(ctx, "seems to be closed");
	refuse(EIO, 0x1a);
	ck_assert_int_eq(update(9, 1, GMEM_SNP_PAGE_CPUID, &done), -EIO);
	port_said(ctx, "the firmware refused the page at guest address 0x100009000: "
		       "INVALID_PAGE_STATE (0x1a)");
	teardown();
}
END_TEST

START_TEST(finish_ends_the_launch)
{
	struct gmem_snp_finish_options options = { .size = sizeof(options), .id_block = source };

	setup();
	ck_assert_int_eq(gmem_snp_launch_finish(vm, NULL), -ENOTTY);
	ck_assert_int_eq(gmem_snp_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_snp_launch_finish(vm, NULL), -EINVAL);
	port_said(ctx, "KVM_SEV_SNP_LAUNCH_FINISH: Invalid argument: no launch was begun");
	ck_assert_int_eq(gmem_snp_launch_start(vm, NULL), 0);
	refuse(EIO, 0x0a);
	ck_assert_int_eq(gmem_snp_launch_finish(vm, &options), -EIO);
	port_said(ctx, "BAD_SIGNATURE (0xa)");
	teardown();
}
END_TEST

UNIT_MAIN("snp", launch, launch_begun_by_another_program, needs_an_snp_vm, init_mistakes,
	  asids_run_out, start_mistakes, update_mistakes, update_failures, finish_ends_the_launch)
