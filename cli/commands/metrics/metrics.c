// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl metrics: metrics of guest memory for Prometheus, or host features for Kubernetes. */
#include "commands/metrics/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/metrics/save.h"
#include "core/command.h"

#define FEATURES_MAX 65536 /* node-feature-discovery reads no larger file */
#define DEFAULT_EXPIRY 3600.0

enum text_format { FORMAT_OPENMETRICS, FORMAT_PROMETHEUS, FORMAT_NFD };

static const char *const formats[] = {
	[FORMAT_OPENMETRICS] = "openmetrics",
	[FORMAT_PROMETHEUS] = "prometheus",
	[FORMAT_NFD] = "nfd",
};

#define FORMATS "openmetrics|prometheus|nfd"

struct settings {
	enum text_format format;
	const char *file; /* NULL: standard output */
	double expiry;	  /* seconds, 0: the default */
	bool no_locks;
	double deadline;
};

static enum status set_format(struct cli *cli, const struct cli_option *option, const char *arg,
			      void *field)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i], arg) != 0)
			continue;
		*(enum text_format *)field = (enum text_format)i;
		return STATUS_YES;
	}
	return cli_usage(cli, "--%s=%s: it is not one of " FORMATS, option->name, arg);
}

static enum status set_file(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	if (!*arg)
		return cli_usage(cli,
				 "--%s: its FILE is empty; without the option the text goes to "
				 "standard output",
				 option->name);
	return set_text(cli, option, arg, field);
}

static const struct cli_option options[] = {
	{ "format", 'f', FORMATS, false, set_format, offsetof(struct settings, format),
	  "Write OpenMetrics (the default), the older text format of Prometheus, which "
	  "node_exporter's textfile collector reads, or a feature file for node-feature-discovery "
	  "(nfd)" },
	{ "output-file", 'O', "FILE", false, set_file, offsetof(struct settings, file),
	  "Write a new file beside FILE, and then rename it to FILE: readers never see a part" },
	{ "expiry", 0, "SECONDS", false, set_seconds, offsetof(struct settings, expiry),
	  "With --format=nfd: let the features expire after this many seconds, default 3600" },
	{ "deadline", 0, "SECONDS", false, set_seconds, offsetof(struct settings, deadline),
	  "End the scan after this many seconds, default 45: the command reports what it left out, and "
	  "the status is 4" },
	{ "no-locks", 0, NULL, false, set_flag, offsetof(struct settings, no_locks),
	  "Take no process's mmap_lock, not even for reading: memory that is only mapped is not "
	  "found, and the shared side is not counted" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

/* A text while it is written, or rows where --json, --raw or --pairs ask for them. */
struct metrics {
	struct cli *cli;
	const struct settings *settings;
	bool rows;
	FILE *stream;
	char *text;
	size_t size;
};

static enum status open_text(struct metrics *metrics)
{
	metrics->stream = open_memstream(&metrics->text, &metrics->size);
	if (metrics->stream)
		return STATUS_YES;
	return cli_no_memory(metrics->cli);
}

/* The text is complete before the first byte of it is written. */
static enum status hand_out(struct metrics *metrics)
{
	struct cli *cli = metrics->cli;
	bool failed = ferror(metrics->stream);

	if (fclose(metrics->stream) || failed)
		return cli_no_memory(cli);
	if (metrics->settings->format == FORMAT_NFD && metrics->size > FEATURES_MAX)
		return cli_fail(cli, STATUS_FAILED,
				"the features take %zu bytes, and node-feature-discovery reads no "
				"more than %d",
				metrics->size, FEATURES_MAX);
	if (metrics->settings->file)
		return save_file(cli, metrics->settings->file, metrics->text, metrics->size);
	if (!cli->common.quiet)
		fwrite(metrics->text, 1, metrics->size, cli->streams.out);
	return STATUS_YES;
}

static enum status write_samples(struct metrics *metrics, const struct samples *samples)
{
	enum status status;

	if (metrics->rows) {
		samples_write_rows(samples, metrics->cli->out);
		return STATUS_YES;
	}
	status = open_text(metrics);
	if (status)
		return status;
	samples_write(samples, metrics->settings->format == FORMAT_OPENMETRICS, metrics->stream);
	return hand_out(metrics);
}

static enum status tell_samples(struct metrics *metrics)
{
	struct cli *cli = metrics->cli;
	struct samples samples = { .count = 0 };
	enum status status;
	bool complete;
	int error = 0;

	if (gmem_ctx_sysroot(cli->ctx))
		complete = false; /* it has no processes */
	else
		complete = metrics_add_memories(cli, metrics->settings->no_locks,
						metrics->settings->deadline, &samples, &error);
	if (!error)
		complete = metrics_add_host(cli, &samples) && complete;
	metrics_add_run(cli, &samples, complete);
	if (error)
		status = cli_fail_error(cli, error, NULL);
	else if (samples.out_of_memory)
		status = cli_no_memory(cli);
	else
		status = write_samples(metrics, &samples);
	samples_free(&samples);
	if (status || complete)
		return status;
	if (gmem_ctx_sysroot(cli->ctx))
		return cli_fail(cli, STATUS_PARTLY,
				"a snapshot has neither processes nor the direct map, so "
				"gmemctl_complete is 0");
	return cli_fail(cli, STATUS_PARTLY,
			"not all could be seen, so gmemctl_complete is 0; gmemctl list tells why");
}

enum { COLUMN_NAME, COLUMN_VALUE };

static const struct column feature_columns[] = {
	[COLUMN_NAME] = { "name", KIND_TEXT, .shown = true, .help = "of the feature" },
	[COLUMN_VALUE] = { "value", KIND_TEXT, .shown = true, .help = "true, a number or a word" },
};

static const struct table features_table = TABLE("features", feature_columns);

static void tell_feature(const char *name, const char *value, void *arg)
{
	struct metrics *metrics = arg;
	struct cell cells[] = {
		[COLUMN_NAME] = cell_text(name),
		[COLUMN_VALUE] = cell_text(value),
	};

	if (metrics->rows)
		output_row(metrics->cli->out, cells);
	else
		fprintf(metrics->stream, "%s=%s\n", name, value);
}

/* https://kubernetes-sigs.github.io/node-feature-discovery: feature files, directives. */
static void write_expiry(const struct metrics *metrics)
{
	double expiry = metrics->settings->expiry;
	time_t end = time(NULL) + (time_t)(expiry > 0 ? expiry : DEFAULT_EXPIRY);
	char text[32];
	struct tm utc;

	gmtime_r(&end, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	fprintf(metrics->stream, "# +expiry-time=%s\n", text);
}

static enum status tell_features(struct metrics *metrics)
{
	struct cli *cli = metrics->cli;
	enum status status = STATUS_YES;

	if (metrics->rows)
		output_table(cli->out, &features_table);
	else
		status = open_text(metrics);
	if (status)
		return status;
	if (!metrics->rows)
		write_expiry(metrics);
	status = features_find(cli, tell_feature, metrics);
	if (metrics->rows)
		output_table_end(cli->out);
	else if (!status)
		return hand_out(metrics);
	else
		fclose(metrics->stream);
	return status;
}

static const struct table *table_of(const void *settings)
{
	return ((const struct settings *)settings)->format == FORMAT_NFD ? &features_table : NULL;
}

/*
 * An option about rows that was given although there are no rows. Options that a batch sets for all
 * lines do not count.
 */
static const char *idle_option(const struct cli *cli)
{
	const struct format *format = &cli->common.format;

	if (format->columns)
		return "output";
	if (cli->where)
		return NULL;
	if (format->all_columns)
		return "output-all";
	if (format->no_headings)
		return "noheadings";
	return format->bytes ? "bytes" : NULL;
}

static enum status check_options(const struct metrics *metrics)
{
	const char *idle = metrics->rows ? NULL : idle_option(metrics->cli);

	if (idle)
		return cli_usage(metrics->cli,
				 "--%s is for --json, --raw or --pairs, not for the text of "
				 "--format=%s",
				 idle, formats[metrics->settings->format]);
	if (metrics->rows && metrics->settings->file)
		return cli_usage(metrics->cli,
				 "--output-file takes the text, not --json, --raw or --pairs");
	if (metrics->settings->expiry > 0 && metrics->settings->format != FORMAT_NFD)
		return cli_usage(metrics->cli, "--expiry belongs to --format=nfd");
	return STATUS_YES;
}

static enum status run(struct cli *cli)
{
	struct metrics metrics = {
		.cli = cli,
		.settings = cli->settings,
		.rows = cli->common.format.style != STYLE_TABLE,
	};
	enum status status;

	status = check_options(&metrics);
	if (status)
		return status;
	if (metrics.settings->format == FORMAT_NFD)
		status = tell_features(&metrics);
	else
		status = tell_samples(&metrics);
	free(metrics.text);
	return status;
}

const struct command metrics_command = {
	.name = "metrics",
	.needs = READS_KERNEL | READS_PROCESSES | READS_IOMEM | WRITES_FILES,
	.summary = "metrics of guest memory for Prometheus, or host features for Kubernetes",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &samples_table,
	.table_of = table_of,
	.takes_sysroot = true,
	.own_format = true,
	.run = run,
};
