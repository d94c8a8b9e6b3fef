// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * x86-64: show_fault_oops() and dump_pagetable() in arch/x86/mm/fault.c, __die_header() and
 * __show_regs(). Read in Linux 7.3.4; older shapes back to 6.1 differ in words that are not needed.
 */
#include <string.h>

#include "base/page.h"
#include "oops/frame.h"
#include "oops/text.h"

/* Bits of the error code: enum x86_pf_error_code. */
#define CODE_PRESENT 0x1u
#define CODE_WRITE 0x2u
#define CODE_RESERVED 0x8u
#define CODE_FETCH 0x10u
#define CODE_RMP 0x80000000u

/* Bits of an entry. */
#define ENTRY_PRESENT 0x1ull
#define ENTRY_RW 0x2ull
#define ENTRY_DIRTY 0x40ull
#define ENTRY_LEAF 0x80ull /* of a PUD or PMD */
#define ENTRY_GLOBAL 0x100ull
#define ENTRY_FRAME 0x000ffffffffff000ull

#define KERNEL_HALF 0x8000000000000000ull

static bool take_header(struct oops_text *text, const char *rest)
{
	uint64_t address;

	if (!oops_hex_n(rest, 16, &address))
		return false;
	text->seen |= SEEN_HEADER;
	oops_note_address(text, address);
	return true;
}

static bool take_null(struct oops_text *text, const char *rest)
{
	if (!take_header(text, rest))
		return false;
	text->seen |= SEEN_NULL;
	return true;
}

/* "supervisor write access in kernel mode" */
static bool take_access(struct oops_text *text, const char *rest)
{
	static const struct {
		const char *words;
		enum gmem_oops_access access;
	} accesses[] = {
		{ " read access", GMEM_OOPS_ACCESS_READ },
		{ " write access", GMEM_OOPS_ACCESS_WRITE },
		{ " instruction fetch", GMEM_OOPS_ACCESS_EXECUTE },
	};

	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++)
		if (strstr(rest, accesses[i].words))
			text->access = accesses[i].access;
	return text->access;
}

/* "0x0000) - not-present page" */
static bool take_code(struct oops_text *text, const char *rest)
{
	uint64_t code;

	rest = oops_hex(rest, &code);
	if (!rest || *rest != ')' || code > UINT32_MAX)
		return false;
	oops_note_code(text, code);
	return true;
}

/* "Oops: 0002 [#1] SMP": since 6.10 the word is there twice. */
static bool take_die(struct oops_text *text, const char *rest)
{
	uint64_t code;

	if (!strncmp(rest, "Oops: ", 6))
		rest += 6;
	rest = oops_hex(rest, &code);
	if (!rest || strncmp(rest, " [#", 3) || code > UINT32_MAX)
		return false;
	oops_note_code(text, code);
	text->seen |= SEEN_DIE;
	return true;
}

static const char *const levels[OOPS_LEVELS] = { "PGD ", "P4D ", "PUD ", "PMD ", "PTE " };

/*
 * "PGD 1 P4D 1 PUD 2 PMD 3 PTE 4": entries in the order of the walk, the last ones may be missing.
 */
static bool take_walk(struct oops_text *text, const char *line)
{
	unsigned int before = text->walked;

	for (unsigned int i = 0; i < OOPS_LEVELS; i++) {
		const char *end;
		uint64_t value;

		if (strncmp(line, levels[i], 4))
			continue;
		end = oops_hex(line + 4, &value);
		if (!end || (*end != ' ' && *end))
			break;
		oops_note_entry(text, i, value);
		line = end + strspn(end, " ");
	}
	return text->walked != before;
}

/* "PFN 0x26e0, RMP entry: […": of a violation of the RMP. */
static bool take_rmp(struct oops_text *text, const char *rest)
{
	uint64_t pfn;

	rest = oops_hex(rest, &pfn);
	if (!rest ||
	    (strncmp(rest, ", RMP entry", 11) && strncmp(rest, " unassigned, dumping", 20)))
		return false;
	text->rmp_pfn = pfn;
	text->seen |= SEEN_RMP;
	return true;
}

static bool take_user(struct oops_text *text, const char *rest)
{
	(void)rest;
	text->seen |= SEEN_USER;
	if (text->seen & SEEN_TRACE)
		text->seen |= SEEN_TRACE_END;
	return true;
}

/* The address again: "CR2: ffff… CR3: …" */
static bool take_cr2(struct oops_text *text, const char *rest)
{
	uint64_t address;

	/* What else prints registers has a CR2, too: an older fault's. */
	if (oops_hex_n(rest, 16, &address) &&
	    (text->walked || text->seen & (SEEN_HEADER | SEEN_CODE | SEEN_DIE)))
		oops_note_address(text, address);
	return true;
}

static const struct oops_line lines[] = {
	{ "BUG: unable to handle page fault for address: ", true, take_header, false },
	{ "BUG: unable to handle kernel paging request at ", true, take_header, false },
	{ "BUG: kernel NULL pointer dereference, address: ", true, take_null, false },
	{ "BUG: unable to handle kernel NULL pointer dereference at ", true, take_null, false },
	{ "#PF: error_code(0x", true, take_code, false },
	{ "#PF: ", true, take_access, false },
	{ "PGD ", true, take_walk, true },
	{ "P4D ", true, take_walk, true },
	{ "PUD ", true, take_walk, true },
	{ "PMD ", true, take_walk, true },
	{ "PTE ", true, take_walk, true },
	{ "PFN 0x", false, take_rmp, false },
	{ "Oops: ", true, take_die, false },
	{ "RIP: 0010:", false, oops_take_function, false },
	{ "RIP: 0033:", false, take_user, false },
	{ "RAX: ", false, oops_take_registers, true },
	{ "RDX: ", false, oops_take_registers, true },
	{ "RBP: ", false, oops_take_registers, true },
	{ "R10: ", false, oops_take_registers, true },
	{ "R13: ", false, oops_take_registers, true },
	{ "CR2: ", false, take_cr2, false },
	{ NULL, false, NULL, false },
};

static enum gmem_oops_kind kind_of(const struct oops_text *text)
{
	bool has_code = text->seen & SEEN_CODE, has_address = text->seen & SEEN_ADDRESS;

	if (text->seen & SEEN_NULL || (has_address && text->address < GMEM_PAGE_SIZE))
		return GMEM_OOPS_NULL;
	if (has_address && text->address < KERNEL_HALF)
		return GMEM_OOPS_USER;
	if (!has_code)
		return GMEM_OOPS_UNKNOWN;
	if (!(text->code & CODE_PRESENT))
		return GMEM_OOPS_NOT_PRESENT;
	if (text->code & CODE_RESERVED)
		return GMEM_OOPS_RESERVED;
	return text->code & CODE_RMP ? GMEM_OOPS_RMP : GMEM_OOPS_PERMISSION;
}

static enum gmem_oops_access access_of(const struct oops_text *text, struct gmem_oops *out)
{
	enum gmem_oops_access access = text->access;

	if (!(text->seen & SEEN_CODE))
		return access;
	if (text->code & CODE_FETCH)
		access = GMEM_OOPS_ACCESS_EXECUTE;
	else
		access = text->code & CODE_WRITE ? GMEM_OOPS_ACCESS_WRITE : GMEM_OOPS_ACCESS_READ;
	if (text->access && text->access != access)
		out->notes |= GMEM_OOPS_CODE_DIFFERS;
	/* CLFLUSH is checked as a load is. */
	if (access == GMEM_OOPS_ACCESS_READ && !strncmp(text->function, "clflush_cache_range", 19))
		access = GMEM_OOPS_ACCESS_CACHE;
	return access;
}

static const struct {
	const char *name;
	unsigned int shift; /* of the memory that one entry maps */
} sizes[OOPS_LEVELS] = {
	{ "256T", 48 }, { "512G", 39 }, { "1G", 30 }, { "2M", 21 }, { "4K", 12 },
};

/* How an entry that is not present looks, by who made it so: arch/x86/mm/pat/set_memory.c. */
static const struct oops_shape shapes[] = {
	{ ENTRY_GLOBAL, ENTRY_GLOBAL, "KFENCE (a free object of its pool)" },
	{ ENTRY_RW | ENTRY_DIRTY, 0,
	  "set_direct_map_invalid_noflush (memfd_secret, guest_memfd without direct map, execmem, "
	  "vmalloc, debug_pagealloc)" },
	{ ENTRY_RW, ENTRY_RW, "set_memory_np (memory failure, drivers)" },
	{ 0, 0, NULL },
};

/*
 * From __PAGE_OFFSET_BASE_L5, or _L4, to CPU_ENTRY_AREA_BASE, in KASLR's steps; images lie above.
 */
static const struct oops_map five_level_map = { 1ull << 30, 0xff11000000000000ull,
						0xff11000000000000ull, 0xfffffe0000000000ull };
static const struct oops_map four_level_map = { 1ull << 30, 0xffff888000000000ull,
						0xffff888000000000ull, 0xfffffe0000000000ull };

/*
 * With SME active its bit is in every entry: memory ends below bit 46 with four levels. An entry
 * that is not present keeps it as it is while the frame is inverted, so that inverting clears it.
 */
static uint64_t frame_of(uint64_t entry, bool four_levels)
{
	uint64_t frame;

	if (!(entry & ENTRY_PRESENT))
		return ~entry & ENTRY_FRAME;
	frame = entry & ENTRY_FRAME;
	return four_levels ? frame & ((1ull << 46) - 1) : frame & ~(1ull << 51);
}

static void judge_walk(const struct oops_text *text, struct gmem_oops *out)
{
	unsigned int last = oops_last_level(text);
	uint64_t entry, size, physical;
	const struct oops_map *map;
	bool four_levels, present;

	if (last == OOPS_LEVELS) {
		out->notes |= GMEM_OOPS_NO_WALK;
		return;
	}
	entry = text->entry[last];
	present = entry & ENTRY_PRESENT;
	/* The entry points to a table, so the entry below it was lost. */
	if (present && last != OOPS_LEVELS - 1 && !(last >= 2 && entry & ENTRY_LEAF)) {
		out->notes |= GMEM_OOPS_NO_WALK;
		return;
	}
	out->level = sizes[last].name;
	oops_compare_entry(out, present);
	four_levels = (text->walked & 3) == 3 && text->entry[0] == text->entry[1];
	map = four_levels ? &four_level_map : &five_level_map;
	if (!entry) {
		/*
		 * KASLR moves the end of the direct map, so an empty entry does not tell whether
		 * the address is of vmalloc.
		 */
		out->notes |= GMEM_OOPS_EMPTY_ENTRY;
		out->notes |= oops_in_map(text, map) ? 0 : GMEM_OOPS_NOT_DIRECT_MAP;
		return;
	}
	if (!present)
		out->removed = oops_shape_find(shapes, entry);
	size = 1ull << sizes[last].shift;
	physical = frame_of(entry, four_levels) & ~(size - 1);
	physical |= text->address & (size - 1) & ~(GMEM_PAGE_SIZE - 1ull);
	oops_set_frame(text, physical, map, out);
}

static void judge(const struct oops_text *text, struct gmem_oops *out)
{
	out->kind = kind_of(text);
	out->access = access_of(text, out);
	out->page_size = GMEM_PAGE_SIZE;
	if (out->kind == GMEM_OOPS_NULL || out->kind == GMEM_OOPS_USER)
		return;
	judge_walk(text, out);
	if (text->seen & SEEN_RMP && out->has_pfn && out->pfn != text->rmp_pfn)
		out->notes |= GMEM_OOPS_PFN_DIFFERS;
	if (text->seen & SEEN_RMP && !out->has_pfn) {
		out->pfn = text->rmp_pfn;
		out->has_pfn = true;
	}
}

const struct oops_machine oops_x86 = {
	.name = "x86-64",
	.lines = lines,
	.judge = judge,
	.vmemmap_align = 1ull << 30,
	/*
	 * KASLR puts vmalloc behind the memory and CONFIG_RANDOMIZE_MEMORY_PHYSICAL_PADDING,
	 * rounded up to a TiB: kernel_randomize_memory() in arch/x86/mm/kaslr.c.
	 */
	.base_reaches = 1ull << 40,
};
