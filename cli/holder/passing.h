/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets with descriptors, and the process on the other side. */
#ifndef CLI_HOLDER_PASSING_H
#define CLI_HOLDER_PASSING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PASSING_FDS_MAX 8

/* Sends a packet with n descriptors. Returns 0 or a negative errno. */
int passing_send(int socket, const void *packet, size_t length, const int *fds, size_t n);

/*
 * Takes a packet, without waiting. Returns its length, 0 where the other side is gone, or a
 * negative errno: EMSGSIZE where it is longer than size or has too many descriptors, EMFILE where
 * this process has no room for them. The caller closes what came in fds, which are close-on-exec.
 */
ssize_t passing_receive(int socket, void *packet, size_t size, int fds[PASSING_FDS_MAX], size_t *n);

void passing_close(const int *fds, size_t n);

/*
 * The process at the other end. Returns 0 or a negative errno: EACCES where it is another user's.
 */
int passing_peer(int socket, pid_t *pid);

#endif
