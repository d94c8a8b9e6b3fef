// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/numa.h"

#include <errno.h>
#include <numa.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORD_BITS (8 * (unsigned int)sizeof(unsigned long))

/*
 * If memory is short, libnuma calls numa_error() and then exit(). numa_error() jumps out of libnuma
 * instead, so that a command can say what failed, and a holder keeps its VM. Memory that libnuma
 * had allocated is lost.
 */
static jmp_buf left;
static bool inside; /* of a function that setjmp() was called for */

/*
 * libnuma's own functions print to standard error. Both are weak there, so that they can be
 * replaced. Callers here check for themselves what numa_warn() would report.
 */
void numa_warn(int number, char *format, ...)
{
	(void)number;
	(void)format;
}

void numa_error(char *where)
{
	if (inside)
		longjmp(left, 1);
	/* In its constructor, before main(). */
	dprintf(STDERR_FILENO, "gmemctl: libnuma: %s: there is not enough memory\n", where);
	_exit(STATUS_FAILED);
}

bool number_set_has(const struct number_set *set, unsigned int number)
{
	unsigned int word = number / WORD_BITS;

	return word < set->n_words && set->words[word] >> number % WORD_BITS & 1;
}

bool number_set_add(struct number_set *set, unsigned int number)
{
	unsigned int word = number / WORD_BITS;

	if (word >= set->n_words) {
		unsigned long *words = realloc(set->words, (word + 1) * sizeof(*words));

		if (!words)
			return false;
		memset(&words[set->n_words], 0, (word + 1 - set->n_words) * sizeof(*words));
		set->words = words;
		set->n_words = word + 1;
	}
	set->words[word] |= 1ul << number % WORD_BITS;
	return true;
}

bool number_set_is_empty(const struct number_set *set)
{
	for (unsigned int i = 0; i < set->n_words; i++)
		if (set->words[i])
			return false;
	return true;
}

void number_set_free(struct number_set *set)
{
	free(set->words);
	*set = (struct number_set){ 0 };
}

/* Those of both masks; a NULL takes all. */
static bool copy_mask(const struct bitmask *mask, const struct bitmask *also,
		      struct number_set *out)
{
	*out = (struct number_set){ 0 };
	for (unsigned int i = 0; i < mask->size; i++) {
		if (!numa_bitmask_isbitset(mask, i) || (also && !numa_bitmask_isbitset(also, i)))
			continue;
		if (!number_set_add(out, i))
			return false;
	}
	return true;
}

/* Ends the section that setjmp() began, and passes on its result. */
static int leave(int ret)
{
	inside = false;
	return ret;
}

static int parse_list(const char *text, struct number_set *out)
{
	struct bitmask *mask = numa_parse_nodestring(text);
	int ret;

	if (!mask)
		return -EINVAL;
	ret = copy_mask(mask, NULL, out) ? 0 : -ENOMEM;
	numa_bitmask_free(mask);
	return ret;
}

int node_list_by_libnuma(const char *text, struct number_set *out)
{
	inside = true;
	if (setjmp(left))
		return leave(-ENOMEM);
	return leave(parse_list(text, out));
}

static bool take_cpus(int node, struct number_set *out)
{
	struct bitmask *cpus = numa_allocate_cpumask(), *allowed = numa_allocate_cpumask();
	bool done = true;

	if (numa_node_to_cpus(node, cpus) >= 0 && numa_sched_getaffinity(0, allowed) >= 0)
		done = copy_mask(cpus, allowed, out);
	numa_bitmask_free(cpus);
	numa_bitmask_free(allowed);
	return done;
}

bool node_cpus(int node, struct number_set *out)
{
	*out = (struct number_set){ 0 };
	inside = true;
	if (setjmp(left))
		return leave(false);
	return leave(take_cpus(node, out));
}

static int weigh_affinity(void)
{
	struct bitmask *allowed = numa_allocate_cpumask();
	unsigned int n = 0;

	if (numa_sched_getaffinity(0, allowed) >= 0)
		n = numa_bitmask_weight(allowed);
	numa_bitmask_free(allowed);
	return n ? (int)n : 1;
}

unsigned int count_cpus(void)
{
	inside = true;
	if (setjmp(left))
		return (unsigned int)leave(1);
	return (unsigned int)leave(weigh_affinity());
}

static void take_figures(struct gmem_node *node, const struct bitmask *allowed)
{
	long long free_bytes = 0, size = numa_node_size64(node->number, &free_bytes);

	if (size >= 0) {
		node->total = (uint64_t)size;
		node->free = (uint64_t)free_bytes;
	}
	/* That mask has only nodes with memory. */
	if (allowed && size > 0)
		node->allowed = numa_bitmask_isbitset(allowed, (unsigned int)node->number);
}

static void take_all_figures(struct nodes *nodes)
{
	struct bitmask *allowed = numa_get_mems_allowed();

	for (size_t i = 0; i < nodes->n; i++)
		take_figures(&nodes->at[i], allowed);
	if (allowed)
		numa_bitmask_free(allowed);
}

/*
 * For the running kernel the figures come from libnuma, so that they equal those of numactl.
 * Returns false if memory is short: then the figures are libgmem's.
 */
static bool ask_libnuma(struct nodes *nodes)
{
	inside = true;
	if (setjmp(left))
		return leave(false);
	take_all_figures(nodes);
	return leave(true);
}

enum status nodes_open(struct cli *cli, struct nodes *out)
{
	struct gmem_node node = { .size = sizeof(node) };
	int ret;

	*out = (struct nodes){ 0 };
	ret = gmem_nodes_new(cli->ctx, &out->library);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	while (!gmem_nodes_at(out->library, out->n, &node))
		out->n++;
	out->at = calloc(out->n + 1, sizeof(*out->at));
	if (!out->at) {
		nodes_close(out);
		return cli_no_memory(cli);
	}
	for (size_t i = 0; i < out->n; i++) {
		out->at[i].size = sizeof(out->at[i]);
		gmem_nodes_at(out->library, i, &out->at[i]);
	}
	/* numa_available() is -1 where a seccomp filter forbids get_mempolicy(). */
	out->by_libnuma = !gmem_ctx_model(cli->ctx) && !gmem_ctx_sysroot(cli->ctx) &&
			  !gmem_ctx_core(cli->ctx) && numa_available() >= 0 && ask_libnuma(out);
	return STATUS_YES;
}

void nodes_close(struct nodes *nodes)
{
	gmem_nodes_free(nodes->library);
	free(nodes->at);
	*nodes = (struct nodes){ 0 };
}

const struct gmem_node *nodes_find(const struct nodes *nodes, unsigned int number)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (nodes->at[i].number == (int)number)
			return &nodes->at[i];
	return NULL;
}

bool node_is_usable(const struct gmem_node *node)
{
	return node->total && node->allowed;
}

int nodes_distance(const struct nodes *nodes, int from, int to)
{
	int distance = nodes->by_libnuma ? numa_distance(from, to)
					 : gmem_nodes_distance(nodes->library, from, to);

	return distance > 0 ? distance : -1;
}
