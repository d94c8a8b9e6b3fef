// SPDX-License-Identifier: GPL-2.0-or-later
/* The stages of a walk that change something: create, bind, convert, populate, map, release. */
#include "core/interrupt.h"
#include "core/interrupt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "args/vm_options.h"
#include "commands/walk/walk.h"
#include "core/interrupt.h"
#include "core/size.h"
#include "output/bits.h"

#define SLOT_ID 0

static int capability(const struct walk *walk, const char *name)
{
	return vm_capability(walk->caps, walk->type, name);
}

static const char *flag_names(uint64_t flags, char buffer[BITS_TEXT_MAX])
{
	return flags ? bits_describe(flags, gmem_memory_flag_name, buffer) : "none";
}

/* Types that get guest pages through a launch without guest_memfd. */
static bool needs_other_launch(enum gmem_vm_type type)
{
	return type != GMEM_VM_DEFAULT && type != GMEM_VM_SW_PROTECTED && !gmem_launch_of(type);
}

static bool is_for_private(const struct walk *walk)
{
	return gmem_launch_of(walk->type) || walk->type == GMEM_VM_SW_PROTECTED;
}

/* A kernel that converts in place has no attributes on the VM, whatever the type. */
static bool has_private(const struct walk *walk)
{
	return gmem_caps_has_private(walk->caps, walk->type) ||
	       (walk->settings->allow_unreleased && is_for_private(walk));
}

static enum result plan_vm(struct walk *walk)
{
	const char *type = gmem_vm_type_name(walk->type);

	if (!gmem_caps_has_vm_type(walk->caps, walk->type))
		return walk_say(walk, RESULT_REFUSED,
				"KVM_CREATE_VM: KVM_CAP_VM_TYPES does not offer type %s here",
				type);
	return walk_say(walk, RESULT_PLANNED, "KVM_CREATE_VM, type %s", type);
}

static enum result run_vm(struct walk *walk)
{
	int ret = gmem_vm_new(walk->cli->ctx, walk->type, &walk->vm);

	return ret ? walk_fail(walk, ret)
		   : walk_say(walk, RESULT_OK, "KVM_CREATE_VM, type %s",
			      gmem_vm_type_name(walk->type));
}

static enum result plan_memory(struct walk *walk)
{
	uint64_t offered = gmem_caps_memory_flags(walk->caps, walk->type);
	char asked[BITS_TEXT_MAX], known[BITS_TEXT_MAX], size[CELL_TEXT_MAX];

	if (capability(walk, "KVM_CAP_GUEST_MEMFD") <= 0)
		return walk_say(walk, RESULT_REFUSED, "this kernel has no guest_memfd");
	if (walk->flags & ~offered)
		return walk_say(
			walk, RESULT_REFUSED,
			"KVM_CREATE_GUEST_MEMFD would be EINVAL: a %s VM takes the flags %s here, "
			"not %s",
			gmem_vm_type_name(walk->type), flag_names(offered, known),
			flag_names(walk->flags & ~offered, asked));
	return walk_say(walk, RESULT_PLANNED, "KVM_CREATE_GUEST_MEMFD, %s, flags %s",
			size_format(walk->size, size, sizeof(size)),
			flag_names(walk->flags, asked));
}

static enum result run_memory(struct walk *walk)
{
	struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = walk->size,
		.flags = walk->flags,
	};
	char flags[BITS_TEXT_MAX], size[CELL_TEXT_MAX];
	int ret = gmem_memory_new(walk->vm, &options, &walk->memory);

	return ret ? walk_fail(walk, ret)
		   : walk_say(walk, RESULT_OK, "KVM_CREATE_GUEST_MEMFD, %s, flags %s",
			      size_format(walk->size, size, sizeof(size)),
			      flag_names(walk->flags, flags));
}

static enum result plan_slot(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "KVM_SET_USER_MEMORY_REGION2, slot %d, GPA 0x%llx",
			SLOT_ID, VM_DEFAULT_GPA);
}

static enum result run_slot(struct walk *walk)
{
	struct gmem_slot_options options = {
		.size = sizeof(options),
		.slot = SLOT_ID,
		.gpa = VM_DEFAULT_GPA,
		.memory_size = walk->size,
		.memory = walk->memory,
	};
	int ret = gmem_slot_set(walk->vm, &options);

	if (ret)
		return walk_fail(walk, ret);
	walk->bound = true;
	plan_slot(walk);
	return RESULT_OK;
}

static const char *convert_call(const struct walk *walk)
{
	return gmem_caps_has_private(walk->caps, walk->type)
		       ? "KVM_SET_MEMORY_ATTRIBUTES"
		       : "KVM_SET_MEMORY_ATTRIBUTES2 on the guest_memfd";
}

static enum result plan_convert(struct walk *walk)
{
	const char *type = gmem_vm_type_name(walk->type);

	if (!has_private(walk))
		return walk_say(walk, RESULT_NOT_OFFERED,
				"a %s VM has no private memory on this kernel: "
				"KVM_CAP_MEMORY_ATTRIBUTES is %d on its fd%s",
				type, capability(walk, "KVM_CAP_MEMORY_ATTRIBUTES"),
				is_for_private(walk) ? "; where the kernel converts memory in "
						       "place, --allow-unreleased does that"
						     : "");
	return walk_say(walk, RESULT_PLANNED, "%s, all of it private", convert_call(walk));
}

static enum result run_convert(struct walk *walk)
{
	int ret = gmem_convert(walk->vm, VM_DEFAULT_GPA, walk->size, true);

	return ret ? walk_fail(walk, ret)
		   : walk_say(walk, RESULT_OK, "%s, all of it private", convert_call(walk));
}

static int populate_all(struct walk *walk, enum gmem_populate_method method, uint64_t *done)
{
	const struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = method,
		.gpa = VM_DEFAULT_GPA,
		.cancel = interrupt_flag(),
	};

	return gmem_populate(walk->vm, walk->memory, &options, NULL, done);
}

static enum result run_populate(struct walk *walk, enum gmem_populate_method method,
				const char *call)
{
	char size[CELL_TEXT_MAX], why[1024];
	uint64_t done;
	int ret = populate_all(walk, method, &done);

	size_format(done, size, sizeof(size));
	if (!ret)
		return walk_say(walk, RESULT_OK, "%s, %s", call, size);
	walk->error = ret;
	cli_explain(walk->cli, ret, why, sizeof(why));
	return walk_say(walk, RESULT_FAILED, "%s (%s was done)",
			interrupted() ? "interrupted" : why, size);
}

static enum result plan_allocate(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "fallocate: page frames, not yet zeroed or mapped");
}

static enum result run_allocate(struct walk *walk)
{
	return run_populate(walk, GMEM_POPULATE_ALLOCATE, "fallocate");
}

static enum result plan_populate(struct walk *walk)
{
	const uint64_t touchable = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED;

	if (has_private(walk))
		return walk_say(walk, RESULT_SKIPPED,
				"private memory is not for the host to touch");
	if ((walk->flags & touchable) != touchable)
		return walk_say(walk, RESULT_SKIPPED,
				"memory without mmap and init-shared is not for the host to touch");
	return walk_say(walk, RESULT_PLANNED, "MADV_POPULATE_WRITE on a mapping of it");
}

static enum result run_populate_host(struct walk *walk)
{
	return run_populate(walk, GMEM_POPULATE_HOST, "MADV_POPULATE_WRITE");
}

static enum result plan_map(struct walk *walk)
{
	const char *type = gmem_vm_type_name(walk->type);
	int offered = capability(walk, "KVM_CAP_PRE_FAULT_MEMORY");

	if (offered <= 0)
		return walk_say(
			walk, RESULT_NOT_OFFERED,
			"KVM_PRE_FAULT_MEMORY: KVM_CAP_PRE_FAULT_MEMORY is %d on the fd of a %s "
			"VM (%s)",
			offered < 0 ? 0 : offered, type,
			strcmp(gmem_ctx_machine(walk->cli->ctx), "aarch64")
				? "it needs x86-64 with two-dimensional paging: EPT or NPT"
				: "KVM on arm64 does not have it: a guest gets a page when it "
				  "first touches it");
	if (needs_other_launch(walk->type))
		return walk_say(walk, RESULT_SKIPPED,
				"pages enter a %s guest through its launch, which gmemctl does not "
				"drive: it has no private guest_memfd",
				type);
	if (!has_private(walk) && !(walk->flags & GMEM_MEMORY_MMAP))
		return walk_say(walk, RESULT_SKIPPED,
				"the memslot of a %s VM stands for its userspace address; for its "
				"memory only if that has mmap",
				type);
	return walk_say(walk, RESULT_PLANNED,
			"KVM_PRE_FAULT_MEMORY: into the guest's page tables, with one vCPU");
}

static enum result run_map(struct walk *walk)
{
	int ret = gmem_launch_of(walk->type) ? 0 : gmem_vm_add_vcpu(walk->vm, 0);

	if (ret)
		return walk_fail(walk, ret);
	return run_populate(walk, GMEM_POPULATE_PRE_FAULT, "KVM_PRE_FAULT_MEMORY");
}

bool walk_release(struct walk *walk)
{
	bool any = walk->vm;

	if (walk->bound)
		gmem_slot_delete(walk->vm, SLOT_ID);
	gmem_memory_free(walk->memory);
	gmem_vm_free(walk->vm);
	walk->bound = false;
	walk->memory = NULL;
	walk->vm = NULL;
	return any;
}

static enum result plan_release(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "all that was made");
}

static enum result run_release(struct walk *walk)
{
	if (!walk_release(walk))
		return walk_say(walk, RESULT_SKIPPED, "nothing was made");
	return walk_say(walk, RESULT_OK, "all that was made");
}

const struct walk_stage walk_stage_vm = { "vm", plan_vm, run_vm };
const struct walk_stage walk_stage_memory = { "memory", plan_memory, run_memory };
const struct walk_stage walk_stage_slot = { "memslot", plan_slot, run_slot };
const struct walk_stage walk_stage_convert = { "convert", plan_convert, run_convert };
const struct walk_stage walk_stage_allocate = { "allocate", plan_allocate, run_allocate };
const struct walk_stage walk_stage_populate = { "populate", plan_populate, run_populate_host };
const struct walk_stage walk_stage_map = { "map", plan_map, run_map };
const struct walk_stage walk_stage_release = { "release", plan_release, run_release };
