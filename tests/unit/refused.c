// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments that would be ignored or rounded are refused, with an explanation. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "memory.h"

#define BYTES (16 * GMEM_PAGE_SIZE)
#define UNKNOWN (1u << 31)

static void setup(void)
{
	memory_setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP, BYTES);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, BYTES), 0);
}

static int nothing(const struct gmem_extent *extent, void *arg)
{
	(void)extent;
	(void)arg;
	return 0;
}

static int extents(uint64_t offset, uint64_t length, unsigned int want)
{
	return gmem_target_extents(target, offset, length, want, nothing, NULL);
}

static int cursor(uint64_t offset, uint64_t length, unsigned int want)
{
	struct gmem_extents_options options = {
		.size = sizeof(options), .offset = offset, .length = length, .want = want
	};
	struct gmem_extents *found = NULL;
	int ret = gmem_extents_new(target, &options, &found);

	gmem_extents_free(found);
	return ret;
}

static int populate(uint64_t offset, uint64_t length, unsigned int want)
{
	struct gmem_populate_options options = { .size = sizeof(options),
						 .method = GMEM_POPULATE_ALLOCATE,
						 .offset = offset,
						 .length = length };

	(void)want;
	return gmem_populate(NULL, memory, &options, NULL, NULL);
}

static int preflight(uint64_t offset, uint64_t length, unsigned int want)
{
	struct gmem_preflight_options options = {
		.size = sizeof(options), .memory = memory, .offset = offset, .length = length
	};
	struct gmem_preflight out = { .size = sizeof(out) };

	(void)want;
	return gmem_flush_preflight(ctx, &options, &out, NULL);
}

static int bind_nodes(uint64_t offset, uint64_t length, unsigned int want)
{
	const unsigned long node = 1;

	(void)want;
	return gmem_memory_bind_nodes(memory, offset, length ? length : GMEM_PAGE_SIZE, 2, &node,
				      1);
}

static int allocate(uint64_t offset, uint64_t length, unsigned int want)
{
	(void)want;
	return gmem_memory_allocate(memory, offset, length ? length : GMEM_PAGE_SIZE);
}

static int punch(uint64_t offset, uint64_t length, unsigned int want)
{
	(void)want;
	return gmem_memory_punch(memory, offset, length ? length : GMEM_PAGE_SIZE);
}

static const struct {
	const char *name;
	int (*call)(uint64_t offset, uint64_t length, unsigned int want);
	bool wants;
} calls[] = {
	{ "extents", extents, true },	 { "cursor", cursor, true },
	{ "populate", populate, false }, { "preflight", preflight, false },
	{ "bind", bind_nodes, false },	 { "allocate", allocate, false },
	{ "punch", punch, false },
};

static void refused(size_t i, uint64_t offset, uint64_t length, unsigned int want, const char *said)
{
	char why[1024];

	ck_assert_msg(calls[i].call(offset, length, want) == -EINVAL, "%s", calls[i].name);
	gmem_explain(ctx, why, sizeof(why));
	ck_assert_msg(strstr(why, said) != NULL, "%s: %s", calls[i].name, why);
}

START_TEST(unaligned_ranges_are_refused)
{
	setup();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ck_assert_msg(calls[i].call(GMEM_PAGE_SIZE, 2 * GMEM_PAGE_SIZE, 0) == 0, "%s",
			      calls[i].name);
		refused(i, 1, GMEM_PAGE_SIZE, 0, "multiple of");
		refused(i, GMEM_PAGE_SIZE, GMEM_PAGE_SIZE + 8, 0, "multiple of");
		refused(i, GMEM_PAGE_SIZE / 2, 0, 0, "multiple of");
	}
	memory_teardown();
}
END_TEST

START_TEST(unknown_bits_are_refused)
{
	struct gmem_frame frame = { .size = sizeof(frame) };
	char why[1024];

	setup();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].wants)
			refused(i, 0, 0, UNKNOWN | GMEM_EXTENT_FLAGS, "knows no bits 0x80000000");
	ck_assert_int_eq(gmem_frame_get(ctx, 0x100000, UNKNOWN, &frame), -EINVAL);
	gmem_explain(ctx, why, sizeof(why));
	ck_assert_ptr_nonnull(strstr(why, "knows no bits 0x80000000"));
	memory_teardown();
}
END_TEST

/* The earlier choice stays. */
START_TEST(unknown_reader_keeps_the_choice)
{
	setup();
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_KCORE), 0);
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_INFERRED), -EINVAL);
	ck_assert_int_eq(gmem_reader_open(ctx, (enum gmem_evidence)77), -EINVAL);
	ck_assert_int_eq(gmem_reader_evidence(ctx), GMEM_EVIDENCE_KCORE);
	ck_assert_int_eq(extents(0, 0, GMEM_EXTENT_DIRECT_MAP), 0);
	memory_teardown();
}
END_TEST

UNIT_MAIN("refused", unaligned_ranges_are_refused, unknown_bits_are_refused,
	  unknown_reader_keeps_the_choice)
