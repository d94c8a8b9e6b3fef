// SPDX-License-Identifier: GPL-2.0-or-later
/* VMs and vCPUs. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <gmem/vm.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "port.h"
#include "kernel/uapi.h"
#include "kvm/vm.h"

static struct gmem_ctx *ctx;
static unsigned int fds;

static void setup(const char *model)
{
	ctx = port_ctx(model);
	fds = gmem_sim_open_fds(port_sim(ctx));
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	port_ctx_free(ctx, fds, 0);
}

START_TEST(create)
{
	struct gmem_vm *vm;

	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_ge(gmem_vm_fd(vm), 0);
	ck_assert_int_eq(gmem_vm_type_of(vm), GMEM_VM_DEFAULT);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 7), 0);
	gmem_vm_free(vm);
	gmem_vm_free(NULL);
	teardown();
}
END_TEST

/* What happens if a VMM under test uses a descriptor directly, as it would a real one. */
static void has_no_file(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	/* A table of real descriptors has at most INT_MAX bytes. */
	ck_assert_int_gt(fd, INT_MAX / (int)sizeof(void *));
	ck_assert_int_eq(close(fd), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(dup(fd), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(poll(&polled, 1, 0), 1);
	ck_assert_int_eq(polled.revents, POLLNVAL);
}

START_TEST(simulated_descriptors_are_no_files_of_this_process)
{
	struct gmem_memory_options options = { .size = sizeof(options), .memory_size = 1 << 20 };
	struct gmem_memory *memory, *same;
	int own[2], vcpu;
	struct gmem_vm *vm;
	char byte = 'x';

	ck_assert_int_eq(pipe(own), 0);
	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	vcpu = gmem_vm_vcpu_fd(vm, 0);
	ck_assert_int_ne(gmem_vm_fd(vm), vcpu);
	ck_assert_int_ne(gmem_vm_fd(vm), gmem_memory_fd(memory));
	has_no_file(gmem_vm_fd(vm));
	has_no_file(vcpu);
	has_no_file(gmem_memory_fd(memory));
	/* It is still open in the model, and the pipe is open here. */
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), 0, &same), 0);
	ck_assert_int_eq(gmem_memory_allocate(same, 0, 0x1000), 0);
	ck_assert_int_eq(write(own[1], &byte, 1), 1);
	ck_assert_int_eq(read(own[0], &byte, 1), 1);
	/* A descriptor of this process is not one of the model. */
	gmem_memory_free(same);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, own[0], 0, &same), -EBADF);
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	teardown();
	close(own[0]);
	close(own[1]);
}
END_TEST

START_TEST(type_not_offered)
{
	struct gmem_vm *vm;

	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), -EINVAL);
	port_said(ctx,
		  "KVM_CREATE_VM: Invalid argument: VM type tdx is not offered by KVM on Linux "
		  "7.3.4-sim (offered: default)");
	ck_assert_int_eq(gmem_vm_new(ctx, (enum gmem_vm_type)77, &vm), -EINVAL);
	port_said(ctx, "VM type 77 is not offered");
	teardown();
}
END_TEST

/* What KVM_CREATE_VM was called with, and what the CPU says of its guest addresses. */
static struct {
	unsigned int calls;
	unsigned long number;
	int ipa_bits;
} created;

static int watch_create(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	if (request == GMEM_KVM_CHECK_EXTENSION && arg == GMEM_KVM_CAP_ARM_VM_IPA_SIZE)
		return created.ipa_bits;
	if (request == GMEM_KVM_CREATE_VM) {
		created.calls++;
		created.number = arg;
		if (created.ipa_bits > 0)
			arg &= ~GMEM_KVM_VM_TYPE_ARM_IPA_SIZE_MASK;
	}
	return port.real->ioctl(kernel, fd, request, arg);
}

/* The number depends on the machine, and on arm64 it has the bits of a guest address. */
START_TEST(numbers_of_types)
{
	static const struct {
		const char *model;
		enum gmem_vm_type type;
		int ipa_bits, result;
		unsigned int calls;
		unsigned long number;
	} rows[] = {
		{ "tdx", GMEM_VM_SW_PROTECTED, -EINVAL, 0, 1, 1 },
		{ "tdx", GMEM_VM_ARM_PROTECTED, -EINVAL, -EINVAL, 0, 0 },
		{ "tdx", (enum gmem_vm_type)9, -EINVAL, -EINVAL, 1, 9 },
		{ "arm64", GMEM_VM_DEFAULT, 48, 0, 1, 0 },
		{ "arm64", GMEM_VM_DEFAULT, 40, 0, 1, 0 },
		{ "arm64", GMEM_VM_DEFAULT, 36, 0, 1, 36 },
		{ "arm64", GMEM_VM_DEFAULT, -EIO, 0, 1, 0 },
		{ "arm64", GMEM_VM_ARM_PROTECTED, 48, 0, 1, 1ul << 31 },
		{ "arm64", GMEM_VM_ARM_PROTECTED, 32, 0, 1, 1ul << 31 | 32 },
		{ "arm64-16k", GMEM_VM_ARM_PROTECTED, 44, -EINVAL, 1, 1ul << 31 },
		/* Protected KVM would make an ordinary VM of the number 1. */
		{ "arm64", GMEM_VM_SW_PROTECTED, 48, -EINVAL, 0, 0 },
		{ "arm64", GMEM_VM_TDX, 48, -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gmem_vm *vm = NULL;

		setup(rows[i].model);
		port_pretend(ctx)->ioctl = watch_create;
		created.calls = 0;
		created.number = 0;
		created.ipa_bits = rows[i].ipa_bits;
		ck_assert_int_eq(gmem_vm_new(ctx, rows[i].type, &vm), rows[i].result);
		ck_assert_uint_eq(created.calls, rows[i].calls);
		ck_assert_uint_eq(created.number, rows[i].number);
		if (!rows[i].result)
			ck_assert_int_eq(gmem_vm_type_of(vm), rows[i].type);
		gmem_vm_free(vm);
		teardown();
	}
}
END_TEST

START_TEST(why_no_protected_vm)
{
	static const struct {
		const char *model, *why;
	} rows[] = {
		{ "plain", "protected VMs are of KVM on arm64" },
		{ "arm64-16k", "start the kernel with kvm-arm.mode=protected" },
		{ "arm64", "protected KVM is not running, or Linux" },
	};
	struct gmem_vm *vm;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(rows[i].model);
		if (!strcmp(rows[i].model, "arm64"))
			port_refuse_ioctl(ctx, GMEM_KVM_CREATE_VM, -EINVAL);
		ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_ARM_PROTECTED, &vm), -EINVAL);
		port_said(ctx, rows[i].why);
		teardown();
	}
}
END_TEST

/* KVM on arm64 does not tell which types it has, so the caller is believed. */
START_TEST(borrowed_protected_vm)
{
	struct gmem_vm *own, *borrowed;

	setup("arm64");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_ARM_PROTECTED, &own), 0);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(own), GMEM_VM_SW_PROTECTED, &borrowed),
			 -EINVAL);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(own), GMEM_VM_ARM_PROTECTED, &borrowed),
			 0);
	ck_assert_int_eq(gmem_vm_type_of(borrowed), GMEM_VM_ARM_PROTECTED);
	gmem_vm_free(borrowed);
	gmem_vm_free(own);
	teardown();
}
END_TEST

START_TEST(no_device)
{
	static const struct {
		int error;
		const char *words;
	} cases[] = {
		{ ENOENT, "open /dev/kvm: No such file or directory: there is no KVM device" },
		{ ENXIO, "no driver behind it" },
		{ EACCES, "open /dev/kvm: Permission denied: " },
		{ EPERM, "device cgroup" },
		{ EMFILE, "no free file descriptor" },
		{ EXDEV, "no condition that libgmem knows" },
	};
	struct gmem_vm *vm;

	setup("plain");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		port_fail_at(ctx, 0, 0);
		port_refuse_open(ctx, "/dev/kvm", -cases[i].error);
		ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), -cases[i].error);
		port_said(ctx, cases[i].words);
	}
	teardown();
}
END_TEST

START_TEST(vcpu_mistakes)
{
	struct gmem_vm *vm;

	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 3), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 3), -EEXIST);
	port_said(ctx, "KVM_CREATE_VCPU: File exists: the VM has a vCPU with id 3 already");
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 1u << 20), -EINVAL);
	port_said(ctx, "vCPU id 1048576 is not below");
	gmem_vm_free(vm);
	teardown();
}
END_TEST

START_TEST(td_takes_vcpus_when_initialised)
{
	struct gmem_vm *vm;

	setup("tdx");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), -EIO);
	port_said(ctx, "a TD takes vCPUs between KVM_TDX_INIT_VM and KVM_TDX_FINALIZE_VM only");
	gmem_vm_free(vm);
	teardown();
}
END_TEST

/* Another process and a dead VM look alike, except to the process that created the VM. */
START_TEST(refused_vm)
{
	struct gmem_vm *vm;

	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	port_refuse(ctx, GMEM_SIM_IOCTL, -EIO);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), -EIO);
	port_said(ctx, "KVM refuses every ioctl on this VM: it is dead");
	vm->pid++;
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), -EIO);
	port_said(ctx, "KVM takes ioctls from the process that created the VM only");
	port_fail_at(ctx, 0, 0);
	gmem_vm_free(vm);
	teardown();
}
END_TEST

START_TEST(borrowed_fd)
{
	struct gmem_vm *vm, *same;

	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_DEFAULT, &same), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(same, 0), 0);
	gmem_vm_free(same);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 1), 0);
	gmem_vm_free(vm);
	teardown();
}
END_TEST

/* Another descriptor of the same file, opened with O_PATH. */
static int open_path(int fd)
{
	char name[64];
	int path;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	path = ctx->kernel->ops->open(ctx->kernel, name, O_PATH);
	ck_assert_int_ge(path, 0);
	return path;
}

/* Only a VM can be wrapped. Otherwise every later explanation would be about something else. */
START_TEST(wrong_vm_descriptors_are_refused)
{
	struct gmem_vm *vm, *none = NULL;
	int null, path;

	setup("plain");
	null = ctx->kernel->ops->open(ctx->kernel, "/proc/cpuinfo", O_RDONLY);
	ck_assert_int_ge(null, 0);
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, -1, GMEM_VM_DEFAULT, &none), -EBADF);
	port_said(ctx,
		  "look at a VM's descriptor: Bad file descriptor: the descriptor is not open");
	ck_assert_int_eq(gmem_vm_from_fd(ctx, 99999999, GMEM_VM_DEFAULT, &none), -EBADF);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, null, GMEM_VM_DEFAULT, &none), -EINVAL);
	port_said(ctx, "the descriptor is no VM; pass one of KVM_CREATE_VM");
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_vcpu_fd(vm, 0), GMEM_VM_DEFAULT, &none),
			 -EINVAL);
	port_said(ctx, "the descriptor is no VM");
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), (enum gmem_vm_type)77, &none),
			 -EINVAL);
	port_said(ctx, "VM type 77 is not offered by KVM on Linux 7.3.4-sim (offered: default); "
		       "pass the type that the VM was created with");
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), (enum gmem_vm_type) - 1, &none),
			 -EINVAL);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_TDX, &none), -EINVAL);
	port_said(ctx, "VM type tdx is not offered");
	path = open_path(gmem_vm_fd(vm));
	ck_assert_int_eq(gmem_vm_from_fd(ctx, path, GMEM_VM_DEFAULT, &none), -EBADF);
	port_said(ctx, "the descriptor was opened with O_PATH: it only names the file, and the "
		       "kernel takes no call on it; pass the one that KVM_CREATE_VM gave");
	ctx->kernel->ops->close(ctx->kernel, path);
	port_refuse_ioctl(ctx, GMEM_KVM_CHECK_EXTENSION, -EIO);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_DEFAULT, &none), -EIO);
	port_said(ctx, "it is dead (KVM stops a VM after an internal error), or another process");
	port_refuse_ioctl(ctx, GMEM_KVM_CHECK_EXTENSION, -ENOTTY);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_DEFAULT, &none), -EINVAL);
	port_said(ctx, "the descriptor is no VM");
	port_fail_at(ctx, 0, 0);
	ck_assert_ptr_null(none);
	gmem_vm_free(vm);
	ctx->kernel->ops->close(ctx->kernel, null);
	teardown();
}
END_TEST

static int no_links(struct gmem_kernel *kernel, const char *path, char *link, size_t size)
{
	(void)kernel, (void)path, (void)link, (void)size;
	return -ENOENT;
}

START_TEST(wrong_vcpu_descriptors_are_refused)
{
	struct gmem_vm *vm;
	int path;

	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(vm, -1), -EBADF);
	port_said(ctx,
		  "look at a vCPU's descriptor: Bad file descriptor: the descriptor is not open");
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(vm, gmem_vm_fd(vm)), -EINVAL);
	port_said(ctx, "the descriptor is no vCPU; pass one of KVM_CREATE_VCPU");
	ck_assert_int_eq(gmem_vm_vcpu_fd(vm, 0), -ENOENT);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(vm, gmem_vm_vcpu_fd(vm, 0)), 0);
	path = open_path(gmem_vm_vcpu_fd(vm, 0));
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(vm, path), -EBADF);
	port_said(ctx, "the descriptor was opened with O_PATH: it only names the file, and the "
		       "kernel takes no call on it; pass the one that KVM_CREATE_VCPU gave");
	port_pretend(ctx)->readlink = no_links;
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(vm, path), -EBADF);
	port_said(ctx, "the descriptor was opened with O_PATH");
	ctx->kernel->ops->close(ctx->kernel, path);
	gmem_vm_free(vm);
	teardown();
}
END_TEST

/* A VMM in a jail has no /proc. libgmem then asks the descriptor itself. */
START_TEST(wraps_without_proc)
{
	struct gmem_vm *vm, *same;
	int vcpu;

	setup("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	vcpu = gmem_vm_vcpu_fd(vm, 0);
	port_pretend(ctx)->readlink = no_links;
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_DEFAULT, &same), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(same, vcpu), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(same, 99999999), -EBADF);
	gmem_vm_free(same);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, vcpu, GMEM_VM_DEFAULT, &same), -EINVAL);
	port_said(ctx, "the descriptor is no VM");
	ck_assert_int_eq(gmem_vm_from_fd(ctx, 99999999, GMEM_VM_DEFAULT, &same), -EBADF);
	gmem_vm_free(vm);
	teardown();
}
END_TEST

/* libgmem(3): the caller frees a VM and its memory in any order, before their context. */
START_TEST(frees_in_either_order)
{
	const struct gmem_memory_options options = { .size = sizeof(options),
						     .memory_size = 65536 };
	struct gmem_memory *memory;
	struct gmem_vm *vm;

	setup("plain");
	for (int order = 0; order < 2; order++) {
		ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
		ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
		if (order)
			gmem_memory_free(memory);
		gmem_vm_free(vm);
		if (order)
			continue;
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, 65536), 0);
		ck_assert_int_eq(gmem_memory_punch(memory, 0, 65536), 0);
		gmem_memory_free(memory);
	}
	teardown();
}
END_TEST

/* libgmem(3): each function with a name that ends in _free accepts NULL. */
START_TEST(frees_take_null)
{
	gmem_ctx_free(NULL);
	gmem_caps_free(NULL);
	gmem_target_free(NULL);
	gmem_flush_free(NULL);
	gmem_host_free(NULL);
	gmem_nodes_free(NULL);
	gmem_oops_free(NULL);
	gmem_owners_free(NULL);
	gmem_usage_free(NULL);
	gmem_tdx_capabilities_free(NULL);
	gmem_vm_free(NULL);
	gmem_memory_free(NULL);
	gmem_watch_free(NULL);
}
END_TEST

static int scenario(void)
{
	struct gmem_vm *vm, *same;
	int ret = gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm);

	if (ret)
		return ret;
	ret = gmem_vm_add_vcpu(vm, 0);
	if (!ret)
		ret = gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_DEFAULT, &same);
	if (!ret) {
		ret = gmem_vm_add_vcpu_fd(same, gmem_vm_vcpu_fd(vm, 0));
		gmem_vm_free(same);
	}
	gmem_vm_free(vm);
	return ret;
}

START_TEST(every_call_fails_once)
{
	unsigned int n = 0;

	setup("plain");
	do {
		port_fail_at(ctx, ++n, -ENOMEM);
		if (scenario())
			port_said(ctx, ": ");
		ck_assert_uint_eq(gmem_sim_open_fds(port_sim(ctx)), fds);
	} while (port_failed(ctx));
	ck_assert_uint_gt(n, 3);
	teardown();
}
END_TEST

UNIT_MAIN("vm", create, simulated_descriptors_are_no_files_of_this_process, type_not_offered,
	  numbers_of_types, why_no_protected_vm, borrowed_protected_vm, no_device, vcpu_mistakes,
	  td_takes_vcpus_when_initialised, refused_vm, borrowed_fd,
	  wrong_vm_descriptors_are_refused, wrong_vcpu_descriptors_are_refused, wraps_without_proc,
	  frees_in_either_order, frees_take_null, every_call_fails_once)
