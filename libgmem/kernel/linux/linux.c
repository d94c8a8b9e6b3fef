// SPDX-License-Identifier: LGPL-2.1-or-later
/* The running kernel behind the port: its life, and which reader of kernel memory is open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/linux/linux.h"
#include "kernel/linux/syscalls.h"

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "this machine"
#endif

static struct gmem_linux *to_linux(struct gmem_kernel *kernel)
{
	return (struct gmem_linux *)kernel; /* kernel is its first member */
}

static int open_reader(struct gmem_linux *host, enum gmem_reader reader, char *why, size_t size)
{
	switch (reader) {
	case GMEM_READER_BPF:
		return host->bpf ? 0 : gmem_bpf_reader_new(&host->bpf, why, size);
	case GMEM_READER_KCORE:
		return host->kcore ? 0 : gmem_kcore_new("/proc/kcore", &host->kcore, why, size);
	case GMEM_READER_NONE:
		return 0;
	case GMEM_READER_DUMP:
		break;
	}
	return -EINVAL;
}

static int linux_reader_open(struct gmem_kernel *kernel, enum gmem_reader reader, char *why,
			     size_t size)
{
	struct gmem_linux *host = to_linux(kernel);
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = open_reader(host, reader, why, size);
	if (!ret)
		host->reader = reader;
	pthread_mutex_unlock(&host->lock);
	return ret;
}

static int linux_read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	struct gmem_linux *host = to_linux(kernel);
	int ret = -ENOTSUP;

	for (size_t i = 0; i < n; i++)
		if (requests[i].length == 0 || requests[i].length > GMEM_KMEM_REQUEST_MAX)
			return -EINVAL;
	pthread_mutex_lock(&host->lock);
	if (host->reader == GMEM_READER_BPF)
		ret = gmem_bpf_reader_read(host->bpf, requests, n);
	else if (host->reader == GMEM_READER_KCORE)
		ret = gmem_kcore_read(host->kcore, requests, n);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

static void *linux_kmem_room_take(struct gmem_kernel *kernel, size_t size)
{
	struct gmem_linux *host = to_linux(kernel);
	void *room = NULL;

	pthread_mutex_lock(&host->lock);
	if (host->reader == GMEM_READER_BPF)
		room = gmem_bpf_reader_take_room(host->bpf, size);
	pthread_mutex_unlock(&host->lock);
	return room;
}

static void linux_kmem_room_give(struct gmem_kernel *kernel, void *room)
{
	struct gmem_linux *host = to_linux(kernel);

	pthread_mutex_lock(&host->lock);
	gmem_bpf_reader_give_room(host->bpf, room);
	pthread_mutex_unlock(&host->lock);
}

/* Where the members are that tell a task. */
struct task_layout {
	size_t thread_node, pid, files;
};

static int read_word(struct gmem_linux *host, uint64_t address, void *word, uint32_t length)
{
	struct gmem_kmem_request request = {
		.address = address,
		.buffer = word,
		.length = length,
	};

	gmem_kcore_read(host->kcore, &request, 1);
	return request.result;
}

/*
 * kcore has a copy of the task's content, not its address. The next thread of the process, or the
 * head of that list, has the address as that of its predecessor. (The list of processes has first
 * threads only: copy_process() leaves tasks.next of other threads as the parent has it.) The list
 * changes with each thread that begins or ends, so the object at that address is checked to be this
 * task: the same pid, the same files.
 */
static int find_kcore_task(struct gmem_linux *host, const struct task_layout *layout,
			   uint64_t *address)
{
	const unsigned char *content;
	uint64_t next, back, files;
	uint32_t pid;
	size_t size;
	int ret = gmem_kcore_task(host->kcore, (const void **)&content, &size);

	if (ret)
		return ret;
	if (layout->thread_node + 8 > size || layout->pid + 4 > size || layout->files + 8 > size)
		return -EILSEQ;
	memcpy(&next, content + layout->thread_node, sizeof(next));
	ret = read_word(host, next + sizeof(next), &back, sizeof(back)); /* list_head.prev */
	if (!ret)
		ret = read_word(host, back - layout->thread_node + layout->pid, &pid, sizeof(pid));
	if (!ret)
		ret = read_word(host, back - layout->thread_node + layout->files, &files,
				sizeof(files));
	if (!ret && (memcmp(&pid, content + layout->pid, sizeof(pid)) ||
		     memcmp(&files, content + layout->files, sizeof(files))))
		ret = -EAGAIN;
	*address = back - layout->thread_node;
	return ret;
}

static int kcore_current_task(struct gmem_linux *host, uint64_t *address)
{
	struct task_layout layout;
	int ret = gmem_linux_offset_of(host, "task_struct", "thread_node", &layout.thread_node);

	if (!ret)
		ret = gmem_linux_offset_of(host, "task_struct", "pid", &layout.pid);
	if (!ret)
		ret = gmem_linux_offset_of(host, "task_struct", "files", &layout.files);
	if (ret)
		return ret;
	ret = -EAGAIN;
	pthread_mutex_lock(&host->lock); /* the content is kcore's, until the next call */
	for (int tries = 0; ret == -EAGAIN && tries < 16; tries++)
		ret = find_kcore_task(host, &layout, address);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

static int linux_current_task(struct gmem_kernel *kernel, uint64_t *address)
{
	struct gmem_linux *host = to_linux(kernel);
	int ret;

	if (host->reader == GMEM_READER_KCORE)
		return kcore_current_task(host, address);
	if (host->reader != GMEM_READER_BPF)
		return -ENOTSUP;
	pthread_mutex_lock(&host->lock);
	ret = gmem_bpf_reader_current_task(host->bpf, address);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

/*
 * The program headers of /proc/kcore, for a moment. On x86-64 the BPF reader finds the direct map
 * without them.
 */
static int ask_kcore(uint64_t *address, uint64_t *physical)
{
	struct gmem_kcore *kcore;
	char why[64];
	int ret = gmem_kcore_new("/proc/kcore", &kcore, why, sizeof(why));

	if (ret)
		return -ENODATA;
	ret = gmem_kcore_direct_map(kcore, address, physical);
	gmem_kcore_free(kcore);
	return ret;
}

static int linux_direct_map_hint(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical)
{
	struct gmem_linux *host = to_linux(kernel);

	if (host->reader == GMEM_READER_KCORE)
		return gmem_kcore_direct_map(host->kcore, address, physical);
	return strcmp(MACHINE, "aarch64") ? -ENODATA : ask_kcore(address, physical);
}

/* A line is "ffffffff81000000 T _stext", with "\t[module]" behind a module's symbol. */
static int linux_symbol(struct gmem_kernel *kernel, const char *name, uint64_t *address)
{
	char line[512], symbol[256];
	unsigned long long value;
	FILE *file = fopen("/proc/kallsyms", "re");
	int ret = -ENOENT;

	(void)kernel;
	if (!file)
		return -errno;
	while (ret && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %*c %255s", &value, symbol) != 2 || strcmp(symbol, name))
			continue;
		*address = value;
		ret = value ? 0 : -EPERM; /* kptr_restrict shows zeros */
	}
	fclose(file);
	return ret;
}

static int linux_offset_of(struct gmem_kernel *kernel, const char *type, const char *member,
			   size_t *offset)
{
	return gmem_linux_offset_of(to_linux(kernel), type, member, offset);
}

static int linux_size_of(struct gmem_kernel *kernel, const char *type, size_t *size)
{
	return gmem_linux_size_of(to_linux(kernel), type, size);
}

#ifdef __aarch64__
/* The kernel lets userspace read it, and returns what holds for all CPUs. */
static int linux_cache_type(struct gmem_kernel *kernel, uint64_t *ctr_el0)
{
	(void)kernel;
	__asm__("mrs %0, ctr_el0" : "=r"(*ctr_el0));
	return 0;
}
#endif

static void linux_destroy(struct gmem_kernel *kernel)
{
	struct gmem_linux *host = to_linux(kernel);

	gmem_bpf_reader_free(host->bpf);
	gmem_kcore_free(host->kcore);
	gmem_linux_btf_free(host);
	gmem_bounded_destroy(&host->bounded);
	pthread_mutex_destroy(&host->lock);
	free(host);
}

static const struct gmem_kernel_ops linux_ops = {
	.open = gmem_linux_open,
	.close = gmem_linux_close,
	.ioctl = gmem_linux_ioctl,
	.mmap = gmem_linux_mmap,
	.munmap = gmem_linux_munmap,
	.madvise = gmem_linux_madvise,
	.mbind = gmem_linux_mbind,
	.fallocate = gmem_linux_fallocate,
	.fstat = gmem_linux_fstat,
	.fs_magic = gmem_linux_fs_magic,
	.pread = gmem_linux_pread,
	.readlink = gmem_linux_readlink,
	.list_directory = gmem_linux_list_directory,
	.compare = gmem_linux_compare,
	.bounded = gmem_linux_bounded,
	.set_cloexec = gmem_linux_set_cloexec,
	.create_file = gmem_linux_create_file,
	.touch = gmem_linux_touch,
	.reader_open = linux_reader_open,
	.read_kmem = linux_read_kmem,
	.kmem_room_take = linux_kmem_room_take,
	.kmem_room_give = linux_kmem_room_give,
	.current_task = linux_current_task,
	.direct_map_hint = linux_direct_map_hint,
	.symbol = linux_symbol,
	.offset_of = linux_offset_of,
	.size_of = linux_size_of,
#ifdef __aarch64__
	.cache_type = linux_cache_type,
#endif
	.machine = MACHINE,
	.destroy = linux_destroy,
};

int gmem_kernel_linux_new(struct gmem_kernel **out)
{
	struct gmem_linux *host = calloc(1, sizeof(*host));

	if (!host || gmem_bounded_init(&host->bounded)) {
		free(host);
		return -ENOMEM;
	}
	host->kernel.ops = &linux_ops;
	host->kernel.page_shift =
		(unsigned int)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	pthread_mutex_init(&host->lock, NULL);
	*out = &host->kernel;
	return 0;
}
