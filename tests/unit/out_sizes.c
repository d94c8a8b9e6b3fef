// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every struct that the library fills, with the size of a newer program (longer), and without a
 * size. The library zeroes unknown members, does not write what does not fit, and refuses mistakes.
 * It also tests every struct that the library allocates.
 */
#include "unit.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

/* A newer program's struct is today's struct and more. */
#define MORE 64
#define BYTES (1 << 16)

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_memory *memory;

/* Makes a VM with a guest_memfd that has pages and is bound. */
static void setup(const char *model, enum gmem_vm_type type)
{
	struct gmem_memory_options made = { .size = sizeof(made), .memory_size = BYTES };
	struct gmem_slot_options slot = { .size = sizeof(slot), .memory_size = BYTES };

	ck_assert_int_eq(gmem_ctx_new_simulated(model, &ctx), 0);
	ck_assert_int_eq(gmem_vm_new(ctx, type, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &made, &memory), 0);
	slot.memory = memory;
	ck_assert_int_eq(gmem_slot_set(vm, &slot), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, BYTES), 0);
}

static void teardown(void)
{
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
}

static int get_keys(void *out)
{
	return gmem_keys_get(ctx, "tdx", out);
}

static int get_frame(void *out)
{
	return gmem_frame_get(ctx, 0x100000, GMEM_EXTENT_DIRECT_MAP, out);
}

static int get_summary(void *out)
{
	return gmem_directmap_summarize(ctx, NULL, NULL, out);
}

static int get_counters(void *out)
{
	return gmem_directmap_get_counters(ctx, out);
}

static int get_row(void *out)
{
	struct gmem_flush_subject subject = { .size = sizeof(subject), .vm_type = -1 };
	struct gmem_flush *flush;
	int ret = gmem_flush_new(ctx, &subject, &flush);

	ck_assert_int_eq(ret, 0);
	ret = gmem_flush_row_at(flush, 0, out);
	gmem_flush_free(flush);
	return ret;
}

static int get_preflight(void *out)
{
	struct gmem_preflight_options options = { .size = sizeof(options), .memory = memory };

	return gmem_flush_preflight(ctx, &options, out, NULL);
}

static int with_target(int (*get)(struct gmem_target *target, void *out), void *out)
{
	struct gmem_target *target;
	int ret = gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target);

	ck_assert_int_eq(ret, 0);
	ret = get(target, out);
	gmem_target_free(target);
	return ret;
}

static int info_of(struct gmem_target *target, void *out)
{
	return gmem_target_get_info(target, out);
}

static int get_info(void *out)
{
	return with_target(info_of, out);
}

static int binding_of(struct gmem_target *target, void *out)
{
	return gmem_target_binding(target, 0, out);
}

static int get_binding(void *out)
{
	return with_target(binding_of, out);
}

/* A cursor returns 1 if it gave an extent. */
static int next_of(struct gmem_target *target, void *out)
{
	struct gmem_extents *extents;
	int ret = gmem_extents_new(target, NULL, &extents);

	ck_assert_int_eq(ret, 0);
	ret = gmem_extents_next(extents, out);
	gmem_extents_free(extents);
	return ret > 0 ? 0 : ret;
}

static int get_extent(void *out)
{
	return with_target(next_of, out);
}

static int with_owners(int (*get)(const struct gmem_owners *owners, void *out), void *out)
{
	struct gmem_owners *owners;
	int ret = gmem_owners_new(ctx, NULL, &owners);

	ck_assert_int_eq(ret, 0);
	ret = get(owners, out);
	gmem_owners_free(owners);
	return ret;
}

static int owned_of(const struct gmem_owners *owners, void *out)
{
	return gmem_owners_at(owners, 0, out);
}

static int get_owned(void *out)
{
	return with_owners(owned_of, out);
}

static int owner_of(const struct gmem_owners *owners, void *out)
{
	return gmem_owners_owner(owners, 0, 0, out);
}

static int get_owner(void *out)
{
	return with_owners(owner_of, out);
}

static int primary_of(const struct gmem_owners *owners, void *out)
{
	return gmem_owners_primary(owners, 0, 0, out);
}

static int get_primary(void *out)
{
	return with_owners(primary_of, out);
}

static int counts_of(const struct gmem_owners *owners, void *out)
{
	return gmem_owners_get_counts(owners, out);
}

static int get_owners_counts(void *out)
{
	return with_owners(counts_of, out);
}

static int get_watch_counts(void *out)
{
	struct gmem_watch *watch;
	int ret = gmem_watch_new(ctx, NULL, &watch);

	ck_assert_int_eq(ret, 0);
	ret = gmem_watch_get_counts(watch, out);
	gmem_watch_free(watch);
	return ret;
}

static int get_node(void *out)
{
	struct gmem_nodes *nodes;
	int ret = gmem_nodes_new(ctx, &nodes);

	ck_assert_int_eq(ret, 0);
	ret = gmem_nodes_at(nodes, 0, out);
	gmem_nodes_free(nodes);
	return ret;
}

static int get_answer(void *out)
{
	struct gmem_host *host;
	int ret = gmem_host_new(ctx, &host);

	ck_assert_int_eq(ret, 0);
	ret = gmem_host_answer(host, GMEM_FOR_TDX, out);
	gmem_host_free(host);
	return ret;
}

static int get_vmcalls(void *out)
{
	struct gmem_tdx_capabilities *capabilities;
	int ret = gmem_tdx_capabilities_new(vm, &capabilities);

	ck_assert_int_eq(ret, 0);
	ret = gmem_tdx_get_vmcalls(capabilities, out);
	gmem_tdx_capabilities_free(capabilities);
	return ret;
}

static int no_oops(const struct gmem_oops *oops, void *arg)
{
	(void)oops;
	(void)arg;
	return 0;
}

static int get_oops_counts(void *out)
{
	struct gmem_oops_log *log;
	int ret = gmem_oops_new(no_oops, NULL, &log);

	ck_assert_int_eq(ret, 0);
	ret = gmem_oops_get_counts(log, out);
	gmem_oops_free(log);
	return ret;
}

#define SUBJECT(type, last, get)                                                  \
	{                                                                         \
#type, sizeof(struct type), GMEM_END_OF(struct type, last), (get) \
	}

/* last is the last member of the struct's first version: members added since may be left out. */
static const struct subject {
	const char *name;
	size_t size;
	size_t first;
	int (*get)(void *out);
} subjects[] = {
	SUBJECT(gmem_keys, has_limit, get_keys),
	SUBJECT(gmem_frame, flags_reason, get_frame),
	SUBJECT(gmem_directmap_summary, has_meminfo, get_summary),
	SUBJECT(gmem_directmap_counters, has_collapses, get_counters),
	SUBJECT(gmem_flush_row, has_first_pfn, get_row),
	SUBJECT(gmem_preflight, inferred, get_preflight),
	SUBJECT(gmem_target_info, access_reason, get_info),
	SUBJECT(gmem_binding, flags, get_binding),
	SUBJECT(gmem_extent, has_pfn, get_extent),
	SUBJECT(gmem_owned, descriptors, get_owned),
	SUBJECT(gmem_owner, path_only, get_owner),
	SUBJECT(gmem_owner, path_only, get_primary),
	SUBJECT(gmem_owners_counts, first_stuck, get_owners_counts),
	SUBJECT(gmem_watch_counts, has_counters, get_watch_counts),
	SUBJECT(gmem_node, allowed, get_node),
	SUBJECT(gmem_purpose_answer, fix, get_answer),
	SUBJECT(gmem_tdx_vmcalls, user_r12, get_vmcalls),
	SUBJECT(gmem_oops_counts, zeros, get_oops_counts),
};

#define SUBJECTS (int)(sizeof(subjects) / sizeof(subjects[0]))

/* A struct of length bytes, all of them 0xa5, with its size set to size. */
static unsigned char *with_size(size_t length, size_t size)
{
	unsigned char *out = malloc(length);

	ck_assert_ptr_nonnull(out);
	memset(out, 0xa5, length);
	memcpy(out, &size, sizeof(size));
	return out;
}

static bool all_are(const unsigned char *bytes, size_t n, unsigned char value)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

/* A sanitizer finds a write beyond its end. */
START_TEST(fills_the_size_of_today)
{
	const struct subject *subject = &subjects[_i];
	unsigned char *out = with_size(subject->size, subject->size);
	size_t size;

	setup("tdx", GMEM_VM_TDX);
	ck_assert_msg(subject->get(out) == 0, "%s", subject->name);
	memcpy(&size, out, sizeof(size));
	ck_assert_uint_eq(size, subject->size);
	free(out);
	teardown();
}
END_TEST

START_TEST(zeroes_the_rest_of_longer_structs)
{
	const struct subject *subject = &subjects[_i];
	size_t longer = subject->size + MORE, size;
	unsigned char *out = with_size(longer, longer);

	setup("tdx", GMEM_VM_TDX);
	ck_assert_msg(subject->get(out) == 0, "%s", subject->name);
	memcpy(&size, out, sizeof(size));
	ck_assert_uint_eq(size, longer);
	ck_assert_msg(all_are(out + subject->size, MORE, 0), "%s", subject->name);
	free(out);
	teardown();
}
END_TEST

/* Nothing is written, and the explanation names the struct. */
static void refused(const struct subject *subject, size_t size, int error)
{
	const size_t length = subject->size;
	unsigned char *out = with_size(length, size);
	char why[1024];

	ck_assert_msg(subject->get(out) == error, "%s of %zu bytes", subject->name, size);
	ck_assert_msg(all_are(out + sizeof(size), length - sizeof(size), 0xa5), "%s",
		      subject->name);
	gmem_explain(ctx, why, sizeof(why));
	if (subject->get != get_oops_counts) /* a log has no context that could explain */
		ck_assert_msg(strstr(why, subject->name) != NULL, "%s: '%s'", subject->name, why);
	free(out);
}

START_TEST(wrong_sizes_are_refused)
{
	const struct subject *subject = &subjects[_i];

	setup("tdx", GMEM_VM_TDX);
	refused(subject, 0, -EINVAL);
	refused(subject, subject->first - 1, -EINVAL);
	refused(subject, 4097, -E2BIG);
	refused(subject, SIZE_MAX, -E2BIG);
	teardown();
}
END_TEST

/* The struct has grown by two members. The program knows one of them. */
START_TEST(fills_no_more_than_asked)
{
	struct grown {
		size_t size;
		uint32_t was, middle, last;
	} known = { .was = 1, .middle = 2, .last = 3 };
	unsigned char *out = with_size(sizeof(known), GMEM_END_OF(struct grown, middle));
	struct grown *filled = (struct grown *)out;

	ck_assert_int_eq(GMEM_FILL_OUT(NULL, grown, was, filled, &known), 0);
	ck_assert_uint_eq(filled->size, GMEM_END_OF(struct grown, middle));
	ck_assert_uint_eq(filled->was, 1);
	ck_assert_uint_eq(filled->middle, 2);
	ck_assert(all_are(out + offsetof(struct grown, last), sizeof(filled->last), 0xa5));
	filled->size = GMEM_END_OF(struct grown, was);
	ck_assert_int_eq(GMEM_FILL_OUT(NULL, grown, was, filled, &known), 0);
	filled->size--;
	ck_assert_int_eq(GMEM_FILL_OUT(NULL, grown, was, filled, &known), -EINVAL);
	free(out);
}
END_TEST

#define HAS_SIZE(pointer) ck_assert_uint_eq((pointer)->size, sizeof(*(pointer)))

static int check_run(const struct gmem_directmap_run *run, void *arg)
{
	HAS_SIZE(run);
	++*(unsigned int *)arg;
	return 0;
}

static int check_extent(const struct gmem_extent *extent, void *arg)
{
	HAS_SIZE(extent);
	++*(unsigned int *)arg;
	return 0;
}

static int check_change(const struct gmem_change *change, void *arg)
{
	HAS_SIZE(change);
	++*(unsigned int *)arg;
	return 0;
}

static int check_frame(const struct gmem_owned_frame *frame, void *arg)
{
	HAS_SIZE(frame);
	++*(unsigned int *)arg;
	return 0;
}

static int check_oops(const struct gmem_oops *oops, void *arg)
{
	HAS_SIZE(oops);
	++*(unsigned int *)arg;
	return 0;
}

static int first_pfn(const struct gmem_extent *extent, void *arg)
{
	*(uint64_t *)arg = extent->pfn;
	return 1;
}

static void check_extents(unsigned int *seen, uint64_t *pfn)
{
	const unsigned int wants[] = { 0, GMEM_EXTENT_DIRECT_MAP,
				       GMEM_EXTENT_FLAGS | GMEM_EXTENT_ONE_BY_ONE };
	struct gmem_target *target;

	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target), 0);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		ck_assert_int_eq(gmem_target_extents(target, 0, 0, wants[i], check_extent, seen),
				 0);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, 0, first_pfn, pfn), 1);
	gmem_target_free(target);
}

static void check_watch(unsigned int *seen)
{
	struct gmem_watch *watch;

	ck_assert_int_eq(gmem_watch_new(ctx, NULL, &watch), 0);
	ck_assert_int_eq(gmem_watch_look(watch, check_change, seen), 0);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, BYTES), 0);
	ck_assert_int_eq(gmem_watch_look(watch, check_change, seen), 0);
	gmem_watch_free(watch);
}

/* A struct for a callback has its size. */
START_TEST(structs_of_callbacks_have_a_size)
{
	static const char oops[] = "[    1.0] BUG: unable to handle page fault for address: "
				   "ffff888100000000\n"
				   "[    1.0] #PF: supervisor read access in kernel mode\n"
				   "[    1.0] ---[ end trace 0000000000000000 ]---\n";
	unsigned int runs = 0, extents = 0, changes = 0, frames = 0, oopses = 0;
	struct gmem_owners *owners;
	struct gmem_oops_log *log;
	uint64_t pfn;

	setup("plain", GMEM_VM_DEFAULT);
	ck_assert_int_eq(gmem_directmap_walk(ctx, 0, 0, check_run, &runs), 0);
	check_extents(&extents, &pfn);
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	ck_assert_int_eq(gmem_owners_find(owners, &pfn, 1, check_frame, &frames), 0);
	gmem_owners_free(owners);
	check_watch(&changes);
	ck_assert_int_eq(gmem_oops_new(check_oops, &oopses, &log), 0);
	ck_assert_int_eq(gmem_oops_feed(log, oops, sizeof(oops) - 1), 0);
	ck_assert_int_eq(gmem_oops_end(log), 0);
	gmem_oops_free(log);
	ck_assert(runs && extents >= 3 && changes && frames && oopses);
	teardown();
}
END_TEST

/* A struct that the library returns by a pointer has it, too. */
START_TEST(returned_structs_have_a_size)
{
	const struct gmem_capability *capability;
	const struct gmem_flush_path *path;
	const struct gmem_launch *launch;
	const struct gmem_check *check;
	struct gmem_host *host;

	setup("plain", GMEM_VM_DEFAULT);
	for (size_t i = 0; (capability = gmem_capability_at(i)); i++)
		HAS_SIZE(capability);
	for (size_t i = 0; (path = gmem_flush_path_at(i)); i++)
		HAS_SIZE(path);
	launch = gmem_launch_of(GMEM_VM_TDX);
	HAS_SIZE(launch);
	launch = gmem_launch_of(GMEM_VM_SNP);
	HAS_SIZE(launch);
	ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
	for (size_t i = 0; (check = gmem_host_check(host, i)); i++)
		HAS_SIZE(check);
	gmem_host_free(host);
	teardown();
}
END_TEST

/*
 * This struct has no size, so it must not grow. abidiff does not report that, as
 * only a pointer leads to it.
 */
START_TEST(cpu_set_never_grows)
{
	ck_assert_uint_eq(offsetof(struct gmem_cpu_set, mask), 0);
	ck_assert_uint_eq(offsetof(struct gmem_cpu_set, words), sizeof(void *));
	ck_assert_uint_eq(sizeof(struct gmem_cpu_set), 2 * sizeof(void *));
}
END_TEST

START_TEST(initialisers_zero_the_rest)
{
	unsigned char dirty[sizeof(struct gmem_populate_options)];
	struct gmem_populate_options *placed = (void *)dirty;

	GMEM_STRUCT(gmem_populate_options, options);
	memset(dirty, 0xa5, sizeof(dirty));
	gmem_struct_init(placed, sizeof(*placed));
	ck_assert_uint_eq(options.size, sizeof(options));
	ck_assert_mem_eq(&options, dirty, sizeof(options));
	ck_assert(all_are(dirty + sizeof(size_t), sizeof(dirty) - sizeof(size_t), 0));
	ck_assert(GMEM_HAS(gmem_populate_options, &options, beyond_available));
	options.size = offsetof(struct gmem_populate_options, beyond_available);
	ck_assert(!GMEM_HAS(gmem_populate_options, &options, beyond_available));
	ck_assert(GMEM_HAS(gmem_populate_options, &options, cancel));
}
END_TEST

START_TEST(page_and_level_sizes)
{
	static const struct {
		enum gmem_level level;
		uint64_t bytes;
		const char *name;
	} levels[] = {
		{ GMEM_LEVEL_NONE, 0, "-" },
		{ GMEM_LEVEL_PTE, 4096, "4K" },
		{ GMEM_LEVEL_PMD, 2ull << 20, "2M" },
		{ GMEM_LEVEL_PUD, 1ull << 30, "1G" },
	};
	size_t types = 0;

	setup("plain", GMEM_VM_DEFAULT);
	ck_assert_uint_eq(gmem_page_size(ctx), 4096);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		ck_assert_uint_eq(gmem_level_bytes(ctx, levels[i].level), levels[i].bytes);
		ck_assert_str_eq(gmem_level_name(ctx, levels[i].level), levels[i].name);
	}
	for (int level = GMEM_LEVEL_PUD + 1; level < 2 * GMEM_LEVEL_ROOM; level++) {
		ck_assert_uint_eq(gmem_level_bytes(ctx, (enum gmem_level)level), 0);
		ck_assert_ptr_null(gmem_level_name(ctx, (enum gmem_level)level));
	}
	while (gmem_vm_type_at(types) >= 0) {
		enum gmem_vm_type type = (enum gmem_vm_type)gmem_vm_type_at(types++), again;

		ck_assert_int_eq(gmem_vm_type_from_name(gmem_vm_type_name(type), &again), 0);
		ck_assert_int_eq(type, again);
	}
	ck_assert_uint_eq(types, 7);
	ck_assert_int_eq(gmem_vm_type_at(types), -ENOENT);
	ck_assert_ptr_null(gmem_vm_type_name((enum gmem_vm_type)256));
	teardown();
}
END_TEST

START_TEST(version_is_that_of_the_header)
{
	char headers[32];

	snprintf(headers, sizeof(headers), "%d.%d.%d", GMEM_VERSION_MAJOR, GMEM_VERSION_MINOR,
		 GMEM_VERSION_PATCH);
	ck_assert_str_eq(gmem_version(), headers);
	ck_assert(GMEM_VERSION_AT_LEAST(0, 1, 0));
	ck_assert(!GMEM_VERSION_AT_LEAST(GMEM_VERSION_MAJOR, GMEM_VERSION_MINOR,
					 GMEM_VERSION_PATCH + 1));
}
END_TEST

int main(void)
{
	const TTest *const each[] = { fills_the_size_of_today, zeroes_the_rest_of_longer_structs,
				      wrong_sizes_are_refused };
	const TTest *const once[] = {
		fills_no_more_than_asked,     structs_of_callbacks_have_a_size,
		returned_structs_have_a_size, cpu_set_never_grows,
		initialisers_zero_the_rest,   page_and_level_sizes,
		version_is_that_of_the_header
	};
	Suite *suite = suite_create("out_sizes");
	TCase *tcase = tcase_create("structs that the library fills");
	SRunner *runner;
	int failed;

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		tcase_add_loop_test(tcase, each[i], 0, SUBJECTS);
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		tcase_add_test(tcase, once[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
