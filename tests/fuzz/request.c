// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input at a holder's socket: packets with descriptors, and the commands in valid packets, on a
 * VM that is held on a simulated kernel. The client gets one reply, or the holder ends. No
 * descriptor is left open.
 */
#include "commands.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include "holder/internal.h"
#include "holder/passing.h"
#include "holder/request.c"

/* The first byte of the input tells what the rest is, and how many descriptors come with it. */
#define WORDS 1	 /* words of a command line, NUL between them */
#define HEADER 2 /* a packet that has the right magic and version */
#define FDS_SHIFT 2

static int home, null, lock;
static char packet[REQUEST_MAX];

/*
 * The command has the descriptors 0 to 2, libFuzzer has others. Relative names
 * belong to the holder's folder.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char flag[] = "-close_fd_mask=3", *words[64];

	if (*argc > 62)
		abort();
	memcpy(words, *argv, (size_t)*argc * sizeof(*words));
	words[(*argc)++] = flag;
	*argv = words;
	fuzz_report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	fuzz_command_init();
	home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	lock = memfd_create("vm", MFD_CLOEXEC);
	return home < 0 || null < 0 || lock < 0;
}

/* Makes the packet from the input. Returns 0 if none can be sent. */
static size_t make_packet(uint8_t how, const uint8_t *data, size_t size)
{
	static char gmemctl[] = "gmemctl", *argv[REQUEST_WORDS_MAX + 1];
	char *text, *word;
	size_t length;
	int argc = 0;

	if (!(how & WORDS)) {
		length = size < REQUEST_MAX ? size : REQUEST_MAX;
		memcpy(packet, data, length);
		if (how & HEADER && length >= sizeof(struct header)) {
			struct header *header = (struct header *)packet;

			header->magic = REQUEST_MAGIC;
			snprintf(header->version, sizeof(header->version), "%s", GMEM_VERSION);
		}
		return length;
	}
	text = fuzz_text(data, size);
	argv[argc++] = gmemctl;
	for (word = text; word < text + size && argc < (int)REQUEST_WORDS_MAX;
	     word += strlen(word) + 1)
		argv[argc++] = word;
	length = request_write(GMEM_VERSION, argc, argv, packet);
	free(text);
	return length;
}

static bool is_sound(size_t length)
{
	struct request request;
	char *copy = malloc(REQUEST_MAX);
	bool sound;

	if (!copy)
		abort();
	memcpy(copy, packet, length);
	sound = request_read(GMEM_VERSION, copy, length, &request) == REQUEST_OK;
	request_free(&request);
	free(copy);
	return sound;
}

static void hold_vm(struct session *session)
{
	static char *words[] = { "gmemctl", "create", "vm", "--size=256K", "--simulate=tdx", NULL };
	struct cli cli = { .session = session };

	if (fuzz_command_run(&cli, 5, words) || session->n != 1)
		abort();
}

static void check_reply(int client, bool sound)
{
	int fds[PASSING_FDS_MAX];
	struct reply reply;
	size_t n;
	ssize_t got = passing_receive(client, &reply, sizeof(reply), fds, &n);

	HOLDS(got > 0 && reply_is_valid(&reply, (size_t)got) && !n);
	HOLDS(reply.kind == (sound ? REPLY_STATUS : REPLY_REFUSED));
	HOLDS(reply.status <= STATUS_PARTLY || reply.status == STATUS_USAGE);
	HOLDS(passing_receive(client, &reply, sizeof(reply), fds, &n) == -EAGAIN);
}

/* Sends the packet, lets the holder do its part, and checks the reply. */
static void handle(struct session *session, size_t length, size_t n_fds, bool sound)
{
	int fds[PASSING_FDS_MAX], pair[2];

	for (size_t i = 0; i < n_fds; i++)
		fds[i] = i == REQUEST_FOLDER ? home : null;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ||
	    passing_send(pair[0], packet, length, fds, n_fds))
		abort();
	fuzz_command.waits = 2;
	holder_handle(session, pair[1]);
	if (session->n || !sound)
		check_reply(pair[0], sound);
	else
		HOLDS(session->holder->farewell == pair[1]);
	close(pair[0]);
	close(pair[1]);
}

/* The command may have told the holder to wait for processes. */
static void end(struct session *session)
{
	for (size_t i = 0; i < session->holder->n_users; i++)
		close(session->holder->users[i]);
	session_end(session);
	if (fchdir(home))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct holder holder = { .name = "vm", .lock = lock, .listener = -1, .farewell = -1 };
	struct session session = { .holder = &holder, .peer = -1 };
	size_t length, n_fds;
	int before, after;
	bool sound;

	if (size < 2)
		return 0;
	length = make_packet(data[0], data + 1, size - 1);
	if (!length)
		return 0;
	n_fds = data[0] >> FDS_SHIFT & 7;
	n_fds = n_fds ? n_fds - 1 : REQUEST_FDS;
	sound = n_fds >= REQUEST_FDS && n_fds <= REQUEST_FDS_MAX && is_sound(length);
	before = dup(null);
	close(before);
	if (sound)
		hold_vm(&session);
	handle(&session, length, n_fds, sound);
	if (sound)
		end(&session);
	after = dup(null);
	close(after);
	HOLDS(before == after);
	return 0;
}
