// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * holder-client SOCKET MODE [NUMBER]: a client that breaks the rules of a holder.
 *
 *   silent N     N connections that send nothing; prints "ready" and stays until its input ends
 *   garbage N    N packets of random bytes, some with descriptors
 *   version      a request of another version; prints the version that the holder reports
 *   leave N      N requests from a client that closes its connection before the answer
 *   deaf         a request with much output that nobody reads; prints "ready" and stays, too
 *   run WORD...  a request of these words; prints the status that the holder replies with
 *   late WORD... the same, but silent at first: prints "ready" and sends it when its input ends
 *
 * Exits with 0 when it has done so, 2 if it could not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "holder/passing.c"
#include "holder/request.c"

static const char *socket_path;

static int connect_holder(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (strlen(socket_path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "%s: too long\n", socket_path);
		exit(2);
	}
	strcpy(address.sun_path, socket_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror(socket_path);
		exit(2);
	}
	return fd;
}

static void wait_for_end_of_input(void)
{
	char byte;

	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static int silent(long n)
{
	while (n--)
		connect_holder();
	wait_for_end_of_input();
	return 0;
}

static int garbage(long n)
{
	static char bytes[REQUEST_MAX];
	char *argv[] = { "gmemctl", "status", NULL };

	srandom(1);
	while (n--) {
		int fds[PASSING_FDS_MAX];
		size_t length = (size_t)random() % 4096 + 1, n_fds = (size_t)random() % 8;
		int fd = connect_holder();

		for (size_t i = 0; i < length; i++)
			bytes[i] = (char)random();
		/* Half of the packets begin like requests. */
		if (n % 2)
			request_write(GMEM_VERSION, 2, argv, bytes);
		for (size_t i = 0; i < n_fds; i++)
			fds[i] = STDIN_FILENO;
		if (passing_send(fd, bytes, length, fds, n_fds))
			return 2;
		close(fd);
	}
	return 0;
}

static void send_on(int fd, const char *version, char **argv, int out)
{
	static char packet[REQUEST_MAX];
	int folder = open("/", O_PATH), argc = 0;
	const int fds[] = { STDIN_FILENO, out, out, folder };

	while (argv[argc])
		argc++;
	if (passing_send(fd, packet, request_write(version, argc, argv, packet), fds, REQUEST_FDS))
		exit(2);
	close(folder);
}

static int send_request(const char *version, char **argv, int out)
{
	int fd = connect_holder();

	send_on(fd, version, argv, out);
	return fd;
}

/* The first message of the holder says that it is ready. */
static void take_greeting(int fd)
{
	struct reply reply;

	if (recv(fd, &reply, sizeof(reply), 0) != sizeof(reply) ||
	    !reply_is_valid(&reply, sizeof(reply)) || reply.kind != REPLY_READY)
		exit(2);
}

static int version(void)
{
	char *argv[] = { "gmemctl", "status", NULL };
	int fd = send_request("0.0.0-other", argv, STDERR_FILENO);
	struct reply reply;

	take_greeting(fd);
	if (recv(fd, &reply, sizeof(reply), 0) != sizeof(reply) ||
	    !reply_is_valid(&reply, sizeof(reply)) || reply.kind != REPLY_REFUSED)
		return 2;
	puts(reply.version);
	return 0;
}

static int leave(long n)
{
	char *argv[] = { "gmemctl", "pfns", "vm", "--json", NULL };
	int null = open("/dev/null", O_WRONLY);

	while (n--)
		close(send_request(GMEM_VERSION, argv, null));
	return 0;
}

static int deaf(void)
{
	char *argv[] = { "gmemctl", "walk", "--help", NULL };
	char *command[] = { "gmemctl", "pfns", "vm", "--json", NULL };
	int pipes[2];

	/* This pipe is full from the start. */
	if (pipe(pipes) || fcntl(pipes[1], F_SETFL, O_NONBLOCK))
		return 2;
	while (write(pipes[1], argv, sizeof(argv)) > 0)
		;
	if (fcntl(pipes[1], F_SETFL, 0))
		return 2;
	send_request(GMEM_VERSION, argv, pipes[1]);
	send_request(GMEM_VERSION, command, pipes[1]);
	wait_for_end_of_input();
	return 0;
}

/* Sends words, but "gmemctl" instead of the first one. */
static int run(char **words, bool late)
{
	static char gmemctl[] = "gmemctl";
	struct reply reply;
	int fd = connect_holder();

	take_greeting(fd);
	words[0] = gmemctl;
	if (late)
		wait_for_end_of_input();
	send_on(fd, GMEM_VERSION, words, STDERR_FILENO);
	if (recv(fd, &reply, sizeof(reply), 0) != sizeof(reply) ||
	    !reply_is_valid(&reply, sizeof(reply)) || reply.kind != REPLY_STATUS)
		return 2;
	printf("%d\n", (int)reply.status);
	return 0;
}

int main(int argc, char **argv)
{
	long number = argc > 3 ? strtol(argv[3], NULL, 10) : 1;

	if (argc < 3)
		return 64;
	socket_path = argv[1];
	if (!strcmp(argv[2], "silent"))
		return silent(number);
	if (!strcmp(argv[2], "garbage"))
		return garbage(number);
	if (!strcmp(argv[2], "version"))
		return version();
	if (!strcmp(argv[2], "leave"))
		return leave(number);
	if (!strcmp(argv[2], "run"))
		return run(argv + 2, false);
	if (!strcmp(argv[2], "late"))
		return run(argv + 2, true);
	return strcmp(argv[2], "deaf") ? 64 : deaf();
}
