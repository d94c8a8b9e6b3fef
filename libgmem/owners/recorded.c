// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The scan of a dump: there is no /proc that tells who owns what, but the dump has the lists from
 * which /proc is made. (The list of inodes of their file system does not: alloc_anon_inode() puts
 * none on it.) Once through all processes, guest_memfds are found: files by their name and file
 * system, and those in memslots of VMs, of which the descriptor may be closed. The second pass
 * notes who has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/cancel.h"
#include "base/error.h"
#include "kernel/search.h"
#include "kernel/uapi.h"
#include "kmem/kmem.h"
#include "kmem/objects.h"
#include "kmem/reader.h"
#include "kmem/struct_layout.h"
#include "owners/owners.h"

#define FDS_MAX (1u << 20) /* sysctl_nr_open's default */
#define FDS_BATCH 512	   /* pointers in a request */
#define MAPPED_MAX (1u << 16)
#define NAME_BYTES 12			/* of a file: "[kvm-gmem]", "kvm-vm", "kvm-vcpu:0" */
#define MODE_PATH 0x4000u		/* FMODE_PATH of include/linux/fs.h */
#define ANON_INODE_FS_MAGIC 0x09041934u /* where guest_memfds were before 6.19 */
#define VMS_MAX 4096u
#define PAGES_MAX (1u << 18) /* 1 GiB of holes */

static const char why_left_out[] = "a part of what tells of them was left out of the dump";

/* A guest_memfd. */
struct found {
	uint64_t address; /* of its struct inode */
	struct gmem_owned_entry inode;
};

/* Where an address space has one mapped. */
struct mapped {
	uint64_t mm;
	uint64_t start, end;
	size_t memory; /* in found */
};

struct scan {
	struct gmem_owners *owners;
	struct gmem_ctx *ctx;
	const struct gmem_owners_options *options;
	const struct gmem_objects *objects;
	/* What is done with each open file. */
	int (*look)(struct scan *scan, uint64_t file, int fd);
	uint64_t deadline;   /* milliseconds of the monotonic clock, 0: none */
	struct found *found; /* ascending by address */
	size_t count;
	uint64_t *vms; /* struct kvm, each once */
	size_t vm_count;
	struct mapped *mapped;
	size_t mapped_count;
	/* The process being looked at. */
	struct gmem_owner_entry process;
	uint64_t last_mapping; /* that a page led to */
	unsigned int pages;    /* that were looked at for that */
	uint64_t files;	       /* of its first thread */
	bool has_vm, has_memory;
};

/* Whether this error skips one process only, and does not end the whole scan. */
static bool is_of_process(int error)
{
	return error == -EFAULT || error == -EILSEQ || error == -GMEM_ENOTRECORDED;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int read_field(const struct scan *scan, uint64_t object, enum gmem_object_field field,
		      size_t bytes, uint64_t *value)
{
	return gmem_object_read(scan->ctx, scan->objects, object, field, bytes, value);
}

static bool is_before(const void *entry, const void *address)
{
	return ((const struct found *)entry)->address < *(const uint64_t *)address;
}

static size_t place_of(const struct scan *scan, uint64_t address)
{
	return gmem_lower_bound(scan->found, scan->count, sizeof(*scan->found), is_before,
				&address);
}

/* What stat(2) would say of an inode. */
static int read_inode(const struct scan *scan, uint64_t address, struct gmem_owned_entry *out)
{
	uint64_t ino, size, sb, dev;
	int ret = read_field(scan, address, GMEM_OF_INODE_INO, 8, &ino);

	if (!ret)
		ret = read_field(scan, address, GMEM_OF_INODE_SIZE, 8, &size);
	if (!ret)
		ret = read_field(scan, address, GMEM_OF_INODE_SB, 8, &sb);
	if (!ret)
		ret = read_field(scan, sb, GMEM_OF_SB_DEV, 4, &dev);
	if (ret)
		return ret;
	*out = (struct gmem_owned_entry){
		/* MAJOR() and MINOR() of include/linux/kdev_t.h */
		.dev = makedev((unsigned int)(dev >> 20), (unsigned int)(dev & 0xfffff)),
		.ino = ino,
		.size = size,
		.address = address,
	};
	return 0;
}

static int add_found(struct scan *scan, uint64_t address)
{
	size_t n = scan->count, i = place_of(scan, address);
	struct found *more = scan->found;
	struct gmem_owned_entry inode;
	int ret = read_inode(scan, address, &inode);

	if (ret)
		return ret;
	if (!(n & (n - 1))) {
		more = realloc(more, (n ? 2 * n : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		scan->found = more;
	}
	memmove(&more[i + 1], &more[i], (n - i) * sizeof(*more));
	more[i] = (struct found){ .address = address, .inode = inode };
	scan->count++;
	return gmem_owners_note(scan->owners, &inode);
}

static bool is_found(const struct scan *scan, uint64_t inode, size_t *i)
{
	*i = place_of(scan, inode);
	return *i < scan->count && scan->found[*i].address == inode;
}

/* A file with the name of a guest_memfd: any file may have it, except on these file systems. */
static int take_file(struct scan *scan, uint64_t file)
{
	uint64_t inode, sb, magic = 0;
	size_t i;
	int ret = read_field(scan, file, GMEM_OF_FILE_INODE, 8, &inode);

	if (ret || is_found(scan, inode, &i))
		return ret;
	ret = read_field(scan, inode, GMEM_OF_INODE_SB, 8, &sb);
	if (!ret)
		ret = read_field(scan, sb, GMEM_OF_SB_MAGIC, 8, &magic);
	if (ret || (magic != GMEM_GUEST_MEMFD_MAGIC && magic != ANON_INODE_FS_MAGIC))
		return ret;
	return add_found(scan, inode);
}

/*
 * A guest_memfd that only its pages lead to: no process has it any more, but an oops left a
 * reference on it.
 */
static int take_page(struct scan *scan, const struct gmem_image *image,
		     const struct gmem_layout *layout, uint64_t pfn)
{
	uint64_t page = image->vmemmap + pfn * image->struct_page_size;
	uint64_t mapping, inode, sb, magic = 0;
	size_t i;
	int ret = gmem_kmem_read_pointer(scan->ctx, page + layout->offset[GMEM_FOLIO_MAPPING],
					 &mapping);

	if (ret || !mapping || mapping & 3 || mapping == scan->last_mapping) /* PAGE_MAPPING_ANON */
		return ret;
	scan->last_mapping = mapping;
	ret = gmem_kmem_read_pointer(scan->ctx, mapping + layout->offset[GMEM_MAPPING_HOST],
				     &inode);
	if (!ret && inode)
		ret = read_field(scan, inode, GMEM_OF_INODE_SB, 8, &sb);
	if (!ret && inode)
		ret = read_field(scan, sb, GMEM_OF_SB_MAGIC, 8, &magic);
	if (ret || magic != GMEM_GUEST_MEMFD_MAGIC || is_found(scan, inode, &i))
		return ret;
	return add_found(scan, inode);
}

static int take_hole(const struct gmem_directmap_run *run, void *arg)
{
	struct scan *scan = arg;
	const struct gmem_image *image;
	const struct gmem_layout *layout;
	int ret = gmem_reader_image(scan->ctx, &image);

	if (!ret)
		ret = gmem_layout_get(scan->ctx, &layout);
	if (ret || run->direct_map != GMEM_DIRECT_MAP_UNMAPPED || !image->vmemmap)
		return ret;
	for (uint64_t i = 0; !ret && i < run->pages && scan->pages < PAGES_MAX; i++) {
		scan->pages++;
		ret = take_page(scan, image, layout, run->pfn + i);
		if (is_of_process(ret))
			ret = 0;
	}
	return ret;
}

/*
 * A dump is looked at because of pages that are not in the direct map. This finds what they belong
 * to.
 */
static int find_by_holes(struct scan *scan)
{
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };
	int ret = gmem_directmap_summarize(scan->ctx, take_hole, scan, &summary);

	return ret == -ENOMEM || ret == -EIO || ret == -ESTALE ? ret : 0;
}

static int take_memslot(uint64_t file, void *arg)
{
	return take_file(arg, file);
}

static int take_vm(struct scan *scan, uint64_t file)
{
	uint64_t kvm, *more;
	size_t n = scan->vm_count;
	int ret = read_field(scan, file, GMEM_OF_FILE_PRIVATE, 8, &kvm);

	for (size_t i = 0; !ret && i < n; i++)
		if (scan->vms[i] == kvm)
			return 0;
	if (ret || n == VMS_MAX)
		return ret;
	if (!(n & (n - 1))) {
		more = realloc(scan->vms, (n ? 2 * n : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		scan->vms = more;
	}
	scan->vms[scan->vm_count++] = kvm;
	return gmem_objects_memslot_files(scan->ctx, kvm, take_memslot, scan);
}

struct collect {
	struct scan *scan;
	size_t memory;
};

static int take_mapping(uint64_t vma, void *arg)
{
	const struct collect *collect = arg;
	struct scan *scan = collect->scan;
	struct mapped mapped = { .memory = collect->memory };
	size_t n = scan->mapped_count;
	struct mapped *more;
	int ret = read_field(scan, vma, GMEM_OF_VMA_MM, 8, &mapped.mm);

	if (!ret)
		ret = read_field(scan, vma, GMEM_OF_VMA_START, 8, &mapped.start);
	if (!ret)
		ret = read_field(scan, vma, GMEM_OF_VMA_END, 8, &mapped.end);
	if (ret)
		return ret;
	if (n == MAPPED_MAX || mapped.end <= mapped.start)
		return -EILSEQ;
	if (!(n & (n - 1))) {
		more = realloc(scan->mapped, (n ? 2 * n : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		scan->mapped = more;
	}
	scan->mapped[scan->mapped_count++] = mapped;
	return 0;
}

static int find_mappings(struct scan *scan)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < scan->count; i++) {
		struct collect collect = { .scan = scan, .memory = i };

		ret = gmem_objects_mappings(scan->ctx, scan->found[i].address, take_mapping,
					    &collect);
	}
	return ret;
}

static int add_owner(struct scan *scan, const struct found *found, const struct gmem_owner *place)
{
	struct gmem_owner_entry entry = scan->process;

	gmem_owner_set_place(&entry.owner, place);
	scan->has_memory = true;
	return gmem_owners_add(scan->owners, &found->inode, &entry);
}

static int read_name(const struct scan *scan, uint64_t file, char name[NAME_BYTES + 1])
{
	uint64_t dentry, text;
	int ret = read_field(scan, file, GMEM_OF_FILE_DENTRY, 8, &dentry);

	if (!ret)
		ret = read_field(scan, dentry, GMEM_OF_DENTRY_NAME, 8, &text);
	if (!ret)
		ret = gmem_kmem_read(scan->ctx, text, name, NAME_BYTES);
	name[NAME_BYTES] = '\0';
	return ret;
}

/* The first pass finds files that are a guest_memfd, or lead to some. */
static int find_memory(struct scan *scan, uint64_t file, int fd)
{
	char name[NAME_BYTES + 1];
	int ret = read_name(scan, file, name);

	(void)fd;
	if (ret)
		return ret;
	if (!strcmp(name, "[kvm-gmem]"))
		return take_file(scan, file);
	return strcmp(name, "kvm-vm") ? 0 : take_vm(scan, file);
}

/* A vCPU's descriptor may be the only one of a VM that is still open. */
static int note_vm(struct scan *scan, uint64_t file)
{
	char name[NAME_BYTES + 1];
	int ret = read_name(scan, file, name);

	if (!ret && (!strcmp(name, "kvm-vm") || !strncmp(name, "kvm-vcpu:", 9)))
		scan->has_vm = true;
	return ret;
}

/* The second pass finds who has them. */
static int note_owner(struct scan *scan, uint64_t file, int fd)
{
	struct gmem_owner place = { .fd = fd };
	uint64_t inode, mode;
	size_t i;
	int ret = read_field(scan, file, GMEM_OF_FILE_INODE, 8, &inode);

	if (ret)
		return ret;
	if (!is_found(scan, inode, &i))
		return note_vm(scan, file);
	ret = read_field(scan, file, GMEM_OF_FILE_MODE, 4, &mode);
	if (ret)
		return ret;
	place.path_only = mode & MODE_PATH;
	return add_owner(scan, &scan->found[i], &place);
}

static int look_at_files(struct scan *scan, uint64_t files)
{
	uint64_t fdt, max_fds = 0, table = 0, pointers[FDS_BATCH];
	int ret = read_field(scan, files, GMEM_OF_FILES_FDT, 8, &fdt);

	if (!ret)
		ret = read_field(scan, fdt, GMEM_OF_FDT_MAX_FDS, 4, &max_fds);
	if (!ret)
		ret = read_field(scan, fdt, GMEM_OF_FDT_FD, 8, &table);
	if (!ret && max_fds > FDS_MAX)
		ret = -EILSEQ;
	for (uint64_t fd = 0; !ret && fd < max_fds; fd += FDS_BATCH) {
		uint64_t n = max_fds - fd < FDS_BATCH ? max_fds - fd : FDS_BATCH;

		ret = gmem_kmem_read(scan->ctx, table + fd * 8, pointers, n * 8);
		for (uint64_t i = 0; !ret && i < n; i++)
			if (pointers[i])
				ret = scan->look(scan, pointers[i], (int)(fd + i));
	}
	return ret;
}

/* A table of descriptors is a group for itself: here none is found through another. */
static int look_at_table(struct scan *scan, uint64_t files)
{
	int ret = gmem_groups_add(&scan->owners->groups, scan->process.owner.pid,
				  &scan->process.group);

	return ret || !files ? ret : look_at_files(scan, files);
}

static int look_at_mm(struct scan *scan, uint64_t task)
{
	uint64_t mm;
	int ret = read_field(scan, task, GMEM_OF_TASK_MM, 8, &mm);

	for (size_t i = 0; !ret && mm && i < scan->mapped_count; i++) {
		const struct mapped *mapped = &scan->mapped[i];
		struct gmem_owner place = { .fd = -1, .start = mapped->start, .end = mapped->end };

		if (mapped->mm == mm)
			ret = add_owner(scan, &scan->found[mapped->memory], &place);
	}
	return ret;
}

static int read_process(struct scan *scan, uint64_t task)
{
	struct gmem_owner_entry *process = &scan->process;
	uint64_t pid, cred, euid = 0;
	int ret = read_field(scan, task, GMEM_OF_TASK_PID, 4, &pid);

	*process = (struct gmem_owner_entry){ .owner.pid = (pid_t)pid, .process = (pid_t)pid };
	if (!ret)
		ret = gmem_kmem_read(scan->ctx, task + scan->objects->offset[GMEM_OF_TASK_COMM],
				     process->command, 16); /* TASK_COMM_LEN */
	process->command[15] = '\0';
	if (!ret)
		ret = read_field(scan, task, GMEM_OF_TASK_CRED, 8, &cred);
	if (!ret)
		ret = read_field(scan, cred, GMEM_OF_CRED_EUID, 4, &euid);
	process->owner.uid = (int64_t)euid;
	return ret;
}

/* Another thread with descriptors of its own. */
static int look_at_thread(uint64_t thread, void *arg)
{
	struct scan *scan = arg;
	uint64_t files, tid;
	int ret = read_field(scan, thread, GMEM_OF_TASK_FILES, 8, &files);

	if (!ret)
		ret = read_field(scan, thread, GMEM_OF_TASK_PID, 4, &tid);
	if (ret || !files || files == scan->files)
		return ret;
	if (!scan->files) /* the first thread ended: what the others share is found once */
		scan->files = files;
	scan->process.owner.pid = (pid_t)tid;
	ret = look_at_table(scan, files);
	scan->process.owner.pid = scan->process.process;
	return ret;
}

static int look_into(struct scan *scan, uint64_t task)
{
	int ret = read_process(scan, task);

	if (!ret)
		ret = read_field(scan, task, GMEM_OF_TASK_FILES, 8, &scan->files);
	if (!ret)
		ret = look_at_table(scan, scan->files);
	if (!ret)
		ret = look_at_mm(scan, task);
	if (!ret)
		ret = gmem_objects_threads(scan->ctx, task, look_at_thread, scan);
	return ret;
}

static bool is_over(struct scan *scan)
{
	struct gmem_owners_counts *counts = &scan->owners->counts;

	if (!counts->end && scan->deadline && now_ms() >= scan->deadline)
		counts->end = GMEM_SCAN_DEADLINE;
	return counts->end;
}

/* Processes that cannot be read are counted in the second pass. */
static int look_for_memory(uint64_t task, void *arg)
{
	struct scan *scan = arg;
	int ret;

	if (gmem_is_cancelled(scan->options->cancel))
		return gmem_cancelled(scan->ctx, "a scan of all processes");
	ret = is_over(scan) ? 0 : look_into(scan, task);
	return is_of_process(ret) ? 0 : ret;
}

static int look_for_owners(uint64_t task, void *arg)
{
	struct scan *scan = arg;
	struct gmem_owners_counts *counts = &scan->owners->counts;
	int ret;

	if (gmem_is_cancelled(scan->options->cancel))
		return gmem_cancelled(scan->ctx, "a scan of all processes");
	if (is_over(scan)) {
		counts->left_out++;
		return 0;
	}
	scan->has_vm = scan->has_memory = false;
	ret = look_into(scan, task);
	if (ret && !is_of_process(ret))
		return ret;
	if (!ret)
		counts->processes++;
	else if (!counts->not_permitted++)
		counts->first_denied = scan->process.process;
	if (ret)
		counts->why_denied = why_left_out;
	counts->vms += scan->has_vm;
	counts->vms_without += scan->has_vm && !scan->has_memory;
	return 0;
}

static int explain(const struct scan *scan, int error)
{
	if (error == -ENOMEM)
		return gmem_no_memory(scan->ctx, "the owners");
	if (error == -GMEM_ENOTRECORDED)
		return gmem_fail(scan->ctx, error,
				 "the guest_memfds of the dump cannot be gone through: %s",
				 why_left_out);
	if (error == -EFAULT)
		return gmem_fail(scan->ctx, error,
				 "the guest_memfds of the dump cannot be gone through: a list of "
				 "the kernel leads to nowhere");
	return error;
}

int gmem_owners_scan_recorded(struct gmem_owners *owners, const struct gmem_owners_options *options)
{
	struct scan scan = { .owners = owners, .ctx = owners->ctx, .options = options };
	int ret = gmem_objects_get(scan.ctx, &scan.objects);

	if (options->deadline_ms)
		scan.deadline = now_ms() + options->deadline_ms;
	scan.look = find_memory;
	if (!ret)
		ret = gmem_objects_processes(scan.ctx, look_for_memory, &scan);
	if (!ret)
		ret = find_by_holes(&scan);
	if (!ret)
		ret = find_mappings(&scan);
	scan.look = note_owner;
	if (!ret)
		ret = gmem_objects_processes(scan.ctx, look_for_owners, &scan);
	free(scan.found);
	free(scan.mapped);
	free(scan.vms);
	return ret ? explain(&scan, ret) : 0;
}
