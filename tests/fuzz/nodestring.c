// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of nodes of --numa, on four nodes, of which two can be used: an accepted list
 * names only nodes that exist.
 */
#include "fuzz.h"

#include "args/numa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gmem_node four[] = {
		{ .number = 0, .total = 1 << 30, .cpus = "0", .allowed = true },
		{ .number = 1, .total = 0, .cpus = "1", .allowed = true },
		{ .number = 7, .total = 1 << 30, .cpus = "", .allowed = true },
		{ .number = 9, .total = 1 << 30, .cpus = "", .allowed = false },
	};
	const struct nodes nodes = { .at = four, .n = sizeof(four) / sizeof(four[0]) };
	char *text = fuzz_text(data, size), why[NODE_LIST_WHY_MAX] = "";
	struct number_set set;

	if (!node_list_check(text, why)) {
		HOLDS(*why);
	} else if (!node_list_resolve(&nodes, text, &set, why)) {
		HOLDS(*why && !set.words);
	} else {
		HOLDS(number_set_has(&set, 0) || number_set_has(&set, 7));
		for (unsigned int i = 0; i < 2 * GMEM_NODES_MAX; i++)
			HOLDS(i == 0 || i == 7 || !number_set_has(&set, i));
		number_set_free(&set);
	}
	free(text);
	return 0;
}
