// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owners of guest_memfds. The model has one process. For tests that need more, a made-up /proc
 * stands in front of it: a table of links and texts, served through the port.
 */
#include "unit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "kernel/uapi_pagemap.h"
#include "owners/owners.h"
#include "port.h"

#define PAGE GMEM_PAGE_SIZE
#define GMEM_618 "anon_inode:[kvm-gmem]"

/* A file of the made-up /proc: a folder (no link, no text), a link to an inode, or a text. */
struct entry {
	const char *path;
	const char *link;
	uint64_t ino;
	const char *text;
	int error; /* error of opening or listing it */
};

#define FAKE_FD 100000

static const struct entry *entries;
static size_t entry_count;
static unsigned int fake_open;

static const struct entry *entry_at(const char *path)
{
	for (size_t i = 0; i < entry_count; i++)
		if (!strcmp(entries[i].path, path))
			return &entries[i];
	return NULL;
}

static int fake_open_path(struct gmem_kernel *kernel, const char *path, int flags)
{
	const struct entry *entry = entry_at(path);

	(void)kernel;
	(void)flags;
	if (!entry)
		return -ENOENT;
	if (entry->error)
		return entry->error;
	fake_open++;
	return FAKE_FD + (int)(entry - entries);
}

static int fake_close(struct gmem_kernel *kernel, int fd)
{
	(void)kernel;
	ck_assert_int_ge(fd, FAKE_FD);
	fake_open--;
	return 0;
}

static int fake_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	const struct entry *entry = &entries[fd - FAKE_FD];

	(void)kernel;
	*st = (struct stat){
		.st_dev = makedev(0, 15),
		.st_ino = entry->ino,
		.st_size = (off_t)(entry->ino * PAGE),
		.st_uid = 1000,
	};
	return 0;
}

static int fake_fs_magic(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic)
{
	(void)kernel;
	(void)fd;
	(void)ask;
	*magic = 0x09041934; /* anon_inodefs */
	return 0;
}

static ssize_t fake_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			  uint64_t offset)
{
	const char *text = entries[fd - FAKE_FD].text;
	size_t size = text ? strlen(text) : 0;

	(void)kernel;
	if (offset >= size)
		return 0;
	if (length > size - offset)
		length = size - offset;
	memcpy(buffer, text + offset, length);
	return (ssize_t)length;
}

static int fake_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	const struct entry *entry = entry_at(path);
	int own;

	(void)kernel;
	if (sscanf(path, "/proc/self/fd/%d", &own) == 1) /* a file that was opened before */
		entry = &entries[own - FAKE_FD];
	if (!entry)
		return -ENOENT;
	return entry->link ? snprintf(buffer, size, "%s", entry->link) : -EACCES;
}

/* Lists the names directly below path. */
static int fake_list(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn, void *arg)
{
	const struct entry *entry = entry_at(path);
	size_t length = strlen(path);
	int ret = 0;

	(void)kernel;
	if (!entry)
		return -ENOENT;
	if (entry->error)
		return entry->error;
	for (size_t i = 0; !ret && i < entry_count; i++) {
		const char *name = entries[i].path + length + 1;

		if (!strncmp(entries[i].path, path, length) && entries[i].path[length] == '/' &&
		    !strchr(name, '/'))
			ret = fn(name, arg);
	}
	return ret;
}

/*
 * The descriptor tables of the threads below. The threads of process 20 have table 1, except
 * for threads 21, 22 and 24.
 */
static unsigned int compared;

static int table_of(pid_t tid)
{
	static const int tables[] = { 1, 2, 2, 1, 3 };

	if (tid == 800) /* the thread ended */
		return -1;
	return tid < 20 || tid > 24 ? tid / 10 : -2 - tables[tid - 20];
}

/* Address spaces: 49 shares that of 51. Each other process has its own. */
static int space_of(pid_t tid)
{
	return tid == 49 ? 51 : tid;
}

static int fake_compare(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what)
{
	int x = what == GMEM_COMPARE_MM ? space_of(a) : table_of(a);
	int y = what == GMEM_COMPARE_MM ? space_of(b) : table_of(b);

	(void)kernel;
	compared++;
	return x == y ? 0 : x < y ? 1 : 2;
}

static int no_kcmp(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what)
{
	(void)what;
	(void)kernel;
	(void)a;
	(void)b;
	return -ENOSYS;
}

static const struct gmem_kernel_ops *real_ops;
static struct gmem_kernel_ops fake_ops;

static struct gmem_ctx *fake_ctx(const struct entry *table, size_t n)
{
	struct gmem_ctx *ctx;

	ck_assert_int_eq(gmem_ctx_new_simulated("plain", &ctx), 0);
	entries = table;
	entry_count = n;
	fake_open = 0;
	real_ops = ctx->kernel->ops;
	fake_ops = *real_ops;
	fake_ops.open = fake_open_path;
	fake_ops.close = fake_close;
	fake_ops.fstat = fake_fstat;
	fake_ops.fs_magic = fake_fs_magic;
	fake_ops.pread = fake_pread;
	fake_ops.readlink = fake_readlink;
	fake_ops.list_directory = fake_list;
	fake_ops.compare = fake_compare;
	compared = 0;
	fake_ops.model = NULL; /* as a real kernel has none */
	ctx->kernel->ops = &fake_ops;
	return ctx;
}

static void fake_ctx_free(struct gmem_ctx *ctx)
{
	ck_assert_uint_eq(fake_open, 0);
	ctx->kernel->ops = real_ops;
	gmem_ctx_free(ctx);
}

#define MAPS(ino)                                                              \
	"400000-401000 r-xp 00000000 08:01 1 /bin/x\n"                         \
	"7f0000000000-7f0000004000 rw-s 00000000 00:0f " ino " " GMEM_618 "\n" \
	"7f0000008000-7f0000009000 rw-s 00000000 00:0f " ino " " GMEM_618 "\n"

/* clang-format off */
static const struct entry busy[] = {
	{ .path = "/proc" },
	{ .path = "/proc/1" },
	{ .path = "/proc/1/fd" },
	{ .path = "/proc/1/maps" },
	{ .path = "/proc/acpi" },
	/* three descriptors of inode 7, two names that are not numbers, one VM */
	{ .path = "/proc/100" },
	{ .path = "/proc/100/comm", .text = "vmm one\n" },
	{ .path = "/proc/100/maps" },
	{ .path = "/proc/100/fd" },
	{ .path = "/proc/100/fd/0", .link = "/dev/null" },
	{ .path = "/proc/100/fd/4", .link = "anon_inode:kvm-vm" },
	{ .path = "/proc/100/fd/5", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/100/fd/6", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/100/fd/8", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/100/fd/99999999999999999999", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/100/fd/9x", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/100/map_files/0-0", .link = GMEM_618, .ino = 7 },
	/* the same inode, another one, and one that is gone when it is opened */
	{ .path = "/proc/200" },
	{ .path = "/proc/200/comm", .text = "helper\n" },
	{ .path = "/proc/200/maps", .text = MAPS("7") },
	{ .path = "/proc/200/fd" },
	{ .path = "/proc/200/fd/3", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/200/fd/4", .link = GMEM_618, .ino = 5 },
	{ .path = "/proc/200/fd/5", .link = GMEM_618, .error = -ENOENT },
	/* no permission, gone, permission for a part only */
	{ .path = "/proc/300" },
	{ .path = "/proc/300/fd", .error = -EACCES },
	{ .path = "/proc/400" },
	{ .path = "/proc/500" },
	{ .path = "/proc/500/fd" },
	{ .path = "/proc/500/fd/1" },
	/* a vCPU counts as a VM, too; a file has only the name of a guest_memfd */
	{ .path = "/proc/600" },
	{ .path = "/proc/600/maps" },
	{ .path = "/proc/600/fd" },
	{ .path = "/proc/600/fd/3", .link = "anon_inode:kvm-vcpu:0" },
	{ .path = "/proc/600/fd/4", .link = "/tmp/[kvm-gmem]", .error = -EIO },
	{ .path = "/proc/600/fd/5", .link = "/[kvm-gmem] (deleted)", .ino = 99 },
	/* has only mappings, in two pieces; map_files has no link for the second */
	{ .path = "/proc/700" },
	{ .path = "/proc/700/comm", .text = "mapper\n" },
	{ .path = "/proc/700/maps", .text = MAPS("9") },
	{ .path = "/proc/700/fd" },
	{ .path = "/proc/700/map_files/7f0000000000-7f0000004000", .link = GMEM_618, .ino = 9 },
	/* its first thread ended, the second still has the files */
	{ .path = "/proc/800" },
	{ .path = "/proc/800/fd" },
	{ .path = "/proc/800/maps" },
	{ .path = "/proc/800/task" },
	{ .path = "/proc/800/task/800" },
	{ .path = "/proc/800/task/801" },
	{ .path = "/proc/800/task/802" },
	{ .path = "/proc/801/fd" },
	{ .path = "/proc/801/fd/3", .link = GMEM_618, .ino = 11 },
	{ .path = "/proc/801/comm", .text = "vcpu\n" },
	{ .path = "/proc/802/fd" },
	{ .path = "/proc/802/fd/3", .link = GMEM_618, .ino = 11 },
	{ .path = "/proc/self/ns/pid", .link = "pid:[4026531836]" },
};
/* clang-format on */

static void check_holder(const struct gmem_owners *owners, size_t index, size_t n, pid_t pid,
			 int fd, const char *command)
{
	struct gmem_owner owner = { .size = sizeof(owner) };

	ck_assert_int_eq(gmem_owners_owner(owners, index, n, &owner), 0);
	ck_assert_int_eq(owner.pid, pid);
	ck_assert_int_eq(owner.fd, fd);
	ck_assert_str_eq(owner.command, command);
	ck_assert_int_eq(owner.uid, 1000);
	ck_assert_uint_eq(owner.mapped, fd < 0 ? 5 * PAGE : 0);
}

/* What is reported of a process that may not be looked at depends on this process's own rights. */
START_TEST(guarded_processes)
{
	static const struct {
		const char *status;
		const char *why;
	} cases[] = {
		{ NULL, "root, or CAP_SYS_PTRACE" },
		{ "Name:\tx\n", "root, or CAP_SYS_PTRACE" },
		{ "CapEff:\t0000000000000000\n", "root, or CAP_SYS_PTRACE" },
		{ "CapEff:\t0000000000080004\n", "root, or CAP_SYS_PTRACE" },
		{ "CapEff:\t0000010000080004\n", "security module or a sandbox" },
		{ "CapEff:\t0000000000280002\n", "security module or a sandbox" },
		{ "CapEff:\t000001ffffffffff\n", "security module or a sandbox" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct entry table[] = {
			{ .path = "/proc" },
			{ .path = "/proc/1" },
			{ .path = "/proc/1/comm", .text = "init\n" },
			{ .path = "/proc/1/fd", .error = -EACCES },
			{ .path = "/proc/1/maps", .error = -EACCES },
			{ .path = "/proc/self/ns/pid", .link = "pid:[4026531836]" },
			{ .path = "/proc/self/status", .text = cases[i].status },
		};
		struct gmem_ctx *ctx = fake_ctx(table, sizeof(table) / sizeof(table[0]));
		struct gmem_owners_counts counts = { .size = sizeof(counts) };
		struct gmem_owners *owners;

		ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
		gmem_owners_get_counts(owners, &counts);
		ck_assert_int_eq(counts.first_denied, 1);
		ck_assert(strstr(counts.why_denied, cases[i].why));
		gmem_owners_free(owners);
		ck_assert_int_eq(gmem_target_list_mapped(ctx, 1, NULL, NULL), -EACCES);
		port_said(ctx, cases[i].why);
		port_said(ctx, "no permission to look at the mappings of process 1");
		ck_assert_int_eq(gmem_target_list(ctx, 1, NULL, NULL), -EACCES);
		if (i != 3) /* which is enough for descriptors */
			port_said(ctx, cases[i].why);
		port_said(ctx, "no permission to look at process 1");
		fake_ctx_free(ctx);
	}
}
END_TEST

START_TEST(many_processes)
{
	struct gmem_ctx *ctx = fake_ctx(busy, sizeof(busy) / sizeof(busy[0]));
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_target *target;
	struct gmem_owners *owners;
	struct gmem_owned owned = { .size = sizeof(owned) };
	struct gmem_owner owner = { .size = sizeof(owner) };

	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.memories, 4);
	ck_assert_uint_eq(counts.not_permitted, 2);
	ck_assert_uint_eq(counts.processes, 7);
	ck_assert_uint_eq(counts.vms, 2);
	ck_assert_uint_eq(counts.vms_without, 1);
	ck_assert(!counts.hidden && !counts.in_namespace);

	ck_assert_int_eq(gmem_owners_at(owners, 0, &owned), 0);
	ck_assert_uint_eq(owned.inode, 5);
	ck_assert_uint_eq(owned.memory_size, 5 * PAGE);
	ck_assert_uint_eq(owned.processes, 1);
	check_holder(owners, 0, 0, 200, 4, "helper");
	ck_assert_int_eq(gmem_owners_owner(owners, 0, 1, &owner), -ENOENT);

	ck_assert_int_eq(gmem_owners_at(owners, 1, &owned), 0);
	ck_assert_uint_eq(owned.inode, 7);
	ck_assert_uint_eq(owned.owners, 5);
	ck_assert_uint_eq(owned.descriptors, 4);
	ck_assert_uint_eq(owned.processes, 2);
	check_holder(owners, 1, 0, 100, 5, "vmm one");
	check_holder(owners, 1, 1, 100, 6, "vmm one");
	check_holder(owners, 1, 2, 100, 8, "vmm one");
	check_holder(owners, 1, 3, 200, 3, "helper");
	check_holder(owners, 1, 4, 200, -1, "helper");

	check_holder(owners, 2, 0, 700, -1, "mapper");
	ck_assert_int_eq(gmem_owners_at(owners, 3, &owned), 0);
	ck_assert_uint_eq(owned.owners, 1);
	ck_assert_int_eq(gmem_owners_owner(owners, 3, 0, &owner), 0);
	ck_assert_int_eq(owner.pid, 801);
	ck_assert_str_eq(owner.command, "vcpu");
	ck_assert_int_eq(gmem_owners_at(owners, 4, &owned), -ENOENT);

	for (size_t i = 2; i < 4; i++) {
		ck_assert_int_eq(gmem_owners_open(owners, i, &target), 0);
		gmem_target_free(target);
	}
	ck_assert_int_eq(gmem_owners_open(owners, 4, &target), -ENOENT);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}
END_TEST

/* clang-format off */
static const struct entry threads[] = {
	{ .path = "/proc" },
	{ .path = "/proc/1" },
	{ .path = "/proc/1/fd" },
	{ .path = "/proc/1/maps", .text = "400000-401000 r-xp 00000000 08:01 1 /bin/x\n" },
	/* its descriptors are closed in all threads */
	{ .path = "/proc/10" },
	{ .path = "/proc/10/fd" },
	{ .path = "/proc/10/maps", .text = MAPS("9") },
	{ .path = "/proc/10/map_files/7f0000000000-7f0000004000", .link = GMEM_618, .ino = 9 },
	{ .path = "/proc/10/task" },
	{ .path = "/proc/10/task/10" },
	{ .path = "/proc/10/task/11" },
	{ .path = "/proc/10/task/12" },
	{ .path = "/proc/11/fd" },
	{ .path = "/proc/11/maps", .text = MAPS("9") },
	{ .path = "/proc/11/map_files/7f0000000000-7f0000004000", .link = GMEM_618, .ino = 9 },
	{ .path = "/proc/12/fd" },
	{ .path = "/proc/12/maps", .text = MAPS("9") },
	{ .path = "/proc/12/map_files/7f0000000000-7f0000004000", .link = GMEM_618, .ino = 9 },
	/* two threads share a table, one shares that of the first thread, one has a VM alone */
	{ .path = "/proc/20" },
	{ .path = "/proc/20/fd" },
	{ .path = "/proc/20/fd/3", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/20/maps", .text = "400000-401000 r-xp 00000000 08:01 1 /bin/x\n" },
	{ .path = "/proc/20/task" },
	{ .path = "/proc/20/task/20" },
	{ .path = "/proc/20/task/21" },
	{ .path = "/proc/20/task/22" },
	{ .path = "/proc/20/task/23" },
	{ .path = "/proc/20/task/24" },
	{ .path = "/proc/21/fd" },
	{ .path = "/proc/21/fd/3", .link = GMEM_618, .ino = 8 },
	{ .path = "/proc/22/fd" },
	{ .path = "/proc/22/fd/3", .link = GMEM_618, .ino = 8 },
	{ .path = "/proc/23/fd" },
	{ .path = "/proc/23/fd/3", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/24/fd" },
	{ .path = "/proc/24/fd/0", .link = "anon_inode:kvm-vm" },
	/* like the first process, but its first thread ended */
	{ .path = "/proc/30" },
	{ .path = "/proc/30/fd" },
	{ .path = "/proc/30/maps", .text = "" },
	{ .path = "/proc/30/task" },
	{ .path = "/proc/30/task/30" },
	{ .path = "/proc/30/task/31" },
	{ .path = "/proc/30/task/32" },
	{ .path = "/proc/31/fd" },
	{ .path = "/proc/31/maps", .text = MAPS("9") },
	{ .path = "/proc/31/map_files/7f0000000000-7f0000004000", .link = GMEM_618, .ino = 9 },
	{ .path = "/proc/32/fd" },
	{ .path = "/proc/32/maps", .text = MAPS("9") },
	{ .path = "/proc/32/map_files/7f0000000000-7f0000004000", .link = GMEM_618, .ino = 9 },
	{ .path = "/proc/self/ns/pid", .link = "pid:[4026531836]" },
};
/* clang-format on */

/* A process counts once, however many threads it has, and even if its first thread ended. */
START_TEST(threads_are_one_process)
{
	struct gmem_ctx *ctx = fake_ctx(threads, sizeof(threads) / sizeof(threads[0]));
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owners *owners;
	struct gmem_owner owner = { .size = sizeof(owner) };
	struct gmem_owned owned = { .size = sizeof(owned) };

	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.memories, 3);
	ck_assert_uint_eq(counts.processes, 4);
	ck_assert_int_eq(gmem_owners_at(owners, 2, &owned), 0);
	ck_assert_uint_eq(owned.inode, 9);
	ck_assert_uint_eq(owned.processes, 2);
	ck_assert_uint_eq(owned.owners, 2);
	check_holder(owners, 2, 0, 10, -1, "");
	ck_assert_int_eq(gmem_owners_owner(owners, 2, 1, &owner), 0);
	ck_assert_int_eq(owner.pid, 31);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}
END_TEST

/* A thread of 50 created the VM. 40 only got its memory, like a broker. */
START_TEST(primary_is_the_vms_process)
{
	struct entry table[] = {
		{ .path = "/proc" },
		{ .path = "/proc/1" },
		{ .path = "/proc/40" },
		{ .path = "/proc/40/fd" },
		{ .path = "/proc/40/fd/9", .link = GMEM_618, .ino = 7 },
		{ .path = "/proc/40/status", .text = "Name:\tbroker\nTgid:\t40\n" },
		{ .path = "/proc/50" },
		{ .path = "/proc/50/fd" },
		{ .path = "/proc/50/fd/3", .link = GMEM_618, .ino = 7 },
		{ .path = "/proc/55/status", .text = "Name:\tvcpu\nTgid:\t50\n" },
		{ .path = "/proc/66/status", .text = "Name:\tother\nTgid:\t66\n" },
		{ .path = "/proc/self/ns/pid", .link = "pid:[4026531836]" },
	};
	const size_t n = sizeof(table) / sizeof(table[0]);
	const pid_t made_by_is[][2] = {
		{ 55, 50 }, { 40, 40 }, { 66, 40 }, { 77, 40 }, { -1, 40 }, { 0, 40 },
	};
	struct gmem_ctx *ctx = fake_ctx(table, n);
	struct gmem_owners *owners;
	struct gmem_owner owner = { .size = sizeof(owner) };

	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	for (size_t i = 0; i < sizeof(made_by_is) / sizeof(made_by_is[0]); i++) {
		ck_assert_int_eq(gmem_owners_primary(owners, 0, made_by_is[i][0], &owner), 0);
		ck_assert_int_eq(owner.pid, made_by_is[i][1]);
		ck_assert_int_eq(owner.fd, owner.pid == 40 ? 9 : 3);
	}
	ck_assert_int_eq(gmem_owners_primary(owners, 1, 55, &owner), -ENOENT);
	gmem_owners_free(owners);
	/* The number 55 is another thread here than for the kernel. */
	table[n - 1].link = "pid:[4026532222]";
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	ck_assert_int_eq(gmem_owners_primary(owners, 0, 55, &owner), 0);
	ck_assert_int_eq(owner.pid, 40);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}
END_TEST

/* If threads can be compared, a thread's own table is scanned, and only once. */
START_TEST(threads_with_files_of_their_own)
{
	const struct gmem_owners_options no_locks = { .size = sizeof(no_locks),
						      .no_mappings = true };
	struct gmem_ctx *ctx = fake_ctx(threads, sizeof(threads) / sizeof(threads[0]));
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owners *owners;
	struct gmem_owner owner = { .size = sizeof(owner) };
	struct gmem_owned owned = { .size = sizeof(owned) };

	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(gmem_owners_at(owners, i, &owned), 0);
		ck_assert_uint_eq(owned.inode, 7 + i);
		ck_assert_uint_eq(owned.owners, 1);
		ck_assert_uint_eq(owned.processes, 1);
	}
	ck_assert_int_eq(gmem_owners_owner(owners, 1, 0, &owner), 0);
	ck_assert_int_eq(owner.pid, 21);
	ck_assert_int_eq(owner.fd, 3);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.vms, 1);
	ck_assert_uint_eq(counts.vms_without, 0);
	gmem_owners_free(owners);

	/* Without mappings, tables are still told apart. */
	ck_assert_int_eq(gmem_owners_new(ctx, &no_locks, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.memories, 2);
	gmem_owners_free(owners);

	fake_ops.compare = no_kcmp;
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.memories, 2);
	ck_assert_uint_eq(counts.vms, 0);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}
END_TEST

START_TEST(without_mappings)
{
	const struct gmem_owners_options options = { .size = sizeof(options), .no_mappings = true };
	struct gmem_ctx *ctx = fake_ctx(busy, sizeof(busy) / sizeof(busy[0]));
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owners *owners;

	ck_assert_int_eq(gmem_owners_new(ctx, &options, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.memories, 3);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}
END_TEST

/* If a descriptor has another inode by now, the process is not an owner through it any more. */
START_TEST(descriptor_with_another_inode)
{
	struct entry table[sizeof(busy) / sizeof(busy[0])];
	struct gmem_target *target;
	struct gmem_owners *owners;
	struct gmem_ctx *ctx;

	memcpy(table, busy, sizeof(busy));
	ctx = fake_ctx(table, sizeof(busy) / sizeof(busy[0]));
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	for (size_t i = 0; i < entry_count; i++)
		if (table[i].ino == 5)
			table[i].ino = 6;
	ck_assert_int_eq(gmem_owners_open(owners, 0, &target), -ESRCH);
	port_said(ctx, "nobody has inode 5");
	for (size_t i = 0; i < entry_count; i++)
		if (table[i].ino == 6)
			table[i].error = -EACCES;
	ck_assert_int_eq(gmem_owners_open(owners, 0, &target), -EACCES);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}
END_TEST

START_TEST(hidden_processes)
{
	static const struct entry hidepid[] = {
		{ .path = "/proc" },
		{ .path = "/proc/44" },
		{ .path = "/proc/44/fd" },
		{ .path = "/proc/44/maps" },
		{ .path = "/proc/self/ns/pid", .link = "pid:[4026532222]" },
	};
	struct gmem_ctx *ctx = fake_ctx(hidepid, sizeof(hidepid) / sizeof(hidepid[0]));
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owners *owners;

	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.memories, 0);
	ck_assert(counts.hidden && counts.in_namespace);
	gmem_owners_free(owners);
	entry_count = 0; /* /proc is missing */
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), -ENOENT);
	port_said(ctx, "/proc");
	fake_ctx_free(ctx);
}
END_TEST

/* clang-format off */
static const struct entry sharing[] = {
	{ .path = "/proc" },
	{ .path = "/proc/1" },
	{ .path = "/proc/1/fd" },
	{ .path = "/proc/1/maps" },
	/* the table of 41 to 49 */
	{ .path = "/proc/41" },
	{ .path = "/proc/41/stat", .text = "41 (a) S) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 4100 0\n" },
	{ .path = "/proc/41/fd" },
	{ .path = "/proc/41/fd/3", .link = GMEM_618, .ino = 7 },
	{ .path = "/proc/41/maps", .text = "400000-401000 r-xp 00000000 08:01 1 /bin/x\n" },
	/* the address space of 51 and 49 */
	{ .path = "/proc/51" },
	{ .path = "/proc/51/stat", .text = "51 (b) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 5100 0\n" },
	{ .path = "/proc/51/fd" },
	{ .path = "/proc/51/maps", .text = MAPS("7") },
	{ .path = "/proc/51/map_files/7f0000000000-7f0000004000", .link = GMEM_618, .ino = 7 },
	/* has both, so nothing of it is read */
	{ .path = "/proc/49" },
	{ .path = "/proc/49/stat", .text = "49 (c) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 4900 0\n" },
	{ .path = "/proc/49/fd", .error = -EIO },
	{ .path = "/proc/49/maps", .error = -EIO },
	/* shares only the table */
	{ .path = "/proc/42" },
	{ .path = "/proc/42/fd", .error = -EIO },
	{ .path = "/proc/42/maps" },
	{ .path = "/proc/self/ns/pid", .link = "pid:[4026531836]" },
};
/* clang-format on */

#define SHARING (sizeof(sharing) / sizeof(sharing[0]))

/* A process that shares one process's table and another's address space counts once. */
START_TEST(shared_both_ways)
{
	const struct gmem_owners_options no_locks = { .size = sizeof(no_locks),
						      .no_mappings = true };
	struct gmem_ctx *ctx = fake_ctx(sharing, SHARING);
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owned owned = { .size = sizeof(owned) };
	struct gmem_owner owner = { .size = sizeof(owner) };
	struct gmem_owners *owners;

	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.memories, 1);
	ck_assert_uint_eq(counts.processes, 5);
	ck_assert_uint_eq(counts.not_permitted, 0);
	ck_assert_int_eq(gmem_owners_at(owners, 0, &owned), 0);
	ck_assert_uint_eq(owned.owners, 2);
	ck_assert_uint_eq(owned.descriptors, 1);
	ck_assert_uint_eq(owned.processes, 4); /* 41, 51, 49 and 42 */
	check_holder(owners, 0, 0, 41, 3, "");
	check_holder(owners, 0, 1, 51, -1, "");
	/* It is an owner, too. */
	ck_assert_ptr_nonnull(gmem_owned_by(owners, &owners->list[0], 49));
	ck_assert_ptr_nonnull(gmem_owned_by(owners, &owners->list[0], 42));
	ck_assert_ptr_null(gmem_owned_by(owners, &owners->list[0], 1));
	ck_assert_int_eq(gmem_owners_owner(owners, 0, 2, &owner), -ENOENT);
	gmem_owners_free(owners);
	/* Also without mappings: nothing of 42 is read, as it shares the table of 41. */
	ck_assert_int_eq(gmem_owners_new(ctx, &no_locks, &owners), 0);
	gmem_owners_get_counts(owners, &counts);
	ck_assert_uint_eq(counts.not_permitted, 0);
	ck_assert_int_eq(gmem_owners_at(owners, 0, &owned), 0);
	ck_assert_uint_eq(owned.processes, 3); /* 41, 49 and 42 */
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}
END_TEST

static const char *unshown_of(const struct entry *table, size_t n, bool *none)
{
	struct gmem_ctx *ctx = fake_ctx(table, n);
	struct gmem_owners *owners;
	const char *why;

	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	why = gmem_owners_unshown(owners);
	*none = !why;
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
	return why ? why : "";
}

/* Only if there is no VM, it is certain that no process hides a guest_memfd. */
START_TEST(guest_memfd_that_no_process_shows)
{
#define HOST                                                                  \
	{ .path = "/proc" }, { .path = "/proc/1" }, { .path = "/proc/1/fd" }, \
	{                                                                     \
		.path = "/proc/1/maps"                                        \
	}
#define KVM                                                          \
	{                                                            \
		.path = "/proc/misc", .text = "  1 psaux\n232 kvm\n" \
	}
	/* clang-format off */
	static const struct {
		struct entry table[12];
		const char *why; /* NULL: there cannot be one */
	} cases[] = {
		{ { HOST, { .path = "/proc/misc", .text = "  1 psaux\n235 not-kvm\n 3 kvm2\n" } }, NULL },
		{ { HOST }, "there may be VMs" }, /* /proc without KVM's files */
		{ { HOST, KVM }, "there may be VMs" },
		{ { HOST, KVM, { .path = "/proc/1/fd/3", .link = "anon_inode:kvm-vm" } }, "there are VMs" },
		{ { HOST, KVM, { .path = "/sys/module/kvm_intel/refcnt", .text = "0\n" } }, NULL },
		{ { HOST, KVM, { .path = "/sys/module/kvm_intel/refcnt", .text = "2\n" } }, "there are VMs" },
		{ { HOST, KVM, { .path = "/sys/module/kvm_amd/refcnt", .text = "0\n" } }, NULL },
		{ { HOST, KVM, { .path = "/sys/module/kvm_amd/refcnt", .text = "17\n" } }, "there are VMs" },
		{ { HOST, KVM, { .path = "/sys/kernel/debug/kvm" } }, "there may be VMs" },
		{ { HOST, KVM, { .path = "/sys/kernel/debug/kvm" },
		    { .path = "/sys/kernel/debug/kvm/exits" }, { .path = "/sys/kernel/debug/kvm/1-a" } }, NULL },
		{ { HOST, KVM, { .path = "/sys/kernel/debug/kvm" },
		    { .path = "/sys/kernel/debug/kvm/exits" }, { .path = "/sys/kernel/debug/kvm/4711-9" },
		    { .path = "/sys/kernel/debug/kvm/zzz" } }, "there are VMs" },
		{ { HOST, KVM, { .path = "/sys/kernel/debug/kvm", .error = -EACCES } }, "there may be VMs" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = 0;
		bool none;
		const char *why;

		while (n < 12 && cases[i].table[n].path)
			n++;
		why = unshown_of(cases[i].table, n, &none);
		ck_assert_msg(none == !cases[i].why &&
				      strstr(why, cases[i].why ? cases[i].why : ""),
			      "case %zu: %s", i, why);
	}
}
END_TEST

static size_t find_group(struct gmem_ctx *ctx, struct gmem_groups *groups, pid_t tid, bool is_new)
{
	bool found_new = false;
	size_t index = 0;

	ck_assert_int_eq(gmem_groups_find(ctx, groups, GMEM_COMPARE_FILES, tid, &index, &found_new),
			 0);
	ck_assert_int_eq(found_new, is_new);
	ck_assert_int_eq(groups->list[index].tid == tid, is_new);
	return index;
}

START_TEST(groups_told_apart)
{
	struct entry table[SHARING];
	struct gmem_groups groups = { 0 };
	struct gmem_ctx *ctx;
	size_t first, again;

	memcpy(table, sharing, sizeof(sharing));
	ctx = fake_ctx(table, SHARING);
	first = find_group(ctx, &groups, 41, true);
	for (pid_t tid = 1000; tid < 11000; tid += 10)
		find_group(ctx, &groups, tid, true);
	compared = 0;
	ck_assert_uint_eq(find_group(ctx, &groups, 42, false), first);
	ck_assert_uint_le(compared, 11); /* of 1001 groups */
	for (pid_t tid = 1000; tid < 11000; tid += 10)
		find_group(ctx, &groups, tid + 9, false);
	ck_assert_uint_eq(groups.count, 1001);

	ck_assert_int_eq(gmem_group_join(&groups.list[first], 42), 0);
	ck_assert(gmem_group_has(&groups.list[first], 42) &&
		  !gmem_group_has(&groups.list[first], 43));

	/*
	 * The number now belongs to another thread, so a table with that number is another table.
	 */
	for (size_t i = 0; i < SHARING; i++)
		if (!strcmp(table[i].path, "/proc/41/stat"))
			table[i].text = "41 (a) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 9999 0\n";
	again = find_group(ctx, &groups, 42, true);
	ck_assert_uint_ne(again, first);
	ck_assert_uint_eq(find_group(ctx, &groups, 43, false), again);
	gmem_groups_free(&groups);
	fake_ctx_free(ctx);
}
END_TEST

/* If threads cannot be compared, each is a group of its own. A thread that ended does not count. */
START_TEST(groups_not_compared)
{
	struct gmem_groups groups = { 0 };
	struct gmem_ctx *ctx = fake_ctx(sharing, SHARING);

	fake_ops.compare = no_kcmp;
	find_group(ctx, &groups, 41, true);
	find_group(ctx, &groups, 42, true);
	find_group(ctx, &groups, 41, true);
	gmem_groups_free(&groups);
	fake_ctx_free(ctx);
}
END_TEST

/* Reading the link at this path triggers a function. */
static const char *trap;
static volatile int trapped;

static int trap_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	const struct timespec while_it_passes = { .tv_nsec = 60000000 };

	if (!strcmp(path, trap)) {
		trapped = 1;
		nanosleep(&while_it_passes, NULL);
	}
	return fake_readlink(kernel, path, buffer, size);
}

/* Scans the busy host, which has 9 processes. 200 is the third one. */
static int scan_until(const struct gmem_owners_options *options, struct gmem_owners_counts *counts)
{
	struct gmem_ctx *ctx = fake_ctx(busy, sizeof(busy) / sizeof(busy[0]));
	struct gmem_owners *owners = NULL;
	int ret;

	fake_ops.readlink = trap_readlink;
	trap = "/proc/200/fd/4";
	trapped = 0;
	ret = gmem_owners_new(ctx, options, &owners);
	*counts = (struct gmem_owners_counts){ .size = sizeof(*counts) };
	if (!ret)
		gmem_owners_get_counts(owners, counts);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
	return ret;
}

START_TEST(scan_ends_at_deadline_or_cancel)
{
	volatile pid_t at = 7;
	const struct gmem_owners_options by_deadline = {
		.size = sizeof(by_deadline),
		.deadline_ms = 50,
		.at = &at,
	};
	const struct gmem_owners_options in_time = {
		.size = sizeof(in_time),
		.deadline_ms = 60000,
	};
	const struct gmem_owners_options by_cancel = {
		.size = sizeof(by_cancel),
		.cancel = &trapped,
	};
	static const volatile int from_the_start = 1;
	const struct gmem_owners_options at_once = {
		.size = sizeof(at_once),
		.cancel = &from_the_start,
	};
	struct gmem_owners_counts counts;

	ck_assert_int_eq(scan_until(&by_deadline, &counts), 0);
	ck_assert_int_eq(counts.end, GMEM_SCAN_DEADLINE);
	ck_assert_int_eq(at, 0);
	ck_assert_uint_eq(counts.processes, 2); /* 1 and 100; 200 was scanned only in part */
	ck_assert_uint_eq(counts.left_out, 7);
	ck_assert_uint_ge(counts.memories, 1);

	ck_assert_int_eq(scan_until(&in_time, &counts), 0);
	ck_assert_int_eq(counts.end, GMEM_SCAN_WHOLE);
	ck_assert_uint_eq(counts.left_out, 0);
	ck_assert_uint_eq(counts.processes + counts.not_permitted, 9);

	ck_assert_int_eq(scan_until(&by_cancel, &counts), -ECANCELED);
	ck_assert_int_eq(trapped, 1);
	ck_assert_int_eq(scan_until(&at_once, &counts), -ECANCELED);
	ck_assert_int_eq(trapped, 0); /* the scan did not get there */
}
END_TEST

/*
 * Reading a link of this process, or a comparison with it, hangs. The thread is then left behind.
 */
static jmp_buf before;
static pid_t waited_for, left_at;
static const char *waits_at, *waited_since;
static unsigned int times_left;

static int stuck_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	int pid = 0;

	if (waits_at && sscanf(path, "/proc/%d", &pid) == 1 && strstr(path, waits_at)) {
		left_at = waited_for = pid;
		longjmp(before, 1);
	}
	if (waited_since && !strcmp(path, waited_since))
		waited_for = 41;
	return fake_readlink(kernel, path, buffer, size);
}

static int stuck_compare(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what)
{
	if (a == waited_for || b == waited_for) {
		left_at = waited_for;
		longjmp(before, 1);
	}
	return fake_compare(kernel, a, b, what);
}

static int fake_bounded(struct gmem_kernel *kernel, struct gmem_bounded_run *run)
{
	static bool nested;
	int ret = -ETIMEDOUT;

	(void)kernel;
	if (nested)
		return run->fn(run->arg);
	left_at = 0;
	nested = true;
	if (!setjmp(before))
		ret = run->fn(run->arg);
	nested = false;
	run->left_at = left_at;
	times_left += ret == -ETIMEDOUT;
	return ret;
}

static int no_place(struct gmem_kernel *kernel, struct gmem_bounded_run *run)
{
	return times_left ? -EBUSY : fake_bounded(kernel, run);
}

static void scan_stuck(const struct entry *table, size_t n,
		       int (*bounded)(struct gmem_kernel *kernel, struct gmem_bounded_run *run),
		       struct gmem_owners_counts *counts, struct gmem_owned *owned)
{
	struct gmem_ctx *ctx = fake_ctx(table, n);
	struct gmem_owners *owners;

	fake_ops.readlink = stuck_readlink;
	fake_ops.compare = stuck_compare;
	fake_ops.bounded = bounded;
	times_left = 0;
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	counts->size = sizeof(*counts);
	owned->size = sizeof(*owned);
	ck_assert_int_eq(gmem_owners_get_counts(owners, counts), 0);
	ck_assert_int_eq(gmem_owners_at(owners, 0, owned), 0);
	gmem_owners_free(owners);
	fake_ctx_free(ctx);
}

START_TEST(one_keeps_the_kernel_waiting)
{
	const size_t n = sizeof(busy) / sizeof(busy[0]);
	struct gmem_owners_counts whole, counts;
	struct gmem_owned owned;

	waited_for = 0;
	waits_at = waited_since = NULL;
	scan_stuck(busy, n, fake_bounded, &whole, &owned);
	ck_assert_uint_eq(times_left, 0);
	ck_assert_uint_eq(whole.stuck, 0);
	ck_assert_int_eq(whole.first_stuck, 0);
	/*
	 * The scan hangs in the middle of a table: it knows the part before,
	 * and all other processes.
	 */
	waits_at = "/proc/100/fd/6";
	scan_stuck(busy, n, fake_bounded, &counts, &owned);
	ck_assert_uint_eq(times_left, 1);
	ck_assert_uint_eq(counts.stuck, 1);
	ck_assert_int_eq(counts.first_stuck, 100);
	ck_assert_int_eq(counts.end, GMEM_SCAN_WHOLE);
	ck_assert_uint_eq(counts.left_out, 0);
	ck_assert_uint_eq(counts.memories, whole.memories);
	ck_assert_uint_eq(counts.processes, whole.processes - 1);
	ck_assert_uint_eq(counts.not_permitted, whole.not_permitted);
	/* For the next one there is no place to leave a thread behind. */
	waited_for = 0;
	scan_stuck(busy, n, no_place, &counts, &owned);
	ck_assert_int_eq(counts.end, GMEM_SCAN_STUCK);
	ck_assert_uint_eq(counts.stuck, 1);
	ck_assert_uint_eq(counts.stuck + counts.left_out + counts.processes + counts.not_permitted,
			  9);
	ck_assert_uint_gt(counts.left_out, 0);
}
END_TEST

/* Many processes make the scan wait. It waits for the first sixteen only. */
START_TEST(many_keep_the_kernel_waiting)
{
	enum { MANY = 20 };
	static char paths[MANY][3][32];
	struct entry table[3 * MANY + 4] = {
		{ .path = "/proc" },
		{ .path = "/proc/1" },
		{ .path = "/proc/1/fd" },
		{ .path = "/proc/1/fd/4", .link = GMEM_618, .ino = 7 },
	};
	struct gmem_owners_counts counts;
	struct gmem_owned owned;

	for (size_t i = 0; i < MANY; i++) {
		static const char *const below[] = { "", "/fd", "/fd/3" };

		for (size_t k = 0; k < 3; k++) {
			snprintf(paths[i][k], sizeof(paths[i][k]), "/proc/%zu%s", 1000 + 10 * i,
				 below[k]);
			table[4 + 3 * i + k].path = paths[i][k];
		}
	}
	waited_for = 0;
	waited_since = NULL;
	waits_at = "/fd/3";
	scan_stuck(table, 3 * MANY + 4, fake_bounded, &counts, &owned);
	ck_assert_uint_eq(times_left, 16);
	ck_assert_int_eq(counts.end, GMEM_SCAN_STUCK);
	ck_assert_uint_eq(counts.processes, 1);
	ck_assert_uint_eq(counts.stuck, 16);
	ck_assert_int_eq(counts.first_stuck, 1000);
	ck_assert_uint_eq(counts.left_out, MANY - 16);
	ck_assert_uint_eq(counts.memories, 1);
}
END_TEST

/*
 * 41 has been scanned. When the scan gets to 51, 41 begins to make the kernel wait. 49 and 42 are
 * then compared with it, but are not to blame.
 */
START_TEST(wait_for_a_compared_process)
{
	struct entry table[SHARING + 1] = { { .path = "/proc/51/fd/0", .link = "/dev/null" } };
	struct gmem_owners_counts counts;
	struct gmem_owned owned;

	memcpy(&table[1], sharing, sizeof(sharing));
	for (size_t i = 1; i <= SHARING; i++)
		if (!strcmp(table[i].path, "/proc/42/fd") || !strcmp(table[i].path, "/proc/49/fd"))
			table[i].error = 0;
	waited_for = 0;
	waits_at = NULL;
	waited_since = table[0].path;
	scan_stuck(table, SHARING + 1, fake_bounded, &counts, &owned);
	ck_assert_int_eq(waited_for, 41);
	ck_assert_uint_eq(times_left, 1); /* after that nothing is compared with 41 */
	ck_assert_uint_eq(counts.stuck, 0);
	ck_assert_uint_eq(counts.processes, 5);
	ck_assert_uint_eq(counts.not_permitted, 0);
	ck_assert_uint_eq(owned.processes,
			  3); /* 41, 51, and 49, which has the address space of 51 */
}
END_TEST

/* From here on the host has only the model's own process. */
struct host {
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;
	struct gmem_memory *memory;
	struct gmem_owners *owners;
	struct gmem_target *target;
};

static struct host host_new(void)
{
	const struct gmem_memory_options memory = {
		.size = sizeof(memory),
		.memory_size = 64 * PAGE,
	};
	struct host host = { .ctx = port_ctx("plain") };
	struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.slot = 1,
		.gpa = 1ull << 32,
		.memory_size = 32 * PAGE,
		.userspace_addr = 0x700000000000,
	};

	ck_assert_int_eq(gmem_vm_new(host.ctx, GMEM_VM_DEFAULT, &host.vm), 0);
	ck_assert_int_eq(gmem_memory_new(host.vm, &memory, &host.memory), 0);
	slot.memory = host.memory;
	ck_assert_int_eq(gmem_slot_set(host.vm, &slot), 0);
	ck_assert_int_eq(gmem_memory_allocate(host.memory, 0, 48 * PAGE), 0);
	ck_assert_int_eq(gmem_owners_new(host.ctx, NULL, &host.owners), 0);
	ck_assert_int_eq(gmem_owners_open(host.owners, 0, &host.target), 0);
	return host;
}

static void host_free(struct host *host)
{
	gmem_target_free(host->target);
	gmem_owners_free(host->owners);
	gmem_memory_free(host->memory);
	gmem_vm_free(host->vm);
	port_ctx_free(host->ctx, 0, 0);
}

START_TEST(usage_by_node)
{
	struct host host = host_new();
	int64_t pfn = gmem_sim_file_pfn(port_sim(host.ctx), gmem_memory_fd(host.memory), 3);
	uint64_t bytes, sum = 0;
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_usage *usage;
	struct gmem_owner owner = { .size = sizeof(owner) };
	int node, last = -2;

	gmem_owners_get_counts(host.owners, &counts);
	ck_assert_uint_eq(counts.memories, 1);
	ck_assert_uint_eq(counts.vms, 1);
	ck_assert_uint_eq(counts.vms_without, 0);
	ck_assert_int_eq(gmem_owners_owner(host.owners, 0, 0, &owner), 0);
	ck_assert_int_eq(owner.pid, getpid());
	ck_assert_int_eq(owner.fd, gmem_memory_fd(host.memory));

	ck_assert_int_eq(gmem_sim_set_direct_map(port_sim(host.ctx), (uint64_t)pfn, false), 0);
	ck_assert_int_eq(gmem_usage_new(host.target, NULL, &usage), 0);
	ck_assert_uint_eq(gmem_usage_direct_map(usage, GMEM_DIRECT_MAP_MAPPED), 47 * PAGE);
	ck_assert_uint_eq(gmem_usage_direct_map(usage, GMEM_DIRECT_MAP_UNMAPPED), PAGE);
	ck_assert_uint_eq(gmem_usage_direct_map(usage, GMEM_DIRECT_MAP_UNKNOWN), 0);
	for (size_t i = 0; !gmem_usage_node(usage, i, &node, &bytes); i++) {
		ck_assert_int_gt(node, last);
		last = node;
		sum += bytes;
	}
	ck_assert_uint_eq(sum, 48 * PAGE);
	gmem_usage_free(usage);
	host_free(&host);
}
END_TEST

/* Reads of xarray nodes fail. Everything else is reported. */
static int no_nodes(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = port.real->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++)
		if (requests[i].length >= 512 && requests[i].length < 4096)
			requests[i].result = -EFAULT;
	return ret;
}

/* A part of the file that could not be read has no pages, no state and no node. */
START_TEST(usage_of_unread_parts)
{
	struct host host = host_new();
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_usage *usage;
	const char *reason = "";
	uint64_t bytes;
	int node;

	ck_assert_int_eq(gmem_usage_new(host.target, NULL, &usage), 0);
	ck_assert_uint_eq(gmem_usage_unseen(usage, &reason), 0);
	ck_assert_ptr_null(reason);
	gmem_usage_free(usage);
	port_pretend(host.ctx)->read_kmem = no_nodes;
	ck_assert_int_eq(gmem_usage_new(host.target, NULL, &usage), 0);
	ck_assert_uint_eq(gmem_usage_unseen(usage, &reason), 64 * PAGE);
	ck_assert_ptr_nonnull(strstr(reason, "xarray"));
	ck_assert_uint_eq(gmem_usage_unseen(usage, NULL), 64 * PAGE);
	for (int state = GMEM_DIRECT_MAP_UNKNOWN; state <= GMEM_DIRECT_MAP_UNMAPPED; state++)
		ck_assert_uint_eq(gmem_usage_direct_map(usage, (enum gmem_direct_map)state), 0);
	ck_assert_int_eq(gmem_usage_node(usage, 0, &node, &bytes), -ENOENT);
	gmem_usage_free(usage);
	ck_assert_int_eq(gmem_target_get_info(host.target, &info), 0);
	ck_assert_uint_eq(info.resident, 48 * PAGE);
	host_free(&host);
}
END_TEST

static int keep_frame(const struct gmem_owned_frame *frame, void *arg)
{
	struct gmem_owned_frame **next = arg;

	*(*next)++ = *frame;
	return 0;
}

START_TEST(finds_owner_of_a_frame)
{
	struct host host = host_new();
	struct gmem_kernel *kernel = port_sim(host.ctx);
	struct gmem_owned_frame found[4], *next = found;
	int fd = gmem_memory_fd(host.memory);
	uint64_t a = (uint64_t)gmem_sim_file_pfn(kernel, fd, 5);
	uint64_t b = (uint64_t)gmem_sim_file_pfn(kernel, fd, 40);
	const uint64_t pfns[] = { 1, a < b ? a : b, a < b ? b : a };
	struct gmem_frame frame = { .size = sizeof(frame) };

	ck_assert_int_eq(gmem_owners_find(host.owners, pfns, 3, keep_frame, &next), 0);
	ck_assert_int_eq(next - found, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(found[i].memory, 0);
		ck_assert_int_eq(found[i].vm_pid, getpid());
		ck_assert_uint_eq(found[i].offset, (found[i].pfn == a ? 5 : 40) * PAGE);
		ck_assert_uint_eq(found[i].gpa,
				  found[i].pfn == a ? (1ull << 32) + 5 * PAGE : GMEM_GPA_NONE);
	}
	ck_assert_int_eq(
		gmem_frame_get(host.ctx, a, GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS, &frame), 0);
	ck_assert_int_eq(frame.ram, 1);
	ck_assert_int_eq(frame.direct_map, GMEM_DIRECT_MAP_MAPPED);
	ck_assert(frame.has_page_flags && frame.zone && frame.node >= 0);
	ck_assert_int_eq(gmem_frame_get(host.ctx, a, 0, &frame), 0);
	ck_assert(!frame.has_page_flags && frame.direct_map == GMEM_DIRECT_MAP_UNKNOWN &&
		  frame.reason);
	ck_assert_int_eq(gmem_frame_get(host.ctx, UINT64_MAX, 0, &frame), -EINVAL);
	host_free(&host);
}
END_TEST

#define PAGEMAP_FD 200000

static int pagemap_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	return strstr(path, "/pagemap") ? PAGEMAP_FD : port.real->open(kernel, path, flags);
}

static int pagemap_close(struct gmem_kernel *kernel, int fd)
{
	return fd == PAGEMAP_FD ? 0 : port.real->close(kernel, fd);
}

/* Reports every other page, in calls of at most three regions. */
static int pagemap_scan(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	struct gmem_pm_scan_arg *scan = (struct gmem_pm_scan_arg *)arg;
	struct gmem_page_region *regions;
	int n = 0;

	if (request != GMEM_PAGEMAP_SCAN)
		return port.real->ioctl(kernel, fd, request, arg);
	ck_assert_int_eq(fd, PAGEMAP_FD);
	ck_assert_uint_eq(scan->category_mask, GMEM_PAGE_IS_PRESENT | GMEM_PAGE_IS_PFNZERO);
	regions = (struct gmem_page_region *)(uintptr_t)scan->vec;
	for (scan->walk_end = scan->start; scan->walk_end < scan->end && n < 3;
	     scan->walk_end += PAGE)
		if (scan->walk_end / PAGE % 2)
			regions[n++] = (struct gmem_page_region){
				.start = scan->walk_end,
				.end = scan->walk_end + PAGE,
			};
	return n;
}

START_TEST(shared_side_from_pagemap)
{
	struct host host = host_new();
	struct gmem_kernel_ops *ops;
	uint64_t bytes = 0;

	/* The model has no pagemap. */
	ck_assert_int_eq(gmem_owners_shared(host.owners, host.target, &bytes), -ENOTSUP);
	ops = port_pretend(host.ctx);
	ops->open = pagemap_open;
	ops->close = pagemap_close;
	ops->ioctl = pagemap_scan;
	ck_assert_int_eq(gmem_owners_shared(host.owners, host.target, &bytes), 0);
	ck_assert_uint_eq(bytes, 16 * PAGE);
	host_free(&host);
}
END_TEST

/*
 * Each call of the port fails once, with each kind of scan: an answer or an
 * error, and nothing stays open.
 */
START_TEST(each_call_fails_once)
{
	static const int errors[] = { -EACCES, -ENOENT, -ENOMEM, -EMFILE, -EIO };
	struct host host = host_new();
	unsigned int fds = gmem_sim_open_fds(port_sim(host.ctx));
	bool failed = true;

	for (unsigned int n = 1; failed; n++) {
		failed = false;
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			struct gmem_owners *owners = NULL;

			port_fail_at(host.ctx, n, errors[i]);
			if (!gmem_owners_new(host.ctx, NULL, &owners))
				gmem_owners_free(owners);
			failed = failed || port_failed(host.ctx);
			ck_assert_uint_eq(gmem_sim_open_fds(port_sim(host.ctx)), fds);
		}
	}
	port_fail_at(host.ctx, 0, 0);
	host_free(&host);
}
END_TEST

START_TEST(wrong_options)
{
	struct gmem_owners_options options = { .size = 0 };
	struct gmem_ctx *ctx = port_ctx("plain");
	struct gmem_owners *owners;

	ck_assert_int_eq(gmem_owners_new(ctx, &options, &owners), -EINVAL);
	port_ctx_free(ctx, 0, 0);
}
END_TEST

struct kept_mapped {
	struct gmem_mapped *last;
	int count;
};

static int keep_mapped(const struct gmem_mapped *mapped, void *arg)
{
	struct kept_mapped *kept = arg;

	*kept->last = *mapped;
	kept->count++;
	return 0;
}

/* Returns how many mappings there are, or the error. *mapped gets the last one. */
static int list_mapped(struct gmem_ctx *ctx, pid_t pid, struct gmem_mapped *mapped)
{
	struct kept_mapped kept = { .last = mapped };
	int ret = gmem_target_list_mapped(ctx, pid, keep_mapped, &kept);

	return ret ? ret : kept.count;
}

/* A made-up process: memory with a descriptor does not count as mapped only. */
START_TEST(mapped_of_others)
{
	struct entry table[sizeof(busy) / sizeof(busy[0])];
	struct gmem_mapped mapped = { 0 };
	struct gmem_target *target;
	struct gmem_ctx *ctx;

	memcpy(table, busy, sizeof(busy));
	ctx = fake_ctx(table, sizeof(busy) / sizeof(busy[0]));
	ck_assert_int_eq(list_mapped(ctx, 200, &mapped), 0);
	ck_assert_int_eq(list_mapped(ctx, 600, &mapped), 0);
	ck_assert_int_eq(list_mapped(ctx, 700, &mapped), 1);
	ck_assert_uint_eq(mapped.inode, 9);
	ck_assert_uint_eq(mapped.start, 0x7f0000000000);
	ck_assert_uint_eq(mapped.end, 0x7f0000004000);
	ck_assert_uint_eq(mapped.mapped, 5 * PAGE);
	ck_assert_int_eq(gmem_target_open_mapped(ctx, 700, &mapped, &target), 0);
	gmem_target_free(target);
	ck_assert_int_eq(list_mapped(ctx, 400, &mapped), -ESRCH);
	port_said(ctx, "no process 400");
	/* First another inode is there, then the process may not be looked at. */
	for (size_t i = 0; i < entry_count; i++)
		if (table[i].ino == 9)
			table[i].ino = 8;
	ck_assert_int_eq(list_mapped(ctx, 700, &mapped), 0);
	ck_assert_int_eq(gmem_target_open_mapped(ctx, 700, &mapped, &target), -ESRCH);
	port_said(ctx, "any more");
	for (size_t i = 0; i < entry_count; i++)
		if (table[i].ino == 8)
			table[i].error = -EPERM;
	ck_assert_int_eq(list_mapped(ctx, 700, &mapped), 1);
	ck_assert_int_eq(gmem_target_open_mapped(ctx, 700, &mapped, &target), -EACCES);
	port_said(ctx, "CAP_CHECKPOINT_RESTORE");
	fake_ctx_free(ctx);
}
END_TEST

/* The model's own process closes its descriptor and keeps the mapping, with all pages. */
START_TEST(mapped_of_own)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = 16 * PAGE,
		.flags = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED,
	};
	struct gmem_ctx *ctx = port_ctx("plain");
	struct gmem_kernel *kernel = port_sim(ctx);
	struct gmem_mapped mapped = { 0 };
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_memory *memory;
	struct gmem_target *target;
	struct gmem_vm *vm;
	uint64_t inode;
	void *address;
	int fd;

	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	fd = gmem_memory_fd(memory);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 4 * PAGE), 0);
	ck_assert_int_eq(
		kernel->ops->mmap(kernel, 16 * PAGE, PROT_READ, MAP_SHARED, fd, 0, &address), 0);
	ck_assert_int_eq(gmem_target_open(ctx, 0, fd, &target), 0);
	ck_assert_int_eq(gmem_target_get_info(target, &info), 0);
	inode = info.inode;
	gmem_target_free(target);
	ck_assert_int_eq(list_mapped(ctx, 0, &mapped), 0);
	gmem_memory_free(memory);
	ck_assert_int_eq(list_mapped(ctx, getpid(), &mapped), 1);
	ck_assert_uint_eq(mapped.inode, inode);
	ck_assert_uint_eq(mapped.mapped, 16 * PAGE);
	ck_assert_int_eq(gmem_target_open_mapped(ctx, 0, &mapped, &target), 0);
	ck_assert_int_eq(gmem_target_get_info(target, &info), 0);
	ck_assert_uint_eq(info.resident, 4 * PAGE);
	gmem_target_free(target);
	/* Each call of the port fails once: an answer or an error, and nothing stays open. */
	for (unsigned int n = 1; n == 1 || port_failed(ctx); n++) {
		unsigned int fds = gmem_sim_open_fds(kernel);
		int ret;

		port_fail_at(ctx, n, n % 2 ? -EMFILE : -ENOMEM);
		ret = list_mapped(ctx, 0, &mapped);
		ck_assert(ret == 1 || ret == -EMFILE || ret == -ENOMEM);
		ck_assert_uint_eq(gmem_sim_open_fds(kernel), fds);
	}
	port_fail_at(ctx, 0, 0);
	ck_assert_int_eq(kernel->ops->munmap(kernel, address, 16 * PAGE), 0);
	ck_assert_int_eq(gmem_target_open_mapped(ctx, 0, &mapped, &target), -ESRCH);
	gmem_vm_free(vm);
	port_ctx_free(ctx, 0, 0);
}
END_TEST

UNIT_MAIN("owners", many_processes, primary_is_the_vms_process, threads_are_one_process,
	  threads_with_files_of_their_own, guarded_processes, without_mappings,
	  descriptor_with_another_inode, hidden_processes, shared_both_ways,
	  guest_memfd_that_no_process_shows, groups_told_apart, groups_not_compared,
	  scan_ends_at_deadline_or_cancel, one_keeps_the_kernel_waiting,
	  wait_for_a_compared_process, many_keep_the_kernel_waiting, usage_by_node,
	  usage_of_unread_parts, finds_owner_of_a_frame, shared_side_from_pagemap,
	  each_call_fails_once, wrong_options, mapped_of_others, mapped_of_own)
