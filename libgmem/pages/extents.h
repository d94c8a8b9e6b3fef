/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A walk over the extents of a guest_memfd, which can end anywhere and go on from there. */
#ifndef GMEM_PAGES_EXTENTS_H
#define GMEM_PAGES_EXTENTS_H

#include "pages/target.h"

struct gmem_extent_walk;

/*
 * fn gets the extents. Errors: as gmem_extents_new(), except for those of options, which are
 * complete here.
 */
int gmem_extent_walk_new(struct gmem_target *target, const struct gmem_extents_options *options,
			 gmem_extent_fn fn, void *arg, struct gmem_extent_walk **out);
void gmem_extent_walk_free(struct gmem_extent_walk *walk);

/*
 * Goes on to the end. Returns 0, what fn returned, or a negative errno; then the next run begins
 * behind what fn got last.
 */
int gmem_extent_walk_run(struct gmem_extent_walk *walk);

/*
 * Goes on by a batch, if all of the direct map is looked up, else until fn returns something.
 * Returns as the other, and above 0 where it is not at the end.
 */
int gmem_extent_walk_batch(struct gmem_extent_walk *walk);

/* The next run begins at offset. */
void gmem_extent_walk_seek(struct gmem_extent_walk *walk, uint64_t offset);

/* All of it at once. Errors: as gmem_extents_next(), what fn returns. */
int gmem_extent_walk_all(struct gmem_target *target, const struct gmem_extents_options *options,
			 gmem_extent_fn fn, void *arg);

/* Pages that follow each other in the file, of one node and one state in the direct map. */
struct gmem_extent_part {
	uint64_t offset; /* bytes into the file */
	uint64_t pages;
	int node; /* or -1 */
	enum gmem_direct_map direct_map;
	const char *reason; /* why the page frames are unknown; NULL where they are known */
};

typedef int (*gmem_extent_part_fn)(const struct gmem_extent_part *part, void *arg);

/*
 * For sums: parts instead of extents, which are not joined, nor cut where memslots or page flags
 * change. Errors: as the other.
 */
int gmem_extent_walk_parts(struct gmem_target *target, const struct gmem_extents_options *options,
			   gmem_extent_part_fn fn, void *arg);

/* One of several files that a walk goes over. */
struct gmem_extent_share {
	struct gmem_target *target;
	void *arg;   /* that fn gets with its parts */
	bool failed; /* by the walk: fn did not get all of its parts */
};

/*
 * Parts of n files of one context, with the direct map. A batch may have pages of several files:
 * the tables of the direct map that it needs are read once, and not once for each file. A file that
 * fails does not end the walk. Errors: ENOMEM, ECANCELED.
 */
int gmem_extent_walk_shares(struct gmem_extent_share *shares, unsigned int n,
			    const volatile int *cancel, gmem_extent_part_fn fn);

#endif
