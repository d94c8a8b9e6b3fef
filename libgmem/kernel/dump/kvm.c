// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What KVM would answer, from its own variables. They have symbols with CONFIG_KALLSYMS_ALL only;
 * of a module they are in the table that load_module() keeps of it (kernel/module/kallsyms.c).
 */
#include <elf.h>
#include <errno.h>
#include <gmem/base.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/dump/dump.h"
#include "kernel/uapi.h"

#define SYMBOLS_MAX 65536u /* kvm.ko has some 6000 */
#define NAME_MAX_BYTES 64
#define VENDOR_SIZE 16 /* x86_vendor_id of struct cpuinfo_x86 */

struct table {
	uint64_t symbols, names; /* addresses */
	uint32_t count;
};

static int read_table(struct gmem_dump *dump, struct table *out)
{
	const struct {
		const char *type, *member;
	} wanted[] = {
		{ "module", "kallsyms" },
		{ "mod_kallsyms", "symtab" },
		{ "mod_kallsyms", "strtab" },
		{ "mod_kallsyms", "num_symtab" },
	};
	size_t offsets[sizeof(wanted) / sizeof(wanted[0])];
	uint64_t at;
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ret = gmem_dump_offset_of(dump, wanted[i].type, wanted[i].member, &offsets[i]);
	if (!ret)
		ret = gmem_dump_read_word(dump, dump->kvm_module + offsets[0], &at);
	if (!ret)
		ret = gmem_dump_read_word(dump, at + offsets[1], &out->symbols);
	if (!ret)
		ret = gmem_dump_read_word(dump, at + offsets[2], &out->names);
	if (!ret)
		ret = gmem_dump_read_int(dump, at + offsets[3], &out->count);
	return !ret && out->count > SYMBOLS_MAX ? -EILSEQ : ret;
}

static int find_in_table(struct gmem_dump *dump, const struct table *table, const char *name,
			 uint64_t *address)
{
	size_t length = strlen(name) + 1;
	char found[NAME_MAX_BYTES];
	Elf64_Sym symbol;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < table->count; i++) {
		ret = gmem_dump_read(dump, table->symbols + i * sizeof(symbol), &symbol,
				     sizeof(symbol));
		if (ret || !symbol.st_value)
			continue;
		/* The last names stand at the end of what is mapped. */
		ret = gmem_dump_read(dump, table->names + symbol.st_name, found, length);
		if (!ret && !memcmp(found, name, length)) {
			*address = symbol.st_value;
			return 0;
		}
		if (ret == -EFAULT)
			ret = 0;
	}
	return ret ? ret : -ENOENT;
}

/* A symbol of KVM, which may be a module. */
static int kvm_symbol(struct gmem_dump *dump, const char *name, uint64_t *address)
{
	struct table table;
	int ret = gmem_dump_symbol(dump, name, address);

	if (ret != -ENOENT || !dump->kvm_module)
		return ret;
	ret = read_table(dump, &table);
	return ret ? ret : find_in_table(dump, &table, name, address);
}

/* Whether KVM knows guest_memfd: then it has the struct, by its name today or that before 6.19. */
static bool has_guest_memfd(struct gmem_dump *dump)
{
	size_t size;

	return !gmem_dump_size_of(dump, "gmem_inode", &size) ||
	       !gmem_dump_size_of(dump, "kvm_gmem", &size);
}

/* kvm_caps.supported_vm_types of arch/x86/kvm/x86.c, Linux 6.10; arm64's KVM answers 0. */
static int read_vm_types(struct gmem_dump *dump, uint32_t *types)
{
	uint64_t caps;
	size_t offset;
	int ret;

	*types = 0;
	if (!strcmp(dump->file.machine, "aarch64"))
		return 0;
	ret = gmem_dump_offset_of(dump, "kvm_caps", "supported_vm_types", &offset);

	if (!ret)
		ret = kvm_symbol(dump, "kvm_caps", &caps);
	return ret ? ret : gmem_dump_read_int(dump, caps + offset, types);
}

/* What is not found is not known: a dump may lack any part. */
static int not_recorded(int error)
{
	return error == -EIO || error == -ESTALE || error == -ENOMEM ? error
								     : -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_dump_check_extension(struct gmem_dump *dump, uintptr_t number)
{
	uint32_t types;
	int ret = -ENOENT;

	if (!has_guest_memfd(dump))
		return -GMEM_KERNEL_NOT_RECORDED;
	if (number == GMEM_KVM_CAP_GUEST_MEMFD)
		return 1;
	if (number == GMEM_KVM_CAP_VM_TYPES)
		ret = read_vm_types(dump, &types);
	if (ret)
		return not_recorded(ret);
	return types <= INT32_MAX ? (int)types : -GMEM_KERNEL_NOT_RECORDED;
}

/* boot_cpu_data.x86_vendor_id: "GenuineIntel", "AuthenticAMD" */
static int is_of_vendor(struct gmem_dump *dump, const char *vendor)
{
	char id[VENDOR_SIZE + 1] = "";
	uint64_t cpu;
	size_t offset;
	int ret = gmem_dump_offset_of(dump, "cpuinfo_x86", "x86_vendor_id", &offset);

	if (!ret)
		ret = gmem_dump_symbol(dump, "boot_cpu_data", &cpu);
	if (!ret)
		ret = gmem_dump_read(dump, cpu + offset, id, VENDOR_SIZE);
	return ret ? ret : !strcmp(id, vendor);
}

/*
 * The parameters that say what setup left on, module_param() of arch/x86/kvm/svm/sev.c and
 * arch/x86/kvm/vmx/tdx.c. Setup sets the bits of kvm_caps.supported_vm_types by these variables.
 */
static const struct {
	const char *path, *vendor;
	enum gmem_vm_type type;
} parameters[] = {
	{ "/sys/module/kvm_amd/parameters/sev", "AuthenticAMD", GMEM_VM_SEV },
	{ "/sys/module/kvm_amd/parameters/sev_es", "AuthenticAMD", GMEM_VM_SEV_ES },
	{ "/sys/module/kvm_amd/parameters/sev_snp", "AuthenticAMD", GMEM_VM_SNP },
	{ "/sys/module/kvm_intel/parameters/tdx", "GenuineIntel", GMEM_VM_TDX },
};

int gmem_dump_kvm_parameter(struct gmem_dump *dump, const char *path, char **text)
{
	uint32_t types;
	size_t i = 0;
	int ret;

	while (i < sizeof(parameters) / sizeof(parameters[0]) && strcmp(parameters[i].path, path))
		i++;
	if (i == sizeof(parameters) / sizeof(parameters[0]))
		return -GMEM_KERNEL_NOT_RECORDED;
	ret = is_of_vendor(dump, parameters[i].vendor);
	if (!ret)
		return -ENOENT;
	if (ret > 0)
		ret = read_vm_types(dump, &types);
	if (ret)
		return not_recorded(ret);
	*text = strdup(types & 1u << parameters[i].type ? "Y\n" : "N\n");
	return *text ? 0 : -ENOMEM;
}
