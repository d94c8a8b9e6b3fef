// SPDX-License-Identifier: GPL-2.0-or-later
/* The capabilities that each model reports. */
#include "unit.h"

#include <gmem/caps.h>

#include "kernel/uapi.h"
#include "port.h"

static struct gmem_ctx *ctx;
static struct gmem_caps *caps;
static unsigned int fds;

static void setup(const char *model)
{
	ctx = port_ctx(model);
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_caps_new(ctx, &caps), 0);
}

static void teardown(void)
{
	gmem_caps_free(caps);
	port_ctx_free(ctx, fds, 0);
}

START_TEST(table_has_no_doubles)
{
	size_t n = 0;

	while (gmem_capability_at(n)) {
		const struct gmem_capability *capability = gmem_capability_at(n);

		ck_assert_int_eq(strncmp(capability->name, "KVM_CAP_", 8), 0);
		ck_assert_uint_gt(strlen(capability->meaning), 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_ne(gmem_capability_at(i)->number, capability->number);
		n++;
	}
	ck_assert_uint_ge(n, 10);
}
END_TEST

START_TEST(vm_types_and_flags_of_plain)
{
	setup("plain");
	ck_assert(gmem_caps_has_vm_type(caps, GMEM_VM_DEFAULT));
	ck_assert(!gmem_caps_has_vm_type(caps, GMEM_VM_TDX));
	ck_assert(!gmem_caps_has_vm_type(caps, (enum gmem_vm_type)77));
	ck_assert_uint_eq(gmem_caps_memory_flags(caps, GMEM_VM_DEFAULT), 3);
	ck_assert_uint_eq(gmem_caps_memory_flags(caps, GMEM_VM_TDX), 0);
	ck_assert(!gmem_caps_has_private(caps, GMEM_VM_DEFAULT));
	ck_assert_int_eq(gmem_caps_vm(caps, GMEM_VM_DEFAULT, GMEM_KVM_CAP_GUEST_MEMFD), 1);
	ck_assert_int_eq(gmem_caps_vm(caps, GMEM_VM_TDX, GMEM_KVM_CAP_GUEST_MEMFD), -EOPNOTSUPP);
	ck_assert_int_eq(gmem_caps_system(caps, GMEM_KVM_CAP_NR_MEMSLOTS), 32764);
	ck_assert_int_eq(gmem_caps_system(caps, 999999), -EINVAL);
	teardown();
}
END_TEST

/* /dev/kvm lists flags that some VMs do not accept. */
START_TEST(vm_differs_from_device)
{
	setup("no-direct-map");
	ck_assert_int_eq(gmem_caps_system(caps, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS), 7);
	ck_assert_uint_eq(gmem_caps_memory_flags(caps, GMEM_VM_DEFAULT), 7);
	ck_assert_uint_eq(gmem_caps_memory_flags(caps, GMEM_VM_TDX), GMEM_MEMORY_MMAP);
	ck_assert(gmem_caps_has_private(caps, GMEM_VM_TDX));
	ck_assert(gmem_caps_has_private(caps, GMEM_VM_SW_PROTECTED));
	ck_assert(!gmem_caps_has_private(caps, GMEM_VM_DEFAULT));
	teardown();
}
END_TEST

START_TEST(old_kernel_without_flags)
{
	setup("old");
	ck_assert_uint_eq(gmem_caps_memory_flags(caps, GMEM_VM_SW_PROTECTED), 0);
	ck_assert(gmem_caps_has_private(caps, GMEM_VM_SW_PROTECTED));
	teardown();
}
END_TEST

START_TEST(every_call_fails_once)
{
	unsigned int n = 0;
	int ret;

	ctx = port_ctx("plain");
	fds = gmem_sim_open_fds(port_sim(ctx));
	do {
		port_fail_at(ctx, ++n, -ENOMEM);
		ret = gmem_caps_new(ctx, &caps);
		if (ret)
			port_said(ctx, "/dev/kvm");
		else
			gmem_caps_free(caps);
		ck_assert_uint_eq(gmem_sim_open_fds(port_sim(ctx)), fds);
	} while (port_failed(ctx));
	port_fail_at(ctx, 0, 0);
	port_ctx_free(ctx, fds, 0);
}
END_TEST

UNIT_MAIN("capabilities", table_has_no_doubles, vm_types_and_flags_of_plain, vm_differs_from_device,
	  old_kernel_without_flags, every_call_fails_once)
