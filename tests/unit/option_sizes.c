// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every struct that a caller passes in, with the size of an older program (shorter) and of
 * a newer one (longer). Missing members count as 0, unknown members must be 0, and a size
 * that was not set is refused.
 */
#include "unit.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <gmem/gmem.h>

#include "base/page.h"

#define PAGES 16

/* A newer program's struct is today's struct and more. */
#define MORE 64

struct subject {
	const char *name;
	const char *model;
	enum gmem_vm_type type;
	size_t size;	 /* size of the struct today */
	size_t old_size; /* size without its last member */
	int (*use)(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options);
	void (*fill)(void *options); /* values that an old program would set; NULL: all 0 */
};

static void fill_memory(void *options)
{
	((struct gmem_memory_options *)options)->memory_size = PAGES * GMEM_PAGE_SIZE;
}

static int use_memory(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_memory *memory;
	int ret = gmem_memory_new(vm, options, &memory);

	(void)ctx;
	if (!ret)
		gmem_memory_free(memory);
	return ret;
}

static void fill_slot(void *options)
{
	((struct gmem_slot_options *)options)->memory_size = PAGES * GMEM_PAGE_SIZE;
}

static int use_slot(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	(void)ctx;
	return gmem_slot_set(vm, options);
}

static int use_populate(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_memory_options made = { .size = sizeof(made), .memory_size = 1 << 16 };
	struct gmem_memory *memory;
	int ret;

	(void)ctx;
	if (gmem_memory_new(vm, &made, &memory))
		return -EIO;
	ret = gmem_populate(NULL, memory, options, NULL, NULL);
	gmem_memory_free(memory);
	return ret;
}

static int use_flush(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_flush *flush;
	int ret = gmem_flush_new(ctx, options, &flush);

	(void)vm;
	if (!ret)
		gmem_flush_free(flush);
	return ret;
}

static int use_preflight(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_memory_options made = { .size = sizeof(made), .memory_size = 1 << 16 };
	struct gmem_preflight_options *asked = options;
	struct gmem_preflight answer = { .size = sizeof(answer) };
	struct gmem_memory *memory;
	int ret;

	if (gmem_memory_new(vm, &made, &memory))
		return -EIO;
	/*
	 * A struct of a few bytes has no room for memory, and is refused
	 * before that member is read.
	 */
	if (asked->size >= offsetof(struct gmem_preflight_options, memory) + sizeof(memory))
		asked->memory = memory;
	ret = gmem_flush_preflight(ctx, options, &answer, NULL);
	gmem_memory_free(memory);
	return ret;
}

static void fill_content(void *options)
{
	static _Alignas(4096) char source[GMEM_PAGE_SIZE];
	struct gmem_launch_content *content = options;

	content->source = source;
	content->pages = 1;
}

/* Prepares a TD or an SNP guest before its first content. *memory gets its bound guest_memfd. */
static int prepare(struct gmem_vm *vm, struct gmem_memory **memory)
{
	struct gmem_memory_options made = { .size = sizeof(made), .memory_size = 1 << 16 };
	struct gmem_slot_options slot = { .size = sizeof(slot), .memory_size = 1 << 16 };

	if (gmem_launch_init(vm) || gmem_vm_add_vcpu(vm, 0) || gmem_launch_vcpu(vm, 0) ||
	    gmem_memory_new(vm, &made, &slot.memory))
		return -EIO;
	*memory = slot.memory;
	return gmem_slot_set(vm, &slot) || gmem_convert(vm, 0, 1 << 16, true) ? -EIO : 0;
}

static int use_content(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_memory *memory = NULL;
	int ret = prepare(vm, &memory);

	(void)ctx;
	if (!ret)
		ret = gmem_launch_add(vm, options, NULL);
	gmem_memory_free(memory);
	return ret;
}

static void fill_tdx_region(void *options)
{
	static _Alignas(4096) char source[GMEM_PAGE_SIZE];
	struct gmem_tdx_region *region = options;

	region->source = source;
	region->pages = 1;
}

static int use_tdx_region(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_memory *memory = NULL;
	int ret = prepare(vm, &memory);

	(void)ctx;
	if (!ret)
		ret = gmem_tdx_init_mem_region(vm, 0, options, NULL);
	gmem_memory_free(memory);
	return ret;
}

static void fill_snp_region(void *options)
{
	static _Alignas(4096) char source[GMEM_PAGE_SIZE];
	struct gmem_snp_region *region = options;

	region->source = source;
	region->pages = 1;
	region->type = GMEM_SNP_PAGE_NORMAL;
}

static int use_snp_region(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_memory *memory = NULL;
	int ret = prepare(vm, &memory);

	(void)ctx;
	if (!ret)
		ret = gmem_snp_launch_update(vm, options, NULL);
	gmem_memory_free(memory);
	return ret;
}

static int use_extent(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_flush_subject subject = { .size = sizeof(subject), .vm_type = -1 };
	struct gmem_flush *flush;
	int ret;

	(void)vm;
	if (gmem_flush_new(ctx, &subject, &flush))
		return -EIO;
	ret = gmem_flush_add(flush, options);
	gmem_flush_free(flush);
	return ret;
}

/* No process has this number. The call looks for it after it has accepted the struct. */
static int use_mapped(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_target *target;
	int ret = gmem_target_open_mapped(ctx, 1 << 30, options, &target);

	(void)vm;
	return ret == -ESRCH ? 0 : ret;
}

static int use_owners(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_owners *owners;
	int ret = gmem_owners_new(ctx, options, &owners);

	(void)vm;
	if (!ret)
		gmem_owners_free(owners);
	return ret;
}

static int use_target(struct gmem_ctx *ctx, struct gmem_vm *vm,
		      int (*use)(struct gmem_target *target, void *options), void *options)
{
	struct gmem_memory_options made = { .size = sizeof(made), .memory_size = 1 << 16 };
	struct gmem_target *target;
	struct gmem_memory *memory;
	int ret;

	if (gmem_memory_new(vm, &made, &memory) ||
	    gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target))
		return -EIO;
	ret = use(target, options);
	gmem_target_free(target);
	gmem_memory_free(memory);
	return ret;
}

static int new_extents(struct gmem_target *target, void *options)
{
	struct gmem_extents *extents;
	int ret = gmem_extents_new(target, options, &extents);

	if (!ret)
		gmem_extents_free(extents);
	return ret;
}

static int new_usage(struct gmem_target *target, void *options)
{
	struct gmem_usage *usage;
	int ret = gmem_usage_new(target, options, &usage);

	if (!ret)
		gmem_usage_free(usage);
	return ret;
}

static int use_extents(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	return use_target(ctx, vm, new_extents, options);
}

static int use_usage(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	return use_target(ctx, vm, new_usage, options);
}

static int use_watch(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_watch *watch;
	int ret = gmem_watch_new(ctx, options, &watch);

	(void)vm;
	if (!ret)
		gmem_watch_free(watch);
	return ret;
}

static void fill_ctx(void *options)
{
	((struct gmem_ctx_options *)options)->model = "plain";
}

static int use_ctx(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	struct gmem_ctx *opened;
	int ret = gmem_ctx_open(options, &opened);

	(void)ctx;
	(void)vm;
	if (!ret)
		gmem_ctx_free(opened);
	return ret;
}

static int use_tdx_init(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	(void)ctx;
	if (gmem_tdx_split_irqchip(vm, 0))
		return -EIO;
	return gmem_tdx_init_vm(vm, options);
}

static int use_tdx_vcpu(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	(void)ctx;
	if (gmem_tdx_split_irqchip(vm, 0) || gmem_tdx_init_vm(vm, NULL) || gmem_vm_add_vcpu(vm, 0))
		return -EIO;
	return gmem_tdx_init_vcpu(vm, 0, options);
}

static int use_tdx_launch(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	(void)ctx;
	return gmem_tdx_launch(vm, options);
}

static int use_snp_init(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	(void)ctx;
	return gmem_snp_init_vm(vm, options);
}

static int use_snp_start(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	(void)ctx;
	return gmem_snp_init_vm(vm, NULL) ? -EIO : gmem_snp_launch_start(vm, options);
}

static int use_snp_finish(struct gmem_ctx *ctx, struct gmem_vm *vm, void *options)
{
	(void)ctx;
	if (gmem_snp_init_vm(vm, NULL) || gmem_snp_launch_start(vm, NULL))
		return -EIO;
	return gmem_snp_launch_finish(vm, options);
}

#define SUBJECT(type_name, last, model_name, vm, use_it, fill_it)                               \
	{                                                                                       \
		.name = #type_name, .model = (model_name), .type = (vm),                        \
		.size = sizeof(struct type_name), .old_size = offsetof(struct type_name, last), \
		.use = (use_it), .fill = (fill_it),                                             \
	}

static const struct subject subjects[] = {
	SUBJECT(gmem_memory_options, flags, "plain", GMEM_VM_DEFAULT, use_memory, fill_memory),
	SUBJECT(gmem_slot_options, memory_offset, "plain", GMEM_VM_DEFAULT, use_slot, fill_slot),
	SUBJECT(gmem_populate_options, gpa, "plain", GMEM_VM_DEFAULT, use_populate, NULL),
	SUBJECT(gmem_flush_subject, is_guest_memory, "plain", GMEM_VM_DEFAULT, use_flush, NULL),
	SUBJECT(gmem_preflight_options, arg, "plain", GMEM_VM_DEFAULT, use_preflight, NULL),
	SUBJECT(gmem_launch_content, measure, "tdx", GMEM_VM_TDX, use_content, fill_content),
	SUBJECT(gmem_owners_options, no_mappings, "plain", GMEM_VM_DEFAULT, use_owners, NULL),
	SUBJECT(gmem_extents_options, want, "plain", GMEM_VM_DEFAULT, use_extents, NULL),
	SUBJECT(gmem_usage_options, cancel, "plain", GMEM_VM_DEFAULT, use_usage, NULL),
	SUBJECT(gmem_watch_options, no_pages, "plain", GMEM_VM_DEFAULT, use_watch, NULL),
	SUBJECT(gmem_tdx_init_options, mrownerconfig, "tdx", GMEM_VM_TDX, use_tdx_init, NULL),
	SUBJECT(gmem_tdx_vcpu_options, cpuid, "tdx", GMEM_VM_TDX, use_tdx_vcpu, NULL),
	SUBJECT(gmem_tdx_launch_options, progress_arg, "tdx", GMEM_VM_TDX, use_tdx_launch, NULL),
	SUBJECT(gmem_snp_init_options, ghcb_version, "snp", GMEM_VM_SNP, use_snp_init, NULL),
	SUBJECT(gmem_snp_start_options, gosvw, "snp", GMEM_VM_SNP, use_snp_start, NULL),
	SUBJECT(gmem_snp_finish_options, host_data, "snp", GMEM_VM_SNP, use_snp_finish, NULL),
	SUBJECT(gmem_tdx_region, flags, "tdx", GMEM_VM_TDX, use_tdx_region, fill_tdx_region),
	/* The struct needs all its members. Only its padding can be left out. */
	{ "gmem_snp_region", "snp", GMEM_VM_SNP, sizeof(struct gmem_snp_region),
	  offsetof(struct gmem_snp_region, type) + sizeof(enum gmem_snp_page_type), use_snp_region,
	  fill_snp_region },
	SUBJECT(gmem_extent, has_page_flags, "plain", GMEM_VM_DEFAULT, use_extent, NULL),
	SUBJECT(gmem_mapped, mapped, "plain", GMEM_VM_DEFAULT, use_mapped, NULL),
	SUBJECT(gmem_ctx_options, redact, "plain", GMEM_VM_DEFAULT, use_ctx, fill_ctx),
};

#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

/*
 * Makes the call with a struct of that size, where last is the last byte, and checks its message.
 */
static int said_of(const struct subject *subject, size_t size, unsigned char last, const char *said)
{
	/* Allocates exactly that size, so that a sanitizer finds a read past its end. */
	unsigned char *options = calloc(1, size < sizeof(size_t) ? sizeof(size_t) : size);
	char why[1024];
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;
	int ret;

	ck_assert_ptr_nonnull(options);
	ck_assert_int_eq(gmem_ctx_new_simulated(subject->model, &ctx), 0);
	ck_assert_int_eq(gmem_vm_new(ctx, subject->type, &vm), 0);
	if (size && subject->fill)
		subject->fill(options);
	memcpy(options, &size, sizeof(size));
	if (last)
		options[size - 1] = last;
	ret = subject->use(ctx, vm, options);
	gmem_explain(ctx, why, sizeof(why));
	if (said && subject->use != use_ctx) /* there is no context yet that could explain */
		ck_assert_msg(strstr(why, said) != NULL, "%s: '%s'", subject->name, why);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
	free(options);
	return ret;
}

START_TEST(size_of_today_is_accepted)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		ck_assert_msg(said_of(&subjects[i], subjects[i].size, 0, NULL) == 0, "%s",
			      subjects[i].name);
}
END_TEST

START_TEST(shorter_struct_is_accepted)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		ck_assert_msg(said_of(&subjects[i], subjects[i].old_size, 0, NULL) == 0, "%s",
			      subjects[i].name);
}
END_TEST

START_TEST(longer_struct_must_be_zero)
{
	for (size_t i = 0; i < SUBJECTS; i++) {
		const struct subject *subject = &subjects[i];

		ck_assert_msg(said_of(subject, subject->size + MORE, 0, NULL) == 0, "%s",
			      subject->name);
		ck_assert_msg(said_of(subject, subject->size + MORE, 1, subject->name) == -E2BIG,
			      "%s", subject->name);
	}
}
END_TEST

START_TEST(size_0_is_refused)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		ck_assert_msg(said_of(&subjects[i], 0, 0, subjects[i].name) == -EINVAL, "%s",
			      subjects[i].name);
}
END_TEST

UNIT_MAIN("option_sizes", size_of_today_is_accepted, shorter_struct_is_accepted,
	  longer_struct_must_be_zero, size_0_is_refused)
