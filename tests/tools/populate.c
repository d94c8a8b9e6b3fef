// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * populate [MIB]: tests gmem_populate() on the running kernel with several threads, on given
 * CPUs, and ended by its callback and by its flag. Prints "ok", or what was wrong. Exits with
 * 77 if it cannot be tried.
 */
#include <gmem/gmem.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define ENDED 7 /* the progress callback returns this to end it */

struct job {
	struct gmem_memory *memory;
	uint64_t length;
	uint64_t last;
	unsigned int reports, wrong, end_at;
};

static int report(uint64_t done, uint64_t length, void *arg)
{
	struct job *job = arg;

	job->wrong += done < job->last || done > length || length != job->length;
	job->last = done;
	return ++job->reports == job->end_at ? ENDED : 0;
}

static void try(struct job *job, const char *what, struct gmem_populate_options options, int wanted,
		uint64_t least, uint64_t most)
{
	uint64_t done = 0;
	int ret;

	options.size = sizeof(options);
	options.progress = report;
	options.progress_arg = job;
	options.gpa = GMEM_GPA_NONE;
	job->last = 0;
	job->reports = 0;
	ret = gmem_populate(NULL, job->memory, &options, NULL, &done);
	if (ret == wanted && done >= least && done <= most && !job->wrong)
		return;
	printf("%s: %d, %llu bytes, %u wrong reports\n", what, ret, (unsigned long long)done,
	       job->wrong);
	exit(1);
}

int main(int argc, char **argv)
{
	const struct gmem_memory_options memory = {
		.size = sizeof(memory),
		.memory_size = strtoull(argc > 1 ? argv[1] : "256", NULL, 10) << 20,
		.flags = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED,
	};
	/* The first CPU, one that no host has, and more CPUs than fit in cpu_set_t. */
	unsigned long first[8192 / LONG_BIT] = { 1 };
	unsigned long last[8192 / LONG_BIT] = { [8191 / LONG_BIT] = 1ul << 8191 % LONG_BIT };
	const struct gmem_cpu_set here[] = { { first, 8192 / LONG_BIT }, { first, 1 } };
	const struct gmem_cpu_set nowhere[] = { { first, 1 }, { last, 8192 / LONG_BIT } };
	struct job job = { .length = memory.memory_size };
	volatile int cancel = 1;
	struct gmem_ctx *ctx;
	struct gmem_vm *vm = NULL;

	if (gmem_ctx_new(&ctx))
		return 2;
	if (gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm) || gmem_memory_new(vm, &memory, &job.memory)) {
		char why[1024];

		gmem_explain(ctx, why, sizeof(why));
		warnx("%s", why);
		gmem_vm_free(vm);
		gmem_ctx_free(ctx);
		return 77;
	}
	for (unsigned int threads = 1; threads <= 64; threads *= 4) {
		uint64_t all = job.length;

		try(&job, "all", (struct gmem_populate_options){ .threads = threads }, 0, all, all);
		try(&job, "again", (struct gmem_populate_options){ .threads = threads }, 0, all,
		    all);
		gmem_memory_punch(job.memory, 0, all);
		try(&job, "cancelled before",
		    (struct gmem_populate_options){ .threads = threads, .cancel = &cancel },
		    -ECANCELED, 0, 4 << 20);
		gmem_memory_punch(job.memory, 0, all);
		try(&job, "on a CPU",
		    (struct gmem_populate_options){
			    .threads = threads, .cpu_sets = here, .cpu_set_count = 2 },
		    0, all, all);
		gmem_memory_punch(job.memory, 0, all);
		try(&job, "on no CPU",
		    (struct gmem_populate_options){
			    .threads = threads, .cpu_sets = nowhere, .cpu_set_count = 2 },
		    -EINVAL, 0, 0);
		job.end_at = 1;
		if (threads == 1)
			try(&job, "ended", (struct gmem_populate_options){ .threads = 1 }, ENDED,
			    4 << 20, 4 << 20);
		job.end_at = 0;
		gmem_memory_punch(job.memory, 0, all);
	}
	gmem_memory_free(job.memory);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
	puts("ok");
	return 0;
}
