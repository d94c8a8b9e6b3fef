// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The baseline for the commands on held VMs: does the same work by raw system calls.
 *
 *   bench-steps madvise MIB   a guest_memfd of that size, MADV_POPULATE_WRITE by one thread
 *   bench-steps touch MIB     the same, but touches each page
 *   bench-steps convert N     N conversions of 2 MiB, to private and to shared in turn, on the
 *                             first VM type with private memory; bench-steps lines N prints them
 *                             as lines of a batch
 *
 * Prints microseconds, which include the creation of VM and memory. Ends with 77
 * if the kernel lacks them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kvm.h"
#include "timing.h"

#define MMAP_INIT_SHARED 3ul
#define POPULATE_WRITE 23
#define STEP (2ull << 20)
#define STEPS_OF_MEMORY 32
#define GPA 0x100000000ull
#define CAP_MEMORY_ATTRIBUTES 233
#define SET_ATTRIBUTES _IOW(KVMIO, 0xd2, struct attributes)
#define PRIVATE (1ull << 3)

struct attributes {
	uint64_t address, size, attributes, flags;
};

static void populate(uint64_t size, int touch)
{
	int vm = create_vm(), fd = create_memory(vm, size, MMAP_INIT_SHARED);
	volatile char *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (mapping == MAP_FAILED)
		err(2, "mmap");
	if (!touch && madvise((void *)mapping, size, POPULATE_WRITE))
		err(2, "MADV_POPULATE_WRITE");
	for (uint64_t at = 0; touch && at < size; at += 4096)
		mapping[at] = 1;
}

static int create_private_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	for (unsigned long type = 0; kvm >= 0 && type < 2; type++) {
		int vm = ioctl(kvm, KVM_CREATE_VM, type);

		if (vm >= 0 && ioctl(vm, KVM_CHECK_EXTENSION, CAP_MEMORY_ATTRIBUTES) > 0)
			return vm;
	}
	warnx("no VM of type default or sw-protected has private memory here");
	exit(77);
}

static void convert(unsigned long n)
{
	int vm = create_private_vm();

	bind_memory(vm, 0, GPA, STEP * STEPS_OF_MEMORY,
		    create_memory(vm, STEP * STEPS_OF_MEMORY, 0), 0, NULL);
	for (unsigned long i = 0; i < n; i++) {
		struct attributes attributes = {
			.address = GPA + i / 2 % STEPS_OF_MEMORY * STEP,
			.size = STEP,
			.attributes = i % 2 ? 0 : PRIVATE,
		};

		if (ioctl(vm, SET_ATTRIBUTES, &attributes))
			err(2, "KVM_SET_MEMORY_ATTRIBUTES");
	}
}

static void print_lines(unsigned long n)
{
	printf("create bench --vm-type=sw-protected --flags= --size=%llu\n",
	       STEP * STEPS_OF_MEMORY);
	for (unsigned long i = 0; i < n; i++)
		printf("convert bench %llu+%llu %s\n", i / 2 % STEPS_OF_MEMORY * STEP, STEP,
		       i % 2 ? "shared" : "private");
}

int main(int argc, char **argv)
{
	unsigned long number = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	double start = now_us();

	if (!number)
		return 64;
	if (!strcmp(argv[1], "lines")) {
		print_lines(number);
		return 0;
	}
	if (!strcmp(argv[1], "convert"))
		convert(number);
	else
		populate((uint64_t)number << 20, !strcmp(argv[1], "touch"));
	printf("%.0f\n", now_us() - start);
	return 0;
}
