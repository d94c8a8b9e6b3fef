// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "core/interrupt.h"

struct held *session_find(const struct session *session, const char *name)
{
	for (size_t i = 0; i < session->n; i++)
		if (!strcmp(session->vms[i]->name, name))
			return session->vms[i];
	return NULL;
}

enum status session_need(struct cli *cli, struct held **out)
{
	enum status status = held_check_name(cli, cli->args[0]);

	if (status)
		return status;
	*out = session_find(cli->session, cli->args[0]);
	if (*out)
		return STATUS_YES;
	return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_HELD),
			   "no VM has the name '%s' here; a batch knows those that it created",
			   cli->args[0]);
}

enum status session_add(struct cli *cli, struct held *held)
{
	struct session *session = cli->session;

	if (session->n == SESSION_VMS_MAX)
		return cli_fail(cli, STATUS_FAILED, "one process keeps at most %d VMs",
				SESSION_VMS_MAX);
	session->vms[session->n++] = held;
	return STATUS_YES;
}

void session_drop(struct session *session, struct held *held)
{
	for (size_t i = 0; i < session->n; i++) {
		if (session->vms[i] != held)
			continue;
		session->vms[i] = session->vms[--session->n];
		held_free(held);
		return;
	}
}

void session_end(struct session *session)
{
	while (session->n)
		session_drop(session, session->vms[session->n - 1]);
	gmem_ctx_free(session->ctx);
	session->ctx = NULL;
}

bool session_interrupted(struct session *session)
{
	struct pollfd peer = { .fd = session ? session->peer : -1, .events = POLLRDHUP };

	if (!interrupted() && peer.fd >= 0 && poll(&peer, 1, 0) > 0)
		interrupt_note();
	return interrupted();
}

bool session_gives_up(struct session *session)
{
	if (session && session->is_over && session->is_over(session->holder))
		interrupt_note();
	return session_interrupted(session);
}
