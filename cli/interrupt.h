/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user, or the service manager, wants the command to end. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP are noted instead of ending the process. */
void interrupt_catch(void);

/* Whether one of them came. */
bool interrupt_came(void);

/*
 * Waits so many seconds, or until such a signal comes or nobody reads standard output any more.
 * Returns false where it was not the time that ended it.
 */
bool interrupt_wait(double seconds);

#endif
