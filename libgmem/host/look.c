// SPDX-License-Identifier: LGPL-2.1-or-later
/* What several checks look at: the CPU's kind, the kernel's command line. */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "procfs/cmdline.h"

bool gmem_host_has_flag(const struct gmem_host *host, const char *flag)
{
	return !host->cpu_error && gmem_cpu_has(&host->cpu, flag);
}

/*
 * No flag of the CPU says TDX until the kernel accepted the platform, and many parts without TDX
 * have memory encryption (flag tme). Models of arch/x86/include/asm/intel-family.h: Sapphire,
 * Emerald and Granite Rapids (both), Sierra and Clearwater Forest; later Xeons are no family 6.
 */
bool gmem_host_may_have_tdx(const struct gmem_host *host)
{
	static const unsigned int models[] = { 0x8f, 0xcf, 0xad, 0xae, 0xaf, 0xdd };

	if (host->cpu.family != 6 || !host->cpu.model)
		return true;
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (models[i] == host->cpu.model)
			return true;
	return false;
}

/* It came with the third EPYC, of family 25; parts for desktops have the family alone. */
bool gmem_host_may_have_snp(const struct gmem_host *host)
{
	static const char *const without[] = { "Ryzen", "Athlon", "Threadripper" };

	if (host->cpu.family > 6 && host->cpu.family < 25)
		return false;
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strstr(host->cpu.name, without[i]))
			return false;
	return true;
}

int gmem_host_booted_with(struct gmem_host *host, const char *word)
{
	char *words;
	int ret = gmem_read_boot_words(host->ctx, &words);

	if (ret)
		return ret;
	for (char *at = words; *at && !ret; at = gmem_next_boot_word(at))
		ret = !strcmp(at, word);
	free(words);
	return ret;
}
