// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * churn-owners COUNT: a child creates, binds, fills, punches and closes COUNT guest_memfds while
 * the parent goes through the owners over and over. Every answer to the parent must be possible,
 * and at the end the parent must not have more descriptors open than before. Prints what it saw.
 * Exits with 1 if something was wrong, 77 without guest_memfd or a reader of kernel memory.
 */
#include <dirent.h>
#include <gmem/gmem.h>
#include <sys/wait.h>

#include "kvm.h"
#include "pages.h"

#define PAGES 64
#define SIZE (PAGES * PAGE)
#define GPA (1ull << 32)
#define ALIVE 32
#define VM_EVERY 64 /* memories for each VM */

struct totals {
	uint64_t rounds, rows, gone, slots, pages;
};

static void churn(unsigned long count)
{
	int alive[ALIVE], vm = -1;

	memset(alive, -1, sizeof(alive));
	for (unsigned long i = 0; i < count; i++) {
		int fd;

		if (i % VM_EVERY == 0) {
			close(vm);
			vm = create_vm();
		}
		fd = create_memory(vm, SIZE, 0);
		/*
		 * A slot cannot be bound again after its memory was closed, so each
		 * round uses another slot.
		 */
		bind_memory(vm, i % VM_EVERY, GPA * (i % VM_EVERY + 1), SIZE, fd, 0, NULL);
		allocate(fd, 0, SIZE);
		punch(fd, 8 * PAGE, i % 32 * PAGE + PAGE);
		/* This descriptor may be closed at any moment while another process looks at it. */
		close(alive[i % ALIVE]);
		alive[i % ALIVE] = fd;
	}
}

static void check(bool right, const char *what)
{
	if (!right)
		errx(1, "wrong: %s", what);
}

static unsigned int count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int n = 0;

	if (!folder)
		err(2, "/proc/self/fd");
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static bool in_namespace(void)
{
	char link[64];
	ssize_t length = readlink("/proc/self/ns/pid", link, sizeof(link) - 1);

	if (length < 0)
		err(2, "/proc/self/ns/pid");
	link[length] = '\0';
	return strcmp(link, "pid:[4026531836]");
}

static int check_extent(const struct gmem_extent *extent, void *arg)
{
	uint64_t *next = arg;

	check(extent->offset >= *next, "extents overlap");
	check(extent->gpa == GMEM_GPA_NONE || extent->gpa % GPA == extent->offset, "GPA");
	*next = extent->offset + extent->pages * PAGE;
	check(*next <= SIZE, "an extent beyond the file");
	return 0;
}

static void check_usage(struct gmem_usage *usage, struct totals *totals)
{
	uint64_t states = 0, nodes = 0, bytes;
	int node;

	for (int i = 0; i < 3; i++)
		states += gmem_usage_direct_map(usage, (enum gmem_direct_map)i);
	for (size_t i = 0; !gmem_usage_node(usage, i, &node, &bytes); i++)
		nodes += bytes;
	check(states <= SIZE && states == nodes, "usage");
	totals->pages += states / PAGE;
	gmem_usage_free(usage);
}

static void check_target(struct gmem_owners *owners, struct gmem_target *target, pid_t child,
			 struct totals *totals)
{
	uint64_t bytes, next = 0;
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_usage *usage;

	check(!gmem_target_get_info(target, &info), "no info");
	check(info.memory_size == SIZE, "size");
	check(!info.has_resident || info.resident <= SIZE, "resident");
	check(!info.has_slots || info.slots <= 1, "slots");
	check(!info.has_flags || info.flags == 0, "flags");
	check(info.vm_type == -1 || info.vm_type == GMEM_VM_DEFAULT, "VM type");
	/* In a PID namespace vm_pid is the process id in the initial namespace. */
	check(info.vm_pid == -1 || info.vm_pid == child || in_namespace(), "VM's process");
	totals->slots += info.slots;
	if (!gmem_usage_new(target, NULL, &usage))
		check_usage(usage, totals);
	gmem_target_extents(target, 0, 0, 0, check_extent, &next);
	if (!gmem_owners_shared(owners, target, &bytes))
		check(bytes == 0, "shared side");
}

/* Adds them up in one look, and closes them. */
static void look_together(struct gmem_target *const *targets, size_t n, struct totals *totals)
{
	struct gmem_usage *usages[ALIVE];

	check(!gmem_usage_new_all(targets, n, NULL, usages), "usage of several");
	for (size_t i = 0; i < n; i++) {
		if (usages[i])
			check_usage(usages[i], totals);
		gmem_target_free(targets[i]);
	}
}

static void look(struct gmem_ctx *ctx, pid_t child, struct totals *totals)
{
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owners *owners;
	struct gmem_owner owner = { .size = sizeof(owner) };
	struct gmem_target *targets[ALIVE];
	size_t n = 0;

	check(!gmem_owners_new(ctx, NULL, &owners), "the scan failed");
	gmem_owners_get_counts(owners, &counts);
	totals->rounds++;
	for (size_t i = 0; i < counts.memories && n < ALIVE; i++) {
		int ret;

		check(!gmem_owners_owner(owners, i, 0, &owner), "no owner");
		if (owner.pid != child) /* another process of this host */
			continue;
		ret = gmem_owners_open(owners, i, &targets[n]);
		check(!ret || ret == -ESRCH, "cannot be opened");
		totals->gone += ret == -ESRCH;
		if (ret)
			continue;
		totals->rows++;
		check_target(owners, targets[n++], child, totals);
	}
	look_together(targets, n, totals);
	gmem_owners_free(owners);
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	struct totals totals = { 0 };
	unsigned int fds;
	struct gmem_ctx *ctx;
	char why[1024];
	int status = 0;
	pid_t child;

	if (gmem_ctx_new(&ctx))
		errx(2, "out of memory");
	if (gmem_reader_open(ctx, GMEM_EVIDENCE_NONE)) {
		gmem_explain(ctx, why, sizeof(why));
		warnx("%s", why);
		return 77;
	}
	create_memory(create_vm(), SIZE, 0);
	look(ctx, 0, &totals); /* opens everything that the library opens only once */
	fds = count_fds();
	child = fork();
	if (child < 0)
		err(2, "fork");
	if (!child) {
		churn(count);
		_exit(0);
	}
	while (!waitpid(child, &status, WNOHANG))
		look(ctx, child, &totals);
	check(status == 0, "the child failed");
	check(count_fds() == fds, "descriptors are left open");
	gmem_ctx_free(ctx);
	printf("%llu rounds, %llu memories seen, %llu gone before they were opened, %llu slots, "
	       "%llu pages\n",
	       (unsigned long long)totals.rounds, (unsigned long long)totals.rows,
	       (unsigned long long)totals.gone, (unsigned long long)totals.slots,
	       (unsigned long long)totals.pages);
	return 0;
}
