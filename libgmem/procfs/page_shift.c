// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/page_shift.h"

#include "procfs/config.h"

/* The choice "Page size" in arch/arm64/Kconfig. */
static const struct {
	const char *option;
	unsigned int shift;
} sizes[] = {
	{ "ARM64_4K_PAGES", 12 },
	{ "ARM64_16K_PAGES", 14 },
	{ "ARM64_64K_PAGES", 16 },
};

int gmem_page_shift_learn(struct gmem_ctx *ctx)
{
	struct gmem_config config;
	int ret;

	ctx->page_shift = ctx->kernel->page_shift;
	if (ctx->page_shift)
		return 0;
	ret = gmem_config_read(ctx, &config);
	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (gmem_config_get(&config, sizes[i].option) == GMEM_CONFIG_BUILT_IN)
			ctx->page_shift = sizes[i].shift;
	ctx->page_unknown = !ctx->page_shift;
	if (ctx->page_unknown)
		ctx->page_shift = sizes[0].shift;
	gmem_config_free(&config);
	return 0;
}
