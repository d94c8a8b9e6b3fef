// SPDX-License-Identifier: GPL-2.0-or-later
/* If the files of a holder were deleted, it makes them again, so that commands reach it. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder/internal.h"

/*
 * Under the old name, if nobody else has taken it since. The socket comes last: a client that sees
 * it finds the file beside it complete.
 */
static bool make_files(struct session *session, const struct runtime *runtime, int *lock,
		       int *listener)
{
	const char *name = session->holder->name;

	switch (runtime_lock(runtime, name, true, lock)) {
	case RUNTIME_OURS:
		break;
	case RUNTIME_HELD:
		close(*lock);
		return false;
	default:
		return false;
	}
	if (holder_tell(session, *lock))
		*listener = runtime_listen(runtime, name);
	/* Only the file beside it was deleted, and the lock is ours: the socket is the old one. */
	if (*listener == -EADDRINUSE && !runtime_remove_socket(runtime, name))
		*listener = runtime_listen(runtime, name);
	if (*listener >= 0)
		return true;
	runtime_remove(runtime, name);
	close(*lock);
	return false;
}

bool holder_remake(struct session *session)
{
	struct holder *holder = session->holder;
	struct runtime runtime = holder->runtime;
	int lock = -1, listener = -1;

	if (runtime_is_there(&holder->runtime, holder->name, holder->lock))
		return true;
	if (runtime_make_again(&runtime))
		return false;
	/* If only the socket is gone, its own lock would be in the way. */
	if (runtime_owns(&runtime, holder->name, holder->lock)) {
		listener = runtime_listen(&runtime, holder->name);
		lock = holder->lock;
	} else if (make_files(session, &runtime, &lock, &listener)) {
		close(holder->lock);
	}
	if (listener < 0) {
		runtime_close(&runtime);
		return false;
	}
	close(holder->listener);
	runtime_close(&holder->runtime);
	holder->runtime = runtime;
	holder->lock = lock;
	holder->listener = listener;
	return true;
}
