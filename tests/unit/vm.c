// SPDX-License-Identifier: GPL-2.0-or-later
/* VMs and vCPUs. */
#include "unit.h"

#include <gmem/vm.h>

#include "port.h"
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

/* Another process and a dead VM look alike, but for the process that created it. */
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

static int scenario(void)
{
	struct gmem_vm *vm;
	int ret = gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm);

	if (ret)
		return ret;
	ret = gmem_vm_add_vcpu(vm, 0);
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

UNIT_MAIN("vm", create, type_not_offered, no_device, vcpu_mistakes, td_takes_vcpus_when_initialised,
	  refused_vm, borrowed_fd, every_call_fails_once)
