// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paced-memory SIZE UP DOWN: creates a default VM and a guest_memfd of SIZE bytes, prints "fd N"
 * and "ready". From each line of input on it changes what is resident at a steady pace. First it
 * fills the file by UP bytes a second, after the next line it punches it by DOWN bytes a second,
 * and so on. If it is late, it catches up. Ends when its input ends. Exits with 77 without
 * /dev/kvm or guest_memfd.
 */
#include <poll.h>

#include "kvm.h"
#include "pages.h"
#include "timing.h"

#define TICK_MS 10

struct pace {
	int fd;
	uint64_t size;
	uint64_t at; /* the first so many bytes of the file are resident */
};

static void go_to(struct pace *pace, uint64_t to)
{
	if (to > pace->at)
		allocate(pace->fd, pace->at, to - pace->at);
	else if (to < pace->at)
		punch(pace->fd, to, pace->at - to);
	pace->at = to;
}

/*
 * Goes on until the next input. At the end of the file, or at its beginning,
 * nothing changes any more.
 */
static void go(struct pace *pace, double rate)
{
	double since = now_us(), from = (double)pace->at;
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	while (!poll(&input, 1, TICK_MS)) {
		double to = from + rate * (now_us() - since) / 1e6;

		to = to < 0 ? 0 : to > (double)pace->size ? (double)pace->size : to;
		go_to(pace, (uint64_t)to / PAGE * PAGE);
	}
}

int main(int argc, char **argv)
{
	struct pace pace = { .fd = -1 };
	double rates[2];
	int turn = 0;

	if (argc != 4)
		errx(2, "usage: paced-memory SIZE UP DOWN");
	pace.size = strtoull(argv[1], NULL, 0);
	rates[0] = strtod(argv[2], NULL);
	rates[1] = -strtod(argv[3], NULL);
	pace.fd = create_memory(create_vm(), pace.size, 0);
	printf("fd %d\n", pace.fd);
	puts("ready");
	setvbuf(stdin, NULL, _IONBF, 0); /* poll() does not see input that stdio has buffered */
	for (; wait_for_line(); turn = !turn)
		go(&pace, rates[turn]);
	return 0;
}
