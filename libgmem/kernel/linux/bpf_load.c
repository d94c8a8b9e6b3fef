// SPDX-License-Identifier: LGPL-2.1-or-later
/* Loading BPF programs without a word on standard error: libgmem does not print. */
#include <pthread.h>
#include <bpf/libbpf.h>

#include "kernel/linux/bpf_load.h"

/* Failures are told through what the load returns. */
static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/*
 * The function that libbpf prints through is one for the whole process, and so is this lock: two
 * that load at a time would each take the other's silence for what was there before. A function
 * that the application sets meanwhile stays.
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
