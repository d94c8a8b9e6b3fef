// SPDX-License-Identifier: LGPL-2.1-or-later
/* What stands in memory once a kernel has booted: image, vmcoreinfo, the current process. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/sim/fs/file.h"

#define X86_IMAGE_START 0xffffffff81000000ull /* __START_KERNEL_map and CONFIG_PHYSICAL_START */
#define X86_IMAGE_MAP 0xffffffff80000000ull
#define ARM64_VA_BITS 52 /* configured */
#define NOTE_NAME "VMCOREINFO"
#define NOTE_HEADER 24u /* three words, and the name padded to 12 */
#define FIRST_FDS 64u

/* Symbols that /proc/kallsyms would have, and what the image's data page has there. */
struct variable {
	const char *name;
	uint64_t (*value)(const struct gmem_sim *sim);
};

static uint64_t page_offset_base(const struct gmem_sim *sim)
{
	return sim->model->page_offset_base;
}

static uint64_t vmemmap_base(const struct gmem_sim *sim)
{
	return sim->model->vmemmap_base;
}

static uint64_t vmalloc_base(const struct gmem_sim *sim)
{
	return sim->model->vmalloc_base;
}

static uint64_t sme_me_mask(const struct gmem_sim *sim)
{
	return sim->model->cpu->sme_mask;
}

static uint64_t phys_base(const struct gmem_sim *sim)
{
	return X86_IMAGE_MAP - sim->boot.voffset;
}

static uint64_t kimage_voffset(const struct gmem_sim *sim)
{
	return sim->boot.voffset;
}

/* PHYS_OFFSET: where PAGE_OFFSET leads to, below the RAM of a CPU with fewer bits. */
static uint64_t memstart_addr(const struct gmem_sim *sim)
{
	return (~0ull << ARM64_VA_BITS) - sim->model->page_offset_base;
}

static uint64_t vmcoreinfo_note(const struct gmem_sim *sim)
{
	return sim_va(sim, sim->boot.note);
}

static const struct variable of_x86[] = {
	{ "page_offset_base", page_offset_base },
	{ "vmemmap_base", vmemmap_base },
	{ "phys_base", phys_base },
	{ "vmalloc_base", vmalloc_base },
	{ "sme_me_mask", sme_me_mask },
	{ NULL, NULL },
};

static const struct variable of_arm64[] = {
	{ "kimage_voffset", kimage_voffset },
	{ "memstart_addr", memstart_addr },
	{ "vmcoreinfo_note", vmcoreinfo_note },
	{ NULL, NULL },
};

static const struct variable *variables_of(const struct gmem_sim *sim)
{
	return sim->model->arm64 ? of_arm64 : of_x86;
}

static const char *root_name(const struct gmem_sim *sim)
{
	return sim->model->arm64 ? "init_pg_dir" : "init_top_pgt";
}

int sim_symbol(const struct gmem_sim *sim, const char *name, uint64_t *address)
{
	const struct variable *variables = variables_of(sim);

	if (!strcmp(name, "swapper_pg_dir") || !strcmp(name, root_name(sim))) {
		*address = sim->boot.swapper;
		return 0;
	}
	for (unsigned int i = 0; variables[i].name; i++) {
		if (!strcmp(name, variables[i].name)) {
			*address = sim->boot.data + i * sizeof(uint64_t);
			return 0;
		}
	}
	return -ENOENT;
}

static int write_variables(struct gmem_sim *sim)
{
	const struct variable *variables = variables_of(sim);
	uint64_t data = sim_kalloc(sim, sim->page_size);

	if (!data)
		return -ENOMEM;
	for (unsigned int i = 0; variables[i].name; i++) {
		uint64_t value = variables[i].value(sim);

		memcpy(sim_kptr(sim, data + i * sizeof(value)), &value, sizeof(value));
	}
	/* The image's address of the same page. */
	sim->boot.data = data - sim->model->page_offset_base + sim->boot.voffset;
	return 0;
}

static void put_hex(struct sim_text *text, const char *key, uint64_t value)
{
	sim_text_printf(text, "%s=%llx\n", key, (unsigned long long)value);
}

/* arch_crash_save_vmcoreinfo() of x86-64, as far as it helps. */
static void note_of_x86(struct gmem_sim *sim, struct sim_text *text)
{
	const struct sim_model *model = sim->model;

	sim_text_printf(text, "NUMBER(phys_base)=%lld\n", (long long)phys_base(sim));
	put_hex(text, "SYMBOL(init_top_pgt)", sim->boot.swapper);
	sim_text_printf(text, "NUMBER(pgtable_l5_enabled)=%d\n", model->cpu->five_level);
	sim_text_printf(text, "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n");
	sim_text_printf(text, "NUMBER(sme_mask)=%lld\n", (long long)model->cpu->sme_mask);
}

/* That of arm64. */
static void note_of_arm64(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "NUMBER(VA_BITS)=%d\n", ARM64_VA_BITS);
	put_hex(text, "NUMBER(kimage_voffset)", sim->boot.voffset);
	put_hex(text, "NUMBER(PHYS_OFFSET)", memstart_addr(sim));
	put_hex(text, "NUMBER(TCR_EL1_T1SZ)", 64 - sim->model->arm64->va_bits);
	put_hex(text, "NUMBER(KERNELPACMASK)", 0);
}

/* The lines of crash_save_vmcoreinfo_init() and arch_crash_save_vmcoreinfo() that help. */
static void note_text(struct gmem_sim *sim, struct sim_text *text)
{
	const struct sim_model *model = sim->model;

	sim_text_printf(text, "OSRELEASE=%s\n", model->release);
	sim_text_printf(text, "PAGESIZE=%llu\n", (unsigned long long)sim->page_size);
	put_hex(text, "SYMBOL(_stext)", sim->boot.swapper & ~(2 * SIM_MIB - 1));
	put_hex(text, "SYMBOL(swapper_pg_dir)", sim->boot.swapper);
	sim_text_printf(text, "NUMBER(VMALLOC_START)=0x%llx\n",
			(unsigned long long)model->vmalloc_base);
	put_hex(text, "SYMBOL(vmemmap)", model->vmemmap_base);
	sim_text_printf(text, "NUMBER(SECTION_SIZE_BITS)=27\n");
	sim_text_printf(text, "NUMBER(MAX_PHYSMEM_BITS)=%d\n",
			model->arm64 || model->cpu->five_level ? 52 : 46);
	sim_text_printf(text, "SIZE(page)=64\n");
	sim_text_printf(text, "OFFSET(page.flags)=0\n");
	sim_text_printf(text, "OFFSET(page.mapping)=24\n");
	sim_text_printf(text, "NUMBER(PG_lru)=5\n");
	sim_text_printf(text, "NUMBER(PG_hwpoison)=21\n");
	put_hex(text, "KERNELOFFSET", model->kernel_offset);
	if (model->arm64)
		note_of_arm64(sim, text);
	else
		note_of_x86(sim, text);
}

static int write_note(struct gmem_sim *sim)
{
	uint64_t address = sim_kalloc(sim, sim->page_size);
	struct sim_text text = { 0 };
	uint32_t header[3] = { sizeof(NOTE_NAME), 0, 0 };
	uint8_t *note;
	int err = -ENOMEM;

	note_text(sim, &text);
	if (!address || text.failed || text.length > sim->page_size - NOTE_HEADER)
		goto out;
	note = sim_kptr(sim, address);
	header[1] = (uint32_t)text.length;
	memcpy(note, header, sizeof(header));
	memcpy(note + sizeof(header), NOTE_NAME, sizeof(NOTE_NAME));
	memcpy(note + NOTE_HEADER, text.bytes, text.length);
	sim->boot.note = address - sim->model->page_offset_base;
	sim->boot.note_size = sim->page_size;
	err = 0;
out:
	sim_text_free(&text);
	return err;
}

/* A process page directory: on x86-64 its kernel half is swapper's. */
static uint64_t new_pgd(struct gmem_sim *sim)
{
	uint64_t pgd = sim_table_alloc(sim);
	uint8_t *swapper = sim_physical(sim, sim->tables.root);

	if (!pgd)
		return 0;
	/* On arm64 the kernel's half has a root of its own. */
	if (!sim->model->arm64)
		memcpy((uint8_t *)sim_physical(sim, pgd) + sim->page_size / 2,
		       swapper + sim->page_size / 2, sim->page_size / 2);
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
	/* On arm64 the image is the first thing of what vmalloc() has. */
	uint64_t start = sim->model->arm64 ? sim->model->vmalloc_base : X86_IMAGE_START;
	int err;

	sim->boot.swapper = start + sim->model->kernel_offset;
	sim->boot.voffset = sim->boot.swapper - sim->model->image_physical;
	err = sim_pagetable_init(sim);
	if (!err)
		err = write_note(sim);
	if (!err)
		err = write_variables(sim);
	if (!err)
		err = sim_inodes_init(sim);
	if (!err)
		err = make_process(sim);
	return err;
}
