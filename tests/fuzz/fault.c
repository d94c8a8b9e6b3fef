// SPDX-License-Identifier: GPL-2.0-or-later
/* The words after the name of a simulated kernel. */
#include "fuzz.h"

#include "kernel/sim/faults.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), why[64] = "";
	struct gmem_sim_spec spec;

	if (gmem_sim_parse(text, &spec, why, sizeof(why))) {
		HOLDS(*why);
	} else {
		HOLDS(memchr(spec.model, '\0', sizeof(spec.model)));
		HOLDS(!spec.fault.at || spec.fault.kind < GMEM_SIM_CALLS);
		HOLDS(!spec.fault.at || spec.fault.error < 0);
	}
	free(text);
	return 0;
}
