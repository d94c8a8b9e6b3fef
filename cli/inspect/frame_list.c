// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/frame_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/evidence.h"

#define LINE_MAX_BYTES 256
#define BLANKS " \t\r\n"

static struct frames *grow(struct frame_list *list)
{
	struct frames *more = list->list;

	/* Room doubles at each power of two. */
	if (!(list->n & (list->n - 1)))
		more = realloc(more, (list->n ? 2 * list->n : 1) * sizeof(*more));
	if (more)
		list->list = more;
	return more;
}

enum status frame_list_add(struct cli *cli, struct frame_list *list, const char *where,
			   const char *text, bool single)
{
	char why[FRAMES_WHY_MAX];
	struct frames frames;

	if (!frames_parse(text, gmem_page_size(cli->ctx), &frames, why))
		return cli_usage(cli, "%s'%s': %s", where, frames_quote(text), why);
	if (frames.form == FRAMES_PHYSICAL && !gmem_page_size_known(cli->ctx))
		return cli_usage(cli,
				 "%s'%s': the size of a page of that arm64 kernel is not in DIR "
				 "(no configuration of it, and no index): give page frames",
				 where, text);
	if (single && frames.is_range)
		return cli_usage(cli, "%s'%s': something follows the number", where,
				 frames_quote(text));
	if (!grow(list))
		return cli_no_memory(cli);
	list->list[list->n++] = frames;
	return STATUS_YES;
}

/* The word of a line, NULL for a line of none; *more is whether another one follows. */
static char *word_of(char *line, bool *more)
{
	char *word;
	size_t length;

	line[strcspn(line, "#")] = '\0';
	word = line + strspn(line, BLANKS);
	length = strcspn(word, BLANKS);
	*more = word[length + strspn(word + length, BLANKS)];
	word[length] = '\0';
	return length ? word : NULL;
}

static enum status read_line(struct cli *cli, struct frame_list *list, char *line, size_t number)
{
	bool whole = strchr(line, '\n') || strlen(line) < LINE_MAX_BYTES - 1;
	char where[48], *word;
	bool more;

	snprintf(where, sizeof(where), "standard input:%zu: ", number);
	if (!whole)
		return cli_usage(cli, "%sthe line is longer than %d bytes", where,
				 LINE_MAX_BYTES - 2);
	word = word_of(line, &more);
	if (!word)
		return STATUS_YES;
	if (more)
		return cli_usage(cli, "%sa second word; each line has one page frame, or range",
				 where);
	if (list->n == FRAME_LIST_MAX)
		return cli_usage(cli, "%smore than %d lines with page frames", where,
				 FRAME_LIST_MAX);
	return frame_list_add(cli, list, where, word, false);
}

enum status frame_list_read(struct cli *cli, struct frame_list *list, FILE *stream)
{
	enum status status = STATUS_YES;
	char line[LINE_MAX_BYTES];

	errno = 0;
	for (size_t number = 1; !status && fgets(line, sizeof(line), stream); number++)
		status = read_line(cli, list, line, number);
	if (!status && ferror(stream))
		return cli_fail(cli, STATUS_FAILED, "reading standard input: %s",
				strerror(errno ? errno : EIO));
	if (!status && !list->n)
		return cli_usage(cli, "standard input names no page frame");
	return status;
}

/* It is mentioned only if that page frame is RAM, or may be. */
static bool may_be_ram(struct cli *cli, uint64_t pfn)
{
	uint64_t limit;

	return !gmem_pfn_limit(cli->ctx, &limit) && pfn < limit && gmem_pfn_is_ram(cli->ctx, pfn);
}

/* "; as a physical address that is in page frame 0x104", or nothing. */
static void tell_physical(struct cli *cli, uint64_t number, char *text, size_t size)
{
	uint64_t pfn = number / gmem_page_size(cli->ctx);

	*text = '\0';
	if (pfn && gmem_page_size_known(cli->ctx) && may_be_ram(cli, pfn))
		snprintf(text, size,
			 "; if 0x%" PRIx64 " is a physical address, that is page frame 0x%" PRIx64
			 " (phys:%" PRIx64 ")",
			 number, pfn, number);
}

const char *frame_list_not_ram(struct cli *cli, uint64_t pfn, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "page frame 0x%" PRIx64 " is not RAM", pfn);

	if (length < size)
		tell_physical(cli, pfn, text + length, size - length);
	return text;
}

static enum status check_limit(struct cli *cli, const struct frames *frames)
{
	uint64_t limit;
	char physical[128];
	int ret = gmem_pfn_limit(cli->ctx, &limit);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	if (frames->range.start < limit && frames->range.length <= limit - frames->range.start)
		return STATUS_YES;
	tell_physical(cli, frames->range.start, physical, sizeof(physical));
	return cli_usage(cli,
			 "page frame 0x%" PRIx64 ": that is beyond this CPU's physical addresses, "
			 "which end before page frame 0x%" PRIx64 "%s",
			 frames->range.start +
				 (frames->range.start < limit ? frames->range.length - 1 : 0),
			 limit, physical);
}

/* From an address in the direct map to page frames. Messages do not show the address. */
static enum status translate(struct cli *cli, struct frames *frames)
{
	struct range *range = &frames->range;
	uint64_t first, last;
	enum status status = STATUS_YES;
	int ret;

	if (cli->common.sysroot)
		return cli_usage(cli, "va:ADDRESS: where a direct map begins only the running boot "
				      "tells, and not --sysroot");
	status = evidence_need(cli);
	if (status)
		return status;
	ret = gmem_pfn_of_address(cli->ctx, range->start, &first);
	if (!ret)
		ret = gmem_pfn_of_address(cli->ctx, range->start + (range->length - 1), &last);
	if (ret == -EINVAL) {
		char why[1024];

		return cli_usage(cli, "va:ADDRESS: %s", cli_explain(cli, ret, why, sizeof(why)));
	}
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	*range = (struct range){ .start = first, .length = last - first + 1 };
	frames->form = FRAMES_PFN;
	return STATUS_YES;
}

/* Once: the first one, and how many. */
static void note_ambiguous(struct cli *cli, const struct frame_list *list)
{
	const struct frames *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct frames *frames = &list->list[i];

		if (!frames->as_hex || !may_be_ram(cli, frames->as_hex))
			continue;
		first = first ? first : frames;
		n++;
	}
	if (!first)
		return;
	cli_note(cli,
		 "%" PRIu64 " is taken for decimal, 0x%" PRIx64 "; a number of a kernel log is "
		 "hexadecimal: 0x%" PRIx64 " (pfn:%" PRIx64 ")%s",
		 first->range.start, first->range.start, first->as_hex, first->as_hex,
		 n > 1 ? "; so with others of these" : "");
}

enum status frame_list_resolve(struct cli *cli, struct frame_list *list)
{
	enum status status = STATUS_YES;

	for (size_t i = 0; !status && i < list->n; i++)
		if (list->list[i].form != FRAMES_VIRTUAL)
			status = check_limit(cli, &list->list[i]);
	for (size_t i = 0; !status && i < list->n; i++)
		if (list->list[i].form == FRAMES_VIRTUAL)
			status = translate(cli, &list->list[i]);
	if (!status)
		note_ambiguous(cli, list);
	return status;
}

static int by_start(const void *a, const void *b)
{
	const struct frames *x = a, *y = b;

	return (x->range.start > y->range.start) - (x->range.start < y->range.start);
}

void frame_list_merge(struct frame_list *list)
{
	size_t n = 0;

	if (list->n)
		qsort(list->list, list->n, sizeof(*list->list), by_start);
	for (size_t i = 0; i < list->n; i++) {
		struct range *last = n ? &list->list[n - 1].range : NULL;
		const struct range *next = &list->list[i].range;

		if (!last || next->start - last->start > last->length)
			list->list[n++] = list->list[i];
		else if (next->start - last->start + next->length > last->length)
			last->length = next->start - last->start + next->length;
	}
	list->n = n;
}

void frame_list_free(struct frame_list *list)
{
	free(list->list);
	*list = (struct frame_list){ .list = NULL };
}
