/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a command on the descriptors of a VM. */
#ifndef CLI_HOLDER_EXEC_FDS_H
#define CLI_HOLDER_EXEC_FDS_H

#include "core/cli.h"

#define EXEC_FDS 2u /* the VM's and its memory's */

/* As env(1) and the shell have it. */
#define EXEC_CANNOT_RUN 126
#define EXEC_NOT_FOUND 127

/*
 * Becomes the command that follows NAME, with the VM's and the memory's descriptors, numbers in
 * its environment. Returns only where it could not, with env(1)'s status.
 */
enum status exec_in_place(struct cli *cli, const int *fds, size_t n);

#endif
