/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dump of a kernel that crashed, or of a guest, behind the port. All of it is untrusted input:
 * counts, sizes and lists have bounds.
 *
 * Only the page tables in the dump tell what is mapped; they are read by physical address. To read
 * tables and structures, addresses of the direct map and of the kernel image are translated by
 * arithmetic. That such an address can be read does not mean that it is mapped.
 */
#ifndef GMEM_DUMP_H
#define GMEM_DUMP_H

#include "kernel/image/machine.h"
#include "kernel/kernel.h"

struct btf;
struct gmem_kallsyms;

/* The physical memory in a dump: file.c reads a dump file, tests have their own. */
struct gmem_dump_file {
	/*
	 * Copies length bytes, which lie in one page. Returns 0; -GMEM_KERNEL_NOT_RECORDED, the
	 * page is not in the dump; -EIO, the file is truncated or damaged; -ESTALE, it changed
	 * since it was opened.
	 */
	int (*read)(void *handle, uint64_t physical, void *buffer, size_t length);
	void (*close)(void *handle);
	void *handle;
	char *vmcoreinfo;    /* NUL-terminated, freed by its owner */
	const char *machine; /* "x86_64" or "aarch64", static */
};

/*
 * file.c, or without_kdump.c: on failure why gets the reason in words. Errors: of opening the file;
 * ENOTSUP (this build cannot read dumps; it is one of another machine; no regular file), EBADMSG
 * (no dump, a damaged one, or one in an order that cannot be read), ENODATA (it has no vmcoreinfo),
 * ENOMEM.
 */
int gmem_dump_file_open(const char *path, struct gmem_dump_file *out, char *why, size_t size);

#define GMEM_DUMP_TLB 1024u   /* translations that are kept, a power of two */
#define GMEM_DUMP_TEXTS 8     /* number of files of /proc that may be open at a time */
#define GMEM_DUMP_RELEASE 65u /* bytes of the kernel's release, as uname(2) has it */

/* What is needed to translate an address of the kernel. */
struct gmem_dump_image {
	struct gmem_image layout;
	bool has_base;	     /* where the direct map begins is known */
	uint64_t root;	     /* physical address of the page directory */
	uint64_t phys_base;  /* of the image, */
	uint64_t image_size; /* and bytes of address space that it may take; 0: the tables map it */
};

struct gmem_dump_translation {
	uint64_t page; /* address / 4096 plus one; 0: none */
	uint64_t physical;
};

/* What a descriptor stands for. */
struct gmem_dump_text {
	char *text; /* NULL: the descriptor is free */
	size_t length;
	bool is_kvm; /* of /dev/kvm */
};

struct gmem_dump {
	struct gmem_kernel kernel;
	struct gmem_kernel_ops ops; /* with the machine of the dump */
	char *name;		    /* FILE, as the caller wrote it */
	struct gmem_dump_file file;
	char release[GMEM_DUMP_RELEASE];
	struct gmem_dump_image image;
	struct gmem_dump_translation *tlb;
	struct gmem_kallsyms *kallsyms; /* NULL where vmcoreinfo names none */
	struct btf *btf;		/* of vmlinux; NULL until asked for */
	struct btf *btf_module;		/* of kvm.ko where KVM is a module, */
	uint64_t kvm_module;		/* and its struct module; 0: none */
	bool btf_failed;
	struct gmem_dump_text texts[GMEM_DUMP_TEXTS];
};

/*
 * A kernel on such memory, which it owns from here on. Errors: EBADMSG, ENODATA (vmcoreinfo lacks
 * what is needed), ENOTSUP (its pages), ENOMEM; of reading.
 */
int gmem_dump_new(const char *name, const struct gmem_dump_file *file, char *why, size_t size,
		  struct gmem_kernel **out);

/* image.c: what vmcoreinfo and the symbols tell of the image. As gmem_dump_new(). */
int gmem_dump_image_read(struct gmem_dump *dump, char *why, size_t size);

/*
 * memory.c: copies kernel memory. Returns 0; -EFAULT, it is not mapped; -GMEM_KERNEL_NOT_RECORDED,
 * a page of it, or of the tables that lead there, is not in the dump; EIO and ESTALE as the file
 * has them.
 */
int gmem_dump_read(struct gmem_dump *dump, uint64_t address, void *buffer, size_t length);

/* A pointer, an unsigned int: the same. */
int gmem_dump_read_word(struct gmem_dump *dump, uint64_t address, uint64_t *value);
int gmem_dump_read_int(struct gmem_dump *dump, uint64_t address, uint32_t *value);

/* Errors: ENOENT, ENODATA (vmcoreinfo names no table of symbols); of reading. */
int gmem_dump_symbol(struct gmem_dump *dump, const char *name, uint64_t *address);

/*
 * scan.c: BTF of vmlinux, and struct resource iomem_resource, by their symbols or by their content.
 * Errors: ENOENT; of reading.
 */
int gmem_dump_find_btf(struct gmem_dump *dump, uint64_t *address, uint64_t *length);
int gmem_dump_find_iomem(struct gmem_dump *dump, uint64_t *address);

/*
 * nodes.c: calls fn for each NUMA node with its struct pglist_data, until it returns another value
 * than 0, which is passed on. Errors: ENOENT (where they are is not told), EILSEQ; of reading.
 */
typedef int (*gmem_dump_node_fn)(struct gmem_dump *dump, uint64_t pgdat, unsigned int node,
				 void *arg);
int gmem_dump_each_node(struct gmem_dump *dump, gmem_dump_node_fn fn, void *arg);

/* tasks.c: struct task_struct init_task. Errors: ENOENT; of reading; of types.c. */
int gmem_dump_find_init_task(struct gmem_dump *dump, uint64_t *address);

/* types.c, or without_types.c: layouts of structs, from the BTF in the dump. As the port's. */
int gmem_dump_offset_of(struct gmem_dump *dump, const char *type, const char *member,
			size_t *offset);
int gmem_dump_size_of(struct gmem_dump *dump, const char *type, size_t *size);
void gmem_dump_types_free(struct gmem_dump *dump);

/*
 * kvm.c: what KVM would answer to KVM_CHECK_EXTENSION on /dev/kvm. Errors: GMEM_KERNEL_NOT_RECORDED
 * (nothing tells); of reading.
 */
int gmem_dump_check_extension(struct gmem_dump *dump, uintptr_t number);

/*
 * The text of a parameter of KVM's modules that says whether a type of VM is on; the caller frees
 * *text. Errors: ENOENT (the CPU is another vendor's), ENOMEM; as above.
 */
int gmem_dump_kvm_parameter(struct gmem_dump *dump, const char *path, char **text);

/*
 * texts.c: what files of /proc would contain on that kernel; the caller frees *text. Errors:
 * GMEM_KERNEL_NOT_RECORDED (nothing tells), ENOMEM.
 */
int gmem_dump_text_of(struct gmem_dump *dump, const char *path, char **text);

#endif
