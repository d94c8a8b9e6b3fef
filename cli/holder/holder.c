// SPDX-License-Identifier: GPL-2.0-or-later
/* The rest of a holder's life: it serves, and at its end leaves nothing. */
#include "holder/holder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "holder/internal.h"

/* The streams of who created it may end now; nothing is written there any more. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	if (chdir("/"))
		return; /* then a file system is kept busy, no more */
}

/* A create that failed leaves nothing, be it only that its answer could not be written. */
static bool is_kept(const struct session *session, enum status status)
{
	return session->n && (status == STATUS_YES || status == STATUS_PARTLY);
}

int holder_main(struct session *session, enum status status)
{
	struct holder *holder = session->holder;
	bool keeps = is_kept(session, status);

	session->peer = -1;
	signal(SIGPIPE, SIG_IGN);
	if (keeps) {
		leave_terminal();
		/* Who was to be told is gone: nobody knows of this VM. */
		keeps = !holder_reply(holder->parent, status, NULL, 0);
	} else if (!status) {
		status = STATUS_FAILED;
	}
	if (keeps) {
		close(holder->parent);
		holder->parent = -1;
		holder_serve(session);
	}
	session_end(session);
	/* Where its files were deleted, the name may be another holder's by now. */
	if (runtime_owns(&holder->runtime, holder->name, holder->lock))
		runtime_remove(&holder->runtime, holder->name);
	if (holder->farewell >= 0) {
		holder_reply(holder->farewell, holder->farewell_status, NULL, 0);
		close(holder->farewell);
	}
	/* Only now, when nothing is left, does create fail. */
	if (!keeps && holder->parent >= 0)
		holder_reply(holder->parent, status, NULL, 0);
	holder_free(holder);
	free(session);
	return (int)status;
}
