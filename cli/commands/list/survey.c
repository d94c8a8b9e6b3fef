// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest_memfds, opened for as long as it takes to learn what rows of the list show. Several are
 * open at a time, because the direct map of their pages is looked up together: see
 * gmem_usage_new_all().
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "commands/list/list.h"
#include "core/size.h"
#include "inspect/owner.h"
#include "output/bits.h"

/* Resident memory that is looked at together: as much as the library looks up at a time. */
#define TOGETHER_BYTES (1ull << 30)

enum { OWNER_PID, OWNER_COMMAND, OWNER_UID, OWNER_FD, OWNER_MMAP, OWNER_PATH_ONLY, OWNER_COLUMNS };

static const struct column owner_columns[] = {
	[OWNER_PID] = { "pid", KIND_NUMBER, .help = "process" },
	[OWNER_COMMAND] = { "command", KIND_TEXT, .help = "its name" },
	[OWNER_UID] = { "uid", KIND_NUMBER, .help = "its user" },
	[OWNER_FD] = { "fd", KIND_NUMBER, .help = "descriptor, unknown where it is mapped" },
	[OWNER_MMAP] = { "mmap", KIND_BYTES,
			 .help = "bytes of address space that mmap(2) gave it, unknown for an fd" },
	[OWNER_PATH_ONLY] = { "path_only", KIND_BOOL,
			      .help = "whether the descriptor was opened with O_PATH" },
};

static const struct table owner_table = TABLE("owners", owner_columns);

static const struct column node_columns[] = {
	[LIST_NODE_NODE] = { "node", KIND_NUMBER, .help = "NUMA node" },
	[LIST_NODE_BYTES] = { "bytes", KIND_BYTES, .help = "resident there" },
};

static const struct table node_table = TABLE("nodes", node_columns);

static struct cell text_if(const char *text)
{
	return cell_text(text && *text ? text : NULL);
}

/* Ends a text that was written to memory; NULL where memory was short. */
static char *close_text(FILE *stream, char **text)
{
	bool failed = ferror(stream);

	if (!fclose(stream) && !failed)
		return *text;
	free(*text);
	return *text = NULL;
}

/* "9", "mmap", and where another process has it "PID:9" */
static void write_owner(FILE *stream, const struct gmem_owner *owner, pid_t but)
{
	if (ftell(stream) > 0)
		putc(',', stream);
	if (owner->pid != but)
		fprintf(stream, "%d:", (int)owner->pid);
	if (owner->fd >= 0)
		fprintf(stream, "%d", owner->fd);
	else
		fputs("mmap", stream);
}

/* How all owners have it; where they are of process but, without its number. */
static char *owners_text(const struct gmem_owners *owners, size_t index, pid_t but, bool only)
{
	struct gmem_owner owner = { .size = sizeof(owner) };
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; !gmem_owners_owner(owners, index, i, &owner); i++)
		if (!only || owner.pid == but)
			write_owner(stream, &owner, but);
	return close_text(stream, &text);
}

static void set_owner(struct cell *cells, const struct gmem_owner *owner)
{
	bool is_fd = owner->fd >= 0;

	cells[OWNER_PID] = cell_number((uint64_t)owner->pid);
	cells[OWNER_COMMAND] = text_if(owner->command);
	cells[OWNER_UID] = cell_number_if(owner->uid >= 0, (uint64_t)owner->uid);
	cells[OWNER_FD] = cell_number_if(is_fd, (uint64_t)owner->fd);
	cells[OWNER_MMAP] = cell_number_if(!is_fd, owner->mapped);
	cells[OWNER_PATH_ONLY] = cell_number(owner->path_only);
}

static int set_owners(struct list_row *row, const struct gmem_owners *owners, size_t index,
		      const struct list_names *names, size_t n)
{
	struct gmem_owner owner = { .size = sizeof(owner) };
	size_t path_only = 0;
	const char *name;

	row->owners_text = owners_text(owners, index, 0, false);
	row->owner_cells = calloc(n, OWNER_COLUMNS * sizeof(*row->owner_cells));
	if (!row->owners_text || !row->owner_cells)
		return -ENOMEM;
	for (size_t i = 0; !gmem_owners_owner(owners, index, i, &owner); i++) {
		set_owner(&row->owner_cells[i * OWNER_COLUMNS], &owner);
		path_only += owner.path_only;
		name = list_name_of(names, &owner);
		if (name)
			row->cells[LIST_NAME] = cell_text(name);
	}
	row->owners = (struct cell_rows){ &owner_table, row->owner_cells, n };
	row->cells[LIST_OWNERS] = cell_rows(&row->owners, row->owners_text);
	row->cells[LIST_PATH_ONLY] = cell_number(path_only);
	return 0;
}

/* What the scan itself found. In a dump that may be a guest_memfd that no process has. */
static int set_owned(struct list_row *row, const struct gmem_owners *owners, size_t index,
		     const struct list_names *names, pid_t vm_pid)
{
	struct gmem_owner primary = { .size = sizeof(primary), .uid = -1, .command = "" };
	struct gmem_owned owned = { .size = sizeof(owned) };
	bool has_owner = !gmem_owners_primary(owners, index, vm_pid, &primary);

	gmem_owners_at(owners, index, &owned);
	row->command = strdup(primary.command);
	row->fds = owners_text(owners, index, primary.pid, true);
	if (!row->command || !row->fds)
		return -ENOMEM;
	row->cells[LIST_PID] = cell_number_if(has_owner, (uint64_t)primary.pid);
	row->cells[LIST_COMMAND] = text_if(row->command);
	row->cells[LIST_UID] = cell_number_if(primary.uid >= 0, (uint64_t)primary.uid);
	row->cells[LIST_FDS] = cell_text(row->fds);
	row->cells[LIST_PROCESSES] = cell_number(owned.processes);
	row->cells[LIST_DEVICE] = cell_number(owned.device);
	row->cells[LIST_INODE] = cell_number(owned.inode);
	row->cells[LIST_SIZE] = cell_number(owned.memory_size);
	return set_owners(row, owners, index, names, owned.owners);
}

/* Adds another reason why something is unknown. */
static int add_reason(struct list_row *row, const char *what, const char *why)
{
	char *before = row->reason;

	/* One cause, such as a reader that is missing, is said once. */
	if (before && strstr(before, why))
		return 0;
	if (asprintf(&row->reason, "%s%s%s: %s", before ? before : "", before ? "; " : "", what,
		     why) < 0) {
		row->reason = before;
		return -ENOMEM;
	}
	free(before);
	row->partly = true;
	row->cells[LIST_REASON] = cell_text(row->reason);
	return 0;
}

static int add_error(const struct cli *cli, struct list_row *row, const char *what, int error)
{
	char why[1024];

	return add_reason(row, what, cli_explain(cli, error, why, sizeof(why)));
}

static int set_info(const struct cli *cli, struct list_row *row,
		    const struct gmem_target_info *info)
{
	char flags[BITS_TEXT_MAX];

	row->cells[LIST_RESIDENT] = cell_number_if(info->has_resident, info->resident);
	row->cells[LIST_VM_TYPE] = cell_text(
		info->vm_type < 0 ? NULL : gmem_vm_type_name((enum gmem_vm_type)info->vm_type));
	row->cells[LIST_VM_PID] = cell_number_if(info->vm_pid > 0, (uint64_t)info->vm_pid);
	row->cells[LIST_SLOTS] = cell_number_if(info->has_slots, info->slots);
	if (info->has_flags) {
		row->flags = strdup(bits_describe(info->flags, gmem_memory_flag_name, flags));
		if (!row->flags)
			return -ENOMEM;
		row->cells[LIST_FLAGS] = cell_text(row->flags);
		row->cells[LIST_INITIAL] =
			cell_text(info->flags & GMEM_MEMORY_INIT_SHARED ? "shared" : "private");
	}
	if (!info->has_resident)
		return add_error(cli, row, "resident", -ENODATA);
	return info->has_slots ? 0 : add_error(cli, row, "slots", -ENODATA);
}

/*
 * unknown: pages of which it cannot be told, and ranges of which it is not known what pages are
 * there.
 */
static const char *direct_map_of(uint64_t mapped, uint64_t unmapped, uint64_t unknown)
{
	if (unknown)
		return "unknown";
	if (mapped && unmapped)
		return "mixed";
	return unmapped ? "unmapped" : mapped ? "mapped" : "empty";
}

static char *nodes_text(const struct gmem_usage *usage, bool as_bytes, size_t *n)
{
	char *text = NULL, number[CELL_TEXT_MAX];
	uint64_t bytes;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int node;

	if (!stream)
		return NULL;
	for (*n = 0; !gmem_usage_node(usage, *n, &node, &bytes); ++*n) {
		const struct cell there = cell_number(bytes);

		if (node < 0)
			snprintf(number, sizeof(number), "?");
		else
			snprintf(number, sizeof(number), "%d", node);
		fprintf(stream, "%s%s:", *n ? "," : "", number);
		fputs(cell_format(KIND_BYTES, &there, as_bytes, number), stream);
	}
	return close_text(stream, &text);
}

static int set_nodes(struct list_row *row, const struct gmem_usage *usage, bool as_bytes)
{
	uint64_t bytes;
	size_t n = 0;
	int node;

	row->nodes_text = nodes_text(usage, as_bytes, &n);
	row->node_cells = calloc(n + 1, LIST_NODE_COLUMNS * sizeof(*row->node_cells));
	if (!row->nodes_text || !row->node_cells)
		return -ENOMEM;
	for (size_t i = 0; !gmem_usage_node(usage, i, &node, &bytes); i++) {
		struct cell *cells = &row->node_cells[i * LIST_NODE_COLUMNS];

		cells[LIST_NODE_NODE] = cell_number_if(node >= 0, (uint64_t)node);
		cells[LIST_NODE_BYTES] = cell_number(bytes);
	}
	row->nodes = (struct cell_rows){ &node_table, row->node_cells, n };
	row->cells[LIST_NODES] = cell_rows(&row->nodes, row->nodes_text);
	return 0;
}

/* What could not be read of the page cache: how many pages are there, nrpages tells. */
static int set_unseen(struct list_row *row, uint64_t unseen, const char *why)
{
	char number[32], what[80];

	snprintf(what, sizeof(what), "nodes and direct map of the pages in %s of the file",
		 size_format(unseen, number, sizeof(number)));
	return add_reason(row, what, why);
}

/* *usage may be NULL: the look at several left this one out. */
static int set_usage(const struct cli *cli, struct list_row *row, struct gmem_target *target,
		     struct gmem_usage **usage)
{
	uint64_t mapped, unmapped, unknown, unseen;
	const char *why;
	int ret = *usage ? 0 : gmem_usage_new(target, NULL, usage);

	if (ret)
		return ret == -ENOMEM ? ret : add_error(cli, row, "nodes and direct map", ret);
	mapped = gmem_usage_direct_map(*usage, GMEM_DIRECT_MAP_MAPPED);
	unmapped = gmem_usage_direct_map(*usage, GMEM_DIRECT_MAP_UNMAPPED);
	unknown = gmem_usage_direct_map(*usage, GMEM_DIRECT_MAP_UNKNOWN);
	unseen = gmem_usage_unseen(*usage, &why);
	row->cells[LIST_IN_DIRECT_MAP] = cell_number(mapped);
	row->cells[LIST_NOT_IN_DIRECT_MAP] = cell_number(unmapped);
	row->cells[LIST_DIRECT_MAP_UNKNOWN] = cell_number(unknown);
	row->cells[LIST_DIRECT_MAP] = cell_text(direct_map_of(mapped, unmapped, unknown + unseen));
	/*
	 * The guest may allocate meanwhile, so all values about pages in a row come from one walk.
	 */
	if (!unseen)
		row->cells[LIST_RESIDENT] = cell_number(mapped + unmapped + unknown);
	ret = set_nodes(row, *usage, cli->common.format.bytes);
	return !ret && unseen ? set_unseen(row, unseen, why) : ret;
}

static int set_private(const struct cli *cli, struct list_row *row, struct gmem_target *target)
{
	uint64_t bytes, stale;
	int ret = gmem_target_private(target, &bytes, &stale);

	if (ret)
		return ret == -ENOMEM ? ret : add_error(cli, row, "private", ret);
	row->cells[LIST_PRIVATE] = cell_number(bytes);
	row->cells[LIST_STALE_PRIVATE] = cell_number(stale);
	return 0;
}

/* The caller wanted that, so the answer is not partial. */
static int set_no_shared(struct list_row *row, const char *why)
{
	bool partly = row->partly;
	int ret = add_reason(row, "shared", why);

	row->partly = partly;
	return ret;
}

static int set_shared(const struct cli *cli, const struct gmem_owners *owners, struct list_row *row,
		      struct gmem_target *target)
{
	const struct cell *resident = &row->cells[LIST_RESIDENT];
	uint64_t bytes;
	int ret = gmem_owners_shared(owners, target, &bytes);

	if (ret == -GMEM_ENOTRECORDED && cli->common.core) /* what is looked at is all there */
		return set_no_shared(row, LIST_NOT_DUMPED);
	if (ret)
		return ret == -ENOMEM ? ret : add_error(cli, row, "shared", ret);
	row->cells[LIST_SHARED] = cell_number(bytes);
	row->cells[LIST_TOTAL] = cell_number_if(resident->known, resident->number + bytes);
	return 0;
}

/* A guest_memfd that is looked at, with others. */
struct look {
	size_t index; /* of its owner */
	struct list_row *row;
	struct gmem_target *target; /* NULL: nothing more is looked up */
	struct gmem_usage *usage;
	pid_t vm_pid;
	struct progress *progress;
	uint64_t before; /* for it: what comes before this one */
	uint64_t resident;
};

struct looks {
	const struct cli *cli;
	const struct gmem_owners *owners;
	const struct list_want *want;
	struct look list[LIST_TOGETHER];
	size_t n;
	uint64_t resident; /* bytes of all of them */
};

static const char time_over[] = "not looked at: the time was over (--deadline)";

uint64_t list_size_of(const struct gmem_owners *owners, size_t index)
{
	struct gmem_owned owned = { .size = sizeof(owned) };

	return gmem_owners_at(owners, index, &owned) ? 0 : owned.memory_size;
}

static bool is_over(const struct looks *looks)
{
	return looks->want->patience && patience_is_over(looks->want->patience);
}

static void tell_progress(uint64_t offset, uint64_t memory_size, void *arg)
{
	const struct look *look = arg;

	(void)memory_size;
	progress_at(look->progress, look->before + offset, NULL);
}

/* The values of an open one that cost nothing. */
static int look_first(const struct looks *looks, struct look *look)
{
	struct gmem_target_info info = { .size = sizeof(info) };
	int ret = gmem_target_get_info(look->target, &info);

	if (look->progress)
		gmem_target_set_progress(look->target, tell_progress, look);
	look->vm_pid = info.vm_pid;
	look->resident = info.has_resident ? info.resident : info.memory_size;
	return ret ? ret : set_info(looks->cli, look->row, &info);
}

static void look_close(struct look *look)
{
	gmem_usage_free(look->usage);
	gmem_target_free(look->target);
	look->usage = NULL;
	look->target = NULL;
}

/* Opens one. Returns 0, -ESRCH where it is gone, or -ENOMEM. */
static int look_open(const struct looks *looks, struct look *look)
{
	int ret = gmem_owners_open(looks->owners, look->index, &look->target);

	if (!ret)
		ret = look_first(looks, look);
	if (!ret || ret == -ESRCH || ret == -ENOMEM)
		return ret;
	ret = add_error(looks->cli, look->row, "memory", ret);
	look_close(look);
	return ret;
}

/* Frees a row that nobody gets. */
static void drop_row(struct list_row *row)
{
	list_row_free(row);
	memset(row, 0, sizeof(*row));
}

/* Adds the one that look has to the others. Errors: as look_open(). */
static int add_look(struct looks *looks, const struct look *wanted)
{
	struct look *look = &looks->list[looks->n];
	int ret = 0;

	*look = *wanted;
	memset(look->row, 0, sizeof(*look->row));
	if (is_over(looks))
		ret = add_reason(look->row, "memory", time_over);
	else if (looks->want->kernel)
		ret = look_open(looks, look);
	else
		ret = add_reason(look->row, "memory", looks->want->no_kernel);
	if (ret) {
		look_close(look);
		drop_row(look->row);
		return ret;
	}
	looks->resident += look->resident;
	looks->n++;
	return 0;
}

/* The direct map of all of them. What failed is looked at again, alone, to say why. */
static int look_together(struct looks *looks)
{
	struct gmem_target *targets[LIST_TOGETHER];
	struct gmem_usage *usages[LIST_TOGETHER];
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < looks->n; i++)
		if (looks->list[i].target)
			targets[n++] = looks->list[i].target;
	if (n < 2)
		return 0;
	ret = gmem_usage_new_all(targets, n, NULL, usages);
	for (size_t i = looks->n; !ret && i-- > 0;)
		if (looks->list[i].target)
			looks->list[i].usage = usages[--n];
	return ret == -ENOMEM ? ret : 0;
}

/* The rest of one; the time may be over meanwhile, but never for the first. */
static int look_last(const struct looks *looks, struct look *look)
{
	const struct list_want *want = looks->want;
	struct list_row *row = look->row;
	bool over = look != &looks->list[0] && is_over(looks);
	int ret = 0;

	if (want->usage)
		ret = set_usage(looks->cli, row, look->target, &look->usage);
	if (!ret && want->attributes)
		ret = over ? add_reason(row, "private", time_over)
			   : set_private(looks->cli, row, look->target);
	if (ret || !want->shared)
		return ret;
	if (want->no_shared)
		return set_no_shared(row, want->no_shared);
	return over ? add_reason(row, "shared", time_over)
		    : set_shared(looks->cli, looks->owners, row, look->target);
}

/* Fills in the rows, and closes what is open. After a failure, now or before, there are no rows. */
static int finish(struct looks *looks, int ret)
{
	if (!ret && looks->want->usage)
		ret = look_together(looks);
	for (size_t i = 0; i < looks->n; i++) {
		struct look *look = &looks->list[i];

		if (!ret && look->target)
			ret = look_last(looks, look);
		if (!ret)
			ret = set_owned(look->row, looks->owners, look->index, looks->want->names,
					look->vm_pid);
		look_close(look);
	}
	for (size_t i = 0; ret && i < looks->n; i++)
		drop_row(looks->list[i].row);
	return ret;
}

/* How many may be open at a time: most of the process's descriptors are left for other things. */
static size_t most_together(const struct list_want *want)
{
	struct rlimit limit;

	if (!want->usage || getrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	limit.rlim_cur /= 8;
	return limit.rlim_cur > LIST_TOGETHER ? LIST_TOGETHER : limit.rlim_cur ? limit.rlim_cur : 1;
}

/* Whether another one is to be looked at together with those. */
static bool has_room(const struct looks *looks, size_t most)
{
	return !looks->n || (looks->n < most && looks->resident < TOGETHER_BYTES);
}

int list_survey_next(const struct cli *cli, const struct gmem_owners *owners, size_t *index,
		     size_t end, const struct list_want *want, struct list_row *rows)
{
	struct looks looks = { .cli = cli, .owners = owners, .want = want };
	uint64_t before = want->progress ? want->progress->before : 0;
	size_t most = most_together(want);
	int ret = 0;

	while (*index < end && has_room(&looks, most)) {
		const struct look look = {
			.index = *index,
			.row = &rows[looks.n],
			.vm_pid = -1,
			.progress = want->progress,
			.before = before,
		};

		ret = add_look(&looks, &look);
		if (ret && ret != -ESRCH)
			break;
		before += list_size_of(owners, (*index)++);
	}
	ret = finish(&looks, ret == -ESRCH ? 0 : ret);
	if (want->progress)
		want->progress->before = before;
	return ret ? ret : (int)looks.n;
}

int list_survey(const struct cli *cli, const struct gmem_owners *owners, size_t index,
		const struct list_want *want, struct list_row *row)
{
	int got = list_survey_next(cli, owners, &index, index + 1, want, row);

	return got < 0 ? got : got ? 0 : -ESRCH;
}

void list_row_free(struct list_row *row)
{
	free(row->owner_cells);
	free(row->node_cells);
	free(row->command);
	free(row->fds);
	free(row->owners_text);
	free(row->flags);
	free(row->nodes_text);
	free(row->reason);
}
