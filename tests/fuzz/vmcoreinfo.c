// SPDX-License-Identifier: GPL-2.0-or-later
/* The VMCOREINFO note, its place, and numbers in it. */
#include "fuzz.h"

#include "kernel/image/vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "SYMBOL(swapper_pg_dir)", "SIZE(page)", "KERNELOFFSET",
					    "NUMBER(pgtable_l5_enabled)" };
	char *text = fuzz_text(data, size);
	uint64_t physical, value;
	size_t length;

	if (!gmem_vmcoreinfo_location(text, &physical, &length))
		HOLDS(length > 0 && length <= GMEM_VMCOREINFO_MAX);
	if (size >= GMEM_VMCOREINFO_TEXT)
		gmem_vmcoreinfo_is(data, size, "6.18.44");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		gmem_vmcoreinfo_number(text, keys[i], 16, &value);
		gmem_vmcoreinfo_number(text, keys[i], 10, &value);
	}
	free(text);
	return 0;
}
