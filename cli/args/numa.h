/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which NUMA nodes, and which policy, as numactl has them: --numa=[POLICY:]NODES. */
#ifndef CLI_ARGS_NUMA_H
#define CLI_ARGS_NUMA_H

#include "core/command.h"
#include "core/numa.h"

/* Room for the words that say what is wrong with a list. */
#define NODE_LIST_WHY_MAX 160

struct numa_asked {
	const char *nodes;  /* the list, NULL: no --numa */
	const char *policy; /* its word; NULL: one node is bound to, several are interleaved */
};

/* --numa: struct numa_asked. Which nodes there are is not looked at yet. */
enum status set_numa(struct cli *cli, const struct cli_option *option, const char *arg,
		     void *field);

/* MPOL_* for the word of a policy, or -1. */
int policy_mode(const char *word);

/* Whether text is a list of nodes: [!][+]all, [!][+]N[-M][,...]. Else why in words. */
bool node_list_check(const char *text, char why[NODE_LIST_WHY_MAX]);

/*
 * The nodes that a list means on this host, which node_list_check() took. Returns false and why:
 * one of them is not there, has no memory, or is not allowed; or none is left.
 */
bool node_list_resolve(const struct nodes *nodes, const char *text, struct number_set *out,
		       char why[NODE_LIST_WHY_MAX]);

#define NUMA_HELP                                                                                \
	"Take pages from these NUMA nodes, such as bind:0, interleave:all or preferred:1. The "  \
	"policy is bind, interleave, preferred, preferred-many or weighted-interleave; without " \
	"one it is bind for one node, and interleave for several"

#endif
