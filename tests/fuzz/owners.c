// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scan of /proc for the owners of guest_memfds. The input decides everything in this /proc:
 * names in folders, texts of links, which files can be opened, their inodes, and the text of files.
 * The counts must add up, and nothing may stay open.
 */
#include "fuzz.h"

#include <fcntl.h>

#include "kernel/uapi.h"
#include "owners/owners.h"

#define FD 50000
#define OPEN_MAX 8

static struct {
	const uint8_t *data;
	size_t size;
	int calls; /* of the function that gets the names in a folder */
	bool open[OPEN_MAX];
	bool is_memory[OPEN_MAX];
} proc;

static uint8_t take(void)
{
	if (!proc.size)
		return 0;
	proc.size--;
	return *proc.data++;
}

/* Takes text up to a NUL, at most size - 1 bytes. */
static void take_text(char *text, size_t size)
{
	size_t n = 0;
	uint8_t c;

	while ((c = take()) && n < size - 1)
		text[n++] = (char)c;
	text[n] = '\0';
}

static int proc_list(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn, void *arg)
{
	int n = take() & 7, ret = 0;
	char name[32];

	(void)kernel;
	HOLDS(!strncmp(path, "/proc", 5));
	if (n == 7)
		return -(int)take();
	while (n-- && !ret && proc.calls++ < 256) {
		uint8_t number = take();

		if (number == UINT8_MAX)
			take_text(name, sizeof(name));
		else
			snprintf(name, sizeof(name), "%d", number & 15);
		ret = fn(name, arg);
	}
	return ret;
}

static const char *const links[] = {
	"/[kvm-gmem] (deleted)",
	"anon_inode:[kvm-gmem]",
	"anon_inode:kvm-vm",
	"anon_inode:kvm-vcpu:0",
	"/home/[kvm-gmem]",
	"pid:[4026531836]",
	"/dev/null",
};

#define LINKS (sizeof(links) / sizeof(links[0]))

/* If the scan has taken a file for a guest_memfd, the file stays one while it is open. */
static int proc_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	uint8_t which = take();

	(void)kernel;
	HOLDS(!strncmp(path, "/proc/", 6) && size > 0);
	if (which == UINT8_MAX)
		return -(int)take();
	if (which < LINKS)
		snprintf(buffer, size, "%s", links[which]);
	else
		take_text(buffer, size);
	return (int)strlen(buffer);
}

static int proc_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	uint8_t how = take();

	(void)kernel;
	/* This kernel has no files about itself. */
	HOLDS(!strncmp(path, "/proc/", 6) || !strncmp(path, "/sys/", 5));
	if (path[1] == 's')
		return -ENOENT;
	if (how & 0x80)
		return -(how & 0x7f ? how & 0x7f : ENOENT);
	for (int i = 0; i < OPEN_MAX; i++) {
		if (proc.open[i])
			continue;
		proc.open[i] = true;
		proc.is_memory[i] = flags & O_PATH;
		return FD + i;
	}
	return -EMFILE;
}

static int proc_close(struct gmem_kernel *kernel, int fd)
{
	(void)kernel;
	HOLDS(fd >= FD && fd < FD + OPEN_MAX && proc.open[fd - FD]);
	proc.open[fd - FD] = false;
	return 0;
}

static int proc_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	uint8_t which = take();

	(void)kernel;
	HOLDS(proc.is_memory[fd - FD]);
	memset(st, 0, sizeof(*st));
	st->st_dev = which & 1;
	st->st_ino = which >> 1 & 7;
	st->st_size = which >> 4;
	return which == UINT8_MAX ? -EIO : 0;
}

static int proc_fs_magic(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic)
{
	(void)kernel;
	(void)fd;
	(void)ask;
	*magic = take() & 1 ? 0 : GMEM_GUEST_MEMFD_MAGIC;
	return 0;
}

/* A file is one piece of text. */
static ssize_t proc_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			  uint64_t offset)
{
	(void)kernel;
	HOLDS(fd >= FD && fd < FD + OPEN_MAX && proc.open[fd - FD]);
	if (offset)
		return 0;
	take_text(buffer, length < 256 ? length : 256);
	return (ssize_t)strlen(buffer);
}

static void check(const struct gmem_owners *owners)
{
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owned owned = { .size = sizeof(owned) }, before = owned;
	size_t n = 0;

	gmem_owners_get_counts(owners, &counts);
	HOLDS(counts.vms_without <= counts.vms);
	HOLDS(counts.vms <= counts.processes + counts.not_permitted + counts.stuck);
	while (!gmem_owners_at(owners, n, &owned)) {
		struct gmem_owner owner = { .size = sizeof(owner) };
		size_t held = 0;

		HOLDS(!n || owned.device > before.device ||
		      (owned.device == before.device && owned.inode > before.inode));
		while (!gmem_owners_owner(owners, n, held, &owner)) {
			HOLDS(owner.pid > 0 && (owner.fd >= 0) == !owner.mapped);
			HOLDS(strlen(owner.command) < GMEM_COMMAND_MAX);
			held++;
		}
		HOLDS(held == owned.owners && owned.processes);
		HOLDS(owned.processes <=
		      counts.processes + counts.not_permitted + counts.stuck + counts.left_out);
		before = owned;
		n++;
	}
	HOLDS(n == counts.memories);
}

static void replace(struct gmem_kernel_ops *ops)
{
	ops->open = proc_open;
	ops->close = proc_close;
	ops->fstat = proc_fstat;
	ops->fs_magic = proc_fs_magic;
	ops->pread = proc_pread;
	ops->readlink = proc_readlink;
	ops->list_directory = proc_list;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	struct gmem_owners *owners;

	if (!ctx)
		ctx = fuzz_ctx("plain");
	memset(&proc, 0, sizeof(proc));
	proc.data = data;
	proc.size = size;
	fuzz_file_is(ctx, "", NULL, 0);
	replace(&fuzz_file.ops);
	if (!gmem_owners_new(ctx, NULL, &owners)) {
		check(owners);
		gmem_owners_free(owners);
	}
	for (int i = 0; i < OPEN_MAX; i++)
		HOLDS(!proc.open[i]);
	fuzz_file_end(ctx);
	return 0;
}
