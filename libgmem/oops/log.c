// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A log, piece by piece: lines, the oopses that are open, and when one has ended. An oops is known
 * by the thread or CPU that prints it where lines name one; else only one is open at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "oops/json.h"
#include "oops/judge.h"
#include "oops/prefix.h"
#include "oops/text.h"

/* A kernel's line is below 1 KiB; what stands before it may be as much. */
#define LINE_MAX_BYTES 2048
#define OPEN_MAX 8
/*
 * Stands for the caller of an oops with lines that are mixed with another oops; no line can have
 * this name.
 */
#define MIXED "?"
/* The longest oops has fewer lines: one that goes on has lost its end. */
#define OOPS_LINES_MAX 2000

struct open_oops {
	bool open;
	struct oops_text text;
};

struct gmem_oops_log {
	gmem_oops_fn fn;
	void *arg;
	struct gmem_oops_counts counts;
	uint64_t base; /* of the direct map, by an oops of this boot; 0: none yet */
	unsigned int n_open;
	unsigned int part; /* of pstore, 0: none */
	size_t length;	   /* of line */
	bool cut;	   /* the line's end did not fit */
	bool begun;	   /* there is a line, if an empty one */
	char line[LINE_MAX_BYTES];
	struct open_oops oopses[OPEN_MAX];
};

int gmem_oops_new(gmem_oops_fn fn, void *arg, struct gmem_oops_log **out)
{
	struct gmem_oops_log *log;

	if (!fn)
		return -EINVAL;
	log = calloc(1, sizeof(*log));
	if (!log)
		return -ENOMEM;
	log->fn = fn;
	log->arg = arg;
	*out = log;
	return 0;
}

void gmem_oops_free(struct gmem_oops_log *log)
{
	free(log);
}

int gmem_oops_get_counts(const struct gmem_oops_log *log, struct gmem_oops_counts *out)
{
	return GMEM_FILL_OUT(NULL, gmem_oops_counts, zeros, out, &log->counts);
}

/*
 * The base of an earlier fault of the same boot gives the page frame behind an empty entry, as far
 * as only the direct map can be at that address.
 */
static void use_base(struct gmem_oops_log *log, uint64_t reaches, struct gmem_oops *oops)
{
	if (oops->base) {
		log->base = oops->base;
	} else if (log->base && oops->kind == GMEM_OOPS_NOT_PRESENT && !oops->has_pfn &&
		   !(oops->notes & GMEM_OOPS_NOT_DIRECT_MAP) && oops->page_size &&
		   oops->address - log->base < reaches) {
		oops->base = log->base;
		oops->pfn = (oops->address - log->base) / oops->page_size;
		oops->has_pfn = true;
		oops->direct_map = GMEM_DIRECT_MAP_UNMAPPED;
		oops->notes |= GMEM_OOPS_BY_EARLIER;
	}
}

/* Whether something was said that only a page fault says. */
static bool is_fault(const struct oops_text *text)
{
	return text->other || text->seen & (SEEN_HEADER | SEEN_CODE) ||
	       (text->walked && text->seen & SEEN_ADDRESS);
}

static int end_oops(struct gmem_oops_log *log, struct open_oops *open)
{
	struct gmem_oops oops;

	open->open = false;
	log->n_open--;
	if (!is_fault(&open->text))
		return 0;
	if (!(open->text.seen & SEEN_HEADER) || !(open->text.seen & SEEN_END) ||
	    open->text.seen & SEEN_LOST)
		open->text.notes |= GMEM_OOPS_CUT_OFF;
	oops_judge(&open->text, &oops);
	if (open->text.machine)
		use_base(log, open->text.machine->base_reaches, &oops);
	log->counts.faults++;
	oops.size = sizeof(oops);
	return log->fn(&oops, log->arg);
}

static int end_all(struct gmem_oops_log *log)
{
	/* In the order in which they began. */
	while (log->n_open) {
		struct open_oops *first = NULL;
		int ret;

		for (size_t i = 0; i < OPEN_MAX; i++)
			if (log->oopses[i].open &&
			    (!first || log->oopses[i].text.begins < first->text.begins))
				first = &log->oopses[i];
		ret = end_oops(log, first);
		if (ret)
			return ret;
	}
	return 0;
}

static struct open_oops *find_open(struct gmem_oops_log *log, const char *caller)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (log->oopses[i].open && !strcmp(log->oopses[i].text.caller, caller))
			return &log->oopses[i];
	return NULL;
}

/* A free place, which is cleared. If no place is free, the oldest oops ends. */
static int make_room(struct gmem_oops_log *log, struct open_oops **out)
{
	struct open_oops *oldest = NULL;
	int ret = 0;

	for (size_t i = 0; i < OPEN_MAX; i++) {
		struct open_oops *at = &log->oopses[i];

		if (!oldest || !at->open || (oldest->open && at->text.begins < oldest->text.begins))
			oldest = at;
		if (!at->open)
			break;
	}
	if (oldest->open)
		ret = end_oops(log, oldest);
	memset(&oldest->text, 0, offsetof(struct oops_text, frames));
	oldest->text.n_frames = 0;
	*out = oldest;
	return ret;
}

static void add_frame(struct oops_text *text, const char *line)
{
	struct oops_frame *new = &text->frames[text->n_frames];
	bool reliable = strncmp(line, "? ", 2);

	if (!(text->seen & SEEN_TRACE) || text->seen & SEEN_TRACE_END)
		return;
	if (text->n_frames == OOPS_FRAMES) {
		text->notes |= GMEM_OOPS_LONG_TRACE;
	} else if (oops_function(reliable ? line : line + 2, new->name)) {
		new->reliable = reliable;
		text->n_frames++;
	}
}

/* The row of a machine's lines that takes this one; it says which machine it is. */
static bool take(struct oops_text *text, const struct oops_machine *machine, const char *line)
{
	const char *rest;
	const struct oops_line *row = oops_line_find(machine->lines, line, &rest);

	if (!row || !row->take(text, rest))
		return false;
	if (!text->machine)
		text->machine = machine;
	return true;
}

/*
 * Lines that hold for each of several mixed oopses: one has its own address, the other is about the
 * kernel.
 */
static void offer(struct gmem_oops_log *log, const char *line)
{
	if (*line != '[' && *line != 's')
		return;
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (log->oopses[i].open && !strcmp(log->oopses[i].text.caller, MIXED))
			take(&log->oopses[i].text, &oops_arm64, line);
}

/* A line while an oops is open. */
static int go_on(struct gmem_oops_log *log, struct open_oops *open, const char *line)
{
	const char *rest, *other = oops_other_machine(line);
	struct oops_text *text = &open->text;
	const struct oops_line *row;

	if (other && !(text->seen & SEEN_CODE))
		text->other = other;
	row = oops_line_find(oops_common_lines, line, &rest);
	if (row)
		row->take(text, rest);
	else if (!take(text, text->machine, line))
		add_frame(text, line);
	if (strstr(line, "printk messages dropped"))
		text->seen |= SEEN_LOST;
	if (++text->lines > OOPS_LINES_MAX || text->seen & SEEN_END)
		return end_oops(log, open);
	return 0;
}

/* Whether an oops begins here: its machine, or NULL. */
static const struct oops_machine *opens(const char *line, bool *header)
{
	static const struct oops_machine *const machines[] = { &oops_x86, &oops_arm64 };
	const char *rest;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct oops_line *row = oops_line_find(machines[i]->lines, line, &rest);

		if (!row || !row->opens)
			continue;
		*header = row->begins[0] == 'B' || row->begins[0] == 'U';
		return machines[i];
	}
	return NULL;
}

/* A second header from the same caller: has the first oops lost its end, or are two mixed? */
static int begin_again(struct gmem_oops_log *log, struct open_oops *open, bool *mixed)
{
	/*
	 * x86 prints all of an oops under a lock, arm64 what comes before "Internal error" without.
	 */
	*mixed = open->text.machine == &oops_arm64 && !*open->text.caller &&
		 !(open->text.seen & SEEN_DIE);
	if (!*mixed)
		return end_oops(log, open);
	open->text.notes |= GMEM_OOPS_INTERLEAVED;
	strcpy(open->text.caller, MIXED);
	return 0;
}

static int begin(struct gmem_oops_log *log, const struct oops_machine *machine, bool mixed,
		 const char *caller, const char *line)
{
	struct open_oops *new;
	int ret = make_room(log, &new);

	if (ret)
		return ret;
	if (machine && !take(&new->text, machine, line))
		machine = NULL;
	if (!machine)
		new->text.other = oops_other_header(line);
	if (!machine && !new->text.other) {
		log->counts.others += oops_is_other(line);
		return 0;
	}
	strcpy(new->text.caller, caller);
	new->text.begins = log->counts.lines;
	new->text.notes |= mixed ? GMEM_OOPS_INTERLEAVED : 0;
	new->open = true;
	log->n_open++;
	return machine ? 0 : end_oops(log, new);
}

/* "Oops#1 Part2", "Panic#2 Part1": pstore. The parts of a dump count down. */
static bool is_part(struct gmem_oops_log *log, const char *line, bool *in_order)
{
	const char *at = strchr(line, '#');
	unsigned int part = 0;

	if (!at || (strncmp(line, "Oops#", 5) && strncmp(line, "Panic#", 6)))
		return false;
	at = strstr(at, " Part");
	if (!at)
		return false;
	for (at += 5; *at >= '0' && *at <= '9' && part < 100000; at++)
		part = part * 10 + (unsigned int)(*at - '0');
	*in_order = part + 1 == log->part;
	log->part = part;
	return true;
}

/* "SEV-SNP: RMPUPDATE failed for PFN 84f35, pg_level: 1, ret: 5": rmpupdate() of the kernel. */
static void count_rmp_failure(struct gmem_oops_log *log, const char *line)
{
	static const char subsystem[] = "SEV-SNP: ", begins[] = "RMPUPDATE failed for PFN ";
	const char *end;
	uint64_t pfn;

	if (!strncmp(line, subsystem, strlen(subsystem)))
		line += strlen(subsystem);
	if (strncmp(line, begins, strlen(begins)))
		return;
	end = oops_hex(line + strlen(begins), &pfn);
	if (!end || *end != ',')
		return;
	if (!log->counts.rmp_failures++) {
		log->counts.rmp_line = log->counts.lines;
		log->counts.rmp_pfn = pfn;
	}
}

static int take_line(struct gmem_oops_log *log, const char *line, const char *caller)
{
	const struct oops_machine *machine;
	bool header = false, mixed = false, in_order;
	struct open_oops *open;
	int ret = 0;

	if (is_part(log, line, &in_order))
		return in_order ? 0 : end_all(log);
	/* The first line of a boot. */
	if (*line == 'L' && !strncmp(line, "Linux version ", 14)) {
		log->base = 0;
		return end_all(log);
	}
	if (*line == 'B' && !strncmp(line, "Booting Linux on physical CPU", 29))
		return end_all(log);
	count_rmp_failure(log, line);
	machine = opens(line, &header);
	open = log->n_open ? find_open(log, caller) : NULL;
	if (open && machine && header) {
		ret = begin_again(log, open, &mixed);
		open = NULL;
	}
	if (ret)
		return ret;
	if (log->n_open)
		offer(log, line);
	if (open)
		return go_on(log, open, line);
	if (machine || oops_other_header(line))
		return begin(log, machine, mixed, caller, line);
	log->counts.others += oops_is_other(line);
	return 0;
}

/* A message may have more than one line. */
static int take_message(struct gmem_oops_log *log)
{
	char caller[OOPS_CALLER_MAX], *line = log->line, *next;
	int ret;

	do {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		oops_clean(line, strlen(line));
		ret = take_line(log, oops_prefix(line, caller), caller);
		line = next;
	} while (!ret && line);
	return ret;
}

static int end_line(struct gmem_oops_log *log)
{
	char caller[OOPS_CALLER_MAX];
	bool whole = false;

	log->line[log->length] = '\0';
	log->length = oops_clean(log->line, log->length);
	log->length = 0;
	log->begun = false;
	log->counts.lines++;
	if (oops_json_message(log->line, &whole)) {
		log->counts.long_lines += !whole;
		log->cut = false;
		return take_message(log);
	}
	log->counts.long_lines += log->cut;
	log->cut = false;
	return take_line(log, oops_prefix(log->line, caller), caller);
}

/* Adds a piece of a line, without its zero bytes, as far as there is room. */
static void add(struct gmem_oops_log *log, const char *piece, size_t length)
{
	log->begun = true;
	while (length) {
		size_t run = 0;

		while (run < length && !piece[run])
			run++;
		log->counts.zeros += run;
		piece += run;
		length -= run;

		const char *zero = memchr(piece, '\0', length);
		size_t part = zero ? (size_t)(zero - piece) : length;
		size_t room = LINE_MAX_BYTES - 1 - log->length;
		size_t kept = part < room ? part : room;

		memcpy(log->line + log->length, piece, kept);
		log->length += kept;
		log->cut = log->cut || kept < part;
		piece += part;
		length -= part;
	}
}

int gmem_oops_feed(struct gmem_oops_log *log, const void *text, size_t length)
{
	const char *at = text, *end = at + length;
	int ret = 0;

	while (!ret && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		add(log, at, (size_t)((newline ? newline : end) - at));
		if (!newline)
			break;
		at = newline + 1;
		ret = end_line(log);
	}
	return ret;
}

/*
 * The last line has no end, so its last word may be cut: a number that lost digits is another
 * number. Addresses and most entries have all of their 16.
 */
static void drop_last_word(struct gmem_oops_log *log)
{
	char *word;
	uint64_t value;
	const char *end;

	log->line[log->length] = '\0';
	log->length = oops_clean(log->line, log->length);
	word = strrchr(log->line, ' ');
	if (*log->line == '{' && log->line[log->length - 1] == '}')
		return;
	if (!word || strstr(log->line, "---[ end "))
		return;
	end = oops_hex_n(word + 1, 16, &value);
	if (!end || *end)
		log->length = (size_t)(word - log->line);
}

int gmem_oops_end(struct gmem_oops_log *log)
{
	int ret = 0;

	if (log->begun) {
		drop_last_word(log);
		ret = end_line(log);
	}
	return ret ? ret : end_all(log);
}
