// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory of the calling process, which is this process: a bad pointer must end in EFAULT, not in
 * a signal, so the host kernel does the copying.
 */
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/sim/internal.h"

#define PIPE_CHUNK 4096u /* a pipe that is empty takes so much at once (PIPE_BUF) */

static int copied(ssize_t done, size_t length)
{
	return done == (ssize_t)length ? 0 : -EFAULT;
}

/* Some sandboxes and emulators forbid process_vm_readv(2), or do not know it. */
static bool is_refused(ssize_t done)
{
	return done < 0 && (errno == EPERM || errno == ENOSYS);
}

static int copy_through_pipe(void *to, const void *from, size_t length)
{
	int fds[2], ret = 0;

	if (pipe2(fds, O_CLOEXEC))
		return -EFAULT;
	for (size_t done = 0; !ret && done < length;) {
		size_t chunk = length - done < PIPE_CHUNK ? length - done : PIPE_CHUNK;

		ret = copied(write(fds[1], (const char *)from + done, chunk), chunk);
		if (!ret)
			ret = copied(read(fds[0], (char *)to + done, chunk), chunk);
		done += chunk;
	}
	close(fds[0]);
	close(fds[1]);
	return ret;
}

int sim_copy_from_user(void *to, uint64_t from, size_t length)
{
	struct iovec local = { to, length };
	struct iovec remote = { (void *)(uintptr_t)from, length };
	ssize_t done = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	return is_refused(done) ? copy_through_pipe(to, remote.iov_base, length)
				: copied(done, length);
}

int sim_copy_to_user(uint64_t to, const void *from, size_t length)
{
	struct iovec local = { (void *)(uintptr_t)from, length };
	struct iovec remote = { (void *)(uintptr_t)to, length };
	ssize_t done = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);

	return is_refused(done) ? copy_through_pipe(remote.iov_base, from, length)
				: copied(done, length);
}
