// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds the direct map without a symbol table and under KASLR.
 *
 * /sys/kernel/vmcoreinfo gives the physical address of a note whose text is known. The direct map
 * begins at a multiple of 1 GiB (kernel_randomize_memory() in arch/x86/mm/kaslr.c) below any
 * pointer into it, so each such multiple is a candidate, and right is the one at which the note
 * can be read. The page tables then have to translate the note's address back, or all is refused.
 */
#include "kmem/direct_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmem/kmem.h"
#include "kmem/pagetable.h"
#include "kmem/vmcoreinfo.h"
#include "procfs/file.h"

#define BASE_STEP (1ull << 30)
#define BASE_CANDIDATES (1u << 18) /* 256 TiB of RAM below a pointer */
#define BASE_BATCH 256
#define NOTE_HEAD 128 /* bytes that tell the note: its header and OSRELEASE */
#define KERNEL_IMAGE_BASE 0xffffffff80000000ull
#define ENTRY_FRAME 0x000ffffffffff000ull /* bits 12..51 of a table entry */

struct note {
	uint64_t physical;
	size_t size;
	char *text; /* NUL-terminated */
};

static int locate_note(struct gmem_ctx *ctx, struct note *note)
{
	static const char path[] = "/sys/kernel/vmcoreinfo";
	char line[64];
	int ret = gmem_read_line(ctx, path, line, sizeof(line));

	if (ret)
		return gmem_fail(ctx, -ENODATA,
				 "%s cannot be read (%s): the kernel needs CONFIG_VMCORE_INFO (or "
				 "CONFIG_CRASH_CORE before 6.9) for its direct map to be found",
				 path, strerror(-ret));
	if (gmem_vmcoreinfo_location(line, &note->physical, &note->size))
		return gmem_fail(ctx, -EILSEQ, "%s reads \"%s\", not an address and a size", path,
				 line);
	return 0;
}

/* Tries candidates from base downwards, a batch at a time, nearest first. */
static int search_base(struct gmem_ctx *ctx, const struct note *note, uint64_t highest,
		       uint64_t *base)
{
	struct gmem_kmem_request requests[BASE_BATCH];
	char(*heads)[NOTE_HEAD] = malloc(BASE_BATCH * sizeof(*heads));
	int ret = heads ? 0 : gmem_no_memory(ctx, "the search for the direct map");

	for (unsigned int tried = 0; !ret && tried < BASE_CANDIDATES; tried += BASE_BATCH) {
		for (unsigned int i = 0; i < BASE_BATCH; i++)
			requests[i] = (struct gmem_kmem_request){
				.address = highest - (tried + i) * BASE_STEP + note->physical,
				.buffer = heads[i],
				.length = NOTE_HEAD,
			};
		ret = gmem_kmem_read_batch(ctx, requests, BASE_BATCH);
		for (unsigned int i = 0; !ret && i < BASE_BATCH; i++) {
			if (requests[i].result ||
			    !gmem_vmcoreinfo_is(heads[i], NOTE_HEAD, ctx->release))
				continue;
			*base = highest - (tried + i) * BASE_STEP;
			gmem_log(ctx, GMEM_LOG_INFO,
				 "the direct map begins %u GiB below the task_struct's GiB",
				 tried + i);
			goto out;
		}
	}
	if (!ret)
		ret = gmem_fail(ctx, -ENODATA,
				"the direct map was not found: no base has the kernel's vmcoreinfo "
				"note at its physical address");
out:
	free(heads);
	return ret;
}

static int find_base(struct gmem_ctx *ctx, const struct note *note, uint64_t *base)
{
	uint64_t address, physical;
	int ret = ctx->kernel->ops->direct_map_hint(ctx->kernel, &address, &physical);

	if (!ret) {
		*base = address - physical;
		gmem_log(ctx, GMEM_LOG_INFO, "the reader tells where the direct map begins");
		return 0;
	}
	/* The slab allocator gave the task_struct, so its address lies in the direct map. */
	ret = ctx->kernel->ops->current_task(ctx->kernel, &address);
	if (ret)
		return gmem_fail(ctx, ret, "this process's task_struct was not found: %s",
				 gmem_error_words(ret));
	return search_base(ctx, note, address & ~(BASE_STEP - 1), base);
}

static int read_note(struct gmem_ctx *ctx, uint64_t base, struct note *note)
{
	char *bytes = malloc(note->size);
	int ret;

	if (!bytes)
		return gmem_no_memory(ctx, "the vmcoreinfo note");
	ret = gmem_kmem_read(ctx, base + note->physical, bytes, note->size);
	if (ret || !gmem_vmcoreinfo_is(bytes, note->size, ctx->release)) {
		ret = gmem_fail(ctx, ret ? ret : -EILSEQ,
				"the kernel's vmcoreinfo note is not where it should be");
		goto out;
	}
	note->text = strndup(bytes + GMEM_VMCOREINFO_TEXT, note->size - GMEM_VMCOREINFO_TEXT);
	if (!note->text)
		ret = gmem_no_memory(ctx, "the vmcoreinfo note");
out:
	free(bytes);
	return ret;
}

struct wanted {
	const char *key;
	int base;
	bool required;
};

/* arch/x86/kernel/vmcore_info_64.c and kernel/vmcore_info.c name these. */
enum { SWAPPER_PG_DIR, PHYS_BASE, VMEMMAP, SIZE_PAGE, LEVEL5, SME_MASK, VMALLOC_START, KEYS };
static const struct wanted keys[KEYS] = {
	[SWAPPER_PG_DIR] = { "SYMBOL(swapper_pg_dir)", 16, true },
	[PHYS_BASE] = { "NUMBER(phys_base)", 10, true },
	[VMEMMAP] = { "SYMBOL(vmemmap)", 16, false }, /* not in 6.1; page caches need it */
	[SIZE_PAGE] = { "SIZE(page)", 10, true },
	[LEVEL5] = { "NUMBER(pgtable_l5_enabled)", 10, true },
	[SME_MASK] = { "NUMBER(sme_mask)", 10, false },
	[VMALLOC_START] = { "NUMBER(VMALLOC_START)", 16, false },
};

static int parse_note(struct gmem_ctx *ctx, const struct note *note, struct gmem_image *image)
{
	uint64_t values[KEYS] = { 0 };

	for (size_t i = 0; i < KEYS; i++) {
		int ret = gmem_vmcoreinfo_number(note->text, keys[i].key, keys[i].base, &values[i]);

		if (ret && (keys[i].required || ret != -ENOENT))
			return gmem_fail(ctx, -ENODATA, "the kernel's vmcoreinfo note lacks %s",
					 keys[i].key);
	}
	if (values[SIZE_PAGE] == 0 || values[SIZE_PAGE] > GMEM_KMEM_REQUEST_MAX)
		return gmem_fail(ctx, -EILSEQ, "a struct page of %llu bytes cannot be",
				 (unsigned long long)values[SIZE_PAGE]);
	image->levels = values[LEVEL5] ? 5 : 4;
	image->root = image->page_offset_base + values[SWAPPER_PG_DIR] - KERNEL_IMAGE_BASE +
		      values[PHYS_BASE];
	image->vmemmap = values[VMEMMAP];
	image->struct_page_size = values[SIZE_PAGE];
	image->frame_mask = ENTRY_FRAME & ~values[SME_MASK];
	/* The next region bounds this one; MAX_PHYSMEM_BITS is 46 or 52. */
	image->region_end = image->page_offset_base + (1ull << (values[LEVEL5] ? 52 : 46));
	if (values[VMALLOC_START] > image->page_offset_base &&
	    values[VMALLOC_START] < image->region_end)
		image->region_end = values[VMALLOC_START];
	return 0;
}

/* The tables must map the note where the base says that it is. */
static int prove(struct gmem_ctx *ctx, const struct gmem_image *image, const struct note *note)
{
	struct gmem_directmap_run run;
	int ret = gmem_pagetable_lookup(ctx, image, note->physical / GMEM_PAGE_SIZE, &run);

	if (ret)
		return ret;
	if (run.direct_map != GMEM_DIRECT_MAP_MAPPED)
		return gmem_fail(ctx, -EILSEQ,
				 "the page tables do not map the page that was just read: the "
				 "kernel's layout is not understood");
	return 0;
}

int gmem_image_new(struct gmem_ctx *ctx, struct gmem_image **out)
{
	struct gmem_image *image = calloc(1, sizeof(*image));
	struct note note = { 0 };
	int ret = image ? locate_note(ctx, &note)
			: gmem_no_memory(ctx, "the search for the direct map");

	if (!ret)
		ret = find_base(ctx, &note, &image->page_offset_base);
	if (!ret)
		ret = read_note(ctx, image->page_offset_base, &note);
	if (!ret)
		ret = parse_note(ctx, &note, image);
	if (!ret)
		ret = prove(ctx, image, &note);
	free(note.text);
	if (ret) {
		free(image);
		return ret;
	}
	gmem_log(ctx, GMEM_LOG_INFO, "page tables of %d levels, a struct page of %" PRIu64 " bytes",
		 image->levels, image->struct_page_size);
	*out = image;
	return 0;
}

void gmem_image_free(struct gmem_image *image)
{
	free(image);
}
