// SPDX-License-Identifier: LGPL-2.1-or-later
/* Asks beforehand what the guard would say about memory that is going to be mapped. */
#include <errno.h>

#include "base/error.h"
#include "base/options.h"
#include "kmem/reader.h"
#include "verdict/flush.h"
#include "verdict/flush_paths.h"

struct looking {
	struct gmem_flush *flush;
	const struct gmem_preflight_options *options;
};

bool gmem_flush_known_by_flags(enum gmem_vm_type vm_type, uint64_t memory_flags)
{
	const struct gmem_flush_rule *rule;

	if (!(memory_flags & GMEM_MEMORY_NO_DIRECT_MAP) || (unsigned int)vm_type >= GMEM_VM_TYPES)
		return false;
	for (size_t i = 0; (rule = gmem_flush_rule_at(i)); i++)
		if (rule->machine != GMEM_FLUSH_ARM64 && rule->after_removal &&
		    rule->touches & GMEM_TOUCH_MAP && rule->vm_types & 1u << vm_type)
			return true;
	return false;
}

static int add_extent(const struct gmem_extent *extent, void *arg)
{
	const struct looking *looking = arg;

	gmem_flush_take(looking->flush, extent);
	return looking->options->fn ? looking->options->fn(extent, looking->options->arg) : 0;
}

/* The kernel would die in the row that comes first. */
static void answer(const struct gmem_flush *flush, struct gmem_preflight *out)
{
	struct gmem_flush_row row = { .size = sizeof(row) };

	out->verdict_on_map = gmem_flush_verdict_on_map(flush);
	if (out->verdict_on_map != GMEM_VERDICT_FAULTS)
		return;
	for (size_t i = 0; !out->path && !gmem_flush_row_at(flush, i, &row); i++) {
		if (row.verdict != GMEM_VERDICT_FAULTS)
			continue;
		out->path = row.path;
		out->faults_pages = row.faults_pages;
		out->first_pfn = row.first_pfn;
		out->has_first_pfn = row.has_first_pfn;
	}
}

static int look(struct gmem_target *target, const struct gmem_preflight_options *options,
		struct gmem_flush *flush)
{
	struct looking looking = { .flush = flush, .options = options };

	return gmem_target_extents(target, options->offset, options->length,
				   GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS, add_extent,
				   &looking);
}

static int ask(struct gmem_ctx *ctx, const struct gmem_preflight_options *options,
	       struct gmem_preflight *out, struct gmem_flush **flush)
{
	const struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = options->vm_type,
		.memory_flags = gmem_memory_flags(options->memory),
		.has_memory_flags = true,
		.is_guest_memory = true,
	};
	struct gmem_target *target;
	int ret = gmem_target_open(ctx, 0, gmem_memory_fd(options->memory), &target);

	if (ret)
		return ret;
	ret = gmem_flush_new(ctx, &subject, flush);
	if (!ret)
		ret = look(target, options, *flush);
	if (!ret)
		answer(*flush, out);
	gmem_target_free(target);
	return ret;
}

int gmem_flush_preflight(struct gmem_ctx *ctx, const struct gmem_preflight_options *given,
			 struct gmem_preflight *out, struct gmem_flush **flush)
{
	struct gmem_preflight_options options;
	struct gmem_preflight found = { .size = sizeof(found) };
	const struct gmem_image *image;
	struct gmem_flush *seen = NULL;
	uint64_t flags;
	int ret;

	gmem_begin(ctx);
	ret = gmem_options_copy(ctx, "gmem_preflight_options", &options, sizeof(options), given);
	if (!ret)
		ret = GMEM_CHECK_OUT(ctx, gmem_preflight, inferred, out);
	if (flush)
		*flush = NULL;
	if (!ret && !options.memory)
		ret = gmem_fail(
			ctx, -EINVAL,
			"gmem_flush_preflight: Invalid argument: no memory was given to look at");
	if (!ret)
		ret = gmem_check_aligned(ctx, "gmem_flush_preflight", options.offset,
					 options.length);
	if (ret)
		return ret;
	flags = gmem_memory_flags(options.memory);
	found = (struct gmem_preflight){ .leaves = flags & GMEM_MEMORY_NO_DIRECT_MAP };
	ret = gmem_reader_image(ctx, &image);
	if (ret && gmem_flush_known_by_flags(options.vm_type, flags)) {
		found.verdict_on_map = GMEM_VERDICT_FAULTS;
		found.inferred = true;
		ret = 0;
	} else if (!ret) {
		ret = ask(ctx, &options, &found, &seen);
	}
	if (!ret)
		ret = GMEM_FILL_OUT(ctx, gmem_preflight, inferred, out, &found);
	if (flush)
		*flush = seen;
	else
		gmem_flush_free(seen);
	return ret;
}
