// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl top: list, live and in place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/top/map.h"
#include "commands/top/screen.h"
#include "commands/top/view.h"
#include "core/clock.h"
#include "core/command.h"
#include "core/interrupt.h"
#include "core/utf8.h"
#include "inspect/owner.h"

#define DEFAULT_INTERVAL 2.0 /* seconds, as watch has it */
#define INTERVAL_MIN 0.25    /* what the keys go down to */
#define INTERVAL_MAX 3600.0

struct settings {
	double interval;
	uint64_t count; /* 0: without end */
	enum guest_sort sort;
	struct guests_options guests;
};

static enum status set_sort(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	const char *name;

	for (int i = 0; (name = guest_sort_name((enum guest_sort)i)); i++) {
		if (strcmp(arg, name))
			continue;
		*(enum guest_sort *)field = (enum guest_sort)i;
		return STATUS_YES;
	}
	return cli_usage(cli, "--%s=%s: it is not one of " GUEST_SORTS, option->name, arg);
}

static const struct cli_option options[] = {
	{ "interval", 'i', "SECONDS", false, set_seconds, offsetof(struct settings, interval),
	  "Time from one look to the next, default 2" },
	{ "count", 'c', "N", false, set_count, offsetof(struct settings, count),
	  "End after N looks, the first one not counted" },
	{ "sort", 's', GUEST_SORTS, false, set_sort, offsetof(struct settings, sort),
	  "Sort by this, default resident: sizes and rates largest first, all else ascending" },
	{ "deadline", 0, "SECONDS", false, set_seconds, offsetof(struct settings, guests.deadline),
	  "End each look after this many seconds, default 45: the command reports what it left out, and "
	  "the status is 4" },
	{ "no-locks", 0, NULL, false, set_flag, offsetof(struct settings, guests.no_locks),
	  "Take no process's mmap_lock, not even for reading: memory that is only mapped is not "
	  "found, and the shared side is not counted" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

struct top {
	struct cli *cli;
	const struct settings *settings;
	struct guests guests;
	struct view view;
	struct map map;
	const struct guest **sorted; /* as the last drawing had them */
	size_t n;
	uint64_t device, inode; /* which one is selected */
	double next;		/* when to look again */
	uint64_t looks;
	bool help;
	bool all; /* the next look reads everything again */
	bool ended;
	bool partly; /* a row has something unknown */
	char note[VIEW_NOTE_MAX];
	char origin[64];
};

static bool has_unknown(const struct top *top)
{
	for (size_t i = 0; i < top->guests.n; i++)
		if (top->guests.list[i]->row.partly)
			return true;
	return false;
}

/* What cannot be seen, for the screen's third line and for a last word. */
static void set_note(struct top *top)
{
	char text[384];
	const char *unseen = owner_unseen(&top->guests.counts, text, sizeof(text));

	if (!unseen && !top->guests.want.kernel)
		unseen = top->guests.want.no_kernel;
	if (!unseen && !top->guests.n)
		unseen = gmem_owners_unshown(top->guests.owners);
	if (unseen)
		snprintf(top->note, sizeof(top->note), "incomplete: %s", unseen);
	else
		*top->note = '\0';
	top->partly = has_unknown(top);
}

/* Why something of the chosen guest is unknown comes before what is unknown of the host. */
static const char *note_of_screen(const struct top *top)
{
	const struct cell *reason =
		top->n ? &top->sorted[top->view.selected]->row.cells[LIST_REASON] : NULL;

	return reason && reason->known ? reason->text : top->note;
}

static int look(struct top *top)
{
	bool all = top->all;
	int ret = guests_look(&top->guests, all);

	top->all = false;
	if (!ret && top->map.shown)
		ret = map_look(&top->map, &top->guests, top->view.width, all);
	if (!ret)
		set_note(top);
	return ret;
}

/* The selection stays with its guest, wherever that is sorted to. */
static void select_again(struct top *top)
{
	for (size_t i = 0; i < top->n; i++)
		if (top->sorted[i]->device == top->device && top->sorted[i]->inode == top->inode)
			top->view.selected = i;
	if (top->view.selected >= top->n)
		top->view.selected = top->n ? top->n - 1 : 0;
}

static void note_selected(struct top *top)
{
	const struct guest *guest;

	if (top->view.selected >= top->n)
		return;
	guest = top->sorted[top->view.selected];
	top->device = guest->device;
	top->inode = guest->inode;
}

static int sort(struct top *top)
{
	const struct guest **sorted = realloc(top->sorted, (top->guests.n + 1) * sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	top->sorted = sorted;
	top->n = top->guests.n;
	for (size_t i = 0; i < top->n; i++)
		sorted[i] = top->guests.list[i];
	guests_sort(sorted, top->n, top->view.sort, top->view.reversed);
	select_again(top);
	return 0;
}

static void set_clock(struct view *view)
{
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	strftime(view->clock, sizeof(view->clock), "%H:%M:%S", &local);
	view->now = now_seconds();
}

static int write_screen(struct top *top, FILE *stream)
{
	if (top->help)
		view_help(stream, &top->view);
	else if (top->map.shown)
		return map_draw(&top->map, &top->guests, stream, top->view.colored);
	else
		view_draw(stream, &top->view, top->sorted, top->n);
	return 0;
}

static int draw(struct top *top)
{
	char *text = NULL;
	size_t size;
	FILE *stream;
	int ret = sort(top);

	if (ret)
		return ret;
	stream = open_memstream(&text, &size);
	if (!stream)
		return -ENOMEM;
	screen_size(&top->view.width, &top->view.height);
	top->view.note = note_of_screen(top);
	ret = write_screen(top, stream);
	if (fclose(stream) && !ret)
		ret = -ENOMEM;
	if (!ret)
		screen_show(text);
	free(text);
	return ret;
}

static void quit(struct top *top)
{
	top->ended = true;
}

static void pause_or_go_on(struct top *top)
{
	top->view.paused = !top->view.paused;
	top->next = 0;
}

static void sort_by_next(struct top *top)
{
	top->view.sort = (enum guest_sort)((top->view.sort + 1) % SORTS);
}

static void sort_by_previous(struct top *top)
{
	top->view.sort = (enum guest_sort)((top->view.sort + SORTS - 1) % SORTS);
}

static void reverse(struct top *top)
{
	top->view.reversed = !top->view.reversed;
}

static void update(struct top *top)
{
	top->all = true;
	top->next = 0;
}

static void show_help(struct top *top)
{
	top->help = true;
}

/* The map of the one that is selected, at once, in a pause too. */
static void show_map(struct top *top)
{
	if (top->view.selected >= top->n)
		return;
	map_begin(&top->map, top->sorted[top->view.selected]);
	top->next = 0;
}

static void refresh_faster(struct top *top)
{
	if (top->view.interval / 2 >= INTERVAL_MIN)
		top->view.interval /= 2;
	top->next = 0;
}

static void refresh_slower(struct top *top)
{
	if (top->view.interval * 2 <= INTERVAL_MAX)
		top->view.interval *= 2;
}

/* Moves the selection by so many guests. */
static void move_by(struct top *top, long by)
{
	long to = (long)top->view.selected + by, last = (long)top->n - 1;

	top->view.selected = (size_t)(to > last ? (last < 0 ? 0 : last) : to < 0 ? 0 : to);
	note_selected(top);
}

static void go_up(struct top *top)
{
	move_by(top, -1);
}

static void go_down(struct top *top)
{
	move_by(top, 1);
}

static void page_up(struct top *top)
{
	move_by(top, -(long)view_rows(&top->view));
}

static void page_down(struct top *top)
{
	move_by(top, (long)view_rows(&top->view));
}

static void go_home(struct top *top)
{
	move_by(top, -(long)top->n);
}

static void go_to_end(struct top *top)
{
	move_by(top, (long)top->n);
}

static void go_left(struct top *top)
{
	top->view.passed -= top->view.passed > 0;
}

static void go_right(struct top *top)
{
	top->view.passed += top->view.passed < view_passable();
}

static void leave_map(struct top *top)
{
	map_end(&top->map);
}

static void shade_direct_map(struct top *top)
{
	top->map.chart.of = CHART_DIRECT_MAP;
}

static void shade_resident(struct top *top)
{
	top->map.chart.of = CHART_RESIDENT;
}

static void shade_nodes(struct top *top)
{
	top->map.chart.of = CHART_NODE;
}

struct key {
	int key;
	void (*press)(struct top *top);
};

#define ESCAPE 0x1b

static const struct key table_keys[] = {
	{ 'q', quit },
	{ 'p', pause_or_go_on },
	{ ' ', pause_or_go_on },
	{ 's', sort_by_next },
	{ 'S', sort_by_previous },
	{ 'r', reverse },
	{ 'u', update },
	{ 'h', show_help },
	{ '?', show_help },
	{ 'm', show_map },
	{ '\n', show_map },
	{ '\r', show_map },
	{ '+', refresh_faster },
	{ '-', refresh_slower },
	{ SCREEN_UP, go_up },
	{ SCREEN_DOWN, go_down },
	{ SCREEN_PAGE_UP, page_up },
	{ SCREEN_PAGE_DOWN, page_down },
	{ SCREEN_HOME, go_home },
	{ SCREEN_END, go_to_end },
	{ SCREEN_LEFT, go_left },
	{ SCREEN_RIGHT, go_right },
	{ SCREEN_GONE, quit },
};

static const struct key map_keys[] = {
	{ 'q', leave_map },	 { ESCAPE, leave_map },	  { 'm', leave_map },
	{ '\n', leave_map },	 { '\r', leave_map },	  { 'd', shade_direct_map },
	{ 'v', shade_resident }, { 'n', shade_nodes },	  { 'u', update },
	{ 'p', pause_or_go_on }, { ' ', pause_or_go_on }, { SCREEN_GONE, quit },
	{ 'h', show_help },	 { '?', show_help },
};

static void press(struct top *top, const struct key *keys, size_t n, int key)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].key == key)
			keys[i].press(top);
}

static void take_key(struct top *top, int key)
{
	if (top->help && key != SCREEN_GONE)
		top->help = key == SCREEN_NONE || key == SCREEN_RESIZED;
	else if (top->map.shown)
		press(top, map_keys, sizeof(map_keys) / sizeof(map_keys[0]), key);
	else
		press(top, table_keys, sizeof(table_keys) / sizeof(table_keys[0]), key);
	/* A map is as wide as the screen, and is read again for that. */
	if (key == SCREEN_RESIZED && top->map.shown)
		top->next = 0;
}

/* The screen stays as it is, but a map that a key asks for has to be read. */
static int look_in_pause(struct top *top)
{
	return top->map.shown ? map_look(&top->map, &top->guests, top->view.width, false) : 0;
}

static int look_if_due(struct top *top)
{
	const uint64_t count = top->settings->count;
	bool now = !top->next; /* a key asked for it, and it counts for nothing */
	double since = now_seconds();
	int ret;

	if (top->view.paused && !top->all)
		return look_in_pause(top);
	if (since < top->next)
		return 0;
	ret = look(top);
	top->next = since + top->view.interval;
	/* From one beginning to the next, but not without a rest. */
	if (top->next < now_seconds() + top->view.interval / 4)
		top->next = now_seconds() + top->view.interval / 4;
	if (!now || !top->looks)
		top->looks++;
	top->ended = top->ended || (count && top->looks > count);
	return ret;
}

static int go_on(struct top *top)
{
	int ret = draw(top);

	while (!ret && !top->ended && !interrupted()) {
		double wait;

		ret = look_if_due(top);
		if (!ret)
			set_clock(&top->view);
		if (!ret && !interrupted())
			ret = draw(top);
		if (ret || top->ended)
			break;
		wait = top->view.paused ? INTERVAL_MAX : top->next - now_seconds();
		take_key(top, screen_key(wait > 0 ? wait : 0));
	}
	return ret;
}

/* What the model is called, and what is said of it, as in tables. */
static void begin(struct top *top)
{
	const char *model = gmem_ctx_model(top->cli->ctx);

	if (model)
		snprintf(top->origin, sizeof(top->origin), "simulated: %s", model);
	top->view = (struct view){
		.utf8 = utf8_is_locale(),
		.colored = output_wants_color(top->cli->common.format.color),
		.bytes = top->cli->common.format.bytes,
		.interval =
			top->settings->interval > 0 ? top->settings->interval : DEFAULT_INTERVAL,
		.origin = top->origin,
		.sort = top->settings->sort,
	};
	snprintf(top->note, sizeof(top->note), "looking at all processes");
	set_clock(&top->view);
}

static enum status show(struct top *top)
{
	struct cli *cli = top->cli;
	int ret = go_on(top);

	screen_close();
	if (ret && ret != -ECANCELED)
		return ret == -ENOMEM ? cli_no_memory(cli) : cli_fail_error(cli, ret, NULL);
	if (!top->guests.owners)
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_INTERRUPTED),
				   "interrupted before the first look was over");
	if (*top->note)
		cli_note(cli, "%s", top->note);
	else if (top->partly)
		cli_note(cli,
			 "some values are unknown: 'gmemctl list --output=+reason' reports why");
	if (*top->note && !top->guests.n)
		return STATUS_CANNOT_TELL;
	return *top->note || top->partly ? STATUS_PARTLY : STATUS_YES;
}

/* A screen is of no use to a program. watch shows the same line by line, and list once. */
static enum status check_format(struct cli *cli)
{
	if (cli->common.format.style != STYLE_TABLE)
		return cli_usage(cli,
				 "it draws on a terminal only: for programs, list and watch have "
				 "--json, --raw and --pairs");
	if (cli->common.verbose && isatty(fileno(cli->streams.err)) && isatty(STDOUT_FILENO))
		return cli_usage(cli, "--verbose: its lines would go over the screen; send "
				      "standard error to a file");
	return STATUS_YES;
}

static enum status check_terminal(struct cli *cli)
{
	if (isatty(STDIN_FILENO) && isatty(fileno(cli->streams.out)))
		return STATUS_YES;
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-ENOTTY),
			   "standard %s is not a terminal; 'gmemctl watch' writes a line for each "
			   "change, and 'gmemctl list' a table",
			   isatty(STDIN_FILENO) ? "output" : "input");
}

static enum status run(struct cli *cli)
{
	struct top top = { .cli = cli, .settings = cli->settings };
	enum status status = check_format(cli);
	const char *why;
	int ret;

	if (!status)
		status = check_terminal(cli);
	if (status)
		return status;
	guests_begin(&top.guests, cli, &top.settings->guests);
	begin(&top);
	ret = screen_open(cli->streams.out, &top.view.colored, &why);
	if (ret)
		status = cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
				     "%s; 'gmemctl watch' needs no such terminal", why);
	else
		status = show(&top);
	map_end(&top.map);
	guests_free(&top.guests);
	free(top.sorted);
	return status;
}

const struct command top_command = {
	.name = "top",
	.ends_in_order = true,
	.needs = READS_KERNEL | READS_PROCESSES,
	.summary = "every guest_memfd on the host, live on a terminal",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.run = run,
};
