/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own table of symbols, as it lies in its memory (kernel/kallsyms.c, written by
 * scripts/kallsyms.c). It may come from a dump, which is untrusted input: each count has a bound.
 */
#ifndef GMEM_IMAGE_KALLSYMS_H
#define GMEM_IMAGE_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>

struct gmem_kallsyms;

/* Copies length bytes of kernel memory. Returns 0 or a negative errno, which is passed on. */
typedef int (*gmem_kallsyms_read_fn)(void *arg, uint64_t address, void *buffer, size_t length);

/*
 * Reads the tables that vmcoreinfo names (Linux 6.0): text is NUL-terminated. The names are copied,
 * some MiB. Errors: ENOENT (vmcoreinfo does not name them), EILSEQ (they contradict themselves, or
 * no known encoding of addresses gives what vmcoreinfo says of _stext), ENOMEM; of read.
 */
int gmem_kallsyms_new(const char *vmcoreinfo, gmem_kallsyms_read_fn read, void *arg,
		      struct gmem_kallsyms **out);
void gmem_kallsyms_free(struct gmem_kallsyms *kallsyms);

/* The address of the first symbol of that name. Errors: ENOENT; of read. */
int gmem_kallsyms_find(const struct gmem_kallsyms *kallsyms, const char *name, uint64_t *address);

#endif
