// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page frames of the command line and of standard input: none is empty or wraps, and
 * no message has an address.
 */
#include "fuzz.h"

#include <strings.h>

#include "args/frames.h"
#include "inspect/frame_list.h"

/* Whether the text has a number of 16 digits that begins with ff. */
static bool has_address(const char *text)
{
	for (; *text; text++) {
		size_t length;

		text += strspn(text, "0");
		length = strspn(text, "0123456789abcdefABCDEF");
		if (length == 16 && !strncasecmp(text, "ff", 2))
			return true;
		text += length;
		if (!*text)
			break;
	}
	return false;
}

static void check_list(const struct frame_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct range *range = &list->list[i].range;

		HOLDS(range->length > 0 && range->start + (range->length - 1) >= range->start);
		if (i)
			HOLDS(range->start >
			      list->list[i - 1].range.start + list->list[i - 1].range.length - 1);
	}
}

static void read_list(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx; /* tells the size of a page */
	static FILE *nowhere;
	struct cli cli = { .command = NULL };
	struct frame_list list = { .n = 0 };
	FILE *stream = size ? fmemopen((void *)data, size, "r") : NULL;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (!ctx)
		gmem_ctx_new_simulated("plain", &ctx);
	if (!stream || !nowhere || !ctx)
		return;
	cli.ctx = ctx;
	cli.streams = (struct streams){ .out = nowhere, .err = nowhere };
	if (!frame_list_read(&cli, &list, stream)) {
		HOLDS(list.n > 0 && list.n <= FRAME_LIST_MAX);
		frame_list_merge(&list);
		check_list(&list);
	} else {
		HOLDS(cli.failed && *cli.error);
	}
	frame_list_free(&list);
	fclose(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[FRAMES_WHY_MAX] = "";
	char *text = fuzz_text(data, size);
	struct frames frames;

	if (frames_parse(text, 4096, &frames, why))
		HOLDS(frames.range.length > 0 &&
		      frames.range.start + (frames.range.length - 1) >= frames.range.start);
	else
		HOLDS(*why && !has_address(why));
	HOLDS(!has_address(frames_quote(text)));
	free(text);
	read_list(data, size);
	return 0;
}
