// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl: the process around a command. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "held/session.h"
#include "holder/holder.h"
#include "run.h"

/*
 * A caller may have closed a standard stream. The next open(2) would take its number, and data
 * meant for standard output would go to, say, /dev/kvm. Opened read-only, a write to it fails.
 */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* On some file systems a failed last write shows only when the file is closed. */
static int close_stdout(int status)
{
	if (!fclose(stdout) || errno == EPIPE)
		return status;
	fprintf(stderr, "gmemctl: writing to standard output: %s\n", strerror(errno));
	return STATUS_FAILED;
}

int main(int argc, char **argv)
{
	struct cli cli = { .command = NULL };
	enum status status;

	fill_standard_streams();
	cli.streams = (struct streams){ .out = stdout, .err = stderr };
	status = cli_run(&cli, argc, argv);
	if (cli.session)
		return holder_main(cli.session, status); /* of create: the process that keeps it */
	return close_stdout((int)status);
}
