/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a holder share. */
#ifndef CLI_HOLDER_INTERNAL_H
#define CLI_HOLDER_INTERNAL_H

#include <stdint.h>

#include "holder/holder.h"
#include "holder/request.h"
#include "holder/runtime.h"

#define HOLDER_WAITING_MAX 32

/* A connection with a request that has not been run. */
struct waiting {
	int fd;
	int64_t until; /* until when it may stay silent; CLOCK_MONOTONIC, ms */
};

struct holder {
	struct runtime runtime;
	char name[HELD_NAME_MAX + 1];
	int lock;		     /* NAME.vm */
	int listener;		     /* NAME.sock */
	int parent;		     /* the process that waits for create, or -1 */
	struct timespec deadline;    /* CLOCK_MONOTONIC; 0: none */
	time_t expires;		     /* the same as time() has it */
	int users[HOLDER_USERS_MAX]; /* pidfds of those that have not ended */
	size_t n_users;
	bool had_users;
	struct waiting waiting[HOLDER_WAITING_MAX];
	size_t n_waiting;
	int spare;	      /* descriptor that is given up to tell a client that no descriptor
			       * is left */
	int64_t accept_again; /* no connection is taken before; CLOCK_MONOTONIC, ms */
	int64_t look_again;   /* whether the files are still there; CLOCK_MONOTONIC, ms */
	int farewell;	      /* connection that asked for the end, or -1; it gets the reply when
			       * everything is released */
	enum status farewell_status;
};

/* Closes what it has, and frees it. */
void holder_free(struct holder *holder);

/* Serves until the VM is destroyed, its time is over, its users have ended, or a signal came. */
void holder_serve(struct session *session);

/* Whether its time is over, or all its users have ended. */
bool holder_is_over(const struct holder *holder);

/*
 * Makes the files of this holder again if they are gone. Returns false if that is not possible now.
 */
bool holder_remake(struct session *session);

/* Runs the request on a connection and replies. */
void holder_handle(struct session *session, int connection);

/* Writes down what is held now, in the file that was locked. */
bool holder_tell(struct session *session, int lock);

/*
 * Tells a client that its request does not run, or not yet: any kind except REPLY_STATUS and
 * REPLY_EXEC.
 */
void holder_say(int connection, enum reply_kind kind);

int holder_reply(int connection, enum status status, const int *fds, size_t n);

#endif
