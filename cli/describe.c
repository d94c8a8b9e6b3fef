// SPDX-License-Identifier: GPL-2.0-or-later
#include "describe.h"

#include "command.h"
#include "common.h"

static const char *const kinds[] = {
	[KIND_TEXT] = "text",	  [KIND_STATE] = "state",     [KIND_LIST] = "list",
	[KIND_NUMBER] = "number", [KIND_BYTES] = "bytes",     [KIND_HEX] = "hex",
	[KIND_BOOL] = "bool",	  [KIND_ADDRESS] = "address", [KIND_ROWS] = "rows",
};

static const char *arity(const struct cli_option *option)
{
	if (!option->arg)
		return "none";
	return option->may_omit ? "optional" : "required";
}

/* What has no help is another letter for an option that stands in the list already. */
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

static void describe_columns(FILE *stream, const char *command, const struct table *table)
{
	char heading[CELL_TEXT_MAX];

	for (size_t i = 0; table && i < table->n; i++) {
		const struct column *column = &table->columns[i];

		fprintf(stream, "column\t%s\t%s\t%s\t%s\t%s\t%s\n", command,
			column_heading(column, '-', heading), column->name, kinds[column->kind],
			column->shown ? "shown" : "more", column->help);
	}
}

void describe(FILE *stream)
{
	const struct command *command;

	describe_options(stream, "-", common_options);
	for (size_t i = 0; (command = command_at(i)); i++) {
		fprintf(stream, "command\t%s\t%s\t%s\n", command->name,
			*command->args ? command->args : "-", command->summary);
		describe_options(stream, command->name, command->options);
		describe_columns(stream, command->name, command->table);
	}
}
