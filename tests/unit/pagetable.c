// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walker on page tables of arm64 that this test makes, for each geometry that a kernel has. The
 * table below has the number of levels and the size of the root. How an entry encodes a physical
 * address is written here again, independent of libgmem.
 */
#include "unit.h"

#include <inttypes.h>

#include "kmem/pagetable.h"
#include "port.h"

#define VALID 1ull
#define NOT_BLOCK 2ull /* a table or a page */
#define READ_ONLY (1ull << 7)
#define SHARED (3ull << 8) /* inner shareable; with LPA2 these are address bits */
#define ACCESSED (1ull << 10)
#define NOT_GLOBAL (1ull << 11) /* in an entry that is not valid: the page left the linear map */
#define CONTIGUOUS (1ull << 52)
#define PXN (1ull << 53)
#define NORMAL (ACCESSED | PXN | 1ull << 54 | 1ull << 51)
#define TABLE_PXN (1ull << 59)
#define TABLE_READ_ONLY (1ull << 62)

enum upper_bits {
	UPPER_NONE,
	UPPER_LPA2, /* 51:50 in 9:8 */
	UPPER_LPA,  /* 51:48 in 15:12 */
};

static const struct geometry {
	const char *name;
	unsigned int page_shift;
	unsigned int va_bits; /* configured */
	unsigned int in_use;
	uint64_t ram; /* start of RAM, and PHYS_OFFSET, except on a CPU with fewer bits */
	int levels;
	unsigned int root_bits; /* bits of the root's index */
	unsigned int end_bits;	/* the linear map ends 2^this before the end of the addresses */
	enum upper_bits upper;
} geometries[] = {
	{ "4K, 39 bits", 12, 39, 39, 0x40000000, 3, 9, 38, UPPER_NONE },
	{ "4K, 48 bits", 12, 48, 48, 0x80000000, 4, 9, 47, UPPER_NONE },
	{ "4K, 48 bits, high", 12, 48, 48, 0x800080000000, 4, 9, 47, UPPER_NONE },
	{ "4K, 52 bits, LPA2", 12, 52, 52, 0x40000000, 5, 4, 47, UPPER_LPA2 },
	{ "4K, 52 bits, LPA2, high", 12, 52, 52, 0xc000040000000, 5, 4, 47, UPPER_LPA2 },
	{ "4K, 52 bits on 48", 12, 52, 48, 0x40000000, 4, 9, 47, UPPER_NONE },
	{ "16K, 36 bits", 14, 36, 36, 0x40000000, 2, 11, 35, UPPER_NONE },
	{ "16K, 47 bits", 14, 47, 47, 0x40000000, 3, 11, 46, UPPER_NONE },
	{ "16K, 48 bits", 14, 48, 48, 0x40000000, 4, 1, 47, UPPER_NONE },
	{ "16K, 52 bits, LPA2", 14, 52, 52, 0x4000040000000, 4, 5, 46, UPPER_LPA2 },
	{ "16K, 52 bits on 47", 14, 52, 47, 0x40000000, 3, 11, 46, UPPER_NONE },
	{ "64K, 42 bits", 16, 42, 42, 0x40000000, 2, 13, 41, UPPER_LPA },
	{ "64K, 48 bits", 16, 48, 48, 0x40000000, 3, 6, 47, UPPER_LPA },
	{ "64K, 52 bits", 16, 52, 52, 0xf000040000000, 3, 10, 47, UPPER_LPA },
	{ "64K, 52 bits on 48", 16, 52, 48, 0x40000000, 3, 10, 47, UPPER_LPA },
};

#define GEOMETRIES ((int)(sizeof(geometries) / sizeof(geometries[0])))
#define TABLES 16

/* Physical memory: pages with tables, from some place in RAM on. */
static struct {
	const struct geometry *geometry;
	uint64_t base;	/* __va(0) */
	uint64_t first; /* physical address of tables[0], the root */
	uint64_t *tables[TABLES];
	unsigned int count;
	unsigned int refused; /* this table cannot be read; 0: none */
} memory;

static uint64_t page_bytes(void)
{
	return 1ull << memory.geometry->page_shift;
}

static uint64_t phys_offset(const struct geometry *geometry)
{
	/* If the CPU has fewer bits than the configuration, the kernel lowers memstart_addr. */
	return geometry->ram - ((1ull << geometry->va_bits) - (1ull << geometry->in_use));
}

static uint64_t new_table(void)
{
	ck_assert_uint_lt(memory.count, TABLES);
	memory.tables[memory.count] = calloc(1, page_bytes());
	ck_assert_ptr_nonnull(memory.tables[memory.count]);
	return memory.first + memory.count++ * page_bytes();
}

/* Encodes an address. Without LPA2 the shareability is where LPA2 has upper address bits. */
static uint64_t encode(uint64_t physical)
{
	switch (memory.geometry->upper) {
	case UPPER_LPA2:
		return (physical & 0x3ffffffffffffull) | (physical >> 50) << 8;
	case UPPER_LPA:
		return (physical & 0xffffffffffffull) | (physical >> 48) << 12 | SHARED;
	case UPPER_NONE:
		break;
	}
	return physical | SHARED;
}

static unsigned int shift_at(int above)
{
	return memory.geometry->page_shift +
	       (memory.geometry->page_shift - 3) * (unsigned int)above;
}

/* Returns the entry this many levels above the last level. Makes missing tables on the way. */
static uint64_t *entry_of(uint64_t physical, int above, uint64_t table_bits)
{
	const struct geometry *geometry = memory.geometry;
	uint64_t address = memory.base + physical;
	uint64_t *table = memory.tables[0];

	for (int at = geometry->levels - 1;; at--) {
		unsigned int bits =
			at == geometry->levels - 1 ? geometry->root_bits : geometry->page_shift - 3;
		uint64_t *entry = &table[address >> shift_at(at) & ((1ull << bits) - 1)];
		uint64_t next;

		if (at == above)
			return entry;
		if (!*entry)
			*entry = encode(new_table()) | VALID | NOT_BLOCK | table_bits;
		next = 0;
		for (unsigned int i = 1; i < memory.count; i++)
			if ((*entry & ~table_bits) ==
			    (encode(memory.first + i * page_bytes()) | VALID | NOT_BLOCK))
				next = i;
		ck_assert_uint_ne(next, 0);
		table = memory.tables[next];
	}
}

static int read_memory(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	(void)kernel;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = requests[i].address - memory.base - memory.first;
		uint64_t table = at / page_bytes(), offset = at % page_bytes();

		ck_assert_uint_le(requests[i].length, GMEM_KMEM_REQUEST_MAX);
		requests[i].result = -EFAULT;
		if (table >= memory.count || offset + requests[i].length > page_bytes() ||
		    (memory.refused && table == memory.refused))
			continue;
		memcpy(requests[i].buffer, (char *)memory.tables[table] + offset,
		       requests[i].length);
		requests[i].result = 0;
	}
	return 0;
}

static struct gmem_ctx *arm64_ctx(void)
{
	struct gmem_ctx *ctx = port_ctx("plain");

	port_pretend(ctx)->machine = "aarch64";
	port.ops.read_kmem = read_memory;
	return ctx;
}

static void vmcoreinfo(char *text, size_t size, const struct geometry *geometry)
{
	const unsigned long long voffset = 0xffff7fffc0000000ull;

	snprintf(text, size,
		 "OSRELEASE=7.3.4\n"
		 "PAGESIZE=%llu\n"
		 "SYMBOL(swapper_pg_dir)=%llx\n"
		 "SYMBOL(vmemmap)=fffffbffff000000\n"
		 "SIZE(page)=64\n"
		 "NUMBER(VA_BITS)=%u\n"
		 "NUMBER(kimage_voffset)=0x%llx\n"
		 "NUMBER(PHYS_OFFSET)=0x%llx\n"
		 "NUMBER(TCR_EL1_T1SZ)=0x%x\n",
		 1ull << geometry->page_shift, memory.first + voffset, geometry->va_bits, voffset,
		 (unsigned long long)phys_offset(geometry), 64 - geometry->in_use);
}

static void make(struct gmem_ctx *ctx, const struct geometry *geometry, struct gmem_image *image)
{
	char text[512];

	memory.geometry = geometry;
	memory.first = geometry->ram + (1ull << 28);
	memory.count = 0;
	memory.refused = 0;
	/* RAM begins where the CPU's part of the linear map begins. */
	memory.base = 0 - (1ull << geometry->in_use) - geometry->ram;
	new_table();
	vmcoreinfo(text, sizeof(text), geometry);
	ck_assert_msg(gmem_image_parse(ctx, text, 0, image) == 0, "%s", geometry->name);
}

static void unmake(void)
{
	while (memory.count)
		free(memory.tables[--memory.count]);
}

static void map(uint64_t physical, int above, uint64_t bits)
{
	*entry_of(physical, above, 0) = encode(physical) | bits | (above ? 0 : NOT_BLOCK);
}

START_TEST(geometry_from_vmcoreinfo)
{
	const struct geometry *geometry = &geometries[_i];
	struct gmem_ctx *ctx = arm64_ctx();
	struct gmem_image image;
	uint64_t first, end;

	make(ctx, geometry, &image);
	ck_assert_uint_eq(image.page_offset_base, memory.base);
	ck_assert_uint_eq(image.root, memory.base + memory.first);
	ck_assert_int_eq(image.tables.levels, geometry->levels);
	ck_assert_uint_eq(gmem_tables_index_bits(&image.tables, 0), geometry->root_bits);
	ck_assert_uint_eq(image.region_start, 0 - (1ull << geometry->in_use));
	ck_assert_uint_eq(image.region_end, 0 - (1ull << geometry->end_bits));
	gmem_image_region(&image, &first, &end);
	ck_assert_uint_eq(first, geometry->ram >> geometry->page_shift);
	ck_assert_uint_gt(end, first);
	unmake();
	gmem_ctx_free(ctx);
}
END_TEST

#define RUNS 32

static struct {
	struct gmem_directmap_run runs[RUNS];
	size_t count;
} seen;

static int keep(const struct gmem_directmap_run *run, void *arg)
{
	(void)arg;
	ck_assert_uint_lt(seen.count, RUNS);
	seen.runs[seen.count++] = *run;
	return 0;
}

/* Checks the n-th run: its pages, state, level, and rights as "rwxg". */
static void is_run(size_t n, uint64_t pages, enum gmem_direct_map state, enum gmem_level level,
		   const char *rights)
{
	const struct gmem_directmap_run *run = &seen.runs[n];
	const char *name = memory.geometry->name;

	ck_assert_msg(n < seen.count, "%s: run %zu is not there", name, n);
	ck_assert_msg(run->pages == pages, "%s: run %zu has %" PRIu64 " pages", name, n,
		      run->pages);
	ck_assert_msg(run->direct_map == state, "%s: run %zu is %s (%s)", name, n,
		      gmem_direct_map_name(run->direct_map), run->reason ? run->reason : "-");
	ck_assert_msg(run->level == level, "%s: run %zu has level %d", name, n, run->level);
	ck_assert_int_eq(run->writable, strchr(rights, 'w') != NULL);
	ck_assert_int_eq(run->executable, strchr(rights, 'x') != NULL);
	ck_assert_int_eq(run->global, strchr(rights, 'g') != NULL);
}

/*
 * A table of pages with one of each kind, a block behind it, and unmapped memory around both.
 */
START_TEST(runs_by_level_and_state)
{
	const struct geometry *geometry = &geometries[_i];
	struct gmem_ctx *ctx = arm64_ctx();
	uint64_t block, page, ram = geometry->ram, pages;
	struct gmem_image image;

	make(ctx, geometry, &image);
	page = page_bytes();
	block = 1ull << shift_at(1);
	pages = block / page;
	ram = (ram + block - 1) & ~(block - 1);
	for (uint64_t at = 0; at < pages; at++)
		map(ram + at * page, 0, NORMAL | VALID);
	/*
	 * With CONT an entry is part of a larger leaf, and maps its own page like its neighbours.
	 */
	for (uint64_t at = 16; at < 32; at++)
		map(ram + at * page, 0, NORMAL | VALID | CONTIGUOUS);
	/* As set_direct_map_invalid_noflush() leaves it: the entry keeps the address and AF. */
	map(ram + 40 * page, 0, NORMAL | NOT_GLOBAL);
	map(ram + 41 * page, 0, NORMAL | VALID | READ_ONLY);
	map(ram + 42 * page, 0, (NORMAL & ~PXN) | VALID | NOT_GLOBAL);
	*entry_of(ram + 43 * page, 0, 0) &= ~NOT_BLOCK;
	*entry_of(ram + 44 * page, 0, 0) = 0;
	map(ram + 45 * page, 0, NORMAL | VALID);
	*entry_of(ram + 45 * page, 0, 0) += page;
	map(ram + 46 * page, 0, (NORMAL & ~ACCESSED) | VALID);
	map(ram + block, 1, NORMAL | VALID);
	seen.count = 0;
	ck_assert_int_eq(gmem_pagetable_walk(ctx, &image, ram / page, 3 * pages, keep, NULL), 0);
	is_run(0, 40, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "wg");
	is_run(1, 1, GMEM_DIRECT_MAP_UNMAPPED, GMEM_LEVEL_NONE, "");
	is_run(2, 1, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "g");
	is_run(3, 1, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "wx");
	is_run(4, 1, GMEM_DIRECT_MAP_UNKNOWN, GMEM_LEVEL_NONE, "");
	is_run(5, 1, GMEM_DIRECT_MAP_UNMAPPED, GMEM_LEVEL_NONE, "");
	is_run(6, 1, GMEM_DIRECT_MAP_UNKNOWN, GMEM_LEVEL_NONE, "");
	is_run(7, pages - 46, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "wg");
	is_run(8, pages, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PMD, "wg");
	is_run(9, pages, GMEM_DIRECT_MAP_UNMAPPED, GMEM_LEVEL_NONE, "");
	ck_assert_uint_eq(seen.count, 10);
	ck_assert_str_eq(seen.runs[4].reason, "an entry of the last level that is no page");
	ck_assert_str_eq(seen.runs[6].reason, "the entry maps another page frame");
	ck_assert_uint_eq(seen.runs[0].pfn, ram / page);
	unmake();
	gmem_ctx_free(ctx);
}
END_TEST

static uint64_t unwanted, unwanted_pages; /* a table of them */

static bool is_wanted(uint64_t pfn, uint64_t pages, void *arg)
{
	(void)arg;
	return pfn != unwanted || pages != unwanted_pages;
}

/*
 * For the pages of a file: what differs only in who may execute it is one run, and of a table that
 * nobody wants nothing is read or said.
 */
START_TEST(runs_of_the_pages_of_a_file)
{
	const struct geometry *geometry = &geometries[_i];
	struct gmem_ctx *ctx = arm64_ctx();
	uint64_t block, page, ram = geometry->ram, pages;
	struct gmem_image image;

	make(ctx, geometry, &image);
	page = page_bytes();
	block = 1ull << shift_at(1);
	pages = block / page;
	ram = (ram + block - 1) & ~(block - 1);
	for (uint64_t at = 0; at < 3 * pages; at++)
		map(ram + at * page, 0, NORMAL | VALID);
	map(ram + 41 * page, 0, NORMAL | VALID | READ_ONLY);
	map(ram + 60 * page, 0, (NORMAL & ~PXN) | VALID | NOT_GLOBAL);
	map(ram + 200 * page, 0, NORMAL);
	unwanted_pages = pages;
	unwanted = ram / page + pages;
	/* Were it read, this would be a run. */
	map(ram + block + 7 * page, 0, NORMAL | VALID | READ_ONLY);
	seen.count = 0;
	ck_assert_int_eq(
		gmem_pagetable_states(ctx, &image, ram / page, 3 * pages, is_wanted, keep, NULL),
		0);
	is_run(0, 41, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "w");
	is_run(1, 1, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "");
	is_run(2, 200 - 42, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "w");
	is_run(3, 1, GMEM_DIRECT_MAP_UNMAPPED, GMEM_LEVEL_NONE, "");
	is_run(4, pages - 201, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "w");
	is_run(5, pages, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "w");
	ck_assert_uint_eq(seen.count, 6);
	ck_assert_uint_eq(seen.runs[5].pfn, ram / page + 2 * pages);
	unmake();
	gmem_ctx_free(ctx);
}
END_TEST

/* Page frames before the first one, and behind the last one of the region. */
START_TEST(page_frames_outside_the_region)
{
	const struct geometry *geometry = &geometries[_i];
	struct gmem_ctx *ctx = arm64_ctx();
	uint64_t page, ram = geometry->ram, first, end;
	struct gmem_image image;

	make(ctx, geometry, &image);
	page = page_bytes();
	map(ram, 0, NORMAL | VALID);
	gmem_image_region(&image, &first, &end);
	seen.count = 0;
	ck_assert_int_eq(gmem_pagetable_walk(ctx, &image, first - 3, 5, keep, NULL), 0);
	is_run(0, 3, GMEM_DIRECT_MAP_UNMAPPED, GMEM_LEVEL_NONE, "");
	is_run(1, 1, GMEM_DIRECT_MAP_MAPPED, GMEM_LEVEL_PTE, "wg");
	is_run(2, 1, GMEM_DIRECT_MAP_UNMAPPED, GMEM_LEVEL_NONE, "");
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_uint_eq(seen.runs[1].pfn, ram / page);
	seen.count = 0;
	ck_assert_int_eq(gmem_pagetable_walk(ctx, &image, end - 1, 9, keep, NULL), 0);
	is_run(0, 9, GMEM_DIRECT_MAP_UNMAPPED, GMEM_LEVEL_NONE, "");
	ck_assert_uint_eq(seen.count, 1);
	seen.count = 0;
	ck_assert_int_eq(gmem_pagetable_walk(ctx, &image, end, 9, keep, NULL), 0);
	ck_assert_int_eq(gmem_pagetable_walk(ctx, &image, 0, 1, keep, NULL), 0);
	ck_assert_uint_eq(seen.count, 2);
	for (size_t i = 0; i < seen.count; i++)
		ck_assert_int_eq(seen.runs[i].direct_map, GMEM_DIRECT_MAP_UNMAPPED);
	unmake();
	gmem_ctx_free(ctx);
}
END_TEST

/*
 * A table that removes rights, a table that cannot be read, and a leaf at a
 * level that cannot have one.
 */
START_TEST(tables_that_are_restricted_or_wrong)
{
	const struct geometry *geometry = &geometries[_i];
	struct gmem_ctx *ctx = arm64_ctx();
	struct gmem_directmap_run run;
	uint64_t ram = geometry->ram, page;
	struct gmem_image image;

	make(ctx, geometry, &image);
	page = page_bytes();
	*entry_of(ram, 0, TABLE_PXN | TABLE_READ_ONLY) =
		encode(ram) | ((NORMAL | VALID | NOT_BLOCK) & ~PXN);
	ck_assert_int_eq(gmem_pagetable_lookup(ctx, &image, ram / page, &run), 0);
	ck_assert_int_eq(run.direct_map, GMEM_DIRECT_MAP_MAPPED);
	ck_assert(!run.writable && !run.executable);
	memory.refused = 1;
	ck_assert_int_eq(gmem_pagetable_lookup(ctx, &image, ram / page, &run), 0);
	ck_assert_int_eq(run.direct_map, GMEM_DIRECT_MAP_UNKNOWN);
	ck_assert_str_eq(run.reason, "a page table could not be read");
	memory.refused = 0;
	if (geometry->levels > 3) {
		*entry_of(ram, 3, TABLE_PXN | TABLE_READ_ONLY) = encode(ram) | NORMAL | VALID;
		ck_assert_int_eq(gmem_pagetable_lookup(ctx, &image, ram / page, &run), 0);
		ck_assert_int_eq(run.direct_map, GMEM_DIRECT_MAP_UNKNOWN);
		ck_assert_str_eq(run.reason, "a leaf at a level that has none");
	}
	unmake();
	gmem_ctx_free(ctx);
}
END_TEST

/* Keys that contradict each other are refused. The message names the wrong one. */
START_TEST(contradicting_keys_are_refused)
{
	static const struct {
		const char *key, *value, *says;
		int error;
	} cases[] = {
		{ "PAGESIZE=", "8192", "PAGESIZE", -EILSEQ },
		{ "NUMBER(VA_BITS)=", "64", "VA_BITS", -EILSEQ },
		{ "NUMBER(VA_BITS)=", "8", "VA_BITS", -EILSEQ },
		{ "NUMBER(TCR_EL1_T1SZ)=", "0x8", "T1SZ", -EILSEQ },
		{ "NUMBER(TCR_EL1_T1SZ)=", "0xffffffffffff", "T1SZ", -EILSEQ },
		{ "SIZE(page)=", "0", "struct page", -EILSEQ },
		{ "NUMBER(PHYS_OFFSET)=", "x", "PHYS_OFFSET", -ENODATA },
		{ "NUMBER(PHYS_OFFSET)=", "0x40000004", "PHYS_OFFSET", -EILSEQ },
		/* Page frame 0 at address 0, among user space's; RAM that no CPU can address. */
		{ "NUMBER(PHYS_OFFSET)=", "0xffff000000000000", "page frames", -EILSEQ },
		{ "NUMBER(PHYS_OFFSET)=", "0xfffe840000010000", "page frames", -EILSEQ },
		{ "NUMBER(PHYS_OFFSET)=", "0x20000000000000", "page frames", -EILSEQ },
	};
	struct gmem_ctx *ctx = arm64_ctx();
	struct gmem_image image;
	char text[512], changed[600];

	memory.first = 0x50000000;
	vmcoreinfo(text, sizeof(text), &geometries[1]);
	ck_assert_int_eq(gmem_image_parse(ctx, text, 0, &image), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = strstr(text, cases[i].key);

		ck_assert_ptr_nonnull(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s%s", (int)(at - text), text,
			 cases[i].key, cases[i].value, strchr(at, '\n'));
		ck_assert_int_eq(gmem_image_parse(ctx, changed, 0, &image), cases[i].error);
		port_said(ctx, cases[i].says);
	}
	port.ops.machine = "riscv64";
	ck_assert_int_eq(gmem_image_parse(ctx, text, 0, &image), -ENOTSUP);
	ck_assert_int_eq(gmem_image_known(ctx), -ENOTSUP);
	port_said(ctx, "riscv64");
	gmem_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pagetable");
	TCase *tcase = tcase_create("pagetable");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, geometry_from_vmcoreinfo, 0, GEOMETRIES);
	tcase_add_loop_test(tcase, runs_by_level_and_state, 0, GEOMETRIES);
	tcase_add_loop_test(tcase, runs_of_the_pages_of_a_file, 0, GEOMETRIES);
	tcase_add_loop_test(tcase, page_frames_outside_the_region, 0, GEOMETRIES);
	tcase_add_loop_test(tcase, tables_that_are_restricted_or_wrong, 0, GEOMETRIES);
	tcase_add_test(tcase, contradicting_keys_are_refused);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
