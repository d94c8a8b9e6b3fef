/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a command writes: libc's streams if it has a process of its own, others in a batch or a
 * holder.
 */
#ifndef CLI_CORE_STREAMS_H
#define CLI_CORE_STREAMS_H

#include <stdio.h>

struct streams {
	FILE *out; /* data */
	FILE *err; /* all else */
};

#endif
