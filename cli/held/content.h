/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The content that a guest begins with: a file, which is read bit by bit, and zeroes behind its
 * end.
 */
#ifndef CLI_HELD_CONTENT_H
#define CLI_HELD_CONTENT_H

#include "core/cli.h"

/* Content goes to the kernel in pieces of this many bytes. */
#define CONTENT_PIECE (256u << 10)

struct content {
	struct cli *cli;
	const char *from; /* NULL: zeroes */
	int fd;		  /* -1: zeroes, or the end was reached */
	unsigned char *piece;
};

/* Opens it for a range of length bytes; fails where it is longer. */
enum status content_open(struct cli *cli, const char *from, uint64_t length,
			 struct content *content);

/* Reads the next size bytes into piece. Returns 0 or a negative errno; EINTR: it is to end. */
int content_read(struct content *content, size_t size);

/*
 * Waits for the end of what comes through a pipe. Returns 0, -EFBIG where there is more, or another
 * negative errno; EINTR: it is to end.
 */
int content_ends(struct content *content);

void content_close(struct content *content);

#endif
