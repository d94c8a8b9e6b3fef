/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's side of a holder's socket. */
#ifndef CLI_HOLDER_CLIENT_H
#define CLI_HOLDER_CLIENT_H

#include "holder/request.h"
#include "holder/runtime.h"

/* Whether the command line is for a holder: its first argument names a VM. */
bool client_is_for_holder(const struct cli *cli);

/* Fails, because no VM is held under that name, and says what to do. */
enum status client_not_held(struct cli *cli, const char *name);

/*
 * Lets the holder of the VM run the whole command line, and returns its status. *answer, which the
 * caller zeroes, tells whether no holder has written the answer.
 */
struct client_answer {
	bool none; /* no VM of that name is held, and the command accepts that: it runs here */
	struct held_info
		lost; /* pid above 0: it had lost its files, and was ended in another way */
};

enum status client_forward(struct cli *cli, struct client_answer *answer);

/*
 * Waits for the reply on a connection. After a signal it shuts down its direction of the
 * connection, so that the holder knows, and goes on waiting, for CLIENT_PATIENCE seconds or until a
 * second signal. Returns the length of the reply, 0 if the holder is gone without one, -ETIMEDOUT
 * or -EINTR if it has not answered by then, or another negative errno.
 */
#define CLIENT_PATIENCE 10
ssize_t client_wait(int connection, struct reply *reply, int fds[], size_t *n);

/*
 * For a VM of which the holder is gone and we have the lock: removes what the holder left, and
 * writes what happened into words, size bytes. Returns 0, or a negative errno if it could not be
 * removed.
 */
int client_clean(const struct runtime *runtime, const char *name, int lock, char *words,
		 size_t size);

#endif
