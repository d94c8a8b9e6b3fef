// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-pfns [SIZE_MIB [guest_memfd|memfd [PIECE...]]]: finds the page frames of populated memory.
 * Compares libgmem's walk of the page cache with /proc/self/pagemap and PAGEMAP_SCAN (which tells
 * no page frame) of a mapping of the same memory, in turn, in one run. Each PIECE gives a row: that
 * many pages are touched one after the other, and the pieces in random order. With 1, every page is
 * alone. Without PIECE, the memory is touched from its beginning to its end.
 *
 * A row has the median of the rounds, in ns of CPU time for each page, and how many times longer
 * pagemap takes. libgmem's walk must give the page frames of pagemap. limit: the time to copy about
 * that many nodes, from memory that is not in a cache.
 *
 * With memfd the memory comes from memfd_create(2), for a kernel without KVM. The same code walks
 * the same page cache, but there are no memslots.
 */
#include <sys/ioctl.h>
#include <time.h>

#include "target.h"
#include "timing.h"

#define ROUNDS 16
#define CHUNK 65536 /* pagemap entries in each read */
#define NODE 576    /* bytes of struct xa_node, which has 64 pages */

/* linux/fs.h since Linux 6.7. */
struct region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof_mask, return_mask;
};

#define SCAN _IOWR('f', 16, struct scan)
#define SCAN_PRESENT (1u << 3)

enum way { PAGEMAP, SCANNED, PLAIN, DIRECT, WAYS };

static const char *const headings[WAYS] = {
	"pagemap",
	"PAGEMAP_SCAN",
	"pfns",
	"with map",
};

struct job {
	struct test_target at;
	uint64_t pages;
	uint64_t *theirs; /* page frames by pagemap */
	uint64_t seen;	  /* pages that the walk gave */
	uint64_t extents; /* the number of their runs */
	uint64_t wrong;	  /* pages with different frames */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* other processes may share the CPUs */
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void read_pagemap(struct job *job, int fd)
{
	uint64_t first = (uintptr_t)job->at.mapping / PAGE;

	for (uint64_t done = 0; done < job->pages; done += CHUNK) {
		size_t n = job->pages - done < CHUNK ? job->pages - done : CHUNK;

		if (pread(fd, job->theirs + done, n * 8, (off_t)((first + done) * 8)) !=
		    (ssize_t)(n * 8))
			err(2, "/proc/self/pagemap");
	}
}

/* Returns whether this kernel has PAGEMAP_SCAN. */
static bool scan_pagemap(struct job *job, int fd)
{
	struct region regions[64];
	struct scan scan = {
		.size = sizeof(scan),
		.start = (uintptr_t)job->at.mapping,
		.end = (uintptr_t)job->at.mapping + job->pages * PAGE,
		.vec = (uintptr_t)regions,
		.vec_len = sizeof(regions) / sizeof(regions[0]),
		.mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT,
	};

	for (; scan.start < scan.end; scan.start = scan.walk_end)
		if (ioctl(fd, SCAN, &scan) < 0)
			return false;
	return true;
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
	if (gmem_target_extents(job->at.target, 0, 0, want, fn, job))
		test_fail(job->at.ctx, "gmem_target_extents");
	if (job->seen != job->pages)
		errx(2, "the walk gave %llu pages of %llu", (unsigned long long)job->seen,
		     (unsigned long long)job->pages);
	return now() - start;
}

/* Touches one piece after the other, in an order that is the same each time. */
static void touch(struct job *job, uint64_t piece)
{
	uint64_t n = job->pages / piece, random = 1;
	uint64_t *order = calloc(n, sizeof(*order));

	if (!order)
		errx(2, "out of memory");
	for (uint64_t i = 0; i < n; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		uint64_t at = piece == job->pages ? i : (random >> 33) % (i + 1);

		order[i] = order[at];
		order[at] = i;
	}
	for (uint64_t i = 0; i < n; i++)
		for (uint64_t k = 0; k < piece; k++)
			((volatile unsigned char *)job->at.mapping)[(order[i] * piece + k) * PAGE] =
				1;
	free(order);
}

/* Returns the time to copy nodes, in ns for each page. */
static double limit(void)
{
	size_t size = 512ul << 20; /* larger than the CPU's caches */
	unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned char node[NODE];
	double times[3], start;

	if (memory == MAP_FAILED)
		err(2, "mmap");
	for (int i = 0; i < 3; i++) {
		start = now();
		for (size_t at = 0; at + NODE <= size; at += NODE) {
			memcpy(node, memory + at, NODE);
			__asm__ volatile("" : : "r"(node) : "memory");
		}
		times[i] = (now() - start) / (double)(size / NODE) / 64;
	}
	munmap(memory, size);
	return median(times, 3);
}

/* Returns the CPU time of one look, in ns. */
static double take_time(struct job *job, enum way way, int fd, bool *has_scan)
{
	double start = now();

	switch (way) {
	case PAGEMAP:
		read_pagemap(job, fd);
		return now() - start;
	case SCANNED:
		*has_scan = *has_scan && scan_pagemap(job, fd);
		return now() - start;
	default:
		return walk(job, way == DIRECT ? GMEM_EXTENT_DIRECT_MAP : 0, count);
	}
}

static void row(struct job *job, bool memfd, uint64_t piece, int fd)
{
	double times[WAYS][ROUNDS] = { 0 }, base = 0;
	bool has_scan = true;

	test_target_new(&job->at, memfd);
	touch(job, piece ? piece : job->pages);
	read_pagemap(job, fd);
	walk(job, 0, compare);
	if (job->wrong)
		errx(1, "%llu page frames differ", (unsigned long long)job->wrong);
	/*
	 * Forwards and then backwards, because the content of the caches after the
	 * previous run matters a lot.
	 */
	for (int i = 0; i < ROUNDS * WAYS; i++) {
		int round = i / WAYS, at = i % WAYS;
		enum way way = (enum way)(round % 2 ? WAYS - 1 - at : at);

		times[way][round] = take_time(job, way, fd, &has_scan);
	}
	printf("  %11.1f", (double)job->pages / (double)job->extents);
	for (int way = 0; way < WAYS; way++) {
		double ns = median(times[way], ROUNDS) / (double)job->pages;

		if (way == PAGEMAP)
			base = ns;
		if (way == SCANNED && !has_scan)
			printf("  %12s", "-");
		else if (way <= SCANNED)
			printf("  %*.2f", (int)strlen(headings[way]), ns);
		else
			printf("  %6.2f (%4.1f x)", ns, base / ns);
	}
	putchar('\n');
	fflush(stdout);
	test_target_free(&job->at);
}

int main(int argc, char **argv)
{
	uint64_t size = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1024) << 20;
	bool memfd = argc > 2 && !strcmp(argv[2], "memfd");
	struct job job = { .pages = size / PAGE };
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(2, "/proc/self/pagemap");
	job.theirs = calloc(job.pages, sizeof(*job.theirs));
	if (!job.theirs || gmem_ctx_new(&job.at.ctx))
		errx(2, "out of memory");
	job.at.pages = job.pages;
	printf("  %llu pages, every page frame equal; CPU ns a page, median of %d; limit %.2f\n",
	       (unsigned long long)job.pages, ROUNDS, limit());
	printf("  %11s", "pages a run");
	for (int way = 0; way < WAYS; way++)
		printf(way <= SCANNED ? "  %s" : "  %15s", headings[way]);
	putchar('\n');
	if (argc <= 3)
		row(&job, memfd, 0, fd);
	for (int i = 3; i < argc; i++)
		row(&job, memfd, strtoull(argv[i], NULL, 10), fd);
	return 0;
}
