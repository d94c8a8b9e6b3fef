// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of conditions, and errnos that a model does not return by itself. */
#include "unit.h"

#include <ctype.h>
#include <fcntl.h>

#include "core/advice.c"
#include "kvm/explain/conditions.h"
#include "kvm/explain/explain.h"
#include "kernel/uapi.h"
#include "port.h"

/* Every table of explain/. NULL ends the list. */
static const struct gmem_call *const gmem_calls[] = {
	&gmem_call_open_kvm,
	&gmem_call_create_vm,
	&gmem_call_create_vcpu,
	&gmem_call_wrap_vm,
	&gmem_call_wrap_vcpu,
	&gmem_call_create_guest_memfd,
	&gmem_call_wrap_guest_memfd,
	&gmem_call_set_cloexec,
	&gmem_call_allocate,
	&gmem_call_punch,
	&gmem_call_mmap,
	&gmem_call_mbind,
	&gmem_call_populate_write,
	&gmem_call_touch,
	&gmem_call_set_region,
	&gmem_call_set_attributes,
	&gmem_call_pre_fault,
	&gmem_call_tdx_capabilities,
	&gmem_call_split_irqchip,
	&gmem_call_tdx_init_vm,
	&gmem_call_tdx_get_cpuid,
	&gmem_call_set_cpuid,
	&gmem_call_tdx_init_vcpu,
	&gmem_call_tdx_init_mem_region,
	&gmem_call_tdx_finalize,
	&gmem_call_sev_init,
	&gmem_call_snp_start,
	&gmem_call_snp_update,
	&gmem_call_snp_finish,
	&gmem_call_convert_in_place,
	NULL,
};

static void check_text(const struct gmem_facts *facts, const char *text)
{
	char words[GMEM_EXPLANATION_MAX];

	ck_assert_msg(gmem_words(facts, text, words, sizeof(words)), "unknown name in \"%s\"",
		      text);
	ck_assert_uint_gt(strlen(words), 0);
	ck_assert_msg(!strchr(words, '{') && !strchr(words, '}'), "%s", words);
	ck_assert_msg(!strchr(words, '\n'), "%s", words);
	/* Pages may have other sizes, so the text must use {page_size}. */
	ck_assert_msg(!strstr(text, "multiple of 4096"), "%s", text);
	ck_assert_msg(words[strlen(words) - 1] != '.', "%s", words);
	ck_assert_msg(!isspace((unsigned char)words[strlen(words) - 1]), "%s", words);
}

static void check_conditions(const struct gmem_facts *facts,
			     const struct gmem_condition *conditions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct gmem_condition *condition = &conditions[i];

		ck_assert_int_gt(condition->error, 0);
		check_text(facts, condition->words);
		if (condition->next)
			check_text(facts, condition->next);
		/*
		 * If an earlier row always applies to the same errno, this
		 * row can never be reached.
		 */
		for (size_t earlier = 0; earlier < i; earlier++)
			ck_assert_msg(conditions[earlier].error != condition->error ||
					      conditions[earlier].holds,
				      "unreachable: %s", condition->words);
	}
}

START_TEST(every_condition_has_a_text)
{
	struct gmem_findings found = { 0 };
	const struct gmem_facts facts = { .release = "7.3.4", .found = &found };

	check_conditions(&facts, gmem_conditions_of_vm, gmem_conditions_of_vm_count);
	check_conditions(&facts, gmem_conditions_of_fd, gmem_conditions_of_fd_count);
	for (size_t i = 0; gmem_calls[i]; i++) {
		check_conditions(&facts, gmem_calls[i]->conditions, gmem_calls[i]->count);
		check_text(&facts, gmem_calls[i]->unseen);
		ck_assert_uint_gt(strlen(gmem_calls[i]->name), 0);
	}
}
END_TEST

START_TEST(names_in_braces_are_replaced)
{
	struct gmem_findings found = { .bad_flag = 4, .device_mode = 020660 };
	const struct gmem_facts facts = {
		.release = "7.3.4",
		.found = &found,
		.page_size = 65536,
		.type = GMEM_VM_SNP,
		.size = 1ull << 63,
		.offered_flags = 0x101,
		.vm_types = 0x41,
		.slot = 0x10002,
	};
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{ "Linux {release}", "Linux 7.3.4" },
		{ "of {page_size}", "of 65536" },
		{ "a {type} VM", "a snp VM" },
		{ "{size} is {signed_size}", "9223372036854775808 is -9223372036854775808" },
		{ "flag {bad_flag}", "flag no-direct-map (bit 2)" },
		{ "{offered_flags}", "mmap, bit 8" },
		{ "{vm_types}", "default, bit 6" },
		{ "{slot_flags}", "none" },
		{ "slot {slot}", "slot 0x10002" },
		{ "{device_mode}", "0660" },
		{ "call {do:convert} first", "call gmem_convert() first" },
		{ "", "" },
	};
	char words[GMEM_EXPLANATION_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert(gmem_words(&facts, cases[i].text, words, sizeof(words)));
		ck_assert_str_eq(words, cases[i].words);
	}
	ck_assert(!gmem_words(&facts, "{nothing}", words, sizeof(words)));
	ck_assert(!gmem_words(&facts, "{do:nothing}", words, sizeof(words)));
	ck_assert(!gmem_words(&facts, "{do:}", words, sizeof(words)));
	ck_assert(!gmem_words(&facts, "open {release", words, 8));
	ck_assert_str_eq(words, "open 7.");
}
END_TEST

static void make_memory(struct gmem_ctx *ctx, struct gmem_memory **memory)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = GMEM_PAGE_SIZE,
	};
	struct gmem_vm *vm;

	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, memory), 0);
	gmem_vm_free(vm);
}

static const char *one_word(const char *name, void *arg)
{
	return strcmp(name, "add-vcpu") ? NULL : arg;
}

/*
 * The message names the next step in the caller's words, if it has any. The command
 * has words for all steps.
 */
START_TEST(advice_in_words)
{
	struct gmem_ctx *ctx = port_ctx("tdx");
	struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = GMEM_POPULATE_PRE_FAULT,
	};
	char own[] = "a vCPU of your own";
	struct gmem_memory *memory;
	const char *name;

	ck_assert_ptr_nonnull(gmem_advice_name(0));
	for (size_t i = 0; (name = gmem_advice_name(i)); i++)
		ck_assert_msg(advice_words(name, NULL) != NULL, "the command lacks %s", name);
	ck_assert_ptr_null(advice_words("nothing", NULL));
	make_memory(ctx, &memory);
	ck_assert_int_eq(gmem_populate(NULL, memory, &options, NULL, NULL), -EINVAL);
	port_said(ctx, "add one with gmem_vm_add_vcpu()");
	gmem_ctx_set_advice(ctx, one_word, own);
	ck_assert_int_eq(gmem_populate(NULL, memory, &options, NULL, NULL), -EINVAL);
	port_said(ctx, "add one with a vCPU of your own");
	gmem_memory_free(memory);
	gmem_ctx_free(ctx);
}
END_TEST

static void is_explained(const struct gmem_ctx *ctx, int error, bool explained)
{
	char words[GMEM_EXPLANATION_MAX];

	gmem_explain_error(ctx, error, words, sizeof(words));
	ck_assert_msg(!!strcmp(words, strerror(-error)) == explained, "%d: %s", error, words);
}

/* On a kernel with larger pages, the model refuses addresses that are not aligned to them. */
START_TEST(unaligned_to_larger_pages)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = GMEM_PAGE_SIZE + 1,
	};
	struct gmem_ctx *ctx = port_ctx("plain");
	struct gmem_memory *memory;
	struct gmem_vm *vm;

	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	for (unsigned int shift = 12; shift <= 16; shift += 2) {
		char words[64];

		ctx->page_shift = shift;
		ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), -EINVAL);
		snprintf(words, sizeof(words), "size 4097 is no multiple of %u;", 1u << shift);
		port_said(ctx, words);
	}
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
}
END_TEST

/* Calls that only KVM on arm64 refuses, and calls that it does not have. */
START_TEST(calls_refused_on_arm64)
{
	static const struct {
		unsigned long request;
		int error;
		uint64_t flags, gpa;
		const char *says; /* of the slot; NULL: no reason of arm64 */
	} slots[] = {
		{ GMEM_KVM_SET_USER_MEMORY_REGION2, EINVAL, 0, 0, "with the flag mmap" },
		{ GMEM_KVM_SET_USER_MEMORY_REGION2, EINVAL, GMEM_MEMORY_MMAP, 0, NULL },
		{ GMEM_KVM_SET_USER_MEMORY_REGION2, EFAULT, GMEM_MEMORY_MMAP, 1ull << 40,
		  "40 bits" },
	};
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct gmem_memory_options options = {
			.size = sizeof(options),
			.memory_size = GMEM_PAGE_SIZE,
			.flags = slots[i].flags,
		};
		struct gmem_slot_options slot = {
			.size = sizeof(slot),
			.memory_size = GMEM_PAGE_SIZE,
			.gpa = slots[i].gpa,
		};
		struct gmem_ctx *ctx = port_ctx("plain");
		char words[GMEM_EXPLANATION_MAX];
		struct gmem_vm *vm;

		ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
		port_pretend(ctx)->machine = "aarch64";
		ck_assert_int_eq(gmem_memory_new(vm, &options, &slot.memory), 0);
		port_refuse_ioctl(ctx, slots[i].request, -slots[i].error);
		ck_assert_int_eq(gmem_slot_set(vm, &slot), -slots[i].error);
		gmem_explain(ctx, words, sizeof(words));
		if (slots[i].says)
			port_said(ctx, slots[i].says);
		else
			ck_assert_ptr_null(strstr(words, "arm64"));
		port_refuse_ioctl(ctx, GMEM_KVM_SET_MEMORY_ATTRIBUTES, -EINVAL);
		ck_assert_int_eq(gmem_convert(vm, 0, GMEM_PAGE_SIZE, true), -EINVAL);
		port_said(ctx, "KVM on arm64 has no memory attributes");
		gmem_memory_free(slot.memory);
		gmem_vm_free(vm);
		gmem_ctx_free(ctx);
	}
}
END_TEST

/* Sets a slot of one page that KVM must refuse with EFAULT. */
static void refuse_slot(struct gmem_vm *vm, uint64_t gpa)
{
	struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.memory_size = gmem_page_size(vm->ctx),
		.gpa = gpa,
	};

	ck_assert_int_eq(gmem_slot_set(vm, &slot), -EFAULT);
}

/* The CPU and the type of the VM limit guest addresses. */
START_TEST(guest_addresses_beyond_arm64)
{
	struct gmem_ctx *ctx = port_ctx("arm64-16k");
	const struct gmem_kernel_ops *ops = ctx->kernel->ops;
	struct gmem_vm *vm, *other;
	int kvm, fd;

	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	refuse_slot(vm, 1ull << 40);
	port_said(ctx, "is beyond 0x10000000000: a VM has guest addresses of 40 bits, unless");
	refuse_slot(vm, 1ull << 44);
	port_said(ctx, "is beyond 0x100000000000, where guest addresses end on this CPU");

	/* A VM of 36 bits that another program has created. */
	kvm = ops->open(ctx->kernel, "/dev/kvm", O_RDWR | O_CLOEXEC);
	fd = ops->ioctl(ctx->kernel, kvm, GMEM_KVM_CREATE_VM, 36);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, fd, GMEM_VM_DEFAULT, &other), 0);
	refuse_slot(other, 1ull << 36);
	port_said(ctx, "the type that it was created with says how many bits they have");
	gmem_vm_free(other);
	ck_assert_int_eq(ops->close(ctx->kernel, fd), 0);
	ck_assert_int_eq(ops->close(ctx->kernel, kvm), 0);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);

	/* With protected KVM each VM has the CPU's width. */
	ctx = port_ctx("arm64");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	refuse_slot(vm, 1ull << 52);
	port_said(ctx, "where guest addresses end on this CPU");
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
}
END_TEST

/* An explanation belongs to one errno, and to the last call. */
START_TEST(explanation_is_of_the_last_call)
{
	struct gmem_ctx *ctx = port_ctx("plain");
	unsigned int fds = gmem_sim_open_fds(port_sim(ctx));
	struct gmem_owners *owners;
	struct gmem_owned owned = { .size = sizeof(owned) };
	char words[8] = "?";
	struct gmem_vm *vm;

	is_explained(ctx, 0, false);
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), 0);
	is_explained(ctx, 0, false);

	/* A second request returns the same explanation. */
	ck_assert_int_eq(gmem_slot_delete(vm, 3), -EINVAL);
	is_explained(ctx, -EINVAL, true);
	is_explained(ctx, -EINVAL, true);
	is_explained(ctx, -ENOENT, false);
	is_explained(ctx, 0, false);
	port_said(ctx, "no slot 3");

	/* If a call fails without an explanation, the one of an older call must not be returned. */
	ck_assert_int_eq(gmem_owners_open(owners, 99, NULL), -ENOENT);
	is_explained(ctx, -ENOENT, true);
	ck_assert_int_eq(gmem_owners_at(owners, 99, &owned), -ENOENT);
	is_explained(ctx, -ENOENT, false);
	ck_assert_int_eq(gmem_explain(ctx, words, sizeof(words)), 0);
	ck_assert_str_eq(words, "");

	/*
	 * A successful call has no explanation. A call that cannot fail keeps the last one.
	 */
	ck_assert_int_eq(gmem_slot_delete(vm, 3), -EINVAL);
	ck_assert_str_eq(gmem_ctx_model(ctx), "plain");
	ck_assert_int_ge(gmem_vm_fd(vm), 0);
	is_explained(ctx, -EINVAL, true);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	is_explained(ctx, -EINVAL, false);

	gmem_owners_free(owners);
	gmem_vm_free(vm);
	port_ctx_free(ctx, fds, 0);
}
END_TEST

/* Calls on a VM. The tables know the errnos for which each is refused. */
static int do_vcpu(struct gmem_vm *vm)
{
	return gmem_vm_add_vcpu(vm, 0);
}

static int do_memory(struct gmem_vm *vm)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = GMEM_PAGE_SIZE,
	};
	struct gmem_memory *memory;

	return gmem_memory_new(vm, &options, &memory);
}

static int do_slot(struct gmem_vm *vm)
{
	const struct gmem_slot_options options = {
		.size = sizeof(options),
		.memory_size = GMEM_PAGE_SIZE,
	};

	return gmem_slot_set(vm, &options);
}

static int do_convert(struct gmem_vm *vm)
{
	return gmem_convert(vm, 0, GMEM_PAGE_SIZE, true);
}

static const struct {
	int (*call)(struct gmem_vm *vm);
	unsigned long request;
	int error;
	const char *words;
} refusals[] = {
	{ do_vcpu, GMEM_KVM_CREATE_VCPU, EMFILE, "no free file descriptor" },
	{ do_vcpu, GMEM_KVM_CREATE_VCPU, ENOMEM, "no memory left for a vCPU" },
	{ do_vcpu, GMEM_KVM_CREATE_VCPU, EDOM, "no condition that libgmem knows" },
	{ do_memory, GMEM_KVM_CREATE_GUEST_MEMFD, EMFILE, "no free file descriptor" },
	{ do_memory, GMEM_KVM_CREATE_GUEST_MEMFD, ENFILE, "fs.file-max" },
	{ do_memory, GMEM_KVM_CREATE_GUEST_MEMFD, ENOENT, "being unloaded" },
	{ do_memory, GMEM_KVM_CREATE_GUEST_MEMFD, EACCES, "security module" },
	{ do_memory, GMEM_KVM_CREATE_GUEST_MEMFD, EINVAL,
	  "KVM_CREATE_GUEST_MEMFD: Invalid argument: no condition that libgmem knows of Linux "
	  "7.3.4-sim explains this; flags, size and VM are as the kernel wants them" },
	{ do_memory, GMEM_KVM_CREATE_GUEST_MEMFD, EIO, "no condition that libgmem knows" },
	{ do_slot, GMEM_KVM_SET_USER_MEMORY_REGION2, ENOMEM, "the slot's tables" },
	{ do_slot, GMEM_KVM_SET_USER_MEMORY_REGION2, EEXIST, "one may be in the way" },
	{ do_convert, GMEM_KVM_SET_MEMORY_ATTRIBUTES, EINTR, "no condition that libgmem knows" },
};

START_TEST(refused)
{
	struct gmem_ctx *ctx = port_ctx("plain");
	unsigned int fds = gmem_sim_open_fds(port_sim(ctx));
	struct gmem_vm *vm;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		port_fail_at(ctx, 0, 0);
		ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
		port_refuse_ioctl(ctx, refusals[i].request, -refusals[i].error);
		ck_assert_int_eq(refusals[i].call(vm), -refusals[i].error);
		port_said(ctx, refusals[i].words);
		gmem_vm_free(vm);
	}
	port_fail_at(ctx, 0, 0);
	port_ctx_free(ctx, fds, 0);
}
END_TEST

/*
 * The errnos of each call on Linux 7.3. EFAULT for a missing struct is left out, and so are errors
 * of flags that libgmem never passes.
 */
static const struct {
	const struct gmem_call *call;
	int errors[12];
} possible[] = {
	{ &gmem_call_create_vm, { EINVAL, EMFILE, ENFILE, ENOMEM } },
	{ &gmem_call_create_guest_memfd,
	  { EIO, EINVAL, EMFILE, ENOMEM, ENOENT, EACCES, ENFILE, ENOTTY } },
	{ &gmem_call_set_region, { EIO, EINVAL, EEXIST, ENOMEM, EBADF } },
	{ &gmem_call_set_attributes, { ENOTTY, EIO, EINVAL, ENOMEM } },
	{ &gmem_call_pre_fault,
	  { EIO, EINTR, EFAULT, EINVAL, EOPNOTSUPP, ENOENT, EAGAIN, EHWPOISON, ENOMEM } },
	{ &gmem_call_tdx_capabilities, { ENOTTY, EIO, E2BIG, ENOMEM } },
	{ &gmem_call_tdx_init_vm, { EIO, EINVAL, EINTR, E2BIG, ENOMEM, EBUSY, ENOSPC, EAGAIN } },
	{ &gmem_call_create_vcpu, { EIO, EINVAL, EEXIST, ENOMEM, EMFILE } },
	{ &gmem_call_tdx_init_vcpu, { EIO, EINVAL, EINTR, ENOMEM } },
	{ &gmem_call_tdx_init_mem_region,
	  { EIO, EFAULT, EINVAL, EINTR, ENOMEM, EPERM, EHWPOISON } },
	{ &gmem_call_tdx_finalize, { EIO, EINVAL, EINTR, EBUSY } },
	{ &gmem_call_tdx_get_cpuid, { EIO, EINVAL, EINTR, E2BIG, ENOMEM } },
	{ &gmem_call_allocate, { EBADF, EINVAL, EFBIG, EINTR, ENOMEM } },
	{ &gmem_call_punch, { EBADF, EINVAL, EFBIG, EINTR } },
	{ &gmem_call_mmap, { EINVAL, EPERM, ENODEV, ENOMEM, EAGAIN } },
	{ &gmem_call_populate_write, { EINVAL, EFAULT, EHWPOISON, EINTR, ENOMEM } },
	{ &gmem_call_touch, { EFAULT } },
};

static bool has_error(const struct gmem_condition *conditions, size_t count, int error)
{
	for (size_t i = 0; i < count; i++)
		if (conditions[i].error == error)
			return true;
	return false;
}

START_TEST(every_errno)
{
	for (size_t i = 0; i < sizeof(possible) / sizeof(possible[0]); i++) {
		const struct gmem_call *call = possible[i].call;

		for (size_t k = 0; possible[i].errors[k]; k++) {
			int error = possible[i].errors[k];

			ck_assert_msg(has_error(call->conditions, call->count, error) ||
					      (call->on_vm &&
					       has_error(gmem_conditions_of_vm,
							 gmem_conditions_of_vm_count, error)) ||
					      (call->makes_fd &&
					       has_error(gmem_conditions_of_fd,
							 gmem_conditions_of_fd_count, error)),
				      "%s: %s", call->name, strerror(error));
		}
	}
}
END_TEST

UNIT_MAIN("explain", calls_refused_on_arm64, guest_addresses_beyond_arm64,
	  every_condition_has_a_text, names_in_braces_are_replaced, advice_in_words,
	  unaligned_to_larger_pages, explanation_is_of_the_last_call, refused, every_errno)
