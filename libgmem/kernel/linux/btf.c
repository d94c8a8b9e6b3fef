// SPDX-License-Identifier: LGPL-2.1-or-later
/* Layouts of kernel structs from BTF: of vmlinux, and of kvm.ko where KVM is a module. */
#include <bpf/btf.h>

#include "kernel/image/btf.h"
#include "kernel/linux/linux.h"

#define BTF_VMLINUX "/sys/kernel/btf/vmlinux"
#define BTF_KVM "/sys/kernel/btf/kvm"

static int load(struct gmem_linux *host)
{
	if (host->btf)
		return 0;
	if (host->btf_failed)
		return -ENODATA;
	host->btf = btf__parse_raw(BTF_VMLINUX);
	if (!host->btf) {
		host->btf_failed = true;
		return -ENODATA;
	}
	/* Absent where KVM is built in, or not there at all. */
	host->btf_module = btf__parse_raw_split(BTF_KVM, host->btf);
	return 0;
}

int gmem_linux_offset_of(struct gmem_linux *host, const char *type, const char *member,
			 size_t *offset)
{
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = load(host);
	if (!ret)
		ret = gmem_btf_offset_of(host->btf, host->btf_module, type, member, offset);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int gmem_linux_size_of(struct gmem_linux *host, const char *type, size_t *size)
{
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = load(host);
	if (!ret)
		ret = gmem_btf_size_of(host->btf, host->btf_module, type, size);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

void gmem_linux_btf_free(struct gmem_linux *host)
{
	btf__free(host->btf_module);
	btf__free(host->btf);
}
