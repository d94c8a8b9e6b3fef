// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The next step that an explanation names. For a C program it is the function to call. A program
 * can give words of its own for its users (gmem_ctx_set_advice()).
 */
#include "base/advice.h"

#include <string.h>

static const struct {
	const char *name;
	const char *function;
} advice[] = {
	{ "convert", "gmem_convert()" },
	{ "allow-faults", "gmem_ctx_allow_faults()" },
	{ "allow-unreleased", "gmem_ctx_allow_unreleased()" },
	{ "kernel-log", "gmem_ctx_kernel_log()" },
	{ "snp-init", "gmem_snp_init_vm()" },
	{ "snp-start", "gmem_snp_launch_start()" },
	{ "td-finalize", "gmem_tdx_finalize()" },
	{ "td-init-vcpu", "gmem_tdx_init_vcpu()" },
	{ "td-init-vm", "gmem_tdx_init_vm()" },
	{ "split-irqchip", "gmem_tdx_split_irqchip()" },
	{ "add-vcpu", "gmem_vm_add_vcpu()" },
};

#define ADVICE (sizeof(advice) / sizeof(advice[0]))

const char *gmem_advice_name(size_t index)
{
	return index < ADVICE ? advice[index].name : NULL;
}

void gmem_ctx_set_advice(struct gmem_ctx *ctx, gmem_advice_fn fn, void *arg)
{
	ctx->advice = fn;
	ctx->advice_arg = arg;
}

const char *gmem_advice_of_length(const struct gmem_ctx *ctx, const char *name, size_t length)
{
	for (size_t i = 0; i < ADVICE; i++) {
		const char *words = NULL;

		if (strlen(advice[i].name) != length || strncmp(advice[i].name, name, length))
			continue;
		if (ctx && ctx->advice)
			words = ctx->advice(advice[i].name, ctx->advice_arg);
		return words ? words : advice[i].function;
	}
	return NULL;
}
