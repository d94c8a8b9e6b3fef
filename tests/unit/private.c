// SPDX-License-Identifier: GPL-2.0-or-later
/* Private and stale memory of a guest_memfd, compared with what was converted and populated. */
#include "unit.h"

#include "kernel/sim/faults.h"
#include "kmem/struct_layout.h"
#include "pages/target.h"
#include "memory.h"

#define PAGE GMEM_PAGE_SIZE
#define PAGES 2048ull /* enough for the model to store attributes in entries of both sizes */
#define GPA 0x100000000ull
#define NOT_BOUND 256ull /* pages at the end of the file */

static void bind(uint32_t slot, uint64_t gpa, uint64_t page, uint64_t pages)
{
	const struct gmem_slot_options options = {
		.size = sizeof(options),
		.slot = slot,
		.gpa = gpa,
		.memory_size = pages * PAGE,
		.memory = memory,
		.memory_offset = page * PAGE,
	};

	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
}

static void setup(const char *model, enum gmem_vm_type type, uint64_t flags, uint64_t pages)
{
	memory_setup(model, type, flags, pages * PAGE);
}

static void expect(uint64_t is_private, uint64_t stale)
{
	uint64_t bytes = 1, stale_bytes = 1;

	ck_assert_int_eq(gmem_target_private(target, &bytes, &stale_bytes), 0);
	ck_assert_uint_eq(bytes, is_private * PAGE);
	ck_assert_uint_eq(stale_bytes, stale * PAGE);
}

static void expect_unknown(int error, const char *why)
{
	uint64_t bytes = 7, stale = 7;

	ck_assert_int_eq(gmem_target_private(target, &bytes, &stale), error);
	port_said(ctx, why);
	ck_assert_uint_eq(bytes, 7);
	ck_assert_uint_eq(stale, 7);
}

static void populate(uint64_t page, uint64_t pages)
{
	ck_assert_int_eq(gmem_memory_allocate(memory, page * PAGE, pages * PAGE), 0);
}

static void convert(uint64_t page, uint64_t pages, bool to_private)
{
	ck_assert_int_eq(gmem_convert(vm, GPA + page * PAGE, pages * PAGE, to_private), 0);
}

static const struct {
	const char *model;
	enum gmem_vm_type type;
} guests[] = {
	{ "sw-protected", GMEM_VM_SW_PROTECTED },
	{ "tdx", GMEM_VM_TDX },
	{ "tdx", GMEM_VM_SW_PROTECTED },
	{ "snp", GMEM_VM_SNP },
};
#define GUESTS ((int)(sizeof(guests) / sizeof(guests[0])))

START_TEST(stale_until_punched)
{
	setup(guests[_i].model, guests[_i].type, 0, 64);
	expect(0, 0);
	populate(0, 48);
	convert(0, 32, true);
	expect(0, 0); /* without a memslot it is not guest memory yet */
	bind(1, GPA, 0, 64);
	gmem_target_free(target);
	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target), 0);
	expect(32, 16);
	convert(8, 8, false);
	expect(24, 24);
	ck_assert_int_eq(gmem_memory_punch(memory, 8 * PAGE, 4 * PAGE), 0);
	expect(24, 20);
	convert(8, 56, true);
	expect(64, 0);
	convert(0, 64, false);
	expect(0, 44);
	memory_teardown();
}
END_TEST

struct shadow {
	bool is_private[PAGES]; /* by GFN behind GPA */
	bool resident[PAGES];	/* by page of the file */
};

/* The file's first half is bound behind its second. The rest of it is not bound. */
static uint64_t page_of(uint64_t gfn)
{
	const uint64_t half = PAGES / 2;

	return gfn < half - NOT_BOUND ? gfn + half : gfn - (half - NOT_BOUND);
}

static void expect_shadow(const struct shadow *shadow)
{
	uint64_t is_private = 0, stale = 0;

	for (uint64_t gfn = 0; gfn < PAGES - NOT_BOUND; gfn++) {
		is_private += shadow->is_private[gfn];
		stale += !shadow->is_private[gfn] && shadow->resident[page_of(gfn)];
	}
	expect(is_private, stale);
}

static uint64_t below(uint64_t *seed, uint64_t limit)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (*seed >> 33) % limit;
}

/*
 * Ranges of pages, single pages, nearly all pages; and every other page, as a guest may have them.
 */
START_TEST(random_conversions)
{
	static struct shadow shadow;
	uint64_t seed = (uint64_t)_i + 1;

	memset(&shadow, 0, sizeof(shadow));
	setup(guests[_i].model, guests[_i].type, 0, PAGES);
	bind(1, GPA, PAGES / 2, PAGES / 2 - NOT_BOUND);
	bind(2, GPA + (PAGES / 2 - NOT_BOUND) * PAGE, 0, PAGES / 2);
	gmem_target_free(target);
	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target), 0);
	for (int step = 0; step < 300; step++) {
		uint64_t first = below(&seed, PAGES), most = step % 3 ? 40 : PAGES;
		uint64_t count = 1 + below(&seed, most);
		unsigned int what = (unsigned int)below(&seed, 6);

		count = count < PAGES - first ? count : PAGES - first;
		for (uint64_t i = 0; what < 4 && i < count; i++)
			shadow.is_private[first + i] = what < 2;
		for (uint64_t i = 0; what >= 4 && i < count; i++)
			shadow.resident[first + i] = what == 4;
		if (what < 4)
			convert(first, count, what < 2);
		else if (what == 4)
			populate(first, count);
		else
			ck_assert_int_eq(gmem_memory_punch(memory, first * PAGE, count * PAGE), 0);
		if (step % 5 == 0)
			expect_shadow(&shadow);
	}
	for (uint64_t gfn = 0; gfn < 400; gfn++) {
		convert(gfn, 1, gfn % 2);
		shadow.is_private[gfn] = gfn % 2;
	}
	expect_shadow(&shadow);
	memory_teardown();
}
END_TEST

/*
 * More pages than libgmem handles at once, attributes up to the last address, pages at the borders.
 */
START_TEST(large_guest)
{
	const uint64_t gib = 1ull << 18;

	setup("sw-protected", GMEM_VM_SW_PROTECTED, 0, 3 * gib);
	bind(1, GPA, 0, 3 * gib);
	gmem_target_free(target);
	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target), 0);
	ck_assert_int_eq(gmem_convert(vm, 0, 1ull << 51, true), 0);
	populate(gib - 2, 4);
	populate(3 * gib - 1, 1);
	expect(3 * gib, 0);
	convert(gib - 1, 2, false);
	expect(3 * gib - 2, 2);
	convert(2 * gib, gib, false);
	expect(2 * gib - 2, 3);
	ck_assert_int_eq(gmem_convert(vm, 0, 1ull << 51, false), 0);
	expect(0, 5);
	memory_teardown();
}
END_TEST

/* If a VM certainly has no private memory, it has no stale memory. */
START_TEST(no_private_memory)
{
	static const struct {
		const char *model;
		enum gmem_vm_type type;
	} rows[] = {
		{ "plain", GMEM_VM_DEFAULT },
		{ "tdx", GMEM_VM_DEFAULT },
		{ "snp", GMEM_VM_SEV_ES },
	};

	setup(rows[_i].model, rows[_i].type, 0, 64);
	bind(1, GPA, 0, 64);
	populate(0, 16);
	expect(0, 0);
	memory_teardown();
}
END_TEST

/* With MMAP the file also has the guest's shared memory, which is in use. */
START_TEST(shared_in_the_file)
{
	setup("sw-protected", GMEM_VM_SW_PROTECTED, GMEM_MEMORY_MMAP, 64);
	bind(1, GPA, 0, 64);
	populate(0, 64);
	convert(0, 16, true);
	expect(16, 0);
	memory_teardown();
}
END_TEST

START_TEST(unknown_after_in_place_conversion)
{
	setup("in-place", GMEM_VM_SW_PROTECTED, 0, 64);
	bind(1, GPA, 0, 64);
	populate(0, 64);
	expect_unknown(-ENODATA, "in place");
	memory_teardown();
}
END_TEST

static uint64_t head; /* of the VM's attributes */
static unsigned int reads;

/* The root of the attributes cannot be read. */
static int no_attributes(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	static uint64_t root;
	int ret = port.real->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++) {
		if (requests[i].address == head)
			memcpy(&root, requests[i].buffer, sizeof(root));
		if (root && requests[i].address == root - 2)
			requests[i].result = -EFAULT;
	}
	return ret;
}

/* The memslot disappears while the attributes are read. */
static int gone_meanwhile(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (requests[i].address == head && !reads++)
			ck_assert_int_eq(gmem_slot_delete(vm, 1), 0);
	return port.real->read_kmem(kernel, requests, n);
}

static void setup_half_private(void)
{
	const struct gmem_layout *layout;

	setup("sw-protected", GMEM_VM_SW_PROTECTED, 0, 64);
	bind(1, GPA, 0, 64);
	populate(0, 64);
	convert(0, 32, true);
	expect(32, 32);
	ck_assert_int_eq(gmem_layout_get(ctx, &layout), 0);
	head = target->kvm + layout->offset[GMEM_KVM_ATTRIBUTES] + layout->offset[GMEM_XARRAY_HEAD];
	reads = 0;
}

START_TEST(unknown_without_attributes)
{
	setup_half_private();
	port_pretend(ctx)->read_kmem = no_attributes;
	expect_unknown(-ENODATA, "xarray");
	port_pretend(ctx)->read_kmem = port.real->read_kmem;
	expect(32, 32);
	memory_teardown();
}
END_TEST

START_TEST(unknown_without_the_parameter)
{
	setup_half_private();
	port_refuse_open(ctx,
			 _i ? "/sys/module/kvm/parameters/gmem_in_place_conversion"
			    : "/sys/module/kvm/parameters/halt_poll_ns",
			 _i ? -EACCES : -ENOENT);
	expect_unknown(-ENODATA, "converts guest_memfd in place");
	ck_assert(port_failed(ctx));
	port_fail_at(ctx, 0, 0);
	expect(32, 32);
	memory_teardown();
}
END_TEST

START_TEST(slot_deleted_meanwhile)
{
	setup_half_private();
	port_pretend(ctx)->read_kmem = gone_meanwhile;
	expect_unknown(-ENODATA, "changed while");
	ck_assert_uint_gt(reads, 0);
	expect(0, 0);
	memory_teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("private");
	TCase *tcase = tcase_create("private");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, stale_until_punched, 0, GUESTS);
	tcase_add_loop_test(tcase, random_conversions, 0, GUESTS);
	tcase_add_test(tcase, large_guest);
	tcase_add_loop_test(tcase, no_private_memory, 0, 3);
	tcase_add_test(tcase, shared_in_the_file);
	tcase_add_test(tcase, unknown_after_in_place_conversion);
	tcase_add_loop_test(tcase, unknown_without_the_parameter, 0, 2);
	tcase_add_test(tcase, unknown_without_attributes);
	tcase_add_test(tcase, slot_deleted_meanwhile);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
