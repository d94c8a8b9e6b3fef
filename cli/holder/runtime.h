/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The private folder that says which VMs are held: for each a socket, NAME.sock, and a file,
 * NAME.vm, which the holder keeps locked as long as it lives and in which it says what it keeps. A
 * file that is not locked was left by a holder that was killed.
 */
#ifndef CLI_HOLDER_RUNTIME_H
#define CLI_HOLDER_RUNTIME_H

#include <limits.h>

#include "held/held.h"

struct runtime {
	char path[PATH_MAX];
	int fd; /* -1: there is no such folder, so nothing is held */
};

/*
 * Opens /run/gmemctl of root, $XDG_RUNTIME_DIR/gmemctl of others, or $GMEMCTL_RUNTIME_DIR/gmemctl
 * where that is set, and makes it if create is set. It must belong to the user, and others must
 * have no access. Fails with a message.
 */
enum status runtime_open(struct cli *cli, bool create, struct runtime *runtime);
void runtime_close(struct runtime *runtime);

/*
 * Opens it if it is there and belongs to the user, and prints nothing. Returns 0 or a negative
 * errno.
 */
int runtime_find(struct runtime *runtime);

/*
 * Opens the folder at its path once more, and makes it where it is gone. Returns 0 or a negative
 * errno.
 */
int runtime_make_again(struct runtime *runtime);

/*
 * Whether NAME.vm is still the locked file; and whether that is so at the folder's path, with a
 * socket.
 */
bool runtime_owns(const struct runtime *runtime, const char *name, int lock);
bool runtime_is_there(const struct runtime *runtime, const char *name, int lock);

enum runtime_lock {
	RUNTIME_NONE, /* there is no such file */
	RUNTIME_HELD, /* a living holder has it */
	RUNTIME_OURS, /* the lock is ours now: nobody has it */
	RUNTIME_ERROR,
};

/*
 * Tries to lock NAME.vm, and with create makes it. *fd is a descriptor to close, except for
 * RUNTIME_NONE and RUNTIME_ERROR, which sets errno.
 */
enum runtime_lock runtime_lock(const struct runtime *runtime, const char *name, bool create,
			       int *fd);

/*
 * Reads NAME.vm. Returns false if it is empty: its holder is not ready yet, or was killed before it
 * was ready.
 */
bool runtime_read(int fd, struct held_info *info);
/* Writes it. Returns 0 or a negative errno. */
int runtime_write(int fd, const struct held_info *info);

/* Removes socket and file; the lock must be ours. Returns 0 or a negative errno. */
int runtime_remove(const struct runtime *runtime, const char *name);

/* Removes the socket alone. */
int runtime_remove_socket(const struct runtime *runtime, const char *name);

/* A socket that listens at NAME.sock, or a negative errno; the lock must be ours. */
int runtime_listen(const struct runtime *runtime, const char *name);

/* After a fork: from now on clients see this process behind the socket (SO_PEERCRED). */
void runtime_own(int listener);

/* A connection to NAME.sock, or a negative errno. */
int runtime_connect(const struct runtime *runtime, const char *name);

/*
 * Calls fn for each name that has a file, in the order of names, until it returns another status.
 */
enum status runtime_each(struct cli *cli, const struct runtime *runtime,
			 enum status (*fn)(struct cli *cli, const struct runtime *runtime,
					   const char *name, void *arg),
			 void *arg);

#endif
