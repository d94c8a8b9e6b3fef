// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl doctor: is this host ready, and if not, which layer is wrong? */
#include <string.h>

#include "core/command.h"

enum {
	COLUMN_ID,
	COLUMN_PARENT,
	COLUMN_RESULT,
	COLUMN_NEEDED,
	COLUMN_TITLE,
	COLUMN_DETAIL,
	COLUMN_FIX,
};

static const struct column columns[] = {
	[COLUMN_ID] = { "id", KIND_TEXT, .shown = true, .tree = true,
			.help = "stable name of the check" },
	[COLUMN_PARENT] = { "parent", KIND_TEXT, .help = "id of the check that it hangs on" },
	[COLUMN_RESULT] = { "result", KIND_STATE, .shown = true,
			    .help = "result of the check: pass, fail, skip or cannot-tell" },
	[COLUMN_NEEDED] = { "needed", KIND_BOOL,
			    .help = "whether guest_memfd cannot do its main job without it" },
	[COLUMN_TITLE] = { "title", KIND_TEXT, .wrap = true, .help = "what the check asks" },
	[COLUMN_DETAIL] = { "detail", KIND_TEXT, .shown = true, .wrap = true,
			    .help = "what was seen" },
	[COLUMN_FIX] = { "fix", KIND_TEXT, .shown = true, .wrap = true, .help = "what to do next" },
};

static const struct table table = TABLE("checks", columns);

static const char *const count_names[] = {
	[GMEM_CHECK_PASS] = "pass",
	[GMEM_CHECK_FAIL] = "fail",
	[GMEM_CHECK_SKIP] = "skip",
	[GMEM_CHECK_CANNOT_TELL] = "cannot_tell",
};

#define RESULTS (sizeof(count_names) / sizeof(count_names[0]))

struct counts {
	uint64_t all[RESULTS];
	uint64_t needed[RESULTS];
};

/* Parents stand before their children. */
static size_t row_of(const struct gmem_host *host, const char *id)
{
	const struct gmem_check *check;

	for (size_t i = 0; id && (check = gmem_host_check(host, i)); i++)
		if (!strcmp(check->id, id))
			return i;
	return NO_PARENT;
}

static void write_row(struct output *out, size_t parent, const struct gmem_check *check)
{
	struct cell cells[] = {
		[COLUMN_ID] = cell_text(check->id),
		[COLUMN_PARENT] = cell_text(check->parent),
		[COLUMN_RESULT] = cell_text(gmem_check_result_name(check->result)),
		[COLUMN_NEEDED] = cell_number(check->needed),
		[COLUMN_TITLE] = cell_text(check->title),
		[COLUMN_DETAIL] = cell_text(check->detail),
		[COLUMN_FIX] = cell_text(check->fix),
	};

	output_row_under(out, parent, cells);
}

static void write_checks(struct output *out, const struct gmem_host *host, struct counts *counts)
{
	const struct gmem_check *check;

	output_table(out, &table);
	for (size_t i = 0; (check = gmem_host_check(host, i)); i++) {
		write_row(out, row_of(host, check->parent), check);
		counts->all[check->result]++;
		counts->needed[check->result] += check->needed;
	}
	output_table_end(out);
}

static void write_counts(struct output *out, const struct counts *counts)
{
	output_group(out, "count");
	for (size_t i = 0; i < RESULTS; i++)
		output_fact(out, count_names[i], KIND_NUMBER, cell_number(counts->all[i]));
	output_group_end(out);
}

static enum status run(struct cli *cli)
{
	struct counts counts = { .all = { 0 } };
	struct gmem_host *host;
	int ret;

	/* The choice holds for the checks of readers, also where it cannot be opened. */
	if (cli->common.reader != READER_ANY)
		cli_open_reader(cli);
	ret = gmem_host_new(cli->ctx, &host);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	write_checks(cli->out, host, &counts);
	write_counts(cli->out, &counts);
	gmem_host_free(host);
	if (counts.needed[GMEM_CHECK_FAIL])
		return STATUS_NO;
	return counts.needed[GMEM_CHECK_CANNOT_TELL] ? STATUS_CANNOT_TELL : STATUS_YES;
}

const struct command doctor_command = {
	.name = "doctor",
	.needs = READS_KERNEL | REOPENS_READER,
	.summary = "is this host ready, and if not, which layer is wrong?",
	.args = "",
	.table = &table,
	.takes_sysroot = true,
	.run = run,
};
