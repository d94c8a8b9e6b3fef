// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel gives memory to a guest_memfd until nothing is left. Its pages can be neither
 * reclaimed nor swapped (mapping_set_unevictable() in kvm_gmem_create_file()), and count as no
 * process's: the OOM killer, which goes by resident pages (oom_badness() in mm/oom_kill.c), ends
 * one innocent process after the other. So populating stops before that.
 */
#include "procfs/headroom.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "procfs/file.h"
#include "procfs/meminfo.h"

#define STAYS 32 /* the part of all memory that the host keeps: one of so many */

bool gmem_headroom_read(struct gmem_ctx *ctx, struct gmem_headroom *out)
{
	uint64_t total = 0, available = 0, unevictable = 0;
	char *text;

	if (gmem_read_file(ctx, "/proc/meminfo", &text, NULL))
		return false;
	gmem_meminfo_bytes(text, "MemTotal", &total);
	gmem_meminfo_bytes(text, "MemAvailable", &available);
	gmem_meminfo_bytes(text, "Unevictable", &unevictable);
	free(text);
	out->available = available > total / STAYS ? available - total / STAYS : 0;
	out->unevictable = unevictable;
	return available;
}

int gmem_headroom_fail(struct gmem_ctx *ctx, uint64_t bytes)
{
	struct gmem_headroom room = { 0 };

	gmem_headroom_read(ctx, &room);
	return gmem_fail(
		ctx, -ENOMEM,
		"gmem_populate: Cannot allocate memory: %llu MiB are wanted, and the host "
		"can spare %llu MiB (MemAvailable of /proc/meminfo, less a thirty-second "
		"of all memory); a guest_memfd's pages can be neither swapped nor reclaimed "
		"and count as no process's, so that the kernel would end others for them",
		(unsigned long long)(bytes >> 20), (unsigned long long)(room.available >> 20));
}
