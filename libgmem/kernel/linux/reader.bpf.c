// SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-or-later
/*
 * Copies ranges of kernel memory into an array that the loader has mapped: this is
 * all that libgmem runs in the kernel. It writes only to its own map and follows no pointer;
 * the loader decides what to read.
 *
 * bpf_probe_read_kernel() (copy_from_kernel_nofault()) answers -EFAULT for an address that is
 * not mapped, where a BTF-typed load would give zeros.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "kernel/linux/reader.h"

struct reader_request requests[READER_REQUESTS];
unsigned int request_count;
unsigned long long current_task;
unsigned char data[READER_DATA] __attribute__((aligned(8)));

static long read_one(unsigned int index, void *unused)
{
	struct reader_request *request;
	unsigned int length, offset;

	(void)unused;
	if (index >= READER_REQUESTS)
		return 1;
	request = &requests[index];
	length = request->length;
	offset = request->offset;
	if (length == 0 || length > READER_REQUEST_MAX ||
	    offset > READER_DATA - READER_REQUEST_MAX) {
		request->result = -22;
		return 0;
	}
	request->result = bpf_probe_read_kernel(data + offset, length, (void *)request->address);
	return 0;
}

SEC("syscall")
int reader_run(void *ctx)
{
	(void)ctx;
	current_task = bpf_get_current_task();
	bpf_loop(request_count, read_one, (void *)0, 0);
	return 0;
}

/*
 * bpf_probe_read_kernel() is for GPL-compatible programs only; the LGPL (its section 3) lets this
 * one be used under the GPL.
 */
char reader_license[] SEC("license") = "GPL";
