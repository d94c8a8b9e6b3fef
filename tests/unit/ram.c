// SPDX-License-Identifier: GPL-2.0-or-later
/* Where RAM is, or why that is unknown. Every caller gets the true reason. */
#include "unit.h"

#include "served.h"

#define ROOT "CapEff:\t000001ffffffffff\n"
#define USER "CapEff:\t0000000000000000\n"
#define HIDDEN "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n"
#define INITIAL "         0          0 4294967295\n"
#define CONTAINER "         0     100000      65536\n"

static const struct {
	const char *iomem;
	const char *status;
	const char *uid_map;
	int error;
	const char *why;
} cases[] = {
	{ HIDDEN, USER, INITIAL, -EACCES, "root with CAP_SYS_ADMIN sees them" },
	{ HIDDEN, USER, CONTAINER, -EACCES, "root with CAP_SYS_ADMIN sees them" },
	{ HIDDEN, ROOT, CONTAINER, -EACCES, "the root of a user namespace" },
	{ HIDDEN, ROOT, INITIAL, -EACCES, "shows no addresses to CAP_SYS_ADMIN either" },
	{ "", ROOT, INITIAL, -ENODATA, "has no line that says System RAM" },
	{ "00001000-0009ffff : Reserved\n", ROOT, INITIAL, -ENODATA,
	  "has no line that says System RAM" },
	{ "zzzz : System RAM\n", ROOT, INITIAL, -ENODATA, "are not ascending ranges" },
	{ "00100000 : System RAM\n", ROOT, INITIAL, -ENODATA, "are not ascending ranges" },
	{ "00200000-00100fff : System RAM\n", ROOT, INITIAL, -ENODATA, "are not ascending ranges" },
	{ "00100000-001fffff : System RAM\n00150000-0024ffff : System RAM\n", ROOT, INITIAL,
	  -ENODATA, "are not ascending ranges" },
};

static struct gmem_ctx *setup(size_t i)
{
	struct gmem_ctx *ctx = served_ctx("plain");

	serve_text("/proc/iomem", cases[i].iomem);
	serve_text("/proc/self/status", cases[i].status);
	serve_text("/proc/self/uid_map", cases[i].uid_map);
	return ctx;
}

START_TEST(reason_why_ram_is_unknown)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gmem_ctx *ctx = setup(i);
		struct gmem_directmap_summary sum = { .size = sizeof(sum) };
		struct gmem_frame frame = { .size = sizeof(frame) };

		ck_assert_int_eq(gmem_pfn_is_ram(ctx, 0x100), cases[i].error);
		port_said(ctx, cases[i].why);
		ck_assert_int_eq(gmem_directmap_summarize(ctx, NULL, NULL, &sum), cases[i].error);
		port_said(ctx, cases[i].why);
		ck_assert_int_eq(gmem_frame_get(ctx, 0x100, 0, &frame), 0);
		ck_assert_int_eq(frame.ram, -1);
		ck_assert_msg(strstr(frame.ram_reason, cases[i].why) != NULL, "%zu: %s", i,
			      frame.ram_reason);
		port_ctx_free(ctx, 0, 0);
	}
}
END_TEST

START_TEST(iomem_cannot_be_read)
{
	static const struct {
		int error;
		const char *why;
	} opens[] = {
		{ -EACCES, "is not permitted" },
		{ -EPERM, "is not permitted" },
		{ -ENOENT, "there is no /proc/iomem" },
		{ -EIO, "reading /proc/iomem failed" },
	};

	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		struct gmem_ctx *ctx = port_ctx("plain");

		port_refuse_open(ctx, "/proc/iomem", opens[i].error);
		ck_assert_int_eq(gmem_pfn_is_ram(ctx, 0x100), opens[i].error);
		port_said(ctx, opens[i].why);
		port_fail_at(ctx, 0, 0);
		ck_assert_int_eq(gmem_pfn_is_ram(ctx, 0x100), 1); /* the failure was temporary */
		port_ctx_free(ctx, 0, 0);
	}
}
END_TEST

START_TEST(kpageflags_cannot_be_read)
{
	static const struct {
		int error;
		const char *why;
	} opens[] = {
		{ -EACCES, "root is needed" },
		{ -ENOENT, "this kernel has no /proc/kpageflags" },
		{ -EIO, "reading /proc/kpageflags failed" },
	};
	struct gmem_ctx *ctx = served_ctx("plain");
	struct gmem_frame frame = { .size = sizeof(frame) };

	serve_text("/proc/kpageflags", "");
	ck_assert_int_eq(gmem_frame_get(ctx, 0x100, GMEM_EXTENT_FLAGS, &frame), 0);
	ck_assert(!frame.has_page_flags);
	ck_assert_ptr_nonnull(strstr(frame.flags_reason, "ends before this page frame"));
	port_ctx_free(ctx, 0, 0);
	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		ctx = port_ctx("plain");
		port_refuse_open(ctx, "/proc/kpageflags", opens[i].error);
		ck_assert_int_eq(gmem_frame_get(ctx, 0x100, GMEM_EXTENT_FLAGS, &frame), 0);
		ck_assert(!frame.has_page_flags);
		ck_assert_ptr_nonnull(strstr(frame.flags_reason, opens[i].why));
		port_ctx_free(ctx, 0, 0);
	}
	ctx = port_ctx("plain");
	ck_assert_int_eq(gmem_frame_get(ctx, 0x100, GMEM_EXTENT_FLAGS, &frame), 0);
	ck_assert(frame.has_page_flags);
	ck_assert_ptr_null(frame.flags_reason);
	ck_assert_ptr_null(frame.ram_reason);
	port_ctx_free(ctx, 0, 0);
}
END_TEST

/* For error codes of the library's own, the C library's words are not used. */
START_TEST(own_errors_have_own_words)
{
	struct gmem_ctx *ctx = port_ctx("plain");
	char text[GMEM_EXPLANATION_MAX];

	gmem_explain_error(ctx, -EILSEQ, text, sizeof(text));
	ck_assert_str_eq(text, "what was read contradicts itself");
	gmem_explain_error(ctx, -EIO, text, sizeof(text));
	ck_assert_str_eq(text, strerror(EIO));
	port_ctx_free(ctx, 0, 0);
}
END_TEST

UNIT_MAIN("ram", reason_why_ram_is_unknown, iomem_cannot_be_read, kpageflags_cannot_be_read,
	  own_errors_have_own_words)
