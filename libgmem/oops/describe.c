// SPDX-License-Identifier: LGPL-2.1-or-later
/* An oops in words. No kernel address is in any of them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gmem/oops.h>

#include "base/options.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kinds[] = {
	[GMEM_OOPS_UNKNOWN] = "unknown",
	[GMEM_OOPS_NOT_PRESENT] = "not-present",
	[GMEM_OOPS_PERMISSION] = "permission",
	[GMEM_OOPS_RMP] = "rmp",
	[GMEM_OOPS_PROTECTED] = "hypervisor-protected",
	[GMEM_OOPS_RESERVED] = "reserved-bit",
	[GMEM_OOPS_NULL] = "null-pointer",
	[GMEM_OOPS_USER] = "user-address",
};

const char *gmem_oops_kind_name(enum gmem_oops_kind kind)
{
	return (unsigned int)kind < N(kinds) ? kinds[kind] : "unknown";
}

static const char *const accesses[] = {
	[GMEM_OOPS_ACCESS_READ] = "read",
	[GMEM_OOPS_ACCESS_WRITE] = "write",
	[GMEM_OOPS_ACCESS_EXECUTE] = "execute",
	[GMEM_OOPS_ACCESS_CACHE] = "clflush",
};

const char *gmem_oops_access_name(enum gmem_oops_access access)
{
	return (unsigned int)access < N(accesses) ? accesses[access] : NULL;
}

/* By bit of enum gmem_oops_note. */
static const char *const notes[] = {
	"the text of this oops is incomplete",
	"lines of two oopses are mixed and do not say which lines belong together (CONFIG_PRINTK_CALLER): only those "
	"with the address were used",
	"it is of an architecture that is not decoded",
	"there is no line with the whole walk of the page tables, so the page frame is not known",
	"the page table entry is empty: it was never mapped, or the memory was removed, and the text "
	"does not tell the page frame",
	"the address is not in the direct map: none can be there, or no base of one lies between it and "
	"the page frame of its entry; so no page frame is shown, and no path, since the known ones use "
	"addresses of the direct map only",
	"the page was mapped again when the kernel printed its entry",
	"two lines contradict each other about the access or the error code; the first error code counts",
	"two lines contradict each other about the address; the first counts",
	"the RMP line and the page table entry name different page frames; the entry's is shown",
	"the kernel marks all of the trace as unreliable, so path and step are likely, not certain",
	"the trace is longer than what was kept of it",
	"the page frame follows from the base of the direct map that an earlier oops of this log had",
	"the error code says that the page was mapped, but its entry was not present when the kernel "
	"printed it: it was taken out in between, or one of the two lines is wrong",
};

const char *gmem_oops_note_text(unsigned int bit)
{
	return bit < N(notes) ? notes[bit] : NULL;
}

struct words {
	char *buffer;
	size_t size, length;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
	size_t used = words->length < words->size ? words->length : words->size;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(words->size ? words->buffer + used : NULL, words->size - used, format, args);
	va_end(args);
	words->length += n > 0 ? (size_t)n : 0;
}

/* What the function did, as the end of "function() …". */
static const char *const deeds[] = {
	[GMEM_OOPS_ACCESS_UNKNOWN] = "accessed", [GMEM_OOPS_ACCESS_READ] = "read",
	[GMEM_OOPS_ACCESS_WRITE] = "wrote to",	 [GMEM_OOPS_ACCESS_EXECUTE] = "executed",
	[GMEM_OOPS_ACCESS_CACHE] = "flushed",
};

static const char *const objects[] = {
	[GMEM_OOPS_UNKNOWN] = "memory; the text does not say what is wrong with it",
	[GMEM_OOPS_NOT_PRESENT] = "an address that is not mapped",
	[GMEM_OOPS_PERMISSION] = "memory that is mapped, but not for that",
	[GMEM_OOPS_RMP] =
		"a page that is mapped, but that the RMP gives to a guest (or to firmware)",
	[GMEM_OOPS_PROTECTED] = "a page that is mapped, but that protected KVM gave to a guest",
	[GMEM_OOPS_RESERVED] = "memory by a damaged page table entry (a reserved bit is set)",
	[GMEM_OOPS_NULL] = "what a NULL pointer points to",
	[GMEM_OOPS_USER] = "an address outside the kernel's half",
};

static void say_what(struct words *words, const struct gmem_oops *oops)
{
	bool hole = oops->kind == GMEM_OOPS_NOT_PRESENT;

	if (*oops->function)
		say(words, "%s() ", oops->function);
	else
		say(words, "the kernel ");
	say(words, "%s ", deeds[oops->access]);
	if (hole && oops->has_pfn)
		say(words, "a page that is not in the direct map");
	else
		say(words, "%s", objects[oops->kind]);
	if (oops->level)
		say(words, hole ? " (a hole of %s)" : " (mapping of %s)", oops->level);
}

static void say_frame(struct words *words, const struct gmem_oops *oops)
{
	if (!oops->has_pfn)
		return;
	say(words, "; PFN 0x%" PRIx64, oops->pfn);
	if (oops->page_size != GMEM_PAGE_SIZE)
		say(words, " (in pages of %" PRIu64 " KiB)", oops->page_size / 1024);
	if (!(oops->notes & GMEM_OOPS_BY_EARLIER) && oops->base)
		say(words,
		    " by its page table entry, and the base of the direct map that follows is "
		    "aligned as it has to be");
	if (*oops->witness)
		say(words, "; %s points to its struct page", oops->witness);
}

static int describe(const struct gmem_oops *oops, char *buffer, size_t size)
{
	struct words words = { .buffer = buffer, .size = size };

	if (size)
		*buffer = '\0';
	if (oops->notes & GMEM_OOPS_OTHER_MACHINE) {
		say(&words, "a page fault of %s: x86-64 and arm64 are decoded", oops->machine);
		return (int)words.length;
	}
	say_what(&words, oops);
	say_frame(&words, oops);
	if (oops->removed)
		say(&words, "; its entry looks as if left by %s", oops->removed);
	for (unsigned int bit = 0; bit < N(notes); bit++)
		if (oops->notes & 1u << bit)
			say(&words, ". %c%s", notes[bit][0] - 'a' + 'A', notes[bit] + 1);
	return (int)words.length;
}

int gmem_oops_describe(const struct gmem_oops *given, char *buffer, size_t size)
{
	struct gmem_oops oops;
	int ret = gmem_options_take(&oops, sizeof(oops), given);

	return ret ? ret : describe(&oops, buffer, size);
}

/* The first row that agrees decides; NULL and 0 agree with all. */
static const struct {
	const char *page;
	unsigned int kinds; /* bits of enum gmem_oops_kind */
	bool path;	    /* only where one was found */
	const char *advice;
} advices[] = {
	{ NULL, 1u << GMEM_OOPS_NULL | 1u << GMEM_OOPS_USER | 1u << GMEM_OOPS_RESERVED, false,
	  "a bug of the function or of its caller, and no matter of the direct map: report it with the "
	  "whole text" },
	{ NULL, 1u << GMEM_OOPS_RMP, false,
	  "the host touched a page of an SNP guest: find out who has the page frame (gmemctl pfn), and "
	  "whether it was given back before it was used again" },
	{ NULL, 1u << GMEM_OOPS_PROTECTED, false,
	  "the host touched a page of a protected guest: keep away from its memory, and do not fork the "
	  "VMM" },
	{ NULL, 1u << GMEM_OOPS_PERMISSION, false,
	  "the page is mapped, so nothing was taken out of the direct map: look at who wrote to "
	  "read-only memory" },
	{ "TDX control page", 0, true,
	  "KVM's own page for the TDX module was not in the direct map: something else took it out; "
	  "restart the host, its VM keeps locks that are never released" },
	{ "memfd_secret", 0, true,
	  "a page of memfd_secret(2) could not be put back into the direct map: report it; restart the "
	  "host" },
	{ "guest_memfd", 1u << GMEM_OOPS_NOT_PRESENT, true,
	  "do not run this path on memory that is not in the direct map: create the guest_memfd without "
	  "no-direct-map, or use a kernel that maps the page first; ask gmemctl check before. Restart "
	  "the host: locks that the dead thread held are never released" },
	{ NULL, 1u << GMEM_OOPS_NOT_PRESENT, true,
	  "keep this step away from memory that is not in the direct map; gmemctl pfn names the owner of the "
	  "page frame is, as long as that host runs" },
	{ NULL, 1u << GMEM_OOPS_NOT_PRESENT, false,
	  "no known path of guest_memfd; if a page frame is shown, gmemctl pfn names its owner, as "
	  "long as that host runs" },
};

static const char *advise(const struct gmem_oops *oops)
{
	for (size_t i = 0; i < N(advices); i++) {
		if (advices[i].kinds && !(advices[i].kinds & 1u << oops->kind))
			continue;
		if (advices[i].path && !oops->path)
			continue;
		if (advices[i].page && (!oops->page || strcmp(advices[i].page, oops->page)))
			continue;
		return advices[i].advice;
	}
	return "get the whole text: journalctl -k, or /sys/fs/pstore after a restart";
}

const char *gmem_oops_advice(const struct gmem_oops *given)
{
	struct gmem_oops oops;

	return gmem_options_take(&oops, sizeof(oops), given) ? NULL : advise(&oops);
}
