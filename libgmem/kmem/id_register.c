// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * arm64_ftr_regs[] of arch/arm64/kernel/cpufeature.c: for each ID register its number and a struct
 * arm64_ftr_reg. Linux 7.3 has 47 of them, sorted by number (sort_ftr_regs() ends the boot if they
 * are not). Only the table's beginning is known. But CTR_EL0 comes behind the registers of EL1, and
 * its struct has a symbol: if that entry leads there, the table was read as it is.
 */
#include "kmem/id_register.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/image/kallsyms.h"
#include "kmem/kmem.h"

#define ENTRIES_MAX 256
#define TABLE "arm64_ftr_regs"
#define CTR "arm64_ftr_reg_ctrel0"

struct table {
	struct gmem_ctx *ctx;
	size_t entry, id, reg; /* size of an entry, and offsets in it */
	size_t value;	       /* offset in struct arm64_ftr_reg */
	uint64_t at, ctr;      /* addresses of the next entry, and of CTR_EL0's struct */
};

static int read_memory(void *arg, uint64_t address, void *buffer, size_t length)
{
	return gmem_kmem_read(arg, address, buffer, length);
}

/* Without CAP_SYSLOG, /proc/kallsyms has no addresses. The kernel's own table of symbols has. */
static int find_in_memory(struct gmem_ctx *ctx, const struct gmem_image *image, struct table *table)
{
	struct gmem_kallsyms *kallsyms;
	char *vmcoreinfo;
	int ret = gmem_image_vmcoreinfo(ctx, image, &vmcoreinfo);

	if (ret)
		return ret;
	ret = gmem_kallsyms_new(vmcoreinfo, read_memory, ctx, &kallsyms);
	free(vmcoreinfo);
	if (ret)
		return ret;
	ret = gmem_kallsyms_find(kallsyms, TABLE, &table->at);
	if (!ret)
		ret = gmem_kallsyms_find(kallsyms, CTR, &table->ctr);
	gmem_kallsyms_free(kallsyms);
	return ret;
}

static int find_symbols(struct gmem_ctx *ctx, const struct gmem_image *image, struct table *table)
{
	const struct gmem_kernel_ops *ops = ctx->kernel->ops;
	int ret = ops->symbol(ctx->kernel, TABLE, &table->at);

	if (!ret)
		ret = ops->symbol(ctx->kernel, CTR, &table->ctr);
	return ret == -EPERM ? find_in_memory(ctx, image, table) : ret;
}

static int learn(struct gmem_ctx *ctx, const struct gmem_image *image, struct table *table)
{
	const struct gmem_kernel_ops *ops = ctx->kernel->ops;
	int ret = ops->size_of(ctx->kernel, "__ftr_reg_entry", &table->entry);

	table->ctx = ctx;
	if (!ret)
		ret = ops->offset_of(ctx->kernel, "__ftr_reg_entry", "sys_id", &table->id);
	if (!ret)
		ret = ops->offset_of(ctx->kernel, "__ftr_reg_entry", "reg", &table->reg);
	if (!ret)
		ret = ops->offset_of(ctx->kernel, "arm64_ftr_reg", "sys_val", &table->value);
	if (!ret)
		ret = find_symbols(ctx, image, table);
	return ret;
}

/* Reads the next entry: which register, and where its struct is. */
static int next(struct table *table, uint32_t *id, uint64_t *reg)
{
	int ret = gmem_kmem_read(table->ctx, table->at + table->id, id, sizeof(*id));

	if (!ret)
		ret = gmem_kmem_read_pointer(table->ctx, table->at + table->reg, reg);
	table->at += table->entry;
	return ret;
}

/* Finds the register's struct, and goes on until CTR_EL0 proves the table. */
static int find(struct table *table, uint32_t wanted, uint64_t *found)
{
	uint32_t id = 0, before;
	uint64_t reg;

	*found = 0;
	for (int i = 0; i < ENTRIES_MAX; i++) {
		int ret;

		before = id;
		ret = next(table, &id, &reg);
		if (ret)
			return ret;
		if (id <= before || id > GMEM_CTR_EL0)
			return -EILSEQ;
		if (id == wanted)
			*found = reg;
		if (id == GMEM_CTR_EL0)
			return reg != table->ctr ? -EILSEQ : *found ? 0 : -ENOENT;
	}
	return -EILSEQ;
}

int gmem_id_register(struct gmem_ctx *ctx, const struct gmem_image *image, uint32_t register_id,
		     uint64_t *value)
{
	struct table table;
	uint64_t reg;
	int ret = learn(ctx, image, &table);

	if (!ret)
		ret = find(&table, register_id, &reg);
	return ret ? ret : gmem_kmem_read(ctx, reg + table.value, value, sizeof(*value));
}
