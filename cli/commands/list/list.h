/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gmemctl list: what its files share. */
#ifndef CLI_COMMANDS_LIST_LIST_H
#define CLI_COMMANDS_LIST_LIST_H

#include "core/cli.h"
#include "core/numa.h"
#include "core/progress.h"
#include "held/held.h"
#include "inspect/patience.h"

enum list_column {
	LIST_PID,
	LIST_COMMAND,
	LIST_NAME,
	LIST_UID,
	LIST_FDS,
	LIST_PROCESSES,
	LIST_OWNERS,
	LIST_PATH_ONLY,
	LIST_VM_TYPE,
	LIST_VM_PID,
	LIST_DEVICE,
	LIST_INODE,
	LIST_SIZE,
	LIST_RESIDENT,
	LIST_PRIVATE,
	LIST_STALE_PRIVATE,
	LIST_FLAGS,
	LIST_INITIAL,
	LIST_NODES,
	LIST_DIRECT_MAP,
	LIST_IN_DIRECT_MAP,
	LIST_NOT_IN_DIRECT_MAP,
	LIST_DIRECT_MAP_UNKNOWN,
	LIST_SLOTS,
	LIST_SHARED,
	LIST_TOTAL,
	LIST_REASON,
	LIST_COLUMNS,
};

extern const struct table list_table;
extern const struct table list_node_table; /* of --nodes */

/* A row of cells[LIST_NODES]. */
enum list_node_column { LIST_NODE_NODE, LIST_NODE_BYTES, LIST_NODE_COLUMNS };

/* A guest_memfd: its values, and the memory that they stand in. */
struct list_row {
	struct cell cells[LIST_COLUMNS];
	struct cell_rows owners, nodes;
	struct cell *owner_cells, *node_cells;
	char *command, *fds, *owners_text, *flags, *nodes_text, *reason;
	bool partly; /* something could not be told */
};

/* A VM that gmemctl holds: where its guest_memfd is, and its name. */
struct list_name {
	pid_t pid;
	int fd;
	char text[HELD_NAME_MAX + 1];
};

struct list_names {
	struct list_name *name;
	size_t n;
	bool no_memory;
};

enum status list_find_names(struct cli *cli, struct list_names *names);
/* The name of what owner has, or NULL: gmemctl does not hold it, or names is NULL. */
const char *list_name_of(const struct list_names *names, const struct gmem_owner *owner);
void list_free_names(struct list_names *names);

/* Why the shared side is unknown with --no-locks, and in a dump. */
#define LIST_NOT_DUMPED "not looked at in a dump"
#define LIST_NO_LOCKS "not looked at (--no-locks)"

/* What is looked up about a guest_memfd; each item costs more than the one before. */
struct list_want {
	bool kernel; /* a reader of kernel memory is open */
	bool shared;
	bool usage;
	bool attributes;       /* of its VM: private, stale_private */
	const char *no_shared; /* why the shared side is not looked at; NULL: it is */
	const char *no_kernel; /* why there is no reader */
	const struct list_names *names;
	const struct patience *patience; /* when it is over, nothing more is looked up */
	struct progress *progress;	 /* or NULL */
};

#define LIST_TOGETHER 32 /* guest_memfds that are looked at together, at most */

/*
 * Fills in rows of the owners from *index on, before end, and sets *index behind the last one:
 * as many as are looked at together, at most LIST_TOGETHER. One that is gone has no row.
 * Returns how many rows there are, or -ENOMEM. What cannot be told is unknown, and
 * cells[LIST_REASON] says why.
 */
int list_survey_next(const struct cli *cli, const struct gmem_owners *owners, size_t *index,
		     size_t end, const struct list_want *want, struct list_row *rows);

/* Fills in the row of the owner at index. Returns 0, -ESRCH where it is gone, or -ENOMEM. */
int list_survey(const struct cli *cli, const struct gmem_owners *owners, size_t index,
		const struct list_want *want, struct list_row *row);

/* How large the file of the owner at index is. */
uint64_t list_size_of(const struct gmem_owners *owners, size_t index);
void list_row_free(struct list_row *row);

/* The table of --nodes, with what n guest_memfds have on each. Returns 0 or -ENOMEM. */
int list_write_nodes(struct output *out, const struct nodes *nodes, const struct list_row *rows,
		     size_t n);

#endif
