// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl create: makes a VM with its memory, and keeps it under a name. */
#include "commands/create.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/interrupt.h"
#include "held/placement.h"
#include "held/session.h"
#include "held/step.h"

struct create {
	struct cli *cli;
	const struct create_settings *settings;
	struct gmem_caps *caps;
	struct held *held;
	struct placement placement;
	uint64_t size;
	uint64_t flags;
	size_t n_slots; /* wanted; held->n_slots are there */
};

/* Kernels before 7.2 take some that lie behind the memory's end. */
static enum status check_slots(const struct create *create)
{
	for (size_t i = 0; i < create->n_slots; i++) {
		const struct held_slot *slot = &create->held->slots[i];

		if (slot->offset <= create->size && slot->size <= create->size - slot->offset)
			continue;
		return cli_usage(create->cli,
				 "--slot: %" PRIu64 " bytes from offset 0x%" PRIx64
				 " on are beyond the memory's %" PRIu64,
				 slot->size, slot->offset, create->size);
	}
	return STATUS_YES;
}

/* The memslots that were asked for: one, some of one size, or those given one by one. */
static enum status plan_slots(struct create *create)
{
	const struct create_settings *settings = create->settings;
	struct held *held = create->held;
	uint64_t n = settings->n_slots ? settings->n_slots : 1, each = create->size / n;

	if (settings->slots.n) {
		if (settings->n_slots || settings->has_gpa)
			return cli_usage(create->cli, "--slot goes with neither --slots nor --gpa");
		memcpy(held->slots, settings->slots.slots, sizeof(held->slots));
		create->n_slots = settings->slots.n;
		return check_slots(create);
	}
	/* Of one memslot, the size of the memory is wrong: its creation explains that. */
	if (n > 1 && (create->size % n || each % gmem_page_size(create->cli->ctx)))
		return cli_usage(create->cli,
				 "--slots=%" PRIu64 ": %" PRIu64
				 " bytes are not so many parts of whole pages",
				 n, create->size);
	for (uint64_t i = 0; i < n; i++)
		held->slots[i] = (struct held_slot){
			.gpa = (settings->has_gpa ? settings->gpa : VM_DEFAULT_GPA) + i * each,
			.offset = i * each,
			.size = each,
		};
	create->n_slots = n;
	return STATUS_YES;
}

/* Pre-faulting needs a vCPU, a launch too. */
static int add_vcpu(struct create *create)
{
	const struct gmem_launch *launch = gmem_launch_of(create->held->type);
	int ret;

	if (!launch &&
	    vm_capability(create->caps, create->held->type, "KVM_CAP_PRE_FAULT_MEMORY") <= 0)
		return 0;
	ret = gmem_vm_add_vcpu(create->held->vm, 0);
	return ret || !launch ? ret : gmem_launch_vcpu(create->held->vm, 0);
}

static int make_vm(struct create *create)
{
	struct held *held = create->held;
	const struct gmem_launch *launch = gmem_launch_of(held->type);
	int ret = gmem_vm_new(create->cli->ctx, held->type, &held->vm);

	if (!ret && launch)
		ret = gmem_launch_init(held->vm);
	return ret ? ret : add_vcpu(create);
}

static int make_memory(struct create *create)
{
	const struct gmem_memory_options memory = {
		.size = sizeof(memory),
		.memory_size = create->size,
		.flags = create->flags,
	};
	struct held *held = create->held;
	int ret = gmem_memory_new(held->vm, &memory, &held->memory);

	if (!ret)
		ret = placement_bind(create->cli, &create->placement, held->memory);
	for (size_t i = 0; !ret && i < create->n_slots; i++) {
		const struct gmem_slot_options slot = {
			.size = sizeof(slot),
			.slot = (uint32_t)i,
			.gpa = held->slots[i].gpa,
			.memory_size = held->slots[i].size,
			.memory = held->memory,
			.memory_offset = held->slots[i].offset,
		};

		ret = gmem_slot_set(held->vm, &slot);
		held->n_slots += !ret;
	}
	return ret;
}

static enum status choose(struct create *create)
{
	const struct create_settings *settings = create->settings;
	struct held *held = create->held;
	enum status status = vm_choose(create->cli, create->caps, &settings->vm_type,
				       &settings->flags, &held->type, &create->flags);

	return status ? status : plan_slots(create);
}

/*
 * The OOM killer chooses by RSS (oom_badness() in mm/oom_kill.c), which counts only what a process
 * has mapped of the memory that it holds. Without this, the OOM killer would kill other processes,
 * which would not help.
 */
static void be_first_for_oom_killer(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	if (file) {
		fputs("1000", file);
		fclose(file);
	}
}

static enum status make(struct create *create)
{
	enum status status = choose(create);
	int ret;

	if (!status)
		status = placement_find(create->cli, &create->settings->numa,
					create->settings->populate, &create->placement);
	if (status)
		return status;
	if (!gmem_ctx_model(create->cli->ctx))
		be_first_for_oom_killer();
	gmem_ctx_allow_unreleased(create->cli->ctx, create->settings->allow_unreleased);
	ret = make_vm(create);
	if (!ret)
		ret = make_memory(create);
	return ret ? cli_fail_error(create->cli, ret, NULL) : STATUS_YES;
}

static enum status populate_all(const struct create *create)
{
	const struct placement *placement = &create->placement;
	struct populate_asked how = create->settings->how;
	enum gmem_populate_method used;
	struct held_parts parts;
	uint64_t done;
	enum status status = held_range(create->cli, create->held, "all", false, false, &parts);

	how.cpu_sets = placement->cpu_sets;
	how.n_cpu_sets = placement->n_cpu_sets;
	if (!status)
		status = placement_check_room(create->cli, placement, create->size);
	if (!status)
		status = populate(create->cli, create->held, &parts, &how, &used, &done);
	return status;
}

static void tell(const struct create *create)
{
	struct held_info info;

	/* pkvm_init_host_vm() in arch/arm64/kvm/pkvm.c */
	if (create->held->type == GMEM_VM_ARM_PROTECTED)
		cli_note(create->cli, "Linux 7.3 calls itself tainted from the first protected VM "
				      "on, until it is started again");
	held_describe(create->held, create->cli->ctx, &info);
	step_fact(create->cli, "name", KIND_TEXT, cell_text(info.name));
	step_fact(create->cli, "pid", KIND_NUMBER, cell_number((uint64_t)info.pid));
	step_fact(create->cli, "vm_type", KIND_TEXT, cell_text(info.type));
	step_fact(create->cli, "size", KIND_BYTES, cell_number(info.size));
	step_fact(create->cli, "gpa", KIND_ADDRESS, cell_number(info.gpa));
	step_fact(create->cli, "slots", KIND_NUMBER, cell_number(info.slots));
}

/*
 * After an interruption the VM stays, with what was populated: status 4 says that. After a failure
 * it is released, because memory may be short and the host needs it back.
 */
static enum status create_vm(struct create *create)
{
	enum status status = make(create);

	if (!status)
		status = holder_limit(create->cli, &create->settings->limits);
	if (!status && create->settings->populate)
		status = populate_all(create);
	if (status == STATUS_PARTLY && !interrupted()) {
		cli_note(create->cli, "the VM and its memory were released");
		return STATUS_FAILED;
	}
	if (status && status != STATUS_PARTLY)
		return status;
	create->held->since = time(NULL);
	/* This comes before the answer: a VM that others cannot find is not kept. */
	if (holder_announce(create->cli, create->held) || session_add(create->cli, create->held))
		return STATUS_FAILED;
	tell(create);
	create->held = NULL;
	return status;
}

static enum status run(struct cli *cli)
{
	const struct create_settings *settings = cli->settings;
	struct create create = { .cli = cli, .settings = settings };
	enum status status = held_check_name(cli, cli->args[0]);
	int ret;

	if (status)
		return status;
	if (session_find(cli->session, cli->args[0]))
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NAME_TAKEN),
				   "there is a VM '%s' already", cli->args[0]);
	create.size = settings->size ? settings->size : VM_DEFAULT_SIZE;
	create.held = calloc(1, sizeof(*create.held));
	if (!create.held)
		return cli_no_memory(cli);
	strcpy(create.held->name, cli->args[0]);
	ret = gmem_caps_new(cli->ctx, &create.caps);
	status = ret ? cli_fail_error(cli, ret, NULL) : create_vm(&create);
	gmem_caps_free(create.caps);
	placement_free(&create.placement);
	held_free(create.held);
	return status;
}

const struct command create_command = {
	.name = "create",
	/* The holder later runs commands of its clients, in their folders. */
	.needs = READS_KERNEL | READS_FILES | REOPENS_READER,
	.place = PLACE_NEW_HOLDER,
	.summary = "make a VM with guest_memfd memory, which a holder process keeps under a name",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.options = create_options,
	.settings_size = sizeof(struct create_settings),
	.run = run,
};
