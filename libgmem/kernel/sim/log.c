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

struct fault {
	uint64_t address;
	struct sim_walk walk;
	enum sim_access access;
	const char *const *chain;
};

/* The lines of page_fault_oops() and of the dump that follows. */
static void log_x86(struct gmem_sim *sim, const struct fault *fault)
{
	bool writes = fault->access == SIM_ACCESS_WRITE, present = fault->walk.present;
	const char *const *chain = fault->chain;
	unsigned int code = (present ? 1 : 0) | (writes ? 2 : 0);

	sim_log(sim, "BUG: unable to handle page fault for address: %016llx",
		(unsigned long long)fault->address);
	sim_log(sim, "#PF: supervisor %s access in kernel mode", writes ? "write" : "read");
	sim_log(sim, "#PF: error_code(0x%04x) - %s", code,
		present ? "permissions violation" : "not-present page");
	sim_log(sim, "%s %llx", fault->walk.level == SIM_LEVEL_PTE ? "PTE" : "PMD",
		(unsigned long long)fault->walk.value);
	sim_log(sim, "Oops: Oops: %04x [#1] SMP NOPTI", code);
	sim_log(sim, "RIP: 0010:%s+0x3e/0x60", chain[0]);
	sim_log(sim, "CR2: %016llx", (unsigned long long)fault->address);
	sim_log(sim, "Call Trace:");
	sim_log(sim, " <TASK>");
	for (unsigned int i = 1; chain[i]; i++)
		sim_log(sim, " %s+0x%x/0x%x", chain[i], 0x40 + 0x12 * i, 0x180 + 0x20 * i);
	sim_log(sim, " </TASK>");
}

#define ESR_DABT_EL1 0x96000000u
#define ESR_WNR (1u << 6) /* cache maintenance has it, too */
#define ESR_CM (1u << 8)
#define FSC_TRANSLATION_3 0x07u
#define FSC_PERMISSION_3 0x0fu

/* The lines of die_kernel_fault(), mem_abort_decode(), show_pte(), and of the dump that follows. */
static void log_arm64(struct gmem_sim *sim, const struct fault *fault)
{
	bool cache = fault->access == SIM_ACCESS_CACHE, present = fault->walk.present;
	unsigned int writes = fault->access != SIM_ACCESS_READ;
	unsigned int fsc = present ? FSC_PERMISSION_3 : FSC_TRANSLATION_3;
	unsigned int esr = ESR_DABT_EL1 | (cache ? ESR_CM : 0) | (writes ? ESR_WNR : 0) | fsc;
	const char *const *chain = fault->chain;

	sim_log(sim, "Unable to handle kernel %s at virtual address %016llx",
		present ? "write to read-only memory" : "paging request",
		(unsigned long long)fault->address);
	sim_log(sim, "Mem abort info:");
	sim_log(sim, "  ESR = 0x%016x", esr);
	sim_log(sim, "  EC = 0x25: DABT (current EL), IL = 32 bits");
	sim_log(sim, "  FSC = 0x%02x: level 3 %s fault", fsc,
		present ? "permission" : "translation");
	sim_log(sim, "Data abort info:");
	sim_log(sim, "  CM = %d, WnR = %u, TnD = 0, TagAccess = 0", cache, writes);
	sim_log(sim, "swapper pgtable: %lluk pages, %u-bit VAs, pgdp=%016llx",
		(unsigned long long)sim->page_size >> 10, sim->model->arm64->va_bits,
		(unsigned long long)sim->tables.root);
	sim_log(sim, "[%016llx] pte=%016llx", (unsigned long long)fault->address,
		(unsigned long long)fault->walk.value);
	sim_log(sim, "Internal error: Oops: %016x [#1]  SMP", esr);
	sim_log(sim, "pc : %s+0x18/0x28", chain[0]);
	sim_log(sim, "lr : %s+0x15c/0x1b0", chain[1]);
	sim_log(sim, "Call trace:");
	sim_log(sim, " %s+0x18/0x28 (P)", chain[0]);
	for (unsigned int i = 1; chain[i]; i++)
		sim_log(sim, " %s+0x%x/0x%x", chain[i], 0x40 + 0x14 * i, 0x180 + 0x20 * i);
}

int sim_touch_direct_map(struct gmem_sim *sim, uint64_t pfn, enum sim_access access,
			 const char *const *chain)
{
	struct fault fault = {
		.address = sim_va(sim, pfn << sim->page_shift),
		.access = access,
		.chain = chain,
	};

	sim_walk(sim, fault.address, &fault.walk);
	if (fault.walk.present && (access != SIM_ACCESS_WRITE || fault.walk.writable))
		return 0;
	sim->oopsed = true;
	if (sim->model->arm64)
		log_arm64(sim, &fault);
	else
		log_x86(sim, &fault);
	sim_log(sim, "---[ end trace 0000000000000000 ]---");
	return -GMEM_KERNEL_OOPS;
}
