// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The index: what was looked for on the host, and is no file of the snapshot. A line each:
 *
 *   PATH ok [MODE UID GID]   it is there; MODE as stat(2) has it, in C's octal
 *   PATH ERRNO               looking for it, or reading it, failed: /dev/sev ENOENT
 *   PATH link TARGET         it is a symbolic link
 *   PATH entry NAME          it is a directory with that name in it
 *   PATH listed              and with no names but those told here or found below DIR
 *   machine NAME PAGE        uname(2)'s name of the machine, and bytes of the kernel's page
 *
 * memfd_secret stands for memfd_secret(2), as if it was a path. A line that begins with # is a
 * comment.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/snapshot/snapshot.h"

static bool parse_there(struct gmem_index_line *line, char *rest)
{
	unsigned long values[3];
	size_t n = 0;
	char *word;

	line->kind = GMEM_INDEX_THERE;
	while ((word = gmem_snapshot_word(&rest))) {
		if (n == 3 || !gmem_snapshot_number(word, UINT_MAX, &values[n++]))
			return false;
	}
	if (n == 0)
		return true;
	line->has_mode = true;
	line->mode = (mode_t)values[0];
	line->uid = (uid_t)values[1];
	line->gid = (gid_t)values[2];
	return n == 3;
}

static bool parse_text(struct gmem_index_line *line, enum gmem_index_kind kind, char *rest)
{
	line->kind = kind;
	line->text = gmem_snapshot_word(&rest);
	return line->text && !gmem_snapshot_word(&rest);
}

/* Of the machines that are known, with the pages that their kernels have. */
static bool parse_machine(struct gmem_index *index, char *rest)
{
	static const char *const known[] = { "x86_64", "aarch64" };
	const char *name = gmem_snapshot_word(&rest), *bytes = gmem_snapshot_word(&rest);
	unsigned long page;

	if (!name || !bytes || gmem_snapshot_word(&rest) ||
	    !gmem_snapshot_number(bytes, 1ul << GMEM_SNAPSHOT_PAGE_SHIFT_MAX, &page))
		return false;
	if (page >> GMEM_SNAPSHOT_PAGE_SHIFT_MIN == 0 || (page & (page - 1)))
		return false;
	index->page_shift = (unsigned int)__builtin_ctzl(page);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i]))
			index->machine = known[i];
	return index->machine != NULL;
}

static bool parse_line(struct gmem_index *index, struct gmem_index_line *line, char *text)
{
	const char *path = gmem_snapshot_word(&text);
	const char *what;

	if (path && !strcmp(path, "machine"))
		return !index->machine && parse_machine(index, text);
	what = gmem_snapshot_word(&text);
	if (!path || !what)
		return false;
	line->path = path;
	if (!strcmp(what, "ok"))
		return parse_there(line, text);
	if (!strcmp(what, "link"))
		return parse_text(line, GMEM_INDEX_LINK, text);
	if (!strcmp(what, "entry"))
		return parse_text(line, GMEM_INDEX_ENTRY, text);
	if (gmem_snapshot_word(&text))
		return false;
	if (!strcmp(what, "listed")) {
		line->kind = GMEM_INDEX_LISTED;
		return true;
	}
	line->kind = GMEM_INDEX_ERROR;
	line->error = -gmem_snapshot_errno(what);
	return line->error;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int parse_lines(struct gmem_index *index, char *why, size_t size)
{
	size_t number = 1;
	char *at = index->text;

	for (char *line; (line = strsep(&at, "\n")); number++) {
		struct gmem_index_line parsed = { .path = NULL };

		if (!line[strspn(line, " \t\r")] || *line == '#')
			continue;
		if (!parse_line(index, &parsed, line)) {
			snprintf(
				why, size,
				"index: line %zu is not one of 'PATH ok [MODE UID GID]', 'PATH ERRNO', "
				"'PATH link TARGET', 'PATH entry NAME', 'PATH listed' and, once, "
				"'machine x86_64|aarch64 PAGE-SIZE'",
				number);
			return -EBADMSG;
		}
		if (parsed.path)
			index->lines[index->count++] = parsed;
	}
	return 0;
}

int gmem_index_parse(struct gmem_index *index, const char *text, char *why, size_t size)
{
	int ret = -ENOMEM;

	memset(index, 0, sizeof(*index));
	index->text = strdup(text);
	index->lines = calloc(count_lines(text), sizeof(*index->lines));
	if (index->text && index->lines)
		ret = parse_lines(index, why, size);
	if (ret)
		gmem_index_free(index);
	return ret;
}

void gmem_index_free(struct gmem_index *index)
{
	free(index->lines);
	free(index->text);
	memset(index, 0, sizeof(*index));
}

const struct gmem_index_line *gmem_index_find(const struct gmem_index *index, const char *path)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct gmem_index_line *line = &index->lines[i];

		if (line->kind != GMEM_INDEX_ENTRY && line->kind != GMEM_INDEX_LISTED &&
		    !strcmp(line->path, path))
			return line;
	}
	return NULL;
}

int gmem_index_list(const struct gmem_index *index, const char *path, gmem_directory_fn fn,
		    void *arg, bool *listed)
{
	int ret = 0;

	*listed = false;
	for (size_t i = 0; i < index->count && !ret; i++) {
		const struct gmem_index_line *line = &index->lines[i];

		if (strcmp(line->path, path))
			continue;
		if (line->kind == GMEM_INDEX_LISTED)
			*listed = true;
		else if (line->kind == GMEM_INDEX_ENTRY)
			ret = fn(line->text, arg);
	}
	return ret;
}
