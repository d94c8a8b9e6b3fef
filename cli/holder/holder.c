// SPDX-License-Identifier: GPL-2.0-or-later
/* The rest of a holder's life: it serves requests, and leaves nothing behind at its end. */
#include "holder/holder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "holder/internal.h"

/* The streams of the process that created it may be closed now; nothing more is written to them. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	if (chdir("/"))
		return; /* if this fails, a file system stays busy, and nothing worse */
}

/* A create that failed leaves nothing, even if only its answer could not be written. */
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
		/* The client is gone, so nobody knows about this VM. */
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
	/* If its files were deleted, another holder may have the name by now. */
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
