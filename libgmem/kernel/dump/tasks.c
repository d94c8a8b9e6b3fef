// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds the first of all tasks; the list of tasks leads from it to all others. */
#include <errno.h>

#include "kernel/dump/dump.h"

#define TASKS_MAX (1u << 22) /* PID_MAX_LIMIT */

/* Takes the first node that there is, and ends the walk. */
static int take_node(struct gmem_dump *dump, uint64_t pgdat, unsigned int node, void *arg)
{
	(void)dump;
	(void)node;
	*(uint64_t *)arg = pgdat;
	return 1;
}

/* Each node has a kswapd. From it the list of tasks leads to the task with PID 0. */
static int walk_to_init(struct gmem_dump *dump, uint64_t task, uint64_t *init)
{
	size_t tasks, pid;
	uint32_t number;
	int ret = gmem_dump_offset_of(dump, "task_struct", "tasks", &tasks);

	if (!ret)
		ret = gmem_dump_offset_of(dump, "task_struct", "pid", &pid);
	for (unsigned int n = 0; !ret && n < TASKS_MAX; n++) {
		ret = gmem_dump_read_int(dump, task + pid, &number);
		if (!ret && !number) {
			*init = task;
			return 0;
		}
		if (!ret)
			ret = gmem_dump_read_word(dump, task + tasks, &task);
		task -= tasks;
	}
	return ret ? ret : -ENOENT;
}

int gmem_dump_find_init_task(struct gmem_dump *dump, uint64_t *address)
{
	size_t kswapd;
	uint64_t node = 0, task;
	int ret = gmem_dump_symbol(dump, "init_task", address);

	if (ret != -ENOENT && ret != -ENODATA)
		return ret;
	ret = gmem_dump_offset_of(dump, "pglist_data", "kswapd", &kswapd);
	if (!ret)
		ret = gmem_dump_each_node(dump, take_node, &node);
	if (ret >= 0)
		ret = node ? 0 : -ENOENT;
	if (!ret)
		ret = gmem_dump_read_word(dump, node + kswapd, &task);
	return ret ? ret : walk_to_init(dump, task, address);
}
