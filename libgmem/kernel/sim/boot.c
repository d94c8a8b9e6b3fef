// SPDX-License-Identifier: LGPL-2.1-or-later
/* What stands in memory once a kernel has booted: image, vmcoreinfo, the current process. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/sim/fs/file.h"

#define IMAGE_BASE 0xffffffff80000000ull
#define IMAGE_START 0x1000000ull /* CONFIG_PHYSICAL_START */
#define NOTE_NAME "VMCOREINFO"
#define NOTE_HEADER 24u /* three words, and the name padded to 12 */
#define FIRST_FDS 64u

/* Symbols that /proc/kallsyms would have, and where they lie in the image's data page. */
static const struct {
	const char *name;
	unsigned int offset;
} variables[] = {
	{ "page_offset_base", 0 }, { "vmemmap_base", 8 }, { "phys_base", 16 },
	{ "vmalloc_base", 24 },	   { "sme_me_mask", 32 },
};

int sim_symbol(const struct gmem_sim *sim, const char *name, uint64_t *address)
{
	if (!strcmp(name, "swapper_pg_dir") || !strcmp(name, "init_top_pgt")) {
		*address = sim->boot.swapper;
		return 0;
	}
	for (unsigned int i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		if (!strcmp(name, variables[i].name)) {
			*address = sim->boot.data + variables[i].offset;
			return 0;
		}
	}
	return -ENOENT;
}

static int write_variables(struct gmem_sim *sim)
{
	uint64_t data = sim_kalloc(sim, SIM_PAGE_SIZE);
	const uint64_t values[] = { sim->model->page_offset_base, sim->model->vmemmap_base,
				    (uint64_t)sim->boot.phys_base, sim->model->vmalloc_base,
				    sim->model->cpu->sme_mask };

	if (!data)
		return -ENOMEM;
	memcpy(sim_kptr(sim, data), values, sizeof(values));
	/* The image's address of the same page. */
	sim->boot.data =
		data - sim->model->page_offset_base - (uint64_t)sim->boot.phys_base + IMAGE_BASE;
	return 0;
}

/* The lines of crash_save_vmcoreinfo_init() and arch_crash_save_vmcoreinfo() that help. */
static void note_text(struct gmem_sim *sim, struct sim_text *text)
{
	const struct sim_model *model = sim->model;
	unsigned long long swapper = sim->boot.swapper;

	sim_text_printf(text, "OSRELEASE=%s\n", model->release);
	sim_text_printf(text, "PAGESIZE=4096\n");
	sim_text_printf(text, "SYMBOL(_stext)=%llx\n", swapper & ~(2 * SIM_MIB - 1));
	sim_text_printf(text, "SYMBOL(swapper_pg_dir)=%llx\n", swapper);
	sim_text_printf(text, "NUMBER(VMALLOC_START)=0x%llx\n",
			(unsigned long long)model->vmalloc_base);
	sim_text_printf(text, "SYMBOL(vmemmap)=%llx\n", (unsigned long long)model->vmemmap_base);
	sim_text_printf(text, "NUMBER(SECTION_SIZE_BITS)=27\n");
	sim_text_printf(text, "NUMBER(MAX_PHYSMEM_BITS)=%d\n", model->cpu->five_level ? 52 : 46);
	sim_text_printf(text, "SIZE(page)=64\n");
	sim_text_printf(text, "OFFSET(page.flags)=0\n");
	sim_text_printf(text, "OFFSET(page.mapping)=24\n");
	sim_text_printf(text, "NUMBER(PG_lru)=5\n");
	sim_text_printf(text, "NUMBER(PG_hwpoison)=21\n");
	sim_text_printf(text, "NUMBER(phys_base)=%lld\n", (long long)sim->boot.phys_base);
	sim_text_printf(text, "SYMBOL(init_top_pgt)=%llx\n", swapper);
	sim_text_printf(text, "NUMBER(pgtable_l5_enabled)=%d\n", model->cpu->five_level);
	sim_text_printf(text, "KERNELOFFSET=%llx\n", (unsigned long long)model->kernel_offset);
	sim_text_printf(text, "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n");
	sim_text_printf(text, "NUMBER(sme_mask)=%lld\n", (long long)model->cpu->sme_mask);
}

static int write_note(struct gmem_sim *sim)
{
	uint64_t address = sim_kalloc(sim, SIM_PAGE_SIZE);
	struct sim_text text = { 0 };
	uint32_t header[3] = { sizeof(NOTE_NAME), 0, 0 };
	uint8_t *note;
	int err = -ENOMEM;

	note_text(sim, &text);
	if (!address || text.failed || text.length > SIM_PAGE_SIZE - NOTE_HEADER)
		goto out;
	note = sim_kptr(sim, address);
	header[1] = (uint32_t)text.length;
	memcpy(note, header, sizeof(header));
	memcpy(note + sizeof(header), NOTE_NAME, sizeof(NOTE_NAME));
	memcpy(note + NOTE_HEADER, text.bytes, text.length);
	sim->boot.note = address - sim->model->page_offset_base;
	sim->boot.note_size = SIM_PAGE_SIZE;
	err = 0;
out:
	sim_text_free(&text);
	return err;
}

/* A process page directory: its kernel half is swapper's. */
static uint64_t new_pgd(struct gmem_sim *sim)
{
	uint64_t pgd = sim_table_alloc(sim);
	uint8_t *swapper = sim_physical(sim, sim->tables.root);

	if (!pgd)
		return 0;
	memcpy((uint8_t *)sim_physical(sim, pgd) + SIM_PAGE_SIZE / 2, swapper + SIM_PAGE_SIZE / 2,
	       SIM_PAGE_SIZE / 2);
	return sim_va(sim, pgd);
}

static int make_process(struct gmem_sim *sim)
{
	struct sim_boot *boot = &sim->boot;
	uint64_t fds = sim_kalloc(sim, FIRST_FDS * sizeof(uint64_t));
	uint64_t pgd = new_pgd(sim);
	char *comm;

	boot->task = sim_object(sim, SIM_TASK);
	boot->mm = sim_object(sim, SIM_MM);
	boot->files = sim_object(sim, SIM_FILES);
	boot->fdtable = sim_object(sim, SIM_FDTABLE);
	if (!fds || !pgd || !boot->task || !boot->mm || !boot->files || !boot->fdtable)
		return -ENOMEM;
	sim_set(sim, boot->task, SIM_TASK_MM, boot->mm);
	sim_set(sim, boot->task, SIM_TASK_FILES, boot->files);
	sim_set(sim, boot->task, SIM_TASK_PID, (uint64_t)getpid());
	sim_set(sim, boot->task, SIM_TASK_TGID, (uint64_t)getpid());
	comm = sim_kptr(sim, sim_member(sim, boot->task, SIM_TASK_COMM));
	snprintf(comm, 16, "%s", "gmemctl");
	sim_set(sim, boot->mm, SIM_MM_PGD, pgd);
	sim_set(sim, boot->files, SIM_FILES_FDT, boot->fdtable);
	sim_fdtable_set(sim, boot->fdtable, fds, FIRST_FDS);
	return 0;
}

int sim_boot(struct gmem_sim *sim)
{
	int err;

	sim->boot.swapper = IMAGE_BASE + IMAGE_START + sim->model->kernel_offset;
	sim->boot.phys_base =
		(int64_t)(sim->model->image_physical - IMAGE_START - sim->model->kernel_offset);
	err = sim_pagetable_init(sim);
	if (!err)
		err = write_variables(sim);
	if (!err)
		err = write_note(sim);
	if (!err)
		err = sim_inodes_init(sim);
	if (!err)
		err = make_process(sim);
	return err;
}
