// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated kernels of arm64: KVM's answers there, and what its stage 2 does to pages. */
#include "sim_test.h"

#include <linux/kvm.h>

#define GPA (1ull << 30)
#define MMAP 1u
#define INIT_SHARED 2u
#define NO_DIRECT_MAP 4u
#define PROTECTED (1u << 31)

struct guest {
	struct gmem_kernel *kernel;
	uint64_t page;
	int vm, vcpu, memory;
};

static struct guest make(const char *model, unsigned int type, uint64_t flags)
{
	struct guest g = { .kernel = sim_open(model) };

	g.page = 1ull << g.kernel->page_shift;
	g.vm = new_vm(g.kernel, type);
	ck_assert_int_ge(g.vm, 0);
	g.vcpu = new_vcpu(g.kernel, g.vm, 0);
	g.memory = new_gmem(g.kernel, g.vm, 4 * g.page, flags);
	ck_assert_int_eq(bind_gmem(g.kernel, g.vm, 0, g.memory, GPA, 4 * g.page), 0);
	return g;
}

static int access_page(const struct guest *g, uint64_t page, bool executes)
{
	ck_assert_int_eq(
		gmem_sim_guest_run_arm64(g->kernel, g->vcpu, GPA + page * g->page, executes), 0);
	return call(g->kernel, g->vcpu, KVM_RUN, NULL);
}

static int punch(const struct guest *g, uint64_t page)
{
	return g->kernel->ops->fallocate(g->kernel, g->memory, PUNCH, page * g->page, g->page);
}

static void lose(const struct guest *g, uint64_t page)
{
	int64_t pfn = gmem_sim_file_pfn(g->kernel, g->memory, page);

	ck_assert_int_gt(pfn, 0);
	ck_assert_int_eq(gmem_sim_set_direct_map(g->kernel, (uint64_t)pfn, false), 0);
}

static void check_oops(const struct guest *g, const char *function, const char *caller)
{
	const char *log = g->kernel->ops->log(g->kernel);

	ck_assert(gmem_sim_oopsed(g->kernel));
	ck_assert_ptr_nonnull(strstr(log, "Unable to handle kernel paging request"));
	ck_assert_ptr_nonnull(strstr(log, function));
	ck_assert_ptr_nonnull(strstr(log, caller));
	g->kernel->ops->destroy(g->kernel);
}

/* Capability 243 tells both together, and only on a VM. CTR_EL0 tells one of them. */
START_TEST(caches_are_told)
{
	static const struct {
		const char *model;
		int both;
		bool dic;
	} models[] = { { "arm64", 1, true },
		       { "arm64-no-direct-map", 0, false },
		       { "arm64-16k", 0, false } };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		struct gmem_kernel *kernel = sim_open(models[i].model);
		int kvm = kernel->ops->open(kernel, "/dev/kvm", O_RDWR), vm = new_vm(kernel, 0);
		uint64_t ctr;

		ck_assert_int_eq(kernel->ops->ioctl(kernel, vm, GMEM_KVM_CHECK_EXTENSION, 243),
				 models[i].both);
		ck_assert_int_eq(kernel->ops->ioctl(kernel, kvm, GMEM_KVM_CHECK_EXTENSION, 243),
				 -EINVAL);
		ck_assert_int_eq(kernel->ops->cache_type(kernel, &ctr), 0);
		ck_assert_int_eq(ctr >> 29 & 1, models[i].dic);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

/* Binds the memory again, with its mapping as userspace_addr. */
static int bind_mapped(const struct guest *g)
{
	struct gmem_kvm_userspace_memory_region2 region = {
		.flags = GMEM_KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = GPA,
		.memory_size = 4 * g->page,
		.guest_memfd = (uint32_t)g->memory,
	};
	void *mapping;

	ck_assert_int_eq(delete_slot(g->kernel, g->vm, 0), 0);
	ck_assert_int_eq(g->kernel->ops->mmap(g->kernel, 4 * g->page, PROT_READ | PROT_WRITE,
					      MAP_SHARED, g->memory, 0, &mapping),
			 0);
	region.userspace_addr = (uintptr_t)mapping;
	return call(g->kernel, g->vm, GMEM_KVM_SET_USER_MEMORY_REGION2, &region);
}

/* KVM accepts the VM and binds its memory, but the VM cannot run on it: pkvm_mem_abort(). */
START_TEST(protected_vm)
{
	struct gmem_kernel *plain = sim_open("arm64-16k");
	struct guest g = make("arm64", PROTECTED, MMAP | INIT_SHARED);

	ck_assert_int_eq(new_vm(plain, PROTECTED), -EINVAL);
	ck_assert_int_eq(call(g.kernel, g.vcpu, KVM_RUN, NULL), -ENOEXEC);
	/* Its memslot has no userspace_addr. */
	ck_assert_int_eq(access_page(&g, 0, false), -EFAULT);
	ck_assert_int_eq(gmem_sim_file_pfn(g.kernel, g.memory, 0), -ENOENT);
	ck_assert_int_eq(bind_mapped(&g), 0);
	ck_assert_int_eq(access_page(&g, 0, false), -EIO);
	ck_assert_int_gt(gmem_sim_file_pfn(g.kernel, g.memory, 0), 0);
	plain->ops->destroy(plain);
	g.kernel->ops->destroy(g.kernel);
}
END_TEST

/* The series takes pages out if the CPU has Force Write-Back. Without DIC that is not enough. */
START_TEST(execution_faults_without_dic)
{
	struct guest g = make("arm64-no-direct-map", 0, MMAP | INIT_SHARED | NO_DIRECT_MAP);
	int64_t pfn;

	ck_assert_int_eq(access_page(&g, 0, false), 0);
	pfn = gmem_sim_file_pfn(g.kernel, g.memory, 0);
	ck_assert(!gmem_sim_direct_map_present(g.kernel, (uint64_t)pfn));
	ck_assert_int_eq(access_page(&g, 0, false), 0);
	ck_assert_int_eq(punch(&g, 0), 0);
	ck_assert(gmem_sim_direct_map_present(g.kernel, (uint64_t)pfn));
	ck_assert_int_eq(access_page(&g, 0, true), -GMEM_KERNEL_OOPS);
	check_oops(&g, "pc : icache_inval_pou", " stage2_map_walker_try_leaf");
}
END_TEST

START_TEST(mapping_cleans_without_fwb)
{
	struct guest g = make("arm64-16k", 0, MMAP | INIT_SHARED);

	ck_assert_int_eq(access_page(&g, 0, true), 0);
	ck_assert_int_eq(punch(&g, 0), 0);
	ck_assert_int_eq(g.kernel->ops->fallocate(g.kernel, g.memory, KEEP, 0, g.page), 0);
	lose(&g, 0);
	/* The page is new, so the kernel clears it first. */
	ck_assert_int_eq(access_page(&g, 0, false), -GMEM_KERNEL_OOPS);
	check_oops(&g, "pc : __pi_clear_page", " kvm_gmem_get_pfn");
}
END_TEST

START_TEST(unmapping_cleans_without_fwb)
{
	struct guest g = make("arm64-16k", 0, MMAP | INIT_SHARED);

	ck_assert_int_eq(access_page(&g, 1, false), 0);
	lose(&g, 1);
	ck_assert_int_eq(access_page(&g, 1, false), 0);
	ck_assert_int_eq(punch(&g, 1), -GMEM_KERNEL_OOPS);
	check_oops(&g, "pc : dcache_clean_inval_poc", " stage2_unmap_walker");
}
END_TEST

/* With both features the CPU keeps its caches coherent, and pages may be out. */
START_TEST(nothing_faults_with_both)
{
	struct guest g = make("arm64", 0, MMAP | INIT_SHARED);

	ck_assert_int_eq(access_page(&g, 2, false), 0);
	lose(&g, 2);
	ck_assert_int_eq(access_page(&g, 2, true), 0);
	ck_assert_int_eq(punch(&g, 2), 0);
	ck_assert(!gmem_sim_oopsed(g.kernel));
	g.kernel->ops->destroy(g.kernel);
}
END_TEST

START_TEST(files_of_the_host)
{
	struct gmem_kernel *kernel = sim_open("arm64-16k");
	char text[8192];

	read_text(kernel, "/proc/iomem", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "40000000-13c5effff : System RAM\n"));
	ck_assert_ptr_null(strstr(text, "Reserved"));
	read_text(kernel, "/proc/cpuinfo", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "CPU implementer\t: 0x41\n"));
	read_text(kernel, "/proc/meminfo", text, sizeof(text));
	ck_assert_ptr_null(strstr(text, "DirectMap"));
	read_text(kernel, "/proc/vmstat", text, sizeof(text));
	ck_assert_ptr_null(strstr(text, "direct_map"));
	read_text(kernel, "/proc/zoneinfo", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "start_pfn:           65536\n"));
	read_text(kernel, "/boot/config-7.3.4-sim-arm64-16k", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "CONFIG_ARM64_16K_PAGES=y\n"));
	ck_assert_int_eq(kernel->ops->open(kernel, "/sys/module/kvm_amd/parameters/npt", O_RDONLY),
			 -ENOENT);
	kernel->ops->destroy(kernel);
}
END_TEST

SIM_MAIN("sim_arm64", caches_are_told, protected_vm, execution_faults_without_dic,
	 mapping_cleans_without_fwb, unmapping_cleans_without_fwb, nothing_faults_with_both,
	 files_of_the_host)
