// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text of /proc/PID: the mappings of guest_memfds, and the process of a thread. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/bounded.h"
#include "procfs/fd.h"
#include "procfs/file.h"
#include "procfs/maps.h"

#define GMEM_LINK_MARK "[kvm-gmem]"
#define CHUNK 32768 /* of the text that is held; a line is as long as a path, escaped, at most */

/* show_map_vma() in fs/proc/task_mmu.c: "start-end perms offset major:minor inode path". */
static bool parse_line(const char *line, struct gmem_mapping *out)
{
	unsigned long long start, end, ino;
	unsigned int major, minor;
	int path = 0;

	if (sscanf(line, "%llx-%llx %*s %*x %x:%x %llu %n", &start, &end, &major, &minor, &ino,
		   &path) != 5 ||
	    end <= start || !path || !gmem_link_may_be_guest_memfd(line + path))
		return false;
	*out = (struct gmem_mapping){
		.start = start,
		.end = end,
		.dev = makedev(major, minor),
		.ino = ino,
	};
	return true;
}

/* The text as it comes in: what is held of it ends where a line may go on. */
struct stream {
	gmem_mapping_fn fn;
	void *arg;
	size_t used;
	bool skips; /* a line longer than all that is held: to its end */
	char text[CHUNK + 1];
};

/*
 * Few processes have such a line. So the text is searched, and only lines that are found are
 * parsed.
 */
static int parse_lines(struct stream *stream, char *text)
{
	char *mark = text;
	int ret = 0;

	while (!ret && (mark = strstr(mark, GMEM_LINK_MARK))) {
		struct gmem_mapping mapping;
		char *line = mark, *end = mark + strcspn(mark, "\n");
		char after = *end;

		while (line > text && line[-1] != '\n')
			line--;
		*end = '\0';
		if (parse_line(line, &mapping))
			ret = stream->fn(&mapping, stream->arg);
		*end = after;
		mark = end;
	}
	return ret;
}

/* Takes the lines that are whole; the rest moves to the beginning. */
static int take_lines(struct stream *stream, bool last)
{
	char *begin = stream->text, *end;
	int ret = 0;

	stream->text[stream->used] = '\0';
	if (stream->skips) {
		begin += strcspn(begin, "\n");
		stream->skips = !*begin;
	}
	end = last ? stream->text + stream->used : strrchr(begin, '\n');
	if (end && end > begin) {
		char after = *end;

		*end = '\0';
		ret = parse_lines(stream, begin);
		*end = after;
		begin = end;
	} else if ((!end || end == begin) && stream->used == CHUNK) {
		stream->skips = true;
		begin = stream->text + stream->used;
	}
	stream->used -= (size_t)(begin - stream->text);
	memmove(stream->text, begin, stream->used);
	return ret;
}

static int read_lines(struct gmem_kernel *kernel, int fd, struct stream *stream, bool *empty)
{
	uint64_t offset = 0;

	for (;;) {
		ssize_t got = kernel->ops->pread(kernel, fd, stream->text + stream->used,
						 CHUNK - stream->used, offset);
		int ret;

		if (got < 0)
			return (int)got;
		offset += (uint64_t)got;
		stream->used += (size_t)got;
		ret = take_lines(stream, !got);
		if (empty)
			*empty = !offset;
		if (ret || !got)
			return ret;
	}
}

struct maps {
	struct gmem_kernel *kernel;
	pid_t pid;
	gmem_mapping_fn fn;
	void *arg;
	bool *empty;
};

/* Opening the file and reading it take locks of the process. */
static int read_maps(void *arg)
{
	const struct maps *maps = arg;
	struct gmem_kernel *kernel = maps->kernel;
	struct stream stream;
	char path[32];
	int fd, ret;

	if (maps->pid)
		snprintf(path, sizeof(path), "/proc/%d/maps", (int)maps->pid);
	else
		snprintf(path, sizeof(path), "/proc/self/maps");
	stream.fn = maps->fn;
	stream.arg = maps->arg;
	stream.used = 0;
	stream.skips = false;
	fd = kernel->ops->open(kernel, path, O_RDONLY);
	if (fd < 0)
		return fd;
	ret = read_lines(kernel, fd, &stream, maps->empty);
	kernel->ops->close(kernel, fd);
	return ret;
}

int gmem_maps_read(struct gmem_ctx *ctx, pid_t pid, gmem_mapping_fn fn, void *arg, bool *empty)
{
	struct maps maps = { ctx->kernel, pid, fn, arg, empty };

	return gmem_bounded_call(ctx, read_maps, &maps);
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
