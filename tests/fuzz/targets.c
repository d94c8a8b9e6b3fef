// SPDX-License-Identifier: GPL-2.0-or-later
/* TARGET and --output of the command line. */
#include "fuzz.h"

#include "core/command.h"
#include "inspect/target.h"

static enum status visit(struct cli *cli, pid_t pid, int fd, struct gmem_target *target, void *arg)
{
	(void)cli;
	(void)target;
	(void)arg;
	HOLDS(pid > 0 && fd >= -1);
	return STATUS_YES;
}

static struct gmem_ctx *ctx;

/* The command reports on standard error what is wrong, each time. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	ctx = fuzz_ctx("plain");
	stderr = fopen("/dev/null", "we");
	return stderr ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), wrong[CELL_TEXT_MAX];
	struct selection selection = { .n = 0 };
	struct cli cli = {
		.streams = { .out = stdout, .err = stderr },
		.command = command_find("pfns"),
		.ctx = ctx,
	};
	const struct table *table = cli.command->table;
	enum status status = target_each(&cli, text, visit, NULL);

	/* No process on this model has a guest_memfd. */
	HOLDS(status != STATUS_YES && cli.failed && *cli.error);
	if (columns_select(table, NULL, text, false, &selection, wrong))
		HOLDS(selection.n > 0 && selection.n <= COLUMNS_MAX);
	for (size_t i = 0; i < selection.n; i++)
		HOLDS(selection.index[i] < table->n);
	free(text);
	return 0;
}
