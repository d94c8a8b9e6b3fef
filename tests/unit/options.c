// SPDX-License-Identifier: GPL-2.0-or-later
/* Option structs with another size than in the library. */
#include "unit.h"

#include "base/options.h"
#include "port.h"

struct known {
	size_t size;
	uint64_t a;
	uint64_t b;
};

struct newer {
	struct known known;
	uint64_t c;
};

static struct gmem_ctx *ctx;
static unsigned int fds;

static void setup(void)
{
	ctx = port_ctx("plain");
	fds = gmem_sim_open_fds(port_sim(ctx));
}

static void teardown(void)
{
	port_ctx_free(ctx, fds, 0);
}

START_TEST(copies_the_same_size)
{
	const struct known from = { sizeof(from), 1, 2 };
	struct known to;

	setup();
	ck_assert_int_eq(gmem_options_copy(ctx, "known", &to, sizeof(to), &from), 0);
	ck_assert_uint_eq(to.a, 1);
	ck_assert_uint_eq(to.b, 2);
	teardown();
}
END_TEST

START_TEST(older_reads_as_zero)
{
	const struct known from = { offsetof(struct known, b), 1, 2 };
	struct known to;

	setup();
	ck_assert_int_eq(gmem_options_copy(ctx, "known", &to, sizeof(to), &from), 0);
	ck_assert_uint_eq(to.a, 1);
	ck_assert_uint_eq(to.b, 0);
	teardown();
}
END_TEST

START_TEST(newer_must_be_zero)
{
	struct newer from = { { sizeof(from), 1, 2 }, 0 };
	struct known to;

	setup();
	ck_assert_int_eq(gmem_options_copy(ctx, "known", &to, sizeof(to), &from), 0);
	ck_assert_uint_eq(to.b, 2);
	from.c = 1;
	ck_assert_int_eq(gmem_options_copy(ctx, "known", &to, sizeof(to), &from), -E2BIG);
	port_said(ctx, "struct known");
	teardown();
}
END_TEST

START_TEST(size_0_is_refused)
{
	const struct known from = { 0, 1, 2 };
	struct known to;

	setup();
	ck_assert_int_eq(gmem_options_copy(ctx, "known", &to, sizeof(to), &from), -EINVAL);
	port_said(ctx, "sizeof(struct known)");
	teardown();
}
END_TEST

START_TEST(none_is_all_defaults)
{
	struct known to = { 7, 7, 7 };

	setup();
	ck_assert_int_eq(gmem_options_copy(ctx, "known", &to, sizeof(to), NULL), 0);
	ck_assert_uint_eq(to.size, sizeof(to));
	ck_assert_uint_eq(to.a, 0);
	ck_assert_uint_eq(to.b, 0);
	teardown();
}
END_TEST

/*
 * Like the callers of copy_struct_from_user(), libgmem refuses a struct that is longer than a page.
 */
START_TEST(size_beyond_a_page)
{
	static const size_t sizes[] = { 4097, 1u << 20, SIZE_MAX };
	struct known from = { 0, 1, 2 }, to;

	setup();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		from.size = sizes[i];
		ck_assert_int_eq(gmem_options_copy(ctx, "known", &to, sizeof(to), &from), -E2BIG);
		port_said(ctx, "struct known");
	}
	teardown();
}
END_TEST

UNIT_MAIN("options", copies_the_same_size, older_reads_as_zero, newer_must_be_zero,
	  size_0_is_refused, none_is_all_defaults, size_beyond_a_page)
