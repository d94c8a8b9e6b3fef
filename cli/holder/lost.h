/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holders that lost their files: a login manager deletes the runtime folder of a user who logs out.
 * Such a holder lives on with its VM, and makes its files anew as soon as it can (remake.c).
 * Meanwhile it is found among the processes, by the NAME.vm that it keeps open.
 */
#ifndef CLI_HOLDER_LOST_H
#define CLI_HOLDER_LOST_H

#include "holder/runtime.h"

/* The name of a holder's process, whatever file it was run from. */
#define HOLDER_COMM "gmemctl"

typedef void (*lost_fn)(const struct held_info *info, void *arg);

/*
 * Calls for each holder of this user and this folder that lost its NAME.vm in the folder. Returns a
 * process that may be such a holder, and may not be looked at, or 0.
 */
pid_t lost_each(const struct runtime *runtime, lost_fn fn, void *arg);

/* Whether one has that name; then *info is what it says. */
bool lost_find(const struct runtime *runtime, const char *name, struct held_info *info);

/*
 * Tells it to end, and waits until it has. Returns 0, or a negative errno: ETIMEDOUT, it goes on.
 */
int lost_end(const struct runtime *runtime, const struct held_info *info);

#endif
