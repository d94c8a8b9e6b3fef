/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of the command: what was asked, on which kernel, and where the answer goes. */
#ifndef CLI_CORE_CLI_H
#define CLI_CORE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <gmem/gmem.h>
#include "core/streams.h"
#include "output/output.h"
#include "core/failure.h"
#include "core/status.h"

struct command;
struct session;

enum reader_choice { READER_ANY, READER_BPF, READER_KCORE, READER_NONE };

/* The options that every command takes. */
struct common {
	struct format format;
	bool quiet;
	unsigned int verbose;
	const char *model;   /* NULL: the running kernel */
	const char *sysroot; /* the files of another host; NULL: no */
	const char *core;    /* the dump of a kernel; NULL: no */
	enum reader_choice reader;
	unsigned int accept; /* statuses that end the run with 0, a bit each */
	bool help;
	bool usage;
	bool version;
	bool describe;
};

/* The place of a command in a batch: its messages begin with it. */
struct source_line {
	const char *file;
	size_t line;
	enum style style; /* the format of the batch, for a line that chooses none */
};

/*
 * The smallest base page of any kernel. A value that is not a multiple of it is refused when it is
 * read, before there is a context that knows the page size of its kernel.
 */
#define SMALLEST_PAGE 4096u
#define SMALLEST_PAGE_IS "4096, the smallest page of a kernel"

struct cli {
	struct streams streams;
	struct session *session;	 /* the VMs that this process keeps; NULL for none */
	const struct source_line *where; /* line of a batch, or NULL */
	int argc;			 /* the whole command line, as it was given */
	char **argv;
	const struct command *command; /* NULL until the command line names one */
	struct common common;
	void *settings; /* the command's own options, command->settings_size bytes */
	char name[32];	/* "gmemctl COMMAND": the command's argv[0], for argp's messages */
	char **args;
	int nargs;
	struct gmem_ctx *ctx;
	struct output *out;
	bool answered; /* another process has written the answer */
	bool failed;
	/* The first failure, for the JSON document. */
	char error[1280];
	struct cause cause;
};

/* Prints a message of failure, keeps it for the JSON document, and returns status. */
enum status cli_fail(struct cli *cli, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with what the JSON document says of the cause. */
enum status cli_fail_as(struct cli *cli, enum status status, struct cause cause, const char *format,
			...) __attribute__((format(printf, 4, 5)));

/* The same for a wrong command line; adds where help is. */
enum status cli_usage(struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Fails with libgmem's explanation of a negative errno. The message begins with what the command
 * was doing.
 */
enum status cli_fail_error(struct cli *cli, int error, const char *what);

enum status cli_no_memory(struct cli *cli);

/* libgmem's explanation of the failure, or the errno's own words; returns buffer. */
const char *cli_explain(const struct cli *cli, int error, char *buffer, size_t size);

/* A remark on standard error, not with --quiet. */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, of several lines. */
void cli_note_lines(const struct cli *cli, const char *heading, const char *lines);

/* Whether the command can run on the kernel that --simulate, --sysroot or --core chose. */
enum status cli_check_kernel(struct cli *cli);

/* Opens it. Returns a status. */
enum status cli_open_kernel(struct cli *cli);

/*
 * Opens the reader of kernel memory that --reader chose. Returns 0 or a negative errno;
 * -ENOTSUP with --reader=none.
 */
int cli_open_reader(struct cli *cli);

/* Notes how often the simulated kernel was called, where --simulate=MODEL,count asked for it. */
void cli_tell_calls(const struct cli *cli);

/* Notes on standard error which models there are. */
void cli_list_models(FILE *stream);

#endif
