// SPDX-License-Identifier: GPL-2.0-or-later
/* Memslots, and the explanations for wrong ones. */
#include "unit.h"

#include "kernel/uapi.h"
#include "kvm/memory.h"
#include "port.h"
#include "kvm/state.h"
#include "kvm/vm.h"

#define MIB (1ull << 20)

static struct gmem_ctx *ctx;
static struct gmem_vm *vm, *other_vm;
static struct gmem_memory *memory, *other;
static unsigned int fds;

static void new_memory(struct gmem_vm *of, struct gmem_memory **out)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = 4 * MIB,
	};

	ck_assert_int_eq(gmem_memory_new(of, &options, out), 0);
}

static void setup(const char *model, enum gmem_vm_type type)
{
	ctx = port_ctx(model);
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, type, &vm), 0);
	ck_assert_int_eq(gmem_vm_new(ctx, type, &other_vm), 0);
	new_memory(vm, &memory);
	new_memory(other_vm, &other);
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	gmem_memory_free(memory);
	gmem_memory_free(other);
	gmem_vm_free(vm);
	gmem_vm_free(other_vm);
	port_ctx_free(ctx, fds, 0);
}

/* A valid slot of 1 MiB at 16 MiB, for the test to change. */
static struct gmem_slot_options good(uint32_t id)
{
	return (struct gmem_slot_options){
		.size = sizeof(struct gmem_slot_options),
		.slot = id,
		.gpa = 16 * MIB,
		.memory_size = MIB,
		.memory = memory,
	};
}

static void refused(const struct gmem_slot_options *options, int error, const char *words)
{
	ck_assert_int_eq(gmem_slot_set(vm, options), -error);
	port_said(ctx, "KVM_SET_USER_MEMORY_REGION2: ");
	port_said(ctx, words);
}

START_TEST(set_and_delete)
{
	struct gmem_slot_options options;

	setup("plain", GMEM_VM_DEFAULT);
	for (uint32_t id = 0; id < 4; id++) {
		options = good(id);
		options.gpa = id * MIB;
		options.memory_offset = id * MIB;
		ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
	}
	ck_assert(gmem_vm_binds(vm, memory, 0, 0, 4 * MIB));
	ck_assert(gmem_vm_binds(vm, memory, MIB / 2, MIB / 2, MIB));
	ck_assert(!gmem_vm_binds(vm, memory, MIB, 0, 4096));
	ck_assert(!gmem_vm_binds(vm, other, 0, 0, 4096));
	ck_assert_int_eq(gmem_slot_delete(vm, 1), 0);
	ck_assert(!gmem_vm_binds(vm, memory, 0, 0, 4 * MIB));
	ck_assert_int_eq(gmem_slot_delete(vm, 1), -EINVAL);
	port_said(ctx, "there is no slot 1 to delete");
	teardown();
}
END_TEST

START_TEST(wrong_arguments_are_explained)
{
	struct gmem_slot_options options;

	setup("plain", GMEM_VM_DEFAULT);
	options = good(0x20000);
	refused(&options, EINVAL, "slot 0x20000: its address space");
	options = good(32764);
	refused(&options, EINVAL, "slot 32764: the low 16 bits must be below 32764");
	options = good(0);
	options.flags = GMEM_KVM_MEM_LOG_DIRTY_PAGES;
	refused(&options, EINVAL, "takes neither log-dirty-pages nor readonly");
	options.flags = 0x10;
	refused(&options, EINVAL, "a slot flag is unknown (asked: guest-memfd, bit 4)");
	options = good(0);
	options.memory_size = 4095;
	refused(&options, EINVAL, "size 4095 is no multiple");
	options = good(0);
	options.gpa = 100;
	refused(&options, EINVAL, "guest address 0x64 is no multiple");
	options = good(0);
	options.userspace_addr = 100;
	refused(&options, EINVAL, "userspace address 0x64 is no multiple");
	options.userspace_addr = 1ull << 63;
	refused(&options, EINVAL, "is no user range");
	options = good(0);
	options.memory_offset = 100;
	refused(&options, EINVAL, "guest_memfd offset 0x64 is no multiple");
	options.memory_offset = 0 - MIB;
	refused(&options, EINVAL, "guest_memfd offset 0xfffffffffff00000 plus size 1048576 wraps");
	options = good(0);
	options.gpa = 0 - MIB / 2;
	refused(&options, EINVAL, "plus size 1048576 wraps");
	options = good(0);
	options.memory_offset = 4 * MIB;
	refused(&options, EINVAL, "is beyond the file's 4194304 bytes");
	options = good(0);
	options.gpa = 1ull << 51;
	refused(&options, EINVAL, "is beyond 0x400000000000, this CPU's physical address width");
	options = good(0);
	options.memory = other;
	refused(&options, EINVAL, "the guest_memfd was created on another VM");
	options = good(0);
	options.memory = NULL;
	options.flags = GMEM_KVM_MEM_GUEST_MEMFD;
	refused(&options, EBADF, "no memory was given");
	options = good(0);
	options.memory = NULL;
	options.memory_size = 1ull << 43;
	refused(&options, EINVAL, "2^31 pages or more");
	teardown();
}
END_TEST

static int no_pre_fault(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	if (request == GMEM_KVM_CHECK_EXTENSION && arg == GMEM_KVM_CAP_PRE_FAULT_MEMORY)
		return 0;
	return port.real->ioctl(kernel, fd, request, arg);
}

/* Without EPT or NPT the CPU's width does not limit guest addresses, so it is not blamed. */
START_TEST(without_tdp)
{
	struct gmem_slot_options options;

	setup("plain", GMEM_VM_DEFAULT);
	port_pretend(ctx)->ioctl = no_pre_fault;
	options = good(0);
	options.gpa = 1ull << 47; /* the model has EPT, and refuses this address */
	refused(&options, EINVAL, "no condition that libgmem knows");
	options.gpa = 1ull << 52;
	refused(&options, EINVAL, "is beyond 0x10000000000000, where guest-physical addresses end");
	teardown();
}
END_TEST

START_TEST(overlapping_slot_is_named)
{
	struct gmem_slot_options options;

	setup("plain", GMEM_VM_DEFAULT);
	options = good(3);
	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
	refused(&options, EINVAL,
		"slot 3 exists (guest address 0x1000000, 1048576 bytes), and a "
		"slot with guest_memfd cannot replace another");
	options.memory = NULL;
	refused(&options, EINVAL, "slot 3 has a guest_memfd, and such a slot cannot be changed");
	options = good(4);
	options.gpa += MIB / 2;
	options.memory_offset = 2 * MIB;
	refused(&options, EEXIST, "overlap slot 3 at 0x1000000");
	options.gpa += MIB;
	options.memory_offset = MIB / 2;
	refused(&options, EEXIST, "is bound to slot 3 at 0x1000000 already");
	options = good(5);
	options.gpa = 64 * MIB;
	options.memory = NULL;
	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
	options.memory_size /= 2;
	refused(&options, EINVAL, "slot 5 exists with other size");
	teardown();
}
END_TEST

/* Linux 6.12: another errno for the same mistake, and slots with memory only for private VMs. */
START_TEST(old_kernel)
{
	struct gmem_slot_options options;

	setup("old", GMEM_VM_SW_PROTECTED);
	options = good(0);
	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
	options = good(1);
	options.gpa = 64 * MIB;
	refused(&options, EINVAL, "is bound to slot 0 at 0x1000000 already");
	/* KVM checks the binding before the address. */
	options.gpa = 1ull << 51;
	refused(&options, EINVAL, "is bound to slot 0 at 0x1000000 already");
	options.memory_offset = MIB;
	refused(&options, EINVAL, "this CPU's physical address width");
	teardown();
	setup("old", GMEM_VM_DEFAULT);
	options = good(0);
	refused(&options, EINVAL, "only VMs with private memory take slots with guest_memfd");
	teardown();
}
END_TEST

START_TEST(unseen_slot)
{
	struct gmem_slot_options options;
	struct gmem_vm *same;

	setup("plain", GMEM_VM_DEFAULT);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_DEFAULT, &same), 0);
	options = good(0);
	ck_assert_int_eq(gmem_slot_set(same, &options), 0);
	refused(&options, EINVAL,
		"no condition that libgmem knows of Linux 7.3.4-sim explains this; slots that were "
		"not set through this gmem_vm are not seen");
	gmem_vm_free(same);
	teardown();
}
END_TEST

START_TEST(every_call_fails_once)
{
	struct gmem_slot_options options;
	unsigned int n = 0;
	bool failed;
	int ret;

	setup("plain", GMEM_VM_DEFAULT);
	do {
		port_fail_at(ctx, ++n, -ENOMEM);
		options = good(0);
		ret = gmem_slot_set(vm, &options);
		if (!ret)
			ret = gmem_slot_delete(vm, 0);
		if (ret)
			port_said(ctx, "the kernel has no memory left");
		failed = port_failed(ctx);
		port_fail_at(ctx, 0, 0);
		gmem_slot_delete(vm, 0);
	} while (failed);
	ck_assert_uint_eq(n, 3);
	teardown();
}
END_TEST

UNIT_MAIN("slot", set_and_delete, wrong_arguments_are_explained, without_tdp,
	  overlapping_slot_is_named, old_kernel, unseen_slot, every_call_fails_once)
