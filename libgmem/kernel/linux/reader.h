/* SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-or-later */
/* What the BPF program and its loader agree on: the memory-mapped array of requests. */
#ifndef GMEM_LINUX_READER_H
#define GMEM_LINUX_READER_H

/*
 * Requests of one run of the program, and room for their answers, packed. Small enough that the
 * answers are still in the second-level cache when the loader copies them on.
 */
#define READER_REQUESTS 1024
#define READER_REQUEST_MAX 4096
#define READER_DATA (192 * READER_REQUEST_MAX)
/* The beginning of the data is for users who take no copy: nodes of an xarray, and page tables. */
#define READER_ROOM_SMALL (32 * READER_REQUEST_MAX)
#define READER_ROOM_LARGE (64 * READER_REQUEST_MAX)
#define READER_ROOMS (READER_ROOM_SMALL + READER_ROOM_LARGE)

struct reader_request {
	unsigned long long address;
	unsigned int length; /* bytes, 1 to READER_REQUEST_MAX */
	unsigned int offset; /* of the answer in data */
	int result;	     /* out: 0 or a negative errno */
	unsigned int pad;
};

#endif
