// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/frames.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "inspect/evidence.h"
#include "inspect/frame_list.h"
#include "inspect/owner.h"
#include "output/bits.h"

enum {
	COLUMN_PFN,
	COLUMN_RAM,
	COLUMN_NODE,
	COLUMN_ZONE,
	COLUMN_DIRECT_MAP,
	COLUMN_ACCESS_OWNER,
	COLUMN_LEVEL,
	COLUMN_WRITABLE,
	COLUMN_FLAGS,
	COLUMN_OWNER,
	COLUMN_PID,
	COLUMN_COMMAND,
	COLUMN_FD,
	COLUMN_INODE,
	COLUMN_OFFSET,
	COLUMN_GPA,
	COLUMN_REASON,
};

static const struct column columns[] = {
	[COLUMN_PFN] = { "pfn", KIND_HEX, .shown = true, .help = "page frame number" },
	[COLUMN_RAM] = { "ram", KIND_BOOL, .shown = true,
			 .help = "whether it is System RAM, by /proc/iomem" },
	[COLUMN_NODE] = { "node", KIND_NUMBER, .shown = true, .help = "NUMA node" },
	[COLUMN_ZONE] = { "zone", KIND_TEXT, .shown = true, .help = "memory zone" },
	[COLUMN_DIRECT_MAP] = { "direct_map", KIND_STATE, .shown = true,
				.help = "whether the direct map has it: mapped, unmapped or unknown" },
	[COLUMN_ACCESS_OWNER] = { "access_owner", KIND_TEXT,
				  .help = "who may access it, whatever the direct map has: host, "
					  "guest or unknown" },
	[COLUMN_LEVEL] = { "level", KIND_TEXT, .shown = true,
			   .help = "size of the direct map's mapping, such as 4K, 2M or 1G" },
	[COLUMN_WRITABLE] = { "writable", KIND_BOOL,
			      .help = "whether the direct map lets the kernel write" },
	[COLUMN_FLAGS] = { "flags", KIND_LIST, .shown = true, .wrap = true,
			   .help = "page flags, as in /proc/kpageflags" },
	[COLUMN_OWNER] = { "owner", KIND_TEXT, .shown = true,
			   .help = "who has it: guest_memfd, none if no guest_memfd does, "
				   "or unknown (shown as -)" },
	[COLUMN_PID] = { "pid", KIND_NUMBER, .shown = true,
			 .help = "process that has the guest_memfd" },
	[COLUMN_COMMAND] = { "command", KIND_TEXT, .shown = true, .help = "name of that process" },
	[COLUMN_FD] = { "fd", KIND_NUMBER, .shown = true, .help = "descriptor in that process" },
	[COLUMN_INODE] = { "inode", KIND_NUMBER, .help = "inode number of the guest_memfd" },
	[COLUMN_OFFSET] = { "offset", KIND_HEX, .shown = true,
			    .help = "offset in the guest_memfd, in bytes" },
	[COLUMN_GPA] = { "gpa", KIND_ADDRESS, .shown = true,
			 .help = "guest-physical address, where a memslot binds it" },
	[COLUMN_REASON] = { "reason", KIND_TEXT, .wrap = true, .help = "why something is unknown" },
};

const struct table frames_table = TABLE("frames", columns);

struct frame {
	struct gmem_frame is;
	bool owned;
	struct gmem_owned_frame place; /* where owned */
};

struct lookup {
	struct cli *cli;
	struct gmem_owners *owners;
	struct frame *frames; /* as they were given */
	uint64_t *pfns;	      /* ascending */
	size_t n;
	bool no_locks;
	double deadline;
	char no_owner[1024]; /* why there may be an owner that was not seen; "" where not */
};

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int keep_place(const struct gmem_owned_frame *place, void *arg)
{
	struct lookup *lookup = arg;

	for (size_t i = 0; i < lookup->n; i++) {
		if (lookup->frames[i].is.pfn != place->pfn)
			continue;
		lookup->frames[i].owned = true;
		lookup->frames[i].place = *place;
	}
	return 0;
}

/* Searches all guest_memfds that can be seen, and notes why there may be others. */
static void find_owners(struct lookup *lookup)
{
	struct cli *cli = lookup->cli;
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct patience patience;
	const char *unseen;
	int ret;

	if (gmem_ctx_sysroot(cli->ctx)) {
		snprintf(lookup->no_owner, sizeof(lookup->no_owner), "a snapshot has no processes");
		return;
	}
	patience_begin(&patience, lookup->deadline);
	ret = owner_scan(cli, &patience, lookup->no_locks, &lookup->owners);
	if (!ret) {
		gmem_owners_get_counts(lookup->owners, &counts);
		unseen = owner_unseen(&counts, lookup->no_owner, sizeof(lookup->no_owner));
		if (unseen && unseen != lookup->no_owner)
			snprintf(lookup->no_owner, sizeof(lookup->no_owner), "%s", unseen);
		/* Without page frames there is nothing to read, and no reader is needed. */
		if (counts.memories && cli->common.reader == READER_NONE)
			ret = -ENOTSUP;
		else
			ret = gmem_owners_find(lookup->owners, lookup->pfns, lookup->n, keep_place,
					       lookup);
	}
	if (!ret && lookup->no_locks && !*lookup->no_owner)
		snprintf(
			lookup->no_owner, sizeof(lookup->no_owner),
			"only descriptors were looked at: the thread that died may keep its mmap_lock "
			"for ever, so what processes have mapped was left out");
	if (ret)
		cli_explain(cli, ret, lookup->no_owner, sizeof(lookup->no_owner));
}

/* Whether something of a frame is unknown; *reason is why. */
static bool is_partial(const struct lookup *lookup, const struct frame *frame, const char **reason)
{
	*reason = NULL;
	if (frame->is.direct_map == GMEM_DIRECT_MAP_UNKNOWN)
		*reason = frame->is.reason;
	else if (frame->is.ram < 0)
		*reason = frame->is.ram_reason;
	else if (!frame->is.has_page_flags && frame->is.ram)
		*reason = frame->is.flags_reason;
	else if (!frame->owned && *lookup->no_owner)
		*reason = lookup->no_owner;
	return *reason;
}

/* Everybody may see node and zone; they alone are not an answer. */
static bool is_answered(const struct frame *frame)
{
	return frame->is.direct_map != GMEM_DIRECT_MAP_UNKNOWN || frame->is.ram >= 0 ||
	       frame->is.has_page_flags || frame->owned;
}

static void set_owner(const struct lookup *lookup, const struct frame *frame, struct cell *cells,
		      struct gmem_owner *owner)
{
	const struct gmem_owned_frame *place = &frame->place;
	struct gmem_owned owned = { .size = sizeof(owned) };

	if (!frame->owned) {
		cells[COLUMN_OWNER] = cell_text(*lookup->no_owner ? NULL : "none");
		return;
	}
	gmem_owners_at(lookup->owners, place->memory, &owned);
	cells[COLUMN_OWNER] = cell_text("guest_memfd");
	/* In a dump there may be one that no process has any more. */
	if (!gmem_owners_primary(lookup->owners, place->memory, place->vm_pid, owner)) {
		cells[COLUMN_PID] = cell_number((uint64_t)owner->pid);
		cells[COLUMN_COMMAND] = cell_text(*owner->command ? owner->command : NULL);
		cells[COLUMN_FD] = cell_number_if(owner->fd >= 0, (uint64_t)owner->fd);
	}
	cells[COLUMN_INODE] = cell_number(owned.inode);
	cells[COLUMN_OFFSET] = cell_number(place->offset);
	cells[COLUMN_GPA] = cell_number_if(place->gpa != GMEM_GPA_NONE, place->gpa);
}

static void write_frame(const struct lookup *lookup, const struct frame *frame)
{
	const struct gmem_frame *is = &frame->is;
	bool mapped = is->direct_map == GMEM_DIRECT_MAP_MAPPED;
	char flags[BITS_TEXT_MAX];
	struct gmem_owner owner = { .size = sizeof(owner) };
	const char *reason;
	struct cell cells[] = {
		[COLUMN_PFN] = cell_number(is->pfn),
		[COLUMN_RAM] = cell_number_if(is->ram >= 0, is->ram > 0),
		[COLUMN_NODE] = cell_number_if(is->node >= 0, (uint64_t)is->node),
		[COLUMN_ZONE] = cell_text(is->zone),
		[COLUMN_DIRECT_MAP] = cell_text(gmem_direct_map_name(is->direct_map)),
		[COLUMN_ACCESS_OWNER] = cell_text(gmem_access_owner_name(
			frame->owned ? frame->place.access_owner
				     : gmem_frame_access_owner(lookup->cli->ctx))),
		[COLUMN_LEVEL] =
			cell_text(mapped ? gmem_level_name(lookup->cli->ctx, is->level) : NULL),
		[COLUMN_WRITABLE] = cell_number_if(mapped, is->writable),
		[COLUMN_REASON] = CELL_UNKNOWN,
	};

	if (is->has_page_flags)
		cells[COLUMN_FLAGS] =
			cell_text(bits_describe(is->page_flags, gmem_page_flag_name, flags));
	set_owner(lookup, frame, cells, &owner);
	if (is_partial(lookup, frame, &reason))
		cells[COLUMN_REASON] = cell_text(reason);
	output_row(lookup->cli->out, cells);
}

/* Notes only the first that is not RAM, and what the user may have meant. */
static void note_not_ram(const struct lookup *lookup)
{
	char text[256];

	for (size_t i = 0; i < lookup->n; i++) {
		const struct gmem_frame *is = &lookup->frames[i].is;

		if (is->ram != 0)
			continue;
		frame_list_not_ram(lookup->cli, is->pfn, text, sizeof(text));
		cli_note(lookup->cli, "%s", text);
		return;
	}
}

static enum status look_up(struct lookup *lookup)
{
	struct cli *cli = lookup->cli;
	unsigned int want = GMEM_EXTENT_FLAGS;
	enum status status = STATUS_YES;
	bool answered = false;
	const char *reason;

	if (cli->common.reader != READER_NONE)
		want |= GMEM_EXTENT_DIRECT_MAP;
	qsort(lookup->pfns, lookup->n, sizeof(*lookup->pfns), by_value);
	cli_open_reader(cli); /* without one, direct_map and owner are unknown, with a reason */
	find_owners(lookup);
	output_table(cli->out, &frames_table);
	for (size_t i = 0; i < lookup->n; i++) {
		struct frame *frame = &lookup->frames[i];
		int ret = gmem_frame_get(cli->ctx, frame->is.pfn, want, &frame->is);

		if (ret)
			return cli_fail_error(cli, ret, NULL);
		write_frame(lookup, frame);
		answered = answered || is_answered(frame);
		if (!is_partial(lookup, frame, &reason))
			continue;
		if (status == STATUS_YES)
			cli_note(cli, "page frame 0x%" PRIx64 ": %s", frame->is.pfn, reason);
		status = STATUS_PARTLY;
	}
	output_table_end(cli->out);
	note_not_ram(lookup);
	evidence_write(cli);
	return answered ? status : STATUS_CANNOT_TELL;
}

enum status frames_show(struct cli *cli, const uint64_t *pfns, size_t n, bool no_locks,
			double deadline)
{
	struct lookup lookup = { .cli = cli, .n = n, .no_locks = no_locks, .deadline = deadline };
	enum status status;

	lookup.frames = calloc(n, sizeof(*lookup.frames));
	lookup.pfns = calloc(n, sizeof(*lookup.pfns));
	for (size_t i = 0; lookup.frames && lookup.pfns && i < n; i++)
		lookup.frames[i].is = (struct gmem_frame){
			.size = sizeof(lookup.frames[i].is),
			.pfn = lookup.pfns[i] = pfns[i],
		};
	if (!lookup.frames || !lookup.pfns)
		status = cli_no_memory(cli);
	else
		status = look_up(&lookup);
	gmem_owners_free(lookup.owners);
	free(lookup.frames);
	free(lookup.pfns);
	return status;
}
