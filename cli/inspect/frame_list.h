/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page frames that a command was given: on its command line, or on standard input. */
#ifndef CLI_INSPECT_FRAME_LIST_H
#define CLI_INSPECT_FRAME_LIST_H

#include "args/frames.h"
#include "core/cli.h"

#define FRAME_LIST_MAX 65536 /* lines of standard input that name some */

struct frame_list {
	struct frames *list;
	size_t n;
};

/* One more; single: no range. where stands in messages before the text, as "--pfn=". */
enum status frame_list_add(struct cli *cli, struct frame_list *list, const char *where,
			   const char *text, bool single);

/*
 * Reads a page frame or a range from each line, until the stream ends; blank lines and comments (#)
 * are skipped. Messages name the line.
 */
enum status frame_list_read(struct cli *cli, struct frame_list *list, FILE *stream);

/*
 * Makes all of them page frames of this kernel: opens the reader where one is an address in the
 * direct map, refuses what no physical address can be, and notes what could have been meant
 * otherwise.
 */
enum status frame_list_resolve(struct cli *cli, struct frame_list *list);

/* Puts them in order, each page frame once. */
void frame_list_merge(struct frame_list *list);

void frame_list_free(struct frame_list *list);

/*
 * "page frame 0x104435 is not RAM; as a physical address that is in page frame 0x104", the second
 * half where that one is RAM, or may be.
 */
const char *frame_list_not_ram(struct cli *cli, uint64_t pfn, char *text, size_t size);

#endif
