// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The image of an arm64 kernel from its vmcoreinfo, and the walker on page tables of any geometry.
 * Whatever image a text describes, the walker does not leave it, and its runs have no gaps.
 */
#include "fuzz.h"

#include "kmem/pagetable.h"

static const uint8_t *words;
static size_t word_count;

/* All memory has the same few entries, over and over, in another order at each address. */
static int read_words(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	(void)kernel;
	for (size_t i = 0; i < n; i++) {
		unsigned char *to = requests[i].buffer;

		HOLDS(requests[i].length && requests[i].length <= GMEM_KMEM_REQUEST_MAX);
		requests[i].result = requests[i].address % 509 == 508 ? -EFAULT : 0;
		for (size_t at = 0; at < requests[i].length; at += 8) {
			uint64_t which = ((requests[i].address >> 12) + at / 8) % word_count;

			memcpy(to + at, words + which * 8, 8);
		}
	}
	return 0;
}

static int take(const struct gmem_directmap_run *run, void *arg)
{
	uint64_t *next = arg;

	HOLDS(run->pfn == *next && run->pages > 0);
	HOLDS((run->direct_map == GMEM_DIRECT_MAP_UNKNOWN) == (run->reason != NULL));
	HOLDS((run->direct_map == GMEM_DIRECT_MAP_MAPPED) == (run->level != GMEM_LEVEL_NONE));
	*next += run->pages;
	return 0;
}

static void walk(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t first,
		 uint64_t pages)
{
	uint64_t next = first;

	if (!gmem_pagetable_walk(ctx, image, first, pages, take, &next))
		HOLDS(next == first + pages);
}

/* The input is text up to the first NUL, then entries. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_kernel_ops ops;
	static struct gmem_ctx *ctx;
	struct gmem_image image;
	size_t length = strnlen((const char *)data, size);
	uint64_t first, end;

	if (!ctx) {
		ctx = fuzz_ctx("plain");
		ops = *ctx->kernel->ops;
		ops.machine = "aarch64";
		ops.read_kmem = read_words;
		ctx->kernel->ops = &ops;
	}
	if (length == size || gmem_image_parse(ctx, (const char *)data, 0, &image))
		return 0;
	words = data + length + 1;
	word_count = (size - length - 1) / 8;
	if (!word_count)
		return 0;
	gmem_image_region(&image, &first, &end);
	HOLDS(first < end && end - first <= 1ull << (52 - image.tables.page_shift));
	HOLDS(image.tables.levels > 0 && image.tables.levels <= GMEM_TABLE_LEVELS_MAX);
	HOLDS(gmem_tables_index_bits(&image.tables, 0) > 0);
	HOLDS(gmem_tables_index_bits(&image.tables, 0) <= image.tables.page_shift - 3);
	walk(ctx, &image, first, 700);
	walk(ctx, &image, first + 0x12345, 1);
	walk(ctx, &image, end - 1, 3);
	return 0;
}
