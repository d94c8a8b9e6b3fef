// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory: secretmem, NUMA nodes, the direct map's large pages. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/release.h"
#include "host/host.h"
#include "kernel/uapi.h"
#include "kvm/kvm.h"
#include "procfs/file.h"

#define NODES "/sys/devices/system/node/online"

static enum gmem_check_result check_secretmem(struct gmem_host *host,
					      const struct gmem_host_row *row)
{
	struct gmem_kernel *kernel = host->ctx->kernel;
	int fd = kernel->ops->create_file(kernel, GMEM_FILE_SECRET, gmem_page_size(host->ctx));

	(void)row;
	if (fd == -ENOSYS && gmem_host_told(host, "config.secretmem"))
		return GMEM_CHECK_SKIP;
	/* Built in, so it is switched off: the parameter is off by default before Linux 6.5. */
	if (fd == -ENOSYS)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      host->cpu.is_arm
					      ? "boot with secretmem.enable=1, and without "
						"rodata=off or rodata=noalias"
					      : "boot with secretmem.enable=1",
				      "memfd_secret() is not there");
	if (fd < 0)
		return gmem_host_unread(host, "memfd_secret", fd);
	kernel->ops->close(kernel, fd);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "memfd_secret() works");
}

static enum gmem_check_result check_nodes(struct gmem_host *host, const struct gmem_host_row *row)
{
	char nodes[128];
	int ret = gmem_read_line(host->ctx, NODES, nodes, sizeof(nodes));

	(void)row;
	if (ret)
		return gmem_host_unread(host, NODES, ret);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "online: %s", nodes);
}

/* Whether KVM offers what came with a later kernel: then the release is no evidence. */
static bool is_backported(const struct gmem_host *host)
{
	return (gmem_release_before(host->ctx->release, 6, 8) &&
		gmem_host_any_vm(host, GMEM_KVM_CAP_GUEST_MEMFD) > 0) ||
	       (gmem_release_before(host->ctx->release, 6, 18) &&
		gmem_host_any_vm(host, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS) > 0);
}

/* KVM cannot be asked: a kernel without takes the policy and ignores it. */
static enum gmem_check_result check_policy(struct gmem_host *host, const struct gmem_host_row *row)
{
	const char *release = host->ctx->release;
	char nodes[128];
	int heeds;

	(void)row;
	if (gmem_read_line(host->ctx, NODES, nodes, sizeof(nodes)) || !strpbrk(nodes, "-,"))
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "there is one node only");
	heeds = gmem_kernel_heeds_policy(host->ctx);
	if (heeds < 0 && is_backported(host))
		return gmem_host_find(
			host, GMEM_CHECK_CANNOT_TELL, NULL,
			"Linux %s has what its number is too low for, and /proc/kallsyms "
			"cannot be read",
			release);
	if (heeds <= 0)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "boot Linux 6.19 or newer, or call set_mempolicy() in the "
				      "thread that allocates",
				      "Linux %s ignores mbind() on guest_memfd", release);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "Linux %s heeds mbind() on guest_memfd",
			      release);
}

/* Splits are no fault: each removal from the direct map makes some. */
static enum gmem_check_result check_splits(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_directmap_counters counters = { .size = sizeof(counters) };
	int ret = gmem_directmap_get_counters(host->ctx, &counters);

	(void)row;
	if (ret == -ENODATA)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "/proc/vmstat does not count splits");
	if (ret)
		return gmem_host_unread(host, "/proc/vmstat", ret);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
			      "%" PRIu64 " of 2M and %" PRIu64 " of 1G mappings were split so far",
			      counters.splits[GMEM_LEVEL_PMD], counters.splits[GMEM_LEVEL_PUD]);
}

static const struct gmem_host_row rows[] = {
	{ "memory.secretmem", NULL, "memfd_secret offered", check_secretmem, false, NULL },
	{ "memory.nodes", NULL, "NUMA nodes", check_nodes, false, NULL },
	{ "memory.policy", "memory.nodes", "NUMA policy of guest_memfd", check_policy, false,
	  NULL },
	{ "memory.splits", NULL, "splits of the direct map are counted", check_splits, false,
	  NULL },
};

const struct gmem_host_subject gmem_host_memory = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
