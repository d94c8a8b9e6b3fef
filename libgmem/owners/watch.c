// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Compares two looks at the host. A look is one scan for owners; of each guest_memfd the kernel's
 * count of pages and the inode's time of change are read, which costs the same however large it is.
 * Its pages are gone through only if one of the two has changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/options.h"
#include "owners/owners.h"
#include "owners/watch_pages.h"

/* What is kept of a guest_memfd from one look to the next. */
struct watched {
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	pid_t pid;
	char command[GMEM_COMMAND_MAX];
	bool has_pages; /* pages are known, as of a time when */
	uint64_t resident;
	uint64_t changed_ns;
	bool settled; /* nothing had changed at the previous look */
	struct gmem_ranges pages;
};

struct gmem_watch {
	struct gmem_ctx *ctx;
	struct gmem_watch_options options;
	struct watched *list; /* ascending by dev and ino, as owners are */
	size_t count;
	struct gmem_directmap_counters counters;
	struct gmem_owners_counts scanned;
	struct gmem_watch_counts counts;
	char why[GMEM_EXPLANATION_MAX];
	bool looked;
};

/* One look while it goes on. */
struct look {
	struct gmem_watch *watch;
	struct gmem_owners *owners;
	struct watched *list; /* what will be kept */
	size_t count;
	gmem_change_fn fn; /* NULL for the first look */
	void *arg;
	bool cancelled;
};

int gmem_watch_new(struct gmem_ctx *ctx, const struct gmem_watch_options *options,
		   struct gmem_watch **out)
{
	struct gmem_watch *watch = calloc(1, sizeof(*watch));
	int ret;

	gmem_begin(ctx);
	ret = watch ? 0 : gmem_no_memory(ctx, "a watch");
	if (!ret)
		ret = gmem_options_copy(ctx, "gmem_watch_options", &watch->options,
					sizeof(watch->options), options);
	if (ret) {
		free(watch);
		return ret;
	}
	watch->ctx = ctx;
	watch->counters.size = sizeof(watch->counters);
	watch->scanned.size = sizeof(watch->scanned);
	*out = watch;
	return 0;
}

static void free_list(struct watched *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		gmem_ranges_free(&list[i].pages);
	free(list);
}

void gmem_watch_free(struct gmem_watch *watch)
{
	if (!watch)
		return;
	free_list(watch->list, watch->count);
	free(watch);
}

static int tell(const struct look *look, const struct watched *watched, enum gmem_change_kind kind,
		const struct gmem_pages_difference *difference)
{
	struct gmem_change change = {
		.size = sizeof(change),
		.kind = kind,
		.device = watched->dev,
		.inode = watched->ino,
		.memory_size = watched->size,
		.pid = watched->pid,
		.command = watched->command,
		.has_resident = watched->has_pages,
		.resident = watched->resident,
	};

	if (!look->fn)
		return 0;
	if (difference) {
		change.bytes = difference->bytes;
		change.ranges = difference->ranges;
		change.offset = difference->first;
	} else {
		change.bytes = watched->resident;
		change.ranges = watched->pages.count;
		change.offset = watched->pages.count ? watched->pages.list[0].start : 0;
	}
	return look->fn(&change, look->arg);
}

/* Notes why the pages of a guest_memfd are not known; what was known of it before is kept. */
static int not_told(struct gmem_watch *watch, int error)
{
	if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
		return error;
	watch->counts.unknown++;
	gmem_explain_error(watch->ctx, error, watch->why, sizeof(watch->why));
	return 0;
}

/* Tells what came and went between two sets of pages. */
static int compare(const struct look *look, const struct watched *now,
		   const struct gmem_ranges *before)
{
	struct gmem_pages_difference gone = gmem_pages_without(before, &now->pages);
	struct gmem_pages_difference come = gmem_pages_without(&now->pages, before);
	int ret = 0;

	if (gone.ranges)
		ret = tell(look, now, GMEM_CHANGE_PUNCH, &gone);
	if (!ret && come.ranges)
		ret = tell(look, now, GMEM_CHANGE_POPULATE, &come);
	return ret;
}

/*
 * Goes through the pages if something says that they changed. The inode's time is that of the last
 * tick of the clock, so a second change within the same tick does not change it again. Therefore
 * the look after one that found a change goes through the pages in any case.
 */
static int read_pages(struct look *look, struct watched *now, struct gmem_target *target)
{
	struct gmem_ranges before = now->pages;
	struct gmem_target_info info = { .size = sizeof(info) };
	bool moved, told = now->has_pages;
	int ret = gmem_target_get_info(target, &info);

	if (!ret && !info.has_resident)
		ret = gmem_fail(look->watch->ctx, -ENODATA,
				"inode %llu: its pages cannot be told without a reader of kernel "
				"memory",
				(unsigned long long)now->ino);
	if (ret)
		return not_told(look->watch, ret);
	moved = info.changed_ns != now->changed_ns || info.resident != now->resident;
	if (told && !moved && now->settled)
		return 0;
	now->pages = (struct gmem_ranges){ 0 };
	ret = gmem_pages_read(target, look->watch->options.cancel, &now->pages);
	if (ret) {
		gmem_ranges_free(&now->pages);
		now->pages = before;
		now->settled = false;
		look->cancelled = ret == -ECANCELED;
		if (look->cancelled)
			return 0;
		return not_told(look->watch, ret);
	}
	now->has_pages = true;
	now->settled = !moved;
	now->changed_ns = info.changed_ns;
	now->resident = gmem_pages_bytes(&now->pages);
	if (told)
		ret = compare(look, now, &before);
	gmem_ranges_free(&before);
	return ret;
}

static void set_process(const struct look *look, struct watched *now, size_t index)
{
	struct gmem_owner owner = { .size = sizeof(owner) };

	gmem_owners_owner(look->owners, index, 0, &owner);
	now->pid = owner.pid;
	strncpy(now->command, owner.command, sizeof(now->command) - 1);
}

/* The pages of one guest_memfd. If it was closed meanwhile, the next look finds that. */
static int look_into(struct look *look, size_t index, struct watched *now)
{
	const struct gmem_watch_options *options = &look->watch->options;
	struct gmem_target *target;
	int ret;

	if (options->no_pages)
		return 0;
	look->cancelled = look->cancelled || gmem_is_cancelled(options->cancel);
	if (look->cancelled)
		return 0;
	ret = gmem_owners_open(look->owners, index, &target);
	if (ret)
		return ret == -ESRCH ? 0 : not_told(look->watch, ret);
	ret = read_pages(look, now, target);
	gmem_target_free(target);
	return ret;
}

static int look_at(struct look *look, size_t index, struct watched *now, bool is_new)
{
	int ret;

	set_process(look, now, index);
	ret = look_into(look, index, now);
	if (look->cancelled && is_new)
		look->count--; /* it is new to the next look */
	else if (!ret && is_new)
		ret = tell(look, now, GMEM_CHANGE_NEW, NULL);
	return ret;
}

static int order(const struct watched *a, const struct gmem_owned *b)
{
	if (a->dev != b->device)
		return a->dev < b->device ? -1 : 1;
	return (a->ino > b->inode) - (a->ino < b->inode);
}

/* A scan that ended early may just not have seen it; that does not mean that it is gone. */
static void keep(struct look *look, struct watched *before)
{
	look->list[look->count++] = *before;
	before->pages = (struct gmem_ranges){ 0 };
}

/* Moves the watched entries to the new list; those that are skipped on the way are gone. */
static int pass_to(struct look *look, size_t *old, const struct gmem_owned *owned, bool *found)
{
	struct gmem_watch *watch = look->watch;
	int ret = 0;

	*found = false;
	while (!ret && *old < watch->count) {
		struct watched *before = &watch->list[*old];
		int comparison = owned ? order(before, owned) : -1;

		if (comparison > 0)
			break;
		++*old;
		if (comparison == 0) {
			look->list[look->count] = *before;
			before->pages = (struct gmem_ranges){ 0 };
			*found = true;
			break;
		}
		if (watch->scanned.end)
			keep(look, before);
		else
			ret = tell(look, before, GMEM_CHANGE_GONE, NULL);
	}
	return ret;
}

static int look_at_all(struct look *look)
{
	struct gmem_owned owned = { .size = sizeof(owned) };
	size_t old = 0;
	bool found;
	int ret = 0;

	for (size_t i = 0; !ret && !gmem_owners_at(look->owners, i, &owned); i++) {
		struct watched *now;

		ret = pass_to(look, &old, &owned, &found);
		now = &look->list[look->count];
		if (!found)
			*now = (struct watched){
				.dev = owned.device,
				.ino = owned.inode,
				.size = owned.memory_size,
			};
		look->count++;
		if (!ret)
			ret = look_at(look, i, now, !found);
	}
	return ret ? ret : pass_to(look, &old, NULL, &found);
}

static int tell_counter(const struct look *look, enum gmem_change_kind kind, const uint64_t *before,
			const uint64_t *now)
{
	int ret = 0;

	for (int level = GMEM_LEVEL_PMD; !ret && level < GMEM_LEVELS; level++) {
		struct gmem_change change = {
			.size = sizeof(change),
			.kind = kind,
			.command = "",
			.level = (enum gmem_level)level,
			.count = now[level] - before[level],
		};

		if (look->fn && now[level] > before[level])
			ret = look->fn(&change, look->arg);
	}
	return ret;
}

static int look_at_counters(const struct look *look)
{
	struct gmem_watch *watch = look->watch;
	struct gmem_directmap_counters before = watch->counters;
	bool had = watch->looked && watch->counts.has_counters;
	int ret;

	watch->counts.has_counters = !gmem_directmap_get_counters(watch->ctx, &watch->counters);
	if (!had || !watch->counts.has_counters)
		return 0;
	ret = tell_counter(look, GMEM_CHANGE_SPLIT, before.splits, watch->counters.splits);
	if (ret)
		return ret;
	return tell_counter(look, GMEM_CHANGE_COLLAPSE, before.collapses,
			    watch->counters.collapses);
}

int gmem_watch_look(struct gmem_watch *watch, gmem_change_fn fn, void *arg)
{
	struct look look = { .watch = watch, .fn = watch->looked ? fn : NULL, .arg = arg };
	const struct gmem_owners_options scan = {
		.size = sizeof(scan),
		.no_mappings = watch->options.no_mappings,
		.deadline_ms = watch->options.deadline_ms,
		.cancel = watch->options.cancel,
		.at = watch->options.at,
	};
	int ret;

	gmem_begin(watch->ctx);
	/* If that fails, the result of the look before stays. */
	ret = gmem_owners_new(watch->ctx, &scan, &look.owners);
	if (ret)
		return ret;
	gmem_owners_get_counts(look.owners, &watch->scanned);
	watch->counts.unknown = 0;
	look.list = calloc(watch->scanned.memories + watch->count + 1, sizeof(*look.list));
	ret = look.list ? look_at_all(&look) : gmem_no_memory(watch->ctx, "a look at the host");
	if (!ret)
		ret = look_at_counters(&look);
	gmem_owners_free(look.owners);
	if (!look.list)
		return ret;
	free_list(watch->list, watch->count);
	watch->list = look.list;
	watch->count = look.count;
	if (!ret && look.cancelled) {
		return gmem_cancelled(watch->ctx, "gmem_watch_look");
	}
	watch->looked = !ret;
	return ret;
}

int gmem_watch_get_counts(const struct gmem_watch *watch, struct gmem_watch_counts *out)
{
	struct gmem_watch_counts counts = watch->counts;

	gmem_begin(watch->ctx);
	counts.owners = &watch->scanned;
	counts.why = watch->counts.unknown ? watch->why : NULL;
	return GMEM_FILL_OUT(watch->ctx, gmem_watch_counts, has_counters, out, &counts);
}
