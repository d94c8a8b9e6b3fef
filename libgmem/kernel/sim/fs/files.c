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
	/* The task died in there: whatever the file stood for is lost with it. */
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

/* expand_fdtable(): a new table of twice the size takes the old one's place. */
static int grow_table(struct gmem_sim *sim, unsigned int fd)
{
	uint64_t old = sim->boot.fdtable;
	uint64_t old_fds = sim_get(sim, old, SIM_FDTABLE_FD);
	unsigned int count = (unsigned int)sim_get(sim, old, SIM_FDTABLE_MAX_FDS);
	uint64_t table, fds;

	if (fd < count)
		return 0;
	table = sim_object(sim, SIM_FDTABLE);
	fds = sim_kalloc(sim, 2 * count * sizeof(uint64_t));
	if (!table || !fds) {
		sim_object_free(sim, SIM_FDTABLE, table);
		sim_kfree(sim, fds, 2 * count * sizeof(uint64_t));
		return -ENOMEM;
	}
	memcpy(sim_kptr(sim, fds), sim_kptr(sim, old_fds), count * sizeof(uint64_t));
	sim_set(sim, table, SIM_FDTABLE_MAX_FDS, 2 * count);
	sim_set(sim, table, SIM_FDTABLE_FD, fds);
	sim_set(sim, sim->boot.files, SIM_FILES_FDT, table);
	sim->boot.fdtable = table;
	sim_kfree(sim, old_fds, count * sizeof(uint64_t));
	sim_object_free(sim, SIM_FDTABLE, old);
	return 0;
}

static void set_table(struct gmem_sim *sim, unsigned int fd, uint64_t file)
{
	uint64_t fds = sim_get(sim, sim->boot.fdtable, SIM_FDTABLE_FD);

	memcpy(sim_kptr(sim, fds + fd * sizeof(file)), &file, sizeof(file));
}

int sim_fd_install(struct gmem_sim *sim, struct sim_file *file, bool cloexec)
{
	unsigned int fd = SIM_FIRST_FD;
	int err = -EMFILE;

	while (fd < SIM_FDS_MAX && sim->fds[fd].file)
		fd++;
	if (fd < SIM_FDS_MAX)
		err = grow_table(sim, fd);
	if (err) {
		sim_file_put(sim, file);
		return err;
	}
	sim->fds[fd] = (struct sim_fd){ file, cloexec };
	sim->fd_count++;
	set_table(sim, fd, file->address);
	return (int)fd;
}

struct sim_file *sim_fd_file(const struct gmem_sim *sim, int fd)
{
	return fd < 0 || fd >= (int)SIM_FDS_MAX ? NULL : sim->fds[fd].file;
}

int sim_fd_close(struct gmem_sim *sim, int fd)
{
	struct sim_file *file = sim_fd_file(sim, fd);

	if (!file)
		return -EBADF;
	sim->fds[fd].file = NULL;
	sim->fd_count--;
	set_table(sim, (unsigned int)fd, 0);
	/* Where the last reference oopses, the descriptor is gone all the same. */
	sim_file_put(sim, file);
	return 0;
}
