/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which VM and which memory: the options of all commands that make them, and the choice that
 * follows.
 */
#ifndef CLI_ARGS_VM_OPTIONS_H
#define CLI_ARGS_VM_OPTIONS_H

#include "core/command.h"

/* Where memory is bound: above the hole below 4 GiB, where a PC guest's devices are. */
#define VM_DEFAULT_GPA 0x100000000ull
#define VM_DEFAULT_SIZE (4ull << 20)

struct vm_type_asked {
	bool given; /* else the best one */
	enum gmem_vm_type type;
};

struct flags_asked {
	uint64_t flags; /* enum gmem_memory_flag */
	bool given;	/* mmap or init-shared, or the lack of them, was asked for */
};

/* --vm-type: struct vm_type_asked. */
enum status set_vm_type(struct cli *cli, const struct cli_option *option, const char *arg,
			void *field);
/* --mmap, --init-shared, --no-direct-map, which have their flags' names: struct flags_asked. */
enum status set_one_flag(struct cli *cli, const struct cli_option *option, const char *arg,
			 void *field);
/* --flags: struct flags_asked. */
enum status set_flags(struct cli *cli, const struct cli_option *option, const char *arg,
		      void *field);

/* What the help says of them, in every command that has them. */
#define VM_TYPE_HELP(more)                                                          \
	"Type of the VM: default, sw-protected, sev, sev-es, snp, tdx" more ", or " \
	"best, as without this option: the one with private memory, if this kernel has any"
#define FLAGS_HELP \
	"Creation flags: mmap, init-shared, no-direct-map, separated by commas; empty for none"
#define NO_DIRECT_MAP_HELP                                                                    \
	"Ask for removal from the direct map, in addition to the default flags; no released " \
	"kernel has it"

/* KVM's answer about a capability for VMs of a type, or a negative errno. */
int vm_capability(const struct gmem_caps *caps, enum gmem_vm_type type, const char *name);

/*
 * The first question about a VM type that KVM did not answer, and the negative errno that it gave.
 * NULL if it answered all.
 */
const char *vm_unanswered(const struct gmem_caps *caps, enum gmem_vm_type type, int *error);

/* Fails with that question, and returns the status. */
enum status vm_say_unanswered(struct cli *cli, enum status status, enum gmem_vm_type type,
			      const char *capability, int error);

/* Chooses the VM type and the flags by the options, on this kernel. */
enum status vm_choose(struct cli *cli, const struct gmem_caps *caps,
		      const struct vm_type_asked *type_asked, const struct flags_asked *flags_asked,
		      enum gmem_vm_type *type, uint64_t *flags);

#endif
