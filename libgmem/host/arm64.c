// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What decides on arm64 whether memory outside the linear map can be used: the mode that KVM runs
 * in, what the CPU does with its caches, and whether pages can leave the linear map at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "host/host.h"
#include "procfs/cmdline.h"
#include "procfs/file.h"
#include "verdict/facts.h"

#define WORD_MAX 64

/* Whether the kernel runs at EL2 (VHE), or at EL1 below KVM's own code (nVHE). */
enum level {
	LEVEL_UNKNOWN,
	LEVEL_VHE,
	LEVEL_NVHE,
};

/*
 * KVM takes the interrupt of the guests' virtual timer in any mode, and that of their physical
 * timer only if the kernel runs at EL2: arch_timer_populate_kvm_info() in
 * drivers/clocksource/arm_arch_timer.c, kvm_timer_hyp_init() in arch/arm64/kvm/arch_timer.c.
 * Returns 0, or why the interrupts cannot be read.
 */
static int find_level(struct gmem_ctx *ctx, enum level *level)
{
	char *text;
	int ret = gmem_read_file(ctx, "/proc/interrupts", &text, NULL);

	*level = LEVEL_UNKNOWN;
	if (ret)
		return ret;
	if (strstr(text, "kvm guest vtimer"))
		*level = strstr(text, "kvm guest ptimer") ? LEVEL_VHE : LEVEL_NVHE;
	free(text);
	return 0;
}

static enum gmem_check_result say_level(struct gmem_host *host)
{
	static const char *const words[] = {
		[LEVEL_UNKNOWN] = "not protected KVM; VHE or nVHE: /proc/interrupts has no timer "
				  "of KVM's guests, which would tell",
		[LEVEL_VHE] = "VHE: the kernel runs at EL2, by the timers of guests in "
			      "/proc/interrupts",
		[LEVEL_NVHE] = "nVHE: the kernel runs at EL1, by the timers of guests in "
			       "/proc/interrupts",
	};
	enum level level;
	int ret = find_level(host->ctx, &level);

	if (ret == -ENOMEM)
		return gmem_host_unread(host, "/proc/interrupts", ret);
	if (ret)
		return gmem_host_find(
			host, GMEM_CHECK_PASS, NULL,
			"not protected KVM; VHE or nVHE: /proc/interrupts, which would "
			"tell, cannot be read (%s)",
			gmem_error_words(ret));
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", words[level]);
}

/* early_kvm_mode_cfg() in arch/arm64/kvm/arm.c */
static enum gmem_check_result check_mode(struct gmem_host *host, const struct gmem_host_row *row)
{
	char mode[WORD_MAX];
	int ret = gmem_boot_value(host->ctx, "kvm-arm.mode", mode, sizeof(mode));

	(void)row;
	if (ret)
		return gmem_host_unread(host, "/proc/cmdline", ret);
	if (!strcmp(mode, "protected"))
		return gmem_host_find(
			host, GMEM_CHECK_PASS, NULL,
			"protected KVM: it makes VMs of type protected, too, the first of which "
			"taints the kernel; a page of such a VM is not the host's to touch, and "
			"the VM cannot run on guest_memfd (Linux 7.3)");
	if (!strcmp(mode, "nvhe"))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "nVHE, by kvm-arm.mode=nvhe");
	return say_level(host);
}

struct cache {
	bool is_fwb;
	const char *has, *has_not;
};

static const struct cache fwb = {
	true,
	"FEAT_S2FWB: KVM cleans no data cache through the linear map",
	"no FEAT_S2FWB: KVM cleans the data cache through the linear map, and would take a page fault "
	"on memory outside it",
};

static const struct cache dic = {
	false,
	"CTR_EL0.DIC: KVM invalidates no instruction cache through the linear map",
	"CTR_EL0.DIC is 0: KVM invalidates the instruction cache through the linear map, and would "
	"take a page fault on memory outside it when a guest first executes it",
};

/* A skip where the CPU lacks it: it matters to memory outside the linear map only. */
static enum gmem_check_result check_cache(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct cache *cache = row->about;
	int has_fwb, has_dic, has;

	gmem_flush_ask_cpu(host->ctx, &has_fwb, &has_dic);
	has = cache->is_fwb ? has_fwb : has_dic;
	if (has < 0)
		return gmem_host_find(
			host, GMEM_CHECK_CANNOT_TELL, GMEM_LOG_ARM64 " tells it",
			"KVM tells of Force Write-Back and DIC together only, and does "
			"not say that the CPU has both; the kernel's table of CPU features "
			"(arm64_ftr_regs) is not read here");
	return has ? gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", cache->has)
		   : gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "%s", cache->has_not);
}

static bool takes_secret_page(struct gmem_host *host)
{
	struct gmem_kernel *kernel = host->ctx->kernel;
	int fd = kernel->ops->create_file(kernel, GMEM_FILE_SECRET, gmem_page_size(host->ctx));

	if (fd >= 0)
		kernel->ops->close(kernel, fd);
	return fd >= 0;
}

/*
 * can_set_direct_map() in arch/arm64/mm/pageattr.c: yes where the linear map is in pages, or the
 * CPU can split blocks in use (BBM level 3).
 */
static enum gmem_check_result judge_options(struct gmem_host *host, const char *rodata,
					    const char *interval, const char *debug)
{
	bool blocks = !strcmp(rodata, "off") || !strcmp(rodata, "noalias");

	if (!blocks)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "the linear map is in pages, or in blocks that the CPU can "
				      "split (rodata is not switched off)");
	if (!strcmp(debug, "on") || !strcmp(interval, "0"))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "the linear map is in pages, by %s",
				      *debug ? "debug_pagealloc=on" : "kfence.sample_interval=0");
	return gmem_host_find(
		host, GMEM_CHECK_CANNOT_TELL,
		"boot without rodata=, or with kfence.sample_interval=0",
		"with rodata=%s the linear map may be in blocks: then no page can leave "
		"it, unless the CPU has BBM level 3",
		rodata);
}

static enum gmem_check_result check_direct_map(struct gmem_host *host,
					       const struct gmem_host_row *row)
{
	char rodata[WORD_MAX], interval[WORD_MAX], debug[WORD_MAX];
	int ret;

	(void)row;
	if (takes_secret_page(host))
		return gmem_host_find(
			host, GMEM_CHECK_PASS, NULL,
			"memfd_secret() works, as it does only where pages can leave");
	ret = gmem_boot_value(host->ctx, "rodata", rodata, sizeof(rodata));
	if (!ret)
		ret = gmem_boot_value(host->ctx, "kfence.sample_interval", interval,
				      sizeof(interval));
	if (!ret)
		ret = gmem_boot_value(host->ctx, "debug_pagealloc", debug, sizeof(debug));
	return ret ? gmem_host_unread(host, "/proc/cmdline", ret)
		   : judge_options(host, rodata, interval, debug);
}

static bool is_arm(const struct gmem_host *host)
{
	return host->cpu.is_arm;
}

static const struct gmem_host_row rows[] = {
	{ "arm64.kvm-mode", "kvm.access", "mode of KVM", check_mode, false, NULL },
	{ "arm64.fwb", "kvm.access", "Stage-2 Force Write-Back", check_cache, false, &fwb },
	{ "arm64.dic", "kvm.access", "instruction cache needs no invalidation", check_cache, false,
	  &dic },
	{ "arm64.direct-map", NULL, "pages can leave the linear map", check_direct_map, false,
	  NULL },
};

const struct gmem_host_subject gmem_host_arm64 = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.is_for = is_arm,
};
