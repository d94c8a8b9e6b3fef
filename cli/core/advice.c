// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lint looks whether each function that libgmem's messages name stands here. */
static const struct {
	const char *function, *command;
} advice[] = {
	{ "gmem_convert()", "'gmemctl convert'" },
	{ "gmem_ctx_allow_unreleased()", "--allow-unreleased" },
	{ "gmem_ctx_kernel_log()", "dmesg, or of a simulated kernel at the end of 'gmemctl walk'" },
	{ "gmem_snp_init_vm()", "'gmemctl create'" },
	{ "gmem_snp_launch_start()", "'gmemctl create'" },
	{ "gmem_tdx_finalize()", "'gmemctl finalize'" },
	{ "gmem_tdx_init_vcpu()", "'gmemctl create'" },
	{ "gmem_tdx_init_vm()", "'gmemctl create'" },
	{ "gmem_tdx_split_irqchip()", "'gmemctl create'" },
	{ "gmem_vm_add_vcpu()", "'gmemctl create' on a kernel that can pre-fault" },
};

static void replace(char *text, size_t size, const char *function, const char *command)
{
	char *at = strstr(text, function), *rest;

	if (!at)
		return;
	rest = strdup(at + strlen(function));
	if (!rest)
		return; /* the function's name says enough */
	snprintf(at, size - (size_t)(at - text), "%s%s", command, rest);
	free(rest);
}

void advice_translate(char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		replace(text, size, advice[i].function, advice[i].command);
}
