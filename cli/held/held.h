/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM kept under a name, with its memory and the memslots that bind it. */
#ifndef CLI_HELD_HELD_H
#define CLI_HELD_HELD_H

#include <sys/types.h>
#include <time.h>

#include "core/cli.h"
#include "args/range.h"

#define HELD_NAME_MAX 64
#define HELD_SLOTS_MAX 64

/* A memslot: guest-physical addresses and the part of the memory behind them. */
struct held_slot {
	uint64_t gpa;
	uint64_t offset;
	uint64_t size;
};

struct held {
	char name[HELD_NAME_MAX + 1];
	struct gmem_vm *vm;
	struct gmem_memory *memory;
	enum gmem_vm_type type;
	struct held_slot slots[HELD_SLOTS_MAX];
	size_t n_slots;
	bool is_final; /* its launch is finished */
	time_t since;
};

/* Frees the VM and all that is its. NULL is allowed. */
void held_free(struct held *held);

/*
 * The rule for names: a letter or '_', then letters, digits, '_', '-' and '.', 64 at most. So they
 * are names of files and never taken for a PID.
 */
bool held_is_name(const char *text);
enum status held_check_name(struct cli *cli, const char *text);

/* "launching" before a launch is finished, "final" after it, "ready" for a VM without a launch. */
const char *held_state(const struct held *held);

/* Bytes of its memory that were converted to private. */
uint64_t held_private(const struct held *held);

/* What others may know about it: a holder writes this beside its socket, and status shows it. */
struct held_info {
	char name[HELD_NAME_MAX + 1];
	pid_t pid;
	int fd;		/* of the guest_memfd, in that process */
	char model[32]; /* "" on the running kernel */
	char type[16];
	char state[16];
	uint64_t flags;
	uint64_t size;
	uint64_t gpa; /* of the first memslot */
	uint64_t slots;
	uint64_t private_bytes;
	int64_t since;	 /* seconds, as time() has them */
	int64_t expires; /* the same, or 0 */
};

void held_describe(const struct held *held, const struct gmem_ctx *ctx, struct held_info *info);

/* As one line of text, and back. Returns false for text that is no such line. */
int held_info_write(const struct held_info *info, char *buffer, size_t size);
bool held_info_read(const char *text, struct held_info *info);

#endif
