// SPDX-License-Identifier: GPL-2.0-or-later
/* Samples of the host: its direct map, its keys, and the run itself. */
#include "commands/metrics/metrics.h"

#include <errno.h>

static const struct metric levels = {
	"gmemctl_direct_map_bytes",
	"bytes",
	"RAM in the kernel's direct map by the size of the mapping",
	false,
	"level",
};
static const struct metric holes = {
	"gmemctl_direct_map_hole_bytes",
	"bytes",
	"RAM that is not in the kernel's direct map (unmapped), or for which that is unknown (unknown)",
	false,
	"direct_map",
};
static const struct metric splits = {
	"gmemctl_direct_map_splits",
	NULL,
	"Mappings of the direct map that were split since boot, by their size before the split",
	true,
	"level",
};
static const struct metric collapses = {
	"gmemctl_direct_map_collapses",
	NULL,
	"Mappings of the direct map that were merged since boot, by their size after the merge",
	true,
	"level",
};
static const struct metric keys = {
	"gmemctl_keys",
	NULL,
	"KeyIDs (tdx) and ASIDs (sev, sev_es) that VMs can have on this host",
	false,
	"resource",
};
static const struct metric keys_used = {
	"gmemctl_keys_used",
	NULL,
	"KeyIDs and ASIDs in use, also by VMs that only a guest_memfd keeps alive",
	false,
	"resource",
};
static const struct metric keys_max = {
	"gmemctl_keys_max",
	NULL,
	"KeyIDs and ASIDs that this container may take; shown only if the host's total cannot be seen",
	false,
	"resource",
};
static const struct metric build_info = {
	"gmemctl_build_info",
	NULL,
	"Always 1; the version, the kernel, and the evidence for the direct map",
	false,
	"version,kernel,evidence,simulated",
};
static const struct metric complete = {
	"gmemctl_complete",
	NULL,
	"1 where this run saw everything, 0 where something could not be seen",
	false,
	NULL,
};

static const struct metric *const host_metrics[] = {
	&levels, &holes, &splits, &collapses, &keys, &keys_used, &keys_max, &build_info, &complete,
};

const struct metric *metrics_of_host(size_t index)
{
	return index < sizeof(host_metrics) / sizeof(host_metrics[0]) ? host_metrics[index] : NULL;
}

/* Both count RAM that is not known to be in the direct map. */
static void add_holes(struct samples *samples, const struct gmem_directmap_summary *summary)
{
	const struct label unmapped = { "direct_map", "unmapped" },
			   unknown = { "direct_map", "unknown" };

	samples_add(samples, &holes, &unmapped, 1, summary->holes);
	samples_add(samples, &holes, &unknown, 1, summary->unknown);
}

static const char *level_name(const struct cli *cli, int level)
{
	return level < GMEM_LEVEL_ROOM ? gmem_level_name(cli->ctx, (enum gmem_level)level) : NULL;
}

static bool add_direct_map(struct cli *cli, struct samples *samples)
{
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };

	if (cli_open_reader(cli) || gmem_directmap_summarize(cli->ctx, NULL, NULL, &summary))
		return false;
	for (int level = GMEM_LEVEL_PTE; level_name(cli, level); level++) {
		const struct label label = { "level", level_name(cli, level) };

		samples_add(samples, &levels, &label, 1, summary.in_direct_map[level]);
	}
	add_holes(samples, &summary);
	return true;
}

static bool add_counters(struct cli *cli, struct samples *samples)
{
	struct gmem_directmap_counters counters = { .size = sizeof(counters) };

	if (gmem_directmap_get_counters(cli->ctx, &counters))
		return false;
	for (int level = GMEM_LEVEL_PMD; level_name(cli, level); level++) {
		const struct label label = { "level", level_name(cli, level) };

		samples_add(samples, &splits, &label, 1, counters.splits[level]);
		if (counters.has_collapses)
			samples_add(samples, &collapses, &label, 1, counters.collapses[level]);
	}
	return true;
}

/* A host without a sort of keys has no sample of it. Then the run is still complete. */
static bool add_key(struct samples *samples, const char *name, int ret,
		    const struct gmem_keys *found)
{
	const struct label label = { "resource", name };

	if (ret)
		return ret == -ENODATA;
	if (found->has_capacity)
		samples_add(samples, &keys, &label, 1, found->capacity);
	if (found->has_limit && found->limit != UINT64_MAX)
		samples_add(samples, &keys_max, &label, 1, found->limit);
	if (found->has_used)
		samples_add(samples, &keys_used, &label, 1, found->used);
	return found->has_capacity;
}

static bool add_keys(struct cli *cli, struct samples *samples)
{
	bool all = true;

	for (size_t i = 0; gmem_keys_name(i); i++) {
		struct gmem_keys found = { .size = sizeof(found) };
		int ret = gmem_keys_get(cli->ctx, gmem_keys_name(i), &found);

		all = add_key(samples, gmem_keys_name(i), ret, &found) && all;
	}
	return all;
}

bool metrics_add_host(struct cli *cli, struct samples *samples)
{
	bool direct_map = add_direct_map(cli, samples);
	bool counters = add_counters(cli, samples);
	bool all_keys = add_keys(cli, samples);

	return direct_map && counters && all_keys;
}

void metrics_add_run(struct cli *cli, struct samples *samples, bool is_complete)
{
	const struct label labels[] = {
		{ "version", gmem_version() },
		{ "kernel", gmem_ctx_release(cli->ctx) },
		{ "evidence", gmem_evidence_name(gmem_reader_evidence(cli->ctx)) },
		{ "simulated", gmem_ctx_model(cli->ctx) },
	};

	samples_add(samples, &build_info, labels, sizeof(labels) / sizeof(labels[0]), 1);
	samples_add(samples, &complete, NULL, 0, is_complete);
}
