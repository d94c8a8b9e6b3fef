/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TARGET in a dump. No process can be asked there, so it is looked for among all guest_memfds. */
#ifndef CLI_INSPECT_DUMPED_H
#define CLI_INSPECT_DUMPED_H

#include "inspect/target.h"

#define DUMPED_ANY (-2) /* for fd: however the process has it */

struct dumped {
	bool by_inode;
	uint64_t inode; /* by_inode */
	pid_t pid;
	int fd; /* or TARGET_MAPPED, DUMPED_ANY */
};

/* As target_each(), for those that wanted names. */
enum status dumped_each(struct cli *cli, const struct dumped *wanted, target_fn fn, void *arg);

#endif
