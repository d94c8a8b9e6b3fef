// SPDX-License-Identifier: GPL-2.0-or-later
#include "holder/passing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int passing_send(int socket, const void *packet, size_t length, const int *fds, size_t n)
{
	char control[CMSG_SPACE(sizeof(int) * PASSING_FDS_MAX)] = { 0 };
	struct iovec part = { .iov_base = (void *)packet, .iov_len = length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (n) {
		struct cmsghdr *header = (struct cmsghdr *)control;

		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * n);
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static void take_fds(struct msghdr *message, int fds[PASSING_FDS_MAX], size_t *n)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	for (; header; header = CMSG_NXTHDR(message, header)) {
		size_t came;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		came = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < came && *n < PASSING_FDS_MAX; i++)
			memcpy(&fds[(*n)++], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
	}
}

ssize_t passing_receive(int socket, void *packet, size_t size, int fds[PASSING_FDS_MAX], size_t *n)
{
	/* Room for no more descriptors than fds: the kernel closes those that do not fit. */
	char control[CMSG_SPACE(sizeof(int) * PASSING_FDS_MAX)];
	struct iovec part = { .iov_base = packet, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;
	bool full;

	*n = 0;
	do
		got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	take_fds(&message, fds, n);
	if (!(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return got;
	passing_close(fds, *n);
	/*
	 * All that fit came, or the table of this process is full (scm_detach_fds() in
	 * net/core/scm.c).
	 */
	full = message.msg_flags & MSG_CTRUNC && *n < PASSING_FDS_MAX;
	*n = 0;
	return full ? -EMFILE : -EMSGSIZE;
}

void passing_close(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

int passing_peer(int socket, pid_t *pid)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length))
		return -errno;
	*pid = peer.pid;
	return peer.uid == geteuid() ? 0 : -EACCES;
}
