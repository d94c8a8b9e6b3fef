// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD into gmemctl: a signal comes while the kernel is being opened, before a command
 * has looked at anything. It works where gmemctl links libgmem.so.
 */
#include <dlfcn.h>
#include <signal.h>

#include <gmem/base.h>

int gmem_ctx_new_simulated(const char *model, struct gmem_ctx **out)
{
	int (*next)(const char *, struct gmem_ctx **);

	*(void **)&next = dlsym(RTLD_NEXT, __func__);
	raise(SIGTERM);
	return next(model, out);
}
