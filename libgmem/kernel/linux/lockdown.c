// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lockdown of the running kernel. LOCKDOWN_BPF_READ_KERNEL and LOCKDOWN_KCORE close both ways by
 * which libgmem reads. libgmem also honours the mode itself, if a way is still open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/linux/linux.h"

int gmem_linux_lockdown(char *why, size_t size)
{
	char text[128] = "";
	int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0; /* no securityfs, or a kernel without lockdown */
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	if (!strstr(text, "[confidentiality]"))
		return 0;
	snprintf(why, size,
		 "the kernel is locked down (lockdown=confidentiality): reading kernel "
		 "memory is refused");
	return -EPERM;
}
