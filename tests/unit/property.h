/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The property test's world: a VM with a guest_memfd on some model, the state of its pages, and two
 * answers about them: that of libgmem, which reads kernel memory, and that of the model itself.
 */
#ifndef PROPERTY_H
#define PROPERTY_H

#include "unit.h"

#include "port.h"

#define PAGES 48ull
#define GPA 0x100000000ull

/* An assertion that costs nothing if it is true. libcheck's own writes to a pipe each time. */
#define expect(condition)                                       \
	do {                                                    \
		if (!(condition))                               \
			ck_abort_msg("not so: %s", #condition); \
	} while (0)

struct kind {
	const char *model;
	enum gmem_vm_type vm_type;
};

struct world {
	const struct kind *kind;
	struct gmem_ctx *ctx;
	struct gmem_kernel *sim;
	struct gmem_vm *vm;
	struct gmem_memory *memory; /* or NULL */
	struct gmem_target *target; /* of memory */
	uint64_t flags;		    /* of memory */
	uint64_t page;		    /* bytes of the kernel's page */
	unsigned int fds;
	uint64_t holes; /* of the direct map, before the test changed anything */
	bool arm64;
	bool guarded; /* libgmem may refuse calls; else they are forced */
	bool unsure;  /* libgmem did not know whether a path of this operation faults */
	bool bound;
	bool final;	   /* the launch is finished */
	uint64_t poisoned; /* pages that never come back */
	bool is_private[PAGES];
	bool given[PAGES];	/* to the guest: they are in the S-EPT, or in the RMP */
	uint64_t hooked[PAGES]; /* page frames with a mapping that a hook has changed, or 0 */
	/* libgmem's answer about the pages of the last look. */
	bool seen[PAGES];
	struct gmem_extent extents[PAGES];
};

static inline uint64_t frame_of(const struct world *w, uint64_t page)
{
	int64_t pfn = gmem_sim_file_pfn(w->sim, gmem_memory_fd(w->memory), page);

	return pfn < 0 ? 0 : (uint64_t)pfn;
}

static inline int note_extent(const struct gmem_extent *extent, void *arg)
{
	struct world *w = arg;

	for (uint64_t i = 0; i < extent->pages; i++) {
		uint64_t page = extent->offset / w->page + i;

		expect(page < PAGES);
		expect(!w->seen[page]);
		expect(extent->has_pfn);
		w->seen[page] = true;
		w->extents[page] = *extent;
		w->extents[page].offset = page * w->page;
		w->extents[page].pfn = extent->pfn + i;
		w->extents[page].pages = 1;
	}
	return 0;
}

/* Reads the pages through libgmem. It must report each resident page once, as the model has it. */
static inline void look(struct world *w, uint64_t first, uint64_t pages, unsigned int want)
{
	memset(w->seen, 0, sizeof(w->seen));
	expect(gmem_target_extents(w->target, first * w->page, pages * w->page,
				   GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS | want, note_extent,
				   w) == 0);
	for (uint64_t page = 0; page < PAGES; page++) {
		uint64_t pfn = frame_of(w, page);

		if (page < first || page >= first + pages) {
			expect(!w->seen[page]);
			continue;
		}
		expect(w->seen[page] == (pfn != 0));
		if (!pfn)
			continue;
		expect(w->extents[page].pfn == pfn);
		expect(w->extents[page].direct_map == (gmem_sim_direct_map_present(w->sim, pfn)
							       ? GMEM_DIRECT_MAP_MAPPED
							       : GMEM_DIRECT_MAP_UNMAPPED));
	}
}

/* libgmem's verdict on this kernel path, for all seen pages in which (NULL: for all seen pages). */
static inline enum gmem_verdict verdict_on(const struct world *w, const char *path,
					   const bool *which)
{
	const struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = (int)w->kind->vm_type,
		.memory_flags = w->flags,
		.has_memory_flags = true,
		.is_guest_memory = true,
	};
	struct gmem_flush_row row = { .size = sizeof(row) };
	struct gmem_flush *flush;
	size_t i = 0;

	expect(gmem_flush_new(w->ctx, &subject, &flush) == 0);
	for (uint64_t page = 0; page < PAGES; page++)
		if (w->seen[page] && (!which || which[page]))
			gmem_flush_add(flush, &w->extents[page]);
	do
		expect(gmem_flush_row_at(flush, i++, &row) == 0);
	while (strcmp(row.path->name, path));
	gmem_flush_free(flush);
	/* KVM on arm64 does not always tell what the CPU does for its caches. */
	expect(row.verdict != GMEM_VERDICT_UNKNOWN || row.path->access == GMEM_ACCESS_CACHE);
	return row.verdict;
}

static inline bool is_poisoned(const struct world *w, uint64_t page)
{
	return w->seen[page] && w->extents[page].page_flags & GMEM_KPF_HWPOISON;
}

/* When the file frees a page frame, the user that took it out of the direct map puts it back. */
static inline void settle_hooks(struct world *w)
{
	for (uint64_t page = 0; page < PAGES; page++) {
		uint64_t pfn = w->hooked[page];

		if (!pfn || (w->memory && frame_of(w, page) == pfn))
			continue;
		expect(gmem_sim_set_direct_map(w->sim, pfn, true) == 0);
		w->hooked[page] = 0;
	}
}

static inline uint64_t count_holes(struct gmem_ctx *ctx)
{
	struct gmem_directmap_summary sum = { .size = sizeof(sum) };

	expect(gmem_directmap_summarize(ctx, NULL, NULL, &sum) == 0);
	expect(sum.unknown == 0);
	return sum.holes;
}

static inline void begin_world(struct world *w, const struct kind *kind, bool guarded)
{
	*w = (struct world){ .kind = kind, .guarded = guarded };
	expect(gmem_ctx_new_simulated(kind->model, &w->ctx) == 0);
	gmem_ctx_allow_faults(w->ctx, !guarded);
	w->sim = w->ctx->kernel;
	w->page = gmem_page_size(w->ctx);
	w->arm64 = !strcmp(w->sim->ops->machine, "aarch64");
	w->fds = gmem_sim_open_fds(w->sim);
	w->holes = count_holes(w->ctx);
	expect(gmem_vm_new(w->ctx, kind->vm_type, &w->vm) == 0);
	if (kind->vm_type == GMEM_VM_TDX) {
		expect(gmem_tdx_split_irqchip(w->vm, 0) == 0);
		expect(gmem_tdx_init_vm(w->vm, NULL) == 0);
	} else if (kind->vm_type == GMEM_VM_SNP) {
		expect(gmem_snp_init_vm(w->vm, NULL) == 0);
		expect(gmem_snp_launch_start(w->vm, NULL) == 0);
	}
	expect(gmem_vm_add_vcpu(w->vm, 0) == 0);
	if (kind->vm_type == GMEM_VM_TDX)
		expect(gmem_tdx_init_vcpu(w->vm, 0, NULL) == 0);
}

/* After an oops a discarded model is not checked: locks and pages stay held. */
static inline void end_world(struct world *w)
{
	bool oopsed = gmem_sim_oopsed(w->sim);

	gmem_target_free(w->target);
	gmem_memory_free(w->memory);
	w->memory = NULL;
	gmem_vm_free(w->vm);
	/* Nothing can refuse a close. */
	if (!oopsed && !(w->guarded && gmem_sim_oopsed(w->sim))) {
		settle_hooks(w);
		expect(gmem_sim_open_fds(w->sim) == w->fds);
		expect(gmem_sim_pages_in_use(w->sim) == w->poisoned);
		expect(gmem_sim_keyids_in_use(w->sim) == 0);
		expect(count_holes(w->ctx) == w->holes);
		ck_assert_str_eq(gmem_ctx_kernel_log(w->ctx), "");
	}
	gmem_ctx_free(w->ctx);
}

#endif
