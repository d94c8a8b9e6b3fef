// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A name is a length (one byte; or two, where the first has bit 7) and as many indices of tokens,
 * which are strings; the first character of all is the symbol's type. Names stand in the order of
 * addresses. Of each symbol there are 32 bits that tell its address, in one of three encodings.
 */
#include "kernel/image/kallsyms.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/image/vmcoreinfo.h"

#define TOKENS 256
#define TOKEN_MAX 1024	       /* above KSYM_NAME_LEN, 512 */
#define SYMBOLS_MAX (1u << 23) /* some 210000 today */
#define NAMES_MAX (64u << 20)  /* bytes; some 3 MiB today */
#define NAMES_STEP 65536u      /* that are read at a time */
#define LENGTH_IS_LONG 0x80u   /* since Linux 6.1 */

enum encoding {
	FROM_ENTRY, /* since 7.0: the address is the entry's own, and what stands in it */
	FROM_BASE,  /* behind relative_base */
	BELOW_BASE, /* CONFIG_KALLSYMS_ABSOLUTE_PERCPU, x86 before 6.15: negative below it */
	ENCODINGS,
};

struct gmem_kallsyms {
	gmem_kallsyms_read_fn read;
	void *arg;
	uint64_t offsets;	/* address of the table */
	uint64_t relative_base; /* 0 if there is no such table */
	enum encoding encoding;
	uint32_t count;
	unsigned char *names;
	size_t names_length;
	char tokens[65536 + TOKEN_MAX]; /* strings, at the offsets of token_index */
	uint16_t token_index[TOKENS];
};

/* Where the next name begins, and its tokens; NULL where it does not fit what was read. */
static const unsigned char *next_name(const unsigned char *at, const unsigned char *end,
				      unsigned int *tokens)
{
	if (at >= end)
		return NULL;
	*tokens = *at++;
	if (*tokens & LENGTH_IS_LONG) {
		if (at >= end)
			return NULL;
		*tokens = (*tokens & ~LENGTH_IS_LONG) | (unsigned int)*at++ << 7;
	}
	return (size_t)(end - at) >= *tokens ? at : NULL;
}

static int read_tokens(struct gmem_kallsyms *kallsyms, uint64_t table, uint64_t index)
{
	int ret = kallsyms->read(kallsyms->arg, index, kallsyms->token_index,
				 sizeof(kallsyms->token_index));
	size_t last = kallsyms->token_index[TOKENS - 1], length;

	if (ret)
		return ret;
	for (size_t i = 1; i < TOKENS; i++)
		if (kallsyms->token_index[i] <= kallsyms->token_index[i - 1])
			return -EILSEQ;
	/* The last string ends somewhere behind its beginning; other tables follow it. */
	length = last + TOKEN_MAX;
	ret = kallsyms->read(kallsyms->arg, table, kallsyms->tokens, length);
	if (!ret && !memchr(kallsyms->tokens + last, '\0', TOKEN_MAX))
		ret = -EILSEQ;
	return ret;
}

/*
 * Goes over the names that were read so far. *seen and *used get the number of whole names, and
 * their length.
 */
static void skip_names(const struct gmem_kallsyms *kallsyms, uint32_t *seen, size_t *used)
{
	const unsigned char *end = kallsyms->names + kallsyms->names_length, *at;
	unsigned int tokens;

	while (*seen < kallsyms->count && (at = next_name(kallsyms->names + *used, end, &tokens))) {
		*used = (size_t)(at - kallsyms->names) + tokens;
		++*seen;
	}
}

static int read_names(struct gmem_kallsyms *kallsyms, uint64_t address)
{
	uint32_t seen = 0;
	size_t used = 0;
	int ret = 0;

	while (!ret && seen < kallsyms->count) {
		size_t length = kallsyms->names_length;
		unsigned char *more;

		if (length >= NAMES_MAX)
			return -EILSEQ;
		more = realloc(kallsyms->names, length + NAMES_STEP);
		if (!more)
			return -ENOMEM;
		kallsyms->names = more;
		ret = kallsyms->read(kallsyms->arg, address + length, more + length, NAMES_STEP);
		kallsyms->names_length = length + NAMES_STEP;
		if (!ret)
			skip_names(kallsyms, &seen, &used);
	}
	kallsyms->names_length = used;
	return ret;
}

/* Whether the tokens spell a symbol of that name: the first character is its type. */
static bool is_named(const struct gmem_kallsyms *kallsyms, const unsigned char *tokens,
		     unsigned int count, const char *name)
{
	bool typed = false;

	for (unsigned int i = 0; i < count; i++) {
		const char *token = kallsyms->tokens + kallsyms->token_index[tokens[i]];
		size_t length;

		if (!typed && *token) {
			typed = true;
			token++;
		}
		length = strlen(token);
		if (strncmp(name, token, length) != 0)
			return false;
		name += length;
	}
	return typed && !*name;
}

static bool find_index(const struct gmem_kallsyms *kallsyms, const char *name, uint32_t *index)
{
	const unsigned char *end = kallsyms->names + kallsyms->names_length;
	const unsigned char *at = kallsyms->names;
	unsigned int tokens;

	for (*index = 0; *index < kallsyms->count; ++*index) {
		at = next_name(at, end, &tokens);
		if (!at)
			return false;
		if (is_named(kallsyms, at, tokens, name))
			return true;
		at += tokens;
	}
	return false;
}

static int address_of(const struct gmem_kallsyms *kallsyms, enum encoding encoding, uint32_t index,
		      uint64_t *address)
{
	uint64_t entry = kallsyms->offsets + index * 4ull;
	int32_t offset;
	int ret = kallsyms->read(kallsyms->arg, entry, &offset, sizeof(offset));

	if (ret)
		return ret;
	if (encoding == FROM_ENTRY)
		*address = entry + (uint64_t)(int64_t)offset;
	else if (encoding == FROM_BASE)
		*address = kallsyms->relative_base + (uint32_t)offset;
	else if (offset >= 0)
		*address = (uint32_t)offset;
	else
		*address = kallsyms->relative_base - 1 - (uint64_t)(int64_t)offset;
	return 0;
}

/* Finds the encoding by which one symbol has the address that vmcoreinfo gives for it. */
static int find_encoding(struct gmem_kallsyms *kallsyms, uint64_t stext)
{
	uint64_t address;
	uint32_t index;
	int ret;

	if (!find_index(kallsyms, "_stext", &index))
		return -EILSEQ;
	for (int i = 0; i < ENCODINGS; i++) {
		kallsyms->encoding = (enum encoding)i;
		ret = address_of(kallsyms, kallsyms->encoding, index, &address);
		if (ret || address == stext)
			return ret;
	}
	return -EILSEQ;
}

enum { NAMES, COUNT, TOKEN_TABLE, TOKEN_INDEX, OFFSETS, STEXT, RELATIVE_BASE, KEYS };
static const char *const keys[KEYS] = {
	[NAMES] = "SYMBOL(kallsyms_names)",
	[COUNT] = "SYMBOL(kallsyms_num_syms)",
	[TOKEN_TABLE] = "SYMBOL(kallsyms_token_table)",
	[TOKEN_INDEX] = "SYMBOL(kallsyms_token_index)",
	[OFFSETS] = "SYMBOL(kallsyms_offsets)",
	[STEXT] = "SYMBOL(_stext)",
	[RELATIVE_BASE] = "SYMBOL(kallsyms_relative_base)",
};

static int load(struct gmem_kallsyms *kallsyms, const uint64_t *at)
{
	int ret =
		kallsyms->read(kallsyms->arg, at[COUNT], &kallsyms->count, sizeof(kallsyms->count));

	kallsyms->offsets = at[OFFSETS];
	if (!ret && at[RELATIVE_BASE])
		ret = kallsyms->read(kallsyms->arg, at[RELATIVE_BASE], &kallsyms->relative_base,
				     sizeof(kallsyms->relative_base));
	if (!ret && (!kallsyms->count || kallsyms->count > SYMBOLS_MAX))
		ret = -EILSEQ;
	if (!ret)
		ret = read_tokens(kallsyms, at[TOKEN_TABLE], at[TOKEN_INDEX]);
	if (!ret)
		ret = read_names(kallsyms, at[NAMES]);
	return ret ? ret : find_encoding(kallsyms, at[STEXT]);
}

int gmem_kallsyms_new(const char *vmcoreinfo, gmem_kallsyms_read_fn read, void *arg,
		      struct gmem_kallsyms **out)
{
	struct gmem_kallsyms *kallsyms;
	uint64_t at[KEYS] = { 0 };
	int ret = 0;

	for (size_t i = 0; i < KEYS; i++) {
		ret = gmem_vmcoreinfo_number(vmcoreinfo, keys[i], 16, &at[i]);
		if (ret && i != RELATIVE_BASE)
			return ret;
	}
	kallsyms = calloc(1, sizeof(*kallsyms));
	if (!kallsyms)
		return -ENOMEM;
	kallsyms->read = read;
	kallsyms->arg = arg;
	ret = load(kallsyms, at);
	if (ret)
		gmem_kallsyms_free(kallsyms);
	else
		*out = kallsyms;
	return ret;
}

void gmem_kallsyms_free(struct gmem_kallsyms *kallsyms)
{
	if (!kallsyms)
		return;
	free(kallsyms->names);
	free(kallsyms);
}

int gmem_kallsyms_find(const struct gmem_kallsyms *kallsyms, const char *name, uint64_t *address)
{
	uint32_t index;

	if (!find_index(kallsyms, name, &index))
		return -ENOENT;
	return address_of(kallsyms, kallsyms->encoding, index, address);
}
