/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What direct_map.c asks of a machine: which keys of vmcoreinfo it needs, and what follows. */
#ifndef GMEM_KMEM_IMAGE_MACHINE_H
#define GMEM_KMEM_IMAGE_MACHINE_H

#include "kmem/direct_map.h"

#define GMEM_IMAGE_KEYS_MAX 16

struct gmem_image_key {
	const char *name;
	int base; /* of the number */
	bool required;
};

struct gmem_image_machine {
	const char *name; /* as struct gmem_kernel_ops has it */
	const struct gmem_image_key *keys;
	size_t key_count; /* at most GMEM_IMAGE_KEYS_MAX */
	bool tells_base;  /* the keys tell where the direct map begins, without a search */
	/*
	 * Makes the image of the keys' values, 0 for those that are not there. page_offset_base has
	 * what a reader found. Returns NULL, or what does not fit, in words of static storage.
	 */
	const char *(*make)(const uint64_t *values, struct gmem_image *image);
};

extern const struct gmem_image_machine gmem_image_x86;
extern const struct gmem_image_machine gmem_image_arm64;

#endif
