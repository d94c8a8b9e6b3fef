// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a holder waits for requests. It waits for all connections together, so that a silent one does
 * not make the others wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "holder/internal.h"
#include "holder/passing.h"

#define SILENCE_MS 10000
/* From one look whether the files are still there to the next; gmemctl-create(8) tells it. */
#define LOOK_MS 5000
/* A connection that has waited this long is dropped if another one needs its place. */
#define YOUNG_MS 200
/* If there is no descriptor for a connection, the next try comes after this time. */
#define REST_MS 100

struct serve {
	struct session *session;
	struct holder *holder;
	bool over;
};

static void forget_waiting(struct holder *holder, size_t i)
{
	close(holder->waiting[i].fd);
	holder->n_waiting--;
	memmove(&holder->waiting[i], &holder->waiting[i + 1],
		(holder->n_waiting - i) * sizeof(holder->waiting[0]));
}

/*
 * There is no descriptor left for a connection. It gets the spare one while it is told so.
 */
static void accept_none(struct holder *holder)
{
	int fd;

	if (holder->spare >= 0)
		close(holder->spare);
	holder->spare = -1;
	fd = accept4(holder->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		holder_say(fd, REPLY_FULL);
		close(fd);
	} else {
		holder->accept_again = now_ms() + REST_MS;
	}
	holder->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_one(struct holder *holder)
{
	int fd = accept4(holder->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	pid_t pid;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			accept_none(holder);
		return;
	}
	/* The folder keeps other users out; this check is for the case that it does not. */
	if (passing_peer(fd, &pid)) {
		close(fd);
		return;
	}
	if (holder->n_waiting == HOLDER_WAITING_MAX)
		forget_waiting(holder, 0);
	holder_say(fd, REPLY_READY);
	holder->waiting[holder->n_waiting++] =
		(struct waiting){ .fd = fd, .until = now_ms() + SILENCE_MS };
}

/*
 * The time from which on a connection is accepted. Connections that have sent nothing yet are not
 * dropped at once.
 */
static int64_t accepts_from(const struct holder *holder)
{
	int64_t at = holder->accept_again;

	if (holder->n_waiting == HOLDER_WAITING_MAX &&
	    holder->waiting[0].until - SILENCE_MS + YOUNG_MS > at)
		at = holder->waiting[0].until - SILENCE_MS + YOUNG_MS;
	return at;
}

/* Milliseconds until something has to be done without being asked. */
static int next_timeout(const struct holder *holder)
{
	const struct timespec *deadline = &holder->deadline;
	int64_t at = INT64_MAX, left;

	if (deadline->tv_sec)
		at = (int64_t)deadline->tv_sec * 1000 + deadline->tv_nsec / 1000000;
	if (holder->n_waiting && holder->waiting[0].until < at)
		at = holder->waiting[0].until;
	if (holder->look_again < at)
		at = holder->look_again;
	if (accepts_from(holder) > now_ms() && accepts_from(holder) < at)
		at = accepts_from(holder);
	left = at - now_ms();
	return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left + 1;
}

static void drop_silent(struct holder *holder)
{
	while (holder->n_waiting && holder->waiting[0].until <= now_ms())
		forget_waiting(holder, 0);
}

static void check_files(struct serve *serve)
{
	struct holder *holder = serve->holder;

	if (holder->look_again > now_ms())
		return;
	holder_remake(serve->session); /* where that fails, the next look tries again */
	holder->look_again = now_ms() + LOOK_MS;
}

bool holder_is_over(const struct holder *holder)
{
	const struct timespec *deadline = &holder->deadline;
	struct pollfd users[HOLDER_USERS_MAX];
	nfds_t n = holder->n_users;

	if (deadline->tv_sec &&
	    now_ms() >= (int64_t)deadline->tv_sec * 1000 + deadline->tv_nsec / 1000000)
		return true;
	for (nfds_t i = 0; i < n; i++)
		users[i] = (struct pollfd){ .fd = holder->users[i], .events = POLLIN };
	return n && poll(users, n, 0) == (int)n;
}

/* Drops the users that have ended. After the last one the holder ends. */
static void check_limits(struct serve *serve, const struct pollfd *users)
{
	struct holder *holder = serve->holder;

	serve->over = serve->over || holder_is_over(holder);
	for (size_t i = holder->n_users; i-- > 0;) {
		if (!users[i].revents)
			continue;
		close(holder->users[i]);
		holder->users[i] = holder->users[--holder->n_users];
	}
}

/* A connection that sends a request is served, and then closed. */
static void serve_waiting(struct serve *serve, const struct pollfd *polled, size_t n)
{
	struct holder *holder = serve->holder;

	for (size_t i = n; i-- > 0 && !serve->over;) {
		int fd = holder->waiting[i].fd;

		if (!polled[i].revents)
			continue;
		if (polled[i].revents & POLLIN)
			holder_handle(serve->session, fd);
		serve->over = !serve->session->n;
		if (serve->over && holder->farewell == fd)
			holder->waiting[i].fd = -1;
		forget_waiting(holder, i);
	}
}

/* Sleeps until there is something to do. Signals come in here, or while a command runs. */
static void wait_and_serve(struct serve *serve, const sigset_t *unblocked)
{
	struct pollfd polled[1 + HOLDER_USERS_MAX + HOLDER_WAITING_MAX];
	struct holder *holder = serve->holder;
	size_t n_users = holder->n_users, n = holder->n_waiting;
	struct pollfd *users = polled + 1, *waiting = users + n_users;
	const struct timespec rest = { .tv_nsec = REST_MS * 1000000L };
	struct timespec timeout;
	int ms = next_timeout(holder);

	polled[0] = (struct pollfd){ .fd = accepts_from(holder) > now_ms() ? -1 : holder->listener,
				     .events = POLLIN };
	for (size_t i = 0; i < n_users; i++)
		users[i] = (struct pollfd){ .fd = holder->users[i], .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		waiting[i] = (struct pollfd){ .fd = holder->waiting[i].fd, .events = POLLIN };
	timeout = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	if (ppoll(polled, 1 + n_users + n, &timeout, unblocked) < 0) {
		if (errno != EINTR) /* more descriptors than RLIMIT_NOFILE allows to ask about */
			ppoll(NULL, 0, &rest, unblocked);
		serve->over = holder_is_over(holder);
		return;
	}
	check_limits(serve, users);
	if (!serve->over)
		serve_waiting(serve, waiting, n);
	drop_silent(holder);
	if (!serve->over && polled[0].revents)
		accept_one(holder);
	if (!serve->over)
		check_files(serve);
}

void holder_serve(struct session *session)
{
	struct serve serve = { .session = session, .holder = session->holder };
	sigset_t blocked, unblocked;

	interrupt_forget();
	session->is_over = holder_is_over;
	serve.holder->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	serve.holder->look_again = now_ms() + LOOK_MS;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	while (!serve.over && !interrupted())
		wait_and_serve(&serve, &unblocked);
	while (serve.holder->n_waiting)
		forget_waiting(serve.holder, 0);
}
