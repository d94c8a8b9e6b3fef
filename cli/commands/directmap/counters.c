// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/directmap/counters.h"

/*
 * Why the kernel's own counters differ, where the sums tell it: the kernel only adds to them, and
 * never counts again. A page that leaves the direct map stays in them: __set_pages_np() of
 * arch/x86/mm/pat/set_memory.c does not count. A mapping that is there already counts once more for
 * each range of RAM that wants it at boot: phys_pud_init() in arch/x86/mm/init_64.c. A split of the
 * kernel image's own mapping counts as one of the direct map, since virt_addr_valid() is true of
 * it, too: __split_large_page() in arch/x86/mm/pat/set_memory.c.
 */
const char *counters_differ(const struct gmem_directmap_summary *summary)
{
	uint64_t lines = 0, tables = 0;

	for (int i = GMEM_LEVEL_PTE; i < GMEM_LEVEL_ROOM; i++) {
		lines += summary->meminfo[i];
		tables += summary->in_direct_map[i] + summary->outside[i];
	}
	if (lines == tables)
		return "the kernel counts splits of its image's own mapping as splits of the direct map";
	if (lines < tables + summary->holes || summary->unknown)
		return "the cause is not known";
	if (lines == tables + summary->holes)
		return "the lines still count the holes: pages that leave the direct map are not "
		       "subtracted";
	return summary->holes
		       ? "the lines still count the holes, and at boot the kernel counts some "
			 "mappings more than once"
		       : "at boot the kernel counts some mappings more than once";
}
