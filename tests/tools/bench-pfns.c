// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-pfns [SIZE_MIB [memfd]]: page frames of a populated guest_memfd, libgmem's page-cache walk
 * beside /proc/self/pagemap of a mapping of the same memory, in turn, in one run. Prints the median
 * of the rounds, in ns of CPU time a page, and the ratio. Both must give the same page frames.
 *
 * With memfd it is memory of memfd_create(2), for a kernel without KVM: the same page cache, walked
 * by the same code, but no memslots.
 */
#include <gmem/gmem.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "pages.h"
#include "pages/target.h"
#include "timing.h"

#define ROUNDS 15
#define CHUNK 65536 /* pagemap entries a read */

struct job {
	struct gmem_ctx *ctx;
	struct gmem_target *target;
	unsigned char *mapping;
	uint64_t pages;
	uint64_t *theirs; /* page frames by pagemap */
	uint64_t seen;	  /* pages that the walk gave */
	uint64_t extents; /* in how many runs */
	uint64_t wrong;	  /* pages whose frames differ */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may share the CPUs */
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(struct job *job, const char *what)
{
	char why[1024];

	gmem_explain(job->ctx, why, sizeof(why));
	errx(2, "%s: %s", what, why);
}

static void read_pagemap(struct job *job, int fd)
{
	uint64_t first = (uintptr_t)job->mapping / PAGE;

	for (uint64_t done = 0; done < job->pages; done += CHUNK) {
		size_t n = job->pages - done < CHUNK ? job->pages - done : CHUNK;

		if (pread(fd, job->theirs + done, n * 8, (off_t)((first + done) * 8)) !=
		    (ssize_t)(n * 8))
			err(2, "/proc/self/pagemap");
	}
}

static int count(const struct gmem_extent *extent, void *arg)
{
	struct job *job = arg;

	job->seen += extent->pages;
	job->extents++;
	return 0;
}

static int compare(const struct gmem_extent *extent, void *arg)
{
	struct job *job = arg;

	for (uint64_t i = 0; i < extent->pages; i++) {
		uint64_t theirs = job->theirs[extent->offset / PAGE + i];

		job->wrong += !(theirs >> 63) || (theirs & ((1ull << 55) - 1)) != extent->pfn + i;
	}
	return count(extent, arg);
}

static double walk(struct job *job, unsigned int want, gmem_extent_fn fn)
{
	double start = now();

	job->seen = job->extents = 0;
	if (gmem_target_extents(job->target, 0, 0, want, fn, job))
		fail(job, "gmem_target_extents");
	if (job->seen != job->pages)
		errx(2, "the walk gave %llu pages of %llu", (unsigned long long)job->seen,
		     (unsigned long long)job->pages);
	return now() - start;
}

static void create(struct job *job, uint64_t size)
{
	struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = size,
		.flags = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED,
	};
	struct gmem_populate_options populate = {
		.size = sizeof(populate),
		.method = GMEM_POPULATE_HOST,
	};
	struct gmem_memory *memory;
	struct gmem_vm *vm;
	void *mapping;

	if (gmem_vm_new(job->ctx, GMEM_VM_DEFAULT, &vm) || gmem_memory_new(vm, &options, &memory) ||
	    gmem_memory_map(memory, &mapping) ||
	    gmem_populate(NULL, memory, &populate, NULL, NULL) ||
	    gmem_target_open(job->ctx, 0, gmem_memory_fd(memory), &job->target))
		fail(job, "guest_memfd");
	job->mapping = mapping;
}

/* A target that the API would refuse: it is no guest_memfd. */
static void create_memfd(struct job *job, uint64_t size)
{
	int fd = memfd_create("bench-pfns", MFD_CLOEXEC);

	job->target = calloc(1, sizeof(*job->target));
	if (!job->target || fd < 0 || ftruncate(fd, (off_t)size) ||
	    fallocate(fd, 0, 0, (off_t)size))
		err(2, "memfd_create");
	job->target->ctx = job->ctx;
	job->target->fd = fd;
	job->target->size = size;
	job->target->has_bindings = true; /* none */
	job->mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (job->mapping == MAP_FAILED)
		err(2, "mmap");
}

static void prepare(struct job *job, uint64_t size, bool memfd)
{
	if (gmem_ctx_new(&job->ctx))
		errx(2, "out of memory");
	if (memfd)
		create_memfd(job, size);
	else
		create(job, size);
	job->pages = size / PAGE;
	job->theirs = calloc(job->pages, sizeof(*job->theirs));
	if (!job->theirs)
		errx(2, "out of memory");
	/* Touched, so that pagemap has an entry for each page. */
	for (uint64_t i = 0; i < job->pages; i++)
		((volatile unsigned char *)job->mapping)[i * PAGE] = 1;
}

int main(int argc, char **argv)
{
	uint64_t size = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1024) << 20;
	double pagemap[ROUNDS], plain[ROUNDS], direct[ROUNDS];
	struct job job = { 0 };
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(2, "/proc/self/pagemap");
	prepare(&job, size, argc > 2 && !strcmp(argv[2], "memfd"));
	read_pagemap(&job, fd);
	walk(&job, 0, compare);
	if (job.wrong)
		errx(1, "%llu page frames differ", (unsigned long long)job.wrong);
	for (int i = 0; i < ROUNDS; i++) {
		double start = now();

		read_pagemap(&job, fd);
		pagemap[i] = now() - start;
		plain[i] = walk(&job, 0, count);
		direct[i] = walk(&job, GMEM_EXTENT_DIRECT_MAP, count);
	}
	double base = median(pagemap, ROUNDS) / (double)job.pages;
	double ours = median(plain, ROUNDS) / (double)job.pages;
	double with = median(direct, ROUNDS) / (double)job.pages;
	printf("%llu pages in %llu extents, every page frame equal; CPU ns a page (median of %d):\n",
	       (unsigned long long)job.pages, (unsigned long long)job.extents, ROUNDS);
	printf("  /proc/self/pagemap             %6.2f\n", base);
	printf("  pfns                           %6.2f   %.1f times faster\n", ours, base / ours);
	printf("  pfns with direct-map state     %6.2f   %.1f times faster\n", with, base / with);
	return 0;
}
