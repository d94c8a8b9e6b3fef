// SPDX-License-Identifier: LGPL-2.1-or-later
/* /proc/cpuinfo, show_cpuinfo() in arch/x86/kernel/cpu/proc.c. */
#include "procfs/cpuinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/file.h"

/*
 * The widths that an x86-64 CPU can have. Another number is refused, because it is used as a shift.
 */
#define PHYSICAL_BITS_MIN 32
#define PHYSICAL_BITS_MAX 52

/*
 * Value of the first "key<tabs>: value" line, up to its end, or NULL; "model" is not "model name".
 */
static const char *value_of(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text && *text) {
		if (!strncmp(text, key, length)) {
			const char *behind = text + length + strspn(text + length, "\t ");

			if (*behind == ':')
				return behind + 1 + strspn(behind + 1, " ");
		}
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

/* "46 bits physical, 48 bits virtual"; 0 for what is no width. */
static unsigned int read_width(const char *sizes)
{
	unsigned long bits = strtoul(sizes, NULL, 10);

	return bits < PHYSICAL_BITS_MIN || bits > PHYSICAL_BITS_MAX ? 0 : (unsigned int)bits;
}

static unsigned int number_of(const char *text, const char *key)
{
	const char *value = value_of(text, key);

	return value ? (unsigned int)strtoul(value, NULL, 10) : 0;
}

int gmem_cpu_read(struct gmem_ctx *ctx, struct gmem_cpu *out)
{
	const char *vendor, *name, *flags, *bugs, *sizes;
	char *text;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = gmem_read_file(ctx, "/proc/cpuinfo", &text, NULL);
	if (ret)
		return ret;
	ret = -ENODATA;
	vendor = value_of(text, "vendor_id");
	name = value_of(text, "model name");
	flags = value_of(text, "flags");
	bugs = value_of(text, "bugs");
	sizes = value_of(text, "address sizes");
	/* c_show() in arch/arm64/kernel/cpuinfo.c. */
	out->is_arm = !vendor && value_of(text, "CPU implementer");
	if (!vendor || !flags)
		goto out;
	ret = -ENOMEM;
	out->flags = strndup(flags, strcspn(flags, "\n"));
	out->bugs = bugs ? strndup(bugs, strcspn(bugs, "\n")) : NULL;
	if (!out->flags || (bugs && !out->bugs)) {
		gmem_cpu_free(out);
		goto out;
	}
	snprintf(out->vendor, sizeof(out->vendor), "%.*s", (int)strcspn(vendor, "\n"), vendor);
	out->physical_bits = sizes ? read_width(sizes) : 0;
	if (name)
		snprintf(out->name, sizeof(out->name), "%.*s", (int)strcspn(name, "\n"), name);
	out->family = number_of(text, "cpu family");
	out->model = number_of(text, "model");
	ret = 0;
out:
	free(text);
	return ret;
}

void gmem_cpu_free(struct gmem_cpu *cpu)
{
	free(cpu->flags);
	free(cpu->bugs);
	cpu->flags = NULL;
	cpu->bugs = NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	const char *at = words;

	while (at && (at = strstr(at, word))) {
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
		at += length;
	}
	return false;
}

bool gmem_cpu_has(const struct gmem_cpu *cpu, const char *flag)
{
	return has_word(cpu->flags, flag);
}

bool gmem_cpu_has_bug(const struct gmem_cpu *cpu, const char *bug)
{
	return has_word(cpu->bugs, bug);
}
