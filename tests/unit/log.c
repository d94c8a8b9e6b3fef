// SPDX-License-Identifier: GPL-2.0-or-later
/* What the library logs, and at which level. */
#include "unit.h"

#include <gmem/directmap.h>
#include <gmem/vm.h>

#include "port.h"
#include "sim/hooks.h"

static struct {
	char text[1 << 16];
	size_t length;
	enum gmem_log_level highest;
} told;

static void tell(enum gmem_log_level level, const char *message, void *arg)
{
	ck_assert_ptr_eq(arg, &told);
	ck_assert_ptr_null(strchr(message, '\n'));
	ck_assert_msg(!strstr(message, "0xffff"), "a kernel address: %s", message);
	if (level > told.highest)
		told.highest = level;
	told.length += (size_t)snprintf(told.text + told.length, sizeof(told.text) - told.length,
					"%d %s\n", (int)level, message);
	ck_assert_uint_lt(told.length, sizeof(told.text));
}

static struct gmem_ctx *listen_to(const char *model)
{
	struct gmem_ctx *ctx = port_ctx(model);

	memset(&told, 0, sizeof(told));
	gmem_ctx_set_log(ctx, tell, &told);
	return ctx;
}

static void said(const char *message)
{
	ck_assert_msg(strstr(told.text, message), "\"%s\" is not in \"%s\"", message, told.text);
}

START_TEST(logs_which_reader_is_used)
{
	struct gmem_ctx *ctx = listen_to("tdx");

	gmem_sim_fail_reader(port_sim(ctx), GMEM_READER_BPF, -EPERM);
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
	said("1 reader bpf: refused: this reader was made to fail: Operation not permitted\n");
	said("1 found the beginning of the direct map");
	said("1 page tables of 5 levels, a struct page of 64 bytes\n");
	said("1 reader kcore: open\n");
	ck_assert_int_eq(told.highest, GMEM_LOG_INFO);
	gmem_ctx_free(ctx);
}
END_TEST

/* The file was read, but not understood. */
START_TEST(logs_why_a_reader_is_of_no_use)
{
	struct gmem_ctx *ctx = listen_to("tdx");

	port_refuse_open(ctx, "/sys/kernel/vmcoreinfo", -ENOENT);
	ck_assert_int_lt(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
	said("1 reader bpf: of no use: /sys/kernel/vmcoreinfo cannot be read");
	port_fail_at(ctx, 0, 0);
	gmem_ctx_free(ctx);
}
END_TEST

START_TEST(logs_each_call)
{
	struct gmem_ctx *ctx = listen_to("tdx");
	struct gmem_vm *vm;

	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	said("2 KVM_CREATE_VM on fd ");
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 1u << 20), -EINVAL);
	said("2 KVM_CREATE_VCPU on fd ");
	said(": Invalid argument\n");
	said("2 KVM_CHECK_EXTENSION 66 on fd ");
	gmem_vm_free(vm);
	/* Without a log function the library logs nothing. */
	gmem_ctx_set_log(ctx, NULL, NULL);
	told.length = 0;
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_uint_eq(told.length, 0);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
}
END_TEST

/* A table that differs in every read. */
static int garble(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	static uint64_t other;
	int ret = port.real->read_kmem(kernel, requests, n);

	if (n > 1 && requests[n - 1].length == GMEM_KMEM_REQUEST_MAX && !requests[n - 1].result) {
		uint64_t *table = requests[n - 1].buffer;

		for (size_t i = 0; i < GMEM_KMEM_REQUEST_MAX / sizeof(*table); i++)
			table[i] ^= ++other << 12;
	}
	return ret;
}

static int none(const struct gmem_directmap_run *run, void *arg)
{
	(void)run;
	(void)arg;
	return 0;
}

START_TEST(logs_entries_that_changed)
{
	struct gmem_ctx *ctx = listen_to("tdx");

	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
	port_pretend(ctx)->read_kmem = garble;
	ck_assert_int_eq(gmem_directmap_walk(ctx, 0, 1, none, NULL), 0);
	said("2 page tables: entry ");
	said(" changed while it was read\n");
	gmem_ctx_free(ctx);
}
END_TEST

UNIT_MAIN("log", logs_which_reader_is_used, logs_why_a_reader_is_of_no_use, logs_each_call,
	  logs_entries_that_changed)
