/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the kernel's command line. */
#ifndef GMEM_PROCFS_CMDLINE_H
#define GMEM_PROCFS_CMDLINE_H

#include "base/context.h"

/*
 * *words are the words in their order, each with its NUL, and an empty one at the end. The caller
 * frees them. Errors: of reading /proc/cmdline, and -ENOMEM.
 */
int gmem_read_boot_words(struct gmem_ctx *ctx, char **words);

/* The word after a word of gmem_read_boot_words(). */
char *gmem_next_boot_word(char *word);

/*
 * The value of the last word KEY=VALUE, cut off at size bytes; "" if there is no such word. Errors:
 * as gmem_read_boot_words(), and the value is then "".
 */
int gmem_boot_value(struct gmem_ctx *ctx, const char *key, char *value, size_t size);

#endif
