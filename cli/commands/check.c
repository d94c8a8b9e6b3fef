// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl check: would the flush fault on these pages? */
#include <errno.h>
#include <string.h>

#include "core/command.h"
#include "inspect/evidence.h"
#include "inspect/frame_list.h"
#include "inspect/target.h"
#include "inspect/verdict.h"

struct settings {
	const char *pfns; /* NULL: none given */
	bool control;
};

static const struct cli_option options[] = {
	{ "pfn", 0, "RANGE", false, set_text, offsetof(struct settings, pfns),
	  "Check page frames: START, START+COUNT or START-END (END not included), pfn:HEX, "
	  "phys:ADDRESS, va:ADDRESS; - reads them from standard input, a line each" },
	{ "control", 0, NULL, false, set_flag, offsetof(struct settings, control),
	  "Let the reader of kernel memory prove itself first, on a memfd_secret page" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

static int add_extent(const struct gmem_extent *extent, void *arg)
{
	return gmem_flush_add(arg, extent);
}

static enum status finish(struct cli *cli, struct gmem_flush *flush, int ret,
			  const struct paths_owner *owner, enum gmem_access_owner access_owner,
			  struct verdict *verdict)
{
	enum status status = STATUS_YES;

	if (ret) {
		status = cli_fail_error(cli, ret, NULL);
	} else {
		paths_write(cli->out, flush, owner, access_owner);
		verdict_add(verdict, flush);
	}
	gmem_flush_free(flush);
	return status;
}

static enum status check_target(struct cli *cli, pid_t pid, int fd, struct gmem_target *target,
				void *arg)
{
	const unsigned int want = GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS;
	struct gmem_flush_subject subject = { .size = sizeof(subject), .is_guest_memory = true };
	struct paths_owner owner = { .pid = pid, .fd = fd };
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_flush *flush;
	struct progress progress;
	uint64_t pages;
	int ret = gmem_target_get_info(target, &info);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	owner.inode = info.inode;
	subject.vm_type = info.vm_type;
	subject.memory_flags = info.flags;
	subject.has_memory_flags = info.has_flags;
	ret = gmem_flush_new(cli->ctx, &subject, &flush);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	progress_begin(&progress, cli, info.memory_size, PROGRESS_DELAY);
	target_show_progress(target, &progress);
	ret = gmem_target_extents(target, 0, 0, want, add_extent, flush);
	progress_end(&progress);
	gmem_flush_counts(flush, &pages, NULL, NULL, NULL);
	if (!ret && !pages && info.has_flags)
		verdict_add_empty(arg, info.vm_type, info.flags);
	return finish(cli, flush, ret, &owner, info.access_owner, arg);
}

/* What check --pfn looks at, and the result. */
struct pfns {
	struct frame_list list;
	struct gmem_flush *flush;
	uint64_t not_ram; /* page frames that are not RAM: they get no verdict */
	uint64_t first_not_ram;
	const char *ram_reason; /* why it cannot be told which are RAM; NULL where it can */
	char text[1024];
};

/* Page frames that are all RAM, or all not RAM. If that cannot be told, they are taken for RAM. */
static int check_run(struct cli *cli, struct pfns *pfns, uint64_t pfn, uint64_t *pages)
{
	uint64_t alike = *pages;
	int ram = gmem_pfn_ram_run(cli->ctx, pfn, &alike);

	if (ram == -ENOMEM)
		return ram;
	if (ram < 0 && !pfns->ram_reason)
		pfns->ram_reason = cli_explain(cli, ram, pfns->text, sizeof(pfns->text));
	if (ram >= 0 && alike < *pages)
		*pages = alike;
	if (ram)
		return gmem_flush_add_pfns(pfns->flush, pfn, *pages);
	if (!pfns->not_ram)
		pfns->first_not_ram = pfn;
	pfns->not_ram += *pages;
	return 0;
}

static int check_range(struct cli *cli, struct pfns *pfns, const struct range *range)
{
	int ret = 0;

	for (uint64_t done = 0, pages; !ret && done < range->length; done += pages) {
		pages = range->length - done;
		ret = check_run(cli, pfns, range->start + done, &pages);
	}
	return ret;
}

static enum status check_pfns(struct cli *cli, struct pfns *pfns, struct verdict *verdict)
{
	struct gmem_flush_subject subject = { .size = sizeof(subject), .vm_type = -1 };
	int ret = gmem_flush_new(cli->ctx, &subject, &pfns->flush);

	for (size_t i = 0; !ret && i < pfns->list.n; i++)
		ret = check_range(cli, pfns, &pfns->list.list[i].range);
	verdict->on_map_reason = "page frames were given, and no memory that goes into a guest";
	return finish(cli, pfns->flush, ret, NULL, gmem_frame_access_owner(cli->ctx), verdict);
}

/* Page frames that are not RAM have no verdict. The verdict holds for the others. */
static enum status judge_ram(struct cli *cli, struct pfns *pfns, struct verdict *verdict)
{
	if (pfns->ram_reason)
		cli_note(cli, "whether these page frames are RAM cannot be told: %s",
			 pfns->ram_reason);
	if (!pfns->not_ram)
		return STATUS_YES;
	frame_list_not_ram(cli, pfns->first_not_ram, pfns->text, sizeof(pfns->text));
	cli_note(cli, "%s", pfns->text);
	if (verdict->pages)
		return STATUS_PARTLY;
	verdict->now_reason = pfns->text;
	return STATUS_CANNOT_TELL;
}

static enum status read_pfns(struct cli *cli, const char *text, struct frame_list *list)
{
	enum status status = !strcmp(text, "-") ? frame_list_read(cli, list, stdin)
						: frame_list_add(cli, list, "--pfn: ", text, false);

	if (!status)
		status = frame_list_resolve(cli, list);
	if (!status)
		frame_list_merge(list);
	return status;
}

static enum status check_all(struct cli *cli, struct pfns *pfns, struct verdict *verdict)
{
	enum status status;

	output_table(cli->out, &paths_table);
	status = cli->nargs ? target_each(cli, cli->args[0], check_target, verdict)
			    : check_pfns(cli, pfns, verdict);
	output_table_end(cli->out);
	return status;
}

static void write_ram(struct output *out, const struct pfns *pfns)
{
	output_fact_or_reason(out, "not_ram", KIND_NUMBER,
			      cell_number_if(!pfns->ram_reason, pfns->not_ram), pfns->ram_reason);
}

static enum status look(struct cli *cli, struct pfns *pfns)
{
	const struct settings *settings = cli->settings;
	struct verdict verdict = VERDICT_NONE;
	enum status status = evidence_need(cli), ram = STATUS_YES;

	if (!status)
		status = check_all(cli, pfns, &verdict);
	if (status && status != STATUS_PARTLY)
		return status;
	if (!cli->nargs)
		ram = judge_ram(cli, pfns, &verdict);
	status = status_worst(status,
			      evidence_prove(cli, settings->control, !cli->nargs || verdict.pages));
	if (!cli->nargs)
		write_ram(cli->out, pfns);
	verdict_write(cli->out, &verdict);
	if (status)
		return status;
	status = verdict_status(&verdict);
	return status == STATUS_YES ? ram : status;
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	struct pfns pfns = { .flush = NULL };
	enum status status = STATUS_YES;

	if (!cli->nargs == !settings->pfns)
		return cli_usage(cli, "give either TARGET or --pfn=RANGE");
	if (cli->common.sysroot && cli->nargs)
		return cli_usage(cli, "--sysroot: a snapshot has no processes; give --pfn=RANGE");
	if (settings->pfns)
		status = read_pfns(cli, settings->pfns, &pfns.list);
	if (!status)
		status = look(cli, &pfns);
	frame_list_free(&pfns.list);
	return status;
}

/*
 * A user may name any page frame, so it matters where RAM is. Page frames of a guest_memfd are
 * always RAM.
 */
static unsigned int needs_of(const void *settings)
{
	const struct settings *chosen = settings;

	return READS_KERNEL | READS_PROCESSES | (chosen->pfns ? READS_IOMEM : 0);
}

const struct command check_command = {
	.name = "check",
	.needs = READS_KERNEL | READS_PROCESSES | READS_IOMEM,
	.needs_of = needs_of,
	.place = PLACE_TARGET,
	.summary = "would the kernel's flush through the direct map fault on these pages?",
	.args = "[TARGET]",
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &paths_table,
	.takes_sysroot = true,
	.takes_core = true,
	.run = run,
};
