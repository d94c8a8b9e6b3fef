// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words after a model's name: MODEL[,count][,fail=KIND@N[+]:ERRNO] */
#include "kernel/sim/faults.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64

static const char *const kinds[GMEM_SIM_CALLS] = {
	[GMEM_SIM_OPEN] = "open",
	[GMEM_SIM_CLOSE] = "close",
	[GMEM_SIM_IOCTL] = "ioctl",
	[GMEM_SIM_MMAP] = "mmap",
	[GMEM_SIM_MUNMAP] = "munmap",
	[GMEM_SIM_MADVISE] = "madvise",
	[GMEM_SIM_MBIND] = "mbind",
	[GMEM_SIM_FALLOCATE] = "fallocate",
	[GMEM_SIM_FSTAT] = "fstat",
	[GMEM_SIM_FS_MAGIC] = "fs-magic",
	[GMEM_SIM_PREAD] = "pread",
	[GMEM_SIM_READLINK] = "readlink",
	[GMEM_SIM_LIST_DIRECTORY] = "list-directory",
	[GMEM_SIM_COMPARE] = "compare",
	[GMEM_SIM_SET_CLOEXEC] = "set-cloexec",
	[GMEM_SIM_CREATE_FILE] = "create-file",
	[GMEM_SIM_TOUCH] = "touch",
	[GMEM_SIM_READER_OPEN] = "reader-open",
	[GMEM_SIM_READ_KMEM] = "read-kmem",
	[GMEM_SIM_CURRENT_TASK] = "current-task",
	[GMEM_SIM_DIRECT_MAP_HINT] = "direct-map-hint",
	[GMEM_SIM_SYMBOL] = "symbol",
	[GMEM_SIM_OFFSET_OF] = "offset-of",
	[GMEM_SIM_SIZE_OF] = "size-of",
	[GMEM_SIM_ANY] = "any",
	[GMEM_SIM_REQUEST] = "kmem-request",
};

/* What the calls of the port fail with. */
static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "EPERM", EPERM },	      { "ENOENT", ENOENT },
	{ "EINTR", EINTR },	      { "EIO", EIO },
	{ "ENXIO", ENXIO },	      { "E2BIG", E2BIG },
	{ "EBADF", EBADF },	      { "EAGAIN", EAGAIN },
	{ "ENOMEM", ENOMEM },	      { "EACCES", EACCES },
	{ "EFAULT", EFAULT },	      { "EBUSY", EBUSY },
	{ "EEXIST", EEXIST },	      { "ENODEV", ENODEV },
	{ "EINVAL", EINVAL },	      { "ENFILE", ENFILE },
	{ "EMFILE", EMFILE },	      { "ENOTTY", ENOTTY },
	{ "EFBIG", EFBIG },	      { "ENOSPC", ENOSPC },
	{ "ENOSYS", ENOSYS },	      { "EOVERFLOW", EOVERFLOW },
	{ "EOPNOTSUPP", EOPNOTSUPP }, { "ENODATA", ENODATA },
	{ "EHWPOISON", EHWPOISON },
};

const char *gmem_sim_call_name(unsigned int kind)
{
	return kind < GMEM_SIM_CALLS ? kinds[kind] : NULL;
}

static int refuse(char *why, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return -EINVAL;
}

/* Copies text up to one of the delimiters, or to its end; moves *text there. */
static int take_word(const char **text, const char *delimiters, char *word, size_t size)
{
	size_t length = strcspn(*text, delimiters);

	if (length >= size)
		return -EINVAL;
	memcpy(word, *text, length);
	word[length] = '\0';
	*text += length;
	return 0;
}

static bool find_kind(const char *name, enum gmem_sim_call *kind)
{
	for (unsigned int i = 0; i < GMEM_SIM_CALLS; i++) {
		if (strcmp(kinds[i], name))
			continue;
		*kind = (enum gmem_sim_call)i;
		return true;
	}
	return false;
}

static bool find_error(const char *name, int *error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name))
			continue;
		*error = -errors[i].number;
		return true;
	}
	return false;
}

/* N or N+, from 1 on. */
static bool parse_at(const char *text, struct gmem_fault *fault)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	fault->at = strtoull(text, &end, 10);
	fault->lasting = *end == '+';
	return !errno && fault->at && !end[fault->lasting];
}

/* KIND@N[+]:ERRNO */
static int parse_fault(const char *text, struct gmem_fault *fault, char *why, size_t size)
{
	char kind[WORD_MAX], at[WORD_MAX];
	const char *rest = text;

	if (take_word(&rest, "@", kind, sizeof(kind)) || *rest++ != '@' ||
	    take_word(&rest, ":", at, sizeof(at)) || *rest++ != ':')
		return refuse(why, size, "'fail=%.64s' is not fail=KIND@N:ERRNO", text);
	if (!find_kind(kind, &fault->kind))
		return refuse(why, size, "fail=: '%s' is no kind of call (see --simulate=help)",
			      kind);
	if (!parse_at(at, fault))
		return refuse(why, size, "fail=: '%s' is not the number of a call, from 1 on", at);
	if (!find_error(rest, &fault->error))
		return refuse(why, size, "fail=: '%.64s' is no errno that a call fails with", rest);
	if (fault->kind == GMEM_SIM_REQUEST && fault->error != -EFAULT)
		return refuse(why, size, "fail=: a kmem-request fails with EFAULT, not with %s",
			      rest);
	return 0;
}

static int parse_word(const char *word, struct gmem_sim_spec *spec, char *why, size_t size)
{
	static const char fail[] = "fail=";

	if (!strcmp(word, "count")) {
		spec->count = true;
		return 0;
	}
	if (strncmp(word, fail, sizeof(fail) - 1))
		return refuse(why, size, "'%s' after the model is neither count nor fail=", word);
	if (spec->fault.at)
		return refuse(why, size, "'%s': one fail= is all there can be", word);
	return parse_fault(word + sizeof(fail) - 1, &spec->fault, why, size);
}

int gmem_sim_parse(const char *text, struct gmem_sim_spec *spec, char *why, size_t size)
{
	const char *rest = text;
	char word[WORD_MAX];

	memset(spec, 0, sizeof(*spec));
	if (!text)
		return refuse(why, size, "a model has a name");
	if (take_word(&rest, ",", spec->model, sizeof(spec->model)))
		return refuse(why, size, "no simulated kernel is named '%.64s'", text);
	while (*rest) {
		int ret;

		rest++; /* the comma */
		if (take_word(&rest, ",", word, sizeof(word)))
			return refuse(why, size, "'%.64s' is too long", rest);
		ret = parse_word(word, spec, why, size);
		if (ret)
			return ret;
	}
	return 0;
}

int gmem_sim_open(const struct gmem_sim_spec *spec, struct gmem_kernel **out)
{
	int ret = gmem_kernel_sim_new(spec->model, out);

	if (!ret)
		gmem_sim_set_fault(*out, &spec->fault);
	return ret;
}
