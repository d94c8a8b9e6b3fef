// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds the first of all tasks; the list of tasks leads from it to all others. */
#include <errno.h>

#include "kernel/dump/dump.h"
#include "kernel/image/vmcoreinfo.h"

#define NODES_MAX 1024u	     /* MAX_NUMNODES with the largest CONFIG_NODES_SHIFT */
#define TASKS_MAX (1u << 22) /* PID_MAX_LIMIT */

/* The struct of the first node that there is. */
static int first_node(struct gmem_dump *dump, uint64_t *node)
{
	const char *info = dump->file.vmcoreinfo;
	uint64_t table, length;
	int ret = gmem_vmcoreinfo_number(info, "SYMBOL(node_data)", 16, &table);

	if (ret)
		return gmem_vmcoreinfo_number(info, "SYMBOL(contig_page_data)", 16, node);
	ret = gmem_vmcoreinfo_number(info, "LENGTH(node_data)", 10, &length);
	*node = 0;
	for (uint64_t i = 0; !ret && !*node && i < length && i < NODES_MAX; i++)
		ret = gmem_dump_read_word(dump, table + i * 8, node);
	return ret || *node ? ret : -ENOENT;
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
	uint64_t node, task;
	int ret = gmem_dump_symbol(dump, "init_task", address);

	if (ret != -ENOENT && ret != -ENODATA)
		return ret;
	ret = gmem_dump_offset_of(dump, "pglist_data", "kswapd", &kswapd);
	if (!ret)
		ret = first_node(dump, &node);
	if (!ret)
		ret = gmem_dump_read_word(dump, node + kswapd, &task);
	return ret ? ret : walk_to_init(dump, task, address);
}
