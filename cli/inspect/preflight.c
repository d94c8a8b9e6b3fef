// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/preflight.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* argp takes --fo for --force; what may end a machine is not typed by half. */
enum status set_spelled_out(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	for (int i = 1; i < cli->argc && strcmp(cli->argv[i], "--"); i++)
		if (!strncmp(cli->argv[i], "--", 2) && !strcmp(cli->argv[i] + 2, option->name))
			return set_flag(cli, option, arg, field);
	return cli_usage(cli, "--%s has to be spelled out", option->name);
}

enum status force_check(struct cli *cli, const struct force *force)
{
	if (!force->will_oops || force->force)
		return STATUS_YES;
	return cli_usage(cli, "--i-know-this-kernel-will-oops goes with --force, and does nothing "
			      "without it");
}

bool preflight_knows_by_flag(enum gmem_vm_type type, uint64_t flags)
{
	return flags & GMEM_MEMORY_NO_DIRECT_MAP && gmem_launch_of(type);
}

/* Where it would fault, first of all rows. */
static bool find_fault(const struct look *look, struct gmem_flush_row *row)
{
	for (size_t i = 0; look->flush && !gmem_flush_row(look->flush, i, row); i++)
		if (row->verdict == GMEM_VERDICT_FAULTS)
			return true;
	return false;
}

static int describe_fault(const struct preflight *preflight, const char *evidence)
{
	struct gmem_flush_row row;

	if (!find_fault(preflight->look, &row))
		return snprintf(preflight->words, preflight->size,
				"the launch would take a page fault on these pages%s, and the "
				"kernel would die of it",
				evidence);
	return snprintf(preflight->words, preflight->size,
			"%s would take a page fault on %" PRIu64 " of these pages, the first at "
			"PFN 0x%" PRIx64 "%s, and the kernel would die of it",
			row.path->name, row.faults_pages, row.first_pfn, evidence);
}

/* On a kernel that is no model it takes two words to go on. */
static enum preflight_result refuse(const struct preflight *preflight, const char *evidence)
{
	const struct force *force = preflight->force;
	bool simulated = gmem_ctx_model(preflight->cli->ctx);
	bool forced = force->force && (simulated || force->will_oops);
	size_t used = (size_t)describe_fault(preflight, evidence);

	if (used >= preflight->size)
		used = preflight->size - 1;
	snprintf(preflight->words + used, preflight->size - used, "; --force%s goes on%s",
		 simulated || forced ? "" : " --i-know-this-kernel-will-oops",
		 forced ? "" : " all the same");
	return forced ? PREFLIGHT_FORCED : PREFLIGHT_REFUSED;
}

enum preflight_result preflight(struct preflight *preflight)
{
	enum gmem_verdict reachable;

	if (preflight->reader)
		return refuse(preflight,
			      " (inferred: they leave the direct map when they are mapped)");
	preflight->error = look_at(preflight->cli->ctx, preflight->type, preflight->memory,
				   preflight->offset, preflight->length, preflight->look);
	if (preflight->error)
		return PREFLIGHT_FAILED;
	reachable = gmem_flush_reachable(preflight->look->flush);
	if (reachable == GMEM_VERDICT_FAULTS)
		return refuse(preflight,
			      gmem_memory_flags(preflight->memory) & GMEM_MEMORY_NO_DIRECT_MAP
				      ? " (they leave the direct map when they are mapped)"
				      : "");
	snprintf(preflight->words, preflight->size, "no kernel path would fault on the way in (%s)",
		 gmem_verdict_name(reachable));
	return PREFLIGHT_CLEAR;
}
