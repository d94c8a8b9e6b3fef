// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text of /proc/PID: the mappings of guest_memfds, and whose thread a thread is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "procfs/fd.h"
#include "procfs/file.h"
#include "procfs/maps.h"

/* show_map_vma() in fs/proc/task_mmu.c: "start-end perms offset major:minor inode path". */
static bool parse_line(const char *line, struct gmem_mapping *out)
{
	unsigned long long start, end, ino;
	unsigned int major, minor;

	if (sscanf(line, "%llx-%llx %*s %*x %x:%x %llu", &start, &end, &major, &minor, &ino) != 5 ||
	    end <= start)
		return false;
	*out = (struct gmem_mapping){
		.start = start,
		.end = end,
		.dev = makedev(major, minor),
		.ino = ino,
	};
	return true;
}

/* Few processes have such a line at all: the text is searched, only what is found is parsed. */
static int parse_maps(const char *text, gmem_mapping_fn fn, void *arg)
{
	const char *mark = text;
	int ret = 0;

	while (!ret && (mark = strstr(mark, GMEM_LINK_MARK))) {
		struct gmem_mapping mapping;
		const char *line = mark;

		while (line > text && line[-1] != '\n')
			line--;
		if (parse_line(line, &mapping))
			ret = fn(&mapping, arg);
		mark += strcspn(mark, "\n");
	}
	return ret;
}

int gmem_maps_read(struct gmem_ctx *ctx, pid_t pid, gmem_mapping_fn fn, void *arg, bool *empty)
{
	char path[32], *text;
	int ret;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	else
		snprintf(path, sizeof(path), "/proc/self/maps");
	ret = gmem_read_file(ctx, path, &text, NULL);
	if (ret)
		return ret;
	if (empty)
		*empty = !*text;
	ret = parse_maps(text, fn, arg);
	free(text);
	return ret;
}

int gmem_process_of(struct gmem_ctx *ctx, pid_t tid, pid_t *pid)
{
	static const char key[] = "\nTgid:";
	char path[32], *text, *line;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	ret = gmem_read_file(ctx, path, &text, NULL);
	if (ret)
		return ret == -ENOMEM ? ret : -ESRCH;
	line = strstr(text, key);
	*pid = line ? (pid_t)strtol(line + sizeof(key) - 1, NULL, 10) : tid;
	free(text);
	return 0;
}
