// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, and what a holder tells others about its VM. Both come from files and are not trusted. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "held/held.h"

static bool starts_name(char c)
{
	return isascii((unsigned char)c) && (isalpha((unsigned char)c) || c == '_');
}

static bool continues_name(char c)
{
	return starts_name(c) || isdigit((unsigned char)c) || c == '-' || c == '.';
}

bool held_is_name(const char *text)
{
	if (!starts_name(*text) || strlen(text) > HELD_NAME_MAX)
		return false;
	while (*text && continues_name(*text))
		text++;
	return !*text;
}

/* "-" stands for no model: every field is a word. */
int held_info_write(const struct held_info *info, char *buffer, size_t size)
{
	return snprintf(buffer, size,
			"%s %d %d %s %s %s %" PRIx64 " %" PRIu64 " %" PRIx64 " %" PRIu64 " %" PRIu64
			" %" PRId64 " %" PRId64 "\n",
			info->name, (int)info->pid, info->fd, *info->model ? info->model : "-",
			info->type, info->state, info->flags, info->size, info->gpa, info->slots,
			info->private_bytes, info->since, info->expires);
}

bool held_info_read(const char *text, struct held_info *info)
{
	int pid, end = 0;

	memset(info, 0, sizeof(*info));
	if (sscanf(text,
		   "%64s %d %d %31s %15s %15s %" SCNx64 " %" SCNu64 " %" SCNx64 " %" SCNu64
		   " %" SCNu64 " %" SCNd64 " %" SCNd64 "%n",
		   info->name, &pid, &info->fd, info->model, info->type, info->state, &info->flags,
		   &info->size, &info->gpa, &info->slots, &info->private_bytes, &info->since,
		   &info->expires, &end) != 13)
		return false;
	info->pid = pid;
	if (!strcmp(info->model, "-"))
		info->model[0] = '\0';
	end += (int)strspn(text + end, " ");
	return text[end] == '\n' && !text[end + 1] && held_is_name(info->name) && pid > 0;
}
