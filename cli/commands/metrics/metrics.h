/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gmemctl metrics: what its files share. */
#ifndef CLI_COMMANDS_METRICS_METRICS_H
#define CLI_COMMANDS_METRICS_METRICS_H

#include "core/cli.h"
#include "commands/metrics/samples.h"

/*
 * What one run finds out. Each function returns whether it saw everything. An unknown value has no
 * sample. An error ends the run; then *error is a negative errno.
 */
bool metrics_add_memories(struct cli *cli, bool no_locks, double deadline, struct samples *samples,
			  int *error);
bool metrics_add_host(struct cli *cli, struct samples *samples);

/* The metrics that these have samples of, NULL past the last; those of the run are the host's. */
const struct metric *metrics_of_memories(size_t index);
const struct metric *metrics_of_host(size_t index);

/* The labels that name the run itself, and whether it saw everything. */
void metrics_add_run(struct cli *cli, struct samples *samples, bool complete);

/* A feature of this node, for node-feature-discovery. */
typedef void (*feature_fn)(const char *name, const char *value, void *arg);

/*
 * Asks KVM, which makes and closes a VM of each type, and the host. Fails where KVM did not answer:
 * a label that is missing would be taken for a no.
 */
enum status features_find(struct cli *cli, feature_fn fn, void *arg);

#endif
