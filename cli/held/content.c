// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/content.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "held/session.h"

#define WAIT_MS 100

/* A file that does not fit is an error, and found before the first page is added. */
static enum status check(const struct content *content, uint64_t length)
{
	const char *from = content->from;
	struct stat st;

	if (fstat(content->fd, &st))
		return cli_fail_as(content->cli, STATUS_FAILED, cause_of_error(-errno),
				   "--from=%s: %s", from, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return cli_fail(content->cli, STATUS_FAILED, "--from=%s: it is a folder", from);
	/* How much comes through a pipe is not known before. */
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size <= length)
		return STATUS_YES;
	return cli_usage(content->cli,
			 "--from=%s: its %lld bytes are more than the range's %" PRIu64, from,
			 (long long)st.st_size, length);
}

/*
 * A holder opens no file for its client: it may have capabilities that the client does not, and the
 * path may lead elsewhere by now. Returns a descriptor or a negative errno.
 */
static int take_passed(const struct session *session)
{
	int fd = -EBADF;

	if (!session->has_file)
		return fd;
	fd = fcntl(session->file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/*
 * Opening a pipe does not wait here. Reading one waits, but checks whether the command has to end.
 */
static int open_source(const struct cli *cli, const char *from)
{
	int fd;

	if (cli->session && cli->session->holder)
		return take_passed(cli->session);
	fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

enum status content_open(struct cli *cli, const char *from, uint64_t length,
			 struct content *content)
{
	*content = (struct content){ .cli = cli, .from = from, .fd = -1 };
	content->piece = aligned_alloc(gmem_page_size(cli->ctx), CONTENT_PIECE);
	if (!content->piece)
		return cli_no_memory(cli);
	if (!from)
		return STATUS_YES;
	content->fd = open_source(cli, from);
	if (content->fd < 0)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(content->fd), "--from=%s: %s",
				   from, strerror(-content->fd));
	return check(content, length);
}

void content_close(struct content *content)
{
	if (content->fd >= 0)
		close(content->fd);
	free(content->piece);
}

/* Reads up to size bytes. Returns how many, 0 at the end, or a negative errno. */
static ssize_t read_some(struct content *content, unsigned char *to, size_t size)
{
	struct pollfd in = { .fd = content->fd, .events = POLLIN };

	for (;;) {
		int ready = poll(&in, 1, WAIT_MS);

		if (session_gives_up(content->cli->session))
			return -EINTR;
		if (ready > 0) {
			ssize_t got = read(content->fd, to, size);

			if (got >= 0 || (errno != EAGAIN && errno != EINTR))
				return got < 0 ? -errno : got;
		}
	}
}

int content_read(struct content *content, size_t size)
{
	size_t used = 0;

	while (used < size && content->fd >= 0) {
		ssize_t got = read_some(content, content->piece + used, size - used);

		if (got < 0)
			return (int)got;
		used += (size_t)got;
		if (got)
			continue;
		close(content->fd);
		content->fd = -1;
	}
	memset(content->piece + used, 0, size - used);
	return 0;
}

int content_ends(struct content *content)
{
	unsigned char more;
	ssize_t got = content->fd < 0 ? 0 : read_some(content, &more, sizeof(more));

	return got > 0 ? -EFBIG : (int)got;
}
