// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dump that the test makes: what libgmem reads in it, and what it reports if a part is left out.
 */
#include "unit.h"

#include <gmem/gmem.h>

#include "base/context.h"
#include "made/dump.h"

static struct made made;

static struct gmem_ctx *begin(void)
{
	struct gmem_kernel *kernel;
	struct gmem_ctx *ctx;
	char why[256] = "";

	ck_assert_msg(!made_open(&made, why, sizeof(why), &kernel), "%s", why);
	ck_assert_int_eq(gmem_ctx_on(kernel, &ctx), 0);
	return ctx;
}

static void refuses(int error, const char *text)
{
	struct gmem_kernel *kernel;
	char why[256] = "";

	ck_assert_int_eq(made_open(&made, why, sizeof(why), &kernel), error);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
}

static void see_direct_map(const struct made_machine *machine, uint64_t ram)
{
	GMEM_STRUCT(gmem_directmap_summary, summary);
	GMEM_STRUCT(gmem_frame, frame);
	struct gmem_ctx *ctx;

	made_build_of(&made, machine);
	ctx = begin();
	ck_assert_str_eq(gmem_ctx_release(ctx), "7.3.4");
	ck_assert_str_eq(gmem_ctx_core(ctx), "made up");
	ck_assert_int_eq(gmem_directmap_summarize(ctx, NULL, NULL, &summary), 0);
	ck_assert_uint_eq(summary.ram, ram);
	ck_assert_uint_eq(summary.holes, 4096);
	ck_assert_uint_eq(summary.unknown, 0);
	ck_assert_int_eq(gmem_reader_evidence(ctx), GMEM_EVIDENCE_DUMP);
	ck_assert_int_eq(gmem_frame_get(ctx, MADE_HOLE, GMEM_EXTENT_DIRECT_MAP, &frame), 0);
	ck_assert_int_eq(frame.direct_map, GMEM_DIRECT_MAP_UNMAPPED);
	ck_assert_int_eq(frame.ram, 1);
	gmem_ctx_free(ctx);
}

START_TEST(direct_map_of_a_dump)
{
	/* The low megabyte counts as RAM if it is mapped, whatever its 64 pages are. */
	see_direct_map(&made_x86, 1u << 20);
	see_direct_map(&made_arm64, MADE_PAGES * 4096);
}
END_TEST

static int keep_two(const struct gmem_extent *extent, void *arg)
{
	struct gmem_extent *extents = arg;

	extents[extent->offset / 4096] = *extent;
	return 0;
}

/* Finds the one guest_memfd, with its owner. */
static struct gmem_owners *find(struct gmem_ctx *ctx, struct gmem_target **target)
{
	GMEM_STRUCT(gmem_owners_counts, counts);
	GMEM_STRUCT(gmem_owned, owned);
	struct gmem_owners *owners;

	int ret = gmem_owners_new(ctx, NULL, &owners);
	char why[512];

	gmem_explain(ctx, why, sizeof(why));
	ck_assert_msg(!ret, "%s", why);
	ck_assert_int_eq(gmem_owners_get_counts(owners, &counts), 0);
	ck_assert_uint_eq(counts.memories, 1);
	ck_assert_int_eq(gmem_owners_at(owners, 0, &owned), 0);
	ck_assert_uint_eq(owned.inode, MADE_INODE);
	ck_assert_int_eq(gmem_owners_open(owners, 0, target), 0);
	return owners;
}

static void see_guest_memfd(const struct made_machine *machine, bool anonymous)
{
	GMEM_STRUCT(gmem_target_info, info);
	GMEM_STRUCT(gmem_owner, owner);
	struct gmem_extent extents[2];
	struct gmem_owners *owners;
	struct gmem_target *target;
	struct gmem_ctx *ctx;

	made_build_as(&made, machine, anonymous);
	ctx = begin();
	owners = find(ctx, &target);
	ck_assert_int_eq(gmem_target_get_info(target, &info), 0);
	ck_assert_uint_eq(info.memory_size, 2 * 4096);
	ck_assert_uint_eq(info.resident, 2 * 4096);
	ck_assert_int_eq(info.vm_pid, MADE_PID);
	ck_assert_int_eq(gmem_owners_primary(owners, 0, info.vm_pid, &owner), 0);
	ck_assert_int_eq(owner.pid, MADE_PID);
	ck_assert_int_eq(owner.fd, 1);
	ck_assert_str_eq(owner.command, "vmm");
	ck_assert_int_eq(
		gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP, keep_two, extents), 0);
	ck_assert_uint_eq(extents[0].pfn, MADE_MAPPED);
	ck_assert_int_eq(extents[0].direct_map, GMEM_DIRECT_MAP_MAPPED);
	ck_assert_uint_eq(extents[1].pfn, MADE_HOLE);
	ck_assert_int_eq(extents[1].direct_map, GMEM_DIRECT_MAP_UNMAPPED);
	gmem_target_free(target);
	gmem_owners_free(owners);
	gmem_ctx_free(ctx);
}

START_TEST(guest_memfd_of_a_dump)
{
	see_guest_memfd(&made_x86, false);
	see_guest_memfd(&made_x86, true);
	see_guest_memfd(&made_arm64, false);
}
END_TEST

static int keep_reason(const struct gmem_directmap_run *run, void *arg)
{
	*(const char **)arg = run->direct_map == GMEM_DIRECT_MAP_UNKNOWN ? run->reason : NULL;
	return 0;
}

START_TEST(a_table_left_out)
{
	const char *reason = NULL;
	struct gmem_ctx *ctx;

	made_build(&made);
	made.left_out[MADE_TABLE] = true;
	ctx = begin();
	ck_assert_int_eq(gmem_directmap_walk(ctx, 512, 1, keep_reason, &reason), 0);
	ck_assert_str_eq(reason, "a page table was left out of the dump");
	gmem_ctx_free(ctx);
	made.left_out[0] = true;
	refuses(-GMEM_ENOTRECORDED, "page directory was left out");
}
END_TEST

static int keep_extent(const struct gmem_extent *extent, void *arg)
{
	*(const char **)arg = extent->has_pfn ? NULL : extent->reason;
	return 0;
}

START_TEST(a_node_left_out)
{
	const char *reason = NULL;
	struct gmem_owners *owners;
	struct gmem_target *target;
	struct gmem_ctx *ctx;

	made_build(&made);
	ctx = begin();
	owners = find(ctx, &target);
	made.left_out[made.node / 4096] = true;
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, 0, keep_extent, &reason), 0);
	ck_assert_str_eq(reason, "a node of the xarray was left out of the dump");
	gmem_target_free(target);
	gmem_owners_free(owners);
	gmem_ctx_free(ctx);
}
END_TEST

static void says(struct gmem_ctx *ctx, int error, const char *text)
{
	GMEM_STRUCT(gmem_directmap_summary, summary);
	char why[512];

	ck_assert_int_eq(gmem_directmap_summarize(ctx, NULL, NULL, &summary), error);
	gmem_explain(ctx, why, sizeof(why));
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
}

START_TEST(a_file_that_changes)
{
	struct gmem_ctx *ctx;

	made_build(&made);
	ctx = begin();
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
	ck_assert_int_ge(gmem_pfn_is_ram(ctx, 1), 0);
	made.error = -EIO;
	says(ctx, -EIO, "the dump is truncated or damaged");
	made.error = -ESTALE;
	says(ctx, -ESTALE, "the dump changed while it was read");
	gmem_ctx_free(ctx);
}
END_TEST

/* Returns what a kernel path would do on a page frame, and the reason. */
static enum gmem_verdict verdict(struct gmem_ctx *ctx, uint64_t pfn, const char *path,
				 const char **reason)
{
	const struct gmem_flush_subject subject = { .size = sizeof(subject), .vm_type = -1 };
	GMEM_STRUCT(gmem_flush_row, row);
	struct gmem_flush *flush;
	size_t i = 0;

	ck_assert_int_eq(gmem_flush_new(ctx, &subject, &flush), 0);
	ck_assert_int_eq(gmem_flush_add_pfns(flush, pfn, 1), 0);
	do
		ck_assert_int_eq(gmem_flush_row_at(flush, i++, &row), 0);
	while (strcmp(row.path->name, path) != 0);
	*reason = row.reason;
	gmem_flush_free(flush);
	return row.verdict;
}

/* The first place that has the word: the types, or the table of symbols behind them. */
static void lose_symbol(const char *name)
{
	memset(memmem(made.ram, sizeof(made.ram), name, strlen(name)), '_', strlen(name));
}

/* Makes a kernel's table of symbols without this one. */
static void without_symbol(const char *name)
{
	made_build(&made);
	lose_symbol(name);
}

/* KVM's own variables tell the types of VM, and these tell which paths can run. */
START_TEST(vm_types_tell_the_paths)
{
	const char *reason;
	struct gmem_ctx *ctx;

	made_build(&made);
	ctx = begin();
	ck_assert_int_eq(verdict(ctx, MADE_MAPPED, "gup-copy", &reason), GMEM_VERDICT_SAFE);
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "gup-copy", &reason), GMEM_VERDICT_FAULTS);
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "snp-reclaim", &reason),
			 GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(gmem_frame_access_owner(ctx), GMEM_ACCESS_OWNER_HOST);
	gmem_ctx_free(ctx);
	made_set(&made, made.caps, "kvm_caps", "supported_vm_types",
		 MADE_VM_TYPES | 1u << GMEM_VM_SNP);
	ctx = begin();
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "snp-reclaim", &reason), GMEM_VERDICT_FAULTS);
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "tdx-page-add", &reason),
			 GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(gmem_frame_access_owner(ctx), GMEM_ACCESS_OWNER_UNKNOWN);
	gmem_ctx_free(ctx);
	/* The number of TDX, on a CPU without TDX. */
	made_set(&made, made.caps, "kvm_caps", "supported_vm_types",
		 MADE_VM_TYPES | 1u << GMEM_VM_TDX);
	ctx = begin();
	ck_assert_int_ne(verdict(ctx, MADE_HOLE, "tdx-page-add", &reason), GMEM_VERDICT_FAULTS);
	gmem_ctx_free(ctx);
}
END_TEST

START_TEST(paths_without_the_symbols)
{
	const char *reason;
	struct gmem_ctx *ctx;

	/* A kernel without CONFIG_KALLSYMS_ALL: any KVM has ordinary VMs. */
	without_symbol("kvm_caps");
	ctx = begin();
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "gup-copy", &reason), GMEM_VERDICT_FAULTS);
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "snp-reclaim", &reason), GMEM_VERDICT_UNKNOWN);
	ck_assert_msg(strstr(reason, "not in the dump") != NULL, "%s", reason);
	gmem_ctx_free(ctx);
	/* The dump has no types of its kernel. The kernel may have no KVM at all. */
	without_symbol("__start_BTF");
	*strstr(made.vmcoreinfo, "SYMBOL(_stext)") = '#';
	ctx = begin();
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "gup-copy", &reason), GMEM_VERDICT_UNKNOWN);
	ck_assert_msg(strstr(reason, "not in the dump") != NULL, "%s", reason);
	ck_assert_int_eq(gmem_frame_access_owner(ctx), GMEM_ACCESS_OWNER_UNKNOWN);
	gmem_ctx_free(ctx);
}
END_TEST

/* Removes a key from vmcoreinfo. */
static void without(const char *key)
{
	made_build(&made);
	*strstr(made.vmcoreinfo, key) = '#';
}

START_TEST(vmcoreinfo_that_lacks_keys)
{
	struct gmem_owners *owners;
	struct gmem_ctx *ctx;
	char why[256];

	without("PAGESIZE");
	refuses(-ENODATA, "lacks PAGESIZE");
	without("OSRELEASE");
	refuses(-ENODATA, "which kernel");
	without("NUMBER(phys_base)");
	refuses(-ENODATA, "phys_base");
	/* Without symbols there are no types, and the place of RAM is unknown. */
	without("SYMBOL(kallsyms_names)");
	*strstr(made.vmcoreinfo, "SYMBOL(_stext)") = '#';
	ctx = begin();
	says(ctx, -GMEM_ENOTRECORDED, "left out of the dump, or not found");
	ck_assert_int_eq(gmem_owners_new(ctx, NULL, &owners), -ENODATA);
	gmem_explain(ctx, why, sizeof(why));
	ck_assert_msg(strstr(why, "the kernel needs CONFIG_DEBUG_INFO_BTF") != NULL, "%s", why);
	gmem_ctx_free(ctx);
}
END_TEST

static void set_register(size_t i, const char *member, uint64_t value)
{
	made_set(&made, made.registers[i], "__ftr_reg_entry", member, value);
}

static void set_value(size_t i, uint64_t value)
{
	made_set(&made, made.values[i], "arm64_ftr_reg", "sys_val", value);
}

static void as_it_is(void)
{
}

static void without_fwb(void)
{
	set_value(1, 0xfull << 36 | 0xfull << 44);
}

static void with_larger_fwb(void)
{
	set_value(1, 8ull << 40);
}

static void with_dic(void)
{
	set_value(MADE_REGISTERS - 1, 1 << 29);
}

static void without_table(void)
{
	lose_symbol("arm64_ftr_regs");
}

static void without_ctr(void)
{
	lose_symbol("arm64_ftr_reg_ctrel0");
}

static void without_types(void)
{
	lose_symbol("__ftr_reg_entry");
}

static void without_register(void)
{
	set_register(1, "sys_id", 0x180741);
}

static void out_of_order(void)
{
	set_register(2, "sys_id", 0x180740);
}

/* The entry of CTR_EL0 does not lead to its struct. */
static void not_the_table(void)
{
	set_register(MADE_REGISTERS - 1, "reg", made.image + made.values[0]);
}

static void without_an_end(void)
{
	set_register(MADE_REGISTERS - 1, "sys_id", 0x1b0040);
}

static void without_the_value(void)
{
	set_register(1, "reg", made.image + (uint64_t)MADE_PAGES * 4096);
}

/* Force Write-Back and DIC as the kernel keeps them; what is not certain stays unknown. */
START_TEST(arm64_caches)
{
	const enum gmem_verdict no = GMEM_VERDICT_NOT_APPLICABLE, faults = GMEM_VERDICT_FAULTS;
	const enum gmem_verdict unknown = GMEM_VERDICT_UNKNOWN;
	const struct {
		void (*change)(void);
		enum gmem_verdict map, exec; /* of stage2-map and stage2-map-exec */
	} rows[] = {
		{ as_it_is, no, faults },
		{ without_fwb, faults, faults },
		{ with_larger_fwb, no, faults },
		{ with_dic, no, no },
		{ without_table, unknown, faults },
		{ without_ctr, unknown, unknown },
		{ without_types, unknown, faults },
		{ without_register, unknown, faults },
		{ out_of_order, unknown, faults },
		{ not_the_table, unknown, faults },
		{ without_an_end, unknown, faults },
		{ without_the_value, unknown, faults },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reason;
		struct gmem_ctx *ctx;

		made_build_of(&made, &made_arm64);
		rows[i].change();
		ctx = begin();
		ck_assert_msg(verdict(ctx, MADE_HOLE, "stage2-map", &reason) == rows[i].map,
			      "row %zu: %s", i, reason);
		if (rows[i].map == unknown)
			ck_assert(strstr(reason, "(arm64_ftr_regs) is not read here"));
		ck_assert_msg(verdict(ctx, MADE_HOLE, "stage2-map-exec", &reason) == rows[i].exec,
			      "row %zu: %s", i, reason);
		gmem_ctx_free(ctx);
	}
}
END_TEST

/* Which paths an arm64 kernel has; what its vmcoreinfo must have. */
START_TEST(arm64_dump)
{
	const char *reason;
	struct gmem_ctx *ctx;

	made_build_of(&made, &made_arm64);
	ctx = begin();
	ck_assert_int_eq(verdict(ctx, MADE_HOLE, "gup-copy", &reason), GMEM_VERDICT_FAULTS);
	ck_assert_int_eq(verdict(ctx, MADE_MAPPED, "stage2-map-exec", &reason), GMEM_VERDICT_SAFE);
	gmem_ctx_free(ctx);
	made.left_out[MADE_TABLE] = true;
	ctx = begin();
	ck_assert_int_eq(gmem_directmap_walk(ctx, 512, 1, keep_reason, &reason), 0);
	ck_assert_str_eq(reason, "a page table was left out of the dump");
	gmem_ctx_free(ctx);
	*strstr(made.vmcoreinfo, "NUMBER(kimage_voffset)") = '#';
	refuses(-ENODATA, "lacks NUMBER(kimage_voffset), which one of aarch64 has");
	made_build_of(&made, &made_arm64);
	memcpy(strstr(made.vmcoreinfo, "VA_BITS)=48"), "VA_BITS)=99", 11);
	refuses(-EILSEQ, "no width that the kernel has");
}
END_TEST

/* The reader gets to the end of circular lists and trees. */
START_TEST(circular_lists_end)
{
	struct gmem_owners *owners;
	struct gmem_ctx *ctx;
	uint64_t at;

	made_build(&made);
	ctx = begin();
	ck_assert_int_eq(ctx->kernel->ops->symbol(ctx->kernel, "iomem_resource", &at), 0);
	made_set(&made, at - made.image, "resource", "child", at);
	ck_assert_int_lt(gmem_pfn_is_ram(ctx, 1), 0);
	ck_assert_int_eq(ctx->kernel->ops->symbol(ctx->kernel, "init_task", &at), 0);
	made_set(&made, at - made.image, "task_struct", "tasks", made.base + at - made.image + 512);
	made_put(&made, at - made.image + 512, made.base + at - made.image + 512);
	ck_assert_int_lt(gmem_owners_new(ctx, NULL, &owners), 0);
	gmem_ctx_free(ctx);
}
END_TEST

UNIT_MAIN("dump", direct_map_of_a_dump, guest_memfd_of_a_dump, a_table_left_out, a_node_left_out,
	  a_file_that_changes, vm_types_tell_the_paths, paths_without_the_symbols, arm64_dump,
	  arm64_caches, vmcoreinfo_that_lacks_keys, circular_lists_end)
