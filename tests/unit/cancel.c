// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long calls end if their caller wants that: a thread or a signal handler can
 * cancel them at any step.
 */
#include "unit.h"

#include <errno.h>
#include <gmem/gmem.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "port.h"

#define PAGE ((uint64_t)GMEM_PAGE_SIZE)
#define SIZE (64 * PAGE)

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_memory *memory;
static volatile int cancel;

/* The n-th of these calls from now on cancels, as another thread would. With 0 none does. */
static unsigned int countdown;

static void *cancel_it(void *arg)
{
	(void)arg;
	gmem_cancel(&cancel);
	return NULL;
}

static void step(void)
{
	pthread_t thread;

	if (!countdown || --countdown)
		return;
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_it, NULL), 0);
	pthread_join(thread, NULL);
}

static int step_list(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn, void *arg)
{
	step();
	return port.real->list_directory(kernel, path, fn, arg);
}

static ssize_t step_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			  uint64_t offset)
{
	step();
	return port.real->pread(kernel, fd, buffer, length, offset);
}

static int step_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	step();
	return port.real->readlink(kernel, path, buffer, size);
}

static int step_read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	step();
	return port.real->read_kmem(kernel, requests, n);
}

static struct gmem_memory *memory_new(void)
{
	const struct gmem_memory_options options = { .size = sizeof(options), .memory_size = SIZE };
	struct gmem_memory *new;

	ck_assert_int_eq(gmem_memory_new(vm, &options, &new), 0);
	ck_assert_int_eq(gmem_memory_allocate(new, 0, 16 * PAGE), 0);
	return new;
}

static void setup(void)
{
	struct gmem_kernel_ops *ops;

	ctx = port_ctx("plain");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	memory = memory_new();
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
	ops = port_pretend(ctx);
	ops->list_directory = step_list;
	ops->pread = step_pread;
	ops->readlink = step_readlink;
	ops->read_kmem = step_read_kmem;
	countdown = 0;
	cancel = 0;
}

static void teardown(void)
{
	countdown = 0;
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	port_ctx_free(ctx, 0, 0);
}

static int scan(void)
{
	const struct gmem_owners_options options = { .size = sizeof(options), .cancel = &cancel };
	struct gmem_owners *owners = NULL;
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	int ret = gmem_owners_new(ctx, &options, &owners);

	ck_assert_int_eq(ret != 0, !owners);
	if (owners) {
		gmem_owners_get_counts(owners, &counts);
		ck_assert_int_eq(counts.end, GMEM_SCAN_WHOLE);
		ck_assert_uint_eq(counts.memories, 1);
	}
	gmem_owners_free(owners);
	return ret;
}

/*
 * Cancels at each step. The call ends with ECANCELED, unless it had seen everything. Nothing stays
 * open. Returns how often it ended with ECANCELED.
 */
static unsigned int cancel_everywhere(int (*call)(void))
{
	unsigned int fds = gmem_sim_open_fds(port_sim(ctx)), cancelled = 0, n = 0;
	int ret;

	do {
		cancel = 0;
		countdown = ++n;
		ret = call();
		ck_assert(!ret || ret == -ECANCELED);
		if (ret) {
			ck_assert_int_eq(cancel, 1);
			port_said(ctx, "Operation canceled: the caller wanted it");
			cancelled++;
		}
		ck_assert_uint_eq(gmem_sim_open_fds(port_sim(ctx)), fds);
	} while (!countdown);
	ck_assert_int_eq(ret, 0);
	return cancelled;
}

static int add_up(void)
{
	const struct gmem_usage_options options = { .size = sizeof(options), .cancel = &cancel };
	struct gmem_target *target;
	struct gmem_usage *usage;
	int ret;

	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target), 0);
	ret = gmem_usage_new(target, &options, &usage);
	if (!ret) {
		ck_assert_uint_eq(gmem_usage_direct_map(usage, GMEM_DIRECT_MAP_MAPPED), 16 * PAGE);
		gmem_usage_free(usage);
	}
	gmem_target_free(target);
	return ret;
}

/* The same memory twice, in one look. */
static int add_up_all(void)
{
	const struct gmem_usage_options options = { .size = sizeof(options), .cancel = &cancel };
	struct gmem_target *targets[2];
	struct gmem_usage *usages[2];
	int ret;

	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &targets[i]), 0);
	ret = gmem_usage_new_all(targets, 2, &options, usages);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(!usages[i], ret != 0);
		if (!ret)
			ck_assert_uint_eq(gmem_usage_direct_map(usages[i], GMEM_DIRECT_MAP_MAPPED),
					  16 * PAGE);
		gmem_usage_free(usages[i]);
		gmem_target_free(targets[i]);
	}
	return ret;
}

START_TEST(usage_stops_at_any_call)
{
	setup();
	cancel = 1;
	ck_assert_int_eq(add_up(), -ECANCELED);
	ck_assert_uint_gt(cancel_everywhere(add_up), 3);
	cancel = 1;
	ck_assert_int_eq(add_up_all(), -ECANCELED);
	ck_assert_uint_gt(cancel_everywhere(add_up_all), 3);
	teardown();
}
END_TEST

START_TEST(scan_stops_at_any_call)
{
	setup();
	cancel = 1;
	ck_assert_int_eq(scan(), -ECANCELED);
	ck_assert_uint_gt(cancel_everywhere(scan), 3);
	teardown();
}
END_TEST

struct told {
	unsigned int kinds[GMEM_CHANGE_COLLAPSE + 1];
};

static int note_change(const struct gmem_change *change, void *arg)
{
	struct told *told = arg;

	told->kinds[change->kind]++;
	return 0;
}

static struct gmem_watch *watch_new(void)
{
	const struct gmem_watch_options options = { .size = sizeof(options), .cancel = &cancel };
	struct gmem_watch *watch;

	ck_assert_int_eq(gmem_watch_new(ctx, &options, &watch), 0);
	return watch;
}

/* Each change is reported once, at whichever step the next look was cancelled. */
START_TEST(watch_tells_once)
{
	unsigned int n = 0, cancelled = 0;
	bool came;

	setup();
	do {
		struct gmem_watch *watch = watch_new();
		struct gmem_memory *gone = memory_new(), *new;
		struct told told = { { 0 } };
		int ret;

		ck_assert_int_eq(gmem_watch_look(watch, note_change, &told), 0);
		ck_assert_int_eq(gmem_memory_punch(memory, 0, 2 * PAGE), 0);
		ck_assert_int_eq(gmem_memory_allocate(memory, 32 * PAGE, 3 * PAGE), 0);
		gmem_memory_free(gone);
		new = memory_new();
		countdown = ++n;
		ret = gmem_watch_look(watch, note_change, &told);
		came = cancel;
		countdown = 0;
		ck_assert(!ret || (ret == -ECANCELED && came));
		cancelled += ret != 0;
		cancel = 0;
		ck_assert_int_eq(gmem_watch_look(watch, note_change, &told), 0);
		ck_assert_uint_eq(told.kinds[GMEM_CHANGE_NEW], 1);
		ck_assert_uint_eq(told.kinds[GMEM_CHANGE_GONE], 1);
		ck_assert_uint_eq(told.kinds[GMEM_CHANGE_PUNCH], 1);
		ck_assert_uint_eq(told.kinds[GMEM_CHANGE_POPULATE], 1);
		gmem_watch_free(watch);
		gmem_memory_free(new);
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, 2 * PAGE), 0);
		ck_assert_int_eq(gmem_memory_punch(memory, 32 * PAGE, 3 * PAGE), 0);
	} while (came);
	ck_assert_uint_gt(cancelled, 3);
	teardown();
}
END_TEST

/*
 * A cancelled first look has learnt nothing. So the next look reports
 * nothing, and the third one does.
 */
START_TEST(cancelled_first_look_learns_nothing)
{
	struct gmem_watch *watch;
	struct told told = { { 0 } };
	struct gmem_memory *new;

	setup();
	watch = watch_new();
	cancel = 1;
	ck_assert_int_eq(gmem_watch_look(watch, note_change, &told), -ECANCELED);
	cancel = 0;
	ck_assert_int_eq(gmem_watch_look(watch, note_change, &told), 0);
	new = memory_new();
	ck_assert_uint_eq(told.kinds[GMEM_CHANGE_NEW], 0);
	ck_assert_int_eq(gmem_watch_look(watch, note_change, &told), 0);
	ck_assert_uint_eq(told.kinds[GMEM_CHANGE_NEW], 1);
	gmem_memory_free(new);
	gmem_watch_free(watch);
	teardown();
}
END_TEST

static void on_signal(int signal)
{
	(void)signal;
	gmem_cancel(&cancel);
}

static int raise_it(uint64_t done, uint64_t length, void *arg)
{
	(void)done;
	(void)length;
	(void)arg;
	kill(getpid(), SIGUSR1);
	return 0;
}

/* One int can end calls of several kinds. */
START_TEST(one_int_cancels_several_calls)
{
	const struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = GMEM_POPULATE_ALLOCATE,
		.progress = raise_it,
		.cancel = &cancel,
	};
	const struct gmem_memory_options large = { .size = sizeof(large), .memory_size = 16 << 20 };
	struct gmem_memory *other;
	uint64_t done;

	setup();
	ck_assert_ptr_ne(signal(SIGUSR1, on_signal), SIG_ERR);
	ck_assert_int_eq(gmem_memory_new(vm, &large, &other), 0);
	ck_assert_int_eq(gmem_populate(NULL, other, &options, NULL, &done), -ECANCELED);
	ck_assert_uint_gt(done, 0);
	ck_assert_uint_lt(done, large.memory_size);
	ck_assert_int_eq(scan(), -ECANCELED);
	gmem_memory_free(other);
	teardown();
}
END_TEST

UNIT_MAIN("cancel", scan_stops_at_any_call, usage_stops_at_any_call, watch_tells_once,
	  cancelled_first_look_learns_nothing, one_int_cancels_several_calls)
