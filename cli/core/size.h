/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes as util-linux writes them: K = KiB = 1024, KB = 1000, up to E, in either case. */
#ifndef CLI_CORE_SIZE_H
#define CLI_CORE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a whole number, decimal or 0x hexadecimal, at text; *end is set behind it. Returns
 * false and why in words.
 */
bool number_parse(const char *text, uint64_t *number, const char **end, const char **why);

/* Reads a size that is all of text: 4096, 0x1000, 4K, 1.5G, 10MB. Returns false and why. */
bool size_parse(const char *text, uint64_t *bytes, const char **why);

/* One letter of 1024 and at most one decimal: 4K, 1.5G, 0B. Returns buffer. */
const char *size_format(uint64_t bytes, char *buffer, size_t size);

#endif
