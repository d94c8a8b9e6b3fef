// SPDX-License-Identifier: LGPL-2.1-or-later
/* Loads BPF programs without output on standard error: libgmem does not print. */
#include <pthread.h>
#include <bpf/libbpf.h>

#include "kernel/linux/bpf_load.h"

/* The return value of load reports failures. */
static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/*
 * libbpf has one print function for the whole process, so there is one lock for it: of two loads at
 * the same time, one would take the other's silent function for the original one. If the
 * application sets a function meanwhile, that one stays.
 */
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

int gmem_bpf_load_silently(int (*load)(void *arg), void *arg)
{
	libbpf_print_fn_t before, meanwhile;
	int ret;

	pthread_mutex_lock(&printing);
	before = libbpf_set_print(silent);
	ret = load(arg);
	meanwhile = libbpf_set_print(before);
	if (meanwhile != silent)
		libbpf_set_print(meanwhile);
	pthread_mutex_unlock(&printing);
	return ret;
}
