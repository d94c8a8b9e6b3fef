// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD: lets malloc() fail in the n-th call by libnuma. NUMA_NO_MEMORY has n.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool refused(const void *caller)
{
	static unsigned long n;
	const char *at = getenv("NUMA_NO_MEMORY");
	Dl_info from;

	return at && dladdr(caller, &from) && strstr(from.dli_fname, "libnuma") &&
	       ++n == strtoul(at, NULL, 10);
}

void *malloc(size_t size)
{
	static void *(*next)(size_t size);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "malloc");
	return refused(__builtin_return_address(0)) ? NULL : next(size);
}
