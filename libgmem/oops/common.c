// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines that every architecture prints, and pieces of lines. */
#include "oops/text.h"

#include <stdio.h>
#include <string.h>

const char *oops_hex(const char *at, uint64_t *value)
{
	uint64_t sum = 0;
	int n = 0;

	for (;; at++, n++) {
		unsigned int digit;

		if (*at >= '0' && *at <= '9')
			digit = (unsigned int)(*at - '0');
		else if (*at >= 'a' && *at <= 'f')
			digit = (unsigned int)(*at - 'a') + 10;
		else
			break;
		if (n == 16)
			return NULL;
		sum = sum << 4 | digit;
	}
	if (!n)
		return NULL;
	*value = sum;
	return at;
}

const char *oops_hex_n(const char *at, unsigned int n, uint64_t *value)
{
	const char *end = oops_hex(at, value);

	return end && end - at == (ptrdiff_t)n ? end : NULL;
}

void oops_note_address(struct oops_text *text, uint64_t address)
{
	if (text->seen & SEEN_ADDRESS && text->address != address)
		text->notes |= GMEM_OOPS_ADDRESS_DIFFERS;
	else
		text->address = address;
	text->seen |= SEEN_ADDRESS;
}

void oops_note_code(struct oops_text *text, uint64_t code)
{
	if (text->seen & SEEN_CODE && text->code != code)
		text->notes |= GMEM_OOPS_CODE_DIFFERS;
	else
		text->code = code;
	text->seen |= SEEN_CODE;
}

void oops_note_entry(struct oops_text *text, unsigned int level, uint64_t entry)
{
	if (!(text->walked & 1u << level))
		text->entry[level] = entry;
	text->walked |= 1u << level;
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '$';
}

bool oops_function(const char *at, char *out)
{
	size_t length = 0;
	uint64_t number;

	while (is_name(at[length]))
		length++;
	if (!length || length >= GMEM_OOPS_NAME_MAX || strncmp(at + length, "+0x", 3))
		return false;
	at += length + 3;
	memcpy(out, at - length - 3, length);
	out[length] = '\0';
	at = oops_hex(at, &number);
	return at && !strncmp(at, "/0x", 3) && oops_hex(at + 3, &number);
}

/* Registers of the kernel. The first block counts; a second one repeats it. */
static void add_register(struct oops_text *text, const char *name, size_t length, uint64_t value)
{
	struct oops_register *new = &text->registers[text->n_registers];

	if (length >= sizeof(new->name) || text->n_registers == OOPS_REGISTERS)
		return;
	memcpy(new->name, name, length);
	new->name[length] = '\0';
	new->value = value;
	for (unsigned int i = 0; i < text->n_registers; i++)
		if (!strcmp(text->registers[i].name, new->name))
			return;
	text->n_registers++;
}

static void add_registers(struct oops_text *text, const char *at)
{
	while (*at) {
		const char *name = at, *end;
		uint64_t value;
		size_t length;

		while (is_name(*at))
			at++;
		length = (size_t)(at - name);
		at += strspn(at, " ");
		if (!length || *at != ':')
			return;
		at++;
		at += strspn(at, " ");
		end = oops_hex_n(at, 16, &value);
		if (!end)
			return;
		add_register(text, name, length, value);
		at = end + strspn(end, " ");
	}
}

bool oops_take_registers(struct oops_text *text, const char *line)
{
	if (!(text->seen & (SEEN_USER | SEEN_TRACE)))
		add_registers(text, line);
	return true;
}

bool oops_take_function(struct oops_text *text, const char *rest)
{
	if (!(text->seen & SEEN_FUNCTION) && oops_function(rest, text->function))
		text->seen |= SEEN_FUNCTION;
	return true;
}

/* A number of at most nine digits. */
static bool decimal(const char *at, uint32_t *value)
{
	uint32_t sum = 0;
	int n = 0;

	for (; at[n] >= '0' && at[n] <= '9' && n < 10; n++)
		sum = sum * 10 + (uint32_t)(at[n] - '0');
	if (!n || n > 9)
		return false;
	*value = sum;
	return true;
}

/* " 0 UID: 0 PID: 412 Comm: a name Not tainted 7.3.4 #1 …"; before 6.11 without UID. */
static bool take_cpu(struct oops_text *text, const char *rest)
{
	const char *comm, *end, *taint;
	uint32_t pid;

	if (text->seen & SEEN_PROCESS)
		return true;
	if (!decimal(rest, &text->cpu))
		return false;
	text->has_cpu = true;
	rest = strstr(rest, "PID: ");
	comm = rest ? strstr(rest, " Comm: ") : NULL;
	if (!comm || !decimal(rest + 5, &pid))
		return true;
	text->pid = (int32_t)pid;
	text->has_pid = true;
	text->seen |= SEEN_PROCESS;
	comm += 7;
	/* A thread's name may have any bytes; the last of these words ends it. */
	end = NULL;
	for (taint = comm; (taint = strstr(taint, "ainted")); taint++) {
		if (taint - comm >= 6 && !strncmp(taint - 6, " Not t", 6))
			end = taint - 6;
		else if (taint - comm >= 2 && !strncmp(taint - 2, " T", 2))
			end = taint - 2;
	}
	if (!end)
		return true;
	snprintf(text->command, sizeof(text->command), "%.*s", (int)(end - comm), comm);
	for (rest = strstr(end, "ainted"); (rest = strchr(rest, ' '));) {
		rest += strspn(rest, " ");
		if (*rest < '0' || *rest > '9')
			continue;
		snprintf(text->release, sizeof(text->release), "%.*s", (int)strcspn(rest, " "),
			 rest);
		break;
	}
	return true;
}

static bool take_trace(struct oops_text *text, const char *rest)
{
	(void)rest;
	text->seen |= SEEN_TRACE;
	return true;
}

static bool take_trace_end(struct oops_text *text, const char *rest)
{
	(void)rest;
	if (text->seen & SEEN_TRACE)
		text->seen |= SEEN_TRACE_END;
	return true;
}

static bool take_end(struct oops_text *text, const char *rest)
{
	(void)rest;
	text->seen |= SEEN_END | SEEN_TRACE_END;
	return true;
}

const struct oops_line oops_common_lines[] = {
	{ "CPU: ", false, take_cpu, false },
	{ "Call Trace:", false, take_trace, false },
	{ "Call trace:", false, take_trace, false },
	{ "</TASK>", false, take_trace_end, false },
	{ "Modules linked in:", false, take_trace_end, false },
	{ "Code: ", false, take_trace_end, false },
	{ "---[ end ", false, take_end, false },
	{ NULL, false, NULL, false },
};

const struct oops_line *oops_line_find(const struct oops_line *lines, const char *line,
				       const char **rest)
{
	for (; lines->begins; lines++) {
		size_t length = strlen(lines->begins);

		if (*line == *lines->begins && !strncmp(line, lines->begins, length)) {
			*rest = lines->whole ? line : line + length;
			return lines;
		}
	}
	return NULL;
}

/* Lines of show_regs() and of headers that only these print. */
static const struct {
	const char *begins, *machine;
} others[] = {
	{ "epc : ", "riscv" },
	{ "NIP: ", "powerpc" },
	{ "Krnl PSW : ", "s390" },
	{ "EIP: ", "x86-32" },
};

const char *oops_other_machine(const char *line)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strncmp(line, others[i].begins, strlen(others[i].begins)))
			return others[i].machine;
	return NULL;
}

/* A row with has NULL is of an address with 8 digits, where another machine has 16. */
static const struct {
	const char *begins, *has, *machine;
} headers[] = {
	{ "BUG: Unable to handle kernel ", " at ", "powerpc" },
	{ "Unable to handle kernel pointer dereference in virtual kernel", " address space",
	  "s390" },
	{ "CPU ", " era == ", "loongarch" },
	{ "CPU ", " epc == ", "mips" },
	{ "BUG: unable to handle page fault for address: ", NULL, "x86-32" },
	{ "Unable to handle kernel ", NULL, "arm" },
};

const char *oops_other_header(const char *line)
{
	uint64_t address;

	if (*line != 'B' && *line != 'U' && *line != 'C')
		return NULL;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const char *word = strrchr(line, ' ');

		if (strncmp(line, headers[i].begins, strlen(headers[i].begins)))
			continue;
		if (headers[i].has ? strstr(line, headers[i].has) != NULL
				   : word && oops_hex_n(word + 1, 8, &address))
			return headers[i].machine;
	}
	return NULL;
}

bool oops_is_other(const char *line)
{
	const char *number = strstr(line, " [#");

	if (!number || number[3] < '0' || number[3] > '9')
		return false;
	return !strncmp(line, "Oops: ", 6) || !strncmp(line, "Internal error: ", 16) ||
	       !strncmp(line, "general protection fault", 24) ||
	       !strncmp(line, "invalid opcode: ", 16) || !strncmp(line, "stack segment: ", 15);
}
