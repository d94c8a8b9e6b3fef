/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RANGE of the commands on a held VM: bytes of its memory, or guest-physical addresses. */
#ifndef CLI_HELD_RANGE_H
#define CLI_HELD_RANGE_H

#include "core/command.h"
#include "held/held.h"

/* A run of bytes that is in one piece in the memory and, where it is bound, in the guest. */
struct held_part {
	uint64_t offset;
	uint64_t gpa; /* or GMEM_GPA_NONE */
	uint64_t length;
};

/* A range has at most a part for each memslot, and one before, between and after them. */
#define HELD_PARTS_MAX (2 * HELD_SLOTS_MAX + 1)

struct held_parts {
	struct held_part part[HELD_PARTS_MAX];
	size_t n;
	uint64_t length; /* of all */
	bool bound;	 /* each has a guest-physical address */
};

/*
 * Reads RANGE, "all" or START+SIZE or START-END, and finds its parts: by_gpa, of guest-physical
 * addresses, else of the memory. Fails, before anything is changed, where it is not in there; with
 * need_gpa also where a part of it is bound to no address.
 */
enum status held_range(struct cli *cli, const struct held *held, const char *text, bool by_gpa,
		       bool need_gpa, struct held_parts *parts);

/* --by-gpa, a bool, in every command that takes RANGE. */
#define GPA_HELP "RANGE is of guest-physical addresses, not of bytes of the memory"

#endif
