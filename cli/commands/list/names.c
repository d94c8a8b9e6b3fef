// SPDX-License-Identifier: GPL-2.0-or-later
/* The names under which gmemctl holds VMs: of this batch, else of the runtime folder. */
#include "commands/list/list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "held/session.h"
#include "holder/runtime.h"

static void add(struct list_names *names, const struct held_info *info)
{
	struct list_name *grown = realloc(names->name, (names->n + 1) * sizeof(*grown));

	names->no_memory = names->no_memory || !grown;
	if (!grown)
		return;
	names->name = grown;
	names->name[names->n] = (struct list_name){ .pid = info->pid, .fd = info->fd };
	strcpy(names->name[names->n++].text, info->name);
}

/* What is not ready, or was killed, has no memory to name. */
static enum status add_held(struct cli *cli, const struct runtime *runtime, const char *name,
			    void *arg)
{
	struct held_info info;
	int lock;

	(void)cli;
	switch (runtime_lock(runtime, name, false, &lock)) {
	case RUNTIME_HELD:
		if (runtime_read(lock, &info))
			add(arg, &info);
		close(lock);
		break;
	case RUNTIME_OURS:
		close(lock);
		break;
	case RUNTIME_NONE:
	case RUNTIME_ERROR:
		break;
	}
	return STATUS_YES;
}

static void find_in_session(const struct cli *cli, struct list_names *names)
{
	struct held_info info;

	for (size_t i = 0; i < cli->session->n; i++) {
		held_describe(cli->session->vms[i], cli->ctx, &info);
		add(names, &info);
	}
}

static void find_in_runtime(struct cli *cli, struct list_names *names)
{
	struct runtime runtime;

	if (runtime_find(&runtime))
		return;
	runtime_each(cli, &runtime, add_held, names);
	runtime_close(&runtime);
}

enum status list_find_names(struct cli *cli, struct list_names *names)
{
	if (cli->session)
		find_in_session(cli, names);
	else if (!cli->common.model &&
		 !cli->common.core) /* a simulated kernel has no processes but this one */
		find_in_runtime(cli, names);
	return names->no_memory ? cli_no_memory(cli) : STATUS_YES;
}

const char *list_name_of(const struct list_names *names, const struct gmem_owner *owner)
{
	for (size_t i = 0; names && i < names->n; i++)
		if (names->name[i].pid == owner->pid && names->name[i].fd == owner->fd)
			return names->name[i].text;
	return NULL;
}

void list_free_names(struct list_names *names)
{
	free(names->name);
}
