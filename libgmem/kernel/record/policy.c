// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a record keeps of files: nothing of another process, no address of the kernel, no serial
 * number. Of a file that is not listed here, at most a line of the index is kept.
 */
#include <ctype.h>
#include <string.h>

#include "kernel/record/record.h"

/* Whether a line of the text stays. */
typedef bool (*line_fn)(const char *line, size_t length);

static bool has(const char *line, size_t length, const char *text)
{
	return memmem(line, length, text, strlen(text));
}

static bool begins(const char *line, size_t length, const char *text)
{
	return length >= strlen(text) && !memcmp(line, text, strlen(text));
}

/* Of this process's status, its capabilities. */
static bool is_capability(const char *line, size_t length)
{
	return begins(line, length, "Cap");
}

/* Of the mounts, the hierarchies of cgroups. */
static bool is_cgroup_mount(const char *line, size_t length)
{
	return has(line, length, " cgroup2 ") || has(line, length, " cgroup ");
}

/*
 * Of physical addresses, where RAM is; not where the kernel lies in it, nor what devices there are.
 */
static bool is_ram(const char *line, size_t length)
{
	return length && *line != ' ' && has(line, length, " : System RAM");
}

/* Of the misc devices, KVM's. */
static bool is_kvm(const char *line, size_t length)
{
	return length >= 4 && !memcmp(line + length - 4, " kvm", 4);
}

/* Of the interrupts, those of the timers that KVM gives to guests of arm64. */
static bool is_guest_timer(const char *line, size_t length)
{
	return has(line, length, " kvm guest ");
}

/* Files of which only some lines are kept. */
static const struct {
	const char *path;
	line_fn keeps;
} filters[] = {
	{ "/proc/self/status", is_capability },
	{ "/proc/self/mounts", is_cgroup_mount },
	{ "/proc/iomem", is_ram },
	{ "/proc/misc", is_kvm },
	{ "/proc/interrupts", is_guest_timer },
};

/* Words of the kernel's command line that checks look for. Other words may be passwords. */
static const char *const cmdline_words[] = {
	"debug_pagealloc=",
	"kfence.sample_interval=",
	"kvm-arm.mode=",
	"rodata=",
	"amd_iommu=",
	"crashkernel=",
	"intel_iommu=",
	"iommu=",
	"iommu.",
	"kvm.",
	"kvm_amd.",
	"kvm_intel.",
	"lockdown=",
	"mem_encrypt=",
	"nohibernate",
	"noresume",
	"oops=",
	"panic=",
	"panic_on_oops",
	"secretmem.",
	"secretmem_enable",
	"tdx=",
	"no-iommu",
	"sev=",
};

/* Whole files, and all below a folder where the name ends in a slash or a dash. */
static const char *const files[] = {
	"/proc/cgroups",
	"/proc/cmdline",
	"/proc/config.gz",
	"/proc/cpuinfo",
	"/proc/filesystems",
	"/proc/interrupts",
	"/proc/iomem",
	"/proc/meminfo",
	"/proc/misc",
	"/proc/self/mounts",
	"/proc/self/status",
	"/proc/self/uid_map",
	"/proc/sys/kernel/osrelease",
	"/proc/sys/kernel/panic_on_oops",
	"/proc/sys/kernel/panic",
	"/proc/sys/kernel/unprivileged_bpf_disabled",
	"/proc/vmstat",
	"/proc/zoneinfo",
	"/boot/config-",
	"/lib/modules/",
	"/usr/lib/modules/",
	"/sys/class/dmi/id/sys_vendor",
	"/sys/class/dmi/id/product_name",
	"/sys/class/iommu/",
	"/sys/devices/faux/tdx_host/",
	"/sys/devices/system/node/",
	"/sys/devices/system/cpu/",
	"/sys/devices/virtual/dmi/id/sys_vendor",
	"/sys/devices/virtual/dmi/id/product_name",
	"/sys/fs/cgroup/misc.",
	"/sys/fs/cgroup/misc/",
	"/sys/fs/cgroup/cgroup.controllers",
	"/sys/fs/cgroup/cgroup.subtree_control",
	"/sys/firmware/efi/",
	"/sys/kernel/kexec_crash_loaded",
	"/sys/kernel/kexec_crash_size",
	"/sys/kernel/security/lockdown",
	"/sys/module/",
};

/* Folders that are listed, and paths that are only looked for, besides these. */
static const char *const indexed[] = { "/boot/", "/dev/", "/proc/", "/sys/", "memfd_secret" };

static bool is_prefix(const char *entry)
{
	return entry[0] && strchr("/-.", entry[strlen(entry) - 1]);
}

static bool matches(const char *path, const char *entry)
{
	return is_prefix(entry) ? !strncmp(path, entry, strlen(entry)) : !strcmp(path, entry);
}

/* A folder of another process, or of this one. */
static bool is_process(const char *path)
{
	return !strncmp(path, "/proc/self/", 11) || !strncmp(path, "/proc/thread-self", 17) ||
	       (!strncmp(path, "/proc/", 6) && isdigit((unsigned char)path[6]));
}

enum gmem_keep gmem_record_keeps(const char *path)
{
	/* Paths that the form cannot hold: in it a path is one word. */
	for (const char *at = path; *at; at++)
		if (*at <= ' ' || *at == 0x7f)
			return GMEM_KEEP_NOTHING;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (matches(path, files[i]) && !strstr(path, "/../"))
			return GMEM_KEEP_FILE;
	if (is_process(path) || !strcmp(path, "/proc"))
		return GMEM_KEEP_NOTHING;
	for (size_t i = 0; i < sizeof(indexed) / sizeof(indexed[0]); i++)
		if (!strncmp(path, indexed[i], strlen(indexed[i])))
			return GMEM_KEEP_INDEX;
	return GMEM_KEEP_NOTHING;
}

static size_t keep_lines(char *text, size_t length, line_fn keeps)
{
	size_t kept = 0;

	for (size_t at = 0; at < length;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t line = end ? (size_t)(end - (text + at)) : length - at;
		size_t whole = line + (end != NULL);

		if (keeps(text + at, line)) {
			memmove(text + kept, text + at, whole);
			kept += whole;
		}
		at += whole;
	}
	return kept;
}

static bool is_kept_word(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(cmdline_words) / sizeof(cmdline_words[0]); i++)
		if (begins(word, length, cmdline_words[i]))
			return true;
	return false;
}

static size_t keep_words(char *text, size_t length)
{
	size_t kept = 0;

	for (size_t at = 0; at < length;) {
		size_t word = 0;

		while (at + word < length && !isspace((unsigned char)text[at + word]))
			word++;
		if (is_kept_word(text + at, word)) {
			if (kept)
				text[kept++] = ' ';
			memmove(text + kept, text + at, word);
			kept += word;
		}
		at += word + 1;
	}
	return kept;
}

/* All CPUs are alike, except for numbers that do not matter here. */
static size_t keep_first_cpu(const char *text, size_t length)
{
	const char *end = memmem(text, length, "\n\n", 2);

	return end ? (size_t)(end - text) + 1 : length;
}

size_t gmem_record_filter(const char *path, char *text, size_t length)
{
	if (!strcmp(path, "/proc/cmdline"))
		return keep_words(text, length);
	if (!strcmp(path, "/proc/cpuinfo"))
		return keep_first_cpu(text, length);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (!strcmp(path, filters[i].path))
			return keep_lines(text, length, filters[i].keeps);
	return length;
}
