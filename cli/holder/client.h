/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The side of a holder's socket that asks. */
#ifndef CLI_HOLDER_CLIENT_H
#define CLI_HOLDER_CLIENT_H

#include "holder/request.h"
#include "holder/runtime.h"

/* Whether the command line is for a holder: its first argument names a VM. */
bool client_is_for_holder(const struct cli *cli);

/* Says that none is held under that name, and what to do. */
enum status client_not_held(struct cli *cli, const char *name);

/*
 * Has the holder of the VM run the whole command line, and returns its status; *answer, zeroed,
 * tells where no holder has written the answer.
 */
struct client_answer {
	bool none; /* no VM of that name is held, and the command takes that: it is to run here */
	struct held_info
		lost; /* pid above 0: it had lost its files, and was ended in another way */
};

enum status client_forward(struct cli *cli, struct client_answer *answer);

/*
 * Waits for the reply on a connection. A signal ends the connection's way there, by which the
 * other side knows, and the wait goes on, for CLIENT_PATIENCE seconds or until a second signal.
 * Returns its length, 0 where the other side is gone without one, -ETIMEDOUT or -EINTR where it has
 * not answered by then, or another negative errno.
 */
#define CLIENT_PATIENCE 10
ssize_t client_wait(int connection, struct reply *reply, int fds[], size_t *n);

/*
 * What to do with a VM whose holder is gone and whose lock is ours: removes what it left, and says
 * what happened in words, size bytes. Returns 0, or the negative errno with which it stayed.
 */
int client_clean(const struct runtime *runtime, const char *name, int lock, char *words,
		 size_t size);

#endif
