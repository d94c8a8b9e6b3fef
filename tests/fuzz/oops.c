// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel's log: bounded values, no kernel address in words, and the same
 * result however the log is cut.
 */
#include "fuzz.h"

#include <gmem/oops.h>

#define MAX 64

struct found {
	struct gmem_oops oopses[MAX];
	size_t n;
};

static void check(const struct gmem_oops *oops)
{
	char text[2048];
	int length = gmem_oops_describe(oops, text, sizeof(text));

	HOLDS(length > 0 && (size_t)length < sizeof(text) && strlen(text) == (size_t)length);
	HOLDS(gmem_oops_advice(oops) && gmem_oops_kind_name(oops->kind));
	HOLDS(memchr(oops->command, '\0', sizeof(oops->command)));
	HOLDS(memchr(oops->release, '\0', sizeof(oops->release)));
	HOLDS(memchr(oops->function, '\0', sizeof(oops->function)));
	HOLDS(memchr(oops->witness, '\0', sizeof(oops->witness)));
	HOLDS(!oops->base || oops->base % (1 << 29) == 0);
	/* If the base is known, address and page frame agree. */
	HOLDS(!oops->base || !oops->has_pfn ||
	      oops->base + oops->pfn * oops->page_size == (oops->address & ~(oops->page_size - 1)));
	HOLDS(!(oops->notes & GMEM_OOPS_NOT_DIRECT_MAP) || !oops->base);
	HOLDS(!(oops->notes & GMEM_OOPS_OTHER_MACHINE) || (!oops->has_pfn && !oops->path));
	HOLDS(!(oops->notes & GMEM_OOPS_INTERLEAVED) || !oops->path);
}

static int keep(const struct gmem_oops *oops, void *arg)
{
	struct found *found = arg;

	check(oops);
	if (found->n < MAX)
		found->oopses[found->n] = *oops;
	found->n++;
	return 0;
}

static void read_log(const uint8_t *data, size_t size, size_t piece, struct found *found)
{
	struct gmem_oops_counts counts = { .size = sizeof(counts) };
	struct gmem_oops_log *log;

	memset(found, 0, sizeof(*found));
	if (gmem_oops_new(keep, found, &log))
		abort();
	for (size_t at = 0; at < size; at += piece)
		HOLDS(!gmem_oops_feed(log, data + at, piece < size - at ? piece : size - at));
	HOLDS(!gmem_oops_end(log));
	gmem_oops_get_counts(log, &counts);
	HOLDS(counts.faults == found->n);
	gmem_oops_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct found whole, cut;

	read_log(data, size, size + 1, &whole);
	read_log(data, size, 7, &cut);
	HOLDS(whole.n == cut.n && !memcmp(whole.oopses, cut.oopses, sizeof(whole.oopses)));
	return 0;
}
