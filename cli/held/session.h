/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMs that one process keeps under names, and the kernel they are on: of a holder, which keeps
 * one for other processes, or of a batch.
 */
#ifndef CLI_HELD_SESSION_H
#define CLI_HELD_SESSION_H

#include "core/cli.h"
#include "held/held.h"

#define SESSION_VMS_MAX 64
#define SESSION_FDS_MAX 2

struct holder;

struct session {
	struct gmem_ctx *ctx; /* NULL until a command opened it */
	struct held *vms[SESSION_VMS_MAX];
	size_t n;
	struct holder *holder;			      /* NULL: a batch */
	bool (*is_over)(const struct holder *holder); /* whether it is to end by itself; or NULL */
	int peer; /* connection to the client that waits for the running command, or -1 */
	/* In a holder: the file that the client opened for the command to read. */
	int file;
	bool has_file;
	/*
	 * Descriptors that the command leaves for its client, which then runs a program with them.
	 */
	int fds[SESSION_FDS_MAX];
	size_t n_fds;
};

/* The VM of that name, or NULL. */
struct held *session_find(const struct session *session, const char *name);

/* The VM that a command's first argument names; fails if there is no such VM. */
enum status session_need(struct cli *cli, struct held **out);

/* Takes over a VM. Fails where there are too many. */
enum status session_add(struct cli *cli, struct held *held);

/* Releases one VM. */
void session_drop(struct session *session, struct held *held);

/* Releases all, and the kernel. */
void session_end(struct session *session);

/*
 * Whether the running command has to end: a signal came in, or the client that asked for it has
 * gone.
 */
bool session_interrupted(struct session *session);

/*
 * Whether it has to stop waiting for others: for the same reasons, or because its holder's time is
 * over.
 */
bool session_gives_up(struct session *session);

#endif
