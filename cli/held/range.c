// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds a run. A run that continues the last one is joined with it. */
static void add_part(struct held_parts *parts, uint64_t offset, uint64_t gpa, uint64_t length)
{
	struct held_part *last = parts->n ? &parts->part[parts->n - 1] : NULL;
	bool bound = gpa != GMEM_GPA_NONE;

	if (!length)
		return;
	parts->length += length;
	parts->bound = parts->bound && bound;
	if (last && last->offset + last->length == offset &&
	    (bound ? last->gpa != GMEM_GPA_NONE && last->gpa + last->length == gpa
		   : last->gpa == GMEM_GPA_NONE)) {
		last->length += length;
		return;
	}
	parts->part[parts->n++] =
		(struct held_part){ .offset = offset, .gpa = gpa, .length = length };
}

/* Of the slots that end behind an address, the one that begins first. */
static const struct held_slot *next_slot(const struct held *held, bool by_gpa, uint64_t at)
{
	const struct held_slot *next = NULL;
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < held->n_slots; i++) {
		const struct held_slot *slot = &held->slots[i];
		uint64_t start = by_gpa ? slot->gpa : slot->offset;

		if (start + slot->size > at && start < first) {
			first = start;
			next = slot;
		}
	}
	return next;
}

static void split_offsets(const struct held *held, const struct range *range,
			  struct held_parts *parts)
{
	uint64_t at = range->start, end = range->start + range->length;

	while (at < end) {
		const struct held_slot *slot = next_slot(held, false, at);
		uint64_t from = slot && slot->offset < end ? slot->offset : end, until;

		if (at < from) {
			add_part(parts, at, GMEM_GPA_NONE, from - at);
			at = from;
			continue;
		}
		until = slot->offset + slot->size < end ? slot->offset + slot->size : end;
		add_part(parts, at, slot->gpa + (at - slot->offset), until - at);
		at = until;
	}
}

/* Returns false at the first address that is in no memslot. */
static bool split_gpas(const struct held *held, const struct range *range, struct held_parts *parts,
		       uint64_t *hole)
{
	uint64_t at = range->start, left = range->length;

	while (left) {
		const struct held_slot *slot = next_slot(held, true, at);
		uint64_t here;

		if (!slot || slot->gpa > at) {
			*hole = at;
			return false;
		}
		here = slot->size - (at - slot->gpa);
		if (here > left)
			here = left;
		add_part(parts, slot->offset + (at - slot->gpa), at, here);
		at += here;
		left -= here;
	}
	return true;
}

static enum status no_address(struct cli *cli, const struct held *held, const char *text,
			      const struct held_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		if (parts->part[i].gpa == GMEM_GPA_NONE)
			return cli_usage(cli,
					 "%s: offset 0x%" PRIx64 " of '%s' is bound to no "
					 "guest-physical address",
					 text, parts->part[i].offset, held->name);
	return STATUS_YES;
}

static enum status parse_range(struct cli *cli, const struct held *held, const char *text,
			       struct range *range)
{
	const char *why;

	*range = (struct range){ .length = gmem_memory_size(held->memory) };
	if (!strcmp(text, "all") || range_parse_bytes(text, range, &why))
		return STATUS_YES;
	return cli_usage(cli, "RANGE '%s': %s", text, why);
}

enum status held_range(struct cli *cli, const struct held *held, const char *text, bool by_gpa,
		       bool need_gpa, struct held_parts *parts)
{
	uint64_t size = gmem_memory_size(held->memory), hole;
	struct range range;
	enum status status = parse_range(cli, held, text, &range);

	*parts = (struct held_parts){ .bound = true };
	if (status)
		return status;
	if (by_gpa && strcmp(text, "all") != 0) {
		if (split_gpas(held, &range, parts, &hole))
			return STATUS_YES;
		return cli_usage(cli,
				 "%s: guest-physical address 0x%" PRIx64
				 " is in no memslot of '%s'; its first memslot is at 0x%" PRIx64,
				 text, hole, held->name, held->slots[0].gpa);
	}
	if (range.start > size || range.length > size - range.start)
		return cli_usage(cli, "%s: the memory of '%s' has %" PRIu64 " bytes%s", text,
				 held->name, size,
				 range.start >= held->slots[0].gpa
					 ? "; --by-gpa takes guest-physical addresses"
					 : "");
	split_offsets(held, &range, parts);
	return need_gpa ? no_address(cli, held, text, parts) : STATUS_YES;
}
