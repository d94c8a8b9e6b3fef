// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD into gmemctl: replaces libkdumpfile's kdump_read() where dlsym()
 * is asked for it. With GMEM_READS_FILE it writes
 * to that file, when the process ends, how many reads there were and how long they took: "READS
 * NANOSECONDS". With GMEM_CUT_DUMP it cuts off the second half of that dump at read number
 * GMEM_CUT_AT, as if somebody copied another dump to its place. With GMEM_CUT_HOW=grow the dump
 * grows instead, and with GMEM_CUT_HOW=touch only its time changes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t reads, nanoseconds;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void cut(const char *path)
{
	struct stat st;

	const struct timespec long_ago[2] = { { 0 } };
	const char *how = getenv("GMEM_CUT_HOW");
	int ret = stat(path, &st);

	if (ret)
		abort();
	if (how && !strcmp(how, "touch"))
		ret = utimensat(AT_FDCWD, path, long_ago, 0);
	else if (how && !strcmp(how, "grow"))
		ret = truncate(path, st.st_size + 4096);
	else
		ret = truncate(path, st.st_size / 2);
	if (ret)
		abort();
}

__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("GMEM_READS_FILE");
	FILE *file = path ? fopen(path, "we") : NULL;

	if (!file)
		return;
	fprintf(file, "%llu %llu\n", (unsigned long long)reads, (unsigned long long)nanoseconds);
	fclose(file);
}

/* kdump_status kdump_read(kdump_ctx_t *, kdump_addrspace_t, kdump_addr_t, void *, size_t *) */
static int (*next)(void *, int, uint64_t, void *, size_t *);

static int read_dump(void *ctx, int space, uint64_t address, void *buffer, size_t *length)
{
	const char *path = getenv("GMEM_CUT_DUMP"), *at = getenv("GMEM_CUT_AT");
	uint64_t began;
	int status;

	reads++;
	if (path && at && reads == strtoull(at, NULL, 10))
		cut(path);
	began = now();
	status = next(ctx, space, address, buffer, length);
	nanoseconds += now() - began;
	return status;
}

void *dlsym(void *library, const char *name)
{
	static void *(*find)(void *, const char *);

	if (!find)
		*(void **)&find = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
	if (strcmp(name, "kdump_read"))
		return find(library, name);
	*(void **)&next = find(library, name);
	return read_dump;
}
