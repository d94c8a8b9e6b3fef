// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Access to the pages of a guest_memfd: the type of its VM tells who may access
 * them. libgmem never guesses.
 */
#include "unit.h"

#include <fcntl.h>

#include "kernel/uapi.h"
#include "memory.h"
#include "pages/target.h"
#include "sim/hooks.h"

#define BYTES 0x10000ull

static const struct {
	const char *model;
	enum gmem_vm_type type;
	uint64_t flags;
	enum gmem_access_owner owner;
	enum gmem_access_owner others; /* owner of pages outside a guest_memfd */
	const char *why;
} cases[] = {
	{ "plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP, GMEM_ACCESS_OWNER_HOST,
	  GMEM_ACCESS_OWNER_HOST, NULL },
	{ "sw-protected", GMEM_VM_SW_PROTECTED, 0, GMEM_ACCESS_OWNER_HOST, GMEM_ACCESS_OWNER_HOST,
	  NULL },
	{ "old", GMEM_VM_SW_PROTECTED, 0, GMEM_ACCESS_OWNER_HOST, GMEM_ACCESS_OWNER_HOST, NULL },
	{ "tdx", GMEM_VM_DEFAULT, 0, GMEM_ACCESS_OWNER_HOST, GMEM_ACCESS_OWNER_UNKNOWN, NULL },
	{ "tdx", GMEM_VM_TDX, 0, GMEM_ACCESS_OWNER_GUEST, GMEM_ACCESS_OWNER_UNKNOWN, NULL },
	{ "tdx", GMEM_VM_TDX, GMEM_MEMORY_MMAP, GMEM_ACCESS_OWNER_UNKNOWN,
	  GMEM_ACCESS_OWNER_UNKNOWN, "shared memory is in this guest_memfd" },
	{ "snp", GMEM_VM_SNP, 0, GMEM_ACCESS_OWNER_GUEST, GMEM_ACCESS_OWNER_UNKNOWN, NULL },
	{ "snp", GMEM_VM_SEV, 0, GMEM_ACCESS_OWNER_HOST, GMEM_ACCESS_OWNER_UNKNOWN, NULL },
	{ "in-place", GMEM_VM_TDX, 0, GMEM_ACCESS_OWNER_UNKNOWN, GMEM_ACCESS_OWNER_UNKNOWN,
	  "in place" },
	{ "arm64", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP, GMEM_ACCESS_OWNER_HOST,
	  GMEM_ACCESS_OWNER_UNKNOWN, NULL },
	{ "arm64-no-direct-map", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP, GMEM_ACCESS_OWNER_HOST,
	  GMEM_ACCESS_OWNER_HOST, NULL },
};
#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

static void expect(enum gmem_access_owner owner, const char *why)
{
	struct gmem_target_info info = { .size = sizeof(info) };

	ck_assert_int_eq(gmem_target_get_info(target, &info), 0);
	ck_assert_int_eq(info.access_owner, owner);
	ck_assert_int_eq(info.access_reason == NULL, owner != GMEM_ACCESS_OWNER_UNKNOWN);
	if (why)
		ck_assert_msg(strstr(info.access_reason, why) != NULL, "%s", info.access_reason);
}

START_TEST(owner_of_pages_by_vm_type)
{
	memory_setup(cases[_i].model, cases[_i].type, cases[_i].flags, BYTES);
	expect(cases[_i].owner, cases[_i].why);
	ck_assert_int_eq(gmem_frame_access_owner(ctx), cases[_i].others);
	memory_teardown();
}
END_TEST

/*
 * Without a reader libgmem does not know the type. If no guest can own a
 * page, that does not matter.
 */
START_TEST(unknown_type_without_a_reader)
{
	memory_setup("tdx", GMEM_VM_DEFAULT, 0, BYTES);
	gmem_reader_forbid(ctx, true);
	expect(GMEM_ACCESS_OWNER_UNKNOWN, "type of its VM");
	memory_teardown();
	memory_setup("plain", GMEM_VM_DEFAULT, 0, BYTES);
	gmem_reader_forbid(ctx, true);
	expect(GMEM_ACCESS_OWNER_HOST, NULL);
	memory_teardown();
}
END_TEST

static int keep_frame(const struct gmem_owned_frame *frame, void *arg)
{
	*(struct gmem_owned_frame *)arg = *frame;
	return 0;
}

/* A protected VM of arm64. Its page stays in the linear map. */
START_TEST(pages_of_a_protected_vm_stay_mapped)
{
	struct gmem_populate_options populate = { .size = sizeof(populate) };
	struct gmem_owned_frame frame = { .size = sizeof(frame) };
	enum gmem_populate_method used;
	struct gmem_owners *owners;
	uint64_t pfn;

	memory_setup("arm64", GMEM_VM_ARM_PROTECTED, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED,
		     BYTES);
	/* The host allocates such pages, and does not touch them. */
	ck_assert_int_eq(gmem_populate(vm, memory, &populate, &used, NULL), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_ALLOCATE);
	populate.method = GMEM_POPULATE_HOST;
	ck_assert_int_eq(gmem_populate(vm, memory, &populate, NULL, NULL), -EOPNOTSUPP);
	expect(GMEM_ACCESS_OWNER_GUEST, NULL);
	ck_assert_int_eq(target->vm_type, GMEM_VM_ARM_PROTECTED);
	pfn = (uint64_t)gmem_sim_file_pfn(ctx->kernel, gmem_memory_fd(memory), 0);
	ck_assert(gmem_sim_direct_map_present(ctx->kernel, pfn));
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	ck_assert_int_eq(gmem_owners_find(owners, &pfn, 1, keep_frame, &frame), 0);
	ck_assert_uint_eq(frame.pfn, pfn);
	ck_assert_int_eq(frame.access_owner, GMEM_ACCESS_OWNER_GUEST);
	gmem_owners_free(owners);
	memory_teardown();
}
END_TEST

START_TEST(names_of_owners)
{
	ck_assert_str_eq(gmem_access_owner_name(GMEM_ACCESS_OWNER_UNKNOWN), "unknown");
	ck_assert_str_eq(gmem_access_owner_name(GMEM_ACCESS_OWNER_HOST), "host");
	ck_assert_str_eq(gmem_access_owner_name(GMEM_ACCESS_OWNER_GUEST), "guest");
	ck_assert_ptr_null(gmem_access_owner_name((enum gmem_access_owner)3));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = tcase_create("access");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, owner_of_pages_by_vm_type, 0, CASES);
	tcase_add_test(tcase, unknown_type_without_a_reader);
	tcase_add_test(tcase, pages_of_a_protected_vm_stay_mapped);
	tcase_add_test(tcase, names_of_owners);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
