// SPDX-License-Identifier: GPL-2.0-or-later
/* From an option's argument to its field: setters that several options share. */
#include "core/command.h"

#include <inttypes.h>
#include <stdlib.h>

#include "args/range.h"
#include "core/size.h"

/* The kernel takes a file size as a signed number. */
#define SIZE_LIMIT INT64_MAX

#define SECONDS_MIN 0.01
#define SECONDS_MAX 86400.0

enum status set_flag(struct cli *cli, const struct cli_option *option, const char *arg, void *field)
{
	(void)cli;
	(void)option;
	(void)arg;
	*(bool *)field = true;
	return STATUS_YES;
}

enum status set_text(struct cli *cli, const struct cli_option *option, const char *arg, void *field)
{
	(void)cli;
	(void)option;
	*(const char **)field = arg;
	return STATUS_YES;
}

enum status set_seconds(struct cli *cli, const struct cli_option *option, const char *arg,
			void *field)
{
	char *end;
	double seconds = strtod(arg, &end);

	if (end == arg || *end)
		return cli_usage(cli, "--%s=%s: it is not a number of seconds", option->name, arg);
	if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX))
		return cli_usage(cli, "--%s=%s: it must be from %g to %g seconds", option->name,
				 arg, SECONDS_MIN, SECONDS_MAX);
	*(double *)field = seconds;
	return STATUS_YES;
}

enum status set_count(struct cli *cli, const struct cli_option *option, const char *arg,
		      void *field)
{
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (*end || !number)
		return cli_usage(cli, "--%s=%s: it must be a whole number above 0", option->name,
				 arg);
	*(uint64_t *)field = number;
	return STATUS_YES;
}

enum status set_page_size(struct cli *cli, const struct cli_option *option, const char *arg,
			  void *field)
{
	const char *why;
	uint64_t size;

	if (!size_parse(arg, &size, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (size == 0)
		return cli_usage(cli, "--%s=%s: it must be above 0", option->name, arg);
	if (size > SIZE_LIMIT)
		return cli_usage(cli, "--%s=%s: the kernel takes no size of 2^63 or above",
				 option->name, arg);
	if (size % SMALLEST_PAGE)
		return cli_usage(cli, "--%s=%s: %" PRIu64 " is not a multiple of " SMALLEST_PAGE_IS,
				 option->name, arg, size);
	*(uint64_t *)field = size;
	return STATUS_YES;
}

enum status set_byte_range(struct cli *cli, const struct cli_option *option, const char *arg,
			   void *field)
{
	const char *why = NULL;

	if (range_parse_bytes(arg, field, &why))
		return STATUS_YES;
	return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
}
