/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page frames as people and kernel logs name them, one or a range: 0x84f35, 544565, pfn:84f35,
 * phys:84f35000, va:ffff888084f35000. Behind a prefix numbers are hexadecimal, as the kernel prints
 * them, with or without 0x.
 */
#ifndef CLI_ARGS_FRAMES_H
#define CLI_ARGS_FRAMES_H

#include "args/range.h"

enum frames_form {
	FRAMES_PFN,
	FRAMES_PHYSICAL,
	FRAMES_VIRTUAL, /* in the direct map */
};

struct frames {
	enum frames_form form;
	/*
	 * Page frames; of FRAMES_VIRTUAL bytes, since only the kernel knows where its direct map
	 * is.
	 */
	struct range range;
	bool is_range;
	/*
	 * If the text has digits only and no prefix: the number that it would be in hexadecimal, as
	 * in a log. 0 otherwise.
	 */
	uint64_t as_hex;
};

#define FRAMES_WHY_MAX 160

/* Returns false and why in words. */
bool frames_parse(const char *text, uint64_t page_size, struct frames *frames,
		  char why[FRAMES_WHY_MAX]);

/*
 * The text for a message. If it may hold a kernel address, only what it is, because addresses are
 * not shown.
 */
const char *frames_quote(const char *text);

/* Page frames that bytes from start on are in. */
uint64_t frames_of_bytes(uint64_t start, uint64_t length, uint64_t page_size);

#endif
