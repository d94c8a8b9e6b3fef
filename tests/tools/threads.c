// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads [ROUNDS [bpf|kcore]]: several threads look at their own guest_memfds through one context,
 * from its first call on. With bpf or kcore they use that reader. Prints "ok", or what was wrong.
 * Exits with 77 if it cannot be tried.
 */
#include <gmem/gmem.h>
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define PAGES 3000ull

struct job {
	struct gmem_ctx *ctx;
	struct gmem_memory *memory;
	unsigned int rounds;
	uint64_t pages, wrong;
};

static int add_pages(const struct gmem_extent *extent, void *arg)
{
	struct job *job = arg;

	job->pages += extent->pages;
	job->wrong += extent->direct_map != GMEM_DIRECT_MAP_MAPPED;
	return 0;
}

static void *look(void *arg)
{
	struct job *job = arg;

	for (unsigned int i = 0; i < job->rounds; i++) {
		struct gmem_target *target;

		if (gmem_target_open(job->ctx, 0, gmem_memory_fd(job->memory), &target)) {
			job->wrong++;
			continue;
		}
		job->pages = 0;
		if (gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP, add_pages, job) ||
		    job->pages != PAGES)
			job->wrong++;
		gmem_target_free(target);
	}
	return NULL;
}

static void cannot(struct gmem_ctx *ctx)
{
	char why[1024];

	gmem_explain(ctx, why, sizeof(why));
	warnx("%s", why);
	exit(77);
}

int main(int argc, char **argv)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = PAGES * 4096,
	};
	struct job jobs[THREADS] = { 0 };
	pthread_t threads[THREADS];
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;
	uint64_t wrong = 0;

	if (gmem_ctx_new(&ctx))
		errx(2, "out of memory");
	if (argc > 2 &&
	    gmem_reader_open(ctx, strcmp(argv[2], "bpf") ? GMEM_EVIDENCE_KCORE : GMEM_EVIDENCE_BPF))
		cannot(ctx);
	if (gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm))
		cannot(ctx);
	for (size_t i = 0; i < THREADS; i++) {
		jobs[i].ctx = ctx;
		jobs[i].rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 50;
		if (gmem_memory_new(vm, &options, &jobs[i].memory) ||
		    gmem_memory_allocate(jobs[i].memory, 0, options.memory_size))
			cannot(ctx);
	}
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, look, &jobs[i]))
			errx(2, "pthread_create");
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		wrong += jobs[i].wrong;
		gmem_memory_free(jobs[i].memory);
	}
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
	if (wrong)
		printf("%llu wrong answers\n", (unsigned long long)wrong);
	else
		puts("ok");
	return wrong != 0;
}
