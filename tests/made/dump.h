/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up dump of a kernel: 64 pages of RAM with page tables, a table of symbols, BTF, one
 * process, and a guest_memfd of two pages, one of which is not in the direct map. Unit tests and
 * the fuzzer then leave out pages and change words.
 */
#ifndef TESTS_MADE_DUMP_H
#define TESTS_MADE_DUMP_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>

#include "kernel/dump/dump.h"

#define MADE_PAGES 64u
#define MADE_HOLE 40u	/* page frame that is not in the direct map; the second of the file, */
#define MADE_MAPPED 41u /* and the first */
#define MADE_TABLE 44u	/* the table of page frames 512 to 1023 */
#define MADE_INODE 5u
#define MADE_PID 7u
#define MADE_SYMBOLS 9
#define MADE_REGISTERS 4 /* entries of arm64_ftr_regs[] */
#define MADE_VM_TYPES 3u /* ordinary VMs, and the one for software-protected VMs */

/* A kernel's machine: where it has its things, and how it writes entries of page tables. */
struct made_machine {
	const char *name;
	uint64_t base, image; /* addresses of the direct map and of the kernel's image */
	uint64_t table, page; /* bits of entries */
	const char *keys;     /* of its vmcoreinfo */
};

static const struct made_machine made_x86 = {
	.name = "x86_64",
	.base = 0xffff888000000000,
	.image = 0xffffffff80000000,
	.table = 0x67,
	.page = 0x8000000000000163,
	.keys = "NUMBER(phys_base)=0\n"
		"NUMBER(pgtable_l5_enabled)=0\n",
};

/* Its image is mapped by the tables, here by those of the direct map, too. */
static const struct made_machine made_arm64 = {
	.name = "aarch64",
	.base = 0xffff000000000000,
	.image = 0xffff800000000000,
	.table = 0x3,
	.page = 0x0068000000000707,
	.keys = "NUMBER(kimage_voffset)=0xffff800000000000\n"
		"NUMBER(PHYS_OFFSET)=0x0\n"
		"NUMBER(VA_BITS)=48\n"
		"NUMBER(TCR_EL1_T1SZ)=0x10\n",
};

struct made {
	const struct made_machine *machine;
	uint64_t base, image; /* as the machine's */
	bool anonymous;	      /* as before Linux 6.19: guest_memfd has no file system of its own */
	unsigned char ram[MADE_PAGES * 4096];
	bool left_out[MADE_PAGES];
	int error; /* what every read gives, 0: the bytes */
	char vmcoreinfo[2048];
	uint64_t at;			    /* physical address of what is free */
	uint64_t node;			    /* physical address of the page cache's node, */
	uint64_t caps;			    /* and of KVM's capabilities */
	uint64_t registers[MADE_REGISTERS]; /* and of arm64's ID registers: entry, */
	uint64_t values[MADE_REGISTERS];    /* and struct arm64_ftr_reg */
};

/*
 * Types and their members, 32 bytes each, in this order; NAME/TYPE is a member that is a struct of
 * a type above. Room for an array is at the end of each.
 */
static const char *const made_types[] = {
	"rb_node rb_right rb_left",
	"rb_root rb_node",
	"rb_root_cached rb_root/rb_root",
	"path dentry",
	"qstr name",
	"vma_shared rb/rb_node",
	"slot_gmem file pgoff",
	"kvm_arch vm_type",
	"task_struct tasks thread_node signal pid comm files mm cred",
	"signal_struct thread_head",
	"cred euid",
	"files_struct fdt",
	"fdtable max_fds fd",
	"file f_inode f_mapping f_mode private_data f_path/path",
	"dentry d_name/qstr",
	"xarray xa_head",
	"inode i_ino i_size i_mode i_sb i_mapping i_private",
	"super_block s_magic s_dev",
	"address_space host i_pages/xarray nrpages i_mmap/rb_root_cached i_private_list",
	"vm_area_struct vm_start vm_end vm_mm shared/vma_shared",
	"xa_node shift offset parent array slots",
	"folio mapping index",
	"gmem_inode gmem_file_list flags vfs_inode",
	"gmem_file kvm bindings entry",
	"kvm_gmem kvm bindings entry", /* before 6.19, in place of both */
	"kvm_memslots gfn_tree/rb_root node_idx",
	"kvm_memory_slot base_gfn npages userspace_addr flags id as_id gmem/slot_gmem gfn_node",
	"kvm userspace_pid arch/kvm_arch memslots mem_attr_array",
	"resource start end flags sibling child",
	"zone zone_start_pfn spanned_pages name",
	"pglist_data node_zones node_zonelists kswapd",
	"kvm_caps supported_vm_types",
	"cpuinfo_x86 x86_vendor_id",
	"__ftr_reg_entry sys_id reg", /* arm64 */
	"arm64_ftr_reg name sys_val",
};

#define MADE_TYPES (sizeof(made_types) / sizeof(made_types[0]))
#define MADE_TYPE_SIZE 1024u

static inline uint64_t made_offset(const char *type, const char *member)
{
	for (size_t i = 0; i < MADE_TYPES; i++) {
		const char *at = made_types[i];
		size_t length = strcspn(at, " ");
		uint64_t offset = 0;

		if (strlen(type) != length || memcmp(at, type, length) != 0)
			continue;
		for (at += length; *at; offset += 32) {
			at++;
			length = strcspn(at, " /");
			if (strlen(member) == length && !memcmp(at, member, length))
				return offset;
			at += strcspn(at, " ");
		}
	}
	abort();
}

/* A member that is a struct: the id of its type. */
static inline int made_add_member(struct btf *btf, char *word, int number, uint32_t offset)
{
	char *inner = strchr(word, '/');
	int type = number;

	if (inner) {
		*inner++ = '\0';
		type = btf__find_by_name_kind(btf, inner, BTF_KIND_STRUCT);
	}
	return btf__add_field(btf, word, type, offset * 8, 0);
}

static inline struct btf *made_btf(bool anonymous)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "long", 8, 0);

	for (size_t i = 0; i < MADE_TYPES; i++) {
		char line[256], *save = NULL, *word;
		uint32_t offset = 0;

		snprintf(line, sizeof(line), "%s", made_types[i]);
		word = strtok_r(line, " ", &save);
		if (anonymous ? !strncmp(word, "gmem_", 5) : !strcmp(word, "kvm_gmem"))
			continue;
		if (btf__add_struct(btf, word, MADE_TYPE_SIZE) < 0)
			abort();
		while ((word = strtok_r(NULL, " ", &save))) {
			if (made_add_member(btf, word, number, offset))
				abort();
			offset += 32;
		}
	}
	return btf;
}

static inline uint64_t made_alloc(struct made *made, size_t size)
{
	uint64_t at = made->at;

	made->at += (size + 63) & ~(size_t)63;
	if (made->at > MADE_HOLE * 4096ull)
		abort();
	return at;
}

static inline void made_put(struct made *made, uint64_t physical, uint64_t value)
{
	memcpy(made->ram + physical, &value, sizeof(value));
}

static inline uint64_t made_new(struct made *made)
{
	return made_alloc(made, MADE_TYPE_SIZE);
}

static inline void made_set(struct made *made, uint64_t object, const char *type,
			    const char *member, uint64_t value)
{
	made_put(made, object + made_offset(type, member), value);
}

/* A list of one entry. */
static inline void made_link(struct made *made, uint64_t head, uint64_t entry)
{
	made_put(made, head, made->base + entry);
	made_put(made, head + 8, made->base + entry);
	made_put(made, entry, made->base + head);
	made_put(made, entry + 8, made->base + head);
}

static inline void made_tables(struct made *made)
{
	uint64_t table = made->machine->table;

	/* At page frame 0 the root; its entries for the image count on arm64 only. */
	made_put(made, (made->base >> 39 & 511) * 8, 0x1000 | table);
	made_put(made, (made->image >> 39 & 511) * 8, 0x1000 | table);
	made_put(made, 4096, 0x2000 | table);	  /* 1: 512 GiB */
	made_put(made, 2 * 4096, 0x3000 | table); /* 2: 1 GiB */
	made_put(made, 2 * 4096 + 8, MADE_TABLE * 4096 | table);
	for (uint64_t i = 0; i < 512; i++)
		made_put(made, 3 * 4096 + i * 8,
			 i == MADE_HOLE ? 0 : i * 4096 | made->machine->page);
	made->at = 4 * 4096;
}

/* Each character is a token of its own. */
static inline void made_symbols(struct made *made, const char *const *names,
				const uint64_t *physical, uint32_t count)
{
	uint64_t index = made_alloc(made, 512), tokens = made_alloc(made, 1024);
	uint64_t offsets = made_alloc(made, 4ull * count), number = made_alloc(made, 8);
	uint64_t at = 46 * 4096; /* names: they are read 64 KiB at a time */
	size_t used;

	for (uint16_t c = 0; c < 256; c++) {
		uint16_t place = (uint16_t)(c * 2);

		memcpy(made->ram + index + 2 * c, &place, 2);
		made->ram[tokens + place] = (unsigned char)(c ? c : '?');
	}
	memcpy(made->ram + number, &count, 4);
	for (uint32_t i = 0; i < count; i++) {
		int32_t offset = (int32_t)(physical[i] - (offsets + 4ull * i));
		size_t length = strlen(names[i]);

		memcpy(made->ram + offsets + 4ull * i, &offset, 4);
		made->ram[at++] = (unsigned char)length;
		memcpy(made->ram + at, names[i], length);
		at += length;
	}
	used = strlen(made->vmcoreinfo);
	snprintf(made->vmcoreinfo + used, sizeof(made->vmcoreinfo) - used,
		 "SYMBOL(kallsyms_names)=%llx\nSYMBOL(kallsyms_num_syms)=%llx\n"
		 "SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_token_index)=%llx\n"
		 "SYMBOL(kallsyms_offsets)=%llx\n",
		 (unsigned long long)(made->image + 46 * 4096),
		 (unsigned long long)(made->image + number),
		 (unsigned long long)(made->image + tokens),
		 (unsigned long long)(made->image + index),
		 (unsigned long long)(made->image + offsets));
}

static inline uint64_t made_file(struct made *made, uint64_t inode, const char *name,
				 uint64_t private_data)
{
	uint64_t file = made_new(made), dentry = made_new(made), text = made_alloc(made, 64);

	strcpy((char *)made->ram + text, name);
	made_set(made, dentry, "dentry", "d_name", made->base + text);
	made_set(made, file, "file", "f_inode", made->base + inode);
	made_set(made, file, "file", "f_path", made->base + dentry);
	made_set(made, file, "file", "private_data", private_data);
	return file;
}

/* The guest_memfd, of two pages; returns its inode. */
static inline uint64_t made_memory(struct made *made, uint64_t kvm, uint64_t pages)
{
	uint64_t outer = made_alloc(made, 2 * MADE_TYPE_SIZE), sb = made_new(made);
	uint64_t inode = outer + made_offset("gmem_inode", "vfs_inode");
	uint64_t mapping = made_new(made), opened = made_new(made);
	uint64_t xarray = mapping + made_offset("address_space", "i_pages");
	uint64_t slots = made_offset("xa_node", "slots");

	made->at = (made->at + 4095) & ~4095ull; /* alone on its page */
	made->node = made_alloc(made, 4096);
	made_set(made, sb, "super_block", "s_magic", made->anonymous ? 0x09041934 : 0x474d454d);
	made_set(made, sb, "super_block", "s_dev", 18);
	made_set(made, inode, "inode", "i_ino", MADE_INODE);
	made_set(made, inode, "inode", "i_size", 2 * 4096);
	made_set(made, inode, "inode", "i_sb", made->base + sb);
	made_set(made, inode, "inode", "i_mapping", made->base + mapping);
	made_set(made, mapping, "address_space", "host", made->base + inode);
	made_set(made, mapping, "address_space", "nrpages", 2);
	made_put(made, xarray, made->base + made->node + 2);
	made_set(made, made->node, "xa_node", "array", made->base + xarray);
	made_put(made, made->node + slots, made->base + pages + MADE_MAPPED * 64);
	made_put(made, made->node + slots + 8, made->base + pages + MADE_HOLE * 64);
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t page = pages + (i ? MADE_HOLE : MADE_MAPPED) * 64;

		made_set(made, page, "folio", "mapping", made->base + mapping);
		made_set(made, page, "folio", "index", i);
	}
	made_set(made, opened, "gmem_file", "kvm", made->base + kvm);
	/* struct kvm_gmem has the members of struct gmem_file. */
	made_link(made,
		  made->anonymous ? mapping + made_offset("address_space", "i_private_list")
				  : outer + made_offset("gmem_inode", "gmem_file_list"),
		  opened + made_offset("gmem_file", "entry"));
	return inode;
}

static inline void made_process(struct made *made, uint64_t init, uint64_t memory, uint64_t vm)
{
	uint64_t task = made_new(made), sign = made_new(made), files = made_new(made);
	uint64_t fdt = made_new(made), table = made_alloc(made, 32), cred = made_new(made);
	uint64_t head = init + made_offset("task_struct", "tasks");
	uint64_t entry = task + made_offset("task_struct", "tasks");

	made_link(made, head, entry);
	made_put(made, entry, made->image + head); /* init_task is in the image */
	made_put(made, entry + 8, made->image + head);
	made_link(made, sign + made_offset("signal_struct", "thread_head"),
		  task + made_offset("task_struct", "thread_node"));
	made_set(made, task, "task_struct", "signal", made->base + sign);
	made_set(made, task, "task_struct", "pid", MADE_PID);
	strcpy((char *)made->ram + task + made_offset("task_struct", "comm"), "vmm");
	made_set(made, task, "task_struct", "files", made->base + files);
	made_set(made, task, "task_struct", "cred", made->base + cred);
	made_set(made, files, "files_struct", "fdt", made->base + fdt);
	made_set(made, fdt, "fdtable", "max_fds", 4);
	made_set(made, fdt, "fdtable", "fd", made->base + table);
	made_put(made, table + 8, made->base + memory);
	made_put(made, table + 16, made->base + vm);
}

static inline uint64_t made_ram(struct made *made)
{
	uint64_t root = made_new(made), ram = made_new(made);

	made_set(made, root, "resource", "child", made->base + ram);
	made_set(made, ram, "resource", "end", MADE_PAGES * 4096 - 1);
	made_set(made, ram, "resource", "flags", 0x01000200);
	return root;
}

/* ID_AA64MMFR1_EL1, ID_AA64MMFR2_EL1 with Force Write-Back, ID_AA64MMFR3_EL1, CTR_EL0 without DIC
 */
static inline void made_registers(struct made *made)
{
	static const struct {
		uint64_t id, value;
	} rows[MADE_REGISTERS] = {
		{ 0x180720, 0 },
		{ 0x180740, 1ull << 40 },
		{ 0x180760, 0 },
		{ 0x1b0020, 0x8444c004 },
	};
	uint64_t at = made_alloc(made, (size_t)MADE_REGISTERS * MADE_TYPE_SIZE);

	for (size_t i = 0; i < MADE_REGISTERS; i++) {
		made->registers[i] = at + i * MADE_TYPE_SIZE;
		made->values[i] = made_new(made);
		made_set(made, made->registers[i], "__ftr_reg_entry", "sys_id", rows[i].id);
		made_set(made, made->registers[i], "__ftr_reg_entry", "reg",
			 made->image + made->values[i]);
		made_set(made, made->values[i], "arm64_ftr_reg", "sys_val", rows[i].value);
	}
}

static inline void made_build_as(struct made *made, const struct made_machine *machine,
				 bool anonymous)
{
	static const char *const names[MADE_SYMBOLS] = {
		"T_stext",	  "Dinit_task",	     "Diomem_resource",
		"R__start_BTF",	  "R__stop_BTF",     "Dkvm_caps",
		"Dboot_cpu_data", "rarm64_ftr_regs", "Darm64_ftr_reg_ctrel0",
	};
	struct btf *btf = made_btf(anonymous);
	uint64_t physical[MADE_SYMBOLS] = { 0 }, pages, kvm, inode;
	const void *blob;
	uint32_t size;

	memset(made, 0, sizeof(*made));
	made->machine = machine;
	made->anonymous = anonymous;
	made->base = machine->base;
	made->image = machine->image;
	made_tables(made);
	blob = btf__raw_data(btf, &size);
	physical[3] = made_alloc(made, size);
	physical[4] = physical[3] + size;
	memcpy(made->ram + physical[3], blob, size);
	btf__free(btf);
	pages = made_alloc(made, MADE_PAGES * 64);
	physical[1] = made_new(made);
	physical[2] = made_ram(made);
	made->caps = physical[5] = made_new(made);
	made_set(made, made->caps, "kvm_caps", "supported_vm_types", MADE_VM_TYPES);
	physical[6] = made_new(made);
	strcpy((char *)made->ram + physical[6] + made_offset("cpuinfo_x86", "x86_vendor_id"),
	       "AuthenticAMD");
	made_registers(made);
	physical[7] = made->registers[0];
	physical[8] = made->values[MADE_REGISTERS - 1];
	kvm = made_new(made);
	made_set(made, kvm, "kvm", "userspace_pid", MADE_PID);
	inode = made_memory(made, kvm, pages);
	made_process(made, physical[1], made_file(made, inode, "[kvm-gmem]", 0),
		     made_file(made, kvm, "kvm-vm", made->base + kvm));
	snprintf(made->vmcoreinfo, sizeof(made->vmcoreinfo),
		 "OSRELEASE=7.3.4\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=%llx\n"
		 "SYMBOL(_stext)=%llx\n"
		 "%s"
		 "SIZE(page)=64\nSYMBOL(vmemmap)=%llx\nLENGTH(node_data)=1\n"
		 "SYMBOL(node_data)=%llx\n",
		 (unsigned long long)made->image, (unsigned long long)made->image, machine->keys,
		 (unsigned long long)(made->base + pages),
		 (unsigned long long)(made->image + made_new(made)));
	made_symbols(made, names, physical, MADE_SYMBOLS);
}

static inline void made_build_of(struct made *made, const struct made_machine *machine)
{
	made_build_as(made, machine, false);
}

static inline void made_build(struct made *made)
{
	made_build_of(made, &made_x86);
}

static int made_read(void *handle, uint64_t physical, void *buffer, size_t length)
{
	const struct made *made = handle;

	if (made->error)
		return made->error;
	if (physical >= sizeof(made->ram) || length > sizeof(made->ram) - physical ||
	    made->left_out[physical / 4096])
		return -GMEM_KERNEL_NOT_RECORDED;
	memcpy(buffer, made->ram + physical, length);
	return 0;
}

static void made_close(void *handle)
{
	(void)handle;
}

/* A kernel on it; made stays the caller's. */
static inline int made_open(struct made *made, char *why, size_t size, struct gmem_kernel **out)
{
	const struct gmem_dump_file file = {
		.read = made_read,
		.close = made_close,
		.handle = made,
		.vmcoreinfo = strdup(made->vmcoreinfo),
		.machine = made->machine->name,
	};

	return gmem_dump_new("made up", &file, why, size, out);
}

#endif
