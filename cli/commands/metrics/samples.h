/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics and their samples, as Prometheus takes them.
 *
 * OpenMetrics (https://prometheus.io/docs/specs/om/open_metrics_spec/) and the older text format
 * of Prometheus, which node_exporter's textfile collector reads, differ in how a counter is
 * declared (its samples end in _total, in the older format the family does, too), in the UNIT line
 * and in the end mark. No sample has a timestamp: the collector refuses them.
 */
#ifndef CLI_COMMANDS_METRICS_SAMPLES_H
#define CLI_COMMANDS_METRICS_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/output.h"

struct metric {
	const char *name; /* without _total; ends in the unit */
	const char *unit; /* NULL for plain numbers */
	const char *help;
	bool counter;	    /* else a gauge */
	const char *labels; /* all that a sample of it may have, with commas; NULL: none */
};

/* "gauge" or "counter" */
const char *metric_type(const struct metric *metric);

/* What the names of its samples end in behind its own: "_total" or "". */
const char *metric_suffix(const struct metric *metric);

struct label {
	const char *name;  /* lives as long as the program */
	const char *value; /* NULL: left out */
};

#define LABELS_MAX 8

struct sample {
	const struct metric *metric;
	char *text; /* of the labels: name="value" with commas between */
	struct label labels[LABELS_MAX];
	size_t n_labels;
	uint64_t value;
};

/* All zero is the empty list. */
struct samples {
	struct sample *list;
	size_t count;
	bool out_of_memory; /* then some are missing */
};

void samples_add(struct samples *samples, const struct metric *metric, const struct label *labels,
		 size_t n, uint64_t value);
void samples_free(struct samples *samples);

/* All of them, those of a metric together, metrics in the order of their first sample. */
void samples_write(const struct samples *samples, bool openmetrics, FILE *stream);

/* The same as rows. */
extern const struct table samples_table;
void samples_write_rows(const struct samples *samples, struct output *out);

#endif
