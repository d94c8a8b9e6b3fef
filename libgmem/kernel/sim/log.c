// SPDX-License-Identifier: LGPL-2.1-or-later
/* The model's dmesg, and the oops that ends in it. */
#include <stdarg.h>
#include <stdio.h>

#include "kernel/sim/internal.h"

void sim_log(struct gmem_sim *sim, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	sim_text_printf(&sim->dmesg, "[%5llu.%06llu] %s\n",
			(unsigned long long)(sim->clock / 1000000000),
			(unsigned long long)(sim->clock / 1000 % 1000000), line);
}

/* The lines of page_fault_oops() and of the dump that follows. */
static void log_oops(struct gmem_sim *sim, uint64_t address, const struct sim_walk *walk,
		     enum sim_access access, const char *const *chain)
{
	unsigned int code = (walk->present ? 1 : 0) | (access == SIM_ACCESS_WRITE ? 2 : 0);

	sim_log(sim, "BUG: unable to handle page fault for address: %016llx",
		(unsigned long long)address);
	sim_log(sim, "#PF: supervisor %s access in kernel mode",
		access == SIM_ACCESS_WRITE ? "write" : "read");
	sim_log(sim, "#PF: error_code(0x%04x) - %s", code,
		walk->present ? "permissions violation" : "not-present page");
	sim_log(sim, "%s %llx", walk->level == SIM_LEVEL_4K ? "PTE" : "PMD",
		(unsigned long long)walk->value);
	sim_log(sim, "Oops: Oops: %04x [#1] SMP NOPTI", code);
	sim_log(sim, "RIP: 0010:%s+0x3e/0x60", chain[0]);
	sim_log(sim, "CR2: %016llx", (unsigned long long)address);
	sim_log(sim, "Call Trace:");
	sim_log(sim, " <TASK>");
	for (unsigned int i = 1; chain[i]; i++)
		sim_log(sim, " %s+0x%x/0x%x", chain[i], 0x40 + 0x12 * i, 0x180 + 0x20 * i);
	sim_log(sim, " </TASK>");
	sim_log(sim, "---[ end trace 0000000000000000 ]---");
}

int sim_touch_direct_map(struct gmem_sim *sim, uint64_t pfn, enum sim_access access,
			 const char *const *chain)
{
	uint64_t address = sim_va(sim, pfn << SIM_PAGE_SHIFT);
	struct sim_walk walk;

	sim_walk(sim, address, &walk);
	if (walk.present && (access == SIM_ACCESS_READ || walk.writable))
		return 0;
	sim->oopsed = true;
	log_oops(sim, address, &walk, access, chain);
	return -GMEM_KERNEL_OOPS;
}
