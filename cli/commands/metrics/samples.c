// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/metrics/samples.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

enum { COLUMN_NAME, COLUMN_TYPE, COLUMN_UNIT, COLUMN_LABELS, COLUMN_VALUE, COLUMN_HELP };

static const struct column columns[] = {
	[COLUMN_NAME] = { "name", KIND_TEXT, .shown = true, .help = "name of the metric" },
	[COLUMN_TYPE] = { "type", KIND_TEXT, .help = "type of the metric: gauge or counter" },
	[COLUMN_UNIT] = { "unit", KIND_TEXT,
			  .help = "unit of the value: bytes; empty where it has none" },
	[COLUMN_LABELS] = { "labels", KIND_OBJECT, .shown = true,
			    .help = "labels that tell the samples of a metric apart" },
	[COLUMN_VALUE] = { "value", KIND_NUMBER, .shown = true, .help = "value of the sample" },
	[COLUMN_HELP] = { "help", KIND_TEXT, .wrap = true, .help = "what the metric means" },
};

const struct table samples_table = TABLE("samples", columns);

/*
 * As a label's value is quoted; what is no UTF-8 would make the whole text unreadable. The text may
 * be read on a terminal: a control character is written as the four characters \xNN, in all
 * formats.
 */
static void write_value(FILE *stream, const char *value)
{
	const unsigned char *text = (const unsigned char *)value;

	while (*text) {
		size_t length = utf8_length(text);

		if (!length)
			fputs(UTF8_REPLACEMENT, stream);
		else if (*text == '\n')
			fputs("\\n", stream);
		else if (!utf8_shown(text))
			for (size_t i = 0; i < length; i++)
				fprintf(stream, "\\\\x%02x", text[i]);
		else if (*text == '"' || *text == '\\')
			fprintf(stream, "\\%c", *text);
		else
			fwrite(text, 1, length, stream);
		text += length ? length : 1;
	}
}

static char *format_labels(const struct label *labels, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		fprintf(stream, "%s%s=\"", i ? "," : "", labels[i].name);
		write_value(stream, labels[i].value);
		putc('"', stream);
	}
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

static void free_sample(struct sample *sample)
{
	for (size_t i = 0; i < sample->n_labels; i++)
		free((char *)sample->labels[i].value);
	free(sample->text);
}

/* Takes those labels that have a value. */
static bool copy_labels(struct sample *sample, const struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *value = labels[i].value ? strdup(labels[i].value) : NULL;

		if (value)
			sample->labels[sample->n_labels++] =
				(struct label){ .name = labels[i].name, .value = value };
		else if (labels[i].value)
			return false;
	}
	sample->text = format_labels(sample->labels, sample->n_labels);
	return sample->text;
}

void samples_add(struct samples *samples, const struct metric *metric, const struct label *labels,
		 size_t n, uint64_t value)
{
	struct sample *more =
		reallocarray(samples->list, samples->count + 1, sizeof(*samples->list));
	struct sample sample = { .metric = metric, .value = value };

	assert(n <= LABELS_MAX);
	if (more)
		samples->list = more;
	if (more && copy_labels(&sample, labels, n)) {
		samples->list[samples->count++] = sample;
		return;
	}
	samples->out_of_memory = true;
	free_sample(&sample);
}

void samples_free(struct samples *samples)
{
	for (size_t i = 0; i < samples->count; i++)
		free_sample(&samples->list[i]);
	free(samples->list);
}

const char *metric_type(const struct metric *metric)
{
	return metric->counter ? "counter" : "gauge";
}

const char *metric_suffix(const struct metric *metric)
{
	return metric->counter ? "_total" : "";
}

static void write_family(const struct metric *metric, bool openmetrics, FILE *stream)
{
	const char *suffix = openmetrics ? "" : metric_suffix(metric);

	fprintf(stream, "# HELP %s%s %s.\n", metric->name, suffix, metric->help);
	fprintf(stream, "# TYPE %s%s %s\n", metric->name, suffix, metric_type(metric));
	if (metric->unit && openmetrics)
		fprintf(stream, "# UNIT %s %s\n", metric->name, metric->unit);
}

static void write_sample(const struct sample *sample, FILE *stream)
{
	bool labelled = sample->n_labels;

	fprintf(stream, "%s%s%s%s%s %" PRIu64 "\n", sample->metric->name,
		metric_suffix(sample->metric), labelled ? "{" : "", sample->text,
		labelled ? "}" : "", sample->value);
}

static bool is_first(const struct samples *samples, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (samples->list[i].metric == samples->list[index].metric)
			return false;
	return true;
}

/* Calls for each sample, ordered by metric. */
static void each(const struct samples *samples,
		 void (*fn)(const struct sample *sample, bool first, void *arg), void *arg)
{
	for (size_t i = 0; i < samples->count; i++) {
		if (!is_first(samples, i))
			continue;
		for (size_t k = i; k < samples->count; k++)
			if (samples->list[k].metric == samples->list[i].metric)
				fn(&samples->list[k], k == i, arg);
	}
}

struct writer {
	bool openmetrics;
	FILE *stream;
};

static void write_text(const struct sample *sample, bool first, void *arg)
{
	const struct writer *writer = arg;

	if (first)
		write_family(sample->metric, writer->openmetrics, writer->stream);
	write_sample(sample, writer->stream);
}

void samples_write(const struct samples *samples, bool openmetrics, FILE *stream)
{
	struct writer writer = { openmetrics, stream };

	each(samples, write_text, &writer);
	if (openmetrics)
		fputs("# EOF\n", stream);
}

static void write_row(const struct sample *sample, bool first, void *arg)
{
	const struct metric *metric = sample->metric;
	struct column label_columns[LABELS_MAX];
	struct cell label_cells[LABELS_MAX];
	const struct table label_table = { "labels", label_columns, sample->n_labels };
	const struct cell_rows labels = { &label_table, label_cells, 1 };
	char name[CELL_TEXT_MAX];
	struct cell cells[] = {
		[COLUMN_NAME] = cell_text(name),
		[COLUMN_TYPE] = cell_text(metric_type(metric)),
		[COLUMN_UNIT] = cell_text(metric->unit),
		[COLUMN_LABELS] = cell_rows(&labels, sample->text),
		[COLUMN_VALUE] = cell_number(sample->value),
		[COLUMN_HELP] = cell_text(metric->help),
	};

	(void)first;
	for (size_t i = 0; i < sample->n_labels; i++) {
		label_columns[i] =
			(struct column){ .name = sample->labels[i].name, .kind = KIND_TEXT };
		label_cells[i] = cell_text(sample->labels[i].value);
	}
	snprintf(name, sizeof(name), "%s%s", metric->name, metric_suffix(metric));
	output_row(arg, cells);
}

void samples_write_rows(const struct samples *samples, struct output *out)
{
	output_table(out, &samples_table);
	each(samples, write_row, out);
	output_table_end(out);
}
