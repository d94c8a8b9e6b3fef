// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/advice.h"

#include <stddef.h>
#include <string.h>

/* A unit test looks whether each name of gmem_advice_name() stands here. */
static const struct {
	const char *name, *command;
} advice[] = {
	{ "convert", "'gmemctl convert'" },
	{ "allow-faults",
	  "--force (where the kernel is not simulated, with --i-know-this-kernel-will-oops)" },
	{ "allow-unreleased", "--allow-unreleased" },
	{ "kernel-log", "dmesg, or of a simulated kernel at the end of 'gmemctl walk'" },
	{ "snp-init", "'gmemctl create'" },
	{ "snp-start", "'gmemctl create'" },
	{ "td-finalize", "'gmemctl finalize'" },
	{ "td-init-vcpu", "'gmemctl create'" },
	{ "td-init-vm", "'gmemctl create'" },
	{ "split-irqchip", "'gmemctl create'" },
	{ "add-vcpu", "'gmemctl create' on a kernel that can pre-fault" },
};

const char *advice_words(const char *name, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (!strcmp(advice[i].name, name))
			return advice[i].command;
	return NULL;
}
