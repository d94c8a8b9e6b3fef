// SPDX-License-Identifier: LGPL-2.1-or-later
/* Collects facts after a failure, and finds the condition that explains it. */
#include "kvm/explain/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kernel/uapi.h"
#include "kvm/explain/conditions.h"
#include "kvm/kvm.h"
#include "procfs/file.h"

static const struct {
	unsigned int number;
	size_t offset;
} extensions[] = {
	{ GMEM_KVM_CAP_VM_TYPES, offsetof(struct gmem_facts, vm_types) },
	{ GMEM_KVM_CAP_GUEST_MEMFD_FLAGS, offsetof(struct gmem_facts, offered_flags) },
	{ GMEM_KVM_CAP_MEMORY_ATTRIBUTES, offsetof(struct gmem_facts, offered_attributes) },
	{ GMEM_KVM_CAP_GUEST_MEMFD, offsetof(struct gmem_facts, guest_memfd) },
	{ GMEM_KVM_CAP_USER_MEMORY2, offsetof(struct gmem_facts, user_memory2) },
	{ GMEM_KVM_CAP_PRE_FAULT_MEMORY, offsetof(struct gmem_facts, pre_fault) },
	{ GMEM_KVM_CAP_NR_MEMSLOTS, offsetof(struct gmem_facts, max_slots) },
	{ GMEM_KVM_CAP_MAX_VCPUS, offsetof(struct gmem_facts, max_vcpus) },
	{ KVM_CAP_MAX_VCPU_ID, offsetof(struct gmem_facts, max_vcpu_ids) },
	{ GMEM_KVM_CAP_MULTI_ADDRESS_SPACE, offsetof(struct gmem_facts, address_spaces) },
};

static void learn_extensions(struct gmem_facts *facts, int fd)
{
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		int answer = gmem_check_extension(facts->ctx, fd, extensions[i].number);
		uint64_t value = answer > 0 ? (uint64_t)answer : 0;

		memcpy((char *)facts + extensions[i].offset, &value, sizeof(value));
	}
	/* For kernels that lack the capability which tells it. */
	if (!facts->vm_types)
		facts->vm_types = 1u << GMEM_VM_DEFAULT;
	if (!facts->max_vcpu_ids)
		facts->max_vcpu_ids = facts->max_vcpus;
	if (!facts->address_spaces)
		facts->address_spaces = 1;
}

/* kvm_vm_ioctl() refuses every ioctl alike on a dead VM and for another process. */
static void learn_vm(struct gmem_facts *facts)
{
	int alive = gmem_check_extension(facts->ctx, facts->vm->fd, GMEM_KVM_CAP_GUEST_MEMFD);

	facts->type = facts->vm->type;
	facts->vcpu_count = facts->vm->vcpu_count;
	facts->vm_pid = (uint64_t)facts->vm->pid;
	facts->own_pid = (uint64_t)gmem_own_pid(facts->ctx);
	facts->vm_error = alive < 0 ? (uint64_t)-alive : 0;
	if (!facts->vm_error)
		learn_extensions(facts, facts->vm->fd);
}

static void learn_device(struct gmem_facts *facts)
{
	const struct gmem_kernel_ops *ops = facts->ctx->kernel->ops;
	int fd = ops->open(facts->ctx->kernel, "/dev/kvm", O_RDWR);

	if (fd < 0)
		return;
	learn_extensions(facts, fd);
	ops->close(facts->ctx->kernel, fd);
}

static void learn_file(struct gmem_facts *facts)
{
	struct gmem_kernel *kernel = facts->ctx->kernel;
	struct stat st;
	int ret = kernel->ops->fstat(kernel, facts->memory->fd, &st);

	facts->file_error = ret < 0 ? (uint64_t)-ret : 0;
	facts->file_size = ret < 0 ? facts->memory->size : (uint64_t)st.st_size;
	facts->file_flags = facts->memory->flags;
}

static const struct gmem_condition *find_in(const struct gmem_condition *conditions, size_t count,
					    const struct gmem_facts *facts, int error)
{
	for (size_t i = 0; i < count; i++)
		if (conditions[i].error == error &&
		    (!conditions[i].holds || conditions[i].holds(facts)))
			return &conditions[i];
	return NULL;
}

static const struct gmem_condition *find(const struct gmem_call *call,
					 const struct gmem_facts *facts, int error)
{
	const struct gmem_condition *found = NULL;

	if (call->on_vm)
		found = find_in(gmem_conditions_of_vm, gmem_conditions_of_vm_count, facts, error);
	if (!found)
		found = find_in(call->conditions, call->count, facts, error);
	if (!found && call->makes_fd)
		found = find_in(gmem_conditions_of_fd, gmem_conditions_of_fd_count, facts, error);
	return found;
}

/* name stands for the result of the call. */
static int explain(const struct gmem_call *call, struct gmem_facts *facts, int error,
		   const char *name)
{
	char words[GMEM_EXPLANATION_MAX], next[GMEM_EXPLANATION_MAX];
	struct gmem_findings found = { 0 };
	const struct gmem_condition *condition;

	/* cppcheck-suppress autoVariables -- the facts are looked at below only */
	facts->found = &found;
	facts->release = facts->ctx->release;
	facts->page_size = gmem_page_size(facts->ctx);
	if (facts->vm)
		learn_vm(facts);
	else if (!facts->memory)
		learn_device(facts);
	if (facts->memory)
		learn_file(facts);

	condition = find(call, facts, -error);
	if (!condition)
		return gmem_fail(facts->ctx, error,
				 "%s: %s: no condition that libgmem knows of Linux %s explains "
				 "this; %s",
				 call->name, name, facts->release, call->unseen);
	gmem_words(facts, condition->words, words, sizeof(words));
	if (!condition->next)
		return gmem_fail(facts->ctx, error, "%s: %s: %s", call->name, name, words);
	gmem_words(facts, condition->next, next, sizeof(next));
	return gmem_fail(facts->ctx, error, "%s: %s: %s; %s", call->name, name, words, next);
}

int gmem_explain_call(const struct gmem_call *call, struct gmem_facts *facts, int error)
{
	const char *name = strerrordesc_np(-error);

	if (!name)
		name = error == -GMEM_KERNEL_OOPS ? "Kernel oops" : "unknown error";
	return explain(call, facts, error, name);
}

int gmem_explain_refusal(const struct gmem_call *call, struct gmem_facts *facts, int error)
{
	return explain(call, facts, error, "not called");
}
