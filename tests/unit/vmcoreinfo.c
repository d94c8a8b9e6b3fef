// SPDX-License-Identifier: GPL-2.0-or-later
/* The VMCOREINFO note as text. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "kernel/image/vmcoreinfo.h"

START_TEST(note_is_found)
{
	static const char *const wrong[] = { "",
					     "0x",
					     "0x1000",
					     "0x1000 ",
					     "0x1000 x",
					     "0x1000 24z",
					     "0x1000 1",
					     "0x1000 ffffffff",
					     "0x1ffffffffffffffff 1024" };
	uint64_t physical;
	size_t size;

	ck_assert_int_eq(gmem_vmcoreinfo_location("0x0000000100c66000 1024", &physical, &size), 0);
	ck_assert_uint_eq(physical, 0x100c66000);
	ck_assert_uint_eq(size, 0x1024);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(gmem_vmcoreinfo_location(wrong[i], &physical, &size), -EILSEQ);
}
END_TEST

START_TEST(machine_is_recognized)
{
	char note[64] = "";

	memcpy(note + 12, "VMCOREINFO", 11);
	strcpy(note + 24, "OSRELEASE=7.3.4\nPAGESIZE=4096\n");
	ck_assert_int_eq(gmem_vmcoreinfo_is(note, sizeof(note), "7.3.4"), 1);
	/* Another kernel's note, or a longer release with the same beginning, does not match. */
	ck_assert_int_eq(gmem_vmcoreinfo_is(note, sizeof(note), "7.3"), 0);
	ck_assert_int_eq(gmem_vmcoreinfo_is(note, sizeof(note), "7.3.45"), 0);
	ck_assert_int_eq(gmem_vmcoreinfo_is(note, 30, "7.3.4"), 0);
	note[12] = 'X';
	ck_assert_int_eq(gmem_vmcoreinfo_is(note, sizeof(note), "7.3.4"), 0);
}
END_TEST

START_TEST(keys_to_numbers)
{
	static const char text[] = "OSRELEASE=7.3.4\n"
				   "SYMBOL(swapper_pg_dir)=ffffffff82a10000\n"
				   "NUMBER(phys_base)=-16777216\n"
				   "NUMBER(VMALLOC_START)=0xffa0000000000000\n"
				   "SIZE(page)=64\n"
				   "NUMBER(empty)=\n"
				   "NUMBER(junk)=12z\n"
				   "NUMBER(last)=5";
	uint64_t value;

	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "SYMBOL(swapper_pg_dir)", 16, &value), 0);
	ck_assert_uint_eq(value, 0xffffffff82a10000);
	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "NUMBER(phys_base)", 10, &value), 0);
	ck_assert_int_eq((int64_t)value, -16777216);
	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "NUMBER(VMALLOC_START)", 16, &value), 0);
	ck_assert_uint_eq(value, 0xffa0000000000000);
	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "NUMBER(last)", 10, &value), 0);
	ck_assert_uint_eq(value, 5);
	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "SIZE(folio)", 10, &value), -ENOENT);
	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "SIZE(pag", 10, &value), -ENOENT);
	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "NUMBER(empty)", 10, &value), -EILSEQ);
	ck_assert_int_eq(gmem_vmcoreinfo_number(text, "NUMBER(junk)", 10, &value), -EILSEQ);
}
END_TEST

UNIT_MAIN("vmcoreinfo", note_is_found, machine_is_recognized, keys_to_numbers)
