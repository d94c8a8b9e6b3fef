// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gmemctl report writes into a folder what the commands that look say of this host, and the files
 * that they read, for --sysroot on another machine.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/command.h"
#include "core/progress.h"
#include "held/session.h"
#include "run.h"

enum { COLUMN_FILE, COLUMN_SIZE, COLUMN_STATUS, COLUMN_MEANING };

static const struct column columns[] = {
	[COLUMN_FILE] = { "file", KIND_TEXT, .shown = true, .help = "path of the file in DIR" },
	[COLUMN_SIZE] = { "size", KIND_BYTES, .shown = true, .help = "size of the file" },
	[COLUMN_STATUS] = { "status", KIND_NUMBER, .shown = true,
			    .help = "exit status of the command that wrote it" },
	[COLUMN_MEANING] = { "meaning", KIND_TEXT, .shown = true, .wrap = true,
			     .help = "what the file is" },
};

static const struct table table = TABLE("files", columns);

struct settings {
	const char *directory;
	bool redact;
};

static const struct cli_option options[] = {
	{ "directory", 'o', "DIR", false, set_text, offsetof(struct settings, directory),
	  "Write the report into DIR, a new folder or an empty one" },
	{ "redact", 0, NULL, false, set_flag, offsetof(struct settings, redact),
	  "Leave the names of processes out" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

/* The commands that write a document into the folder. */
static const char *const commands[] = { "doctor", "caps", "list", "directmap", "metrics" };

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct report {
	struct cli *cli;
	const struct settings *settings;
	int directory;
	struct session session; /* it has the kernel that is recorded */
	enum status status;
};

static void write_row(const struct report *report, const char *file, size_t size,
		      const enum status *status, const char *meaning)
{
	struct cell cells[] = {
		[COLUMN_FILE] = cell_text(file),
		[COLUMN_SIZE] = cell_number(size),
		[COLUMN_STATUS] = cell_number_if(status, status ? (uint64_t)*status : 0),
		[COLUMN_MEANING] = cell_text(meaning),
	};

	output_row(report->cli->out, cells);
}

static bool is_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	bool empty = directory;

	while (empty && (entry = readdir(directory)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (directory)
		closedir(directory);
	else if (copy >= 0)
		close(copy);
	return empty;
}

/* Only the owner of the folder may read what is in it, and the owner must be this user. */
static enum status judge_directory(struct report *report, const char *path)
{
	struct stat st;

	if (fstat(report->directory, &st))
		return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(-errno), "%s: %s",
				   path, strerror(errno));
	if (st.st_uid != geteuid())
		return cli_fail(
			report->cli, STATUS_FAILED,
			"%s: it is another user's, who could change what is written; name a "
			"folder that is not there yet",
			path);
	if (!is_empty(report->directory))
		return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(-ENOTEMPTY),
				   "%s: it is not empty; name a folder that is not there yet",
				   path);
	if (fchmod(report->directory, 0700))
		return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(-errno),
				   "%s: its mode cannot be set: %s", path, strerror(errno));
	return STATUS_YES;
}

static enum status open_directory(struct report *report)
{
	const char *path = report->settings->directory;

	if (mkdir(path, 0700) && errno != EEXIST)
		return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(-errno),
				   "%s: it cannot be made: %s; %s", path, strerror(errno),
				   errno == ENOENT ? "make the folder above it first"
						   : "choose another folder");
	report->directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (report->directory < 0)
		return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(-errno),
				   "%s: it cannot be opened as a folder: %s; choose another", path,
				   strerror(errno));
	return judge_directory(report, path);
}

static enum status open_recorded(struct report *report)
{
	const struct gmem_ctx_options wanted = {
		.size = sizeof(wanted),
		.model = report->cli->common.model,
		.record = true,
		.redact = report->settings->redact,
	};
	int ret = gmem_ctx_open(&wanted, &report->session.ctx);

	if (!ret)
		return STATUS_YES;
	return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(ret),
			   "cannot open the kernel: %s", gmem_error_words(ret));
}

/* Its document; what it says on standard error stands there too. */
static enum status run_captured(struct report *report, const char *name, char **text, size_t *size)
{
	char *words[] = { "gmemctl", (char *)name, "--json", NULL };
	struct cli cli = { .session = &report->session };
	enum status status;
	char *said = NULL;
	size_t length;

	cli.streams.out = open_memstream(text, size);
	cli.streams.err = open_memstream(&said, &length);
	if (!cli.streams.out || !cli.streams.err) {
		status = cli_no_memory(report->cli);
	} else {
		cli.common.reader = report->cli->common.reader;
		status = cli_run(&cli, 3, words);
	}
	if (cli.streams.out && fclose(cli.streams.out))
		status = cli_no_memory(report->cli);
	if (cli.streams.err)
		fclose(cli.streams.err);
	free(said);
	return status;
}

static int save_text(const struct report *report, const char *file, const char *text, size_t size)
{
	int fd = openat(report->directory, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
	int ret = 0;

	if (!to) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	if (fwrite(text, 1, size, to) != size)
		ret = -errno;
	if (fclose(to) && !ret)
		ret = -errno;
	return ret;
}

static enum status save_command(struct report *report, const char *name, struct progress *progress)
{
	char file[32], meaning[64], *text = NULL;
	enum status status;
	size_t size = 0;
	int ret;

	status = run_captured(report, name, &text, &size);
	progress_end(progress);
	snprintf(file, sizeof(file), "%s.json", name);
	snprintf(meaning, sizeof(meaning), "what gmemctl %s says", name);
	ret = text && size ? save_text(report, file, text, size) : -ENODATA;
	free(text);
	if (ret)
		return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(ret),
				   "%s in %s was not written: %s", file,
				   report->settings->directory, gmem_error_words(ret));
	write_row(report, file, size, &status, meaning);
	if (status != STATUS_FAILED && status != STATUS_USAGE)
		return STATUS_YES;
	return cli_fail(report->cli, STATUS_PARTLY, "gmemctl %s failed: %s says why", name, file);
}

static const char *meaning_of(const char *path)
{
	if (!strcmp(path, "index"))
		return "what was looked for and is no file here";
	if (!strcmp(path, "kvm-answers"))
		return "what KVM answered";
	return "what a check read";
}

static void add_saved(const char *path, size_t bytes, void *arg)
{
	write_row(arg, path, bytes, NULL, meaning_of(path));
}

static enum status save_record(struct report *report)
{
	int ret = gmem_ctx_save(report->session.ctx, report->directory, add_saved, report);

	if (ret < 0) {
		char why[1024];

		gmem_explain_error(report->session.ctx, ret, why, sizeof(why));
		return cli_fail_as(report->cli, STATUS_FAILED, cause_of_error(ret), "%s: %s",
				   report->settings->directory, why);
	}
	if (ret)
		return cli_fail(report->cli, STATUS_PARTLY,
				"something was too large to be kept, and is missing in %s",
				report->settings->directory);
	return STATUS_YES;
}

static enum status save_all(struct report *report)
{
	enum status status = STATUS_YES;
	struct progress progress;

	progress_begin(&progress, report->cli, COMMANDS, 0);
	progress.steps = true;
	for (size_t i = 0; i < COMMANDS && status != STATUS_FAILED; i++) {
		progress_at(&progress, i, commands[i]);
		status = status_worst(status, save_command(report, commands[i], &progress));
	}
	if (status != STATUS_FAILED)
		status = status_worst(status, save_record(report));
	return status;
}

static enum status run(struct cli *cli)
{
	struct report report = {
		.cli = cli,
		.settings = cli->settings,
		.directory = -1,
		.session = { .peer = -1 },
	};
	enum status status;

	if (!report.settings->directory || !*report.settings->directory)
		return cli_usage(cli, "-o DIR is missing: the folder to write to");
	status = open_recorded(&report);
	if (!status)
		status = open_directory(&report);
	if (!status) {
		output_table(cli->out, &table);
		status = save_all(&report);
		output_table_end(cli->out);
		output_fact(cli->out, "directory", KIND_TEXT,
			    cell_text(report.settings->directory));
		output_fact(cli->out, "redacted", KIND_BOOL, cell_number(report.settings->redact));
	}
	if (report.directory >= 0)
		close(report.directory);
	gmem_ctx_free(report.session.ctx);
	return status;
}

const struct command report_command = {
	.name = "report",
	/* What any of these commands needs. */
	.needs = READS_KERNEL | READS_PROCESSES | READS_IOMEM | WRITES_FILES | REOPENS_READER,
	.summary = "save what gmemctl reads of this host, for --sysroot on another machine",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.run = run,
};
