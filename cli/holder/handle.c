// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One request: the client's streams, folder and variables in place of ours for as long as it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "holder/internal.h"
#include "holder/passing.h"
#include "holder/request.h"
#include "run.h"

/* Wait for a client that is slow to read, unless another client is queued. */
#define STALL_MS 2000
#define STEP_MS 100
/* A pipe that is ready takes this much without blocking. A terminal that is ready may not. */
#define CHUNK 4096

struct stream {
	struct session *session;
	int fd;
	FILE *errors;  /* where to report that its reader does not read; NULL: nowhere */
	int64_t moved; /* when it took something last; CLOCK_MONOTONIC, ms */
	bool broken;
};

/*
 * Whether another client waits: its connection was not accepted yet, or its request was not run
 * yet.
 */
static bool somebody_waits(const struct session *session)
{
	const struct holder *holder = session->holder;
	struct pollfd others[1 + HOLDER_WAITING_MAX];
	nfds_t n = 0;

	others[n++] = (struct pollfd){ .fd = holder->listener, .events = POLLIN };
	for (size_t i = 0; i < holder->n_waiting; i++)
		if (holder->waiting[i].fd != session->peer)
			others[n++] =
				(struct pollfd){ .fd = holder->waiting[i].fd, .events = POLLIN };
	return poll(others, n, 0) > 0;
}

static void say_stalled(const struct stream *stream)
{
	if (stream->errors)
		fprintf(stream->errors,
			"gmemctl: standard output was not read for %d seconds, and another command "
			"waits for this VM: the rest of the answer is given up\n",
			STALL_MS / 1000);
}

/*
 * Whether to stop writing: its reader does not read while others wait, or the command has to end.
 */
static bool is_given_up(const struct stream *stream)
{
	if (session_gives_up(stream->session))
		return true;
	if (now_ms() - stream->moved < STALL_MS || !somebody_waits(stream->session))
		return false;
	say_stalled(stream);
	return true;
}

/*
 * A write that always ends. O_NONBLOCK would hold for the client too, because it has the same open
 * file; and a terminal that is ready for one byte blocks a longer write. So an alarm ends the
 * write.
 */
static ssize_t write_some(int fd, const char *bytes, size_t length)
{
	const struct timeval step = { .tv_usec = STEP_MS * 1000L };
	const struct itimerval every = { step, step }, never = { 0 };
	ssize_t written;
	int error;

	setitimer(ITIMER_REAL, &every, NULL);
	written = write(fd, bytes, length);
	error = errno;
	setitimer(ITIMER_REAL, &never, NULL);
	errno = error;
	return written;
}

static ssize_t write_stream(void *cookie, const char *bytes, size_t length)
{
	struct stream *stream = cookie;
	size_t done = 0;

	stream->moved = now_ms();
	while (done < length && !stream->broken) {
		struct pollfd out = { .fd = stream->fd, .events = POLLOUT };
		size_t chunk = length - done < CHUNK ? length - done : CHUNK;
		ssize_t written = -1;

		errno = EAGAIN;
		if (poll(&out, 1, STEP_MS) > 0)
			written = write_some(stream->fd, bytes + done, chunk);
		if (written > 0) {
			done += (size_t)written;
			stream->moved = now_ms();
		} else if (!written || (errno != EINTR && errno != EAGAIN)) {
			stream->broken = true;
		} else if (is_given_up(stream)) {
			stream->broken = true;
			errno = EPIPE;
		}
	}
	return done ? (ssize_t)done : -1;
}

static FILE *open_stream(struct stream *stream, int mode)
{
	FILE *file = fopencookie(stream, "w", (cookie_io_functions_t){ .write = write_stream });

	if (file)
		setvbuf(file, NULL, mode, BUFSIZ);
	return file;
}

static void set_variables(char *const *values)
{
	for (size_t i = 0; request_variables[i]; i++) {
		if (values[i])
			setenv(request_variables[i], values[i], 1);
		else
			unsetenv(request_variables[i]);
	}
}

static void use_client(const int *fds)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(fds[fd], fd);
	/* The client may not enter that folder either; then relative names do not work. */
	if (fchdir(fds[REQUEST_FOLDER]) && chdir("/"))
		return;
}

static void leave_client(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			close(fd);
	if (null > STDERR_FILENO)
		close(null);
	if (chdir("/"))
		return; /* it was possible when the holder began */
}

static enum status run(struct session *session, const struct request *request)
{
	struct stream out = { .session = session, .fd = STDOUT_FILENO };
	struct stream err = { .session = session, .fd = STDERR_FILENO };
	struct cli cli = {
		.streams = { .out = open_stream(&out, _IOFBF), .err = open_stream(&err, _IOLBF) },
		.session = session,
	};
	struct streams streams = cli.streams;
	enum status status = STATUS_FAILED;

	out.errors = streams.err;
	if (streams.out && streams.err) {
		status = cli_run(&cli, request->argc, request->argv);
		fflush(streams.err);
	}
	if (streams.out)
		fclose(streams.out);
	if (streams.err)
		fclose(streams.err);
	return status;
}

/* An alarm does nothing but end a call that waits (without SA_RESTART). */
static void note_alarm(int number)
{
	(void)number;
}

static void signal_alarms(void)
{
	const struct sigaction action = { .sa_handler = note_alarm };

	sigaction(SIGALRM, &action, NULL);
}

static enum status run_for_client(struct session *session, const struct request *request,
				  const int *fds)
{
	sigset_t before, signals;
	enum status status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	signal_alarms();
	use_client(fds);
	set_variables(request->values);
	sigprocmask(SIG_UNBLOCK, &signals, &before);
	status = run(session, request);
	sigprocmask(SIG_SETMASK, &before, NULL);
	leave_client();
	return status;
}

void holder_say(int connection, enum reply_kind kind)
{
	const struct reply reply = {
		.magic = REPLY_MAGIC,
		.kind = kind,
		.version = GMEM_VERSION,
	};

	passing_send(connection, &reply, sizeof(reply), NULL, 0);
}

/*
 * The reply to destroy comes when everything is released; the code that ends the holder sends it.
 */
static void reply(struct session *session, int connection, enum status status)
{
	struct holder *holder = session->holder;

	if (session->n) {
		holder_tell(session, session->holder->lock);
		holder_reply(connection, status, session->fds, session->n_fds);
		return;
	}
	holder->farewell = connection;
	holder->farewell_status = status;
}

void holder_handle(struct session *session, int connection)
{
	char *packet = malloc(REQUEST_MAX);
	int fds[PASSING_FDS_MAX];
	struct request request = { .argc = 0 };
	size_t n = 0;
	ssize_t got = packet ? passing_receive(connection, packet, REQUEST_MAX, fds, &n) : 0;
	enum request_error error = REQUEST_MALFORMED;

	if (got > 0)
		error = request_read(GMEM_VERSION, packet, (size_t)got, &request);
	if (error || n < REQUEST_FDS || n > REQUEST_FDS_MAX) {
		if (got)
			holder_say(connection, got == -EMFILE ? REPLY_FULL : REPLY_REFUSED);
	} else {
		session->peer = connection;
		session->n_fds = 0;
		session->has_file = n > REQUEST_FILE;
		session->file = fds[REQUEST_FILE];
		reply(session, connection, run_for_client(session, &request, fds));
		session->peer = -1;
		session->has_file = false;
		interrupt_forget();
	}
	request_free(&request);
	passing_close(fds, n);
	free(packet);
}
