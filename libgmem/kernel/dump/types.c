// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's types, from the BTF in the dump: vmlinux has its own in its image (scan.c), and the
 * kernel keeps that of modules in the list btf_modules (kernel/bpf/btf.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/dump/dump.h"
#include "kernel/image/btf.h"

#define BTF_MAX (64u << 20) /* bytes; vmlinux has some 6 MiB */
#define MODULES_MAX 4096
#define NAME_MAX_BYTES 64 /* MODULE_NAME_LEN is 56 */

static int read_blob(struct gmem_dump *dump, uint64_t address, uint64_t length, void **out)
{
	void *blob;
	int ret;

	if (!length || length > BTF_MAX)
		return -EILSEQ;
	blob = malloc(length);
	if (!blob)
		return -ENOMEM;
	ret = gmem_dump_read(dump, address, blob, length);
	if (ret)
		free(blob);
	else
		*out = blob;
	return ret;
}

static int load_vmlinux(struct gmem_dump *dump)
{
	uint64_t start, length;
	void *blob;
	int ret = gmem_dump_find_btf(dump, &start, &length);

	if (!ret)
		ret = read_blob(dump, start, length, &blob);
	if (ret)
		return ret;
	dump->btf = btf__new(blob, (uint32_t)length);
	free(blob);
	return dump->btf ? 0 : -EILSEQ;
}

/* Goes through a file, because libbpf 1.1 exports no function that takes bytes and a base. */
static struct btf *parse_split(const void *blob, size_t length, struct btf *base)
{
	struct btf *btf = NULL;
	char path[32];
	int fd = memfd_create("btf", MFD_CLOEXEC);

	if (fd < 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, blob, length) == (ssize_t)length)
		btf = btf__parse_raw_split(path, base);
	close(fd);
	return btf;
}

struct module_layout {
	size_t list, btf, module; /* of struct btf_module */
	size_t data, size, name;  /* of struct btf */
};

static int read_module_layout(const struct gmem_dump *dump, struct module_layout *out)
{
	const struct {
		const char *type, *member;
		size_t *offset;
	} wanted[] = {
		{ "btf_module", "list", &out->list },	  { "btf_module", "btf", &out->btf },
		{ "btf_module", "module", &out->module }, { "btf", "data", &out->data },
		{ "btf", "data_size", &out->size },	  { "btf", "name", &out->name },
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ret = gmem_btf_offset_of(dump->btf, NULL, wanted[i].type, wanted[i].member,
					 wanted[i].offset);
	return ret;
}

/* Takes the BTF of the module kvm. Returns 1 if it is that of another module. */
static int take_module(struct gmem_dump *dump, const struct module_layout *layout, uint64_t btf)
{
	char name[NAME_MAX_BYTES] = "";
	uint64_t data;
	uint32_t length;
	void *blob;
	int ret = gmem_dump_read(dump, btf + layout->name, name, sizeof("kvm"));

	if (!ret && memcmp(name, "kvm", sizeof("kvm")) != 0)
		return 1;
	if (!ret)
		ret = gmem_dump_read_word(dump, btf + layout->data, &data);
	if (!ret)
		ret = gmem_dump_read_int(dump, btf + layout->size, &length);
	if (!ret)
		ret = read_blob(dump, data, length, &blob);
	if (ret)
		return ret;
	dump->btf_module = parse_split(blob, length, dump->btf);
	free(blob);
	return dump->btf_module ? 0 : -EILSEQ;
}

/* It is absent if KVM is built in, or is not there at all. */
static void load_module(struct gmem_dump *dump)
{
	struct module_layout layout;
	uint64_t head, entry, btf;
	int ret = gmem_dump_symbol(dump, "btf_modules", &head);

	if (ret || read_module_layout(dump, &layout))
		return;
	ret = gmem_dump_read_word(dump, head, &entry);
	for (int n = 0; !ret && entry != head && n < MODULES_MAX; n++) {
		uint64_t module = entry - layout.list;

		ret = gmem_dump_read_word(dump, module + layout.btf, &btf);
		if (!ret)
			ret = take_module(dump, &layout, btf);
		if (!ret)
			gmem_dump_read_word(dump, module + layout.module, &dump->kvm_module);
		if (ret != 1)
			return;
		ret = gmem_dump_read_word(dump, entry, &entry);
	}
}

static int load(struct gmem_dump *dump)
{
	if (dump->btf)
		return 0;
	if (!dump->btf_failed && !load_vmlinux(dump)) {
		load_module(dump);
		return 0;
	}
	dump->btf_failed = true;
	return -ENODATA;
}

int gmem_dump_offset_of(struct gmem_dump *dump, const char *type, const char *member,
			size_t *offset)
{
	int ret = load(dump);

	return ret ? ret : gmem_btf_offset_of(dump->btf, dump->btf_module, type, member, offset);
}

int gmem_dump_size_of(struct gmem_dump *dump, const char *type, size_t *size)
{
	int ret = load(dump);

	return ret ? ret : gmem_btf_size_of(dump->btf, dump->btf_module, type, size);
}

void gmem_dump_types_free(struct gmem_dump *dump)
{
	btf__free(dump->btf_module);
	btf__free(dump->btf);
}
