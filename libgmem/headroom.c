// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel gives a guest_memfd memory until there is none. Its pages can be neither reclaimed nor
 * swapped (mapping_set_unevictable() in kvm_gmem_create_file()), and count as no process's: the OOM
 * killer, which goes by resident pages (oom_badness() in mm/oom_kill.c), ends one innocent process
 * after the other. So what is populated stops short of that.
 */
#include "headroom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STAYS 32 /* the part of all memory that the host keeps: one of so many */

/* "\nMemTotal:  24713216 kB"; 0 where there is no such line. */
static uint64_t bytes_of(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line ? strtoull(line + strlen(key), NULL, 10) * 1024 : 0;
}

bool gmem_headroom_read(struct gmem_ctx *ctx, struct gmem_headroom *out)
{
	uint64_t available, stays;
	char *text;

	if (gmem_read_file(ctx, "/proc/meminfo", &text, NULL))
		return false;
	stays = bytes_of(text, "MemTotal:") / STAYS;
	available = bytes_of(text, "\nMemAvailable:");
	out->available = available > stays ? available - stays : 0;
	out->unevictable = bytes_of(text, "\nUnevictable:");
	free(text);
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
