// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The scan: each process of /proc, each descriptor's link text, each mapping.
 *
 * A host has tens of thousands of descriptors and few guest_memfds. So only the text of a link is
 * read of each; what it makes look like a guest_memfd is then opened and confirmed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "owners/owners.h"
#include "procfs/fd.h"
#include "procfs/file.h"

/* The link of a VM's descriptor and of a vCPU's, which may be all that is left open of a VM. */
#define VM_LINK "anon_inode:kvm-vm"
#define VCPU_LINK "anon_inode:kvm-vcpu"

/* PROC_PID_INIT_INO in include/uapi/linux/nsfs.h: the initial PID namespace. */
#define INITIAL_NAMESPACE "pid:[4026531836]"

struct scan {
	struct gmem_owners *owners;
	bool locks; /* what takes locks of a process may be looked at */
	bool saw_init;
	/* The process being looked at. */
	/* Its PID, and once it owns something its name and user. */
	struct gmem_owner_entry process;
	bool has_name;
	bool has_fds;
	bool has_mm;
	bool denied;
	bool has_vm;
	bool has_memory;
	pid_t tables[2]; /* threads whose descriptors were gone through: the first, the last */
};

/* What a process that ended, or a descriptor that was closed, answers. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ESRCH || error == -EBADF;
}

/* What is wrong with this process and not with the scan as a whole. */
static bool is_of_process(int error)
{
	return error != -ENOMEM && error != -EMFILE && error != -ENFILE;
}

/* An error of looking at a process: 0 where the scan goes on without it, or without a part. */
static int pass_over(struct scan *scan, int error)
{
	if (is_gone(error))
		return 0;
	scan->denied = scan->denied || is_of_process(error);
	return is_of_process(error) ? 0 : error;
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
	entry.owner.fd = place->fd;
	entry.owner.start = place->start;
	entry.owner.end = place->end;
	entry.owner.mapped = place->end - place->start;
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

/* O_PATH descriptors are how one looks at a guest_memfd, as here: they are no owners. */
static bool is_onlooker(struct scan *scan, int fd)
{
	char path[64], *text, *flags;
	bool onlooker;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)scan->process.owner.pid, fd);
	if (gmem_read_file(scan->owners->ctx, path, &text, NULL))
		return false;
	flags = strstr(text, "flags:"); /* octal, seq_show() in fs/proc/fd.c */
	onlooker = flags && (strtoul(flags + strlen("flags:"), NULL, 8) & O_PATH);
	free(text);
	return onlooker;
}

static int add_descriptor(struct scan *scan, int fd)
{
	struct gmem_owner place = { .pid = scan->process.owner.pid, .fd = fd };
	struct gmem_owned_entry inode;
	int ret;

	if (is_onlooker(scan, fd))
		return 0;
	ret = open_inode(scan, &place, &inode);
	if (ret == -EMEDIUMTYPE) /* some file of that name */
		return 0;
	return ret ? pass_over(scan, ret) : add_owner(scan, &inode, &place);
}

/* A name of /proc that is a number from first on; -1 for any other. */
static int number_of(const char *name, long first)
{
	char *end;
	long number = strtol(name, &end, 10);

	return *end || end == name || number < first || number > INT32_MAX ? -1 : (int)number;
}

static int look_at_fd(const char *name, void *arg)
{
	struct scan *scan = arg;
	struct gmem_kernel *kernel = scan->owners->ctx->kernel;
	char path[64], link[64];
	int ret, fd = number_of(name, 0);

	if (fd < 0)
		return 0;
	scan->has_fds = true;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)scan->process.owner.pid, fd);
	ret = kernel->ops->readlink(kernel, path, link, sizeof(link));
	if (is_gone(ret) || ret == -ENAMETOOLONG) /* or some file far down in a tree */
		return 0;
	if (ret < 0)
		return ret;
	if (strstr(link, GMEM_LINK_MARK))
		return add_descriptor(scan, fd);
	if (!strncmp(link, VM_LINK, strlen(VM_LINK)) ||
	    !strncmp(link, VCPU_LINK, strlen(VCPU_LINK)))
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

	if (known)
		return add_owner(scan, known, &place);
	/* proc_map_files_get_link() wants CAP_CHECKPOINT_RESTORE beside the right to look. */
	ret = open_inode(scan, &place, &inode);
	if (ret == -EMEDIUMTYPE)
		return 0;
	return ret ? pass_over(scan, ret) : add_owner(scan, &inode, &place);
}

/* What a process, or a thread, has open. */
static int look_at_fds(struct scan *scan)
{
	struct gmem_kernel *kernel = scan->owners->ctx->kernel;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)scan->process.owner.pid);
	return kernel->ops->list_directory(kernel, path, look_at_fd, scan);
}

/* What it has mapped. */
static int look_at_maps(struct scan *scan)
{
	bool empty = true;
	int ret = gmem_maps_read(scan->owners->ctx, scan->process.owner.pid, look_at_mapping, scan,
				 &empty);

	scan->has_mm = scan->has_mm || !empty;
	return ret;
}

/* Both; of a process up to its first thread that lives, since they all have the same mappings. */
static int look_at_task(struct scan *scan)
{
	bool first = !scan->tables[0];
	int ret = look_at_fds(scan);

	if (!ret && first && scan->locks)
		ret = look_at_maps(scan);
	/* One that ended shows neither files nor memory (do_exit()). */
	if (first && (scan->has_fds || scan->has_mm))
		scan->tables[0] = scan->process.owner.pid;
	scan->tables[1] = scan->process.owner.pid;
	return ret ? pass_over(scan, ret) : 0;
}

/*
 * Threads share a table of descriptors, but for those that took one of their own, with
 * unshare(CLONE_FILES). kcmp(2) tells, for less than the thread's lines in the maps cost. Where it
 * is not to be had they pass for sharing.
 */
static bool has_own_files(const struct scan *scan, pid_t tid)
{
	struct gmem_kernel *kernel = scan->owners->ctx->kernel;

	for (size_t i = 0; i < 2; i++)
		if (kernel->ops->same_files(kernel, scan->tables[i], tid))
			return false;
	return true;
}

static int look_at_thread(const char *name, void *arg)
{
	struct scan *scan = arg;
	pid_t leader = scan->process.owner.pid;
	pid_t tid = number_of(name, 1);
	int ret;

	if (tid < 0 || tid == leader || (scan->tables[0] && !has_own_files(scan, tid)))
		return 0;
	scan->process.owner.pid = tid;
	ret = look_at_task(scan);
	scan->process.owner.pid = leader;
	return ret ? ret : scan->tables[0] && !scan->locks;
}

/*
 * A process whose first thread ended shows nothing under its own number, while the others hold the
 * VM and its memory: /proc/TID leads to what they have, and TID is who holds it. So it does to what
 * a thread has for itself. kcmp() takes exec_update_lock, which execve() holds while it waits for
 * mmap_lock (exec_mmap()): without locks, one thread that lives has to do.
 */
static int look_at_process(struct scan *scan)
{
	struct gmem_ctx *ctx = scan->owners->ctx;
	char path[32];
	int ret = look_at_task(scan);

	if (ret || scan->denied || (scan->tables[0] && !scan->locks))
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)scan->process.owner.pid);
	ret = ctx->kernel->ops->list_directory(ctx->kernel, path, look_at_thread, scan);
	return ret < 0 ? pass_over(scan, ret) : 0;
}

static int count_process(struct scan *scan)
{
	struct gmem_owners_counts *counts = &scan->owners->counts;
	int ret = look_at_process(scan);

	if (!scan->denied)
		counts->processes++;
	else if (!counts->not_permitted++)
		counts->first_denied = scan->process.owner.pid;
	if (scan->has_vm) {
		counts->vms++;
		counts->vms_without += !scan->has_memory;
	}
	return ret;
}

static int look_at_entry(const char *name, void *arg)
{
	struct scan *scan = arg;
	pid_t pid = number_of(name, 1);

	if (pid < 0)
		return 0;
	scan->saw_init |= pid == 1;
	scan->process = (struct gmem_owner_entry){ .owner.pid = pid, .process = pid };
	scan->has_name = false;
	scan->has_fds = false;
	scan->has_mm = false;
	scan->denied = false;
	scan->has_vm = false;
	scan->has_memory = false;
	scan->tables[0] = scan->tables[1] = 0;
	return count_process(scan);
}

int gmem_owners_scan(struct gmem_owners *owners, bool locks)
{
	struct gmem_kernel *kernel = owners->ctx->kernel;
	struct scan scan = { .owners = owners, .locks = locks };
	char link[64];
	int ret = kernel->ops->list_directory(kernel, "/proc", look_at_entry, &scan);

	if (ret == -ENOMEM)
		return gmem_no_memory(owners->ctx, "the owners");
	if (ret)
		return gmem_fail(owners->ctx, ret,
				 "the processes of /proc cannot be gone through: %s",
				 strerror(-ret));
	/* A PID namespace always has a process 1, so a /proc without one hides processes. */
	owners->counts.hidden = !scan.saw_init;
	if (kernel->ops->readlink(kernel, "/proc/self/ns/pid", link, sizeof(link)) > 0)
		owners->counts.in_namespace = strcmp(link, INITIAL_NAMESPACE);
	return 0;
}
