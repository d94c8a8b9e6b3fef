// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Words of the command line for which iommu_snp_enable() in drivers/iommu/amd/init.c refuses SNP.
 * If words contradict each other, the kernel takes the last one; but what one word switched off
 * stays off.
 */
#include "host/iommu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/cmdline.h"

enum effect { OFF, PASS_THROUGH, TRANSLATE, V1_TABLES, V2_TABLES, EFFECTS };

/* iommu_setup() in arch/x86/kernel/pci-dma.c, parse_amd_iommu_options(); commas stand between. */
static const struct option {
	const char *parameter, *value;
	enum effect effect;
} options[] = {
	{ "iommu=", "off", OFF },
	{ "iommu=", "pt", PASS_THROUGH },
	{ "iommu=", "nopt", TRANSLATE },
	{ "amd_iommu=", "off", OFF },
	{ "amd_iommu=", "pgtbl_v1", V1_TABLES },
	{ "amd_iommu=", "pgtbl_v2", V2_TABLES },
};

/* The words that had an effect, or NULL. */
struct said {
	const char *by[EFFECTS];
};

static void take(struct said *said, enum effect effect, const char *word)
{
	said->by[effect] = word;
	if (effect == PASS_THROUGH || effect == TRANSLATE)
		said->by[effect == TRANSLATE ? PASS_THROUGH : TRANSLATE] = NULL;
	if (effect == V1_TABLES)
		said->by[V2_TABLES] = NULL;
}

static void take_value(struct said *said, const struct option *option, const char *word)
{
	const char *at = word + strlen(option->parameter);

	while (*at) {
		size_t length = strcspn(at, ",");

		if (length == strlen(option->value) && !strncmp(at, option->value, length))
			take(said, option->effect, word);
		at += length + (at[length] == ',');
	}
}

/* kstrtobool() in lib/kstrtox.c: a letter, or the second one of "on" and "off". */
static void take_boolean(struct said *said, const char *word)
{
	static const char *const on[] = { "1", "y", "Y", "t", "T", "on", "oN", "On", "ON" };
	const char *value = word + strlen("iommu.passthrough=");

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (!strncmp(value, on[i], strlen(on[i]))) {
			take(said, PASS_THROUGH, word);
			return;
		}
	}
	if (*value)
		take(said, TRANSLATE, word);
}

static void take_word(struct said *said, const char *word)
{
	if (!strncmp(word, "iommu.passthrough=", strlen("iommu.passthrough=")))
		take_boolean(said, word);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!strncmp(word, options[i].parameter, strlen(options[i].parameter)))
			take_value(said, &options[i], word);
}

int gmem_iommu_boot(struct gmem_ctx *ctx, struct gmem_iommu_boot *out)
{
	struct said said = { .by = { NULL } };
	const char *refused;
	char *words;
	int ret = gmem_read_boot_words(ctx, &words);

	*out = (struct gmem_iommu_boot){ .passes_through = -1 };
	if (ret)
		return ret;
	for (char *at = words; *at; at = gmem_next_boot_word(at))
		take_word(&said, at);
	refused = said.by[OFF] ? said.by[OFF] : said.by[PASS_THROUGH];
	out->v2 = !refused && said.by[V2_TABLES];
	if (!refused)
		refused = said.by[V2_TABLES];
	snprintf(out->word, sizeof(out->word), "%s", refused ? refused : "");
	if (said.by[PASS_THROUGH] || said.by[TRANSLATE])
		out->passes_through = !!said.by[PASS_THROUGH];
	free(words);
	return 0;
}
