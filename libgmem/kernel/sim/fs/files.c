// SPDX-License-Identifier: LGPL-2.1-or-later
/* Open files and the descriptor table, in the model's kernel memory as in this process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sim/fs/file.h"

int sim_file_new(struct gmem_sim *sim, const struct sim_file_type *type, struct sim_inode *inode,
		 const char *link, struct sim_file **out)
{
	struct sim_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->address = sim_object(sim, SIM_FILE);
	if (!file->address) {
		free(file);
		return -ENOMEM;
	}
	file->type = type;
	file->refs = 1;
	file->inode = inode;
	snprintf(file->link, sizeof(file->link), "%s", link);
	sim_set(sim, file->address, SIM_FILE_INODE, inode->address);
	sim_set(sim, file->address, SIM_FILE_MAPPING, inode->mapping);
	file->next = sim->files;
	sim->files = file;
	*out = file;
	return 0;
}

static void file_free(struct sim_file *file)
{
	sim_text_free(&file->text);
	free(file);
}

int sim_file_put(struct gmem_sim *sim, struct sim_file *file)
{
	struct sim_file **link = &sim->files;
	struct sim_inode *inode = file->inode;
	int err = 0;

	if (--file->refs)
		return 0;
	if (file->type->release && !file->path_only)
		err = file->type->release(sim, file);
	/* The task died in this call: the object behind the file is lost with it. */
	if (err == -GMEM_KERNEL_OOPS)
		return err;
	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	sim_object_free(sim, SIM_FILE, file->address);
	file_free(file);
	return sim_inode_put(sim, inode);
}

void sim_files_exit(struct gmem_sim *sim)
{
	while (sim->files) {
		struct sim_file *file = sim->files;

		sim->files = file->next;
		if (file->type->discard && !file->path_only)
			file->type->discard(file);
		file_free(file);
	}
}

/*
 * The table in kernel memory begins with the entry of SIM_FIRST_FD: what a real one would have for
 * lower numbers is not there, and fdtable.fd points to where it would be.
 */
void sim_fdtable_set(struct gmem_sim *sim, uint64_t table, uint64_t fds, unsigned int count)
{
	sim_set(sim, table, SIM_FDTABLE_MAX_FDS, SIM_FIRST_FD + count);
	sim_set(sim, table, SIM_FDTABLE_FD, fds - SIM_FIRST_FD * sizeof(uint64_t));
}

/* The entry of SIM_FIRST_FD. */
static uint64_t first_entry(struct gmem_sim *sim, uint64_t table)
{
	return sim_get(sim, table, SIM_FDTABLE_FD) + SIM_FIRST_FD * sizeof(uint64_t);
}

/* expand_fdtable(): a new table of twice the size takes the old one's place. */
static int grow_table(struct gmem_sim *sim, unsigned int index)
{
	uint64_t old = sim->boot.fdtable;
	uint64_t old_fds = first_entry(sim, old);
	unsigned int count = (unsigned int)sim_get(sim, old, SIM_FDTABLE_MAX_FDS) - SIM_FIRST_FD;
	uint64_t table, fds;

	if (index < count)
		return 0;
	table = sim_object(sim, SIM_FDTABLE);
	fds = sim_kalloc(sim, 2 * count * sizeof(uint64_t));
	if (!table || !fds) {
		sim_object_free(sim, SIM_FDTABLE, table);
		sim_kfree(sim, fds, 2 * count * sizeof(uint64_t));
		return -ENOMEM;
	}
	memcpy(sim_kptr(sim, fds), sim_kptr(sim, old_fds), count * sizeof(uint64_t));
	sim_fdtable_set(sim, table, fds, 2 * count);
	sim_set(sim, sim->boot.files, SIM_FILES_FDT, table);
	sim->boot.fdtable = table;
	sim_kfree(sim, old_fds, count * sizeof(uint64_t));
	sim_object_free(sim, SIM_FDTABLE, old);
	return 0;
}

static void set_table(struct gmem_sim *sim, unsigned int index, uint64_t file)
{
	uint64_t fds = first_entry(sim, sim->boot.fdtable);

	memcpy(sim_kptr(sim, fds + index * sizeof(file)), &file, sizeof(file));
}

int sim_fd_install(struct gmem_sim *sim, struct sim_file *file, bool cloexec)
{
	unsigned int index = 0;
	int err = -EMFILE;

	while (index < SIM_FDS_MAX && sim->fds[index].file)
		index++;
	if (index < SIM_FDS_MAX)
		err = grow_table(sim, index);
	if (err) {
		sim_file_put(sim, file);
		return err;
	}
	sim->fds[index] = (struct sim_fd){ file, cloexec };
	sim->fd_count++;
	set_table(sim, index, file->address);
	return SIM_FIRST_FD + (int)index;
}

/* Where in the table a descriptor is, or SIM_FDS_MAX: nowhere. */
static unsigned int index_of(const struct gmem_sim *sim, int fd)
{
	unsigned int index = (unsigned int)(fd - SIM_FIRST_FD);

	return fd >= SIM_FIRST_FD && index < SIM_FDS_MAX && sim->fds[index].file ? index
										 : SIM_FDS_MAX;
}

struct sim_file *sim_fd_file(const struct gmem_sim *sim, int fd)
{
	unsigned int index = index_of(sim, fd);

	return index < SIM_FDS_MAX ? sim->fds[index].file : NULL;
}

int sim_fd_set_cloexec(struct gmem_sim *sim, int fd)
{
	unsigned int index = index_of(sim, fd);

	if (index == SIM_FDS_MAX)
		return -EBADF;
	sim->fds[index].cloexec = true;
	return 0;
}

int sim_fd_close(struct gmem_sim *sim, int fd)
{
	unsigned int index = index_of(sim, fd);
	struct sim_file *file;

	if (index == SIM_FDS_MAX)
		return -EBADF;
	file = sim->fds[index].file;
	sim->fds[index].file = NULL;
	sim->fd_count--;
	set_table(sim, index, 0);
	/* If dropping the last reference oopses, the descriptor is released anyway. */
	sim_file_put(sim, file);
	return 0;
}
