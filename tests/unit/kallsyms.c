// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's table of symbols, from tables that this test makes. */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kernel/image/kallsyms.h"

#define BASE 0xffffffff82000000ull
#define SIZE (1u << 20)

/* Where the tables are in memory[]. */
enum { COUNT = 0, RELATIVE = 8, INDEX = 0x100, TOKENS = 0x400, OFFSETS = 0x2000, NAMES = 0x8000 };

static unsigned char memory[SIZE];
static size_t names_end;
static uint32_t symbols;
static uint64_t unreadable; /* an address that cannot be read; 0: none */

static int read_memory(void *arg, uint64_t address, void *buffer, size_t length)
{
	(void)arg;
	if (address < BASE || address - BASE > SIZE || length > SIZE - (address - BASE))
		return -EFAULT;
	if (unreadable && unreadable >= address && unreadable - address < length)
		return -EREMOTE;
	memcpy(buffer, memory + (address - BASE), length);
	return 0;
}

/* Token c is the character c. Token 128, "_st", has more than one character. */
static void begin(void)
{
	uint16_t at = 0;

	memset(memory, 0, sizeof(memory));
	names_end = NAMES;
	symbols = 0;
	unreadable = 0;
	for (int c = 0; c < 256; c++) {
		char text[2] = { (char)c, '\0' };
		const char *token = c == 128 ? "_st" : c ? text : "?";

		memcpy(memory + INDEX + 2 * c, &at, sizeof(at));
		strcpy((char *)memory + TOKENS + at, token);
		at = (uint16_t)(at + strlen(token) + 1);
	}
}

/* Adds a symbol: its type and name as tokens, and the 32 bits that encode its address. */
static void add(const char *tokens, int32_t offset)
{
	size_t length = strlen(tokens);

	if (length > 127)
		memory[names_end++] = (unsigned char)(0x80 | (length & 0x7f));
	memory[names_end++] = (unsigned char)(length > 127 ? length >> 7 : length);
	memcpy(memory + names_end, tokens, length);
	names_end += length;
	memcpy(memory + OFFSETS + 4 * symbols++, &offset, sizeof(offset));
}

/* Returns the offset with which the next symbol's own entry encodes that address. */
static int32_t from_entry(uint64_t address)
{
	return (int32_t)(address - (BASE + OFFSETS + 4ull * symbols));
}

static int load(uint64_t stext, bool has_base, struct gmem_kallsyms **out)
{
	char text[1024];

	memcpy(memory + COUNT, &symbols, sizeof(symbols));
	snprintf(text, sizeof(text),
		 "OSRELEASE=7.3.4\nSYMBOL(_stext)=%llx\nSYMBOL(kallsyms_names)=%llx\n"
		 "SYMBOL(kallsyms_num_syms)=%llx\nSYMBOL(kallsyms_token_table)=%llx\n"
		 "SYMBOL(kallsyms_token_index)=%llx\nSYMBOL(kallsyms_offsets)=%llx\n",
		 (unsigned long long)stext, BASE + NAMES, BASE + COUNT, BASE + TOKENS, BASE + INDEX,
		 BASE + OFFSETS);
	if (has_base)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "SYMBOL(kallsyms_relative_base)=%llx\n", BASE + RELATIVE);
	return gmem_kallsyms_new(text, read_memory, NULL, out);
}

static void expect(const struct gmem_kallsyms *kallsyms, const char *name, uint64_t expected)
{
	uint64_t address = 0;

	ck_assert_int_eq(gmem_kallsyms_find(kallsyms, name, &address), 0);
	ck_assert_uint_eq(address, expected);
}

START_TEST(offsets_from_their_own_place)
{
	struct gmem_kallsyms *kallsyms;
	char name[301] = "t";
	uint64_t address;

	begin();
	add("T\200ext", from_entry(BASE)); /* a token of three characters */
	memset(name + 1, 'n', sizeof(name) - 2);
	add(name, from_entry(BASE + 0x10)); /* a length of two bytes */
	add("dinit_task", from_entry(BASE + 0x20));
	add("tinit_task", from_entry(BASE + 0x30)); /* the first one of that name counts */
	ck_assert_int_eq(load(BASE, false, &kallsyms), 0);
	expect(kallsyms, "_stext", BASE);
	expect(kallsyms, name + 1, BASE + 0x10);
	expect(kallsyms, "init_task", BASE + 0x20);
	ck_assert_int_eq(gmem_kallsyms_find(kallsyms, "init_tas", &address), -ENOENT);
	ck_assert_int_eq(gmem_kallsyms_find(kallsyms, "init_task2", &address), -ENOENT);
	ck_assert_int_eq(gmem_kallsyms_find(kallsyms, "", &address), -ENOENT);
	unreadable = BASE + OFFSETS;
	ck_assert_int_eq(gmem_kallsyms_find(kallsyms, "_stext", &address), -EREMOTE);
	gmem_kallsyms_free(kallsyms);
}
END_TEST

static void set_base(uint64_t base)
{
	memcpy(memory + RELATIVE, &base, sizeof(base));
}

START_TEST(from_relative_base)
{
	struct gmem_kallsyms *kallsyms;

	begin();
	set_base(BASE);
	add("T_stext", 0x1000);
	add("dinit_task", (int32_t)0x90000000u); /* unsigned */
	ck_assert_int_eq(load(BASE + 0x1000, true, &kallsyms), 0);
	expect(kallsyms, "init_task", BASE + 0x90000000u);
	gmem_kallsyms_free(kallsyms);
}
END_TEST

START_TEST(with_absolute_percpu)
{
	struct gmem_kallsyms *kallsyms;

	begin();
	set_base(BASE);
	add("Acurrent_task", 0x1234);
	add("T_stext", -1 - 0x1000);
	ck_assert_int_eq(load(BASE + 0x1000, true, &kallsyms), 0);
	expect(kallsyms, "current_task", 0x1234);
	expect(kallsyms, "_stext", BASE + 0x1000);
	gmem_kallsyms_free(kallsyms);
}
END_TEST

START_TEST(damaged_tables_are_refused)
{
	struct gmem_kallsyms *kallsyms;
	uint32_t count;

	begin();
	add("T_stext", from_entry(BASE));
	ck_assert_int_eq(load(BASE + 1, false, &kallsyms), -EILSEQ); /* no encoding matches */
	ck_assert_int_eq(gmem_kallsyms_new("OSRELEASE=5.10\n", read_memory, NULL, &kallsyms),
			 -ENOENT);
	unreadable = BASE + NAMES;
	ck_assert_int_eq(load(BASE, false, &kallsyms), -EREMOTE);
	unreadable = 0;
	count = symbols;
	symbols = UINT32_MAX;
	ck_assert_int_eq(load(BASE, false, &kallsyms), -EILSEQ);
	symbols = 0;
	ck_assert_int_eq(load(BASE, false, &kallsyms), -EILSEQ);
	/* Names that continue to the end of memory. */
	symbols = 1u << 20;
	ck_assert_int_eq(load(BASE, false, &kallsyms), -EFAULT);
	symbols = count;
	/* An index of tokens that does not ascend. */
	memset(memory + INDEX + 100, 0, 2);
	ck_assert_int_eq(load(BASE, false, &kallsyms), -EILSEQ);
}
END_TEST

UNIT_MAIN("kallsyms", offsets_from_their_own_place, from_relative_base, with_absolute_percpu,
	  damaged_tables_are_refused)
