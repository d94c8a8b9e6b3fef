// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds objects in the kernel image that have no symbol: without CONFIG_KALLSYMS_ALL only functions
 * have symbols. Each object is recognised by its content.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/btf.h>

#include "kernel/dump/dump.h"
#include "kernel/image/vmcoreinfo.h"

#define PAGE 4096u
#define SCAN_MAX (128u << 20) /* bytes of image, from its first function on */
#define STRIDE 8u

/*
 * Looks at STRIDE-aligned bytes, up to the end of their page. Returns 0 if the object begins there.
 */
typedef int (*look_fn)(struct gmem_dump *dump, uint64_t address, const unsigned char *bytes,
		       size_t length, void *arg);

static int scan_page(struct gmem_dump *dump, uint64_t page, look_fn look, void *arg)
{
	unsigned char bytes[PAGE];
	int ret = gmem_dump_read(dump, page, bytes, sizeof(bytes));

	if (ret)
		return ret == -EIO || ret == -ESTALE ? ret : -ENOENT;
	for (size_t at = 0; at < PAGE; at += STRIDE) {
		ret = look(dump, page + at, bytes + at, PAGE - at, arg);
		if (ret != -ENOENT)
			return ret;
	}
	return -ENOENT;
}

static int scan(struct gmem_dump *dump, look_fn look, void *arg)
{
	uint64_t start;
	int ret = gmem_vmcoreinfo_number(dump->file.vmcoreinfo, "SYMBOL(_stext)", 16, &start);

	if (ret)
		return ret;
	start &= ~(uint64_t)(PAGE - 1);
	ret = -ENOENT;
	for (uint64_t at = 0; ret == -ENOENT && at < SCAN_MAX; at += PAGE)
		ret = scan_page(dump, start + at, look, arg);
	return ret;
}

struct blob {
	uint64_t address;
	uint64_t length;
};

/* Checks a header as libbpf does. The kernel build writes the strings behind the types. */
static int look_for_btf(struct gmem_dump *dump, uint64_t address, const unsigned char *bytes,
			size_t length, void *arg)
{
	struct btf_header header;
	struct blob *blob = arg;

	(void)dump;
	if (length < sizeof(header))
		return -ENOENT;
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != BTF_MAGIC || header.version != BTF_VERSION || header.flags ||
	    header.hdr_len < sizeof(header) || header.hdr_len > PAGE || header.type_off ||
	    header.str_off != header.type_len || !header.type_len || !header.str_len)
		return -ENOENT;
	blob->address = address;
	blob->length = (uint64_t)header.hdr_len + header.str_off + header.str_len;
	return 0;
}

int gmem_dump_find_btf(struct gmem_dump *dump, uint64_t *address, uint64_t *length)
{
	struct blob blob = { 0 };
	uint64_t stop;
	int ret = gmem_dump_symbol(dump, "__start_BTF", address);

	if (!ret)
		ret = gmem_dump_symbol(dump, "__stop_BTF", &stop);
	if (!ret) {
		*length = stop - *address;
		return 0;
	}
	ret = scan(dump, look_for_btf, &blob);
	*address = blob.address;
	*length = blob.length;
	return ret;
}

/* struct resource iomem_resource in kernel/resource.c: all of memory, by the name "PCI mem". */
static int look_for_iomem(struct gmem_dump *dump, uint64_t address, const unsigned char *bytes,
			  size_t length, void *arg)
{
	static const char wanted[] = "PCI mem";
	uint64_t words[4]; /* start, end, name, flags, which it has begun with since 2.6 */
	char name[sizeof(wanted)];

	if (length < sizeof(words))
		return -ENOENT;
	memcpy(words, bytes, sizeof(words));
	if (words[0] || words[1] < UINT32_MAX || (words[1] & (words[1] + 1)) ||
	    !(words[3] & 0x200) /* IORESOURCE_MEM */)
		return -ENOENT;
	if (gmem_dump_read(dump, words[2], name, sizeof(name)) ||
	    memcmp(name, wanted, sizeof(wanted)) != 0)
		return -ENOENT;
	*(uint64_t *)arg = address;
	return 0;
}

int gmem_dump_find_iomem(struct gmem_dump *dump, uint64_t *address)
{
	int ret = gmem_dump_symbol(dump, "iomem_resource", address);

	return ret == -ENOENT || ret == -ENODATA ? scan(dump, look_for_iomem, address) : ret;
}
