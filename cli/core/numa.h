/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes of the kernel that a run works on. Only numa.c uses libnuma, which knows the running
 * kernel only. For any other kernel libgmem tells what it can.
 */
#ifndef CLI_CORE_NUMA_H
#define CLI_CORE_NUMA_H

#include "core/cli.h"

/* A set of nodes, or of CPUs, of any size: bit n stands for number n. */
struct number_set {
	unsigned long *words;
	unsigned int n_words;
};

bool number_set_has(const struct number_set *set, unsigned int number);
/* Grows the set where it must. Returns false where memory is short. */
bool number_set_add(struct number_set *set, unsigned int number);
bool number_set_is_empty(const struct number_set *set);
void number_set_free(struct number_set *set);

/* What is known of the nodes. */
struct nodes {
	bool by_libnuma; /* the kernel is the running one, and libnuma serves */
	struct gmem_nodes *library;
	struct gmem_node *at; /* by number, ascending; size, free and allowed are libnuma's */
	size_t n;
};

/* Fails with the library's explanation. What it has read is freed with nodes_close(). */
enum status nodes_open(struct cli *cli, struct nodes *out);
void nodes_close(struct nodes *nodes);

/* The node of that number, or NULL. */
const struct gmem_node *nodes_find(const struct nodes *nodes, unsigned int number);

/* Whether memory can be taken from it. */
bool node_is_usable(const struct gmem_node *node);

/* Distance from the CPUs of one node to the memory of another, or -1 where that is not known. */
int nodes_distance(const struct nodes *nodes, int from, int to);

/*
 * Nodes of a node string that libnuma knows: numa_parse_nodestring(). The caller has made sure that
 * it has no colon, since libnuma opens devices and files for such. Errors: -EINVAL (libnuma
 * does not take it), -ENOMEM.
 */
int node_list_by_libnuma(const char *text, struct number_set *out);

/* The CPUs of a node that this process may run on. Returns false where memory is short. */
bool node_cpus(int node, struct number_set *out);

/* How many CPUs this process may run on, at least 1. */
unsigned int count_cpus(void);

#endif
