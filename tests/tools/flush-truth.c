// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flush-truth: compares what libgmem says about a page frame with what the
 * kernel's cache flush does to it.
 *
 * For test kernels with the module of tests/kernel/flush-module. Creates page frames of every kind,
 * in the direct map and out of it. Asks libgmem for the verdict of each, as gmemctl check does.
 * Then lets the kernel flush it. Prints "KIND PFN VERDICT DID" for each page frame, with the
 * module's answer as DID, and at the end "N page frames, N faulted, N missed". Exits with 0 if none
 * was missed, 1 if one was, 77 without the module.
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <gmem/gmem.h>

#include "kvm.h"
#include "pages.h"

#define MODULE "/sys/kernel/debug/gmem_flush/"
#define MMAP_SHARED 3 /* creation flags mmap, init-shared */
#define NO_DIRECT_MAP 4
#define MAX_PFNS 512
#define LINE 256

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

struct pfns {
	const char *kind;
	uint64_t number[MAX_PFNS];
	size_t count;
};

struct tally {
	unsigned int pages, faulted, missed;
};

static void add(struct pfns *pfns, uint64_t pfn)
{
	if (!pfn || pfns->count == MAX_PFNS)
		errx(2, "%s: no page frame, or too many", pfns->kind);
	pfns->number[pfns->count++] = pfn;
}

/* Touches each page of a mapping, and adds its page frame. */
static unsigned char *touch(struct pfns *pfns, int fd, size_t pages)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	unsigned char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED)
		err(2, "%s: mmap", pfns->kind);
	for (size_t i = 0; i < pages; i++) {
		memory[i * PAGE] = 1;
		add(pfns, pfn_of(memory + i * PAGE));
	}
	return memory;
}

static FILE *open_file(const char *name, const char *mode)
{
	FILE *file = fopen(name, mode);

	if (!file) {
		warn("%s", name);
		exit(errno == ENOENT ? 77 : 2);
	}
	return file;
}

static void fail(const struct gmem_ctx *ctx, const char *what)
{
	char why[1024];

	gmem_explain(ctx, why, sizeof(why));
	errx(2, "%s: %s", what, why);
}

static enum gmem_verdict predict(struct gmem_ctx *ctx, uint64_t pfn)
{
	struct gmem_flush_subject subject = { .size = sizeof(subject), .vm_type = -1 };
	enum gmem_verdict verdict;
	struct gmem_flush *flush;

	if (gmem_flush_new(ctx, &subject, &flush) || gmem_flush_add_pfns(flush, pfn, 1))
		fail(ctx, "no verdict");
	verdict = gmem_flush_verdict_now(flush);
	gmem_flush_free(flush);
	return verdict;
}

/* If the module reports a fault, it must be in the flush, on this page, and not present. */
static bool did_fault(const char *line, uint64_t pfn)
{
	char function[LINE];
	uint64_t asked, at, code;

	if (sscanf(line, "%li faulted %255s %li %li", (long *)&asked, function, (long *)&code,
		   (long *)&at) != 4)
		return false;
	if (asked != pfn || at != pfn || code || strncmp(function, "clflush_cache_range", 19))
		errx(2, "another fault than that of the flush: %s", line);
	return true;
}

/* All predictions are made before the first flush, so that they cannot depend on its result. */
static void judge(struct gmem_ctx *ctx, const struct pfns *pfns, struct tally *tally)
{
	enum gmem_verdict verdicts[MAX_PFNS];
	char line[LINE];
	FILE *file;

	for (size_t i = 0; i < pfns->count; i++)
		verdicts[i] = predict(ctx, pfns->number[i]);
	file = open_file(MODULE "flush", "w");
	setvbuf(file, NULL, _IOFBF, MAX_PFNS * 24);
	for (size_t i = 0; i < pfns->count; i++)
		fprintf(file, "0x%llx\n", (unsigned long long)pfns->number[i]);
	if (fclose(file))
		err(2, "%s: the flush", pfns->kind);
	file = open_file(MODULE "flush", "r");
	for (size_t i = 0; i < pfns->count; i++) {
		bool faulted, expected = verdicts[i] == GMEM_VERDICT_FAULTS;

		if (!fgets(line, sizeof(line), file) || strstr(line, "lost"))
			errx(2, "%s: the flush of page frame %zu has no result", pfns->kind, i);
		faulted = did_fault(line, pfns->number[i]);
		tally->pages++;
		tally->faulted += faulted;
		tally->missed += verdicts[i] == GMEM_VERDICT_UNKNOWN || faulted != expected;
		printf("%-22s 0x%-8llx %-8s %s", pfns->kind, (unsigned long long)pfns->number[i],
		       gmem_verdict_name(verdicts[i]), strchr(line, ' ') + 1);
	}
	fclose(file);
}

static void ordinary(struct gmem_ctx *ctx, struct tally *tally)
{
	struct pfns pfns = { .kind = "ordinary" };

	touch(&pfns, -1, 60);
	judge(ctx, &pfns, tally);
}

/*
 * The kernel takes a page of memfd_secret out at the first touch, and puts
 * it back when it is freed.
 */
static void secret(struct gmem_ctx *ctx, struct tally *tally)
{
	struct pfns pfns = { .kind = "secret" };
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	unsigned char *memory;

	if (fd < 0 || ftruncate(fd, 60 * PAGE))
		err(2, "memfd_secret");
	memory = touch(&pfns, fd, 60);
	judge(ctx, &pfns, tally);
	munmap(memory, 60 * PAGE);
	close(fd);
	pfns.kind = "secret, freed";
	judge(ctx, &pfns, tally);
}

static int add_extent(const struct gmem_extent *extent, void *arg)
{
	for (uint64_t i = 0; i < extent->pages; i++)
		add(arg, extent->pfn + i);
	return 0;
}

/* Adds the page frames of memory that no process has mapped. pagemap cannot show these. */
static void add_unmapped(struct gmem_ctx *ctx, struct pfns *pfns, int fd)
{
	struct gmem_target *target;

	if (gmem_target_open(ctx, getpid(), fd, &target) ||
	    gmem_target_extents(target, 0, 0, 0, add_extent, pfns))
		fail(ctx, pfns->kind);
	gmem_target_free(target);
}

static void guest_memory(struct gmem_ctx *ctx, struct tally *tally)
{
	struct pfns pfns = { .kind = "guest_memfd" };

	touch(&pfns, create_memory(create_vm(), 40 * PAGE, MMAP_SHARED), 40);
	judge(ctx, &pfns, tally);
}

/* With the flag, pages leave when they are first mapped, and come back when they are freed. */
static void removed_memory(struct gmem_ctx *ctx, struct tally *tally)
{
	struct pfns allocated = { .kind = "no-direct-map, unused" };
	struct pfns mapped = { .kind = "no-direct-map, mapped" };
	int fd = create_memory(create_vm(), 60 * PAGE, MMAP_SHARED | NO_DIRECT_MAP);

	allocate(fd, 0, 60 * PAGE);
	add_unmapped(ctx, &allocated, fd);
	judge(ctx, &allocated, tally);
	touch(&mapped, fd, 60);
	judge(ctx, &mapped, tally);
	punch(fd, 0, 60 * PAGE);
	mapped.kind = "no-direct-map, freed";
	judge(ctx, &mapped, tally);
}

static void sigbus(int number)
{
	(void)number;
}

/*
 * Poisoned by madvise(2): the kernel marks the page and tells its process. The page
 * stays in the direct map.
 */
static void marked(struct gmem_ctx *ctx, struct tally *tally)
{
	struct pfns pfns = { .kind = "hwpoison, injected" };
	unsigned char *memory = touch(&pfns, -1, 10);

	signal(SIGBUS, sigbus);
	for (size_t i = 0; i < 10; i++)
		if (madvise(memory + i * PAGE, PAGE, MADV_HWPOISON))
			err(2, "MADV_HWPOISON");
	judge(ctx, &pfns, tally);
}

/* Poisoned as by a machine check: set_mce_nospec() takes the page out of the direct map. */
static void poisoned(struct gmem_ctx *ctx, struct tally *tally)
{
	struct pfns pfns = { .kind = "hwpoison, MCE" };
	FILE *file = open_file(MODULE "poison", "w");
	char line[LINE];

	fprintf(file, "20\n");
	if (fclose(file))
		err(2, "%spoison", MODULE);
	file = open_file(MODULE "poison", "r");
	while (fgets(line, sizeof(line), file))
		add(&pfns, strtoull(line, NULL, 0));
	fclose(file);
	judge(ctx, &pfns, tally);
}

int main(void)
{
	static void (*const kinds[])(struct gmem_ctx * ctx, struct tally * tally) = {
		ordinary, secret, guest_memory, removed_memory, marked, poisoned,
	};
	struct tally tally = { 0 };
	struct gmem_ctx *ctx;

	fclose(open_file(MODULE "flush", "r"));
	if (gmem_ctx_new(&ctx))
		errx(2, "no context");
	if (gmem_reader_open(ctx, GMEM_EVIDENCE_NONE))
		fail(ctx, "no reader of kernel memory");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		kinds[i](ctx, &tally);
	printf("%u page frames, %u faulted, %u missed\n", tally.pages, tally.faulted, tally.missed);
	gmem_ctx_free(ctx);
	return tally.missed != 0;
}
