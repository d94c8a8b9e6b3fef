// SPDX-License-Identifier: GPL-2.0-or-later
/* What tests may do to a model: see hooks.h. */
#include "sim/hooks.h"

#include "kernel/sim/kvm/tdx.h"

/* Returns the file behind a descriptor, or NULL if it is open with O_PATH or not open. */
static const void *owner_of(const struct gmem_sim *sim, int fd)
{
	const struct sim_file *file = sim_fd_file(sim, fd);

	return file && !file->path_only ? file->owner : NULL;
}

static struct sim_vm *vm_of(const struct gmem_sim *sim, int fd)
{
	const void *owner = owner_of(sim, fd);
	struct sim_vm *vm = sim->vms;

	while (vm && vm != owner)
		vm = vm->next;
	return vm;
}

static struct sim_vcpu *vcpu_of(const struct gmem_sim *sim, int fd)
{
	const void *owner = owner_of(sim, fd);

	for (const struct sim_vm *vm = sim->vms; vm; vm = vm->next)
		for (struct sim_vcpu *vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
			if (vcpu == owner)
				return vcpu;
	return NULL;
}

bool gmem_sim_oopsed(const struct gmem_kernel *kernel)
{
	return to_sim(kernel)->oopsed;
}

void gmem_sim_fail_reader(struct gmem_kernel *kernel, enum gmem_reader reader, int error)
{
	to_sim(kernel)->reader_error[reader] = error;
}

void gmem_sim_fail_allocation(struct gmem_kernel *kernel, uint64_t n)
{
	to_sim(kernel)->ram.fail_after = n;
}

void gmem_sim_signal(struct gmem_kernel *kernel, bool pending)
{
	to_sim(kernel)->signal_pending = pending;
}

int gmem_sim_set_direct_map(struct gmem_kernel *kernel, uint64_t pfn, bool present)
{
	if (!sim_pfn_is_ram(to_sim(kernel), pfn))
		return -EINVAL;
	return present ? sim_direct_map_restore(to_sim(kernel), pfn)
		       : sim_direct_map_remove(to_sim(kernel), pfn);
}

int gmem_sim_set_read_only(struct gmem_kernel *kernel, uint64_t pfn)
{
	struct gmem_sim *sim = to_sim(kernel);

	return sim_pfn_is_ram(sim, pfn) ? sim_direct_map_protect(sim, pfn) : -EINVAL;
}

bool gmem_sim_direct_map_present(struct gmem_kernel *kernel, uint64_t pfn)
{
	struct gmem_sim *sim = to_sim(kernel);
	struct sim_walk walk;

	sim_walk(sim, sim_va(sim, pfn << sim->page_shift), &walk);
	return walk.present;
}

int64_t gmem_sim_file_pfn(struct gmem_kernel *kernel, int fd, uint64_t index)
{
	const struct sim_file *file = sim_fd_file(to_sim(kernel), fd);
	uint64_t pfn = file ? sim_inode_pfn(to_sim(kernel), file->inode, index) : 0;

	return pfn ? (int64_t)pfn : -ENOENT;
}

uint64_t gmem_sim_pages_in_use(const struct gmem_kernel *kernel)
{
	return to_sim(kernel)->ram.in_use;
}

unsigned int gmem_sim_open_fds(const struct gmem_kernel *kernel)
{
	return to_sim(kernel)->fd_count;
}

int gmem_sim_guest_touch(struct gmem_kernel *kernel, int vcpu_fd, uint64_t gpa, bool is_private)
{
	struct sim_vcpu *vcpu = vcpu_of(to_sim(kernel), vcpu_fd);

	if (!vcpu)
		return -EBADF;
	vcpu->access =
		(struct sim_guest_access){ .pending = true, .is_private = is_private, .gpa = gpa };
	return 0;
}

int gmem_sim_guest_run_arm64(struct gmem_kernel *kernel, int vcpu_fd, uint64_t gpa, bool executes)
{
	struct sim_vcpu *vcpu = vcpu_of(to_sim(kernel), vcpu_fd);

	if (!vcpu)
		return -EBADF;
	vcpu->initialized = true;
	vcpu->access =
		(struct sim_guest_access){ .pending = true, .executes = executes, .gpa = gpa };
	return 0;
}

uint64_t gmem_sim_seamcalls(const struct gmem_kernel *kernel, unsigned int leaf)
{
	return leaf < 64 ? to_sim(kernel)->module.calls[leaf] : 0;
}

void gmem_sim_fail_seamcall(struct gmem_kernel *kernel, unsigned int leaf, uint64_t n,
			    uint64_t status)
{
	struct sim_module *module = &to_sim(kernel)->module;

	module->fail_leaf = leaf;
	module->fail_after = n;
	module->fail_status = status;
}

int gmem_sim_measurement(const struct gmem_kernel *kernel, int vm_fd, uint64_t *out)
{
	const struct sim_vm *vm = vm_of(to_sim(kernel), vm_fd);

	if (!vm || !vm->td)
		return -EINVAL;
	*out = vm->td->module.measurement;
	return 0;
}

int gmem_sim_pin(struct gmem_kernel *kernel, uint64_t pfn, bool pin)
{
	struct sim_page *page = sim_page_peek(to_sim(kernel), pfn);

	if (!page || !page->mapping)
		return -EINVAL;
	page->refs += pin ? 1 : -1u;
	return 0;
}

int gmem_sim_poison(struct gmem_kernel *kernel, uint64_t pfn)
{
	return sim_poison(to_sim(kernel), pfn);
}

unsigned int gmem_sim_keyids_in_use(const struct gmem_kernel *kernel)
{
	return sim_keyids_in_use(to_sim(kernel));
}

uint64_t gmem_sim_struck(const struct gmem_kernel *kernel)
{
	return to_sim(kernel)->faults.struck;
}
