// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/placement.h"

#include <errno.h>
#include <inttypes.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/size.h"

#define NAMES_MAX 64

static unsigned int count_chosen(const struct placement *placement)
{
	unsigned int n = 0;

	for (size_t i = 0; i < placement->nodes.n; i++)
		n += number_set_has(&placement->chosen,
				    (unsigned int)placement->nodes.at[i].number);
	return n;
}

/* "node 1", "nodes 0,1": the chosen nodes, as far as there is room for them. */
static const char *chosen_names(const struct placement *placement, char buffer[NAMES_MAX])
{
	size_t length = (size_t)snprintf(buffer, NAMES_MAX, "node%s",
					 count_chosen(placement) > 1 ? "s" : "");
	char separator = ' ';

	for (size_t i = 0; i < placement->nodes.n; i++) {
		int number = placement->nodes.at[i].number;

		if (!number_set_has(&placement->chosen, (unsigned int)number))
			continue;
		if (length > NAMES_MAX - 16) {
			snprintf(buffer + length, NAMES_MAX - length, "...");
			break;
		}
		length += (size_t)snprintf(buffer + length, NAMES_MAX - length, "%c%d", separator,
					   number);
		separator = ',';
	}
	return buffer;
}

static enum status choose_mode(struct cli *cli, struct placement *placement)
{
	const struct numa_asked *asked = placement->asked;
	unsigned int n = count_chosen(placement);

	if (!asked->policy) {
		placement->mode = n > 1 ? MPOL_INTERLEAVE : MPOL_BIND;
		return STATUS_YES;
	}
	placement->mode = policy_mode(asked->policy);
	/* The kernel would take the first of them and forget the others. */
	if (placement->mode == MPOL_PREFERRED && n > 1)
		return cli_usage(cli,
				 "--numa=preferred:%s: preferred takes one node, and these are %u; "
				 "preferred-many takes several",
				 asked->nodes, n);
	return STATUS_YES;
}

enum status placement_find(struct cli *cli, const struct numa_asked *asked, bool populates,
			   struct placement *out)
{
	char why[NODE_LIST_WHY_MAX];
	enum status status;

	*out = (struct placement){ .asked = asked, .populates = populates };
	if (!asked->nodes)
		return STATUS_YES;
	status = nodes_open(cli, &out->nodes);
	if (status)
		return status;
	if (!node_list_resolve(&out->nodes, asked->nodes, &out->chosen, why))
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_FOUND),
				   "--numa=%s%s%s: %s", asked->policy ? asked->policy : "",
				   asked->policy ? ":" : "", asked->nodes, why);
	return choose_mode(cli, out);
}

void placement_free(struct placement *placement)
{
	for (unsigned int i = 0; i < placement->n_cpu_sets; i++)
		number_set_free(&placement->cpus[i]);
	free(placement->cpus);
	free(placement->cpu_sets);
	number_set_free(&placement->chosen);
	nodes_close(&placement->nodes);
	*placement = (struct placement){ 0 };
}

/* The CPUs of the chosen nodes. Returns 0, or -ENODEV for a node where no thread can run. */
static int find_cpus(struct cli *cli, struct placement *placement)
{
	size_t n = placement->nodes.n;

	placement->cpus = calloc(n + 1, sizeof(*placement->cpus));
	placement->cpu_sets = calloc(n + 1, sizeof(*placement->cpu_sets));
	if (!placement->cpus || !placement->cpu_sets)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct gmem_node *node = &placement->nodes.at[i];
		struct number_set *cpus = &placement->cpus[placement->n_cpu_sets];

		if (!number_set_has(&placement->chosen, (unsigned int)node->number))
			continue;
		if (!node_cpus(node->number, cpus))
			return -ENOMEM;
		if (!number_set_is_empty(cpus)) {
			placement->cpu_sets[placement->n_cpu_sets++] =
				(struct gmem_cpu_set){ cpus->words, cpus->n_words };
			continue;
		}
		/*
		 * With a policy, threads on other nodes can take this node's memory.
		 */
		if (placement->has_policy)
			continue;
		cli_note(cli, "node %d has no CPU%s: no thread can take its pages", node->number,
			 *node->cpus ? " that this process may run on" : "");
		return -ENODEV;
	}
	return 0;
}

/*
 * Memory that takes no policy: it cannot be mapped, or the kernel is older than Linux 6.19. Then
 * threads that run on the nodes take pages from there, as long as the nodes have some. A simulated
 * kernel has no threads.
 */
static int take_by_threads(struct cli *cli, struct placement *placement)
{
	int ret;

	if (placement->asked->policy)
		return -ENODEV;
	if (!placement->populates) {
		cli_note(cli, "with --populate, threads on these nodes would take pages");
		return -ENODEV;
	}
	if (gmem_ctx_model(cli->ctx))
		return -ENODEV;
	ret = find_cpus(cli, placement);
	if (!ret)
		cli_note(cli,
			 "the memory takes no policy: its pages are taken by threads that run on "
			 "the nodes, and come from others where a node has none left");
	return ret;
}

int placement_bind(struct cli *cli, struct placement *placement, struct gmem_memory *memory)
{
	const struct number_set *chosen = &placement->chosen;
	int ret;

	if (!placement->asked || !placement->asked->nodes)
		return 0;
	ret = gmem_memory_bind_nodes(memory, 0, gmem_memory_size(memory), placement->mode,
				     chosen->words,
				     chosen->n_words * 8 * (unsigned int)sizeof(*chosen->words));
	if (ret == -ENODEV)
		return take_by_threads(cli, placement);
	placement->has_policy = !ret;
	return ret || !placement->populates || gmem_ctx_model(cli->ctx) ? ret
									: find_cpus(cli, placement);
}

/*
 * The kernel would kill processes that use these nodes before it took a page of another node
 * (oom_kill.c: constrained_alloc()), and it never tells that beforehand.
 */
enum status placement_check_room(struct cli *cli, const struct placement *placement, uint64_t bytes)
{
	char wanted[32], free_text[32], reclaimable_text[32], names[NAMES_MAX];
	uint64_t free_bytes = 0, reclaimable = 0;

	for (size_t i = 0; i < placement->nodes.n; i++) {
		const struct gmem_node *node = &placement->nodes.at[i];

		if (!number_set_has(&placement->chosen, (unsigned int)node->number))
			continue;
		free_bytes += node->free;
		reclaimable += node->reclaimable;
	}
	if (!placement->nodes.n || bytes <= free_bytes + reclaimable)
		return STATUS_YES;
	size_format(bytes, wanted, sizeof(wanted));
	size_format(free_bytes, free_text, sizeof(free_text));
	size_format(reclaimable, reclaimable_text, sizeof(reclaimable_text));
	chosen_names(placement, names);
	if (placement->has_policy && placement->mode == MPOL_BIND)
		return cli_fail_as(
			cli, STATUS_FAILED, cause_of(FAILURE_NO_MEMORY),
			"--numa: %s are to be populated from %s alone, with %s free and %s "
			"that can be reclaimed; name more nodes, or take another policy",
			wanted, names, free_text, reclaimable_text);
	cli_note(
		cli,
		"%s are to be populated, and %s, with %s free and %s that can be reclaimed, cannot "
		"give as much: the rest comes from other nodes",
		wanted, names, free_text, reclaimable_text);
	return STATUS_YES;
}
