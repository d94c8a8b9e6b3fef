/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which capabilities a command keeps, and giving up all others. */
#ifndef CLI_CORE_PRIVILEGE_H
#define CLI_CORE_PRIVILEGE_H

#include "core/command.h"

/* Keeps what the command needs, of what there is; on a simulated kernel nothing. */
enum status privilege_keep(struct cli *cli);

/* The reader of kernel memory is open and needs its capabilities no longer. */
void privilege_reader_is_open(struct cli *cli);

/* "bpf,perfmon,sys_rawio", "-" for none. Returns buffer. */
const char *privilege_names(const struct command *command, char *buffer, size_t size);

#endif
