// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prefixes: kernel/printk/printk.c, dmesg(1), syslog, journalctl(1), fs/pstore. */
#include "oops/prefix.h"

#include <string.h>

#include "oops/text.h"

/* "kernel: " of syslog stands within so many bytes, behind time and host. */
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

/* "2026-11-29T10:12:46,123456+00:00 ": dmesg --time-format=iso */
static const char *pass_iso(const char *at, char *caller)
{
	const char *end = digits(at);

	(void)caller;
	if (end - at != 4 || *end != '-')
		return NULL;
	end += strspn(end, "0123456789-T:,.+Z");
	return *end == ' ' ? end + 1 : NULL;
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
	pass_level, pass_caller,   pass_time,  pass_record,
	pass_iso,   pass_facility, pass_field, pass_quote,
};

/* "Nov 29 10:12:46 host kernel: ": syslog and the journal, whatever the time looks like. */
static const char *pass_syslog(const char *line)
{
	const char *found = memmem(line, strnlen(line, SYSLOG_MAX), " kernel: ", 9);

	/* A thread's name may have any bytes. */
	if (!found || memmem(line, (size_t)(found - line), "Comm: ", 6))
		return line;
	return found + 9;
}

const char *oops_prefix(const char *line, char *caller)
{
	const char *at, *next;
	size_t i;

	*caller = '\0';
	at = pass_syslog(line);
	do {
		at += strspn(at, " \t");
		/* All prefixes begin with one of these. */
		if (!*at || !strchr("[<>kM0123456789", *at))
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
