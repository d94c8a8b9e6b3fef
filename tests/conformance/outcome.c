// SPDX-License-Identifier: GPL-2.0-or-later
/* The result of an operation: a number, an errno, or a signal. */
#include <errno.h>
#include <string.h>
#include "conformance.h"

#define E(name)             \
	{                   \
#name, name \
	}

static const struct name failures[] = {
	E(EPERM),
	E(ENOENT),
	E(EINTR),
	E(EIO),
	E(ENXIO),
	E(E2BIG),
	E(EBADF),
	E(EAGAIN),
	E(ENOMEM),
	E(EACCES),
	E(EFAULT),
	E(EBUSY),
	E(EEXIST),
	E(EXDEV),
	E(ENODEV),
	E(EINVAL),
	E(ENFILE),
	E(EMFILE),
	E(ENOTTY),
	E(EFBIG),
	E(ENOSPC),
	E(ESPIPE),
	E(ENOSYS),
	E(EOVERFLOW),
	E(EOPNOTSUPP),
	E(EHWPOISON),
	E(ENOEXEC),
	{ "sigbus", OUTCOME_SIGBUS },
	{ "sigsegv", OUTCOME_SIGSEGV },
	{ "oops", OUTCOME_OOPS },
	{ NULL, 0 },
};

bool outcome_parse(struct run *run, const char *word, int64_t *outcome, bool *any_success)
{
	uint64_t value;

	*any_success = !strcmp(word, "ok");
	*outcome = 0;
	if (*any_success)
		return true;
	if (value_of_name(failures, word, strlen(word), &value)) {
		*outcome = -(int64_t)value;
		return true;
	}
	if (!evaluate(run, NULL, word, &value))
		return false;
	*outcome = (int64_t)value;
	return true;
}

const char *outcome_text(int64_t outcome, char *scratch, size_t size)
{
	const char *name = outcome < 0 ? name_of(failures, (uint64_t)-outcome) : NULL;

	if (name)
		return name;
	if (outcome < 0)
		snprintf(scratch, size, "errno %lld", (long long)-outcome);
	else if (outcome)
		snprintf(scratch, size, "ok (%#llx)", (unsigned long long)outcome);
	else
		snprintf(scratch, size, "ok");
	return scratch;
}
