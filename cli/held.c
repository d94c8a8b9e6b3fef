// SPDX-License-Identifier: GPL-2.0-or-later
#include "held.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"

void held_free(struct held *held)
{
	if (!held)
		return;
	/* No slot is there without a VM. */
	for (size_t i = 0; i < held->n_slots; i++)
		gmem_slot_delete(held->vm, (uint32_t)i);
	gmem_memory_free(held->memory);
	gmem_vm_free(held->vm);
	free(held);
}

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

enum status held_check_name(struct cli *cli, const char *text)
{
	if (held_is_name(text))
		return STATUS_YES;
	if (strlen(text) > HELD_NAME_MAX)
		return cli_usage(cli, "'%.20s...': a name has at most %d characters", text,
				 HELD_NAME_MAX);
	return cli_usage(cli,
			 "'%s': a name is a letter or '_', then letters, digits, '_', '-' and '.'",
			 text);
}

const char *held_state(const struct held *held)
{
	if (!launch_of(held->type))
		return "ready";
	return held->is_final ? "final" : "launching";
}

uint64_t held_private(const struct held *held)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < held->n_slots; i++)
		bytes += gmem_vm_private_bytes(held->vm, held->slots[i].gpa, held->slots[i].size);
	return bytes;
}

void held_describe(const struct held *held, const struct gmem_ctx *ctx, struct held_info *info)
{
	const char *model = gmem_ctx_model(ctx);

	memset(info, 0, sizeof(*info));
	memcpy(info->name, held->name, sizeof(info->name));
	info->pid = getpid();
	info->fd = gmem_memory_fd(held->memory);
	snprintf(info->model, sizeof(info->model), "%s", model ? model : "");
	snprintf(info->type, sizeof(info->type), "%s", gmem_vm_type_name(held->type));
	snprintf(info->state, sizeof(info->state), "%s", held_state(held));
	info->flags = gmem_memory_flags(held->memory);
	info->size = gmem_memory_size(held->memory);
	info->gpa = held->slots[0].gpa;
	info->slots = held->n_slots;
	info->private_bytes = held_private(held);
	info->since = held->since;
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
	return text[end] == '\n' && !text[end + 1] && held_is_name(info->name) && pid > 0;
}
