// SPDX-License-Identifier: GPL-2.0-or-later
#include "describe.h"

#include <string.h>
#include <gmem/gmem.h>

#include "args/common.h"
#include "commands/metrics/metrics.h"
#include "core/command.h"
#include "core/privilege.h"

static const char *const kinds[] = {
	[KIND_TEXT] = "text",	  [KIND_STATE] = "state",     [KIND_LIST] = "list",
	[KIND_NUMBER] = "number", [KIND_BYTES] = "bytes",     [KIND_HEX] = "hex",
	[KIND_BOOL] = "bool",	  [KIND_ADDRESS] = "address", [KIND_ROWS] = "rows",
	[KIND_OBJECT] = "object",
};

static const char *arity(const struct cli_option *option)
{
	if (!option->arg)
		return "none";
	return option->may_omit ? "optional" : "required";
}

/* An option without help is another letter for an option that is in the list already. */
static void describe_options(FILE *stream, const char *command, const struct cli_option *option)
{
	for (; option && option->name; option++) {
		char letter[] = { '-', option->letter, '\0' };

		if (option->help)
			fprintf(stream, "option\t%s\t--%s\t%s\t%s\t%s\t%s\n", command, option->name,
				letter, option->arg ? option->arg : "-", arity(option),
				option->help);
	}
}

/* Rows of a kind: "column", or "second" for what --output=+COLUMN can add to the table below. */
static void describe_columns(FILE *stream, const char *kind, const char *command,
			     const struct table *table)
{
	char heading[CELL_TEXT_MAX];

	for (size_t i = 0; table && i < table->n; i++) {
		const struct column *column = &table->columns[i];

		fprintf(stream, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", kind, command,
			column_heading(column, '-', heading), column->name, kinds[column->kind],
			column->shown ? "shown" : "more", column->help);
	}
}

static void describe_word(FILE *stream, const char *arg, const char *word, const char *what)
{
	fprintf(stream, "word\t%s\t%s\t%s\n", arg, word, what ? what : "-");
}

/* The words of an argument that is named by all of them: bpf|kcore|none. */
static void describe_choices(FILE *stream, const char *arg, int length)
{
	const char *word = arg;

	if (!memchr(arg, '|', (size_t)length))
		return;
	for (; word < arg + length; word++) {
		int n = (int)strcspn(word, "| ");

		fprintf(stream, "word\t%.*s\t%.*s\t-\n", length, arg, n, word);
		word += n;
	}
}

static void describe_arguments(FILE *stream, const struct command *command)
{
	const struct cli_option *option = command ? command->options : common_options;
	const char *args = command ? command->args : "";

	for (; option && option->name; option++)
		if (option->help && option->arg)
			describe_choices(stream, option->arg, (int)strlen(option->arg));
	for (; *args; args += strspn(args, " ")) {
		int length = (int)strcspn(args, " ");

		describe_choices(stream, args, length);
		args += length;
	}
}

static void describe_statuses(FILE *stream)
{
	char number[8];

	for (size_t i = 0; i < STATUS_ANSWERS; i++) {
		snprintf(number, sizeof(number), "%d", (int)status_answers[i].status);
		describe_word(stream, "STATUS", number, status_answers[i].words);
	}
}

/* walk takes no protected VM, create does. */
static void describe_vm_types(FILE *stream, const char *arg, bool with_protected)
{
	for (size_t i = 0; gmem_vm_type_at(i) >= 0; i++) {
		enum gmem_vm_type type = (enum gmem_vm_type)gmem_vm_type_at(i);

		if (with_protected || type != GMEM_VM_ARM_PROTECTED)
			describe_word(stream, arg, gmem_vm_type_name(type), NULL);
	}
	describe_word(stream, arg, "best", "one with private memory, if there is any");
}

static void describe_words(FILE *stream)
{
	const char *word;

	for (size_t i = 0; (word = gmem_model_name(i)); i++)
		describe_word(stream, "MODEL", word, gmem_model_summary(i));
	describe_word(stream, "MODEL", "help", "list them");
	describe_vm_types(stream, "VM-TYPE", true);
	describe_vm_types(stream, "TYPE", false);
	for (unsigned int bit = 0; (word = gmem_memory_flag_name(bit)); bit++)
		describe_word(stream, "FLAGS", word, NULL);
	describe_statuses(stream);
	describe_arguments(stream, NULL);
	for (size_t i = 0; command_at(i); i++)
		describe_arguments(stream, command_at(i));
}

static void describe_failures(FILE *stream)
{
	for (enum failure failure = 0; failure_name(failure); failure++)
		fprintf(stream, "failure\t%s\t%s\n", failure_name(failure),
			failure_meaning(failure));
}

static void describe_metric(FILE *stream, const struct metric *metric)
{
	fprintf(stream, "metric\t%s%s\t%s\t%s\t%s\t%s\n", metric->name, metric_suffix(metric),
		metric_type(metric), metric->unit ? metric->unit : "-",
		metric->labels ? metric->labels : "-", metric->help);
}

static void describe_metrics(FILE *stream)
{
	const struct metric *metric;

	for (size_t i = 0; (metric = metrics_of_memories(i)); i++)
		describe_metric(stream, metric);
	for (size_t i = 0; (metric = metrics_of_host(i)); i++)
		describe_metric(stream, metric);
}

void describe(FILE *stream)
{
	const struct command *command;
	char names[256];

	describe_options(stream, "-", common_options);
	for (size_t i = 0; (command = command_at(i)); i++) {
		fprintf(stream, "command\t%s\t%s\t%s\t%s\t%s\n", command->name,
			*command->args ? command->args : "-", command->summary,
			command->table ? command->table->name : "-",
			privilege_names(command, names, sizeof(names)));
		describe_options(stream, command->name, command->options);
		describe_columns(stream, "column", command->name, command->table);
		describe_columns(stream, "second", command->name, command->second_table);
	}
	describe_words(stream);
	describe_failures(stream);
	describe_metrics(stream);
}
