// SPDX-License-Identifier: GPL-2.0-or-later
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

/* sig_atomic_t is an int here, and gmem_populate() wants one. */
static volatile int noted;
static volatile sig_atomic_t came;

static void note_signal(int signal)
{
	(void)signal;
	came = 1;
	noted = 1;
}

/* Without SA_RESTART: a long call of the kernel ends. */
void interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = note_signal }, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

bool interrupted(void)
{
	return noted;
}

void interrupt_note(void)
{
	noted = 1;
}

void interrupt_forget(void)
{
	noted = came;
}

const volatile int *interrupt_flag(void)
{
	return &noted;
}
