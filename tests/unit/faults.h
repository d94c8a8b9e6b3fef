/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every call through the port fails once. This is the driver that the faults*.c share.
 *
 * Each operation runs on each model that has it, in a world of its own. It runs once without a
 * fault, then with the first, the second, … of its calls failing. Whatever happens, the result is
 * an errno with an explanation that names the call, or a success that agrees with the model.
 * Nothing leaks, and the same operation succeeds afterwards.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "unit.h"

#include "port.h"

#define PAGE GMEM_PAGE_SIZE
#define PAGES 16ull
#define SIZE (PAGES * PAGE)
#define GPA 0x100000000ull

enum {
	PLAIN,
	SW_PROTECTED,
	TDX,
	SNP,
	NO_DIRECT_MAP,
	OLD,
	ARM64,
	MODELS,
};

#define ON(model) (1u << (model))
#define ON_ALL (ON(MODELS) - 1)
#define ON_PRIVATE (ON_ALL & ~(ON(PLAIN) | ON(ARM64)))

static const struct {
	const char *name;
	enum gmem_vm_type vm_type;
	uint64_t flags; /* of its memory */
} models[MODELS] = {
	[PLAIN] = { "plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED },
	[SW_PROTECTED] = { "sw-protected", GMEM_VM_SW_PROTECTED, GMEM_MEMORY_MMAP },
	[TDX] = { "tdx", GMEM_VM_TDX, 0 },
	[SNP] = { "snp", GMEM_VM_SNP, 0 },
	[NO_DIRECT_MAP] = { "no-direct-map", GMEM_VM_SW_PROTECTED, GMEM_MEMORY_NO_DIRECT_MAP },
	[OLD] = { "old", GMEM_VM_SW_PROTECTED, 0 },
	[ARM64] = { "arm64-no-direct-map", GMEM_VM_DEFAULT,
		    GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED | GMEM_MEMORY_NO_DIRECT_MAP },
};

/* What the world has before the operation. Each level includes those before it. */
enum level {
	WITH_CONTEXT,
	WITH_VM,
	WITH_VCPU,   /* not on TDX and SNP, which accept vCPUs only during a launch */
	WITH_MEMORY, /* bound at GPA, and private if the model supports that */
};

struct world {
	unsigned int model;
	struct gmem_ctx *ctx;
	struct gmem_kernel *sim;
	struct gmem_vm *vm;
	struct gmem_memory *memory;
	unsigned int fds;  /* open before the operation */
	uint64_t progress; /* of an operation that resumes after a failure */
	/* The kernel's counts at faults_end(). */
	bool ended;
	uint64_t struck, calls, requests;
};

struct operation {
	const char *name;
	unsigned int models; /* that have this operation */
	enum level level;
	/* A failure leaves the VM between two states: the operation is not tried again on it. */
	bool once;
	/* An explanation must contain at least one of these words, which bars separate. */
	const char *asked;
	void (*prepare)(struct world *w); /* after the level, without faults; or NULL */
	/* Calls libgmem. Checks a success against the model. */
	int (*run)(struct world *w);
};

/* Ends the operation. The calls from here on check its result, and no call fails any more. */
static inline void faults_end(struct world *w)
{
	if (w->ended)
		return;
	w->ended = true;
	w->struck = gmem_sim_struck(w->ctx->kernel);
	w->calls = gmem_sim_calls(w->ctx->kernel, GMEM_SIM_ANY);
	w->requests = gmem_sim_calls(w->ctx->kernel, GMEM_SIM_REQUEST);
	gmem_sim_set_fault(w->ctx->kernel, NULL);
}

static inline void bind_memory(struct world *w)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = SIZE,
		.flags = models[w->model].flags,
	};
	struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.gpa = GPA,
		.memory_size = SIZE,
	};

	ck_assert_int_eq(gmem_memory_new(w->vm, &options, &w->memory), 0);
	slot.memory = w->memory;
	ck_assert_int_eq(gmem_slot_set(w->vm, &slot), 0);
	if (ON_PRIVATE & ON(w->model))
		ck_assert_int_eq(gmem_convert(w->vm, GPA, SIZE, true), 0);
}

static inline struct world make_world(unsigned int model, const struct operation *operation)
{
	struct world w = { .model = model, .ctx = port_ctx(models[model].name) };

	w.sim = port_sim(w.ctx);
	w.fds = gmem_sim_open_fds(w.sim);
	if (operation->level >= WITH_VM)
		ck_assert_int_eq(gmem_vm_new(w.ctx, models[model].vm_type, &w.vm), 0);
	if (operation->level >= WITH_VCPU && model != TDX && model != SNP)
		ck_assert_int_eq(gmem_vm_add_vcpu(w.vm, 0), 0);
	if (operation->level >= WITH_MEMORY)
		bind_memory(&w);
	if (operation->prepare)
		operation->prepare(&w);
	w.ctx->explanation[0] = '\0';
	return w;
}

static inline void end_world(struct world *w)
{
	gmem_memory_free(w->memory);
	gmem_vm_free(w->vm);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(w->sim), 0);
	ck_assert(!gmem_sim_oopsed(w->sim));
	port_ctx_free(w->ctx, w->fds, 0);
}

static inline bool names_one(const char *text, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, "|");
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)length, words);
		if (strstr(text, word))
			return true;
		words += length + (words[length] == '|');
	}
	return false;
}

static inline void check_words(const struct world *w, const struct operation *operation, int ret,
			       const struct gmem_fault *fault)
{
	char words[GMEM_EXPLANATION_MAX];

	gmem_explain_error(w->ctx, ret, words, sizeof(words));
	ck_assert_msg(names_one(words, operation->asked) && !strstr(words, "Success"),
		      "%s on %s, %s %llu: %d, \"%s\" names none of \"%s\"", operation->name,
		      models[w->model].name, gmem_sim_call_name(fault->kind),
		      (unsigned long long)fault->at, ret, words, operation->asked);
}

/* Runs the operation with one fault, or with NULL for none. Returns its counts in *w. */
static inline void try_once(unsigned int model, const struct operation *operation,
			    const struct gmem_fault *fault, struct world *w)
{
	int ret;

	*w = make_world(model, operation);
	gmem_sim_set_fault(w->ctx->kernel, fault);
	ret = operation->run(w);
	faults_end(w);
	ck_assert_int_gt(ret, -GMEM_KERNEL_OOPS);
	if (ret < 0) {
		ck_assert_msg(w->struck, "%s on %s fails by itself: %d, %s", operation->name,
			      models[model].name, ret, w->ctx->explanation);
		check_words(w, operation, ret, fault);
	}
	if (ret < 0 && !operation->once) {
		ret = operation->run(w);
		ck_assert_msg(ret >= 0, "%s on %s, again after %s %llu: %d, %s", operation->name,
			      models[model].name, gmem_sim_call_name(fault->kind),
			      (unsigned long long)fault->at, ret, w->ctx->explanation);
	}
	end_world(w);
}

/*
 * valgrind preloads its own library. It makes a run some thirty times
 * slower, so only a sample runs.
 */
static inline bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

/* Lets every call fail once. Three errnos take turns. Each model begins with another one. */
static inline unsigned int fail_calls(unsigned int model, const struct operation *operation)
{
	static const int errors[] = { -ENOMEM, -EIO, -EINTR };
	unsigned int faults = 0;
	struct world w;
	uint64_t calls, step;

	try_once(model, operation, NULL, &w);
	calls = w.calls;
	step = under_valgrind() ? 1 + calls / 5 : 1;
	for (uint64_t n = 1; n <= calls; n += step) {
		struct gmem_fault fault = {
			.kind = GMEM_SIM_ANY,
			.at = n,
			.error = errors[(n + model) % (sizeof(errors) / sizeof(errors[0]))],
		};

		try_once(model, operation, &fault, &w);
		ck_assert(w.struck);
		faults++;
	}
	return faults;
}

/* Lets reads of single ranges of kernel memory fail: a sample, because walks read hundreds. */
static inline unsigned int fail_requests(unsigned int model, const struct operation *operation)
{
	unsigned int faults = 0;
	struct world w;
	uint64_t requests, step;

	try_once(model, operation, NULL, &w);
	requests = w.requests;
	step = 1 + requests / (under_valgrind() ? 3 : 30);
	for (uint64_t n = 1 + model % step; n <= requests; n += step) {
		struct gmem_fault fault = {
			.kind = GMEM_SIM_REQUEST,
			.at = n,
			.error = -EFAULT,
		};

		try_once(model, operation, &fault, &w);
		ck_assert(w.struck);
		faults++;
	}
	return faults;
}

/* Tries all operations, on all models. */
static inline void try_operations(const struct operation *operations, size_t count)
{
	unsigned int faults = 0, requests = 0;

	for (size_t i = 0; i < count; i++) {
		for (unsigned int model = 0; model < MODELS; model++) {
			if (!(operations[i].models & ON(model)))
				continue;
			faults += fail_calls(model, &operations[i]);
			requests += fail_requests(model, &operations[i]);
		}
	}
	printf("%zu operations, %u calls failed, %u ranges of kernel memory failed\n", count,
	       faults, requests);
	ck_assert_uint_ge(faults, count);
}

#endif
