// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ELF headers and notes of /proc/kcore, and reads that follow them. The input is the part
 * after ELF's magic number.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "kernel/linux/linux.h"

static void try(struct gmem_kcore *kcore)
{
	unsigned char buffer[64];
	uint64_t address = 0, physical;
	struct gmem_kmem_request requests[2] = {
		{ .address = 0xffff888000000000ull, .buffer = buffer, .length = sizeof(buffer) },
	};
	const void *task;
	size_t size;

	gmem_kcore_direct_map(kcore, &address, &physical);
	requests[1] = (struct gmem_kmem_request){
		.address = address,
		.buffer = buffer,
		.length = sizeof(buffer),
	};
	gmem_kcore_read(kcore, requests, 2);
	if (!gmem_kcore_task(kcore, &task, &size) && size) {
		memcpy(buffer, task, size < sizeof(buffer) ? size : sizeof(buffer));
		buffer[0] = ((const unsigned char *)task)[size - 1];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	struct gmem_kcore *kcore;
	char path[32], why[256];

	if (fd < 0 || write(fd, "\177ELF", 4) != 4 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!gmem_kcore_new(path, &kcore, why, sizeof(why))) {
		try(kcore);
		gmem_kcore_free(kcore);
	}
	close(fd);
	return 0;
}
