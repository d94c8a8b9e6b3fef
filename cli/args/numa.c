// SPDX-License-Identifier: GPL-2.0-or-later
#include "args/numa.h"

#include <ctype.h>
#include <errno.h>
#include <numaif.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHTED_INTERLEAVE 6 /* MPOL_WEIGHTED_INTERLEAVE, which bookworm's header has not */

static const struct {
	const char *word;
	int mode;
} policies[] = {
	{ "bind", MPOL_BIND },
	{ "interleave", MPOL_INTERLEAVE },
	{ "preferred", MPOL_PREFERRED },
	{ "preferred-many", MPOL_PREFERRED_MANY },
	{ "weighted-interleave", WEIGHTED_INTERLEAVE },
};

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

__attribute__((format(printf, 2, 3))) static bool refuse(char why[NODE_LIST_WHY_MAX],
							 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, NODE_LIST_WHY_MAX, format, args);
	va_end(args);
	return false;
}

int policy_mode(const char *word)
{
	for (size_t i = 0; i < POLICIES; i++)
		if (!strcmp(policies[i].word, word))
			return policies[i].mode;
	return -1;
}

/* A number of a node; libnuma would take 010 for 8, and 4294967296 for 0. */
static bool check_number(const char **at, unsigned int *number, char why[NODE_LIST_WHY_MAX])
{
	const char *digits = *at;

	if (!isdigit((unsigned char)*digits))
		return refuse(why, "it is not a list of nodes such as all, 0,2-3, !1 or +0");
	if (*digits == '0' && isdigit((unsigned char)digits[1]))
		return refuse(why, "write numbers of nodes without leading zeros");
	for (*number = 0; isdigit((unsigned char)**at); ++*at) {
		*number = *number * 10 + (unsigned int)(**at - '0');
		if (*number >= GMEM_NODES_MAX)
			return refuse(why, "numbers of nodes go from 0 to %d", GMEM_NODES_MAX - 1);
	}
	return true;
}

/* "1" or "1-3" */
static bool check_item(const char **at, unsigned int *first, unsigned int *last,
		       char why[NODE_LIST_WHY_MAX])
{
	if (!check_number(at, first, why))
		return false;
	*last = *first;
	if (**at != '-')
		return true;
	++*at;
	if (!check_number(at, last, why))
		return false;
	return *last >= *first || refuse(why, "%u-%u runs downwards", *first, *last);
}

bool node_list_check(const char *text, char why[NODE_LIST_WHY_MAX])
{
	unsigned int first, last;
	bool others = *text == '!';

	if (!*text)
		return refuse(why, "the list of nodes is empty");
	/* libnuma resolves netdev:, ip:, file: and more by opening what they name. */
	if (strchr(text, ':'))
		return refuse(why, "a list of nodes has no colon: no devices, files or addresses");
	text += others;
	text += *text == '+';
	if (!strcmp(text, "all"))
		return !others || refuse(why, "all nodes except all of them leaves no node");
	for (;; text++) {
		if (!check_item(&text, &first, &last, why))
			return false;
		if (!*text)
			return true;
		if (*text != ',')
			return refuse(why,
				      "it is not a list of nodes such as all, 0,2-3, !1 or +0");
	}
}

/* The n-th node that memory can be taken from, from 0 on, or NULL; *usable are before it. */
static const struct gmem_node *relative(const struct nodes *nodes, unsigned int n, size_t *usable)
{
	*usable = 0;
	for (size_t i = 0; i < nodes->n; i++)
		if (node_is_usable(&nodes->at[i]) && (*usable)++ == n)
			return &nodes->at[i];
	return NULL;
}

static bool check_node(const struct nodes *nodes, unsigned int number, char why[NODE_LIST_WHY_MAX])
{
	const struct gmem_node *node = nodes_find(nodes, number);

	if (!node)
		return refuse(why, "there is no node %u on this host", number);
	if (!node->total)
		return refuse(why, "node %u has no memory", number);
	return node->allowed || refuse(why, "node %u is not in the cpuset of this process", number);
}

/* One end of a range, by its number or as the n-th node. */
static bool resolve_end(const struct nodes *nodes, bool is_relative, unsigned int *number,
			char why[NODE_LIST_WHY_MAX])
{
	const struct gmem_node *node;
	size_t usable;

	if (!is_relative)
		return check_node(nodes, *number, why);
	node = relative(nodes, *number, &usable);
	if (!node)
		return refuse(why, "there is no +%u: memory can be taken from %zu node%s here",
			      *number, usable, usable == 1 ? "" : "s");
	*number = (unsigned int)node->number;
	return true;
}

/* Nodes between the ends of a range that are not there are left out, as libnuma does. */
static bool add_usable(const struct nodes *nodes, unsigned int first, unsigned int last,
		       struct number_set *out, char why[NODE_LIST_WHY_MAX])
{
	for (size_t i = 0; i < nodes->n; i++) {
		const struct gmem_node *node = &nodes->at[i];
		unsigned int number = (unsigned int)node->number;

		if (number < first || number > last || !node_is_usable(node))
			continue;
		if (!number_set_add(out, number))
			return refuse(why, "out of memory");
	}
	return true;
}

/* The same rules as libnuma's, on nodes of any kernel. */
static bool parse(const struct nodes *nodes, const char *text, struct number_set *out,
		  char why[NODE_LIST_WHY_MAX])
{
	bool is_relative = *text == '+';
	unsigned int first, last;

	text += is_relative;
	if (!strcmp(text, "all"))
		return add_usable(nodes, 0, GMEM_NODES_MAX, out, why);
	do {
		if (!check_item(&text, &first, &last, why) ||
		    !resolve_end(nodes, is_relative, &first, why) ||
		    !resolve_end(nodes, is_relative, &last, why) ||
		    !add_usable(nodes, first, last, out, why))
			return false;
	} while (*text++ == ',');
	return true;
}

/*
 * libnuma numbers the nodes that remain after "!" from 0 on without a gap. So "!" is handled here.
 */
static bool invert(const struct nodes *nodes, struct number_set *set, char why[NODE_LIST_WHY_MAX])
{
	struct number_set others = { 0 };

	for (size_t i = 0; i < nodes->n; i++) {
		const struct gmem_node *node = &nodes->at[i];

		if (node_is_usable(node) && !number_set_has(set, (unsigned int)node->number) &&
		    !number_set_add(&others, (unsigned int)node->number)) {
			number_set_free(&others);
			return refuse(why, "out of memory");
		}
	}
	number_set_free(set);
	*set = others;
	return true;
}

/*
 * On the running kernel libnuma decides. The rules of this file say why it refuses a list.
 */
static bool ask_libnuma(const struct nodes *nodes, const char *text, struct number_set *out,
			char why[NODE_LIST_WHY_MAX])
{
	struct number_set own = { 0 };
	int ret = node_list_by_libnuma(text, out);
	bool taken;

	if (!ret) {
		for (unsigned int i = 0; i < GMEM_NODES_MAX; i++)
			if (number_set_has(out, i) && !check_node(nodes, i, why))
				return false;
		return true;
	}
	/* If libnuma is out of memory, the rules of this file decide. */
	if (ret == -ENOMEM)
		return parse(nodes, text, out, why);
	taken = parse(nodes, text, &own, why);
	number_set_free(&own);
	return taken ? refuse(why, "libnuma does not take it, see numactl --hardware") : false;
}

bool node_list_resolve(const struct nodes *nodes, const char *text, struct number_set *out,
		       char why[NODE_LIST_WHY_MAX])
{
	bool others = *text == '!', taken;

	*out = (struct number_set){ 0 };
	text += others;
	taken = nodes->by_libnuma ? ask_libnuma(nodes, text, out, why)
				  : parse(nodes, text, out, why);
	if (taken && others)
		taken = invert(nodes, out, why);
	if (taken && number_set_is_empty(out))
		taken = refuse(why, "it names no node that memory can be taken from");
	if (!taken)
		number_set_free(out);
	return taken;
}

enum status set_numa(struct cli *cli, const struct cli_option *option, const char *arg, void *field)
{
	struct numa_asked *asked = field;
	const char *nodes = arg;
	char why[NODE_LIST_WHY_MAX];

	*asked = (struct numa_asked){ 0 };
	for (size_t i = 0; i < POLICIES; i++) {
		size_t length = strlen(policies[i].word);

		if (strncmp(arg, policies[i].word, length))
			continue;
		if (!arg[length])
			return cli_usage(cli, "--%s=%s: the nodes are missing, such as %s:0",
					 option->name, arg, arg);
		if (arg[length] != ':')
			continue;
		asked->policy = policies[i].word;
		nodes = arg + length + 1;
	}
	if (!asked->policy && isalpha((unsigned char)*arg) && strchr(arg, ':'))
		return cli_usage(cli,
				 "--%s=%s: '%.*s' is no policy: take bind, interleave, preferred, "
				 "preferred-many or weighted-interleave",
				 option->name, arg, (int)strcspn(arg, ":"), arg);
	if (!node_list_check(nodes, why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	asked->nodes = nodes;
	return STATUS_YES;
}
