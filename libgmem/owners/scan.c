// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The scan: each process of /proc, each descriptor's link text, each mapping.
 *
 * A host has tens of thousands of descriptors and few guest_memfds. So of each descriptor only the
 * text of its link is read. If that looks like a guest_memfd, it is opened and confirmed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bounded.h"
#include "base/cancel.h"
#include "base/error.h"
#include "owners/owners.h"
#include "procfs/fd.h"
#include "procfs/file.h"

/* PROC_PID_INIT_INO in include/uapi/linux/nsfs.h: the initial PID namespace. */
#define INITIAL_NAMESPACE "pid:[4026531836]"

/*
 * Number of threads that one scan may leave behind. The next scan does not wait for the same
 * processes again, and so comes further.
 */
#define LEFT_MAX 16

/* Numbers that a folder has as names, listed before the first of them is asked about. */
struct numbers {
	struct scan *scan;
	int *list;
	size_t count;
	size_t room;
};

/*
 * A question about a process may wait for it without end; the thread that asks is then left behind,
 * see base/bounded.h. So all state of the scan is here, where another thread can go on with it. A
 * function that asks holds none of it on its stack.
 */
struct scan {
	struct gmem_owners *owners;
	const struct gmem_owners_options *options;
	uint64_t deadline; /* milliseconds of the monotonic clock, 0: none */
	bool saw_init;
	bool cancelled;
	struct numbers processes, threads, fds;
	size_t next;	   /* of the processes */
	unsigned int left; /* threads that were left behind */
	/* The process being looked at. */
	/* Its PID, and once it owns something its name and user. */
	struct gmem_owner_entry process;
	bool has_name;
	bool has_fds;
	bool has_mm;
	bool denied;
	bool stuck; /* it keeps the kernel waiting */
	bool has_vm;
	bool has_memory;
	pid_t tables[2]; /* threads of which the descriptors were gone through: the first, the
			  * last */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Whether the scan is to end; past its deadline it goes on only to count what is left out. */
static bool is_over(struct scan *scan)
{
	struct gmem_owners_counts *counts = &scan->owners->counts;

	scan->cancelled = scan->cancelled || gmem_is_cancelled(scan->options->cancel);
	if (!counts->end && scan->deadline && now_ms() >= scan->deadline)
		counts->end = GMEM_SCAN_DEADLINE;
	return scan->cancelled || counts->end;
}

/* Errors that mean that a process ended, or that a descriptor was closed. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ESRCH || error == -EBADF;
}

/* Errors of this process, which do not end the scan as a whole. */
static bool is_of_process(int error)
{
	return error != -ENOMEM && error != -EMFILE && error != -ENFILE;
}

/*
 * Reasons why a process was not looked at, other than a missing permission. A limit or a fault is
 * not blamed on a security module.
 */
static void note_reason(struct scan *scan, int error)
{
	struct gmem_owners_counts *counts = &scan->owners->counts;

	if (counts->not_permitted || counts->why_denied || error == -EACCES || error == -EPERM)
		return;
	counts->why_denied =
		error == -ENODATA
			? "it has something of a guest_memfd's name, and only a reader of "
			  "kernel memory, or Linux 7.0, could tell what it is"
			: strerrordesc_np(-error);
}

/*
 * Handles an error of looking at a process. Returns 0 if the scan goes on without the process, or
 * without a part of it.
 */
static int pass_over(struct scan *scan, int error)
{
	if (is_gone(error))
		return 0;
	if (!is_of_process(error))
		return error;
	if (error == -ETIMEDOUT) {
		scan->stuck = true;
		return 0;
	}
	scan->denied = true;
	note_reason(scan, error);
	return 0;
}

static void name_process(struct scan *scan)
{
	struct gmem_ctx *ctx = scan->owners->ctx;
	struct gmem_kernel *kernel = ctx->kernel;
	struct gmem_owner_entry *process = &scan->process;
	char path[32];
	struct stat st;
	int fd;

	if (scan->has_name)
		return;
	scan->has_name = true;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)process->owner.pid);
	if (gmem_read_line(ctx, path, process->command, sizeof(process->command)))
		*process->command = '\0';
	/* The folder itself always belongs to the process's user (task_dump_owner()). */
	snprintf(path, sizeof(path), "/proc/%d", (int)process->owner.pid);
	process->owner.uid = -1;
	fd = kernel->ops->open(kernel, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return;
	if (!kernel->ops->fstat(kernel, fd, &st))
		process->owner.uid = st.st_uid;
	kernel->ops->close(kernel, fd);
}

static int add_owner(struct scan *scan, const struct gmem_owned_entry *inode,
		     const struct gmem_owner *place)
{
	struct gmem_owner_entry entry;

	name_process(scan);
	entry = scan->process;
	gmem_owner_set_place(&entry.owner, place);
	scan->has_memory = true;
	return gmem_owners_add(scan->owners, inode, &entry);
}

/* Confirms by the file system, or the exact text, and learns which inode it is. */
static int open_inode(struct scan *scan, const struct gmem_owner *place,
		      struct gmem_owned_entry *inode)
{
	struct gmem_target *target;
	char path[GMEM_OWNER_PATH_MAX];
	int ret;

	gmem_owner_path(place, path);
	ret = gmem_target_open_path(scan->owners->ctx, path, &target);
	if (ret)
		return ret;
	*inode = (struct gmem_owned_entry){
		.dev = target->dev,
		.ino = target->ino,
		.size = target->size,
	};
	gmem_target_free(target);
	return 0;
}

/*
 * Whether it was opened with O_PATH: the link then has neither of the two bits
 * (tid_fd_update_inode() in fs/proc/fd.c). fdinfo says it too, but prints all locks on the file
 * along with it.
 */
static bool is_path_only(struct scan *scan, int fd)
{
	struct gmem_kernel *kernel = scan->owners->ctx->kernel;
	char path[64];
	struct stat st;
	bool path_only;
	int link;

	gmem_fd_path(scan->process.owner.pid, fd, path, sizeof(path));
	link = kernel->ops->open(kernel, path, O_PATH | O_NOFOLLOW);
	if (link < 0)
		return false;
	path_only = !kernel->ops->fstat(kernel, link, &st) && S_ISLNK(st.st_mode) &&
		    !(st.st_mode & (S_IRUSR | S_IWUSR));
	kernel->ops->close(kernel, link);
	return path_only;
}

static int add_descriptor(struct scan *scan, int fd)
{
	struct gmem_owner place = { .pid = scan->process.owner.pid, .fd = fd };
	const struct gmem_owners *owners = scan->owners;
	struct gmem_owned_entry inode;
	int ret = open_inode(scan, &place, &inode);

	if (ret == -EMEDIUMTYPE) /* some file of that name */
		return 0;
	if (ret)
		return pass_over(scan, ret);
	if (gmem_owners_names(owners, gmem_owners_lookup(owners, inode.dev, inode.ino),
			      scan->process.group))
		place.path_only = is_path_only(scan, fd);
	return add_owner(scan, &inode, &place);
}

/* A name of /proc that is a number; -1 for any other. */
static int number_of(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	return *end || end == name || number < 0 || number > INT32_MAX ? -1 : (int)number;
}

static int add_number(const char *name, void *arg)
{
	struct numbers *numbers = arg;
	int number = number_of(name);
	int *more;

	if (number < 0)
		return 0;
	if (is_over(numbers->scan))
		return 1;
	if (numbers->count == numbers->room) {
		size_t room = numbers->room ? 2 * numbers->room : 256;

		more = reallocarray(numbers->list, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		numbers->list = more;
		numbers->room = room;
	}
	numbers->list[numbers->count++] = number;
	return 0;
}

/* Listing takes no lock that a process could keep. Returns 1 where the scan is to end. */
static int list_numbers(struct scan *scan, const char *path, struct numbers *numbers)
{
	struct gmem_kernel *kernel = scan->owners->ctx->kernel;

	numbers->scan = scan;
	numbers->count = 0;
	return kernel->ops->list_directory(kernel, path, add_number, numbers);
}

static int look_at_fd(struct scan *scan, int fd)
{
	struct gmem_kernel *kernel = scan->owners->ctx->kernel;
	char path[64], link[64];
	int ret;

	if (is_over(scan))
		return 1;
	scan->has_fds = true;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)scan->process.owner.pid, fd);
	ret = kernel->ops->readlink(kernel, path, link, sizeof(link));
	if (is_gone(ret) || ret == -ENAMETOOLONG) /* or some file far down in a tree */
		return 0;
	if (ret < 0)
		return ret;
	if (gmem_link_may_be_guest_memfd(link))
		return add_descriptor(scan, fd);
	/* A vCPU's may be all that is left open of a VM. */
	if (gmem_link_is_vm(link) || gmem_link_is_vcpu(link))
		scan->has_vm = true;
	return 0;
}

static int look_at_mapping(const struct gmem_mapping *mapping, void *arg)
{
	struct scan *scan = arg;
	struct gmem_owner place = {
		.pid = scan->process.owner.pid,
		.fd = -1,
		.start = mapping->start,
		.end = mapping->end,
	};
	const struct gmem_owned_entry *known =
		gmem_owners_lookup(scan->owners, mapping->dev, mapping->ino);
	struct gmem_owned_entry inode;
	int ret;

	if (is_over(scan))
		return 1;
	if (known)
		return add_owner(scan, known, &place);
	/* proc_map_files_get_link() wants CAP_CHECKPOINT_RESTORE beside the right to look. */
	ret = open_inode(scan, &place, &inode);
	if (ret == -EMEDIUMTYPE)
		return 0;
	return ret ? pass_over(scan, ret) : add_owner(scan, &inode, &place);
}

/* What a process, or a thread, has open. Returns 1 where the scan is to end. */
static int list_fds(struct scan *scan)
{
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)scan->process.owner.pid);
	ret = list_numbers(scan, path, &scan->fds);
	for (size_t i = 0; !ret && i < scan->fds.count; i++)
		ret = look_at_fd(scan, scan->fds.list[i]);
	return ret;
}

/* What it has mapped. */
static int list_maps(struct scan *scan)
{
	bool empty = true;
	int ret = gmem_maps_read(scan->owners->ctx, scan->process.owner.pid, look_at_mapping, scan,
				 &empty);

	scan->has_mm = scan->has_mm || !empty;
	return ret;
}

/*
 * The table or address space belongs to another process too, and was gone through before: this
 * process has what was found there.
 */
static int join(struct scan *scan, struct gmem_group *group, bool *shows)
{
	*shows = *shows || group->shows;
	scan->has_vm = scan->has_vm || group->has_vm;
	scan->has_memory = scan->has_memory || group->has_memory;
	if (group->error)
		return group->error;
	return group->shows ? gmem_group_join(group, scan->process.process) : 0;
}

/* Goes through a table, or an address space, that no process before had. */
static int look_into(struct scan *scan, size_t index, int (*list)(struct scan *scan), bool *shows)
{
	bool had_vm = scan->has_vm, had_memory = scan->has_memory, showed = *shows;
	struct gmem_group *group;
	int ret;

	scan->process.group = index;
	scan->has_vm = scan->has_memory = *shows = false;
	ret = list(scan);
	group = &scan->owners->groups.list[index];
	group->shows = *shows;
	group->has_vm = scan->has_vm;
	group->has_memory = scan->has_memory;
	group->error = ret < 0 ? ret : 0;
	scan->has_vm = scan->has_vm || had_vm;
	scan->has_memory = scan->has_memory || had_memory;
	*shows = *shows || showed;
	if (ret == -ETIMEDOUT) /* other processes that share it may not make the kernel wait */
		gmem_groups_forget(&scan->owners->groups, scan->process.owner.pid);
	return ret;
}

static int look_at(struct scan *scan, enum gmem_compared what, int (*list)(struct scan *scan),
		   bool *shows)
{
	struct gmem_groups *groups = &scan->owners->groups;
	pid_t tid = scan->process.owner.pid;
	bool is_new = true;
	size_t index;
	int ret;

	if (is_over(scan))
		return 1;
	ret = gmem_groups_find(scan->owners->ctx, groups, what, tid, &index, &is_new);
	if (ret)
		return ret;
	return is_new ? look_into(scan, index, list, shows)
		      : join(scan, &groups->list[index], shows);
}

/*
 * Goes through both. Of a process it tries the threads up to the first that lives, because all have
 * the same mappings.
 */
static int look_at_task(struct scan *scan)
{
	bool first = !scan->tables[0];
	int ret = look_at(scan, GMEM_COMPARE_FILES, list_fds, &scan->has_fds);

	if (!ret && first && !scan->options->no_mappings)
		ret = look_at(scan, GMEM_COMPARE_MM, list_maps, &scan->has_mm);
	/* One that ended shows neither files nor memory (do_exit()). */
	if (first && (scan->has_fds || scan->has_mm))
		scan->tables[0] = scan->process.owner.pid;
	scan->tables[1] = scan->process.owner.pid;
	return ret < 0 ? pass_over(scan, ret) : ret;
}

/*
 * Threads share a table of descriptors, except for those that took one of their own, with
 * unshare(CLONE_FILES). kcmp(2) tells them apart, and costs less than reading the thread's lines in
 * the maps. Where kcmp(2) is not available, they count as sharing.
 */
static bool has_own_files(const struct scan *scan, pid_t tid)
{
	struct gmem_kernel *kernel = scan->owners->ctx->kernel;

	for (size_t i = 0; i < 2; i++)
		if (kernel->ops->compare(kernel, scan->tables[i], tid, GMEM_COMPARE_FILES) <= 0)
			return false;
	return true;
}

static int look_at_thread(struct scan *scan, pid_t tid)
{
	pid_t leader = scan->process.process;
	int ret;

	if (is_over(scan))
		return 1;
	if (!tid || tid == leader || (scan->tables[0] && !has_own_files(scan, tid)))
		return 0;
	scan->process.owner.pid = tid;
	ret = look_at_task(scan);
	scan->process.owner.pid = leader;
	return ret;
}

/*
 * If the first thread of a process has ended, /proc shows nothing under the number of the process,
 * while the other threads still hold the VM and its memory. /proc/TID leads to what they have, and
 * TID is named as the holder. The same holds for a thread that has a table of its own.
 */
static int look_at_process(struct scan *scan)
{
	char path[32];
	int ret = look_at_task(scan);

	if (ret || scan->denied || scan->stuck)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)scan->process.owner.pid);
	ret = list_numbers(scan, path, &scan->threads);
	for (size_t i = 0; !ret && !scan->stuck && i < scan->threads.count; i++)
		ret = look_at_thread(scan, scan->threads.list[i]);
	return ret < 0 ? pass_over(scan, ret) : 0;
}

static void count_process(struct scan *scan)
{
	struct gmem_owners_counts *counts = &scan->owners->counts;

	if (counts->end) {
		counts->left_out++;
		return;
	}
	if (scan->stuck) {
		if (!counts->stuck++)
			counts->first_stuck = scan->process.process;
	} else if (!scan->denied) {
		counts->processes++;
	} else if (!counts->not_permitted++) {
		counts->first_denied = scan->process.process;
	}
	if (scan->has_vm) {
		counts->vms++;
		counts->vms_without += !scan->has_memory;
	}
}

static void set_at(const struct scan *scan, pid_t pid)
{
	if (scan->options->at)
		__atomic_store_n(scan->options->at, pid, __ATOMIC_RELAXED);
}

static void begin_process(struct scan *scan, pid_t pid)
{
	set_at(scan, pid);
	scan->process = (struct gmem_owner_entry){ .owner.pid = pid, .process = pid };
	scan->has_name = false;
	scan->has_fds = false;
	scan->has_mm = false;
	scan->denied = false;
	scan->stuck = false;
	scan->has_vm = false;
	scan->has_memory = false;
	scan->tables[0] = scan->tables[1] = 0;
}

/* Goes on from the next process. */
static int look_at_processes(void *arg)
{
	struct scan *scan = arg;
	int ret = 0;

	for (; ret >= 0 && scan->next < scan->processes.count && !is_over(scan); scan->next++) {
		pid_t pid = scan->processes.list[scan->next];

		if (!pid)
			continue;
		begin_process(scan, pid);
		ret = look_at_process(scan);
		count_process(scan);
	}
	return ret < 0 ? ret : 0;
}

/*
 * A thread was left behind. If it waited for a process with which another one was being compared,
 * that other one is looked at again, and compared with others.
 */
static void go_on_without(struct scan *scan, pid_t stuck)
{
	struct gmem_groups *groups = &scan->owners->groups;
	bool was_compared = gmem_groups_forget(groups, stuck);

	if (was_compared && stuck != scan->process.owner.pid && stuck != scan->process.process)
		return;
	gmem_groups_forget(groups, scan->process.owner.pid);
	scan->stuck = !is_over(scan);
	count_process(scan);
	scan->next++;
}

static int scan_all(struct scan *scan)
{
	struct gmem_owners_counts *counts = &scan->owners->counts;
	struct gmem_bounded_run run = { .fn = look_at_processes,
					.arg = scan,
					.deadline = scan->deadline,
					.cancel = scan->options->cancel };
	int ret = list_numbers(scan, "/proc", &scan->processes);

	for (size_t i = 0; i < scan->processes.count; i++)
		scan->saw_init |= scan->processes.list[i] == 1;
	while (ret >= 0 && scan->next < scan->processes.count && !is_over(scan)) {
		ret = gmem_bounded(scan->owners->ctx, &run);
		if (ret == -ETIMEDOUT) {
			go_on_without(scan, run.left_at);
			scan->left++;
		}
		if (ret == -EBUSY || scan->left == LEFT_MAX)
			counts->end = GMEM_SCAN_STUCK;
		if (ret == -ETIMEDOUT || ret == -EBUSY)
			ret = 0;
	}
	counts->left_out += scan->processes.count - scan->next;
	return ret < 0 ? ret : 0;
}

int gmem_owners_scan(struct gmem_owners *owners, const struct gmem_owners_options *options)
{
	struct gmem_kernel *kernel = owners->ctx->kernel;
	struct scan scan = { .owners = owners, .options = options };
	char link[64];
	int ret;

	if (options->deadline_ms)
		scan.deadline = now_ms() + options->deadline_ms;
	ret = scan_all(&scan);
	set_at(&scan, 0);
	free(scan.processes.list);
	free(scan.threads.list);
	free(scan.fds.list);
	if (scan.cancelled)
		return gmem_cancelled(owners->ctx, "a scan of all processes");
	if (!ret)
		ret = gmem_owners_count_members(owners);
	if (ret)
		return gmem_fail(owners->ctx, ret,
				 "the processes of /proc cannot be gone through: %s",
				 gmem_bounded_words(ret));
	/* A PID namespace always has a process 1, so a /proc without one hides processes. */
	owners->counts.hidden = !scan.saw_init;
	if (kernel->ops->readlink(kernel, "/proc/self/ns/pid", link, sizeof(link)) > 0)
		owners->counts.in_namespace = strcmp(link, INITIAL_NAMESPACE);
	return 0;
}
