// SPDX-License-Identifier: LGPL-2.1-or-later
#include "oops/judge.h"

#include <stdio.h>
#include <string.h>

#include "oops/paths.h"

#define PAGE_STRUCT 64ull /* sizeof(struct page), on both architectures */

/*
 * A register that is where vmemmap has the page's struct page: the base found so is aligned, too.
 */
static void find_witness(const struct oops_text *text, struct gmem_oops *out)
{
	for (unsigned int i = 0; out->has_pfn && out->pfn && i < text->n_registers; i++) {
		uint64_t value = text->registers[i].value, base = value - out->pfn * PAGE_STRUCT;

		/* vmemmap lies above the direct map, and the last pages are error numbers. */
		if (value <= text->address || value >= 0xfffffffffff00000ull ||
		    value % PAGE_STRUCT || base % text->machine->vmemmap_align)
			continue;
		snprintf(out->witness, sizeof(out->witness), "%s", text->registers[i].name);
		out->vmemmap = base;
		return;
	}
}

static enum gmem_direct_map direct_map_of(enum gmem_oops_kind kind)
{
	switch (kind) {
	case GMEM_OOPS_NOT_PRESENT:
		return GMEM_DIRECT_MAP_UNMAPPED;
	case GMEM_OOPS_PERMISSION:
	case GMEM_OOPS_RMP:
	case GMEM_OOPS_PROTECTED:
		return GMEM_DIRECT_MAP_MAPPED;
	default:
		return GMEM_DIRECT_MAP_UNKNOWN;
	}
}

/*
 * The address is one of the direct map: by its page frame, or by a path that uses no other address.
 */
static bool is_direct_map(const struct gmem_oops *oops)
{
	return !(oops->notes & GMEM_OOPS_NOT_DIRECT_MAP) && (oops->has_pfn || oops->page);
}

static void copy_process(const struct oops_text *text, struct gmem_oops *out)
{
	out->pid = text->pid;
	out->has_pid = text->has_pid;
	out->cpu = text->cpu;
	out->has_cpu = text->has_cpu;
	memcpy(out->command, text->command, sizeof(out->command));
	memcpy(out->release, text->release, sizeof(out->release));
	memcpy(out->function, text->function, sizeof(out->function));
}

/* If oopses are mixed, only values on the same line as the address surely belong to this one. */
static void forget_mixed(struct oops_text *text)
{
	text->seen &= ~(unsigned int)(SEEN_CODE | SEEN_FUNCTION | SEEN_PROCESS);
	text->notes &= ~(unsigned int)GMEM_OOPS_CODE_DIFFERS;
	text->n_frames = text->n_registers = 0;
	text->has_pid = text->has_cpu = false;
	*text->function = *text->command = '\0';
}

void oops_judge(struct oops_text *text, struct gmem_oops *out)
{
	memset(out, 0, sizeof(*out));
	if (text->notes & GMEM_OOPS_INTERLEAVED)
		forget_mixed(text);
	out->line = text->begins;
	out->notes = text->notes;
	out->machine = text->other ? text->other : text->machine->name;
	out->address = text->address;
	copy_process(text, out);
	if (text->other) {
		out->notes |= GMEM_OOPS_OTHER_MACHINE;
		out->notes &= ~(unsigned int)GMEM_OOPS_CUT_OFF;
		return;
	}
	text->machine->judge(text, out);
	if (out->kind == GMEM_OOPS_NULL || out->kind == GMEM_OOPS_USER)
		return;
	oops_find_path(text, out);
	/* Every path of the tables has its page at an address of the direct map. */
	if (out->notes & GMEM_OOPS_NOT_DIRECT_MAP) {
		out->path = NULL;
		out->page = NULL;
	}
	find_witness(text, out);
	if (is_direct_map(out))
		out->direct_map = direct_map_of(out->kind);
}
