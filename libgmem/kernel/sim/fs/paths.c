// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files by name: which paths exist in a model, and what is behind them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/sim/fs/file.h"
#include "kernel/sim/fs/proc.h"
#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/mm/mmap.h"

static bool has_tdx(const struct sim_model *model)
{
	return model->tdx_built;
}

static bool is_intel(const struct sim_model *model)
{
	return !model->arm64 && model->cpu->vendor[0] == 'G';
}

static bool is_amd(const struct sim_model *model)
{
	return !model->arm64 && !is_intel(model);
}

static bool has_in_place(const struct sim_model *model)
{
	return model->gmem.in_place;
}

static bool has_sev(const struct sim_model *model)
{
	return model->sev_built;
}

static bool has_two_nodes(const struct sim_model *model)
{
	for (size_t i = 0; i < SIM_RAM_RANGES; i++)
		if (model->ram[i].node)
			return true;
	return false;
}

static const struct {
	const char *path;
	enum sim_fs fs;
	sim_generate *generate;
	bool (*exists)(const struct sim_model *model); /* NULL: everywhere */
} texts[] = {
	{ "/proc/sys/kernel/osrelease", SIM_FS_PROC, sim_proc_osrelease, NULL },
	{ "/proc/sys/kernel/unprivileged_bpf_disabled", SIM_FS_PROC, sim_two, NULL },
	{ "/proc/sys/kernel/panic_on_oops", SIM_FS_PROC, sim_zero, NULL },
	{ "/proc/version", SIM_FS_PROC, sim_proc_version, NULL },
	{ "/proc/cmdline", SIM_FS_PROC, sim_proc_cmdline, NULL },
	{ "/proc/interrupts", SIM_FS_PROC, sim_proc_interrupts, NULL },
	{ "/proc/cpuinfo", SIM_FS_PROC, sim_proc_cpuinfo, NULL },
	{ "/proc/meminfo", SIM_FS_PROC, sim_proc_meminfo, NULL },
	{ "/proc/iomem", SIM_FS_PROC, sim_proc_iomem, NULL },
	{ "/proc/zoneinfo", SIM_FS_PROC, sim_proc_zoneinfo, NULL },
	{ "/proc/vmstat", SIM_FS_PROC, sim_proc_vmstat, NULL },
	{ "/proc/self/mounts", SIM_FS_PROC, sim_proc_mounts, NULL },
	{ "/proc/self/status", SIM_FS_PROC, sim_proc_status, NULL },
	{ "/proc/self/comm", SIM_FS_PROC, sim_proc_comm, NULL },
	{ "/proc/self/maps", SIM_FS_PROC, sim_proc_maps, NULL },
	{ "/dev/sev", SIM_FS_DEV, sim_nothing, has_sev },
	{ "/sys/kernel/kexec_crash_loaded", SIM_FS_SYSFS, sim_zero, NULL },
	{ "/sys/module/pstore/parameters/backend", SIM_FS_SYSFS, sim_sys_pstore, NULL },
	{ "/sys/kernel/vmcoreinfo", SIM_FS_SYSFS, sim_sys_vmcoreinfo, NULL },
	{ "/sys/kernel/security/lockdown", SIM_FS_SYSFS, sim_sys_lockdown, NULL },
	{ "/sys/kernel/btf/vmlinux", SIM_FS_SYSFS, sim_sys_btf, NULL },
	{ "/sys/module/kvm_intel/refcnt", SIM_FS_SYSFS, sim_sys_kvm_refcnt, is_intel },
	{ "/sys/module/kvm_amd/refcnt", SIM_FS_SYSFS, sim_sys_kvm_refcnt, is_amd },
	{ "/sys/module/kvm_intel/parameters/tdx", SIM_FS_SYSFS, sim_yes, has_tdx },
	{ "/sys/module/kvm_intel/parameters/ept", SIM_FS_SYSFS, sim_yes, is_intel },
	{ "/sys/module/kvm_amd/parameters/npt", SIM_FS_SYSFS, sim_yes, is_amd },
	{ "/sys/module/kvm_amd/parameters/sev", SIM_FS_SYSFS, sim_yes, has_sev },
	{ "/sys/module/kvm_amd/parameters/sev_es", SIM_FS_SYSFS, sim_yes, has_sev },
	{ "/sys/module/kvm_amd/parameters/sev_snp", SIM_FS_SYSFS, sim_yes, has_sev },
	{ "/sys/module/kvm/parameters/halt_poll_ns", SIM_FS_SYSFS, sim_sys_halt_poll, NULL },
	{ "/sys/module/kvm/parameters/gmem_in_place_conversion", SIM_FS_SYSFS, sim_yes,
	  has_in_place },
	{ "/sys/devices/faux/tdx_host/version", SIM_FS_SYSFS, sim_sys_tdx_version, has_tdx },
	{ "/sys/devices/system/node/online", SIM_FS_SYSFS, sim_sys_nodes, NULL },
	{ "/sys/devices/system/node/node0/cpulist", SIM_FS_SYSFS, sim_sys_node0_cpus, NULL },
	{ "/sys/devices/system/node/node0/meminfo", SIM_FS_SYSFS, sim_sys_node0_meminfo, NULL },
	{ "/sys/devices/system/node/node0/distance", SIM_FS_SYSFS, sim_sys_node0_distance, NULL },
	{ "/sys/devices/system/node/node1/cpulist", SIM_FS_SYSFS, sim_sys_node1_cpus,
	  has_two_nodes },
	{ "/sys/devices/system/node/node1/meminfo", SIM_FS_SYSFS, sim_sys_node1_meminfo,
	  has_two_nodes },
	{ "/sys/devices/system/node/node1/distance", SIM_FS_SYSFS, sim_sys_node1_distance,
	  has_two_nodes },
	{ "/sys/devices/system/cpu/online", SIM_FS_SYSFS, sim_sys_cpus, NULL },
	{ "/sys/fs/cgroup/misc.capacity", SIM_FS_SYSFS, sim_sys_misc, has_tdx },
	{ "/sys/fs/cgroup/misc.capacity", SIM_FS_SYSFS, sim_sys_misc, has_sev },
	{ "/sys/fs/cgroup/misc.current", SIM_FS_SYSFS, sim_sys_misc_used, has_tdx },
	{ "/sys/fs/cgroup/misc.current", SIM_FS_SYSFS, sim_sys_misc_used, has_sev },
};

static ssize_t text_pread(struct gmem_sim *sim, struct sim_file *file, void *buffer, size_t length,
			  uint64_t offset)
{
	(void)sim;
	if (offset >= file->text.length)
		return 0;
	if (length > file->text.length - offset)
		length = file->text.length - offset;
	memcpy(buffer, file->text.bytes + offset, length);
	return (ssize_t)length;
}

static ssize_t kpageflags_pread(struct gmem_sim *sim, struct sim_file *file, void *buffer,
				size_t length, uint64_t offset)
{
	(void)file;
	return sim_kpageflags(sim, buffer, length, offset);
}

/* As in a kernel before 6.7: it has no ioctl PAGEMAP_SCAN. */
static const struct sim_file_type pagemap_type = { .pread = NULL };
static const struct sim_file_type text_type = { .pread = text_pread };
static const struct sim_file_type kpageflags_type = { .pread = kpageflags_pread };

/* /proc/PID of this process as /proc/self; NULL where the name does not fit. */
static const char *canonical(const char *path, char *buffer, size_t size)
{
	char prefix[32];
	int length = snprintf(prefix, sizeof(prefix), "/proc/%d/", (int)getpid());

	if (strncmp(path, prefix, (size_t)length))
		return path;
	if ((size_t)snprintf(buffer, size, "/proc/self/%s", path + length) >= size)
		return NULL;
	return buffer;
}

/* The file behind /proc/self/DIRECTORY/N, or NULL. */
static struct sim_file *numbered(struct gmem_sim *sim, const char *path, const char *directory)
{
	size_t length = strlen(directory);
	char *end;
	long fd;

	if (strncmp(path, directory, length) || path[length] < '0' || path[length] > '9')
		return NULL;
	fd = strtol(path + length, &end, 10);
	return *end || fd > INT32_MAX ? NULL : sim_fd_file(sim, (int)fd);
}

/* The file of the mapping that /proc/self/map_files/START-END names, or NULL. */
static const struct sim_file *mapped_file(const struct gmem_sim *sim, const char *path)
{
	static const char directory[] = "/proc/self/map_files/";
	unsigned long start, end;
	const struct sim_vma *vma;

	if (strncmp(path, directory, sizeof(directory) - 1) ||
	    sscanf(path + sizeof(directory) - 1, "%lx-%lx", &start, &end) != 2)
		return NULL;
	vma = sim_vma_at(sim, start);
	return vma && vma->start == start && vma->start + vma->length == end ? vma->file : NULL;
}

static int open_shared(struct gmem_sim *sim, const struct sim_file_type *type, enum sim_fs fs,
		       const char *path, struct sim_file **out)
{
	struct sim_inode *inode = sim_inode_shared(sim, fs);
	int err;

	if (!inode)
		return -ENOMEM;
	err = sim_file_new(sim, type, inode, path, out);
	if (err)
		sim_inode_put(sim, inode);
	return err;
}

/* Opening what a descriptor stands for: do_dentry_open() gives an O_PATH file no private_data. */
static int open_descriptor(struct gmem_sim *sim, const struct sim_file *of, int flags)
{
	struct sim_file *file;
	int err;

	if (!(flags & O_PATH))
		return -ENXIO;
	of->inode->refs++;
	err = sim_file_new(sim, of->type, of->inode, of->link, &file);
	if (err) {
		sim_inode_put(sim, of->inode);
		return err;
	}
	file->path_only = true;
	return sim_fd_install(sim, file, true);
}

static int open_generated(struct gmem_sim *sim, const char *path, enum sim_fs fs,
			  sim_generate *generate, const struct sim_file *of)
{
	struct sim_file *file;
	int err = open_shared(sim, &text_type, fs, path, &file);

	if (err)
		return err;
	if (of)
		sim_proc_fdinfo(of, &file->text);
	else
		generate(sim, &file->text);
	if (file->text.failed) {
		sim_file_put(sim, file);
		return -ENOMEM;
	}
	return sim_fd_install(sim, file, true);
}

static bool is_config(const struct gmem_sim *sim, const char *path)
{
	static const char prefix[] = "/boot/config-";

	return !strncmp(path, prefix, sizeof(prefix) - 1) &&
	       !strcmp(path + sizeof(prefix) - 1, sim->model->release);
}

static int open_typed(struct gmem_sim *sim, const struct sim_file_type *type, enum sim_fs fs,
		      const char *path)
{
	struct sim_file *file;
	int err = open_shared(sim, type, fs, path, &file);

	return err ? err : sim_fd_install(sim, file, true);
}

int sim_open_path(struct gmem_sim *sim, const char *path, int flags)
{
	const struct sim_file *file;
	char buffer[128];

	path = canonical(path, buffer, sizeof(buffer));
	if (!path)
		return -ENAMETOOLONG;
	file = numbered(sim, path, "/proc/self/fd/");
	if (file)
		return open_descriptor(sim, file, flags);
	file = mapped_file(sim, path);
	if (file)
		return open_descriptor(sim, file, flags);
	file = numbered(sim, path, "/proc/self/fdinfo/");
	if (file)
		return open_generated(sim, path, SIM_FS_PROC, NULL, file);
	if (!strcmp(path, "/dev/kvm"))
		return open_typed(sim, &sim_kvm_type, SIM_FS_DEV, path);
	if (!strcmp(path, "/proc/kpageflags"))
		return open_typed(sim, &kpageflags_type, SIM_FS_PROC, path);
	if (!strcmp(path, "/proc/self/pagemap"))
		return open_typed(sim, &pagemap_type, SIM_FS_PROC, path);
	if (is_config(sim, path))
		return open_generated(sim, path, SIM_FS_TMPFS, sim_config, NULL);
	for (unsigned int i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (!strcmp(texts[i].path, path) &&
		    (!texts[i].exists || texts[i].exists(sim->model)))
			return open_generated(sim, path, texts[i].fs, texts[i].generate, NULL);
	}
	return -ENOENT;
}

int sim_read_link(struct gmem_sim *sim, const char *path, char *buffer, size_t size)
{
	char name[128];
	const struct sim_file *file;
	int length;

	path = canonical(path, name, sizeof(name));
	if (!path)
		return -ENAMETOOLONG;
	if (!strcmp(path, "/proc/self")) {
		length = snprintf(buffer, size, "%d", (int)getpid());
	} else {
		file = numbered(sim, path, "/proc/self/fd/");
		if (!file)
			file = mapped_file(sim, path);
		if (!file)
			return -ENOENT;
		length = snprintf(buffer, size, "%s", file->link);
	}
	/* What does not fit is cut off, as readlink(2) does. */
	return length < (int)size ? length : (int)size - 1;
}

static int list_fds(struct gmem_sim *sim, gmem_directory_fn fn, void *arg)
{
	for (unsigned int index = 0; index < SIM_FDS_MAX; index++) {
		char name[16];
		int err;

		if (!sim->fds[index].file)
			continue;
		snprintf(name, sizeof(name), "%u", SIM_FIRST_FD + index);
		err = fn(name, arg);
		if (err)
			return err;
	}
	return 0;
}

int sim_list_directory(struct gmem_sim *sim, const char *path, gmem_directory_fn fn, void *arg)
{
	char buffer[128];
	char pid[16];
	int err = 0;

	path = canonical(path, buffer, sizeof(buffer));
	if (!path)
		return -ENAMETOOLONG;
	if (!strcmp(path, "/proc/self/fd") || !strcmp(path, "/proc/self/fdinfo"))
		return list_fds(sim, fn, arg);
	if (!strcmp(path, "/proc")) {
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		err = getpid() == 1 ? 0 : fn("1", arg);
		return err ? err : fn(pid, arg);
	}
	/* There is a first process, and it has nothing open. */
	if (!strcmp(path, "/proc/1/fd"))
		return 0;
	if (strcmp(path, "/sys/devices/system/node"))
		return -ENOENT;
	for (unsigned int node = 0; !err && node < sim->ram.nodes; node++) {
		char name[16];

		snprintf(name, sizeof(name), "node%u", node);
		err = fn(name, arg);
	}
	return err;
}
