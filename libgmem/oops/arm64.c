// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * arm64: die_kernel_fault(), mem_abort_decode() and show_pte() in arch/arm64/mm/fault.c, die() and
 * __show_regs(). Read in Linux 7.3.4.
 */
#include <string.h>

#include "base/page.h"
#include "oops/frame.h"
#include "oops/text.h"

/* Fields of ESR_EL1, arch/arm64/include/asm/esr.h. */
#define ESR_CLASS(esr) ((unsigned int)((esr) >> 26) & 0x3f)
#define ESR_WRITE 0x40u
#define ESR_WALK 0x80u /* S1PTW */
#define ESR_CACHE 0x100u
#define ESR_STATUS(esr) ((unsigned int)(esr)&0x3f)

#define CLASS_FETCH 0x21u /* of the current exception level */
#define CLASS_DATA 0x25u

#define ENTRY_VALID 0x1ull
#define ENTRY_TABLE 0x2ull
#define ENTRY_PRESENT_INVALID 0x800ull

#define KERNEL_HALF 0x8000000000000000ull

/* "paging request at virtual address ffff000004f85000" */
static bool take_header(struct oops_text *text, const char *rest)
{
	const char *at = strstr(rest, " at virtual address ");
	uint64_t address;

	if (!at || !oops_hex_n(at + 20, 16, &address))
		return false;
	text->seen |= SEEN_HEADER;
	if (!strncmp(rest, "NULL pointer", 12))
		text->seen |= SEEN_NULL;
	if (!strncmp(rest, "access to hypervisor-protected memory", 37))
		text->seen |= SEEN_PROTECTED;
	oops_note_address(text, address);
	return true;
}

static bool take_info(struct oops_text *text, const char *rest)
{
	(void)text;
	(void)rest;
	return true;
}

static bool take_esr(struct oops_text *text, const char *rest)
{
	uint64_t esr;

	if (!oops_hex(rest, &esr))
		return false;
	oops_note_code(text, esr);
	return true;
}

/* "0000000096000007 [#1]  SMP", or "96000007 [#1] …" */
static bool take_die(struct oops_text *text, const char *rest)
{
	uint64_t esr;

	rest = oops_hex(rest, &esr);
	if (!rest || strncmp(rest, " [#", 3))
		return false;
	oops_note_code(text, esr);
	text->seen |= SEEN_DIE;
	return true;
}

/* "4k pages, 48-bit VAs, pgdp=…" */
static bool take_pgtable(struct oops_text *text, const char *rest)
{
	static const struct {
		const char *words;
		uint64_t size;
	} sizes[] = { { "4k pages, ", 4096 }, { "16k pages, ", 16384 }, { "64k pages, ", 65536 } };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t length = strlen(sizes[i].words);

		if (strncmp(rest, sizes[i].words, length))
			continue;
		rest += length;
		if (rest[0] < '3' || rest[0] > '5' || rest[1] < '0' || rest[1] > '9' ||
		    strncmp(rest + 2, "-bit VAs", 8))
			return false;
		text->page_size = sizes[i].size;
		text->va_bits = (unsigned int)(rest[0] - '0') * 10 + (unsigned int)(rest[1] - '0');
		return true;
	}
	return false;
}

static const char *const levels[OOPS_LEVELS] = { "pgd=", "p4d=", "pud=", "pmd=", "pte=" };

/* "ffff000004f85000] pgd=…, p4d=…, pud=…, pmd=…, pte=…"; one blank more before Linux 6.2. */
static bool take_walk(struct oops_text *text, const char *rest)
{
	uint64_t address;

	rest = oops_hex_n(rest, 16, &address);
	if (!rest || strncmp(rest, "] pgd=", 6))
		return false;
	if (text->notes & GMEM_OOPS_INTERLEAVED && text->seen & SEEN_ADDRESS &&
	    text->address != address)
		return true; /* the other one's */
	oops_note_address(text, address);
	rest += 2;
	for (unsigned int i = 0; i < OOPS_LEVELS; i++) {
		uint64_t value;

		if (strncmp(rest, levels[i], 4))
			continue;
		rest = oops_hex_n(rest + 4, 16, &value);
		if (!rest)
			return true;
		oops_note_entry(text, i, value);
		rest += strspn(rest, ", ");
	}
	return true;
}

static const struct oops_line lines[] = {
	{ "Unable to handle kernel ", true, take_header, false },
	{ "Mem abort info:", true, take_info, false },
	{ "ESR = 0x", true, take_esr, false },
	{ "swapper pgtable: ", true, take_pgtable, false },
	{ "[", true, take_walk, false },
	{ "Internal error: Oops: ", true, take_die, false },
	{ "pc : ", false, oops_take_function, false },
	/* Three a line, from x29 down: lines begin with x29, x26 … x11, x8, x5, x2. */
	{ "x1", false, oops_take_registers, true },
	{ "x2", false, oops_take_registers, true },
	{ "x8 ", false, oops_take_registers, true },
	{ "x5 ", false, oops_take_registers, true },
	{ NULL, false, NULL, false },
};

/* What the fault status code stands for, from first to last. */
static const struct {
	unsigned int first, last;
	enum gmem_oops_kind kind;
} statuses[] = {
	{ 0x04, 0x07, GMEM_OOPS_NOT_PRESENT },
	{ 0x28, 0x2b, GMEM_OOPS_NOT_PRESENT },
	{ 0x08, 0x0f, GMEM_OOPS_PERMISSION },
};

static bool is_abort(uint64_t esr)
{
	return ESR_CLASS(esr) == CLASS_FETCH || ESR_CLASS(esr) == CLASS_DATA;
}

static enum gmem_oops_kind kind_of(const struct oops_text *text)
{
	bool has_address = text->seen & SEEN_ADDRESS;
	unsigned int status = ESR_STATUS(text->code);

	if (text->seen & SEEN_NULL || (has_address && text->address < GMEM_PAGE_SIZE))
		return GMEM_OOPS_NULL;
	if (has_address && text->address < KERNEL_HALF)
		return GMEM_OOPS_USER;
	if (text->seen & SEEN_PROTECTED)
		return GMEM_OOPS_PROTECTED;
	if (!(text->seen & SEEN_CODE) || !is_abort(text->code))
		return GMEM_OOPS_UNKNOWN;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (status >= statuses[i].first && status <= statuses[i].last)
			return statuses[i].kind;
	return GMEM_OOPS_UNKNOWN;
}

static enum gmem_oops_access access_of(const struct oops_text *text)
{
	if (!(text->seen & SEEN_CODE) || !is_abort(text->code))
		return GMEM_OOPS_ACCESS_UNKNOWN;
	if (ESR_CLASS(text->code) == CLASS_FETCH)
		return GMEM_OOPS_ACCESS_EXECUTE;
	/* A cache maintenance instruction always counts as a write. */
	if (text->code & ESR_CACHE)
		return GMEM_OOPS_ACCESS_CACHE;
	return text->code & ESR_WRITE ? GMEM_OOPS_ACCESS_WRITE : GMEM_OOPS_ACCESS_READ;
}

/* The size of the memory that an entry maps, by level above the last one, and its name. */
static const struct {
	uint64_t page_size;
	unsigned int bits; /* of an index */
	const char *names[3];
} granules[] = {
	{ 4096, 9, { "4K", "2M", "1G" } },
	{ 16384, 11, { "16K", "32M", "64G" } },
	{ 65536, 13, { "64K", "512M", "4T" } },
};

/*
 * set_direct_map_invalid_noflush() and set_memory_valid() clear the valid bit and set bit 11, which
 * means something only in an entry that is not valid.
 */
static const struct oops_shape shapes[] = {
	{ ENTRY_PRESENT_INVALID, ENTRY_PRESENT_INVALID,
	  "set_direct_map_invalid_noflush (memfd_secret, guest_memfd without direct map, execmem, "
	  "vmalloc, debug_pagealloc, KFENCE)" },
	{ 0, 0, NULL },
};

/*
 * The direct map is the lower half of the kernel's addresses: from _PAGE_OFFSET(vabits_actual) to
 * PAGE_END, which goes by VA_BITS_MIN, arch/arm64/include/asm/memory.h.
 */
static struct oops_map map_of(const struct oops_text *text)
{
	unsigned int least = text->page_size == 16384 ? 47 : 48;
	unsigned int bits = text->va_bits > 48 ? least : text->va_bits;

	return (struct oops_map){
		/*
		 * ARM64_MEMSTART_ALIGN, or less than that: with pages of 64 KiB the size of a PMD.
		 */
		.align = text->page_size == 65536 ? 1ull << 29 : 1ull << 30,
		.lowest = -(1ull << text->va_bits),
		.highest = -(1ull << (bits - 1)),
	};
}

static uint64_t frame_of(const struct oops_text *text, uint64_t entry)
{
	uint64_t frame = entry & 0x0000fffffffff000ull;

	if (text->page_size == 65536)
		return (frame & ~0xffffull) | (entry & 0xf000) << 36;
	if (text->va_bits == 52) /* LPA2 */
		return (entry & 0x0003fffffffff000ull) | (entry & 0x300) << 42;
	return frame;
}

static void judge_walk(const struct oops_text *text, struct gmem_oops *out)
{
	unsigned int last = oops_last_level(text), granule = 0, above;
	uint64_t entry, size, physical;
	struct oops_map map;

	while (granule < 3 && granules[granule].page_size != text->page_size)
		granule++;
	if (last == OOPS_LEVELS || granule == 3) {
		out->notes |= GMEM_OOPS_NO_WALK;
		return;
	}
	above = OOPS_LEVELS - 1 - last;
	entry = text->entry[last];
	if (above && (entry & (ENTRY_VALID | ENTRY_TABLE)) == (ENTRY_VALID | ENTRY_TABLE)) {
		out->notes |= GMEM_OOPS_NO_WALK;
		return;
	}
	out->level = above < 3 ? granules[granule].names[above] : NULL;
	oops_compare_entry(out, entry & ENTRY_VALID);
	map = map_of(text);
	if (!entry || above >= 3) {
		out->notes |= entry ? GMEM_OOPS_NO_WALK : GMEM_OOPS_EMPTY_ENTRY;
		out->notes |= oops_in_map(text, &map) ? 0 : GMEM_OOPS_NOT_DIRECT_MAP;
		return;
	}
	if (!(entry & ENTRY_VALID))
		out->removed = oops_shape_find(shapes, entry);
	size = text->page_size << (above * granules[granule].bits);
	physical = frame_of(text, entry) & ~(size - 1);
	physical |= text->address & (size - 1) & ~(text->page_size - 1);
	oops_set_frame(text, physical, &map, out);
}

static void judge(const struct oops_text *text, struct gmem_oops *out)
{
	out->kind = kind_of(text);
	out->access = access_of(text);
	out->page_size = text->page_size;
	if (out->kind != GMEM_OOPS_NULL && out->kind != GMEM_OOPS_USER)
		judge_walk(text, out);
}

const struct oops_machine oops_arm64 = {
	.name = "arm64",
	.lines = lines,
	.judge = judge,
	.vmemmap_align = 1ull << 24,
	.base_reaches = 1ull << 52,
};
