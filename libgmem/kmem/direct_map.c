// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds the direct map without a symbol table and under KASLR.
 *
 * /sys/kernel/vmcoreinfo gives the physical address of a note with known text. On x86-64 the direct
 * map begins at a multiple of 1 GiB (kernel_randomize_memory() in arch/x86/mm/kaslr.c) below any
 * pointer into it. So each such multiple is a candidate, and the right one is that at which the
 * note can be read. On arm64 nothing is searched: the kernel says where the note is, and the note
 * tells all else. At last the page tables must translate the note's address back; otherwise the
 * result is refused.
 */
#include "kmem/direct_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernel/image/vmcoreinfo.h"
#include "kmem/kmem.h"
#include "kmem/pagetable.h"
#include "procfs/file.h"

#define BASE_STEP (1ull << 30)
#define BASE_CANDIDATES (1u << 18) /* 256 TiB of RAM below a pointer */
#define BASE_BATCH 256
#define NOTE_HEAD 128 /* bytes that tell the note: its header and OSRELEASE */

static const struct gmem_image_machine *machine_of(const struct gmem_ctx *ctx)
{
	return gmem_image_machine(ctx->kernel->ops->machine);
}

int gmem_image_known(struct gmem_ctx *ctx)
{
	if (machine_of(ctx))
		return 0;
	return gmem_fail(ctx, -ENOTSUP,
			 "the page tables of %s are not known to this version of libgmem: what is "
			 "in the direct map can be told on x86-64 and arm64 only",
			 ctx->kernel->ops->machine);
}

struct note {
	uint64_t physical;
	size_t size;
	char *text; /* NUL-terminated */
};

/* A dump has vmcoreinfo and its own answer about the direct map, so nothing is searched. */
static int take_recorded(struct gmem_ctx *ctx, struct note *note, uint64_t *base)
{
	struct gmem_kernel *kernel = ctx->kernel;
	uint64_t address, physical;
	int ret = kernel->ops->direct_map_hint(kernel, &address, &physical);

	if (ret)
		return gmem_fail(ctx, ret, "where the direct map begins is not known");
	*base = address - physical;
	note->text = strdup(kernel->ops->vmcoreinfo(kernel));
	return note->text ? 0 : gmem_no_memory(ctx, "the vmcoreinfo note");
}

static int locate_note(struct gmem_ctx *ctx, struct note *note)
{
	static const char path[] = "/sys/kernel/vmcoreinfo";
	char line[64];
	int ret = gmem_read_line(ctx, path, line, sizeof(line));

	if (ret == -EACCES || ret == -EPERM)
		return gmem_fail(ctx, ret, "%s cannot be read: %s; run as root", path,
				 strerror(-ret));
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
				 "found the beginning of the direct map: candidate %u of those "
				 "below this process's task_struct, 1 GiB apart",
				 tried + i + 1);
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

/*
 * The slab allocator gave the task_struct, so its address lies in the direct map, and the base is
 * below it.
 */
static int search_below_task(struct gmem_ctx *ctx, const struct note *note, uint64_t *base)
{
	uint64_t address;
	int ret = ctx->kernel->ops->current_task(ctx->kernel, &address);

	if (ret)
		return gmem_fail(ctx, ret, "this process's task_struct was not found: %s",
				 gmem_error_words(ret));
	return search_base(ctx, note, address & ~(BASE_STEP - 1), base);
}

/* The kernel's own pointer to the note (kernel/vmcore_info.c), which is of the direct map. */
static int ask_symbol(struct gmem_ctx *ctx, const struct note *note, uint64_t *base)
{
	static const char name[] = "vmcoreinfo_note";
	uint64_t symbol, address;
	int ret = ctx->kernel->ops->symbol(ctx->kernel, name, &symbol);

	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, symbol, &address);
	if (ret)
		return gmem_fail(ctx, ret == -EPERM ? ret : -ENODATA,
				 "the kernel does not tell where its vmcoreinfo note is: "
				 "/proc/kcore cannot be read, and /proc/kallsyms has no "
				 "address of %s (%s); it takes CAP_SYS_RAWIO for the one, "
				 "CAP_SYSLOG and CONFIG_KALLSYMS_ALL for the other",
				 name, gmem_error_words(ret));
	*base = address - note->physical;
	return 0;
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
	return machine_of(ctx)->tells_base ? ask_symbol(ctx, note, base)
					   : search_below_task(ctx, note, base);
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

static int find_note(struct gmem_ctx *ctx, struct note *note, uint64_t *base)
{
	int ret = locate_note(ctx, note);

	if (!ret)
		ret = find_base(ctx, note, base);
	return ret ? ret : read_note(ctx, *base, note);
}

int gmem_image_vmcoreinfo(struct gmem_ctx *ctx, const struct gmem_image *image, char **text)
{
	struct note note = { .text = NULL };
	int ret = locate_note(ctx, &note);

	if (!ret)
		ret = read_note(ctx, image->page_offset_base, &note);
	*text = note.text;
	return ret;
}

int gmem_image_parse(struct gmem_ctx *ctx, const char *vmcoreinfo, uint64_t base,
		     struct gmem_image *image)
{
	const struct gmem_image_machine *machine = machine_of(ctx);
	const char *why;
	int ret;

	if (!machine)
		return gmem_image_known(ctx);
	ret = gmem_image_make(machine, vmcoreinfo, base, image, &why);
	if (ret == -ENODATA)
		return gmem_fail(ctx, ret, "the kernel's vmcoreinfo note lacks %s", why);
	if (ret)
		return gmem_fail(ctx, ret, "the kernel's vmcoreinfo note: %s", why);
	if (image->struct_page_size == 0 || image->struct_page_size > GMEM_KMEM_REQUEST_MAX)
		return gmem_fail(ctx, -EILSEQ, "a struct page of %llu bytes cannot be",
				 (unsigned long long)image->struct_page_size);
	return 0;
}

/* As gmem_image_parse(), where a reader found the note at base. */
static int parse_note(struct gmem_ctx *ctx, const struct note *note, struct gmem_image *image)
{
	uint64_t base = image->page_offset_base;
	int ret = gmem_image_parse(ctx, note->text, base, image);

	if (ret)
		return ret;
	if (image->page_offset_base != base)
		return gmem_fail(ctx, -EILSEQ,
				 "the kernel's vmcoreinfo note is at another address than the one "
				 "that it tells: the kernel's layout is not understood");
	if (image->tables.page_shift != ctx->page_shift)
		return gmem_fail(ctx, -EILSEQ,
				 "the kernel's vmcoreinfo note tells pages of %llu bytes, and the "
				 "system ones of %llu",
				 1ull << image->tables.page_shift, 1ull << ctx->page_shift);
	return 0;
}

/*
 * The tables must map the note where the base says that it is. If the note was found in another
 * way, they must map the page directory, which never leaves the direct map.
 */
static int prove(struct gmem_ctx *ctx, const struct gmem_image *image, const struct note *note)
{
	uint64_t physical = note->physical ? note->physical : image->root - image->page_offset_base;
	struct gmem_directmap_run run;
	int ret = gmem_pagetable_lookup(ctx, image, physical >> ctx->page_shift, &run);

	if (ret)
		return ret;
	if (run.direct_map == GMEM_DIRECT_MAP_UNKNOWN && ctx->kernel->ops->dump)
		return gmem_fail(ctx, -ENODATA, "the page tables cannot be followed: %s",
				 run.reason);
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
	int ret = image ? 0 : gmem_no_memory(ctx, "the search for the direct map");

	if (!ret)
		ret = ctx->kernel->ops->vmcoreinfo
			      ? take_recorded(ctx, &note, &image->page_offset_base)
			      : find_note(ctx, &note, &image->page_offset_base);
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
		 image->tables.levels, image->struct_page_size);
	*out = image;
	return 0;
}

void gmem_image_free(struct gmem_image *image)
{
	free(image);
}
