// SPDX-License-Identifier: LGPL-2.1-or-later
/* What /proc says of this process's descriptors and mappings. */
#include <sys/mman.h>

#include "kernel/sim/fs/proc.h"
#include "kernel/sim/mm/mmap.h"

void sim_proc_maps(struct gmem_sim *sim, struct sim_text *text)
{
	for (const struct sim_vma *vma = sim->vmas; vma; vma = vma->next) {
		unsigned int device = vma->file ? sim_inode_device(vma->file->inode) : 0;

		sim_text_printf(
			text, "%lx-%lx %c%c%c%c %08llx 00:%02x %llu", (unsigned long)vma->start,
			(unsigned long)(vma->start + vma->length),
			vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-',
			vma->prot & PROT_EXEC ? 'x' : '-', vma->file ? 's' : 'p',
			(unsigned long long)vma->offset, device,
			vma->file ? (unsigned long long)vma->file->inode->ino : 0ull);
		sim_text_printf(text, "%s%s\n", vma->file ? "                    " : "",
				vma->file ? vma->file->link : "");
	}
}

void sim_proc_fdinfo(const struct sim_file *file, struct sim_text *text)
{
	sim_text_printf(text, "pos:\t0\nflags:\t%s\nmnt_id:\t15\nino:\t%llu\n",
			file->path_only ? "010000000" : "0100002",
			(unsigned long long)file->inode->ino);
}
