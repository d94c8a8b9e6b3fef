// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's own memory: a run of page frames with content, in which page tables and objects
 * live. Its first pages are the kernel image. Objects are known by their direct-map addresses, as
 * on a real kernel.
 */
#include <string.h>
#include <sys/mman.h>

#include "kernel/sim/internal.h"

int sim_kmem_init(struct gmem_sim *sim)
{
	void *bytes = mmap(NULL, sim->kmem.pages << sim->page_shift, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (bytes == MAP_FAILED)
		return -ENOMEM;
	sim->kmem.bytes = bytes;
	return 0;
}

void sim_kmem_exit(struct gmem_sim *sim)
{
	if (sim->kmem.bytes)
		munmap(sim->kmem.bytes, sim->kmem.pages << sim->page_shift);
}

uint64_t sim_va(const struct gmem_sim *sim, uint64_t physical)
{
	return sim->model->page_offset_base + physical;
}

void *sim_physical(struct gmem_sim *sim, uint64_t physical)
{
	uint64_t offset = physical - (sim->kmem.first << sim->page_shift);

	return offset < sim->kmem.pages << sim->page_shift ? sim->kmem.bytes + offset : NULL;
}

void *sim_kptr(struct gmem_sim *sim, uint64_t address)
{
	return sim_physical(sim, address - sim->model->page_offset_base);
}

/* A run of fresh pages, by the direct-map address of the first; 0 without memory. */
static uint64_t take_pages(struct gmem_sim *sim, uint64_t pages, uint32_t flag)
{
	uint64_t first = sim->kmem.first + sim->kmem.next;

	if (sim->kmem.pages - sim->kmem.next < pages)
		return 0;
	for (uint64_t i = 0; i < pages; i++) {
		struct sim_page *page = sim_page_get(sim, first + i);

		if (!page)
			return 0;
		*page = (struct sim_page){ .flags = flag, .refs = 1 };
	}
	sim->kmem.next += pages;
	return sim_va(sim, first << sim->page_shift);
}

static void push_free(struct gmem_sim *sim, uint64_t *list, uint64_t address)
{
	memcpy(sim_kptr(sim, address), list, sizeof(*list));
	*list = address;
}

static uint64_t pop_free(struct gmem_sim *sim, uint64_t *list)
{
	uint64_t address = *list;

	if (address)
		memcpy(list, sim_kptr(sim, address), sizeof(*list));
	return address;
}

static uint64_t slab_alloc(struct gmem_sim *sim, size_t slab)
{
	size_t step = slab * SIM_SLAB_STEP;
	uint64_t page;

	if (!sim->kmem.slab[slab]) {
		page = take_pages(sim, 1, SIM_PAGE_SLAB);
		if (!page)
			return 0;
		/* Highest first, so that objects are handed out by ascending address. */
		for (uint64_t at = sim->page_size / step * step; at; at -= step)
			push_free(sim, &sim->kmem.slab[slab], page + at - step);
	}
	return pop_free(sim, &sim->kmem.slab[slab]);
}

static uint64_t run_alloc(struct gmem_sim *sim, uint64_t pages)
{
	if (pages <= SIM_RUNS && sim->kmem.runs[pages])
		return pop_free(sim, &sim->kmem.runs[pages]);
	return take_pages(sim, pages, SIM_PAGE_SLAB);
}

uint64_t sim_kalloc(struct gmem_sim *sim, size_t size)
{
	size_t slab = (size + SIM_SLAB_STEP - 1) / SIM_SLAB_STEP;
	uint64_t address;

	if (slab * SIM_SLAB_STEP <= sim->page_size)
		address = slab_alloc(sim, slab);
	else
		address = run_alloc(sim, (size + sim->page_mask) >> sim->page_shift);
	if (address)
		memset(sim_kptr(sim, address), 0, size);
	return address;
}

void sim_kfree(struct gmem_sim *sim, uint64_t address, size_t size)
{
	size_t slab = (size + SIM_SLAB_STEP - 1) / SIM_SLAB_STEP;
	uint64_t pages = (size + sim->page_mask) >> sim->page_shift;

	if (!address)
		return;
	/* Freed memory gets invalid content, so that a stale pointer does not seem to be valid. */
	memset(sim_kptr(sim, address), 0x6b, size);
	if (slab * SIM_SLAB_STEP <= sim->page_size)
		push_free(sim, &sim->kmem.slab[slab], address);
	else if (pages <= SIM_RUNS)
		push_free(sim, &sim->kmem.runs[pages], address);
}

uint64_t sim_table_alloc(struct gmem_sim *sim)
{
	uint64_t address = take_pages(sim, 1, SIM_PAGE_TABLE);

	return address ? address - sim->model->page_offset_base : 0;
}

uint64_t sim_object(struct gmem_sim *sim, enum sim_type type)
{
	return sim_kalloc(sim, sim_layout_bytes(sim->model->layout, type));
}

void sim_object_free(struct gmem_sim *sim, enum sim_type type, uint64_t address)
{
	sim_kfree(sim, address, sim_layout_bytes(sim->model->layout, type));
}

uint64_t sim_member(const struct gmem_sim *sim, uint64_t object, enum sim_field field)
{
	return object + (uint64_t)sim_layout_at(sim->model->layout, field);
}

void sim_set(struct gmem_sim *sim, uint64_t object, enum sim_field field, uint64_t value)
{
	memcpy(sim_kptr(sim, sim_member(sim, object, field)), &value, sim_layout_width(field));
}

uint64_t sim_get(struct gmem_sim *sim, uint64_t object, enum sim_field field)
{
	uint64_t value = 0;

	memcpy(&value, sim_kptr(sim, sim_member(sim, object, field)), sim_layout_width(field));
	return value;
}

void sim_list_init(struct gmem_sim *sim, uint64_t head)
{
	sim_set(sim, head, SIM_LIST_NEXT, head);
	sim_set(sim, head, SIM_LIST_PREV, head);
}

void sim_list_add(struct gmem_sim *sim, uint64_t entry, uint64_t head)
{
	uint64_t next = sim_get(sim, head, SIM_LIST_NEXT);

	sim_set(sim, entry, SIM_LIST_NEXT, next);
	sim_set(sim, entry, SIM_LIST_PREV, head);
	sim_set(sim, next, SIM_LIST_PREV, entry);
	sim_set(sim, head, SIM_LIST_NEXT, entry);
}

void sim_list_del(struct gmem_sim *sim, uint64_t entry)
{
	uint64_t next = sim_get(sim, entry, SIM_LIST_NEXT);
	uint64_t prev = sim_get(sim, entry, SIM_LIST_PREV);

	sim_set(sim, prev, SIM_LIST_NEXT, next);
	sim_set(sim, next, SIM_LIST_PREV, prev);
}
