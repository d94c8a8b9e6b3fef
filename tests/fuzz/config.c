// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's configuration, as text and as config.gz. */
#include "fuzz.h"

#include "procfs/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	struct gmem_config config;

	if (!ctx)
		ctx = fuzz_ctx("plain");
	fuzz_file_is(ctx, "config", data, size);
	if (!gmem_config_read(ctx, &config)) {
		gmem_config_get(&config, "KVM");
		gmem_config_get(&config, "KVM_GUEST_MEMFD");
		gmem_config_free(&config);
	}
	fuzz_file_end(ctx);
	return 0;
}
