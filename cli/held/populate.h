/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Populating a part of a held VM's memory, with its progress on a terminal. */
#ifndef CLI_HELD_POPULATE_H
#define CLI_HELD_POPULATE_H

#include "core/command.h"
#include "held/range.h"

struct populate_asked {
	enum gmem_populate_method method;
	unsigned int threads;		     /* 0: one a CPU */
	const struct gmem_cpu_set *cpu_sets; /* that the threads run on, or NULL */
	unsigned int n_cpu_sets;
};

/* --method: enum gmem_populate_method. */
enum status set_method(struct cli *cli, const struct cli_option *option, const char *arg,
		       void *field);
/* --threads: unsigned int. */
enum status set_threads(struct cli *cli, const struct cli_option *option, const char *arg,
			void *field);
#define THREADS_HELP "Number of threads that populate, default one for each CPU"

/*
 * Populates the parts; *done gets the bytes that were populated. If it ends before the end, it
 * fails and says what was done. used gets the method of the last part.
 */
enum status populate(struct cli *cli, struct held *held, const struct held_parts *parts,
		     const struct populate_asked *asked, enum gmem_populate_method *used,
		     uint64_t *done);

#endif
