/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_DUMP_HEADER_H
#define GMEM_DUMP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether a file of length bytes begins as a dump does that libkdumpfile may be given: ELF of 64
 * bits, or makedumpfile's compressed form, with all that the header tells of inside the file.
 * Otherwise why gets the reason. Errors: EBADMSG, ENOTSUP.
 */
int gmem_dump_header_check(int fd, uint64_t length, char *why, size_t size);

#endif
