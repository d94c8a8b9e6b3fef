/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that change a held VM have in common. */
#ifndef CLI_HELD_STEP_H
#define CLI_HELD_STEP_H

#include "core/command.h"
#include "held/range.h"

/*
 * A step that worked prints nothing, like mkdir. Its facts are for programs (--json) and for users
 * who ask (--verbose).
 */
void step_fact(struct cli *cli, const char *name, enum kind kind, struct cell value);

/* Fails for a step that ended before its end, and says how much was done, and why it ended. */
enum status step_partly(struct cli *cli, uint64_t done, uint64_t length, int error);

#endif
