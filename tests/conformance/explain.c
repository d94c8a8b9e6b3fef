// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks that libgmem explains each failure. If libgmem makes the same call, its table of
 * conditions must have a reason for every errno that a kernel returns here, given the history of
 * the VM. The script fails if no condition explains the failure, or if the reason is not the one
 * that a line names (why=).
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "conformance.h"
#include "kvm/explain/explain.h"
#include "procfs/file.h"
#include "sim/hooks.h"
#include "kernel/uapi.h"
#include "kvm/memory.h"
#include "kvm/state.h"
#include "kvm/vm.h"

#define VMS_MAX 16
#define MEMORIES_MAX 64
#define VCPUS_MAX 16
#define KEEP_SIZE 1u
#define PUNCH_HOLE 2u
#define UNEXPLAINED "no condition that libgmem knows"

/* VMs and guest_memfds as libgmem would know them if it had created them. */
struct explain {
	struct gmem_ctx ctx;
	struct gmem_vm vms[VMS_MAX];
	struct gmem_vcpu vcpus[VMS_MAX][VCPUS_MAX];
	size_t vm_count;
	struct gmem_memory memories[MEMORIES_MAX];
	size_t memory_count;
};

struct explain *explain_new(struct gmem_kernel *kernel, const char *release)
{
	struct explain *explain = calloc(1, sizeof(*explain));

	if (!explain)
		return NULL;
	explain->ctx.kernel = kernel;
	explain->ctx.page_shift = kernel->page_shift;
	snprintf(explain->ctx.release, sizeof(explain->ctx.release), "%s", release);
	pthread_mutex_init(&explain->ctx.lock, NULL);
	return explain;
}

void explain_free(struct explain *explain)
{
	if (!explain)
		return;
	for (size_t i = 0; i < explain->vm_count; i++) {
		struct gmem_vm *vm = &explain->vms[i];

		gmem_ranges_free(&vm->private_gpas);
		gmem_ranges_free(&vm->td.added);
		gmem_vm_free_slots(vm);
	}
	pthread_mutex_destroy(&explain->ctx.lock);
	free(explain);
}

/* The newest comes first, because a closed descriptor's number may be used again. */
static struct gmem_vm *vm_of(struct explain *explain, int fd)
{
	for (size_t i = explain->vm_count; i-- > 0;) {
		struct gmem_vm *vm = &explain->vms[i];

		if (vm->fd == fd)
			return vm;
		for (size_t k = 0; k < vm->vcpu_count; k++)
			if (vm->vcpus[k].fd == fd)
				return vm;
	}
	return NULL;
}

static size_t vcpu_of(const struct gmem_vm *vm, int fd)
{
	for (size_t i = vm->vcpu_count; i-- > 0;)
		if (vm->vcpus[i].fd == fd)
			return i;
	return 0;
}

static struct gmem_memory *memory_of(struct explain *explain, int fd)
{
	for (size_t i = explain->memory_count; i-- > 0;)
		if (explain->memories[i].fd == fd)
			return &explain->memories[i];
	return NULL;
}

/* The library's number of the type. On arm64 that of a protected VM differs. */
static uint64_t library_type(const struct call *call)
{
	uint64_t type = call->type & ~GMEM_KVM_VM_TYPE_ARM_IPA_SIZE_MASK;

	if (run_is_machine(call->run, "aarch64") && type == GMEM_KVM_VM_TYPE_ARM_PROTECTED)
		return GMEM_VM_ARM_PROTECTED;
	return call->type;
}

static void note_vm(struct explain *explain, const struct call *call, int fd)
{
	struct gmem_vm *vm = &explain->vms[explain->vm_count];

	if (explain->vm_count == VMS_MAX)
		return;
	*vm = (struct gmem_vm){
		.ctx = &explain->ctx,
		.fd = fd,
		.type = (enum gmem_vm_type)library_type(call),
		.pid = gmem_own_pid(&explain->ctx),
		.vcpus = explain->vcpus[explain->vm_count],
		.pre_fault = -EINPROGRESS,
	};
	explain->vm_count++;
}

static void note_memory(struct explain *explain, const struct call *call, int fd)
{
	struct gmem_kernel *kernel = call->run->kernel;
	struct stat st = { .st_ino = 0 };

	if (explain->memory_count == MEMORIES_MAX)
		return;
	kernel->ops->fstat(kernel, fd, &st);
	explain->memories[explain->memory_count++] = (struct gmem_memory){
		.ctx = &explain->ctx,
		.fd = fd,
		.flags = call_value(call, "flags"),
		.size = call_value(call, "size"),
		.inode = st.st_ino,
		.vm = vm_of(explain, (int)call->target->value),
	};
}

static void forget_slot(struct gmem_vm *vm, uint32_t id)
{
	for (size_t i = 0; i < vm->slot_count; i++)
		if (vm->slots[i].id == id)
			vm->slots[i--] = vm->slots[--vm->slot_count];
}

static void note_slot(struct explain *explain, struct gmem_vm *vm, const struct call *call)
{
	const struct gmem_memory *memory = memory_of(explain, (int)call_value(call, "fd"));
	uint32_t id = (uint32_t)call_value(call, "slot");
	struct gmem_vm_slot *slots;

	forget_slot(vm, id);
	if (!call_value(call, "size"))
		return;
	slots = realloc(vm->slots, (vm->slot_count + 1) * sizeof(*slots));
	if (!slots)
		abort();
	vm->slots = slots;
	slots[vm->slot_count++] = (struct gmem_vm_slot){
		.id = id,
		.flags = (uint32_t)call_value(call, "flags"),
		.gpa = call_value(call, "gpa"),
		.size = call_value(call, "size"),
		.userspace_addr = call_value(call, "uaddr"),
		.inode = memory ? memory->inode : 0,
		.fd = (int)call_value(call, "fd"),
		.offset = call_value(call, "offset"),
	};
}

static void note_range(struct gmem_ranges *ranges, uint64_t start, uint64_t length, bool add)
{
	if (gmem_ranges_reserve(ranges))
		abort();
	if (add)
		gmem_ranges_add(ranges, start, start + length);
	else
		gmem_ranges_remove(ranges, start, start + length);
}

static void note_attributes(struct gmem_vm *vm, const struct call *call)
{
	bool to_private = call_value(call, "attributes") & GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE;
	uint64_t start = call_value(call, "address"), length = call_value(call, "size");

	note_range(&vm->private_gpas, start, length, to_private);
	if (!to_private)
		note_range(&vm->td.added, start, length, false);
}

static bool is(const struct call *call, const char *operation)
{
	return !strcmp(call->operation->name, operation);
}

/* Records what a successful call changed in the VM. */
static void note_change(struct explain *explain, struct gmem_vm *vm, const struct call *call,
			int64_t outcome)
{
	int fd = (int)call->target->value;

	if (is(call, "vcpu") && vm->vcpu_count < VCPUS_MAX)
		vm->vcpus[vm->vcpu_count++] =
			(struct gmem_vcpu){ .fd = (int)outcome, .owned = true };
	else if (is(call, "region2") || is(call, "region"))
		note_slot(explain, vm, call);
	else if (is(call, "set-attributes"))
		note_attributes(vm, call);
	else if (is(call, "tdx-init-vm"))
		vm->td.initialized = true;
	else if (is(call, "tdx-init-vcpu"))
		vm->vcpus[vcpu_of(vm, fd)].initialized = true;
	else if (is(call, "tdx-init-mem-region"))
		note_range(&vm->td.added, call_value(call, "gpa"), call_value(call, "pages") * PAGE,
			   true);
	else if (is(call, "tdx-finalize-vm"))
		vm->td.finalized = true;
}

void explain_note(struct explain *explain, const struct call *call, int64_t outcome)
{
	struct gmem_vm *vm = call->target ? vm_of(explain, (int)call->target->value) : NULL;

	if (outcome < 0)
		return;
	if (is(call, "vm"))
		note_vm(explain, call, (int)outcome);
	else if (is(call, "create-guest-memfd"))
		note_memory(explain, call, (int)outcome);
	else if (vm)
		note_change(explain, vm, call, outcome);
}

/*
 * A call of libgmem, and the parameters that libgmem can pass: it does not make calls with others.
 */
struct explained {
	const char *operation;
	const struct gmem_call *call;
	const char *parameters[10];
};

static const struct explained explained[] = {
	{ "vm", &gmem_call_create_vm, { "type" } },
	{ "vcpu", &gmem_call_create_vcpu, { "id" } },
	{ "create-guest-memfd", &gmem_call_create_guest_memfd, { "size", "flags" } },
	{ "region2",
	  &gmem_call_set_region,
	  { "slot", "flags", "gpa", "size", "uaddr", "offset", "fd" } },
	{ "set-attributes", &gmem_call_set_attributes, { "address", "size", "attributes" } },
	{ "pre-fault", &gmem_call_pre_fault, { "gpa", "size" } },
	{ "fallocate", &gmem_call_allocate, { "mode", "offset", "length" } },
	{ "mmap", &gmem_call_mmap, { "length" } },
	{ "tdx-init-vm", &gmem_call_tdx_init_vm, { NULL } },
	{ "tdx-init-vcpu", &gmem_call_tdx_init_vcpu, { NULL } },
	{ "tdx-get-cpuid", &gmem_call_tdx_get_cpuid, { NULL } },
	{ "tdx-init-mem-region",
	  &gmem_call_tdx_init_mem_region,
	  { "source", "gpa", "pages", "flags" } },
	{ "tdx-finalize-vm", &gmem_call_tdx_finalize, { NULL } },
};

static bool takes(const struct explained *row, const char *parameter)
{
	for (size_t i = 0; row->parameters[i]; i++)
		if (!strcmp(row->parameters[i], parameter))
			return true;
	return false;
}

static const struct explained *find_row(const struct call *call)
{
	const struct explained *row = NULL;

	for (size_t i = 0; !row && i < ARRAY_SIZE(explained); i++)
		if (is(call, explained[i].operation))
			row = &explained[i];
	for (size_t i = 0; row && i < call->line->argument_count; i++)
		if (!takes(row, call->line->arguments[i].key))
			return NULL;
	return row;
}

static uint64_t value_or_0(const struct call *call, const struct explained *row, const char *name)
{
	return takes(row, name) ? call_value(call, name) : 0;
}

static struct gmem_facts learn(struct explain *explain, const struct call *call,
			       const struct explained *row, struct gmem_memory *other)
{
	int fd = call->target ? (int)call->target->value : -1;
	struct gmem_facts facts = {
		.ctx = &explain->ctx,
		.vm = call->target ? vm_of(explain, fd) : NULL,
		.type = library_type(call),
		.vcpu = value_or_0(call, row, "id"),
		.size = value_or_0(call, row, "size") + value_or_0(call, row, "length"),
		.offset = value_or_0(call, row, "offset"),
		.gpa = value_or_0(call, row, "gpa") + value_or_0(call, row, "address"),
		.flags = value_or_0(call, row, "flags") + value_or_0(call, row, "mode"),
		.userspace_addr = value_or_0(call, row, "uaddr") + value_or_0(call, row, "source"),
		.attributes = value_or_0(call, row, "attributes"),
		.slot = value_or_0(call, row, "slot"),
		.address_width = 48, /* of a TD without a request for another width */
	};

	/* Some calls advance their arguments, which then describe the part that failed. */
	value_of_name(call->fields, "gpa", 3, &facts.gpa);
	value_of_name(call->fields, "source", 6, &facts.userspace_addr);
	if (takes(row, "pages") && value_of_name(call->fields, "pages", 5, &facts.size))
		facts.size *= PAGE;
	if (is(call, "fallocate") || is(call, "mmap"))
		facts.memory = memory_of(explain, fd);
	if (is(call, "region2") && facts.flags & GMEM_KVM_MEM_GUEST_MEMFD) {
		*other = (struct gmem_memory){ .ctx = &explain->ctx,
					       .fd = (int)call_value(call, "fd") };
		facts.memory = memory_of(explain, other->fd);
		facts.memory = facts.memory ? facts.memory : other;
	}
	if (facts.vm && fd != facts.vm->fd)
		facts.vcpu = vcpu_of(facts.vm, fd);
	return facts;
}

/*
 * Whether libgmem would not make the call: on objects that it does not have, or with
 * modes that it does not use.
 */
static bool is_foreign(const struct call *call, const struct gmem_facts *facts)
{
	if (is(call, "fallocate"))
		return !facts->memory ||
		       (facts->flags != KEEP_SIZE && facts->flags != (KEEP_SIZE | PUNCH_HOLE));
	if (is(call, "mmap"))
		return !facts->memory;
	if (!strncmp(call->operation->name, "tdx-", 4) && facts->vm &&
	    facts->vm->type != GMEM_VM_TDX)
		return true;
	if (is(call, "tdx-init-mem-region") && call_value(call, "pages") > UINT64_MAX / PAGE)
		return true;
	return call->target && !facts->vm;
}

/* "wraps_to_the_end": one word of a script stands for several. */
static void blank_out(char *text)
{
	while ((text = strchr(text, '_')))
		*text = ' ';
}

static bool says(const char *explanation, const char *why)
{
	char text[GMEM_EXPLANATION_MAX], words[256];

	snprintf(text, sizeof(text), "%s", explanation);
	snprintf(words, sizeof(words), "%s", why);
	blank_out(text);
	blank_out(words);
	return strstr(text, words);
}

const char *explain_check(struct explain *explain, const struct call *call, int64_t outcome,
			  const char *why, bool *known)
{
	const struct explained *row = find_row(call);
	const struct gmem_call *table;
	struct gmem_memory other;
	struct gmem_facts facts;

	*known = false;
	if (!row || outcome >= 0 || outcome < -4095 || outcome == -OUTCOME_OOPS ||
	    call->line->in_child ||
	    (call->run->kernel->ops->model && gmem_sim_oopsed(call->run->kernel)))
		return NULL;
	facts = learn(explain, call, row, &other);
	if (is_foreign(call, &facts))
		return NULL;
	table = is(call, "fallocate") && facts.flags & PUNCH_HOLE ? &gmem_call_punch : row->call;
	gmem_explain_call(table, &facts, (int)outcome);
	*known = true;
	if (strstr(explain->ctx.explanation, UNEXPLAINED) ||
	    (why && !says(explain->ctx.explanation, why)))
		return explain->ctx.explanation;
	return NULL;
}
