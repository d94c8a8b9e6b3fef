/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What benchmarks print of their rounds. */
#ifndef TEST_MEDIAN_H
#define TEST_MEDIAN_H

#include <stdlib.h>

static inline int by_value(const void *a, const void *b)
{
	return *(const double *)a < *(const double *)b ? -1
						       : *(const double *)a > *(const double *)b;
}

/* Sorts them. */
static inline double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

#endif
