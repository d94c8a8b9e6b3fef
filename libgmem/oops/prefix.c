// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prefixes: kernel/printk/printk.c, dmesg(1), syslog, journalctl(1), fs/pstore, containers' logs.
 */
#include "oops/prefix.h"

#include <stdbool.h>
#include <string.h>

#include "oops/text.h"

/* "kernel: " of syslog, or the kernel's own time, stands within so many bytes, behind time and
 * host. */
#define SYSLOG_MAX 160
/* The longest time between brackets: words of other languages take more bytes. */
#define TIME_MAX 64

typedef const char *(*pass_fn)(const char *at, char *caller);

static const char *digits(const char *at)
{
	while (*at >= '0' && *at <= '9')
		at++;
	return at;
}

/* "<4>" */
static const char *pass_level(const char *at, char *caller)
{
	const char *end = digits(at + 1);

	(void)caller;
	return *at == '<' && end > at + 1 && *end == '>' ? end + 1 : NULL;
}

/* "[  T412]", "[    C1]": CONFIG_PRINTK_CALLER */
static const char *pass_caller(const char *at, char *caller)
{
	const char *begin, *end;

	if (*at != '[')
		return NULL;
	begin = at + 1 + strspn(at + 1, " ");
	if (*begin != 'T' && *begin != 'C')
		return NULL;
	end = digits(begin + 1);
	if (end == begin + 1 || *end != ']' || end - begin >= OOPS_CALLER_MAX)
		return NULL;
	memcpy(caller, begin, (size_t)(end - begin));
	caller[end - begin] = '\0';
	return end + 1;
}

/*
 * "[   12.345678]", and the times of dmesg's options: "[Sun Nov 29 10:12:46 2026]" in any language,
 * "[  +0.000012]", "[Nov29 10:12]". The only line of a kernel that begins so has one word between
 * the brackets: the walk of arm64, "[ffff000004f85000] pgd=".
 */
static const char *pass_time(const char *at, char *caller)
{
	const char *end;

	(void)caller;
	if (*at != '[')
		return NULL;
	end = at + 1 + strcspn(at + 1, "[]");
	if (*end != ']' || end - at > TIME_MAX || !strncmp(end, "] pgd=", 6))
		return NULL;
	return end + 1;
}

/* "6,1234,56789,-,caller=T412;": a record of /dev/kmsg; netconsole may put the release before it */
static const char *pass_record(const char *at, char *caller)
{
	const char *end = at, *word;

	word = at + strcspn(at, ",;");
	if (*word == ',' && memchr(at, '.', (size_t)(word - at)))
		end = word + 1;
	for (int i = 0; i < 3; i++) {
		const char *next = digits(end);

		if (next == end || *next != ',')
			return NULL;
		end = next + 1;
	}
	word = end;
	end += strcspn(end, ";");
	if (*end != ';' || end - word > 64)
		return NULL;
	word = strstr(word, "caller=");
	if (word && word < end) {
		size_t length = strcspn(word + 7, ",;");

		if (length < OOPS_CALLER_MAX) {
			memcpy(caller, word + 7, length);
			caller[length] = '\0';
		}
	}
	return end + 1;
}

/* "2026-11-29T10:12:46,123456+00:00 ": dmesg --time-format=iso; with a blank for the T: ts(1) */
static const char *pass_iso(const char *at, char *caller)
{
	static const char *const of_time = "0123456789-T:,.+Z";
	const char *end = digits(at);

	(void)caller;
	if (end - at != 4 || *end != '-')
		return NULL;
	end += strspn(end, of_time);
	if (*end == ' ' && digits(end + 1) == end + 3 && end[3] == ':')
		end += 1 + strspn(end + 1, of_time);
	return *end == ' ' ? end + 1 : NULL;
}

/* "stderr F ", "stdout P ": what a container wrote, behind the time (CRI's form of a log) */
static const char *pass_stream(const char *at, char *caller)
{
	(void)caller;
	if (strncmp(at, "std", 3))
		return NULL;
	at += 3;
	if (!strncmp(at, "err ", 4) || !strncmp(at, "out ", 4))
		at += 4;
	return (*at == 'F' || *at == 'P') && at[1] == ' ' ? at + 2 : NULL;
}

/* "[name key=\"value\"]", any number of them, or "-": structured data of RFC 5424 */
static const char *pass_structured(const char *at)
{
	if (*at == '-')
		return at + 1;
	if (*at != '[')
		return NULL;
	while (*at == '[') {
		bool quoted = false;

		for (at++; *at && (quoted || *at != ']'); at++) {
			if (*at == '"')
				quoted = !quoted;
			else if (quoted && *at == '\\' && at[1])
				at++;
		}
		if (*at++ != ']')
			return NULL;
	}
	return at;
}

/* "1 2026-11-29T10:12:46.123456+00:00 host kernel - - - ": RFC 5424, behind the level */
static const char *pass_rfc5424(const char *at, char *caller)
{
	static const char bom[] = "\357\273\277";

	(void)caller;
	if (strncmp(at, "1 ", 2) || !(at[2] == '-' || (digits(at + 2) == at + 6 && at[6] == '-')))
		return NULL;
	at += 2;
	/* The time, host, program, process and sort of message. */
	for (int i = 0; i < 5; i++) {
		const char *end = strchr(at, ' ');

		if (!end || end == at)
			return NULL;
		at = end + 1;
	}
	at = pass_structured(at);
	if (!at || *at != ' ')
		return NULL;
	at++;
	return strncmp(at, bom, sizeof(bom) - 1) ? at : at + sizeof(bom) - 1;
}

/* "kern  :alert : ": dmesg -x */
static const char *pass_facility(const char *at, char *caller)
{
	const char *end;

	(void)caller;
	if (strncmp(at, "kern", 4))
		return NULL;
	end = at + 4 + strspn(at + 4, " ");
	if (*end != ':')
		return NULL;
	end++;
	end += strspn(end, "abcdefghijklmnopqrstuvwxyz");
	end += strspn(end, " ");
	return *end == ':' ? end + 1 : NULL;
}

/* "MESSAGE=": journalctl -o verbose, -o export */
static const char *pass_field(const char *at, char *caller)
{
	(void)caller;
	return strncmp(at, "MESSAGE=", 8) ? NULL : at + 8;
}

/* "> ": a log that was quoted in a mail */
static const char *pass_quote(const char *at, char *caller)
{
	(void)caller;
	return *at == '>' ? at + 1 : NULL;
}

static const pass_fn passes[] = {
	pass_level,    pass_caller, pass_time,	pass_record, pass_iso,
	pass_facility, pass_field,  pass_quote, pass_stream, pass_rfc5424,
};

/* "Nov 29 10:12:46 host kernel: ", "host kernel[0]: ": syslog and the journal, whatever the time.
 */
static const char *find_program(const char *line, size_t length)
{
	const char *at = line, *end;

	while ((at = memmem(at, length - (size_t)(at - line), " kernel", 7))) {
		at += 7;
		end = at;
		if (*end == '[' && digits(end + 1) > end + 1 && *digits(end + 1) == ']')
			end = digits(end + 1) + 1;
		if (end[0] == ':' && end[1] == ' ')
			return end + 2;
	}
	return NULL;
}

static bool has_clock(const char *line, const char *end)
{
	const char *at = line;

	while ((at = memchr(at, ':', (size_t)(end - at)))) {
		if (at > line && digits(at - 1) == at && digits(at + 1) > at + 1)
			return true;
		at++;
	}
	return false;
}

/* "Nov 29 10:12:46 [   12.345678] ": the kernel's own time, behind another clock's. */
static const char *find_time(const char *line, size_t length)
{
	const char *at = line, *end;

	if (*line == '[')
		return NULL;
	while ((at = memchr(at, '[', length - (size_t)(at - line)))) {
		end = at + 1 + strspn(at + 1, " ");
		if (digits(end) > end && *digits(end) == '.') {
			end = digits(digits(end) + 1);
			if (*end == ']')
				return has_clock(line, at) ? at : NULL;
		}
		at++;
	}
	return NULL;
}

/* What other programs put before a kernel's line. */
static const char *pass_others(const char *line)
{
	size_t length = strnlen(line, SYSLOG_MAX);
	const char *found = find_program(line, length);

	if (!found)
		found = find_time(line, length);
	/* A thread's name may have any bytes. */
	if (!found || memmem(line, (size_t)(found - line), "Comm: ", 6))
		return line;
	return found;
}

const char *oops_prefix(const char *line, char *caller)
{
	const char *at, *next;
	size_t i;

	*caller = '\0';
	at = pass_others(line);
	do {
		at += strspn(at, " \t");
		/* All prefixes begin with one of these. */
		if (!*at || !strchr("[<>kMs0123456789", *at))
			break;
		for (i = 0, next = NULL; !next && i < sizeof(passes) / sizeof(passes[0]); i++)
			next = passes[i](at, caller);
		if (next)
			at = next;
	} while (next);
	return at;
}

size_t oops_clean(char *line, size_t length)
{
	size_t kept = 0;

	if (!memchr(line, '\033', length) && !memchr(line, '\r', length))
		return length;
	for (size_t i = 0; i < length; i++) {
		if (line[i] == '\033' && i + 1 < length && line[i + 1] == '[') {
			i += 2;
			while (i < length && !(line[i] >= '@' && line[i] <= '~'))
				i++;
		} else if (line[i] != '\033' && line[i] != '\r') {
			line[kept++] = line[i];
		}
	}
	line[kept] = '\0';
	return kept;
}
