/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by all unit test programs. Each has one file, one subject, one suite, one main(). */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdlib.h>

/* A main() that runs these tests, START_TEST names, as one suite. */
#define UNIT_MAIN(title, ...)                                                 \
	int main(void)                                                        \
	{                                                                     \
		const TTest *const tests[] = { __VA_ARGS__ };                 \
		Suite *suite = suite_create(title);                           \
		for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) { \
			TCase *tcase = tcase_create(tests[i]->name);          \
			tcase_set_timeout(tcase, 120);                        \
			tcase_add_test(tcase, tests[i]);                      \
			suite_add_tcase(suite, tcase);                        \
		}                                                             \
		SRunner *runner = srunner_create(suite);                      \
		srunner_run_all(runner, CK_ENV);                              \
		int failed = srunner_ntests_failed(runner);                   \
		srunner_free(runner);                                         \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                  \
	}

#endif
