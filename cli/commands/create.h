/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What create was asked for. */
#ifndef CLI_COMMANDS_CREATE_H
#define CLI_COMMANDS_CREATE_H

#include "core/command.h"
#include "held/held.h"
#include "holder/holder.h"
#include "held/populate.h"
#include "args/numa.h"
#include "args/vm_options.h"

struct slot_list {
	struct held_slot slots[HELD_SLOTS_MAX];
	size_t n;
};

struct create_settings {
	struct vm_type_asked vm_type;
	struct flags_asked flags;
	uint64_t size;
	uint64_t gpa;
	bool has_gpa;
	uint64_t n_slots; /* 0: one, or those of slots */
	struct slot_list slots;
	bool populate;
	struct numa_asked numa;
	struct populate_asked how; /* its CPUs are those of --numa */
	struct holder_limits limits;
	bool allow_unreleased;
};

extern const struct cli_option create_options[];

#endif
