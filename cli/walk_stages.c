// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stages of a walk: what each would do, whether this kernel offers it, and doing it. A stage
 * that fails says why; what it made stays in struct walk until walk_release().
 */
#include "walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bits.h"
#include "size.h"

/* Above the hole below 4 GiB, where a PC guest's devices are. */
#define SLOT_GPA 0x100000000ull
#define SLOT_ID 0

/* A signal is looked for between steps of this many bytes. */
#define POPULATE_STEP (256ull << 20)

enum {
	STAGE_VM,
	STAGE_MEMORY,
	STAGE_SLOT,
	STAGE_CONVERT,
	STAGE_ALLOCATE,
	STAGE_PREFLIGHT,
	STAGE_POPULATE,
	STAGE_MAP,
	STAGE_PFNS,
	STAGE_FLUSH,
	STAGE_RELEASE,
};

static enum result say(struct walk *walk, enum result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum result say(struct walk *walk, enum result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(walk->detail, sizeof(walk->detail), format, args);
	va_end(args);
	return result;
}

static enum result fail(struct walk *walk, int error)
{
	walk->error = error;
	cli_explain(walk->cli, error, walk->detail, sizeof(walk->detail));
	return RESULT_FAILED;
}

static int capability(const struct walk *walk, const char *name)
{
	const struct gmem_capability *cap;

	for (size_t i = 0; (cap = gmem_capability_at(i)); i++)
		if (!strcmp(cap->name, name))
			return gmem_caps_vm(walk->caps, walk->type, cap->number);
	return -ENOENT;
}

static const char *flag_names(uint64_t flags, char buffer[BITS_TEXT_MAX])
{
	return flags ? bits_describe(flags, gmem_memory_flag_name, buffer) : "none";
}

/* Types whose guest pages come in through a launch, before which nothing can be mapped. */
static bool needs_launch(enum gmem_vm_type type)
{
	return type != GMEM_VM_DEFAULT && type != GMEM_VM_SW_PROTECTED;
}

static enum result plan_vm(struct walk *walk)
{
	const char *type = gmem_vm_type_name(walk->type);

	if (!gmem_caps_has_vm_type(walk->caps, walk->type))
		return say(walk, RESULT_REFUSED,
			   "KVM_CREATE_VM: KVM_CAP_VM_TYPES does not offer type %s here", type);
	return say(walk, RESULT_PLANNED, "KVM_CREATE_VM, type %s", type);
}

static enum result run_vm(struct walk *walk)
{
	int ret = gmem_vm_new(walk->cli->ctx, walk->type, &walk->vm);

	return ret ? fail(walk, ret)
		   : say(walk, RESULT_OK, "KVM_CREATE_VM, type %s", gmem_vm_type_name(walk->type));
}

static enum result plan_memory(struct walk *walk)
{
	uint64_t offered = gmem_caps_memory_flags(walk->caps, walk->type);
	char asked[BITS_TEXT_MAX], known[BITS_TEXT_MAX], size[CELL_TEXT_MAX];

	if (capability(walk, "KVM_CAP_GUEST_MEMFD") <= 0)
		return say(walk, RESULT_REFUSED, "this kernel has no guest_memfd");
	if (walk->flags & ~offered)
		return say(
			walk, RESULT_REFUSED,
			"KVM_CREATE_GUEST_MEMFD would be EINVAL: a %s VM takes the flags %s here, "
			"not %s",
			gmem_vm_type_name(walk->type), flag_names(offered, known),
			flag_names(walk->flags & ~offered, asked));
	return say(walk, RESULT_PLANNED, "KVM_CREATE_GUEST_MEMFD, %s, flags %s",
		   size_format(walk->size, size, sizeof(size)), flag_names(walk->flags, asked));
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

	return ret ? fail(walk, ret)
		   : say(walk, RESULT_OK, "KVM_CREATE_GUEST_MEMFD, %s, flags %s",
			 size_format(walk->size, size, sizeof(size)),
			 flag_names(walk->flags, flags));
}

static enum result plan_slot(struct walk *walk)
{
	return say(walk, RESULT_PLANNED, "KVM_SET_USER_MEMORY_REGION2, slot %d, GPA 0x%llx",
		   SLOT_ID, SLOT_GPA);
}

static enum result run_slot(struct walk *walk)
{
	struct gmem_slot_options options = {
		.size = sizeof(options),
		.slot = SLOT_ID,
		.gpa = SLOT_GPA,
		.memory_size = walk->size,
		.memory = walk->memory,
	};
	int ret = gmem_slot_set(walk->vm, &options);

	if (ret)
		return fail(walk, ret);
	walk->bound = true;
	plan_slot(walk);
	return RESULT_OK;
}

static enum result plan_convert(struct walk *walk)
{
	const char *type = gmem_vm_type_name(walk->type);

	if (!gmem_caps_has_private(walk->caps, walk->type))
		return say(walk, RESULT_NOT_OFFERED,
			   "a %s VM has no private memory on this kernel: "
			   "KVM_CAP_MEMORY_ATTRIBUTES is %d on its fd",
			   type, capability(walk, "KVM_CAP_MEMORY_ATTRIBUTES"));
	return say(walk, RESULT_PLANNED, "KVM_SET_MEMORY_ATTRIBUTES, all of it private");
}

static enum result run_convert(struct walk *walk)
{
	int ret = gmem_convert(walk->vm, SLOT_GPA, walk->size, true);

	return ret ? fail(walk, ret)
		   : say(walk, RESULT_OK, "KVM_SET_MEMORY_ATTRIBUTES, all of it private");
}

/* Populates in steps, so that a signal does not wait for the whole of a large size. */
static int populate(struct walk *walk, enum gmem_populate_method method, uint64_t *done)
{
	struct gmem_populate_options options = { .size = sizeof(options), .method = method };
	int ret = 0;

	*done = 0;
	while (!ret && *done < walk->size) {
		uint64_t left = walk->size - *done, step = 0;

		if (walk_interrupted())
			return -EINTR;
		options.offset = *done;
		options.length = left < POPULATE_STEP ? left : POPULATE_STEP;
		options.gpa = SLOT_GPA + *done;
		ret = gmem_populate(walk->vm, walk->memory, &options, NULL, &step);
		*done += step;
	}
	return ret;
}

static enum result run_populate(struct walk *walk, enum gmem_populate_method method,
				const char *call)
{
	char size[CELL_TEXT_MAX], why[1024];
	uint64_t done;
	int ret = populate(walk, method, &done);

	size_format(done, size, sizeof(size));
	if (!ret)
		return say(walk, RESULT_OK, "%s, %s", call, size);
	walk->error = ret;
	cli_explain(walk->cli, ret, why, sizeof(why));
	return say(walk, RESULT_FAILED, "%s (%s was done)",
		   walk_interrupted() ? "interrupted" : why, size);
}

static enum result plan_allocate(struct walk *walk)
{
	return say(walk, RESULT_PLANNED, "fallocate: page frames, not yet zeroed or mapped");
}

static enum result run_allocate(struct walk *walk)
{
	return run_populate(walk, GMEM_POPULATE_ALLOCATE, "fallocate");
}

static enum result no_reader(struct walk *walk, enum result result)
{
	char why[1024];

	if (walk->cli->common.reader == READER_NONE)
		return say(walk, result, "the direct map was not looked at (--reader=none)");
	cli_explain(walk->cli, walk->reader, why, sizeof(why));
	return say(walk, result, "the direct map cannot be seen: %s", why);
}

static enum result plan_preflight(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return say(walk, RESULT_PLANNED,
		   "ask whether a path of this kernel would fault before letting it touch a page");
}

/* An oops is never the way to find out. */
static enum result run_preflight(struct walk *walk)
{
	enum gmem_verdict reachable;
	int ret = walk_look(walk);

	if (ret)
		return fail(walk, ret);
	reachable = gmem_flush_reachable(walk->flush);
	if (reachable != GMEM_VERDICT_FAULTS)
		return say(walk, RESULT_OK, "no kernel path would fault on the way in (%s)",
			   gmem_verdict_name(reachable));
	if (walk->settings->force)
		return say(walk, RESULT_OK, "a kernel path would fault, and --force goes on");
	return say(walk, RESULT_REFUSED,
		   "this kernel would take a page fault on these pages and die of it; "
		   "--force goes on all the same");
}

static enum result plan_populate(struct walk *walk)
{
	const uint64_t touchable = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED;

	if ((walk->flags & touchable) != touchable)
		return say(walk, RESULT_SKIPPED,
			   "memory without mmap and init-shared is not for the host to touch");
	return say(walk, RESULT_PLANNED, "MADV_POPULATE_WRITE on a mapping of it");
}

static enum result run_host_populate(struct walk *walk)
{
	return run_populate(walk, GMEM_POPULATE_HOST, "MADV_POPULATE_WRITE");
}

static enum result plan_map(struct walk *walk)
{
	const char *type = gmem_vm_type_name(walk->type);
	int offered = capability(walk, "KVM_CAP_PRE_FAULT_MEMORY");

	if (offered <= 0)
		return say(walk, RESULT_NOT_OFFERED,
			   "KVM_PRE_FAULT_MEMORY: KVM_CAP_PRE_FAULT_MEMORY is %d on the fd of a %s "
			   "VM (it needs two-dimensional paging: EPT or NPT)",
			   offered < 0 ? 0 : offered, type);
	if (needs_launch(walk->type))
		return say(walk, RESULT_SKIPPED,
			   "pages enter a %s guest through its launch, which this version of "
			   "gmemctl does not drive",
			   type);
	if (!gmem_caps_has_private(walk->caps, walk->type) && !(walk->flags & GMEM_MEMORY_MMAP))
		return say(walk, RESULT_SKIPPED,
			   "the memslot of a %s VM stands for its userspace address; for its "
			   "memory only if that has mmap",
			   type);
	return say(walk, RESULT_PLANNED,
		   "KVM_PRE_FAULT_MEMORY: into the guest's page tables, with one vCPU");
}

static enum result run_map(struct walk *walk)
{
	int ret = gmem_vm_add_vcpu(walk->vm, 0);

	if (ret)
		return fail(walk, ret);
	return run_populate(walk, GMEM_POPULATE_PRE_FAULT, "KVM_PRE_FAULT_MEMORY");
}

static enum result plan_pfns(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return say(walk, RESULT_PLANNED, "page frames from the page cache, by offset");
}

static enum result run_pfns(struct walk *walk)
{
	int ret = walk_look(walk);

	if (ret)
		return fail(walk, ret);
	tally_describe(&walk->tally, walk->detail, sizeof(walk->detail));
	return RESULT_OK;
}

static enum result plan_flush(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return say(walk, RESULT_PLANNED, "a verdict for each kernel path that touches the pages");
}

static enum result run_flush(struct walk *walk)
{
	return say(walk, RESULT_OK, "a flush through the direct map: %s",
		   gmem_verdict_name(gmem_flush_verdict(walk->flush)));
}

static enum result plan_release(struct walk *walk)
{
	return say(walk, RESULT_PLANNED, "all that was made");
}

static enum result run_release(struct walk *walk)
{
	if (!walk_release(walk))
		return say(walk, RESULT_SKIPPED, "nothing was made");
	return say(walk, RESULT_OK, "all that was made");
}

const struct walk_stage walk_stages[] = {
	[STAGE_VM] = { "vm", -1, false, plan_vm, run_vm },
	[STAGE_MEMORY] = { "memory", STAGE_VM, false, plan_memory, run_memory },
	[STAGE_SLOT] = { "memslot", STAGE_MEMORY, false, plan_slot, run_slot },
	[STAGE_CONVERT] = { "convert", STAGE_SLOT, false, plan_convert, run_convert },
	[STAGE_ALLOCATE] = { "allocate", STAGE_MEMORY, false, plan_allocate, run_allocate },
	[STAGE_PREFLIGHT] = { "pre-flight", STAGE_ALLOCATE, false, plan_preflight, run_preflight },
	[STAGE_POPULATE] = { "populate", STAGE_ALLOCATE, true, plan_populate, run_host_populate },
	[STAGE_MAP] = { "map", STAGE_SLOT, true, plan_map, run_map },
	[STAGE_PFNS] = { "pfns", STAGE_ALLOCATE, false, plan_pfns, run_pfns },
	[STAGE_FLUSH] = { "flush", STAGE_PFNS, false, plan_flush, run_flush },
	[STAGE_RELEASE] = { "release", -1, false, plan_release, run_release },
};

const size_t walk_n_stages = sizeof(walk_stages) / sizeof(walk_stages[0]);

static int look_at(const struct gmem_extent *extent, void *arg)
{
	struct walk *walk = arg;

	gmem_flush_add(walk->flush, extent);
	tally_add(&walk->tally, extent);
	return 0;
}

int walk_look(struct walk *walk)
{
	const unsigned int want = GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS;
	struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = (int)walk->type,
		.memory_flags = walk->flags,
		.has_memory_flags = true,
		.is_guest_memory = true,
	};
	struct gmem_target *target;
	int ret = gmem_target_open(walk->cli->ctx, 0, gmem_memory_fd(walk->memory), &target);

	if (ret)
		return ret;
	gmem_flush_free(walk->flush);
	walk->flush = NULL;
	memset(&walk->tally, 0, sizeof(walk->tally));
	ret = gmem_flush_new(walk->cli->ctx, &subject, &walk->flush);
	if (!ret)
		ret = gmem_target_extents(target, 0, 0, want, look_at, walk);
	gmem_target_free(target);
	return ret;
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
