// SPDX-License-Identifier: GPL-2.0-or-later
/* NUMA nodes of the host: what each has, their distances, and which of them may be used. */
#include "unit.h"

#include "port.h"
#include "procfs/nodes.h"

#define GIB (1ull << 30)

static struct gmem_ctx *ctx;
static struct gmem_nodes *nodes;

static void setup(const char *model)
{
	ctx = port_ctx(model);
	ck_assert_int_eq(gmem_nodes_new(ctx, &nodes), 0);
}

static void teardown(void)
{
	gmem_nodes_free(nodes);
	gmem_ctx_free(ctx);
}

START_TEST(values_of_two_nodes)
{
	struct gmem_node first = { .size = sizeof(first) }, second = first, none = first;

	setup("tdx");
	ck_assert_int_eq(gmem_nodes_at(nodes, 0, &first), 0);
	ck_assert_int_eq(gmem_nodes_at(nodes, 1, &second), 0);
	ck_assert_int_eq(gmem_nodes_at(nodes, 2, &none), -ENOENT);
	ck_assert_int_eq(first.number, 0);
	ck_assert_int_eq(second.number, 1);
	ck_assert(first.total > GIB && first.free > GIB && first.free < first.total);
	ck_assert(second.total > GIB && second.allowed && first.allowed);
	ck_assert_str_ne(first.cpus, second.cpus);
	ck_assert_uint_eq(first.reclaimable, 0);
	ck_assert_int_eq(gmem_nodes_distance(nodes, 0, 0), 10);
	ck_assert_int_eq(gmem_nodes_distance(nodes, 0, 1), 21);
	ck_assert_int_eq(gmem_nodes_distance(nodes, 1, 0), 21);
	ck_assert_int_eq(gmem_nodes_distance(nodes, 1, 1), 10);
	ck_assert_int_eq(gmem_nodes_distance(nodes, 1, 2), -ENOENT);
	ck_assert_int_eq(gmem_nodes_distance(nodes, -1, 0), -ENOENT);
	teardown();
	gmem_nodes_free(NULL);
}
END_TEST

/* Memory that a guest takes from a node is not free there any more. */
START_TEST(free_memory)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = 8 << 20,
		.flags = GMEM_MEMORY_MMAP,
	};
	const unsigned long second = 2;
	struct gmem_node before[2] = { { .size = sizeof(before[0]) },
				       { .size = sizeof(before[0]) } };
	struct gmem_node after[2] = { before[0], before[1] };
	struct gmem_memory *memory;
	struct gmem_vm *vm;

	setup("no-direct-map");
	gmem_nodes_at(nodes, 0, &before[0]);
	gmem_nodes_at(nodes, 1, &before[1]);
	gmem_nodes_free(nodes);
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, 8 << 20, 2, &second, 2), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 8 << 20), 0);
	ck_assert_int_eq(gmem_nodes_new(ctx, &nodes), 0);
	gmem_nodes_at(nodes, 0, &after[0]);
	gmem_nodes_at(nodes, 1, &after[1]);
	ck_assert_uint_eq(before[1].free - after[1].free, 8 << 20);
	ck_assert_uint_eq(before[0].free, after[0].free);
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	teardown();
}
END_TEST

START_TEST(missing_files_are_no_data)
{
	struct gmem_node node = { .size = sizeof(node) };

	ctx = port_ctx("tdx");
	port_refuse_open(ctx, "/sys/devices/system/node/node1/distance", -ENOENT);
	ck_assert_int_eq(gmem_nodes_new(ctx, &nodes), 0);
	ck_assert_int_eq(gmem_nodes_distance(nodes, 1, 0), -ENODATA);
	ck_assert_int_eq(gmem_nodes_distance(nodes, 0, 1), 21);
	gmem_nodes_free(nodes);
	/* A kernel without cpusets lacks this line. */
	port_refuse_open(ctx, "/proc/self/status", -ENOENT);
	ck_assert_int_eq(gmem_nodes_new(ctx, &nodes), 0);
	gmem_nodes_at(nodes, 1, &node);
	ck_assert(node.allowed);
	gmem_nodes_free(nodes);
	port_refuse_open(ctx, "/sys/devices/system/node/node1/meminfo", -EACCES);
	ck_assert_int_eq(gmem_nodes_new(ctx, &nodes), -EACCES);
	port_said(ctx, "/sys/devices/system/node cannot be read: Permission denied");
	port_fail_at(ctx, 0, 0);
	gmem_ctx_free(ctx);
}
END_TEST

static int no_node(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn, void *arg)
{
	(void)kernel;
	(void)path;
	return fn("online", arg) || fn("node", arg) || fn("node5000", arg) || fn("node1x", arg);
}

START_TEST(no_numa)
{
	ctx = port_ctx("plain");
	port_pretend(ctx)->list_directory = no_node;
	ck_assert_int_eq(gmem_nodes_new(ctx, &nodes), -ENOENT);
	port_said(ctx, "is built without CONFIG_NUMA");
	gmem_ctx_free(ctx);
}
END_TEST

START_TEST(every_call_fails_once)
{
	unsigned int n = 1;
	int ret;

	ctx = port_ctx("tdx");
	for (;; n++) {
		port_fail_at(ctx, n, -EIO);
		ret = gmem_nodes_new(ctx, &nodes);
		if (!port_failed(ctx))
			break;
		ck_assert(!ret || ret == -EIO);
		if (!ret)
			gmem_nodes_free(nodes);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 7);
	teardown();
}
END_TEST

START_TEST(numbers_in_a_list)
{
	ck_assert(gmem_list_has("0-3,8", 0));
	ck_assert(gmem_list_has("0-3,8", 3));
	ck_assert(gmem_list_has("0-3,8\n", 8));
	ck_assert(gmem_list_has("1023", 1023));
	ck_assert(!gmem_list_has("0-3,8", 4));
	ck_assert(!gmem_list_has("", 0));
	ck_assert(!gmem_list_has("\n", 0));
	ck_assert(!gmem_list_has("3-", 4));
	ck_assert(!gmem_list_has("x", 0));
}
END_TEST

UNIT_MAIN("nodes", values_of_two_nodes, free_memory, missing_files_are_no_data, no_numa,
	  every_call_fails_once, numbers_in_a_list)
