// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl check: would the flush fault on these pages? */
#include <errno.h>
#include <inttypes.h>

#include "args/range.h"
#include "core/command.h"
#include "inspect/evidence.h"
#include "inspect/target.h"
#include "inspect/verdict.h"

struct settings {
	struct range pfns; /* length 0: none given */
	bool control;
};

static const struct cli_option options[] = {
	{ "pfn", 0, "RANGE", false, set_pfn_range, offsetof(struct settings, pfns),
	  "Check page frames: START, START+COUNT or START-END (END not included)" },
	{ "control", 0, NULL, false, set_flag, offsetof(struct settings, control),
	  "Let the reader of kernel memory prove itself first, on a memfd_secret page" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

static int add_extent(const struct gmem_extent *extent, void *arg)
{
	gmem_flush_add(arg, extent);
	return 0;
}

static enum status finish(struct cli *cli, struct gmem_flush *flush, int ret,
			  const struct paths_owner *owner, struct verdict *verdict)
{
	enum status status = STATUS_YES;

	if (ret) {
		status = cli_fail_error(cli, ret, NULL);
	} else {
		paths_write(cli->out, flush, owner);
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
	struct gmem_target_info info;
	struct gmem_flush *flush;
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
	ret = gmem_target_extents(target, 0, 0, want, add_extent, flush);
	return finish(cli, flush, ret, &owner, arg);
}

static enum status check_limit(struct cli *cli, const struct range *pfns)
{
	uint64_t limit;
	int ret = gmem_pfn_limit(cli->ctx, &limit);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	if (pfns->start < limit && pfns->length <= limit - pfns->start)
		return STATUS_YES;
	return cli_usage(cli,
			 "--pfn: that is beyond this CPU's physical addresses, which end before "
			 "page frame 0x%" PRIx64,
			 limit);
}

static enum status check_pfns(struct cli *cli, const struct range *pfns, struct verdict *verdict)
{
	struct gmem_flush_subject subject = { .size = sizeof(subject), .vm_type = -1 };
	struct gmem_flush *flush;
	int ret = gmem_flush_new(cli->ctx, &subject, &flush);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	ret = gmem_flush_add_pfns(flush, pfns->start, pfns->length);
	verdict->on_map_reason = "page frames were given, and no memory that goes into a guest";
	return finish(cli, flush, ret, NULL, verdict);
}

static enum status check_all(struct cli *cli, struct verdict *verdict)
{
	const struct settings *settings = cli->settings;
	enum status status = STATUS_YES;

	output_table(cli->out, &paths_table);
	if (settings->pfns.length)
		status = check_pfns(cli, &settings->pfns, verdict);
	else
		status = target_each(cli, cli->args[0], check_target, verdict);
	output_table_end(cli->out);
	return status;
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	struct verdict verdict = VERDICT_NONE;
	enum status status;

	if (!cli->nargs == !settings->pfns.length)
		return cli_usage(cli, "give either TARGET or --pfn=RANGE");
	if (cli->common.sysroot && cli->nargs)
		return cli_usage(cli, "--sysroot: a snapshot has no processes; give --pfn=RANGE");
	status = settings->pfns.length ? check_limit(cli, &settings->pfns) : STATUS_YES;
	if (!status)
		status = evidence_need(cli);
	if (!status)
		status = check_all(cli, &verdict);
	if (status && status != STATUS_PARTLY)
		return status;
	status = status_worst(status, evidence_prove(cli, settings->control));
	verdict_write(cli->out, &verdict);
	return status ? status : verdict_status(&verdict);
}

const struct command check_command = {
	.name = "check",
	.needs = READS_KERNEL | READS_PROCESSES,
	.place = PLACE_TARGET,
	.summary = "would the kernel's flush through the direct map fault on these pages?",
	.args = "[TARGET]",
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &paths_table,
	.takes_sysroot = true,
	.run = run,
};
