// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host-memory: creates guest_memfds of every kind. Tests compare them with the output of list.
 * Four processes have them:
 *
 *   first    shared (its child has it too), private (not bound), punched (in the middle)
 *   second   a child: slots (two memslots, SHARED_PAGES of the other side are touched)
 *   third    a child of user 65534: other
 *   fourth   a child: mapped (its descriptor is closed). Its mapping is the memslot's
 *            userspace_addr, so these pages count once
 *
 * Prints "NAME PID FD" for each, "page NAME OFFSET PFN" by pagemap for each mapped page, and
 * "ready". Ends when its input ends. Exits with 77 without /dev/kvm or guest_memfd.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "kvm.h"
#include "pages.h"

#define SIZE (64 * PAGE)
#define SHARED_PAGES 10
#define SHARED_FD 100 /* of "shared", the same in both processes */
#define MMAP_SHARED 3 /* creation flags mmap, init-shared */

static void announce(const char *name, int fd)
{
	printf("%s %d %d\n", name, (int)getpid(), fd);
}

/* Maps the memory and touches all of it, so that pagemap shows its page frames. */
static void *map_and_tell(const char *name, int fd)
{
	unsigned char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		err(2, "mmap");
	for (uint64_t offset = 0; offset < SIZE; offset += PAGE) {
		memory[offset] = 1;
		printf("page %s %llu %llu\n", name, (unsigned long long)offset,
		       (unsigned long long)pfn_of(memory + offset));
	}
	return memory;
}

static void second(void)
{
	int vm = create_vm(), fd = create_memory(vm, SIZE, 0);
	unsigned char *other = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (other == MAP_FAILED)
		err(2, "mmap");
	madvise(other, SIZE, MADV_NOHUGEPAGE);
	for (int i = 0; i < SHARED_PAGES; i++)
		other[(uint64_t)i * 5 * PAGE] = 1;
	/* A read maps the zero page, which counts as memory of no process. */
	(void)*(volatile unsigned char *)(other + PAGE);
	bind_memory(vm, 0, 1ull << 32, SIZE / 2, fd, 0, other);
	bind_memory(vm, 1, 1ull << 33, SIZE / 2, fd, SIZE / 2, other + SIZE / 2);
	allocate(fd, 0, SIZE);
	announce("slots", fd);
}

static void third(void)
{
	int fd;

	close(SHARED_FD);
	fd = create_memory(create_vm(), SIZE, MMAP_SHARED);
	munmap(map_and_tell("other", fd), SIZE);
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		err(2, "setresuid");
	announce("other", fd);
}

static void fourth(void)
{
	int vm, fd;
	void *memory;

	close(SHARED_FD);
	vm = create_vm();
	fd = create_memory(vm, SIZE, MMAP_SHARED);
	memory = map_and_tell("mapped", fd);
	bind_memory(vm, 0, 1ull << 32, SIZE, fd, 0, memory);
	announce("mapped", fd);
	close(fd);
}

/* Runs fn in a child. The child lives until the parent closes the other end of the pipe. */
static void start_child(void (*fn)(void), const int end[2])
{
	int ready[2], status;
	char byte = 0;
	pid_t pid;

	if (pipe(ready))
		err(2, "pipe");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (!pid) {
		close(end[1]);
		close(ready[0]);
		fn();
		fflush(stdout);
		if (write(ready[1], &byte, 1) != 1 || read(end[0], &byte, 1) < 0)
			_exit(2);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		waitpid(pid, &status, 0);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
	}
	close(ready[0]);
}

int main(void)
{
	int end[2], vm = create_vm(), shared, private, punched;

	if (pipe(end))
		err(2, "pipe");
	shared = create_memory(vm, SIZE, 0);
	if (dup2(shared, SHARED_FD) != SHARED_FD)
		err(2, "dup2");
	close(shared);
	allocate(SHARED_FD, 0, 5 * PAGE);
	announce("shared", SHARED_FD);
	start_child(second, end);
	start_child(third, end);
	start_child(fourth, end);
	private = create_memory(vm, SIZE, 0);
	allocate(private, PAGE, PAGE);
	punched = create_memory(vm, SIZE, 0);
	allocate(punched, 0, SIZE);
	punch(punched, 16 * PAGE, 16 * PAGE);
	announce("private", private);
	announce("punched", punched);
	puts("ready");
	while (wait_for_line())
		;
	close(end[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
