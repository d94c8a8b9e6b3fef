// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD into gmemctl: sends a signal as soon as gmemctl catches signals, before a command
 * has looked at anything. SIGHUP is the last signal that gmemctl catches.
 */
#include <dlfcn.h>
#include <signal.h>

int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	int (*next)(int, const struct sigaction *, struct sigaction *);
	int ret;

	*(void **)&next = dlsym(RTLD_NEXT, __func__);
	ret = next(number, action, old);
	if (number == SIGHUP && action && action->sa_handler != SIG_DFL &&
	    action->sa_handler != SIG_IGN)
		raise(SIGTERM);
	return ret;
}
