// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl oops: what the page faults in a kernel's log were. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "inspect/frames.h"

enum {
	COLUMN_LINE,
	COLUMN_COMMAND,
	COLUMN_PID,
	COLUMN_CPU,
	COLUMN_KERNEL,
	COLUMN_MACHINE,
	COLUMN_KIND,
	COLUMN_ACCESS,
	COLUMN_DIRECT_MAP,
	COLUMN_LEVEL,
	COLUMN_PFN,
	COLUMN_PAGE,
	COLUMN_REMOVED,
	COLUMN_FUNCTION,
	COLUMN_PATH,
	COLUMN_STEP,
	COLUMN_WITNESS,
	COLUMN_DETAIL,
	COLUMN_ADVICE,
};

static const struct column columns[] = {
	[COLUMN_LINE] = { "line", KIND_NUMBER, .shown = true,
			  .help = "line of the log where the fault begins" },
	[COLUMN_COMMAND] = { "command", KIND_TEXT, .shown = true,
			     .help = "name of the thread that took the fault" },
	[COLUMN_PID] = { "pid", KIND_NUMBER, .shown = true, .help = "id of that thread" },
	[COLUMN_CPU] = { "cpu", KIND_NUMBER, .help = "CPU that took the fault" },
	[COLUMN_KERNEL] = { "kernel", KIND_TEXT, .help = "release of that kernel" },
	[COLUMN_MACHINE] = { "machine", KIND_TEXT,
			     .help = "architecture: x86-64, arm64, or another" },
	[COLUMN_KIND] = { "kind", KIND_TEXT, .shown = true,
			  .help = "why it faulted: not-present, permission, rmp, "
				  "hypervisor-protected, reserved-bit, null-pointer, user-address or "
				  "unknown" },
	[COLUMN_ACCESS] = { "access", KIND_TEXT, .shown = true,
			    .help = "how the address was accessed: read, write, execute or clflush "
				    "(on arm64 any cache maintenance)" },
	[COLUMN_DIRECT_MAP] = { "direct_map", KIND_STATE,
				.help = "whether the direct map had the page at that instant: mapped, "
					"unmapped or unknown" },
	[COLUMN_LEVEL] = { "level", KIND_TEXT, .shown = true,
			   .help = "size of the hole or mapping" },
	[COLUMN_PFN] = { "pfn", KIND_HEX, .shown = true,
			 .help = "page frame number, from the text alone" },
	[COLUMN_PAGE] = { "page", KIND_TEXT,
			  .help = "what the page is, by the path: guest_memfd, memfd_secret or TDX "
				  "control page" },
	[COLUMN_REMOVED] = { "removed", KIND_TEXT, .wrap = true,
			     .help = "kernel functions that leave a page table entry in this form" },
	[COLUMN_FUNCTION] = { "function", KIND_TEXT, .help = "function that took the fault" },
	[COLUMN_PATH] = { "kernel_path", KIND_TEXT, .shown = true,
			  .help = "kernel path, as in check; unknown where none explains it" },
	[COLUMN_STEP] = { "step", KIND_TEXT, .shown = true,
			  .help = "what userspace asked for, by the trace" },
	[COLUMN_WITNESS] = { "witness", KIND_TEXT,
			     .help = "register that points to the struct page of that page frame" },
	[COLUMN_DETAIL] = { "detail", KIND_TEXT, .shown = true, .wrap = true,
			    .help = "all of this in words, and how certain it is" },
	[COLUMN_ADVICE] = { "advice", KIND_TEXT, .shown = true, .wrap = true,
			    .help = "what to do next" },
};

static const struct table table = TABLE("faults", columns);

struct settings {
	bool dmesg;
};

static const struct cli_option options[] = {
	{ "dmesg", 0, NULL, false, set_flag, offsetof(struct settings, dmesg),
	  "Read the log of the running kernel, then look its page frames up there" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

struct scan {
	struct cli *cli;
	const char *name;	 /* of the log, for messages */
	const char *file;	 /* the same for a command line */
	bool unexplained;	 /* a fault that no path explains */
	const char *is, *reader; /* a file without lines, and the program that makes lines of it */
	/* With --dmesg: page frames of this machine, to be looked up. */
	bool keep;
	uint64_t *pfns;
	size_t n;
};

static int keep_pfn(struct scan *scan, uint64_t pfn, uint64_t page_size)
{
	uint64_t *more;

	if (!scan->keep || page_size != gmem_page_size(scan->cli->ctx))
		return 0;
	for (size_t i = 0; i < scan->n; i++)
		if (scan->pfns[i] == pfn)
			return 0;
	more = realloc(scan->pfns, (scan->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	scan->pfns = more;
	scan->pfns[scan->n++] = pfn;
	return 0;
}

/* Kernel addresses are shown only with --verbose, and never in a document. */
static void tell_addresses(const struct cli *cli, const struct gmem_oops *oops)
{
	if (!cli->common.verbose || cli->common.format.style == STYLE_JSON)
		return;
	if (oops->address || oops->kind == GMEM_OOPS_NULL)
		cli_note(cli, "line %" PRIu64 ": address 0x%016" PRIx64, oops->line, oops->address);
	if (oops->base)
		cli_note(cli, "line %" PRIu64 ": the direct map is at 0x%016" PRIx64, oops->line,
			 oops->base);
	if (*oops->witness)
		cli_note(cli, "line %" PRIu64 ": %s puts vmemmap at 0x%016" PRIx64, oops->line,
			 oops->witness, oops->vmemmap);
}

static const char *or_unknown(const char *text)
{
	return *text ? text : NULL;
}

static int write_fault(const struct gmem_oops *oops, void *arg)
{
	struct scan *scan = arg;
	char detail[2048];
	struct cell cells[] = {
		[COLUMN_LINE] = cell_number(oops->line),
		[COLUMN_COMMAND] = cell_text(or_unknown(oops->command)),
		[COLUMN_PID] = cell_number_if(oops->has_pid, (uint64_t)oops->pid),
		[COLUMN_CPU] = cell_number_if(oops->has_cpu, oops->cpu),
		[COLUMN_KERNEL] = cell_text(or_unknown(oops->release)),
		[COLUMN_MACHINE] = cell_text(oops->machine),
		[COLUMN_KIND] = cell_text(gmem_oops_kind_name(oops->kind)),
		[COLUMN_ACCESS] = cell_text(gmem_oops_access_name(oops->access)),
		[COLUMN_DIRECT_MAP] = cell_text(gmem_direct_map_name(oops->direct_map)),
		[COLUMN_LEVEL] = cell_text(oops->level),
		[COLUMN_PFN] = cell_number_if(oops->has_pfn, oops->pfn),
		[COLUMN_PAGE] = cell_text(oops->page),
		[COLUMN_REMOVED] = cell_text(oops->removed),
		[COLUMN_FUNCTION] = cell_text(or_unknown(oops->function)),
		[COLUMN_PATH] = cell_text(oops->path ? oops->path->name : NULL),
		[COLUMN_STEP] = cell_text(oops->step),
		[COLUMN_WITNESS] = cell_text(or_unknown(oops->witness)),
		[COLUMN_ADVICE] = cell_text(gmem_oops_advice(oops)),
	};

	gmem_oops_describe(oops, detail, sizeof(detail));
	cells[COLUMN_DETAIL] = cell_text(detail);
	output_row(scan->cli->out, cells);
	tell_addresses(scan->cli, oops);
	scan->unexplained = scan->unexplained || !oops->path;
	return oops->has_pfn ? keep_pfn(scan, oops->pfn, oops->page_size) : 0;
}

static enum status read_failed(struct scan *scan)
{
	int error = errno;

	if (scan->keep && (error == EPERM || error == EACCES))
		return cli_fail_as(
			scan->cli, STATUS_CANNOT_TELL, cause_of_error(-error),
			"%s: %s: the log takes root with CAP_SYSLOG; a log that was saved "
			"takes nothing: journalctl -k | gmemctl oops",
			scan->name, strerror(error));
	if (error == EACCES)
		return cli_fail_as(
			scan->cli, STATUS_FAILED, cause_of_error(-error),
			"%s: %s: this command keeps no capability; let the shell open it: "
			"gmemctl oops < FILE",
			scan->name, strerror(error));
	return cli_fail_as(scan->cli, STATUS_FAILED, cause_of_error(-error), "%s: %s", scan->name,
			   strerror(error));
}

/* Logs that are kept in another form, by how such a file begins. */
static void look_for_form(struct scan *scan, const char *begins, size_t length)
{
	static const struct {
		const char *magic, *is, *reader;
	} forms[] = {
		{ "\x1f\x8b", "compressed with gzip", "zcat" },
		{ "\x28\xb5\x2f\xfd", "compressed with zstd", "zstdcat" },
		{ "\3757zXZ", "compressed with xz", "xzcat" },
		{ "BZh", "compressed with bzip2", "bzcat" },
		{ "LPKSHHRH", "a file of the journal", "journalctl -k --file" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (length > strlen(forms[i].magic) &&
		    !memcmp(begins, forms[i].magic, strlen(forms[i].magic))) {
			scan->is = forms[i].is;
			scan->reader = forms[i].reader;
		}
}

/* A record of /dev/kmsg is read at once; EPIPE means that older ones were overwritten meanwhile. */
static enum status feed_file(struct scan *scan, struct gmem_oops_log *log, int fd)
{
	enum status status = STATUS_YES;
	size_t size = 1 << 17;
	char *buffer = malloc(size);
	int ret = buffer ? 0 : -ENOMEM;
	bool first = true;

	while (!ret && !status) {
		ssize_t n = read(fd, buffer, size);

		if (n > 0 && first)
			look_for_form(scan, buffer, (size_t)n);
		first = false;
		if (n > 0)
			ret = gmem_oops_feed(log, buffer, (size_t)n);
		else if (!n || (scan->keep && errno == EAGAIN))
			break;
		else if (errno != EINTR && errno != EPIPE)
			status = read_failed(scan);
	}
	free(buffer);
	if (!ret && !status)
		ret = gmem_oops_end(log);
	return ret ? cli_fail_error(scan->cli, ret, NULL) : status;
}

static enum status feed_text(struct scan *scan, struct gmem_oops_log *log, const char *text)
{
	int ret = gmem_oops_feed(log, text, strlen(text));

	if (!ret)
		ret = gmem_oops_end(log);
	return ret ? cli_fail_error(scan->cli, ret, NULL) : STATUS_YES;
}

static enum status feed(struct scan *scan, struct gmem_oops_log *log)
{
	const struct settings *settings = scan->cli->settings;
	const char *path = scan->cli->nargs ? scan->cli->args[0] : "-";
	enum status status;
	int fd;

	scan->name = scan->file = path;
	if (settings->dmesg && gmem_ctx_model(scan->cli->ctx)) {
		scan->name = "the log of the simulated kernel";
		return feed_text(scan, log, gmem_ctx_kernel_log(scan->cli->ctx));
	}
	if (settings->dmesg)
		scan->name = path = "/dev/kmsg";
	if (!strcmp(path, "-")) {
		scan->name = "standard input";
		scan->file = "FILE";
		return feed_file(scan, log, STDIN_FILENO);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | (settings->dmesg ? O_NONBLOCK : 0));
	if (fd < 0)
		return read_failed(scan);
	status = feed_file(scan, log, fd);
	close(fd);
	return status;
}

/* A line that is no page fault, but names a page frame: what it means, and the next step. */
static const char *rmp_hint(const struct gmem_oops_counts *counts, char *buffer, size_t size)
{
	snprintf(buffer, size,
		 "line %" PRIu64 " is no page fault: the kernel could not change the RMP entry of "
		 "page frame 0x%" PRIx64 " (RMPUPDATE failed%s). 'gmemctl pfn pfn:%" PRIx64
		 "' on that host finds the guest of the page, and gmemctl-guide(7), problem 10, "
		 "explains the line",
		 counts->rmp_line, counts->rmp_pfn,
		 counts->rmp_failures > 1 ? "; other lines say it too" : "", counts->rmp_pfn);
	return buffer;
}

static enum status conclude(const struct scan *scan, const struct gmem_oops_counts *counts)
{
	char hint[512];

	if (counts->long_lines)
		cli_note(scan->cli,
			 "%s: lines longer than a kernel writes, of which only the beginning "
			 "was read: %" PRIu64,
			 scan->name, counts->long_lines);
	if (counts->zeros)
		cli_note(scan->cli, "%s: zero bytes that were passed over: %" PRIu64, scan->name,
			 counts->zeros);
	if (counts->rmp_failures && (counts->faults || counts->others))
		cli_note(scan->cli, "%s: %s", scan->name, rmp_hint(counts, hint, sizeof(hint)));
	if (counts->faults)
		return scan->unexplained ? STATUS_NO : STATUS_YES;
	if (counts->others)
		return cli_fail(scan->cli, STATUS_CANNOT_TELL,
				"%s: no page fault in %" PRIu64 " line%s, but %" PRIu64
				" oops%s of another sort (a BUG, a general protection fault)",
				scan->name, counts->lines, counts->lines == 1 ? "" : "s",
				counts->others, counts->others == 1 ? "" : "es");
	if (scan->is)
		return cli_fail(scan->cli, STATUS_CANNOT_TELL, "%s: it is %s: %s %s | gmemctl oops",
				scan->name, scan->is, scan->reader, scan->file);
	return cli_fail(scan->cli, STATUS_CANNOT_TELL,
			"%s: no page fault in %" PRIu64 " line%s%s%s", scan->name, counts->lines,
			counts->lines == 1 ? "" : "s", counts->rmp_failures ? "; " : "",
			counts->rmp_failures ? rmp_hint(counts, hint, sizeof(hint)) : "");
}

/*
 * Looks the page frames up in the running kernel, which wrote the log. The thread that died may
 * hold its mmap_lock for ever, and a process that waits for that lock would never end. So this
 * takes no mmap_lock.
 */
static enum status look_now(struct scan *scan)
{
	enum status status =
		scan->n ? frames_show(scan->cli, scan->pfns, scan->n, true, 0) : STATUS_YES;

	return status ? STATUS_PARTLY : STATUS_YES;
}

static enum status scan_log(struct scan *scan, struct gmem_oops_log *log)
{
	struct output *out = scan->cli->out;
	struct gmem_oops_counts counts = { .size = sizeof(counts) };
	enum status status, now;

	output_table(out, &table);
	status = feed(scan, log);
	output_table_end(out);
	gmem_oops_get_counts(log, &counts);
	if (status)
		return status;
	output_fact(out, "lines", KIND_NUMBER, cell_number(counts.lines));
	output_fact(out, "faults_found", KIND_NUMBER, cell_number(counts.faults));
	output_fact(out, "other_oopses", KIND_NUMBER, cell_number(counts.others));
	output_fact(out, "rmpupdate_failures", KIND_NUMBER, cell_number(counts.rmp_failures));
	if (counts.rmp_failures)
		output_fact(out, "rmpupdate_pfn", KIND_HEX, cell_number(counts.rmp_pfn));
	status = conclude(scan, &counts);
	/* Only x86 has an RMP, of pages of 4K. */
	if (counts.rmp_failures && keep_pfn(scan, counts.rmp_pfn, SMALLEST_PAGE))
		return cli_no_memory(scan->cli);
	if (!scan->keep)
		return status;
	now = look_now(scan);
	return status == STATUS_YES ? now : status;
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	struct scan scan = { .cli = cli, .keep = settings->dmesg };
	struct gmem_oops_log *log;
	enum status status;
	int ret;

	if (settings->dmesg && cli->nargs)
		return cli_usage(cli, "give either FILE or --dmesg");
	ret = gmem_oops_new(write_fault, &scan, &log);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	status = scan_log(&scan, log);
	gmem_oops_free(log);
	free(scan.pfns);
	return status;
}

/* To read a file takes no capability. */
static unsigned int needs_of(const void *settings)
{
	const struct settings *are = settings;

	return are->dmesg ? oops_command.needs : 0;
}

const struct command oops_command = {
	.name = "oops",
	.needs = READS_LOG | READS_KERNEL | READS_PROCESSES | READS_IOMEM,
	.needs_of = needs_of,
	.summary = "what the page faults in a kernel's log were: page frame, path and step",
	.args = "[FILE]",
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.second_table = &frames_table,
	.run = run,
};
