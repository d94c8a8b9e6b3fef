// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/preflight.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* argp takes --fo for --force. An option that may crash a machine must be written in full. */
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

bool force_is_enough(const struct cli *cli, const struct force *force)
{
	return force->force && (gmem_ctx_model(cli->ctx) || force->will_oops);
}

static int describe_fault(const struct preflight *preflight)
{
	const struct gmem_preflight *answer = &preflight->look->answer;

	if (answer->inferred)
		return snprintf(preflight->words, preflight->size,
				"the launch would take a page fault on these pages (inferred: they "
				"leave the direct map on the way into the guest), and the kernel "
				"would oops");
	return snprintf(preflight->words, preflight->size,
			"%s would take a page fault on %" PRIu64 " of these pages, the first at "
			"PFN 0x%" PRIx64 "%s, and the kernel would oops",
			answer->path->name, answer->faults_pages, answer->first_pfn,
			answer->leaves ? " (they leave the direct map on the way into the guest)"
				       : "");
}

/* On a kernel that is no model it takes two words to go on. */
static enum preflight_result refuse(const struct preflight *preflight)
{
	const struct force *force = preflight->force;
	bool forced = force_is_enough(preflight->cli, force);
	bool one_word = forced || gmem_ctx_model(preflight->cli->ctx);
	size_t used = (size_t)describe_fault(preflight);

	if (used >= preflight->size)
		used = preflight->size - 1;
	snprintf(preflight->words + used, preflight->size - used, "; --force%s goes on%s",
		 one_word ? "" : " --i-know-this-kernel-will-oops", forced ? "" : " anyway");
	return forced ? PREFLIGHT_FORCED : PREFLIGHT_REFUSED;
}

enum preflight_result preflight(struct preflight *preflight)
{
	enum gmem_verdict verdict;

	preflight->error = look_at(preflight->cli->ctx, preflight->type, preflight->memory,
				   preflight->offset, preflight->length, preflight->look);
	if (preflight->error)
		return PREFLIGHT_FAILED;
	verdict = preflight->look->answer.verdict_on_map;
	if (verdict == GMEM_VERDICT_FAULTS)
		return refuse(preflight);
	snprintf(preflight->words, preflight->size, "%s on the way in (%s)",
		 verdict == GMEM_VERDICT_UNKNOWN ? "no kernel path is known to fault"
						 : "no kernel path would fault",
		 gmem_verdict_name(verdict));
	return PREFLIGHT_CLEAR;
}
