// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of a batch: words, quotes, and the commands in them, with all their arguments, on simulated
 * kernels. The first byte chooses the kernel, any of them, and how the batch runs.
 */
#include "commands.h"

#include <sys/mman.h>

#define MODELS_MAX 0x40 /* what the first byte has below the bits of options */

static unsigned int models;
static int file;
static char path[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_command_init();
	while (models < MODELS_MAX && gmem_model_name(models))
		models++;
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
	int n = 3;

	if (!size)
		return 0;
	snprintf(model, sizeof(model), "--simulate=%s",
		 gmem_model_name(*data % MODELS_MAX % models));
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
