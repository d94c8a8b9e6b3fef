/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bits of a mask by name. */
#ifndef CLI_OUTPUT_BITS_H
#define CLI_OUTPUT_BITS_H

#include <stddef.h>
#include <stdint.h>

/* Name of a bit, or NULL where it has none. */
typedef const char *(*bit_name_fn)(unsigned int bit);

/* Room for the names of any mask that gmemctl shows. */
#define BITS_TEXT_MAX 512

/* "mmap,init-shared"; bits without a name are written as bit-N. "" for 0. Returns buffer. */
const char *bits_describe(uint64_t mask, bit_name_fn name, char buffer[BITS_TEXT_MAX]);

#endif
