/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where structs have their members, from BTF: of vmlinux, and of a module that goes on from it. */
#ifndef GMEM_IMAGE_BTF_H
#define GMEM_IMAGE_BTF_H

#include <stddef.h>

struct btf;

/*
 * The byte in a struct at which the member of that path begins ("gmem.pgoff"); anonymous structs
 * and unions are crossed. module may be NULL. Errors: ENOENT, EILSEQ (the BTF contradicts itself).
 */
int gmem_btf_offset_of(const struct btf *vmlinux, const struct btf *module, const char *type,
		       const char *member, size_t *offset);

/* Bytes of a struct. Errors: ENOENT. */
int gmem_btf_size_of(const struct btf *vmlinux, const struct btf *module, const char *type,
		     size_t *size);

#endif
