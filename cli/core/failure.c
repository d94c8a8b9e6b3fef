// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/failure.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <gmem/base.h>

/* A word is never renamed; a new one may be added. */
static const struct {
	const char *name, *meaning;
} failures[] = {
	[FAILURE_USAGE] = { "usage", "the command line is wrong" },
	[FAILURE_WOULD_FAULT] = { "would-fault",
				  "the kernel would take a page fault on these pages, so they were "
				  "not touched" },
	[FAILURE_NOT_PERMITTED] = { "not-permitted",
				    "this user may not do it, or kernel lockdown forbids it" },
	[FAILURE_NOT_SUPPORTED] = { "not-supported",
				    "this kernel, or a VM of this type, does not have it" },
	[FAILURE_NOT_KNOWN] = { "not-known", "the kernel shows no answer here" },
	[FAILURE_NOT_FOUND] = { "not-found", "there is no such file or descriptor" },
	[FAILURE_NO_PROCESS] = { "no-process", "there is no such process" },
	[FAILURE_NO_MEMORY] = { "no-memory", "memory is short" },
	[FAILURE_NO_SPACE] = { "no-space", "the file system is full" },
	[FAILURE_BUSY] = { "busy", "something else is using it now" },
	[FAILURE_EXISTS] = { "exists", "it is there already" },
	[FAILURE_INVALID] = { "invalid", "the kernel refused an argument" },
	[FAILURE_INTERRUPTED] = { "interrupted", "a signal ended it" },
	[FAILURE_NOT_HELD] = { "not-held", "no VM is held under this name" },
	[FAILURE_NAME_TAKEN] = { "name-taken", "a VM is held under this name already" },
	[FAILURE_HOLDER_LOST] = { "holder-lost",
				  "the holder of the VM ended, is stopped, or does not answer" },
	[FAILURE_NO] = { "no", "the answer is no" },
	[FAILURE_CANNOT_TELL] = { "cannot-tell", "it cannot be told from here" },
	[FAILURE_PARTLY] = { "partly", "some of it was not done, or not answered" },
	[FAILURE_OTHER] = { "failed", "any other failure" },
};

static const struct {
	int error;
	enum failure failure;
} by_error[] = {
	{ GMEM_EWOULDFAULT, FAILURE_WOULD_FAULT },
	{ EPERM, FAILURE_NOT_PERMITTED },
	{ EACCES, FAILURE_NOT_PERMITTED },
	{ EOPNOTSUPP, FAILURE_NOT_SUPPORTED },
	{ ENOSYS, FAILURE_NOT_SUPPORTED },
	{ ENOTTY, FAILURE_NOT_SUPPORTED },
	{ ENODATA, FAILURE_NOT_KNOWN },
	{ ENOENT, FAILURE_NOT_FOUND },
	{ ENOTDIR, FAILURE_NOT_FOUND },
	{ EBADF, FAILURE_NOT_FOUND },
	{ ESRCH, FAILURE_NO_PROCESS },
	{ ENOMEM, FAILURE_NO_MEMORY },
	{ ENOSPC, FAILURE_NO_SPACE },
	{ EDQUOT, FAILURE_NO_SPACE },
	{ EBUSY, FAILURE_BUSY },
	{ EAGAIN, FAILURE_BUSY },
	{ ETIMEDOUT, FAILURE_BUSY },
	{ EEXIST, FAILURE_EXISTS },
	{ EINVAL, FAILURE_INVALID },
	{ EINTR, FAILURE_INTERRUPTED },
};

static const enum failure by_status[] = {
	[STATUS_YES] = FAILURE_OTHER,	  [STATUS_NO] = FAILURE_NO,
	[STATUS_FAILED] = FAILURE_OTHER,  [STATUS_CANNOT_TELL] = FAILURE_CANNOT_TELL,
	[STATUS_PARTLY] = FAILURE_PARTLY, [STATUS_USAGE] = FAILURE_USAGE,
};

const char *failure_name(enum failure failure)
{
	size_t i = failure;

	return i < sizeof(failures) / sizeof(failures[0]) ? failures[i].name : NULL;
}

const char *failure_meaning(enum failure failure)
{
	return failures[failure].meaning;
}

/* GMEM_EWOULDFAULT is libgmem's own: no call of the kernel has failed. */
const char *failure_errno(const struct cause *cause)
{
	if (!cause->error || cause->error == -GMEM_EWOULDFAULT)
		return NULL;
	return strerrorname_np(-cause->error);
}

struct cause cause_of_error(int error)
{
	struct cause cause = { FAILURE_OTHER, error };

	for (size_t i = 0; i < sizeof(by_error) / sizeof(by_error[0]); i++)
		if (error == -by_error[i].error)
			cause.failure = by_error[i].failure;
	return cause;
}

struct cause cause_of_status(enum status status)
{
	size_t i = status;

	/* A program that exec ran may end with any status. */
	return cause_of(i < sizeof(by_status) / sizeof(by_status[0]) ? by_status[i]
								     : FAILURE_OTHER);
}
