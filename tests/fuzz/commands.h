/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that fuzzers of whole commands share. A command here writes no file, waits for nothing and
 * keeps its process's privileges. The fuzzer checks its answer. This file replaces save.c,
 * interrupt.c and privilege.c.
 */
#ifndef FUZZ_COMMANDS_H
#define FUZZ_COMMANDS_H

#include "fuzz.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/privilege.h"
#include "run.h"
#include "commands/metrics/save.h"
#include "core/utf8.h"

static struct {
	FILE *out;  /* what the command prints */
	char *text; /* the same, once it has ended */
	size_t size;
	int interrupted;
	unsigned int waits; /* waits until the reader goes away */
} fuzz_command;

enum status save_file(struct cli *cli, const char *path, const char *text, size_t size)
{
	HOLDS(cli && *path && memchr(text, '\0', size) == NULL);
	return STATUS_YES;
}

/* Only a holder or exec would call this. */
pid_t fork(void)
{
	fuzz_broken("no process is made", __FILE__, __LINE__);
	return -1;
}

void interrupt_catch(void)
{
}

bool interrupted(void)
{
	return fuzz_command.interrupted;
}

void interrupt_note(void)
{
	fuzz_command.interrupted = 1;
}

void interrupt_forget(void)
{
	fuzz_command.interrupted = 0;
}

const volatile int *interrupt_flag(void)
{
	return &fuzz_command.interrupted;
}

bool interrupt_wait(double seconds)
{
	HOLDS(seconds > 0);
	return fuzz_command.waits && fuzz_command.waits--;
}

/* Only a client of a holder would call this. */
int interrupt_poll(int fd, int seconds, unsigned int *seen)
{
	(void)fd;
	(void)seconds;
	(void)seen;
	fuzz_broken("no holder is asked", __FILE__, __LINE__);
	return -EINTR;
}

/* Only top on a terminal would call this. */
int interrupt_key(int fd, double seconds)
{
	(void)fd;
	(void)seconds;
	fuzz_broken("no terminal is read", __FILE__, __LINE__);
	return -EPIPE;
}

enum status privilege_keep(struct cli *cli)
{
	HOLDS(cli->command);
	return STATUS_YES;
}

void privilege_reader_is_open(struct cli *cli)
{
	HOLDS(cli->ctx);
}

const char *privilege_names(const struct command *command, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s", command->name);
	return buffer;
}

/* No VMs of other holders, and no standard input. */
static inline void fuzz_command_init(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    setenv("GMEMCTL_RUNTIME_DIR", "/proc/self/nothing", 1))
		abort();
	close(null);
	stderr = fopen("/dev/null", "we");
	if (!stderr)
		abort();
}

/* Runs the command as main() would, and keeps its output. */
static inline enum status fuzz_command_run(struct cli *cli, int argc, char **argv)
{
	enum status status;

	free(fuzz_command.text);
	fuzz_command.out = open_memstream(&fuzz_command.text, &fuzz_command.size);
	if (!fuzz_command.out)
		abort();
	fuzz_command.interrupted = 0;
	fuzz_command.waits = 2;
	cli->streams = (struct streams){ .out = fuzz_command.out, .err = stderr };
	status = cli_run(cli, argc, argv);
	fclose(fuzz_command.out);
	HOLDS(status <= STATUS_PARTLY || status == STATUS_USAGE);
	HOLDS(status != STATUS_USAGE || (cli->failed && *cli->error));
	return status;
}

/*
 * Strict JSON: at text there must be a value. Returns the text after it, or
 * NULL if it is not a value.
 */
static const char *fuzz_json_value(const char *text, int depth);

static inline const char *fuzz_json_space(const char *text)
{
	return text + strspn(text, " \t\n");
}

static inline const char *fuzz_json_string(const char *text)
{
	if (*text++ != '"')
		return NULL;
	while (*text != '"') {
		size_t length = utf8_length((const unsigned char *)text);

		if (!length || (unsigned char)*text < ' ')
			return NULL;
		if (*text == '\\' && !memchr("\"\\/bfnrtu", text[1], 9))
			return NULL;
		if (!strncmp(text, "\\u", 2) && strspn(text + 2, "0123456789abcdefABCDEF") < 4)
			return NULL;
		text += *text == '\\' ? 2 : length;
	}
	return text + 1;
}

static inline const char *fuzz_json_number(const char *text)
{
	const char *end = text + strspn(text, "-0123456789.eE+");

	text += *text == '-';
	return isdigit((unsigned char)*text) && (*text != '0' || !isdigit((unsigned char)text[1]))
		       ? end
		       : NULL;
}

/* Members of "{" or "[": in an object each has its name. */
static inline const char *fuzz_json_members(const char *text, char end, int depth)
{
	text = fuzz_json_space(text + 1);
	if (*text == end)
		return text + 1;
	for (;;) {
		if (end == '}') {
			text = fuzz_json_string(fuzz_json_space(text));
			if (!text || *text++ != ':')
				return NULL;
		}
		text = fuzz_json_value(fuzz_json_space(text), depth - 1);
		if (!text)
			return NULL;
		text = fuzz_json_space(text);
		if (*text == end)
			return text + 1;
		if (*text++ != ',')
			return NULL;
	}
}

static inline const char *fuzz_json_value(const char *text, int depth)
{
	static const char *const words[] = { "null", "true", "false" };

	if (!depth)
		return NULL;
	if (*text == '{' || *text == '[')
		return fuzz_json_members(text, *text == '{' ? '}' : ']', depth);
	if (*text == '"')
		return fuzz_json_string(text);
	for (size_t i = 0; i < 3; i++)
		if (!strncmp(text, words[i], strlen(words[i])))
			return text + strlen(words[i]);
	return fuzz_json_number(text);
}

/* Whether the output is one document. */
static inline bool fuzz_command_is_json(void)
{
	const char *text = fuzz_json_space(fuzz_command.text);
	const char *end = *text == '{' ? fuzz_json_value(text, 16) : NULL;

	return end && !*fuzz_json_space(end) && strlen(fuzz_command.text) == fuzz_command.size;
}

#endif
