// SPDX-License-Identifier: LGPL-2.1-or-later
/* Three ways to populate pages, and how the default is chosen. */
#include <errno.h>
#include <string.h>
#include <linux/falloc.h>

#include "base/advice.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/guard.h"
#include "kvm/kvm.h"
#include "kvm/populate.h"
#include "kvm/state.h"
#include "procfs/headroom.h"

static int fallocate_step(struct populate *populate, uint64_t at, uint64_t length)
{
	struct gmem_kernel *kernel = populate->memory->ctx->kernel;

	return kernel->ops->fallocate(kernel, populate->memory->fd, FALLOC_FL_KEEP_SIZE,
				      populate->options.offset + at, length);
}

/*
 * Faulting in pages that are in the page cache already, fallocate() included, takes a tenth less
 * CPU time than faults that allocate them. If fallocate() fails, the faults do the work, or report
 * the error.
 */
static int madvise_step(struct populate *populate, uint64_t at, uint64_t length)
{
	struct gmem_kernel *kernel = populate->memory->ctx->kernel;
	char *address = (char *)populate->mapping + populate->options.offset + at;

	if (populate->memory->flags & GMEM_MEMORY_INIT_SHARED)
		fallocate_step(populate, at, length);
	return kernel->ops->madvise(kernel, address, length, GMEM_MADV_POPULATE_WRITE);
}

/*
 * GUP refuses memory outside the direct map, and so does MADV_POPULATE_WRITE (check_vma_flags() in
 * mm/gup.c; the removal series marks the mapping like that of secretmem). Such pages are populated
 * by page faults.
 */
static int touch_step(struct populate *populate, uint64_t at, uint64_t length)
{
	const struct gmem_ctx *ctx = populate->memory->ctx;
	struct gmem_kernel *kernel = ctx->kernel;
	char *address = (char *)populate->mapping + populate->options.offset + at;
	int ret = 0;

	for (uint64_t page = 0; !ret && page < length; page += gmem_page_size(ctx))
		ret = kernel->ops->touch(kernel, address + page);
	return ret;
}

static int populate_in_steps(struct populate *populate, const struct gmem_call *call,
			     int (*step)(struct populate *populate, uint64_t at, uint64_t length))
{
	struct gmem_facts facts = { .ctx = populate->memory->ctx, .memory = populate->memory };
	int ret;

	populate->step = step;
	ret = gmem_populate_parallel(populate);
	if (!ret || ret == -ECANCELED)
		return ret;
	if (populate->short_of_memory)
		return gmem_headroom_fail(populate->memory->ctx,
					  populate->options.length - populate->done);
	facts.offset = populate->options.offset + populate->failed_at;
	facts.size = gmem_populate_step_length(populate, populate->failed_at);
	return gmem_explain_call(call, &facts, ret);
}

static int populate_allocate(struct populate *populate)
{
	return populate_in_steps(populate, &gmem_call_allocate, fallocate_step);
}

static int vm_type_of(const struct populate *populate)
{
	return populate->vm ? (int)populate->vm->type : populate->memory->vm_type;
}

/*
 * Looks at the whole range at once. Pages that are not there yet come from the allocator, and need
 * no look.
 */
static int guard(const struct populate *populate, unsigned int touch, const struct gmem_call *call)
{
	return gmem_guard_memory(populate->memory, vm_type_of(populate), populate->options.offset,
				 populate->options.length, touch, call->name);
}

/* What the guest writes is not the host's to touch, and KVM does not tell what the guest has. */
static int refuse_host(const struct populate *populate)
{
	return gmem_fail(populate->memory->ctx, -EOPNOTSUPP,
			 "populate by the host: Operation not supported: the memory of a protected "
			 "VM is not the host's to touch; allocate it instead");
}

static int populate_host(struct populate *populate)
{
	bool by_faults = gmem_memory_flags(populate->memory) & GMEM_MEMORY_NO_DIRECT_MAP;
	const struct gmem_call *call = by_faults ? &gmem_call_touch : &gmem_call_populate_write;
	int ret = vm_type_of(populate) == GMEM_VM_ARM_PROTECTED
			  ? refuse_host(populate)
			  : gmem_memory_map(populate->memory, &populate->mapping);

	if (!ret)
		ret = guard(populate, GMEM_TOUCH_HOST, call);
	if (ret)
		return ret;
	return by_faults ? populate_in_steps(populate, call, touch_step)
			 : populate_in_steps(populate, call, madvise_step);
}

static bool pre_fault_offered(struct gmem_vm *vm)
{
	if (vm->pre_fault == -EINPROGRESS)
		vm->pre_fault =
			gmem_check_extension(vm->ctx, vm->fd, GMEM_KVM_CAP_PRE_FAULT_MEMORY);
	return vm->pre_fault > 0;
}

/* A vCPU would not help where the kernel does not offer the call. */
static int no_vcpu(const struct populate *populate)
{
	struct gmem_ctx *ctx = populate->memory->ctx;

	if (populate->vm && !pre_fault_offered(populate->vm))
		return gmem_fail(ctx, -EOPNOTSUPP,
				 "KVM_PRE_FAULT_MEMORY: Operation not supported: this kernel does "
				 "not offer it to a %s VM (KVM_CAP_PRE_FAULT_MEMORY is 0): %s; "
				 "allocate the memory instead",
				 gmem_vm_type_name(populate->vm->type),
				 strcmp(ctx->kernel->ops->machine, "aarch64")
					 ? "it needs x86-64 with EPT or NPT"
					 : "KVM on arm64 does not have it");
	return gmem_fail(populate->memory->ctx, -EINVAL,
			 "KVM_PRE_FAULT_MEMORY: Invalid argument: it is a call on a vCPU, and %s; "
			 "add one with %s",
			 populate->vm ? "the VM has none" : "no VM was given",
			 gmem_advice(populate->memory->ctx, "add-vcpu"));
}

static int pre_fault_failed(struct populate *populate,
			    const struct gmem_kvm_pre_fault_memory *range, int error)
{
	struct gmem_facts facts = {
		.ctx = populate->memory->ctx,
		.vm = populate->vm,
		.gpa = range->gpa,
		.size = range->size,
	};

	return gmem_explain_call(&gmem_call_pre_fault, &facts, error);
}

/*
 * The ioctl moves gpa and size along. It returns 0 as soon as one page is done, even when it
 * stopped at an error: the next call then starts at the page in question, and returns the error. It
 * gets the range in pieces, for progress and cancelling.
 */
static int populate_pre_fault(struct populate *populate)
{
	unsigned int retries = 0;
	int ret;

	if (!populate->vm || !populate->vm->vcpu_count)
		return no_vcpu(populate);
	ret = guard(populate, GMEM_TOUCH_PRE_FAULT, &gmem_call_pre_fault);
	if (ret)
		return ret;
	while (populate->done < populate->options.length) {
		struct gmem_kvm_pre_fault_memory range = {
			.gpa = populate->options.gpa + populate->done,
			.size = gmem_populate_step_length(populate, populate->done),
		};
		uint64_t before = range.size;

		if (populate->done && !gmem_populate_has_headroom(populate, populate->done))
			return gmem_headroom_fail(populate->memory->ctx,
						  populate->options.length - populate->done);
		ret = gmem_kvm_ioctl(populate->vm->ctx, populate->vm->vcpus[0].fd,
				     gmem_call_pre_fault.name, GMEM_KVM_PRE_FAULT_MEMORY,
				     (uintptr_t)&range);

		populate->done += before - range.size;
		if (range.size < before)
			retries = 0;
		else if (!ret)
			ret = -EAGAIN;
		if (ret < 0 && !gmem_populate_may_retry(populate, ret, &retries))
			return gmem_populate_cancelled(populate)
				       ? -ECANCELED
				       : pre_fault_failed(populate, &range, ret);
		ret = gmem_populate_report(populate);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Whether a fault at gpa is served from this memory: it must be bound there, and the address be
 * private or the file mappable (KVM_MEMSLOT_GMEM_ONLY). Else a pre-fault would populate what is
 * behind userspace_addr. Only what went through this gmem_vm counts as known.
 */
static bool pre_fault_reaches(const struct populate *populate)
{
	struct gmem_vm *vm = populate->vm;

	if (!vm || !vm->vcpu_count || populate->options.gpa == GMEM_GPA_NONE ||
	    !pre_fault_offered(vm))
		return false;
	if (!gmem_vm_binds(vm, populate->memory, populate->options.offset, populate->options.gpa,
			   populate->options.length))
		return false;
	return populate->memory->flags & GMEM_MEMORY_MMAP ||
	       gmem_ranges_cover(&vm->private_gpas, populate->options.gpa,
				 populate->options.gpa + populate->options.length);
}

static enum gmem_populate_method best_without_vm(const struct populate *populate)
{
	const uint64_t touchable = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED;

	if (vm_type_of(populate) == GMEM_VM_ARM_PROTECTED)
		return GMEM_POPULATE_ALLOCATE;
	return (populate->memory->flags & touchable) == touchable ? GMEM_POPULATE_HOST
								  : GMEM_POPULATE_ALLOCATE;
}

static int run(struct populate *populate, enum gmem_populate_method method)
{
	static int (*const methods[])(struct populate * populate) = {
		[GMEM_POPULATE_ALLOCATE] = populate_allocate,
		[GMEM_POPULATE_HOST] = populate_host,
		[GMEM_POPULATE_PRE_FAULT] = populate_pre_fault,
	};

	return methods[method](populate);
}

/* The launch of a VM that libgmem made is known. That of other VMs is not. */
static bool may_be_launched(const struct gmem_vm *vm)
{
	if (!vm->owned)
		return true;
	return vm->type == GMEM_VM_TDX	 ? vm->td.finalized
	       : vm->type == GMEM_VM_SNP ? vm->snp.finished
					 : true;
}

static int run_best(struct populate *populate, enum gmem_populate_method *method)
{
	int ret;

	*method = GMEM_POPULATE_PRE_FAULT;
	if (pre_fault_reaches(populate)) {
		ret = run(populate, *method);
		if (ret == -GMEM_EWOULDFAULT && !may_be_launched(populate->vm))
			ret = -EOPNOTSUPP; /* the errno that KVM would return */
		/* Not yet possible: the launch of the TD or SNP guest is not finished. */
		if (ret != -EOPNOTSUPP || populate->done)
			return ret;
	}
	*method = best_without_vm(populate);
	return run(populate, *method);
}

/* Beyond the file, madvise() would reach what is mapped next to it. */
static int check_range(struct populate *populate)
{
	struct gmem_memory *memory = populate->memory;

	if (populate->options.offset <= memory->size) {
		if (!populate->options.length)
			populate->options.length = memory->size - populate->options.offset;
		if (populate->options.length <= memory->size - populate->options.offset)
			return gmem_check_aligned(memory->ctx, "gmem_populate",
						  populate->options.offset,
						  populate->options.length);
	}
	return gmem_fail(memory->ctx, -EINVAL,
			 "gmem_populate: Invalid argument: offset 0x%llx plus length %llu is "
			 "beyond the file's %llu bytes; a guest_memfd never grows",
			 (unsigned long long)populate->options.offset,
			 (unsigned long long)populate->options.length,
			 (unsigned long long)memory->size);
}

/*
 * Refuses a size that the host cannot have, before anything is changed. Only a reader could tell
 * how much of the range is in memory already; but those pages are unevictable.
 */
static int check_headroom(const struct populate *populate)
{
	struct gmem_headroom room;

	if (populate->options.beyond_available ||
	    !gmem_headroom_read(populate->memory->ctx, &room) ||
	    populate->options.length <= room.available + room.unevictable)
		return 0;
	return gmem_headroom_fail(populate->memory->ctx, populate->options.length);
}

/*
 * An offset without an address is pre-faulted at address 0, unless other memory is known to be
 * there.
 */
static int check_unbound(const struct populate *populate)
{
	if (!populate->memory->inode || !gmem_vm_slot_at(populate->vm, 0))
		return 0;
	return gmem_fail(populate->memory->ctx, -EINVAL,
			 "gmem_populate: Invalid argument: offset 0x%llx is bound nowhere, and at "
			 "guest address 0 is other memory; bind it to a memslot first, or "
			 "pass its guest address",
			 (unsigned long long)populate->options.offset);
}

/*
 * KVM binds no offset of a file twice, so the memslots that were set here tell its address. A range
 * that is bound in pieces has more than one.
 */
static int find_address(struct populate *populate, enum gmem_populate_method method)
{
	struct gmem_populate_options *options = &populate->options;
	uint64_t gpa;

	if (!populate->vm || options->gpa)
		return 0;
	gpa = gmem_vm_gpa_of(populate->vm, populate->memory, options->offset);
	if (gpa == GMEM_GPA_NONE)
		return method == GMEM_POPULATE_PRE_FAULT ? check_unbound(populate) : 0;
	options->gpa = gpa;
	if (method != GMEM_POPULATE_PRE_FAULT ||
	    gmem_vm_binds(populate->vm, populate->memory, options->offset, gpa, options->length))
		return 0;
	return gmem_fail(
		populate->memory->ctx, -EINVAL,
		"gmem_populate: Invalid argument: offset 0x%llx is bound at guest address "
		"0x%llx, but not all of the %llu bytes from there on are; populate the part of "
		"each memslot by itself",
		(unsigned long long)options->offset, (unsigned long long)gpa,
		(unsigned long long)options->length);
}

/*
 * The result of a call that the caller ended. If all was done before it was cancelled, the call
 * succeeds.
 */
static int ended(const struct populate *populate)
{
	struct gmem_ctx *ctx = populate->memory->ctx;

	if (populate->ended)
		return gmem_fail(ctx, populate->ended,
				 "gmem_populate: ended by its progress function after %llu of "
				 "%llu bytes",
				 (unsigned long long)populate->done,
				 (unsigned long long)populate->options.length);
	if (populate->done == populate->options.length)
		return 0;
	return gmem_cancelled(ctx, "gmem_populate");
}

int gmem_populate(struct gmem_vm *vm, struct gmem_memory *memory,
		  const struct gmem_populate_options *given, enum gmem_populate_method *used,
		  uint64_t *done)
{
	struct populate populate = { .vm = vm, .memory = memory };
	enum gmem_populate_method method;
	int ret;

	gmem_begin(memory->ctx);
	if (done)
		*done = 0;
	ret = gmem_options_copy(memory->ctx, "gmem_populate_options", &populate.options,
				sizeof(populate.options), given);
	if (ret)
		return ret;
	method = populate.options.method;
	if (!gmem_populate_method_name(method))
		return gmem_fail(memory->ctx, -EINVAL,
				 "gmem_populate: Invalid argument: method %u is unknown; take one "
				 "of enum gmem_populate_method",
				 (unsigned int)method);
	ret = check_range(&populate);
	if (!ret)
		ret = find_address(&populate, method);
	if (!ret)
		ret = gmem_populate_check_cpus(&populate);
	if (!ret)
		ret = check_headroom(&populate);
	if (ret)
		return ret;
	ret = method == GMEM_POPULATE_BEST ? run_best(&populate, &method) : run(&populate, method);
	if (populate.ended || ret == -ECANCELED)
		ret = ended(&populate);
	if (used)
		*used = method;
	if (done)
		*done = populate.done;
	return ret;
}
