// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	if (!gmem_launch_of(held->type))
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
