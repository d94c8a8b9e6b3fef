// SPDX-License-Identifier: GPL-2.0-or-later
/* The cause that directmap gives if the DirectMap lines of /proc/meminfo differ from the page
 * tables. */
#include "unit.h"

#include <string.h>

#include "commands/directmap/counters.c"

#define MIB (1ull << 20)

/* Three levels, in MiB: what the lines say, and what the page tables have, in RAM and besides it.
 */
static const struct {
	uint64_t lines[3], in_direct_map[3], outside[3], holes, unknown;
	const char *cause;
} cases[] = {
	/* A split of the kernel image's own mapping: the sums agree, the levels do not. */
	{ { 6, 92, 1024 }, { 3, 94, 1024 }, { 1, 0, 0 }, 0, 0, "splits of its image" },
	{ { 6, 92, 1024 }, { 4, 94, 1024 }, { 0, 0, 0 }, 8, 0, "splits of its image" },
	/* The lines have less than the page tables and the holes, or a part could not be read. */
	{ { 4, 90, 1024 }, { 4, 94, 1024 }, { 0, 0, 0 }, 0, 0, "cause is not known" },
	{ { 4, 96, 1024 }, { 4, 94, 1024 }, { 0, 0, 0 }, 8, 0, "cause is not known" },
	{ { 4, 94, 2048 }, { 4, 94, 1024 }, { 0, 0, 0 }, 0, 2, "cause is not known" },
	/* Pages that left are still counted. */
	{ { 4, 96, 1024 }, { 4, 94, 1024 }, { 0, 0, 0 }, 2, 0, "the holes: pages that leave" },
	{ { 4, 98, 1024 }, { 4, 94, 1024 }, { 0, 2, 0 }, 2, 0, "the holes: pages that leave" },
	/* A mapping was counted once for each range of RAM in it, with holes and without. */
	{ { 4, 94, 2048 }, { 4, 94, 1024 }, { 0, 0, 0 }, 2, 0, "the holes, and at boot" },
	{ { 4, 94, 2048 }, { 4, 94, 1024 }, { 0, 0, 0 }, 0, 0, "at boot the kernel counts" },
};

START_TEST(cause_by_the_sums)
{
	struct gmem_directmap_summary summary = {
		.size = sizeof(summary),
		.holes = cases[_i].holes * MIB,
		.unknown = cases[_i].unknown * MIB,
	};
	const char *cause;

	for (int i = 0; i < 3; i++) {
		summary.meminfo[GMEM_LEVEL_PTE + i] = cases[_i].lines[i] * MIB;
		summary.in_direct_map[GMEM_LEVEL_PTE + i] = cases[_i].in_direct_map[i] * MIB;
		summary.outside[GMEM_LEVEL_PTE + i] = cases[_i].outside[i] * MIB;
	}
	cause = counters_differ(&summary);
	ck_assert_msg(strstr(cause, cases[_i].cause) != NULL, "%d: %s", _i, cause);
	/* Without holes no cause speaks of them. */
	if (!cases[_i].holes)
		ck_assert_ptr_null(strstr(cause, "holes"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("counters");
	TCase *tcase = tcase_create("cause_by_the_sums");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, cause_by_the_sums, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
