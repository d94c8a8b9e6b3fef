// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conformance scripts. A wrong script ends the program that reads it; here the reader returns
 * instead.
 */
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static jmp_buf ended;

static void __attribute__((noreturn)) come_back(int status)
{
	HOLDS(status == 2);
	longjmp(ended, 1);
}

static void __attribute__((noreturn)) come_back_from_error(int status, const char *format, ...)
{
	(void)format;
	come_back(status);
}

/* The reader's open file and line, which it leaves to exit(3). */
static FILE *opened;
static char *line_read;

static FILE *open_script(const char *path, const char *mode)
{
	line_read = NULL;
	opened = fopen(path, mode);
	return opened;
}

static ssize_t take_line(char **text, size_t *size, FILE *file)
{
	ssize_t length = getline(text, size, file);

	line_read = *text;
	return length;
}

#define exit come_back
#define fopen open_script
#define getline take_line
#define errx come_back_from_error
#define err come_back_from_error
#include "../conformance/script.c"
#undef exit
#undef fopen

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stderr = fopen("/dev/null", "we");
	return stderr ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script script;
	char path[32];
	int fd = memfd_create("script", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!setjmp(ended)) {
		script_load(&script, path);
	} else {
		free(line_read);
		fclose(opened);
	}
	script_free(&script);
	memset(&script, 0, sizeof(script));
	close(fd);
	return 0;
}
