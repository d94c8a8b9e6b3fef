// SPDX-License-Identifier: GPL-2.0-or-later
/* list --nodes: the NUMA nodes of the host, and what guests have on each. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands/list/list.h"

enum {
	NODE_NODE,
	NODE_CPUS,
	NODE_SIZE,
	NODE_FREE,
	NODE_RECLAIMABLE,
	NODE_ALLOWED,
	NODE_GUESTS,
	NODE_RESIDENT,
	NODE_DISTANCES,
	NODE_REASON,
	NODE_COLUMNS,
};

static const struct column columns[NODE_COLUMNS] = {
	[NODE_NODE] = { "node", KIND_NUMBER, .shown = true, .help = "NUMA node" },
	[NODE_CPUS] = { "cpus", KIND_TEXT, .shown = true, .help = "its CPUs" },
	[NODE_SIZE] = { "size", KIND_BYTES, .shown = true, .help = "memory that it has" },
	[NODE_FREE] = { "free", KIND_BYTES, .shown = true, .help = "memory that nobody uses" },
	[NODE_RECLAIMABLE] = { "reclaimable", KIND_BYTES,
			       .help = "memory that the kernel can take back, such as cached "
				       "files" },
	[NODE_ALLOWED] = { "allowed", KIND_BOOL,
			   .help = "whether the cpuset of this process has it" },
	[NODE_GUESTS] = { "guests", KIND_NUMBER, .shown = true,
			  .help = "number of guest_memfds that have memory there" },
	[NODE_RESIDENT] = { "resident", KIND_BYTES, .shown = true,
			    .help = "memory of guest_memfds there" },
	[NODE_DISTANCES] = { "distances", KIND_ROWS, .shown = true,
			     .help = "how far the memory of each node is from its CPUs" },
	[NODE_REASON] = { "reason", KIND_TEXT, .wrap = true, .help = "why something is unknown" },
};

const struct table list_node_table = TABLE("nodes", columns);

enum { DISTANCE_NODE, DISTANCE_DISTANCE, DISTANCE_COLUMNS };

static const struct column distance_columns[] = {
	[DISTANCE_NODE] = { "node", KIND_NUMBER, .help = "NUMA node" },
	[DISTANCE_DISTANCE] = { "distance", KIND_NUMBER, .help = "10 is the node itself" },
};

static const struct table distance_table = TABLE("distances", distance_columns);

/*
 * What guests have on a node, -1: on none that is known. Returns how many guest_memfds have some.
 */
static size_t add_up(const struct list_row *rows, size_t n, int node, uint64_t *bytes)
{
	size_t guests = 0;

	*bytes = 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < rows[i].nodes.n; k++) {
			const struct cell *cells = &rows[i].node_cells[k * LIST_NODE_COLUMNS];
			const struct cell *number = &cells[LIST_NODE_NODE];

			if (number->known ? number->number != (uint64_t)node : node >= 0)
				continue;
			*bytes += cells[LIST_NODE_BYTES].number;
			guests += cells[LIST_NODE_BYTES].number > 0;
		}
	}
	return guests;
}

/* Whether all resident pages of all guest_memfds were seen, and their nodes are known. */
static bool sees_all(const struct list_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct cell *resident = &rows[i].cells[LIST_RESIDENT];
		uint64_t seen = 0;

		if (!rows[i].cells[LIST_NODES].known || !resident->known)
			return false;
		for (size_t k = 0; k < rows[i].nodes.n; k++) {
			const struct cell *cells = &rows[i].node_cells[k * LIST_NODE_COLUMNS];

			if (cells[LIST_NODE_NODE].known)
				seen += cells[LIST_NODE_BYTES].number;
		}
		if (seen != resident->number)
			return false;
	}
	return true;
}

/* "0:10,1:21", and the same as rows. Returns the text, which the caller frees, or NULL. */
static char *write_distances(const struct nodes *nodes, int from, struct cell *cells)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < nodes->n; i++, cells += DISTANCE_COLUMNS) {
		int to = nodes->at[i].number, distance = nodes_distance(nodes, from, to);

		cells[DISTANCE_NODE] = cell_number((uint64_t)to);
		cells[DISTANCE_DISTANCE] = cell_number_if(distance >= 0, (uint64_t)distance);
		fprintf(stream, distance < 0 ? "%s%d:?" : "%s%d:%d", i ? "," : "", to, distance);
	}
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

static int write_node(struct output *out, const struct nodes *nodes, const struct gmem_node *node,
		      const struct list_row *rows, size_t n, const char *why)
{
	struct cell *distances = calloc(nodes->n, DISTANCE_COLUMNS * sizeof(*distances));
	char *text = distances ? write_distances(nodes, node->number, distances) : NULL;
	const struct cell_rows list = { &distance_table, distances, nodes->n };
	uint64_t bytes;
	size_t guests = add_up(rows, n, node->number, &bytes);
	const struct cell cells[NODE_COLUMNS] = {
		[NODE_NODE] = cell_number((uint64_t)node->number),
		[NODE_CPUS] = cell_text(*node->cpus ? node->cpus : NULL),
		[NODE_SIZE] = cell_number(node->total),
		[NODE_FREE] = cell_number(node->free),
		[NODE_RECLAIMABLE] = cell_number(node->reclaimable),
		[NODE_ALLOWED] = cell_number(node->allowed),
		[NODE_GUESTS] = cell_number_if(!why, guests),
		[NODE_RESIDENT] = cell_number_if(!why, bytes),
		[NODE_DISTANCES] = cell_rows(&list, text),
		[NODE_REASON] = cell_text(why),
	};

	if (text)
		output_row(out, cells);
	free(distances);
	free(text);
	return text ? 0 : -ENOMEM;
}

int list_write_nodes(struct output *out, const struct nodes *nodes, const struct list_row *rows,
		     size_t n)
{
	const char *why = NULL;
	int ret = 0;

	if (!sees_all(rows, n))
		why = "guests, resident: not known of every guest_memfd here; gmemctl list says of "
		      "which, and why";
	output_table(out, &list_node_table);
	for (size_t i = 0; !ret && i < nodes->n; i++)
		ret = write_node(out, nodes, &nodes->at[i], rows, n, why);
	output_table_end(out);
	return ret;
}
