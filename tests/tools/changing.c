// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * changing [ROUNDS [guest_memfd|memfd]]: finds page frames of memory that another process
 * populates and punches meanwhile. For pages that did not change during a walk, the answer must be
 * what that process saw in /proc/self/pagemap when it touched them. Prints how much was compared.
 * Exits with 1 if a row was wrong, 77 if there is no BPF reader.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <linux/falloc.h>

#include "target.h"

#define PAGES 16384ul /* four nodes of the second level */
#define CHUNK 16ul    /* pages that share a counter of changes */
#define CHUNKS (PAGES / CHUNK)

/* The process that changes the memory writes this, the other one reads it. */
struct shared {
	_Atomic unsigned int changes[CHUNKS]; /* odd: a change is under way */
	_Atomic uint64_t frames[PAGES];	      /* 0: there is no page */
	_Atomic bool ends;
};

struct walk {
	uint64_t frames[PAGES]; /* as a walk reports them */
	bool unknown[PAGES];
};

struct sums {
	uint64_t compared, present, changing, unknown, wrong;
};

static struct test_target job = { .pages = PAGES };
static struct shared *shared;
static struct walk seen;

/* ---- the process that changes the memory ---- */

static uint64_t random_below(uint64_t below)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void begin_change(uint64_t first, uint64_t last)
{
	for (uint64_t chunk = first / CHUNK; chunk <= last / CHUNK; chunk++)
		shared->changes[chunk]++;
}

static void populate(uint64_t first, uint64_t pages, int fd)
{
	uint64_t entries[PAGES];

	for (uint64_t i = 0; i < pages; i++)
		((volatile unsigned char *)job.mapping)[(first + i) * PAGE] = 1;
	if (pread(fd, entries, pages * 8, (off_t)((uintptr_t)job.mapping / PAGE + first) * 8) !=
	    (ssize_t)(pages * 8))
		err(2, "/proc/self/pagemap");
	for (uint64_t i = 0; i < pages; i++)
		shared->frames[first + i] =
			entries[i] >> 63 ? entries[i] & ((1ull << 55) - 1) : UINT64_MAX;
}

static void punch(uint64_t first, uint64_t pages)
{
	if (fallocate(job.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(first * PAGE),
		      (off_t)(pages * PAGE)))
		err(2, "fallocate");
	for (uint64_t i = 0; i < pages; i++)
		shared->frames[first + i] = 0;
}

/* Punches all behind the first leaves: the tree loses its root, and these leaves stay. */
static void shrink(void)
{
	uint64_t first = random_below(2) ? 4096 : 64;

	begin_change(first, PAGES - 1);
	punch(first, PAGES - first);
	begin_change(first, PAGES - 1);
}

/*
 * Changes a few pages, or whole leaves, so that their nodes come and go. Now and then it changes
 * everything, up to the root.
 */
static void change(int fd)
{
	uint64_t kind = random_below(1000);
	uint64_t most = kind < 1 ? PAGES : kind < 20 ? 1024 : kind < 200 ? 128 : 4;
	uint64_t pages = 1 + random_below(most);
	uint64_t first = random_below(PAGES - pages + 1);

	if (kind >= 998)
		return shrink();
	begin_change(first, first + pages - 1);
	if (random_below(5) < 2)
		punch(first, pages);
	else
		populate(first, pages, fd);
	begin_change(first, first + pages - 1);
}

static int keep_changing(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	pid_t parent = getppid();

	if (fd < 0)
		err(2, "/proc/self/pagemap");
	for (uint64_t page = 0; page < PAGES; page++) { /* begins with single pages */
		uint64_t at = page * 7919 % PAGES;

		begin_change(at, at);
		populate(at, 1, fd);
		begin_change(at, at);
	}
	while (!shared->ends && getppid() == parent)
		change(fd);
	return 0;
}

/* ---- the process that looks at the memory ---- */

static int take(const struct gmem_extent *extent, void *arg)
{
	struct sums *sums = arg;
	uint64_t first = extent->offset / PAGE;

	if (first + extent->pages > PAGES)
		errx(1, "an extent goes beyond the file");
	for (uint64_t i = 0; i < extent->pages; i++) {
		seen.frames[first + i] = extent->pfn + i;
		seen.unknown[first + i] = !extent->has_pfn;
	}
	sums->wrong += extent->direct_map == GMEM_DIRECT_MAP_UNMAPPED;
	return 0;
}

static void compare(const unsigned int *before, struct sums *sums)
{
	static uint64_t frames[PAGES];

	for (uint64_t page = 0; page < PAGES; page++)
		frames[page] = shared->frames[page];
	for (uint64_t page = 0; page < PAGES; page++) {
		unsigned int change = before[page / CHUNK];

		if (change % 2 || shared->changes[page / CHUNK] != change) {
			sums->changing++;
			continue;
		}
		sums->compared++;
		sums->present += frames[page] > 0;
		sums->unknown += seen.unknown[page];
		if (!seen.unknown[page] && seen.frames[page] != frames[page]) {
			warnx("page %llu: %llx was said, %llx it is", (unsigned long long)page,
			      (unsigned long long)seen.frames[page],
			      (unsigned long long)frames[page]);
			sums->wrong++;
		}
	}
}

static void walk(unsigned int want, struct sums *sums)
{
	static unsigned int before[CHUNKS];

	memset(&seen, 0, sizeof(seen));
	for (size_t i = 0; i < CHUNKS; i++)
		before[i] = shared->changes[i];
	if (gmem_target_extents(job.target, 0, 0, want, take, sums))
		test_fail(job.ctx, "gmem_target_extents");
	compare(before, sums);
}

static void prepare(bool memfd)
{
	if (gmem_ctx_new(&job.ctx))
		errx(2, "out of memory");
	if (gmem_reader_open(job.ctx, GMEM_EVIDENCE_BPF)) {
		warnx("the BPF reader is not to be had here");
		exit(77);
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		err(2, "mmap");
	test_target_new(&job, memfd);
}

static void report(const struct sums *sums)
{
	printf("%llu pages compared, %llu of them there, %llu unknown, %llu wrong; "
	       "%llu were changing\n",
	       (unsigned long long)sums->compared, (unsigned long long)sums->present,
	       (unsigned long long)sums->unknown, (unsigned long long)sums->wrong,
	       (unsigned long long)sums->changing);
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 500;
	struct sums sums = { 0 };
	pid_t child;
	int status;

	prepare(argc > 2 && !strcmp(argv[2], "memfd"));
	child = fork();
	if (child < 0)
		err(2, "fork");
	if (!child)
		_exit(keep_changing());
	/* On a loaded machine that process may get no CPU in all these rounds. */
	for (unsigned long i = 0; i < rounds || !sums.present || !sums.changing; i++) {
		walk(i % 4 ? 0 : GMEM_EXTENT_DIRECT_MAP, &sums);
		if (waitpid(child, &status, WNOHANG))
			errx(2, "the process beside failed");
	}
	shared->ends = true;
	if (waitpid(child, &status, 0) != child || status)
		errx(2, "the process beside failed");
	report(&sums);
	return sums.wrong > 0;
}
