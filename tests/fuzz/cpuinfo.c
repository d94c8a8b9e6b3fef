// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/cpuinfo. */
#include "fuzz.h"

#include "procfs/cpuinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	struct gmem_cpu cpu;

	if (!ctx)
		ctx = fuzz_ctx("plain");
	fuzz_file_is(ctx, "cpuinfo", data, size);
	if (!gmem_cpu_read(ctx, &cpu)) {
		HOLDS(memchr(cpu.vendor, '\0', sizeof(cpu.vendor)));
		HOLDS(!cpu.physical_bits || (cpu.physical_bits >= 32 && cpu.physical_bits <= 52));
		gmem_cpu_has(&cpu, "tme");
		gmem_cpu_has_bug(&cpu, "tdx_pw_mce");
		gmem_cpu_free(&cpu);
	}
	fuzz_file_end(ctx);
	return 0;
}
