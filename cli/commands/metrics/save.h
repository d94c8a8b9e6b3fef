/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that others read at any time: they find the old content or the new one, never a part. */
#ifndef CLI_COMMANDS_METRICS_SAVE_H
#define CLI_COMMANDS_METRICS_SAVE_H

#include "core/cli.h"

/*
 * Writes size bytes of text to a dot-file beside path, which readers of *.prom pass over, and
 * renames it. Mode 0644, for a reader of another user. A symbolic link stays, and the file that it
 * leads to is replaced. Anything that is not a regular file is refused. If something fails, path is
 * unchanged.
 */
enum status save_file(struct cli *cli, const char *path, const char *text, size_t size);

#endif
