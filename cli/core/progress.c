// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/size.h"

#define BAR_WIDTH 24
#define BAR_EDGES 3 /* its brackets, and a blank */
#define WIDTH_DEFAULT 80
#define TEXT_MAX 160

void progress_begin(struct progress *progress, const struct cli *cli, uint64_t length,
		    int64_t delay)
{
	*progress = (struct progress){
		.to = cli->streams.err,
		.shown = !cli->common.quiet && !cli->common.verbose && isatty(STDERR_FILENO),
		.length = length,
		.since = now_ms(),
	};
	progress->next = progress->since + delay;
}

/* "1.2G of 2G  3.1G/s  00:12 left" */
static void tell_bytes(const struct progress *progress, char *text, size_t size)
{
	int64_t ms = now_ms() - progress->since;
	double rate = ms > 0 ? (double)progress->done * 1000 / (double)ms : 0;
	double left = rate > 0 ? (double)(progress->length - progress->done) / rate : 0;
	char part[CELL_TEXT_MAX], all[CELL_TEXT_MAX], rate_text[CELL_TEXT_MAX];

	snprintf(text, size, "%s of %s  %s/s  %02d:%02d left",
		 size_format(progress->done, part, sizeof(part)),
		 size_format(progress->length, all, sizeof(all)),
		 size_format((uint64_t)rate, rate_text, sizeof(rate_text)), (int)(left / 60),
		 (int)left % 60);
}

static int terminal_width(void)
{
	struct winsize size = { .ws_col = 0 };

	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

static void draw_bar(const struct progress *progress, double share, int width)
{
	char bar[BAR_WIDTH + 1] = "";

	if (width < 1)
		return;
	width = width > BAR_WIDTH ? BAR_WIDTH : width;
	memset(bar, ' ', (size_t)width);
	memset(bar, '=', (size_t)(share * width));
	fprintf(progress->to, "[%s] ", bar);
}

/*
 * "[=======>     ]  42%  1.2G of 2G  3.1G/s  00:12 left", and the bar as wide as there is room. A
 * line as long as the terminal is wide could not be wiped: the cursor would be on the next one.
 */
static void draw(struct progress *progress, const char *what)
{
	double share = progress->length ? (double)progress->done / (double)progress->length : 1;
	int room = terminal_width() - 1;
	char tail[TEXT_MAX], text[TEXT_MAX + 64];

	if (progress->steps)
		snprintf(tail, sizeof(tail), "%" PRIu64 " of %" PRIu64, progress->done,
			 progress->length);
	else
		tell_bytes(progress, tail, sizeof(tail));
	snprintf(text, sizeof(text), "%3d%%  %s%s%.40s", (int)(share * 100), tail, what ? "  " : "",
		 what ? what : "");
	fputc('\r', progress->to);
	draw_bar(progress, share, room - (int)strlen(text) - BAR_EDGES);
	fprintf(progress->to, "%.*s\033[K", room, text);
	fflush(progress->to);
	progress->drawn = true;
}

void progress_at(struct progress *progress, uint64_t done, const char *what)
{
	int64_t now;

	if (!progress->shown)
		return;
	if (done > progress->done)
		progress->done = done < progress->length ? done : progress->length;
	now = now_ms();
	if (now < progress->next)
		return;
	progress->next = now + (progress->steps ? 0 : PROGRESS_REDRAW);
	draw(progress, what);
}

void progress_end(struct progress *progress)
{
	if (!progress->drawn)
		return;
	fputs("\r\033[K", progress->to);
	fflush(progress->to);
	progress->drawn = false;
}
