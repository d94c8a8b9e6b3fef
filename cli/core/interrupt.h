/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT, SIGTERM and SIGHUP ask a command to end. It then releases what it made, or reports it. */
#ifndef CLI_CORE_INTERRUPT_H
#define CLI_CORE_INTERRUPT_H

#include <stdbool.h>

/*
 * From now on the signals are noted instead of ending the process. A signal that the caller
 * ignores (nohup) stays ignored.
 */
void interrupt_catch(void);

/* Whether the user wants it to end. */
bool interrupted(void);

/* Acts as if a signal had come in; and undoes that, unless a signal did come in. */
void interrupt_note(void);
void interrupt_forget(void);

/* The number behind interrupted(), not 0 once a signal came in: cancel of gmem_cancel(). */
const volatile int *interrupt_flag(void);

/*
 * Waits this many seconds, or until such a signal comes or nobody reads standard output any more.
 * Returns false if something other than the time ended it.
 */
bool interrupt_wait(double seconds);

/*
 * Waits until there is something to read, for this many seconds; below 0: without end. *seen is how
 * many signals were seen, 0 at first; a newer signal ends the wait. Returns 1, 0 when the time is
 * over, -EINTR, or another negative errno.
 */
int interrupt_poll(int fd, int seconds, unsigned int *seen);

/*
 * Waits so many seconds for keys on a terminal, or until any signal comes, SIGWINCH too where the
 * caller blocks it. Returns 1, 0 when the time is over, -EINTR, -EPIPE where the terminal is gone,
 * or another negative errno.
 */
int interrupt_key(int fd, double seconds);

#endif
