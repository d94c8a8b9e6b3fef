// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/image/machine.h"

#include <errno.h>
#include <string.h>

#include "kernel/image/vmcoreinfo.h"

static const struct gmem_image_machine *const machines[] = { &gmem_image_x86, &gmem_image_arm64 };

const struct gmem_image_machine *gmem_image_machine(const char *name)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i]->name, name))
			return machines[i];
	return NULL;
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
	return *why ? -EILSEQ : 0;
}
