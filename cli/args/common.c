// SPDX-License-Identifier: GPL-2.0-or-later
#include "args/common.h"

#include <stddef.h>
#include <string.h>

#include "core/size.h"

#define FIELD(member) offsetof(struct common, member)

/* The kernel that most readers are interested in. */
#define DEFAULT_MODEL "tdx"

struct choice {
	const char *name;
	int value;
};

static const struct choice colors[] = {
	{ "auto", COLOR_AUTO },
	{ "always", COLOR_ALWAYS },
	{ "never", COLOR_NEVER },
	{ NULL, 0 },
};

static const struct choice readers[] = {
	{ "bpf", READER_BPF },
	{ "kcore", READER_KCORE },
	{ "none", READER_NONE },
	{ NULL, 0 },
};

static enum status choose(struct cli *cli, const struct cli_option *option, const char *arg,
			  const struct choice *choice, int *value)
{
	for (; choice->name; choice++) {
		if (strcmp(choice->name, arg))
			continue;
		*value = choice->value;
		return STATUS_YES;
	}
	return cli_usage(cli, "--%s=%s: it is not one of %s", option->name, arg, option->arg);
}

static enum status set_color(struct cli *cli, const struct cli_option *option, const char *arg,
			     void *field)
{
	int value = COLOR_ALWAYS; /* as a bare --color means elsewhere */
	enum status status = arg ? choose(cli, option, arg, colors, &value) : STATUS_YES;

	*(enum color *)field = (enum color)value;
	return status;
}

static enum status set_reader(struct cli *cli, const struct cli_option *option, const char *arg,
			      void *field)
{
	int value = READER_ANY;
	enum status status = choose(cli, option, arg, readers, &value);

	*(enum reader_choice *)field = (enum reader_choice)value;
	return status;
}

static enum status set_model(struct cli *cli, const struct cli_option *option, const char *arg,
			     void *field)
{
	return set_text(cli, option, arg ? arg : DEFAULT_MODEL, field);
}

static enum status set_file(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	if (!*arg)
		return cli_usage(cli, "--%s: its FILE is empty", option->name);
	return set_text(cli, option, arg, field);
}

static enum status set_folder(struct cli *cli, const struct cli_option *option, const char *arg,
			      void *field)
{
	if (!*arg)
		return cli_usage(cli, "--%s: its DIR is empty", option->name);
	return set_text(cli, option, arg, field);
}

/* "3,4" */
static enum status set_accept(struct cli *cli, const struct cli_option *option, const char *arg,
			      void *field)
{
	unsigned int *accept = field;
	const char *end, *why;
	uint64_t number;
	size_t i;

	do {
		bool is_number = number_parse(arg, &number, &end, &why);

		for (i = 0; i < STATUS_ANSWERS; i++)
			if (is_number && status_answers[i].status == number)
				break;
		if (i == STATUS_ANSWERS || (*end && *end != ','))
			return cli_usage(cli,
					 "--%s: it takes 1, 3 and 4, with commas between: 2 and "
					 "64 are failures",
					 option->name);
		*accept |= 1u << number;
		arg = end + 1;
	} while (*end);
	return STATUS_YES;
}

static enum status set_json(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	(void)arg;
	if (*(enum style *)field == STYLE_JSONL)
		return cli_usage(cli, "--%s: another output format is chosen already",
				 option->name);
	*(enum style *)field = STYLE_JSON;
	return STATUS_YES;
}

/* Only one format can be chosen. JSON does not win by being the last. */
static enum status set_lines(struct cli *cli, const struct cli_option *option, enum style style,
			     void *field)
{
	enum style *chosen = field;

	if (*chosen != STYLE_TABLE && *chosen != style)
		return cli_usage(cli, "--%s: another output format is chosen already",
				 option->name);
	*chosen = style;
	return STATUS_YES;
}

static enum status set_raw(struct cli *cli, const struct cli_option *option, const char *arg,
			   void *field)
{
	(void)arg;
	return set_lines(cli, option, STYLE_RAW, field);
}

static enum status set_pairs(struct cli *cli, const struct cli_option *option, const char *arg,
			     void *field)
{
	(void)arg;
	return set_lines(cli, option, STYLE_PAIRS, field);
}

static enum status set_more(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	(void)cli;
	(void)option;
	(void)arg;
	++*(unsigned int *)field;
	return STATUS_YES;
}

const struct cli_option common_options[] = {
	{ "json", 'J', NULL, false, set_json, FIELD(format.style),
	  "Write one JSON document, also on failure (-j too)" },
	{ "noheadings", 'n', NULL, false, set_flag, FIELD(format.no_headings),
	  "Leave the headings out" },
	{ "output", 'o', "COLUMNS", false, set_text, FIELD(format.columns),
	  "Show these columns, separated by commas; +COLUMNS adds to the default columns" },
	{ "output-all", 0, NULL, false, set_flag, FIELD(format.all_columns), "Show every column" },
	{ "raw", 'r', NULL, false, set_raw, FIELD(format.style),
	  "Separate columns by one blank, for scripts" },
	{ "pairs", 'P', NULL, false, set_pairs, FIELD(format.style),
	  "Write NAME=\"value\" pairs, for scripts" },
	{ "bytes", 'b', NULL, false, set_flag, FIELD(format.bytes),
	  "Print sizes in bytes rather than as 4K or 1.5G" },
	{ "quiet", 'q', NULL, false, set_flag, FIELD(quiet),
	  "Print nothing on standard output, except JSON if asked for: the exit status is the "
	  "answer. A failure is still reported" },
	{ "verbose", 'v', NULL, false, set_more, FIELD(verbose),
	  "Say more on standard error; twice for debugging" },
	{ "color", 0, "auto|always|never", true, set_color, FIELD(format.color),
	  "Colour tables; auto does so on a terminal that has colours, unless NO_COLOR is set" },
	{ "simulate", 0, "MODEL", true, set_model, FIELD(model),
	  "Work on a simulated kernel, default " DEFAULT_MODEL "; 'help' lists them" },
	{ "sysroot", 0, "DIR", false, set_folder, FIELD(sysroot),
	  "Judge another host by its files in DIR, as 'gmemctl report' writes them: for doctor, caps, "
	  "metrics, pfn and check --pfn" },
	{ "core", 0, "FILE", false, set_file, FIELD(core),
	  "Look at the kernel in a crash dump, as kdump, makedumpfile or QEMU wrote it: for list, pfns, "
	  "pfn, check and directmap" },
	{ "reader", 0, "bpf|kcore|none", false, set_reader, FIELD(reader),
	  "Read kernel memory this way; default the first that works" },
	{ "accept", 0, "STATUS", false, set_accept, FIELD(accept),
	  "End with 0 where the exit status would be one of these, 1, 3 or 4, separated by commas" },
	{ "help", 'h', NULL, false, set_flag, FIELD(help), "Print this help" },
	{ "usage", 0, NULL, false, set_flag, FIELD(usage), "Print a short usage message" },
	{ "describe", 0, NULL, false, set_flag, FIELD(describe),
	  "List commands, options and columns for programs, one per line, with tabs between fields" },
	{ "version", 'V', NULL, false, set_flag, FIELD(version), "Print the version" },
	{ "json", 'j', NULL, false, set_json, FIELD(format.style), NULL },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};
