// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated SEV-SNP: launch commands in the order of their checks, the RMP, the flush. */
#include "kernel/uapi_sev.h"
#include "sim_test.h"

#define SIZE (8 * PAGE)
#define POLICY (GMEM_SNP_POLICY_RESERVED_ONE | GMEM_SNP_POLICY_SMT)

static int command(struct gmem_kernel *kernel, int vm, uint32_t id, void *data)
{
	struct gmem_kvm_sev_cmd cmd = { .id = id, .data = (uintptr_t)data };

	return call(kernel, vm, GMEM_KVM_MEMORY_ENCRYPT_OP, &cmd);
}

static int init2(struct gmem_kernel *kernel, int vm)
{
	struct gmem_kvm_sev_init init = { 0 };

	return command(kernel, vm, GMEM_KVM_SEV_INIT2, &init);
}

static int start(struct gmem_kernel *kernel, int vm, uint64_t policy)
{
	struct gmem_kvm_sev_snp_launch_start launch = { .policy = policy };

	return command(kernel, vm, GMEM_KVM_SEV_SNP_LAUNCH_START, &launch);
}

static int update(struct gmem_kernel *kernel, int vm, struct gmem_kvm_sev_snp_launch_update *u)
{
	return command(kernel, vm, GMEM_KVM_SEV_SNP_LAUNCH_UPDATE, u);
}

START_TEST(init2_checks)
{
	static const struct {
		unsigned int type;
		struct gmem_kvm_sev_init init;
		int expected;
	} rows[] = {
		{ 0, { 0 }, -EINVAL },
		{ 2, { 0 }, 0 },
		{ 3, { 0 }, 0 },
		{ 4, { 0 }, 0 },
		{ 4, { .flags = 1 }, -EINVAL },
		{ 4, { .vmsa_features = 1ull << 5 }, 0 },
		{ 4, { .vmsa_features = 1ull << 6 }, -EINVAL },
		{ 2, { .vmsa_features = 1ull << 5 }, -EINVAL },
		{ 2, { .ghcb_version = 2 }, -EINVAL },
		{ 3, { .ghcb_version = 1 }, 0 },
		{ 4, { .ghcb_version = 1 }, -EINVAL },
		{ 4, { .ghcb_version = 3 }, -EINVAL },
	};
	struct gmem_kernel *kernel = sim_open("snp");
	int vm = new_vm(kernel, 4), plain = new_vm(kernel, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct gmem_kvm_sev_init init = rows[i].init;

		ck_assert_msg(command(kernel, new_vm(kernel, rows[i].type), GMEM_KVM_SEV_INIT2,
				      &init) == rows[i].expected,
			      "row %zu", i);
	}
	ck_assert_int_eq(call(kernel, plain, GMEM_KVM_MEMORY_ENCRYPT_OP, NULL), 0);
	ck_assert_int_eq(call(kernel, plain, GMEM_KVM_MEMORY_ENCRYPT_OP, (void *)8), -EFAULT);
	ck_assert_int_eq(call(kernel, new_vcpu(kernel, plain, 0), GMEM_KVM_MEMORY_ENCRYPT_OP, NULL),
			 -ENOTTY);
	ck_assert_int_eq(command(kernel, vm, GMEM_KVM_SEV_INIT2, (void *)8), -EFAULT);
	ck_assert_int_eq(init2(kernel, vm), 0);
	ck_assert_int_eq(init2(kernel, vm), -EPERM);
	ck_assert_int_eq(command(kernel, vm, 5, NULL), -EPERM);
	ck_assert_int_eq(command(kernel, vm, 199, NULL), -EINVAL);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(start_checks)
{
	struct gmem_kvm_sev_snp_launch_start flags = { .policy = POLICY, .flags = 1 };
	struct gmem_kernel *kernel = sim_open("snp");
	int vm = new_vm(kernel, 4);

	ck_assert_int_eq(start(kernel, vm, POLICY), -ENOTTY);
	ck_assert_int_eq(init2(kernel, vm), 0);
	ck_assert_int_eq(command(kernel, vm, 100, (void *)8), -EFAULT);
	ck_assert_int_eq(command(kernel, vm, 100, &flags), -EINVAL);
	ck_assert_int_eq(start(kernel, vm, POLICY | 1ull << 40), -EINVAL);
	ck_assert_int_eq(start(kernel, vm, GMEM_SNP_POLICY_SMT), -EINVAL);
	ck_assert_int_eq(start(kernel, vm, POLICY), 0);
	ck_assert_int_eq(start(kernel, vm, POLICY), -EINVAL);
	kernel->ops->destroy(kernel);
}
END_TEST

struct guest {
	struct gmem_kernel *kernel;
	int vm, gmem, vcpu;
	char *source;
};

static struct guest launch(void)
{
	struct guest g = { .kernel = sim_open("snp"), .source = aligned_alloc(PAGE, SIZE) };

	memset(g.source, 1, SIZE);
	g.vm = new_vm(g.kernel, 4);
	ck_assert_int_eq(init2(g.kernel, g.vm), 0);
	ck_assert_int_eq(start(g.kernel, g.vm, POLICY), 0);
	g.vcpu = new_vcpu(g.kernel, g.vm, 0);
	g.gmem = new_gmem(g.kernel, g.vm, SIZE, 0);
	ck_assert_int_eq(bind_gmem(g.kernel, g.vm, 0, g.gmem, 0, SIZE), 0);
	ck_assert_int_eq(convert(g.kernel, g.vm, 0, SIZE, true), 0);
	return g;
}

static void end(struct guest *g)
{
	free(g->source);
	g->kernel->ops->destroy(g->kernel);
}

START_TEST(update_checks)
{
	struct guest g = launch();
	uint64_t source = (uintptr_t)g.source;
	struct {
		struct gmem_kvm_sev_snp_launch_update update;
		int expected;
	} rows[] = {
		{ { 0, source, 0, 1, 0, 0, 0, { 0 } }, -EINVAL },
		{ { 0, source, 100, 1, 0, 0, 0, { 0 } }, -EINVAL },
		{ { 0, source, PAGE, 1, 0, 1, 0, { 0 } }, -EINVAL },
		{ { 0, source, PAGE, 2, 0, 0, 0, { 0 } }, -EINVAL },
		{ { 0, source, PAGE, 7, 0, 0, 0, { 0 } }, -EINVAL },
		{ { 0, 0, PAGE, 1, 0, 0, 0, { 0 } }, -EINVAL },
		{ { 0, source + 1, PAGE, 1, 0, 0, 0, { 0 } }, -EINVAL },
		{ { 1000, source, PAGE, 1, 0, 0, 0, { 0 } }, -EINVAL },
		{ { 0, 0x1000, PAGE, 1, 0, 0, 0, { 0 } }, -EIO },
		{ { 0, 0, PAGE, 3, 0, 0, 0, { 0 } }, 0 },
		{ { 0, source, PAGE, 1, 0, 0, 0, { 0 } }, -EIO }, /* in the RMP already */
		{ { 1, source, PAGE, 6, 0, 0, 0, { 0 } }, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(update(g.kernel, g.vm, &rows[i].update) == rows[i].expected,
			      "row %zu", i);
	ck_assert_uint_eq(rows[9].update.gfn_start, 1);
	ck_assert_uint_eq(rows[9].update.len, 0);
	ck_assert_uint_eq(rows[11].update.uaddr, source + PAGE);
	ck_assert_int_eq(update(g.kernel, new_vm(g.kernel, 4), &rows[0].update), -EINVAL);
	end(&g);
}
END_TEST

START_TEST(update_progress)
{
	struct guest g = launch();
	struct gmem_kvm_sev_snp_launch_update u = { 0,	  (uintptr_t)g.source, 2 * SIZE, 1, 0, 0, 0,
						    { 0 } };

	convert(g.kernel, g.vm, 3 * PAGE, PAGE, false);
	ck_assert_int_eq(update(g.kernel, g.vm, &u), 0);
	ck_assert_uint_eq(u.gfn_start, 3);
	ck_assert_uint_eq(u.len, 2 * SIZE - 3 * PAGE);
	ck_assert_int_eq(update(g.kernel, g.vm, &u), -EIO);
	convert(g.kernel, g.vm, 3 * PAGE, PAGE, true);
	ck_assert_int_eq(update(g.kernel, g.vm, &u), 0);
	/* The kernel cuts the range at the end of the slot. */
	ck_assert_uint_eq(u.gfn_start, 8);
	end(&g);
}
END_TEST

START_TEST(finish_allows_pre_fault)
{
	struct gmem_kvm_sev_snp_launch_finish finish = { .flags = 1 };
	struct guest g = launch();

	ck_assert_int_eq(pre_fault(g.kernel, g.vcpu, 0, PAGE, NULL), -EOPNOTSUPP);
	ck_assert_int_eq(command(g.kernel, new_vm(g.kernel, 4), 102, &finish), -ENOTTY);
	ck_assert_int_eq(command(g.kernel, g.vm, 102, (void *)8), -EFAULT);
	ck_assert_int_eq(command(g.kernel, g.vm, 102, &finish), -EINVAL);
	finish.flags = 0;
	ck_assert_int_eq(command(g.kernel, g.vm, 102, &finish), 0);
	ck_assert_int_eq(pre_fault(g.kernel, g.vcpu, 0, SIZE, NULL), 0);
	end(&g);
}
END_TEST

/* The RMP splits the direct map, but removes nothing. */
START_TEST(rmp_splits)
{
	struct guest g = launch();
	struct gmem_kvm_sev_snp_launch_update u = {
		0, (uintptr_t)g.source, PAGE, 1, 0, 0, 0, { 0 }
	};
	unsigned long long before, after;
	char text[512];

	read_text(g.kernel, "/proc/vmstat", text, sizeof(text));
	sscanf(strstr(text, "level2_splits"), "level2_splits %llu", &before);
	ck_assert_int_eq(update(g.kernel, g.vm, &u), 0);
	read_text(g.kernel, "/proc/vmstat", text, sizeof(text));
	sscanf(strstr(text, "level2_splits"), "level2_splits %llu", &after);
	ck_assert_uint_eq(after, before + 1);
	ck_assert(gmem_sim_direct_map_present(g.kernel,
					      (uint64_t)gmem_sim_file_pfn(g.kernel, g.gmem, 0)));
	end(&g);
}
END_TEST

START_TEST(update_oops)
{
	struct guest g = launch();
	struct gmem_kvm_sev_snp_launch_update u = {
		0, (uintptr_t)g.source, PAGE, 1, 0, 0, 0, { 0 }
	};
	uint64_t pfn;

	g.kernel->ops->fallocate(g.kernel, g.gmem, KEEP, 0, PAGE);
	pfn = (uint64_t)gmem_sim_file_pfn(g.kernel, g.gmem, 0);
	gmem_sim_set_direct_map(g.kernel, pfn, false);
	ck_assert_int_eq(update(g.kernel, g.vm, &u), -GMEM_KERNEL_OOPS);
	ck_assert_ptr_nonnull(strstr(g.kernel->ops->log(g.kernel), "sev_gmem_post_populate+"));
	end(&g);
}
END_TEST

/* sev_gmem_make_shared() flushes pages that it takes back: at the punch, and at the last close. */
START_TEST(reclaim_oops)
{
	for (int closing = 0; closing < 2; closing++) {
		struct guest g = launch();
		struct gmem_kvm_sev_snp_launch_update u = {
			0, (uintptr_t)g.source, PAGE, 1, 0, 0, 0, { 0 }
		};

		ck_assert_int_eq(update(g.kernel, g.vm, &u), 0);
		gmem_sim_set_direct_map(g.kernel, (uint64_t)gmem_sim_file_pfn(g.kernel, g.gmem, 0),
					false);
		if (closing)
			ck_assert_int_eq(g.kernel->ops->close(g.kernel, g.gmem), 0);
		else
			ck_assert_int_eq(g.kernel->ops->fallocate(g.kernel, g.gmem, PUNCH, 0, SIZE),
					 -GMEM_KERNEL_OOPS);
		ck_assert(gmem_sim_oopsed(g.kernel));
		ck_assert_ptr_nonnull(
			strstr(g.kernel->ops->log(g.kernel), "sev_gmem_make_shared+"));
		end(&g);
	}
}
END_TEST

SIM_MAIN("sim_snp", init2_checks, start_checks, update_checks, update_progress,
	 finish_allows_pre_fault, rmp_splits, update_oops, reclaim_oops)
