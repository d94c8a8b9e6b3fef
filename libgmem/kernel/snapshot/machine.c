// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which machine the host is. "gmemctl report" writes it into the index. The files of a sosreport do
 * not say it, but /proc/cpuinfo has lines that only arm64 has (c_show() in
 * arch/arm64/kernel/cpuinfo.c). It does not tell how large a page is; the configuration of the
 * kernel may, see procfs/page_shift.h.
 */
#include "kernel/snapshot/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARM64_LINE "\nCPU implementer"

int gmem_snapshot_find_machine(struct gmem_snapshot *snapshot)
{
	char *cpus;
	int ret;

	if (snapshot->index.machine) {
		snapshot->ops.machine = snapshot->index.machine;
		snapshot->kernel.page_shift = snapshot->index.page_shift;
		return 0;
	}
	ret = gmem_snapshot_file_text(snapshot, "/proc/cpuinfo", GMEM_SNAPSHOT_FILE_MAX, &cpus);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	if (strstr(cpus, ARM64_LINE)) {
		snapshot->ops.machine = "aarch64";
		snapshot->kernel.page_shift = 0;
	}
	free(cpus);
	return 0;
}
