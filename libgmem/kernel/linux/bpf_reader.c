// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads kernel memory through the BPF program of reader.bpf.c: requests go into a memory-mapped
 * array, one BPF_PROG_TEST_RUN carries out a batch, the answers come out of the same array.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel/linux/bpf_load.h"
#include "kernel/linux/linux.h"
#include "kernel/linux/reader.h"
#include "kernel/uapi.h"
#include "reader.skel.h"

_Static_assert(READER_REQUEST_MAX == GMEM_KMEM_REQUEST_MAX, "the port's limit is the program's");

struct gmem_bpf_reader {
	struct reader *program;
	int fd;
	bool small_taken, large_taken; /* the rooms */
	/*
	 * The process that opened it. A child that comes by fork() shares the map with its parent,
	 * and each would take the other's answers for its own.
	 */
	pid_t owner;
};

static int load(void *arg)
{
	struct gmem_bpf_reader *reader = arg;

	reader->program = reader__open();
	return reader->program ? reader__load(reader->program) : -errno;
}

static int load_failed(int error, char *why, size_t size)
{
	if (error == -EPERM || error == -EACCES) {
		snprintf(why, size,
			 "loading a BPF program needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN)");
		return -EPERM;
	}
	snprintf(why, size,
		 "the kernel did not take the BPF program (%s): it needs Linux 5.17 with "
		 "CONFIG_BPF_SYSCALL, and no lockdown=confidentiality",
		 strerror(-error));
	return -ENOTSUP;
}

int gmem_bpf_reader_new(struct gmem_bpf_reader **out, char *why, size_t size)
{
	struct gmem_bpf_reader *reader;
	int ret;

	ret = gmem_linux_lockdown(why, size);
	if (ret)
		return ret;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->owner = getpid();
	ret = gmem_bpf_load_silently(load, reader);
	if (ret) {
		ret = load_failed(ret, why, size);
		goto fail;
	}
	reader->fd = bpf_program__fd(reader->program->progs.reader_run);
	/*
	 * Populates all pages at once: one fault for each page would cost more than the first
	 * reads. A failure is harmless.
	 */
	madvise(reader->program->bss, sizeof(*reader->program->bss), GMEM_MADV_POPULATE_WRITE);
	*out = reader;
	return 0;
fail:
	gmem_bpf_reader_free(reader);
	return ret;
}

void gmem_bpf_reader_free(struct gmem_bpf_reader *reader)
{
	if (!reader)
		return;
	reader__destroy(reader->program);
	free(reader);
}

static int run(struct gmem_bpf_reader *reader, unsigned int count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	reader->program->bss->request_count = count;
	return bpf_prog_test_run_opts(reader->fd, &options);
}

/* Whether a request's buffer is part of a room; they are the beginning of the data. */
static bool in_room(const struct reader__bss *array, const struct gmem_kmem_request *request)
{
	return (uintptr_t)request->buffer - (uintptr_t)array->data < READER_ROOMS;
}

/* Puts as many requests into the array as there is space for. Returns how many. */
static unsigned int fill(struct reader__bss *array, const struct gmem_kmem_request *requests,
			 size_t n)
{
	unsigned int offset = READER_ROOMS, count = 0;

	while (count < n && count < READER_REQUESTS && offset <= READER_DATA - READER_REQUEST_MAX) {
		const struct gmem_kmem_request *request = &requests[count];

		array->requests[count].address = request->address;
		array->requests[count].length = request->length;
		if (in_room(array, request)) {
			array->requests[count].offset =
				(unsigned int)((unsigned char *)request->buffer - array->data);
		} else {
			array->requests[count].offset = offset;
			/* Kept aligned, so that the copy out moves whole words. */
			offset += (request->length + 7u) & ~7u;
		}
		count++;
	}
	return count;
}

int gmem_bpf_reader_read(struct gmem_bpf_reader *reader, struct gmem_kmem_request *requests,
			 size_t n)
{
	struct reader__bss *array = reader->program->bss;

	if (reader->owner != getpid())
		return -ECHILD;
	while (n) {
		unsigned int count = fill(array, requests, n);
		int ret = run(reader, count);

		if (ret)
			return ret;
		for (unsigned int i = 0; i < count; i++) {
			requests[i].result = array->requests[i].result;
			if (!requests[i].result && !in_room(array, &requests[i]))
				memcpy(requests[i].buffer, array->data + array->requests[i].offset,
				       requests[i].length);
		}
		requests += count;
		n -= count;
	}
	return 0;
}

void *gmem_bpf_reader_take_room(struct gmem_bpf_reader *reader, size_t size)
{
	unsigned char *data = reader->program->bss->data;

	if (reader->owner != getpid())
		return NULL;
	if (size <= READER_ROOM_SMALL && !reader->small_taken) {
		reader->small_taken = true;
		return data;
	}
	if (size <= READER_ROOM_LARGE && !reader->large_taken) {
		reader->large_taken = true;
		return data + READER_ROOM_SMALL;
	}
	return NULL;
}

void gmem_bpf_reader_give_room(struct gmem_bpf_reader *reader, const void *room)
{
	const unsigned char *data = reader->program->bss->data;

	if (room == data)
		reader->small_taken = false;
	if (room == data + READER_ROOM_SMALL)
		reader->large_taken = false;
}

int gmem_bpf_reader_current_task(struct gmem_bpf_reader *reader, uint64_t *address)
{
	int ret = reader->owner == getpid() ? run(reader, 0) : -ECHILD;

	if (!ret)
		*address = reader->program->bss->current_task;
	return ret;
}
