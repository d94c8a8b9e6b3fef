// SPDX-License-Identifier: GPL-2.0-or-later
/* Converting guest addresses to private and to shared. */
#include "unit.h"

#include "port.h"
#include "kvm/vm.h"

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static unsigned int fds;

static void setup(const char *model, enum gmem_vm_type type)
{
	ctx = port_ctx(model);
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, type, &vm), 0);
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	gmem_vm_free(vm);
	port_ctx_free(ctx, fds, 0);
}

START_TEST(kernel_without_attributes)
{
	setup("plain", GMEM_VM_DEFAULT);
	ck_assert_int_eq(gmem_convert(vm, 0, 4096, true), -ENOTTY);
	port_said(ctx, "KVM_SET_MEMORY_ATTRIBUTES: Inappropriate ioctl for device: KVM on Linux "
		       "7.3.4-sim has no memory attributes");
	teardown();
}
END_TEST

START_TEST(vm_type_without_private_memory)
{
	setup("sw-protected", GMEM_VM_DEFAULT);
	ck_assert_int_eq(gmem_convert(vm, 0, 4096, true), -EINVAL);
	port_said(ctx, "a default VM has no private memory on Linux 7.3.4-sim-sw");
	ck_assert_int_eq(gmem_convert(vm, 0, 4096, false), 0);
	teardown();
}
END_TEST

START_TEST(mistakes_are_explained)
{
	setup("sw-protected", GMEM_VM_SW_PROTECTED);
	ck_assert_int_eq(gmem_convert(vm, 0, 0, true), -EINVAL);
	port_said(ctx, "length is 0");
	ck_assert_int_eq(gmem_convert(vm, 100, 4096, true), -EINVAL);
	port_said(ctx, "guest address 0x64 is no multiple of 4096");
	ck_assert_int_eq(gmem_convert(vm, 0, 100, true), -EINVAL);
	port_said(ctx, "length 100 is no multiple of 4096");
	ck_assert_int_eq(gmem_convert(vm, 0 - 4096ull, 4096, true), -EINVAL);
	port_said(ctx, "wraps (to end at 2^64 counts as that)");
	port_refuse(ctx, GMEM_SIM_IOCTL, -ENOMEM);
	ck_assert_int_eq(gmem_convert(vm, 0, 4096, true), -ENOMEM);
	port_said(ctx, "about 9 bytes a private page");
	ck_assert(!gmem_ranges_cover(&vm->private_gpas, 0, 4096));
	teardown();
}
END_TEST

START_TEST(private_ranges_are_remembered)
{
	setup("sw-protected", GMEM_VM_SW_PROTECTED);
	ck_assert_int_eq(gmem_convert(vm, 0, 1 << 20, true), 0);
	ck_assert_int_eq(gmem_convert(vm, 0, 1 << 20, true), 0);
	ck_assert_int_eq(gmem_convert(vm, 4096, 4096, false), 0);
	ck_assert(gmem_ranges_cover(&vm->private_gpas, 0, 4096));
	ck_assert(!gmem_ranges_cover(&vm->private_gpas, 0, 8192));
	ck_assert(gmem_ranges_cover(&vm->private_gpas, 8192, 1 << 20));
	teardown();
}
END_TEST

UNIT_MAIN("attributes", kernel_without_attributes, vm_type_without_private_memory,
	  mistakes_are_explained, private_ranges_are_remembered)
