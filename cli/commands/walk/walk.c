// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gmemctl walk: create, bind, convert to private, populate, map, look at the page frames, tell
 * whether the flush would fault, release. A row a stage.
 */
#include "commands/walk/walk.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "args/vm_options.h"
#include "core/command.h"
#include "core/interrupt.h"
#include "inspect/evidence.h"
#include "output/bits.h"

enum { COLUMN_STAGE, COLUMN_RESULT, COLUMN_DETAIL };

static const struct column columns[] = {
	[COLUMN_STAGE] = { "stage", KIND_TEXT, .shown = true, .help = "step of the walk" },
	[COLUMN_RESULT] = { "result", KIND_STATE, .shown = true,
			    .help = "how the step ended: ok, planned, not-offered, skipped, "
				    "refused or failed" },
	[COLUMN_DETAIL] = { "detail", KIND_TEXT, .shown = true, .wrap = true,
			    .help = "what was asked of the kernel and what was seen" },
};

static const struct table table = TABLE("stages", columns);

static const char *const result_names[] = {
	[RESULT_OK] = "ok",
	[RESULT_PLANNED] = "planned",
	[RESULT_NOT_OFFERED] = "not-offered",
	[RESULT_SKIPPED] = "skipped",
	[RESULT_REFUSED] = "refused",
	[RESULT_FAILED] = "failed",
};

#define FIELD(member) offsetof(struct walk_settings, member)

static const struct cli_option options[] = {
	{ "vm-type", 0, "TYPE", false, set_vm_type, FIELD(vm_type), VM_TYPE_HELP("") },
	{ "flags", 0, "FLAGS", false, set_flags, FIELD(flags), FLAGS_HELP },
	{ "mmap", 0, NULL, false, set_one_flag, FIELD(flags), "The same as --flags=mmap" },
	{ "init-shared", 0, NULL, false, set_one_flag, FIELD(flags),
	  "The same as --flags=init-shared" },
	{ "no-direct-map", 0, NULL, false, set_one_flag, FIELD(flags), NO_DIRECT_MAP_HELP },
	{ "size", 0, "SIZE", false, set_page_size, FIELD(size), "Size of the memory, default 4M" },
	{ "dry-run", 0, NULL, false, set_flag, FIELD(dry_run),
	  "Say what each stage would do and whether this kernel would take it" },
	FORCE_OPTIONS(FIELD(force)),
	{ "allow-unreleased", 0, NULL, false, set_flag, FIELD(allow_unreleased),
	  "Use interfaces that are in no released kernel: in-place conversion" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

/*
 * Whether something keeps a step from being run; the detail has the reason. After a refusal the
 * kernel may touch no page, but pages that are there can be looked at.
 */
static bool is_kept(struct walk *walk, const struct walk_step *step, unsigned int done,
		    bool refused)
{
	unsigned int missing = step->needs & ~done;

	walk->detail[0] = '\0';
	if (interrupted() && !(step->releases && walk->vm))
		walk_say(walk, RESULT_SKIPPED, "interrupted");
	else if (refused && step->touches_pages)
		walk_say(walk, RESULT_SKIPPED, "refused by the pre-flight");
	else if (missing)
		walk_say(walk, RESULT_SKIPPED, "it needs stage %s, which was not done",
			 walk_steps[__builtin_ctz(missing)].stage->name);
	return walk->detail[0];
}

static enum result run_stage(struct walk *walk, const struct walk_stage *stage)
{
	enum result result = stage->plan(walk);

	if (walk->settings->dry_run || result == RESULT_NOT_OFFERED || result == RESULT_SKIPPED)
		return result;
	/* A plan may know that the kernel refuses. Then let the kernel itself refuse. */
	return stage->run(walk);
}

static void write_stage(struct walk *walk, const struct walk_stage *stage, enum result result)
{
	struct cell cells[] = {
		[COLUMN_STAGE] = cell_text(stage->name),
		[COLUMN_RESULT] = cell_text(result_names[result]),
		[COLUMN_DETAIL] = cell_text(walk->detail),
	};

	output_row(walk->cli->out, cells);
	/*
	 * If the kernel dies in the next step, this process dies, too. So the prediction is written
	 * out before.
	 */
	if (stage == &walk_stage_preflight && walk->settings->force.will_oops)
		output_flush(walk->cli->out);
}

/* If the launch of a guest was left out, the walk was not complete. */
static enum status stage_status(const struct walk *walk, const struct walk_step *step,
				enum result result)
{
	if (result == RESULT_REFUSED ||
	    (step->launches && result == RESULT_SKIPPED && !interrupted()))
		return STATUS_NO;
	if (result != RESULT_FAILED)
		return STATUS_YES;
	return status_of_error(walk->error) == STATUS_CANNOT_TELL ? STATUS_CANNOT_TELL : STATUS_NO;
}

static bool is_done(enum result result)
{
	return result == RESULT_OK || result == RESULT_PLANNED;
}

static enum status run_stages(struct walk *walk)
{
	bool has_launch = gmem_launch_of(walk->type), refused = false;
	enum status status = STATUS_YES;
	unsigned int done = 0;

	output_table(walk->cli->out, &table);
	for (size_t i = 0; i < walk_n_steps; i++) {
		const struct walk_step *step = &walk_steps[i];
		enum result result = RESULT_SKIPPED;

		if (step->launches && !has_launch) {
			done |= 1u << i;
			continue;
		}
		walk->error = 0;
		if (!is_kept(walk, step, done, refused))
			result = run_stage(walk, step->stage);
		write_stage(walk, step->stage, result);
		if (is_done(result))
			done |= 1u << i;
		walk->touched = walk->touched || (step->touches_pages && result == RESULT_OK);
		if (step->stage == &walk_stage_preflight && result == RESULT_REFUSED)
			refused = true;
		status = status_worst(status, stage_status(walk, step, result));
	}
	output_table_end(walk->cli->out);
	return status;
}

static void write_choice(struct walk *walk)
{
	char flags[BITS_TEXT_MAX];

	output_fact(walk->cli->out, "vm_type", KIND_TEXT, cell_text(gmem_vm_type_name(walk->type)));
	output_fact(walk->cli->out, "flags", KIND_LIST,
		    cell_text(bits_describe(walk->flags, gmem_memory_flag_name, flags)));
	output_fact(walk->cli->out, "size", KIND_BYTES, cell_number(walk->size));
}

/*
 * What follows from the creation flags alone, if nothing can be seen. It is never used as a
 * verdict.
 */
static void write_inferred(struct walk *walk)
{
	bool removed = walk->flags & GMEM_MEMORY_NO_DIRECT_MAP;

	output_fact(
		walk->cli->out, "inferred", KIND_STATE,
		cell_text(gmem_verdict_name(removed ? GMEM_VERDICT_FAULTS : GMEM_VERDICT_SAFE)));
}

static enum status write_evidence(struct walk *walk, bool any_page)
{
	const enum gmem_evidence evidence = GMEM_EVIDENCE_INFERRED;

	if (!walk->reader)
		return evidence_prove(walk->cli, !walk->settings->dry_run, any_page);
	output_fact(walk->cli->out, "evidence", KIND_TEXT, cell_text(gmem_evidence_name(evidence)));
	output_fact_or_reason(walk->cli->out, "reader_proven", KIND_BOOL, CELL_UNKNOWN,
			      "kernel memory was not read");
	return STATUS_YES;
}

static enum status write_verdict(struct walk *walk)
{
	struct verdict verdict;
	enum status status;

	output_table(walk->cli->out, &paths_table);
	if (walk->look.flush)
		paths_write(walk->cli->out, walk->look.flush, NULL,
			    gmem_frame_access_owner(walk->cli->ctx));
	output_table_end(walk->cli->out);
	walk_judge(walk, &verdict);
	write_choice(walk);
	status = write_evidence(walk, verdict.pages);
	write_inferred(walk);
	verdict_write(walk->cli->out, &verdict);
	return status ? status : verdict_status(&verdict);
}

/* An oops of a simulated kernel stands in its log. */
static void show_kernel_log(const struct walk *walk)
{
	const char *log = gmem_ctx_kernel_log(walk->cli->ctx);

	if (*log && (walk->settings->force.force || walk->cli->common.verbose))
		cli_note_lines(walk->cli, "log of the simulated kernel", log);
}

static enum status run(struct cli *cli)
{
	struct walk walk = { .cli = cli, .settings = cli->settings };
	enum status status = force_check(cli, &walk.settings->force);
	int ret;

	if (status)
		return status;
	if (walk.settings->vm_type.given && walk.settings->vm_type.type == GMEM_VM_ARM_PROTECTED)
		return cli_usage(cli,
				 "--vm-type=protected: a walk touches its pages, and those of a "
				 "protected VM are not the host's to touch; 'gmemctl create' "
				 "makes such a VM");
	ret = gmem_caps_new(cli->ctx, &walk.caps);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	gmem_ctx_allow_unreleased(cli->ctx, walk.settings->allow_unreleased);
	gmem_ctx_allow_faults(cli->ctx, force_is_enough(cli, &walk.settings->force));
	walk.size = walk.settings->size ? walk.settings->size : VM_DEFAULT_SIZE;
	walk.reader = cli_open_reader(cli);
	status = vm_choose(cli, walk.caps, &walk.settings->vm_type, &walk.settings->flags,
			   &walk.type, &walk.flags);
	if (!status) {
		status = run_stages(&walk);
		status = status_worst(status, write_verdict(&walk));
		show_kernel_log(&walk);
	}
	walk_release(&walk);
	look_free(&walk.look);
	gmem_caps_free(walk.caps);
	return interrupted() ? cli_fail_as(cli, STATUS_PARTLY, cause_of(FAILURE_INTERRUPTED),
					   "interrupted; all was released")
			     : status;
}

const struct command walk_command = {
	.name = "walk",
	.ends_in_order = true,
	.needs = READS_KERNEL,
	.summary = "the whole path of guest memory, a row a stage, and the flush verdict",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct walk_settings),
	.table = &table,
	.second_table = &paths_table,
	.run = run,
};
