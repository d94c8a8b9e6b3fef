// SPDX-License-Identifier: LGPL-2.1-or-later
/* Splits of the direct map, which /proc/vmstat counts. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/error.h"
#include "base/options.h"
#include "procfs/file.h"

/* vmstat_text[] in mm/vmstat.c: level 2 is a PMD, level 3 a PUD. */
static const struct {
	const char *name;
	enum gmem_level level;
	bool collapses;
} lines[] = {
	{ "direct_map_level2_splits ", GMEM_LEVEL_PMD, false },
	{ "direct_map_level3_splits ", GMEM_LEVEL_PUD, false },
	{ "direct_map_level2_collapses ", GMEM_LEVEL_PMD, true },
	{ "direct_map_level3_collapses ", GMEM_LEVEL_PUD, true },
};

static bool find(const char *text, const char *name, uint64_t *value)
{
	const char *at = strstr(text, name);

	return at && sscanf(at + strlen(name), "%" SCNu64, value) == 1;
}

int gmem_directmap_get_counters(struct gmem_ctx *ctx, struct gmem_directmap_counters *out)
{
	struct gmem_directmap_counters counters = { .has_collapses = true };
	bool has_splits = true;
	char *text;
	int ret;

	gmem_begin(ctx);
	ret = gmem_read_file(ctx, "/proc/vmstat", &text, NULL);
	if (ret)
		return gmem_fail(ctx, ret, "/proc/vmstat cannot be read: %s",
				 gmem_error_words(ret));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		uint64_t *values = lines[i].collapses ? counters.collapses : counters.splits;
		bool *has = lines[i].collapses ? &counters.has_collapses : &has_splits;

		*has = find(text, lines[i].name, &values[lines[i].level]) && *has;
	}
	free(text);
	if (!has_splits)
		return gmem_fail(ctx, -ENODATA,
				 "/proc/vmstat does not count splits of the direct map");
	return GMEM_FILL_OUT(ctx, gmem_directmap_counters, has_collapses, out, &counters);
}
