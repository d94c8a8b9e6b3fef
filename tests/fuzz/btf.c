// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Layouts of structs from corrupted BTF. libbpf parses the header, the strings and the bounds of
 * types. This fuzzer tests our walk from a struct to a member: it ends, whatever types refer to
 * each other, and the member is within the struct.
 *
 * The input is types. A byte before them tells how many 16-byte units of them belong to vmlinux.
 * The others belong to the module, and its BTF continues that of vmlinux.
 */
#include "fuzz.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/btf.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/linux/linux.h"

/* The names that types can have, and those that the fuzzer looks up. */
static const char strings[] = "\0file\0inode\0kvm\0arch\0gmem\0pgoff\0vm_type";

static const struct {
	const char *type;
	const char *member;
} asked[] = {
	{ "file", "inode" },
	{ "file", "gmem.pgoff" },
	{ "kvm", "arch.vm_type" },
	{ "kvm", "arch.gmem.file" },
	{ "inode", "gmem.gmem.gmem" },
	{ "inode", "" },
	{ "inode", "." },
	{ "gmem", "pgoff." },
	{ "none", "inode" },
};

static int file;
static char path[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	libbpf_set_print(NULL);
	file = memfd_create("btf", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return file < 0;
}

/*
 * Writes a file, because libbpf 1.1 exports no function that takes bytes and a base.
 */
static struct btf *parse(const uint8_t *types, size_t size, struct btf *base)
{
	struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(header),
		.type_len = (uint32_t)size,
		.str_off = (uint32_t)size,
		.str_len = sizeof(strings),
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (void *)types, size },
		{ (void *)strings, sizeof(strings) },
	};
	ssize_t length = (ssize_t)(sizeof(header) + size + sizeof(strings));

	if (ftruncate(file, 0) || pwritev(file, parts, 3, 0) != length)
		abort();
	return btf__parse_raw_split(path, base);
}

static void ask(struct gmem_linux *host, const char *type, const char *member)
{
	size_t offset, size;
	int ret = gmem_linux_offset_of(host, type, member, &offset);
	bool has_size = !gmem_linux_size_of(host, type, &size);

	HOLDS(ret == 0 || ret == -ENOENT || ret == -EILSEQ);
	HOLDS(ret || (has_size && offset <= size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gmem_linux host = { .lock = PTHREAD_MUTEX_INITIALIZER };
	size_t first = size ? (size_t)data[0] * 16 : 0;

	if (!size)
		return 0;
	data++;
	size--;
	first = first < size ? first : size;
	host.btf = parse(data, first, NULL);
	if (host.btf && size > first)
		host.btf_module = parse(data + first, size - first, host.btf);
	for (size_t i = 0; host.btf && i < sizeof(asked) / sizeof(asked[0]); i++)
		ask(&host, asked[i].type, asked[i].member);
	gmem_linux_btf_free(&host);
	return 0;
}
