/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance runner: reads scripts of kernel operations (README.md describes their language),
 * performs each operation on the running kernel or on a simulated one, and compares the answers.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "kernel/kernel.h"

#define PAGE 4096ull
#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))

/* Outcomes that are not an errno. They are negated like one. */
#define OUTCOME_SIGBUS 5000
#define OUTCOME_SIGSEGV 5001
#define OUTCOME_OOPS 4095 /* GMEM_KERNEL_OOPS: no call on a real kernel returns this */

struct run;
struct call;

/* ---- value.c: numbers and names ---- */

/* A word that stands for a number; NULL ends a table. */
struct name {
	const char *name;
	uint64_t value;
};

/*
 * Adds up terms ("4K", "2^52-1", "$map+4K", "mmap|init-shared"). Returns false if a term is
 * unknown. Sets run->missing if the term is an object that an earlier line failed to create.
 */
bool evaluate(struct run *run, const struct name *names, const char *text, uint64_t *value);
const char *name_of(const struct name *names, uint64_t value);
bool value_of_name(const struct name *names, const char *name, size_t length, uint64_t *value);

extern const struct name vm_type_names[];
/* For a parameter that has a text as its value, which is not evaluated. */
extern const struct name text_value[];

/* ---- outcome.c ---- */

/* Reads "ok", "EINVAL", "sigbus", or a number. Returns false for any other word. */
bool outcome_parse(struct run *run, const char *word, int64_t *outcome, bool *any_success);
/* Returns the outcome as a word. Some words are written to scratch. */
const char *outcome_text(int64_t outcome, char *scratch, size_t size);

/* ---- objects.c: the objects that a script names ---- */

enum object_kind {
	KIND_NUMBER = 1 << 0,
	KIND_MAPPING = 1 << 1,
	KIND_VM = 1 << 2,
	KIND_VCPU = 1 << 3,
	KIND_MEMORY = 1 << 4,
	KIND_FILE = 1 << 5,
	KIND_FD = KIND_VM | KIND_VCPU | KIND_MEMORY | KIND_FILE,
};

struct object {
	const char *name;
	enum object_kind kind;
	uint64_t value;	 /* descriptor, address or number */
	uint64_t length; /* of a mapping */
	uint64_t type;	 /* of a VM */
	bool open;
};

#define OBJECTS_MAX 64

struct objects {
	struct object all[OBJECTS_MAX];
	size_t count;
};

/* Returns the object with this name now, or NULL. Letters, digits and _ belong to the name. */
struct object *object_find(struct run *run, const char *name);
struct object *object_add(struct run *run, const char *name, enum object_kind kind, uint64_t value);
/* Closes or unmaps all objects that are still open, the newest first. */
void objects_close(struct run *run);

/* ---- script.c: the language ---- */

struct argument {
	const char *key;
	const char *value;
};

#define ARGUMENTS_MAX 20
#define EXPECTATIONS_MAX 4
#define FIELDS_MAX 8
#define CONDITIONS_MAX 2
#define WORDS_MAX 64

struct expectation {
	const char *condition; /* NULL: applies if no other does */
	const char *outcome;
	struct argument fields[FIELDS_MAX];
	size_t field_count;
};

struct line {
	const struct script *script;
	unsigned int number;
	char *words; /* the pointers below point into it */
	const char *conditions[CONDITIONS_MAX];
	size_t condition_count;
	bool in_child;
	const char *each; /* name of the loop's number, or NULL */
	const char *first;
	const char *last;
	const char *result; /* name of the object that the operation creates, or NULL */
	const struct operation *operation;
	const char *target; /* expression that begins with an object, or NULL */
	struct argument arguments[ARGUMENTS_MAX];
	size_t argument_count;
	struct expectation expectations[EXPECTATIONS_MAX];
	size_t expectation_count;
};

struct script {
	const char *path;
	char *title;
	char *vm_types; /* words, or "all" */
	char *models;	/* words, or "all" */
	char *needs;	/* words, or "" */
	char *source;
	struct line *lines;
	size_t count;
};

/* If the script is not well formed, it ends the program with file and line. */
void script_load(struct script *script, const char *path);
void script_free(struct script *script);
void bad_line(const struct line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* ---- condition.c: properties of a kernel, or of a VM type ---- */

/* Whether the condition is true. If there is no such condition, returns false and *why is NULL. */
bool condition_holds(struct run *run, const char *condition, const char **why);

/* ---- operations.c ---- */

/* Where a parameter is stored. */
enum part {
	PART_NONE,    /* nowhere: the operation's function uses it */
	PART_STRUCT,  /* in the ioctl's struct */
	PART_PAYLOAD, /* in the memory that the struct's data member points to */
};

struct parameter {
	const char *name;
	const struct name *names; /* words that the value may use */
	uint64_t value;		  /* if it is not given */
	enum part part;
	unsigned int offset;
	unsigned int size; /* bytes; if larger, filled with the value's lowest byte */
};

#define PARAMETERS_MAX 20

struct operation {
	const char *name;
	int64_t (*run)(struct call *call);
	unsigned int targets;		    /* kinds of object that it works on; 0: none */
	enum object_kind makes;		    /* what it returns; KIND_NUMBER: a number */
	const struct parameter *parameters; /* the last one has no name */
	unsigned long request;		    /* ioctl */
	unsigned int size;		    /* of its struct; 0: takes a number */
	unsigned int command;		    /* command of KVM_MEMORY_ENCRYPT_OP */
	unsigned int payload_size;
};

extern const struct operation kvm_operations[];
extern const struct operation tdx_operations[];
extern const struct operation sev_operations[];
extern const struct operation file_operations[];
extern const struct operation memory_operations[];
extern const struct operation syscall_operations[];

const struct operation *operation_find(const char *name);

/* One operation in progress. */
struct call {
	struct run *run;
	const struct line *line;
	const struct operation *operation;
	struct object *target;
	uint64_t address; /* value of the target's expression */
	uint64_t values[PARAMETERS_MAX];
	bool given[PARAMETERS_MAX];
	/* Results beyond the outcome. */
	struct name fields[PARAMETERS_MAX + 1];
	size_t field_count;
	uint64_t length; /* of the new mapping */
	uint64_t type;	 /* of the new VM */
};

uint64_t call_value(const struct call *call, const char *parameter);
bool call_given(const struct call *call, const char *parameter);
/* Returns the argument's text, or NULL if the line does not have it. */
const char *call_text(const struct call *call, const char *parameter);
void call_returns(struct call *call, const char *field, uint64_t value);
/* Performs the line, compares the outcome, and records differences. */
void run_line(struct run *run, const struct line *line);

/* request.c: an ioctl with the struct that the parameters describe. */
int64_t request_run(struct call *call);

/* Words for the parameter "struct": the pointer that the ioctl gets. */
enum pointer {
	POINTER_NULL,
	POINTER_BAD, /* not mapped */
	POINTER_READ_ONLY,
	POINTER_GOOD,
};

extern const struct name pointer_names[];

#define PARAMETER_STRUCT                                               \
	{                                                              \
		"struct", pointer_names, POINTER_GOOD, PART_NONE, 0, 0 \
	}
#define FIELD(type, member) PART_STRUCT, offsetof(type, member), sizeof(((type *)0)->member)

/* ---- explain.c: libgmem's reasons for a failure ---- */

struct explain;
struct explain *explain_new(struct gmem_kernel *kernel, const char *release);
void explain_free(struct explain *explain);
/* Records what a call did. */
void explain_note(struct explain *explain, const struct call *call, int64_t outcome);
/*
 * Returns the explanation if it gives no reason, or does not contain why (which may be NULL); else
 * NULL. Sets known if libgmem makes such calls.
 */
const char *explain_check(struct explain *explain, const struct call *call, int64_t outcome,
			  const char *why, bool *known);

/* memory.c: from now on SIGBUS and SIGSEGV in touch, load and store are outcomes. */
void guard_memory(void);

/* ---- run.c: one script on one VM type ---- */

struct tally {
	uint64_t operations;
	struct pair {
		const struct operation *operation;
		int64_t outcome;
	} * pairs;
	size_t pair_count;
	uint64_t explained;
};

struct options {
	const char *model; /* NULL: the running kernel */
	const char *vm_type;
	bool expendable;
};

struct run {
	struct gmem_kernel *kernel;
	const struct options *options;
	const struct script *script;
	struct tally *tally;
	unsigned int vm_type;
	int kvm;
	uint64_t vm_types; /* from KVM_CAP_VM_TYPES */
	uint64_t version;  /* 7 << 16 | 3 for 7.3 */
	struct objects objects;
	struct explain *explain;
	const struct line *line; /* the line in progress */
	bool missing;		 /* the last value needs an object that is missing */
	unsigned int poisoned;	 /* pages that never come back */
	unsigned int failures;
	FILE *report; /* of the failures */
};

struct result {
	bool skipped;
	bool failed;
	char why[128]; /* skipped */
	char *report;  /* failed: lines for people; the caller frees it */
};

/* Whether the kernel runs on this machine, as uname(2) names it. */
bool run_is_machine(const struct run *run, const char *machine);
/* Returns the VM types that the kernel offers, one bit each; a negative errno without KVM. */
int64_t run_offered(const struct options *options, char *release, size_t size);
void run_script(const struct script *script, unsigned int vm_type, const struct options *options,
		struct tally *tally, struct result *result);
/* KVM_CHECK_EXTENSION: returns 0 if the call fails. */
uint64_t run_capability(struct run *run, int fd, unsigned long number);
/* The same on a VM of the run's type. */
uint64_t run_vm_capability(struct run *run, unsigned long number);

#endif
