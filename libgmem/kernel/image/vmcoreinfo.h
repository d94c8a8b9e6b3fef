/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VMCOREINFO note: text that the kernel keeps for crash tools (kernel/vmcore_info.c). */
#ifndef GMEM_IMAGE_VMCOREINFO_H
#define GMEM_IMAGE_VMCOREINFO_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of an ELF note's header and the name "VMCOREINFO", padded: where the text begins. */
#define GMEM_VMCOREINFO_TEXT 24
#define GMEM_VMCOREINFO_MAX 65536

/* "0x… …" of /sys/kernel/vmcoreinfo: physical address and bytes of the note. Errors: EILSEQ. */
int gmem_vmcoreinfo_location(const char *line, uint64_t *physical, size_t *size);

/* Whether bytes (at least GMEM_VMCOREINFO_TEXT and what release needs) begin this note. */
int gmem_vmcoreinfo_is(const void *bytes, size_t length, const char *release);

/*
 * Value behind "KEY=" in a NUL-terminated text. base: 16 or 10; a 0x prefix and a sign are
 * understood. Errors: ENOENT, EILSEQ.
 */
int gmem_vmcoreinfo_number(const char *text, const char *key, int base, uint64_t *value);

#endif
