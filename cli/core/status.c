// SPDX-License-Identifier: GPL-2.0-or-later
/* From an errno, or several statuses, to the one that the process exits with. */
#include "core/status.h"

#include <errno.h>
#include <stddef.h>
#include <gmem/base.h>

/* Errors that only mean that the answer cannot be seen from here. */
static const int cannot_tell[] = { EACCES, EPERM, ENOTSUP, ENODATA, GMEM_ENOTRECORDED };

const struct status_answer status_answers[STATUS_ANSWERS] = {
	{ STATUS_NO, "the answer is no" },
	{ STATUS_CANNOT_TELL, "it cannot be told" },
	{ STATUS_PARTLY, "partly done, or not all of it was seen" },
};

/* From the mildest to the gravest. */
static const enum status by_gravity[] = {
	STATUS_YES, STATUS_CANNOT_TELL, STATUS_NO, STATUS_PARTLY, STATUS_FAILED, STATUS_USAGE,
};

enum status status_of_error(int error)
{
	if (error == -GMEM_EWOULDFAULT)
		return STATUS_NO;
	for (size_t i = 0; i < sizeof(cannot_tell) / sizeof(cannot_tell[0]); i++)
		if (error == -cannot_tell[i])
			return STATUS_CANNOT_TELL;
	return STATUS_FAILED;
}

enum status status_worst(enum status a, enum status b)
{
	enum status worst = STATUS_YES;

	for (size_t i = 0; i < sizeof(by_gravity) / sizeof(by_gravity[0]); i++)
		if (by_gravity[i] == a || by_gravity[i] == b)
			worst = by_gravity[i];
	return worst;
}
