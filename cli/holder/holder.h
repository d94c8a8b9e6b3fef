/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A holder: a process that keeps a VM under a name and runs commands on it for others, one at a
 * time. It is needed because KVM takes ioctls on a VM only from the process that created it.
 */
#ifndef CLI_HOLDER_HOLDER_H
#define CLI_HOLDER_HOLDER_H

#include "held/session.h"

#define HOLDER_USERS_MAX 16

/* How long a VM is kept, unless destroy or a signal ends it earlier. */
struct holder_limits {
	uint64_t ttl;		       /* seconds; 0: no limit */
	pid_t users[HOLDER_USERS_MAX]; /* until the last of these processes has ended */
	size_t n_users;
};

/*
 * Begins a holder for the VM that create is to make, and waits until it is ready. Returns its
 * status; in the new process STATUS_YES with cli->session set, to go on with the command.
 */
enum status holder_fork(struct cli *cli);

/* Limits for the VM that this holder makes. Fails where a process is not there. */
enum status holder_limit(struct cli *cli, const struct holder_limits *limits);

/*
 * In a holder: writes down what it will keep, so that others find it. Fails if that is not
 * possible.
 */
enum status holder_announce(struct cli *cli, struct held *held);

/* The rest of a holder's life, after its create ended with status. Returns the exit status. */
int holder_main(struct session *session, enum status status);

#endif
