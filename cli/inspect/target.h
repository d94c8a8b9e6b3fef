/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TARGET, the guest_memfds that a command is about: PID:FD, PID:mmap for those that the process
 * has mapped and no descriptor of, PID for all that it has, or the name of a held VM.
 */
#ifndef CLI_INSPECT_TARGET_H
#define CLI_INSPECT_TARGET_H

#include "core/cli.h"
#include "core/progress.h"

#define TARGET_MAPPED (-1) /* for fd: it is mapped only */

/* One guest_memfd, open for as long as the call lasts. */
typedef enum status (*target_fn)(struct cli *cli, pid_t pid, int fd, struct gmem_target *target,
				 void *arg);

/*
 * Calls fn for each guest_memfd that text names, by ascending fd, then by address. Returns the
 * worst status of all calls, STATUS_PARTLY where some worked and some could not be opened.
 */
enum status target_each(struct cli *cli, const char *text, target_fn fn, void *arg);

/*
 * From now on progress is drawn while libgmem walks over target. The bytes in progress->before are
 * done, and those of target count from progress->start on, out of progress->length.
 */
void target_show_progress(struct gmem_target *target, struct progress *progress);

#endif
