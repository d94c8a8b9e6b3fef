// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl doctor: is this host ready, and if not, which layer is wrong? */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/command.h"

struct settings {
	enum gmem_purpose purpose;
};

static enum status set_purpose(struct cli *cli, const struct cli_option *option, const char *arg,
			       void *field)
{
	if (!gmem_purpose_from_name(arg, field))
		return STATUS_YES;
	return cli_usage(cli, "--%s: '%s' is not one of %s", option->name, arg, option->arg);
}

static const struct cli_option options[] = {
	{ "for", 0, "guest-memfd|private|tdx|snp", false, set_purpose,
	  offsetof(struct settings, purpose),
	  "Let the exit status answer whether this host is fit for that; guest-memfd is the default" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

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
	[COLUMN_PARENT] = { "parent", KIND_TEXT, .help = "id of the check that it depends on" },
	[COLUMN_RESULT] = { "result", KIND_STATE, .shown = true,
			    .help = "result of the check: pass, fail, skip or cannot-tell" },
	[COLUMN_NEEDED] = { "needed", KIND_BOOL,
			    .help = "whether guest_memfd needs it for its main job" },
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

#define PURPOSES (int)(sizeof(purposes) / sizeof(purposes[0]))
#define RESULTS (sizeof(count_names) / sizeof(count_names[0]))

struct counts {
	uint64_t all[RESULTS];
};

/* Facts for programs, and what people read. */
static const struct {
	const char *fact;
	const char *title;
} purposes[] = {
	[GMEM_FOR_GUEST_MEMFD] = { "guest_memfd", "guest_memfd" },
	[GMEM_FOR_PRIVATE] = { "private_memory", "private memory" },
	[GMEM_FOR_TDX] = { "tdx", "TDX" },
	[GMEM_FOR_SNP] = { "snp", "SNP" },
};

static const enum status statuses[] = {
	[GMEM_ANSWER_YES] = STATUS_YES,
	[GMEM_ANSWER_NO] = STATUS_NO,
	[GMEM_ANSWER_CANNOT_TELL] = STATUS_CANNOT_TELL,
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

/* For people one line: "TDX: no: the CPU is AMD"; for programs a word and its reason. */
static void write_answer(struct cli *cli, enum gmem_purpose purpose,
			 const struct gmem_purpose_answer *answer)
{
	const char *kind = gmem_answer_name(answer->kind);
	char text[1200];

	if (cli->common.format.style != STYLE_TABLE) {
		output_fact_or_reason(cli->out, purposes[purpose].fact, KIND_STATE, cell_text(kind),
				      answer->cause);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s", kind, answer->cause);
	output_fact(cli->out, purposes[purpose].title, KIND_TEXT, cell_text(text));
}

/* Writes all, and gives the status of the one that was asked for. */
static enum status write_answers(struct cli *cli, const struct gmem_host *host,
				 enum gmem_purpose wanted)
{
	enum status status = STATUS_CANNOT_TELL;

	for (int i = 0; i < PURPOSES; i++) {
		enum gmem_purpose purpose = (enum gmem_purpose)i;
		struct gmem_purpose_answer answer = { .size = sizeof(answer) };

		gmem_host_answer(host, purpose, &answer);
		write_answer(cli, purpose, &answer);
		if (purpose == wanted)
			status = statuses[answer.kind];
	}
	return status;
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	enum status status;
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
	status = write_answers(cli, host, settings->purpose);
	gmem_host_free(host);
	return status;
}

const struct command doctor_command = {
	.name = "doctor",
	.needs = READS_KERNEL | REOPENS_READER,
	.summary = "is this host ready, and if not, which layer is wrong?",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.takes_sysroot = true,
	.run = run,
};
