/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT, SIGTERM and SIGHUP ask a command to end; what it made is then released, or told of. */
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

/* The same as if a signal had come in; and forgets that, where none had. */
void interrupt_note(void);
void interrupt_forget(void);

/* The number behind interrupted(), not 0 once a signal came in: cancel of gmem_cancel(). */
const volatile int *interrupt_flag(void);

/*
 * Waits so many seconds, or until such a signal comes or nobody reads standard output any more.
 * Returns false where it was not the time that ended it.
 */
bool interrupt_wait(double seconds);

/*
 * Waits until there is something to read, so many seconds, below 0 without end. *seen: how many
 * signals were seen, 0 at first; one that has come since ends the wait. Returns 1, 0 when the time
 * is over, -EINTR, or another negative errno.
 */
int interrupt_poll(int fd, int seconds, unsigned int *seen);

#endif
