// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of a batch: words, quotes, and the commands in them, with all their arguments, on simulated
 * kernels. The first byte chooses the kernel and how the batch runs.
 */
#include "commands.h"

#include <sys/mman.h>

#define MODELS 8

static int file;
static char path[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_command_init();
	file = memfd_create("batch", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return file < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *words[] = { "gmemctl", "batch", path, NULL, NULL, NULL, NULL };
	struct cli cli = { .command = NULL };
	char model[64];
	enum status status;
	const char *name;
	int n = 3;

	if (!size)
		return 0;
	name = gmem_model_name(*data % MODELS);
	snprintf(model, sizeof(model), "--simulate=%s", name ? name : gmem_model_name(0));
	words[n++] = model;
	if (*data & 0x40)
		words[n++] = "--keep-going";
	if (*data & 0x80)
		words[n++] = "--json";
	words[n] = NULL;
	if (ftruncate(file, 0) || pwrite(file, data + 1, size - 1, 0) != (ssize_t)size - 1)
		abort();
	status = fuzz_command_run(&cli, n, words);
	HOLDS(!status || cli.failed);
	HOLDS(!(*data & 0x80) || fuzz_command_is_json());
	return 0;
}
