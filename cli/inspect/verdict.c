// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/verdict.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	COLUMN_PID,
	COLUMN_FD,
	COLUMN_INODE,
	COLUMN_KERNEL_PATH,
	COLUMN_FUNCTION,
	COLUMN_TRIGGER,
	COLUMN_CONDITION,
	COLUMN_SOURCE,
	COLUMN_ACCESS,
	COLUMN_VERDICT,
	COLUMN_FAULTING,
	COLUMN_UNKNOWN_PAGES,
	COLUMN_FIRST_PFN,
	COLUMN_ACCESS_OWNER,
	COLUMN_REASON,
};

static const struct column columns[] = {
	[COLUMN_PID] = { "pid", KIND_NUMBER, .help = "process that has the guest_memfd" },
	[COLUMN_FD] = { "fd", KIND_NUMBER,
			.help = "descriptor in that process; unknown where the guest_memfd is "
				"only mapped" },
	[COLUMN_INODE] = { "inode", KIND_NUMBER, .help = "inode number of the guest_memfd" },
	[COLUMN_KERNEL_PATH] = { "kernel_path", KIND_TEXT, .shown = true,
				 .help = "name of the kernel path" },
	[COLUMN_FUNCTION] = { "function", KIND_TEXT, .wrap = true,
			      .help = "kernel functions of the path, the outer one first" },
	[COLUMN_TRIGGER] = { "trigger", KIND_TEXT, .wrap = true,
			     .help = "what makes the path run, from userspace" },
	[COLUMN_CONDITION] = { "condition", KIND_TEXT, .wrap = true,
			       .help = "which kernels and VMs have the path" },
	[COLUMN_SOURCE] = { "source", KIND_TEXT, .wrap = true,
			    .help = "where the path is in the kernel, and in which version it was "
				    "read" },
	[COLUMN_ACCESS] = { "access", KIND_TEXT, .shown = true,
			    .help = "how the path touches a page: clflush, read, write, or cache on arm64" },
	[COLUMN_VERDICT] = { "verdict", KIND_STATE, .shown = true,
			     .help = "what the path would do: faults, safe, not-applicable or "
				     "unknown" },
	[COLUMN_FAULTING] = { "faulting", KIND_NUMBER, .shown = true,
			      .help = "number of pages on which it would fault" },
	[COLUMN_UNKNOWN_PAGES] = { "unknown_pages", KIND_NUMBER,
				   .help = "number of pages for which this is unknown" },
	[COLUMN_FIRST_PFN] = { "first_pfn", KIND_HEX, .shown = true,
			       .help = "first page frame that decided the verdict" },
	[COLUMN_ACCESS_OWNER] = { "access_owner", KIND_TEXT,
				  .help = "who may access the pages, whatever the direct map has: "
					  "host, guest or unknown" },
	[COLUMN_REASON] = { "reason", KIND_TEXT, .shown = true, .wrap = true,
			    .help = "reason for the verdict" },
};

const struct table paths_table = TABLE("paths", columns);

/* From the mildest to the gravest. */
static const enum gmem_verdict by_gravity[] = {
	GMEM_VERDICT_NOT_APPLICABLE,
	GMEM_VERDICT_SAFE,
	GMEM_VERDICT_UNKNOWN,
	GMEM_VERDICT_FAULTS,
};

static const enum status statuses[] = {
	[GMEM_VERDICT_SAFE] = STATUS_YES,
	[GMEM_VERDICT_FAULTS] = STATUS_NO,
	[GMEM_VERDICT_NOT_APPLICABLE] = STATUS_CANNOT_TELL, /* no page: nothing was seen */
	[GMEM_VERDICT_UNKNOWN] = STATUS_CANNOT_TELL,
};

static void write_row(struct output *out, const struct gmem_flush_row *row,
		      const struct paths_owner *owner, enum gmem_access_owner access_owner)
{
	const struct paths_owner of = owner ? *owner : (struct paths_owner){ .fd = -1 };
	struct cell cells[] = {
		[COLUMN_PID] = cell_number_if(owner && of.pid > 0, (uint64_t)of.pid),
		[COLUMN_FD] = cell_number_if(of.fd >= 0, (uint64_t)of.fd),
		[COLUMN_INODE] = cell_number_if(owner, of.inode),
		[COLUMN_KERNEL_PATH] = cell_text(row->path->name),
		[COLUMN_FUNCTION] = cell_text(row->path->function),
		[COLUMN_TRIGGER] = cell_text(row->path->trigger),
		[COLUMN_CONDITION] = cell_text(row->path->condition),
		[COLUMN_SOURCE] = cell_text(row->path->source),
		[COLUMN_ACCESS] = cell_text(gmem_access_name(row->path->access)),
		[COLUMN_VERDICT] = cell_text(gmem_verdict_name(row->verdict)),
		[COLUMN_FAULTING] = cell_number(row->faults_pages),
		[COLUMN_UNKNOWN_PAGES] = cell_number(row->unknown_pages),
		[COLUMN_FIRST_PFN] = cell_number_if(row->has_first_pfn, row->first_pfn),
		[COLUMN_ACCESS_OWNER] = cell_text(gmem_access_owner_name(access_owner)),
		[COLUMN_REASON] = cell_text(row->reason),
	};

	output_row(out, cells);
}

void paths_write(struct output *out, const struct gmem_flush *flush,
		 const struct paths_owner *owner, enum gmem_access_owner access_owner)
{
	struct gmem_flush_row row = { .size = sizeof(row) };

	for (size_t i = 0; !gmem_flush_row_at(flush, i, &row); i++)
		write_row(out, &row, owner, access_owner);
}

static enum gmem_verdict worst_of(enum gmem_verdict a, enum gmem_verdict b)
{
	enum gmem_verdict worst = GMEM_VERDICT_NOT_APPLICABLE;

	for (size_t i = 0; i < sizeof(by_gravity) / sizeof(by_gravity[0]); i++)
		if (by_gravity[i] == a || by_gravity[i] == b)
			worst = by_gravity[i];
	return worst;
}

enum status verdict_status(const struct verdict *verdict)
{
	return statuses[worst_of(verdict->now, verdict->on_map)];
}

void verdict_add(struct verdict *verdict, const struct gmem_flush *flush)
{
	uint64_t pages, in_direct_map, not_in_direct_map, unknown;
	enum gmem_verdict on_map = worst_of(verdict->on_map, gmem_flush_verdict_on_map(flush));

	gmem_flush_counts(flush, &pages, &in_direct_map, &not_in_direct_map, &unknown);
	verdict->pages += pages;
	verdict->in_direct_map += in_direct_map;
	verdict->not_in_direct_map += not_in_direct_map;
	verdict->unknown += unknown;
	verdict->now = worst_of(verdict->now, gmem_flush_verdict_now(flush));
	if (verdict->now == gmem_flush_verdict_now(flush))
		verdict->now_reason = NULL;
	if (on_map != verdict->on_map)
		verdict->on_map_reason = NULL;
	verdict->on_map = on_map;
}

static const char leaves_on_map[] =
	"inferred from the flag no-direct-map: no page is there yet, and each leaves the direct map "
	"before a kernel path touches it there";
static const char leaves[] =
	"inferred from the flag no-direct-map: no page is there yet, and each leaves the direct map "
	"when it is first mapped, by the host or into the guest";
static const char stays[] =
	"inferred: no page is there yet, and without the flag no-direct-map new pages are in the "
	"direct map";

static void infer(enum gmem_verdict *verdict, const char **reason, enum gmem_verdict inferred,
		  const char *why)
{
	if (worst_of(*verdict, inferred) == *verdict)
		return;
	*verdict = inferred;
	*reason = why;
}

void verdict_add_empty(struct verdict *verdict, enum gmem_vm_type vm_type, uint64_t memory_flags)
{
	if (gmem_flush_known_by_flags(vm_type, memory_flags))
		infer(&verdict->on_map, &verdict->on_map_reason, GMEM_VERDICT_FAULTS,
		      leaves_on_map);
	else if (memory_flags & GMEM_MEMORY_NO_DIRECT_MAP)
		infer(&verdict->now, &verdict->now_reason, GMEM_VERDICT_FAULTS, leaves);
	else
		infer(&verdict->on_map, &verdict->on_map_reason, GMEM_VERDICT_SAFE, stays);
}

static const char no_page[] = "no page is there yet";

static const char *now_reason(const struct verdict *verdict, char *text, size_t size)
{
	if (verdict->now_reason)
		return verdict->now_reason;
	switch (verdict->now) {
	case GMEM_VERDICT_FAULTS:
		snprintf(text, size,
			 "a flush through the direct map takes a page fault on %" PRIu64
			 " of %" PRIu64 " pages",
			 verdict->not_in_direct_map, verdict->pages);
		return text;
	case GMEM_VERDICT_UNKNOWN:
		snprintf(text, size,
			 "the direct map of %" PRIu64 " of %" PRIu64 " pages could not be told",
			 verdict->unknown, verdict->pages);
		return text;
	case GMEM_VERDICT_NOT_APPLICABLE:
		return no_page;
	case GMEM_VERDICT_SAFE:
		break;
	}
	return NULL;
}

static const char *on_map_reason(const struct verdict *verdict)
{
	if (verdict->on_map_reason)
		return verdict->on_map_reason;
	switch (verdict->on_map) {
	case GMEM_VERDICT_FAULTS:
		return "a kernel path would fault when the pages are brought into the guest: see "
		       "the rows";
	case GMEM_VERDICT_UNKNOWN:
		return "of a kernel path that brings the pages into the guest it cannot be told: "
		       "see the rows";
	case GMEM_VERDICT_NOT_APPLICABLE:
		return verdict->pages ? "no kernel path touches these pages on the way into the "
					"guest"
				      : no_page;
	case GMEM_VERDICT_SAFE:
		break;
	}
	return NULL;
}

void verdict_write(struct output *out, const struct verdict *verdict)
{
	char text[160];

	output_fact(out, "pages", KIND_NUMBER, cell_number(verdict->pages));
	output_fact(out, "in_direct_map", KIND_NUMBER, cell_number(verdict->in_direct_map));
	output_fact(out, "not_in_direct_map", KIND_NUMBER, cell_number(verdict->not_in_direct_map));
	output_fact(out, "direct_map_unknown", KIND_NUMBER, cell_number(verdict->unknown));
	output_fact_or_reason(out, "verdict_now", KIND_STATE,
			      cell_text(gmem_verdict_name(verdict->now)),
			      now_reason(verdict, text, sizeof(text)));
	output_fact_or_reason(out, "verdict_on_map", KIND_STATE,
			      cell_text(gmem_verdict_name(verdict->on_map)),
			      on_map_reason(verdict));
}
