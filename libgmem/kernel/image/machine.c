// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/image/machine.h"

#include <errno.h>
#include <string.h>

#include "kernel/image/vmcoreinfo.h"

#define PHYSICAL_BITS_MAX 52 /* of x86-64 and arm64 */

static const struct gmem_image_machine *const machines[] = { &gmem_image_x86, &gmem_image_arm64 };

const struct gmem_image_machine *gmem_image_machine(const char *name)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i]->name, name))
			return machines[i];
	return NULL;
}

/*
 * Whether the direct map's region is among the kernel's addresses and page frames have theirs in
 * it: page frame 0, or one as far before the region as RAM can begin.
 */
static bool has_page_frames(const struct gmem_image *image)
{
	uint64_t base = image->page_offset_base, start = image->region_start;

	return start >= image->kernel_bits && start < image->region_end &&
	       (base - start < image->region_end - start ||
		start - base < 1ull << PHYSICAL_BITS_MAX);
}

int gmem_image_make(const struct gmem_image_machine *machine, const char *vmcoreinfo, uint64_t base,
		    struct gmem_image *image, const char **why)
{
	uint64_t values[GMEM_IMAGE_KEYS_MAX] = { 0 };

	for (size_t i = 0; i < machine->key_count; i++) {
		const struct gmem_image_key *key = &machine->keys[i];
		int ret = gmem_vmcoreinfo_number(vmcoreinfo, key->name, key->base, &values[i]);

		*why = key->name;
		if (ret && (key->required || ret != -ENOENT))
			return -ENODATA;
	}
	*image = (struct gmem_image){ .page_offset_base = base };
	*why = machine->make(values, image);
	if (!*why && (base || machine->tells_base) && !has_page_frames(image))
		*why = "its direct map would have no addresses of the kernel for page frames";
	return *why ? -EILSEQ : 0;
}
