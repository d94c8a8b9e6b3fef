/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sort of a failure, for programs: a word that stays the same when messages change. JSON
 * documents have it as the code of their error, and gmemctl-json(5) lists them all.
 */
#ifndef CLI_CORE_FAILURE_H
#define CLI_CORE_FAILURE_H

#include "core/status.h"

enum failure {
	FAILURE_USAGE,
	FAILURE_WOULD_FAULT,
	FAILURE_NOT_PERMITTED,
	FAILURE_NOT_SUPPORTED,
	FAILURE_NOT_KNOWN,
	FAILURE_NOT_FOUND,
	FAILURE_NO_PROCESS,
	FAILURE_NO_MEMORY,
	FAILURE_NO_SPACE,
	FAILURE_BUSY,
	FAILURE_EXISTS,
	FAILURE_INVALID,
	FAILURE_INTERRUPTED,
	FAILURE_NOT_HELD,
	FAILURE_NAME_TAKEN,
	FAILURE_HOLDER_LOST,
	FAILURE_NO,
	FAILURE_CANNOT_TELL,
	FAILURE_PARTLY,
	FAILURE_OTHER,
};

/* A failure, and the errno behind it. */
struct cause {
	enum failure failure;
	int error; /* negative errno; 0: none is behind it */
};

/* The word for a failure, NULL past the last; and what it means. */
const char *failure_name(enum failure failure);
const char *failure_meaning(enum failure failure);

/* "EINVAL" for the errno behind a cause, NULL where the kernel or the C library gave none. */
const char *failure_errno(const struct cause *cause);

/* A failure that has no errno behind it. */
static inline struct cause cause_of(enum failure failure)
{
	return (struct cause){ .failure = failure };
}

/* The sort of a failure of which only an errno, or an exit status, is known. */
struct cause cause_of_error(int error);
struct cause cause_of_status(enum status status);

#endif
