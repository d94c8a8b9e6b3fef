// SPDX-License-Identifier: LGPL-2.1-or-later
/* guest_memfd: the file, after virt/kvm/guest_memfd.c. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "kernel/sim/kvm/in_place.h"

#define MODES_OF_VFS                                                             \
	(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | \
	 FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE)

static bool has_gmem_inode(const struct gmem_sim *sim)
{
	return sim_layout_bytes(sim->model->layout, SIM_GMEM_INODE) != 0;
}

static enum sim_type file_struct(const struct gmem_sim *sim)
{
	return has_gmem_inode(sim) ? SIM_GMEM_FILE : SIM_KVM_GMEM;
}

/* kvm_gmem_get_supported_flags(): no private memory for INIT_SHARED, the series' rule for bit 2. */
uint64_t sim_gmem_flags(const struct gmem_sim *sim, const struct sim_vm *vm)
{
	uint64_t flags = sim->model->gmem.flags;

	if (!vm)
		return flags;
	if (vm->has_private && !vm->in_place)
		flags &= ~SIM_GMEM_INIT_SHARED;
	if (!(sim->model->gmem.no_direct_map >> vm->type & 1))
		flags &= ~SIM_GMEM_NO_DIRECT_MAP;
	return flags;
}

static bool may_map(const struct sim_gmem *gmem, uint64_t index)
{
	if (gmem->vm->in_place)
		return !sim_in_place_is_private(gmem, index);
	return gmem->inode->gmem_flags & SIM_GMEM_INIT_SHARED;
}

static int clear(struct gmem_sim *sim, uint64_t pfn)
{
	static const char *const x86[] = {
		"clear_page_erms",    "clear_highpage",	 "kvm_gmem_fault_user_mapping",
		"__do_fault",	      "do_shared_fault", "handle_mm_fault",
		"do_user_addr_fault", "exc_page_fault",	 NULL
	};
	static const char *const arm64[] = { "__pi_clear_page", "kvm_gmem_fault_user_mapping",
					     "__do_fault",	"do_shared_fault",
					     "handle_mm_fault", "do_page_fault",
					     "do_mem_abort",	NULL };

	return sim_touch_direct_map(sim, pfn, SIM_ACCESS_WRITE, sim->model->arm64 ? arm64 : x86);
}

/* kvm_gmem_fault_user_mapping(): not shared or past the end is a SIGBUS. */
static int fault(struct gmem_sim *sim, struct sim_file *file, uint64_t index)
{
	struct sim_gmem *gmem = file->owner;
	struct sim_inode *inode = file->inode;
	struct sim_page *page;
	uint64_t pfn;
	int err;

	if (index >= inode->size >> sim->page_shift || !may_map(gmem, index))
		return -EFAULT;
	if (gmem->stuck)
		return -GMEM_KERNEL_OOPS;
	err = sim_inode_get_page(sim, inode, index, &pfn);
	if (err)
		return err;
	page = sim_page_get(sim, pfn);
	if (page->flags & SIM_PAGE_HWPOISON)
		return -EFAULT;
	if (!(page->flags & SIM_PAGE_UPTODATE))
		err = clear(sim, pfn);
	if (err == -GMEM_KERNEL_OOPS)
		gmem->stuck = true;
	if (!err) {
		page->flags |= SIM_PAGE_UPTODATE;
		err = sim_gmem_leave_direct_map(sim, inode, pfn);
	}
	if (!err)
		page->flags |= SIM_PAGE_USER_MAPPED | SIM_PAGE_DIRTY;
	return err;
}

static int map(struct gmem_sim *sim, struct sim_file *file, uint64_t offset, size_t length,
	       int prot, int flags)
{
	(void)offset;
	(void)length;
	(void)prot;
	if (!sim->model->gmem.mmap || !(file->inode->gmem_flags & SIM_GMEM_MMAP))
		return -ENODEV;
	return (flags & MAP_TYPE) == MAP_PRIVATE ? -EINVAL : 0;
}

/* vfs_fallocate() */
static int check_vfs(int mode, uint64_t offset, uint64_t length)
{
	int kind = mode & ~FALLOC_FL_KEEP_SIZE;

	if ((int64_t)offset < 0 || (int64_t)length <= 0)
		return -EINVAL;
	if (mode & ~MODES_OF_VFS || kind & (kind - 1))
		return -EOPNOTSUPP;
	if (kind == FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	return (int64_t)(offset + length) < 0 ? -EFBIG : 0;
}

/* kvm_gmem_allocate(): what is there stays when a later page fails. */
static int allocate(struct gmem_sim *sim, struct sim_inode *inode, uint64_t offset, uint64_t length)
{
	uint64_t index = offset >> sim->page_shift;
	uint64_t end = (offset + length) >> sim->page_shift;
	int err = 0;

	if (offset + length > inode->size)
		return -EINVAL;
	for (; !err && index < end; index++) {
		uint64_t pfn;

		err = sim->signal_pending ? -EINTR : sim_inode_get_page(sim, inode, index, &pfn);
	}
	return err;
}

/* Other mappings of the file lose this content, too. */
static void punch_host(struct sim_inode *inode, uint64_t offset, uint64_t length)
{
	if (inode->host_fd >= 0)
		(void)!fallocate(inode->host_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				 (off_t)offset, (off_t)length);
}

/* kvm_gmem_punch_hole(): the guest's mappings go, then the pages. */
static int punch_hole(struct gmem_sim *sim, struct sim_gmem *gmem, uint64_t offset, uint64_t length)
{
	uint64_t first = offset >> sim->page_shift;
	uint64_t last = (offset + length - 1) >> sim->page_shift;
	int err;

	/* The kernel's filter is by file: no page of the other kind is mapped through it. */
	err = sim_zap_pages(sim, gmem->vm, gmem->inode, first, last, SIM_ZAP_ALL);
	if (!err)
		err = sim_inode_truncate(sim, gmem->inode, first, last);
	if (!err)
		punch_host(gmem->inode, offset, length);
	return err;
}

/* kvm_gmem_fallocate() */
static int gmem_fallocate(struct gmem_sim *sim, struct sim_file *file, int mode, uint64_t offset,
			  uint64_t length)
{
	struct sim_gmem *gmem = file->owner;
	int err = check_vfs(mode, offset, length);

	if (err)
		return err;
	if (!(mode & FALLOC_FL_KEEP_SIZE) || mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if ((offset | length) & sim->page_mask)
		return -EINVAL;
	if (gmem->stuck || gmem->vm->stuck)
		return -GMEM_KERNEL_OOPS;
	if (mode & FALLOC_FL_PUNCH_HOLE)
		err = punch_hole(sim, gmem, offset, length);
	else
		err = allocate(sim, gmem->inode, offset, length);
	if (err == -GMEM_KERNEL_OOPS)
		gmem->stuck = true;
	if (!err)
		sim_inode_changed(sim, gmem->inode);
	return sim_vm_result(gmem->vm, err);
}

static void free_gmem(struct sim_gmem *gmem)
{
	free(gmem->private_pages.ranges);
	free(gmem);
}

/*
 * kvm_gmem_release(): the slots no longer have the file, the guest no longer has its mappings, and
 * the file no longer has its VM.
 */
static int release(struct gmem_sim *sim, struct sim_file *file)
{
	struct sim_gmem *gmem = file->owner;
	struct sim_vm *vm = gmem->vm;
	int err;

	if (gmem->stuck || vm->stuck)
		return -GMEM_KERNEL_OOPS;
	err = sim_zap_pages(sim, vm, gmem->inode, 0, UINT64_MAX >> sim->page_shift, SIM_ZAP_ALL);
	if (err == -GMEM_KERNEL_OOPS)
		return sim_vm_result(vm, err);
	for (unsigned int i = 0; i < 2; i++)
		for (size_t at = 0; at < vm->spaces[i].count; at++)
			if (vm->spaces[i].slots[at]->gmem == gmem)
				sim_gmem_unbind(sim, vm->spaces[i].slots[at]);
	sim_list_del(sim,
		     sim_member(sim, gmem->address,
				has_gmem_inode(sim) ? SIM_GMEM_FILE_ENTRY : SIM_KVM_GMEM_ENTRY));
	sim_object_free(sim, file_struct(sim), gmem->address);
	free_gmem(gmem);
	sim_vm_put(sim, vm);
	return 0;
}

static void discard(struct sim_file *file)
{
	free_gmem(file->owner);
}

static int gmem_ioctl(struct gmem_sim *sim, struct sim_file *file, unsigned long request,
		      uint64_t arg)
{
	return sim_in_place_ioctl(sim, file->owner, request, arg);
}

static const struct sim_file_type gmem_type = {
	.ioctl = gmem_ioctl,
	.mmap = map,
	.fault = fault,
	.fallocate = gmem_fallocate,
	.release = release,
	.discard = discard,
};

struct sim_gmem *sim_gmem_of(const struct sim_file *file)
{
	return file->type == &gmem_type ? file->owner : NULL;
}

/* The kernel's objects: gmem_file on the list of its inode, or kvm_gmem on that of its mapping. */
static int gmem_layout(struct gmem_sim *sim, struct sim_gmem *gmem)
{
	bool is_new = has_gmem_inode(sim);
	uint64_t head;

	gmem->address = sim_object(sim, file_struct(sim));
	if (!gmem->address)
		return -ENOMEM;
	gmem->bindings = sim_member(sim, gmem->address,
				    is_new ? SIM_GMEM_FILE_BINDINGS : SIM_KVM_GMEM_BINDINGS);
	sim_set(sim, gmem->address, is_new ? SIM_GMEM_FILE_KVM : SIM_KVM_GMEM_KVM,
		gmem->vm->address);
	if (is_new) {
		sim_set(sim, gmem->inode->allocation, SIM_GMEM_INODE_FLAGS,
			gmem->inode->gmem_flags);
		head = sim_member(sim, gmem->inode->allocation, SIM_GMEM_INODE_FILES);
	} else {
		sim_set(sim, gmem->inode->address, SIM_INODE_PRIVATE, gmem->inode->gmem_flags);
		head = sim_member(sim, gmem->inode->mapping, SIM_MAPPING_PRIVATE_LIST);
	}
	sim_list_add(
		sim,
		sim_member(sim, gmem->address, is_new ? SIM_GMEM_FILE_ENTRY : SIM_KVM_GMEM_ENTRY),
		head);
	sim_set(sim, gmem->file->address, SIM_FILE_PRIVATE, gmem->address);
	return 0;
}

static int open_gmem(struct gmem_sim *sim, struct sim_vm *vm, uint64_t size, uint64_t flags)
{
	struct sim_gmem *gmem = calloc(1, sizeof(*gmem));
	int err;

	if (!gmem)
		return -ENOMEM;
	gmem->vm = vm;
	err = sim_inode_new(sim, SIM_FS_GMEM, 0100600, size, &gmem->inode);
	if (err)
		goto drop_gmem;
	gmem->inode->is_gmem = true;
	gmem->inode->gmem_flags = flags;
	err = sim_file_new(sim, &gmem_type, gmem->inode, sim->model->gmem.link, &gmem->file);
	if (err)
		goto put_inode;
	gmem->file->owner = gmem;
	err = vm->in_place ? sim_in_place_init(sim, gmem) : 0;
	if (!err)
		err = gmem_layout(sim, gmem);
	if (err)
		goto drop_file;
	vm->refs++;
	/* No FD_CLOEXEC: kvm_gmem_create() asks for none. */
	return sim_fd_install(sim, gmem->file, false);
drop_file:
	gmem->file->path_only = true; /* nothing to release */
	sim_file_put(sim, gmem->file);
	free_gmem(gmem);
	return err;
put_inode:
	sim_inode_put(sim, gmem->inode);
drop_gmem:
	free(gmem);
	return err;
}

/* kvm_gmem_create(): reserved[] is never looked at, and no size is too large. */
int sim_vm_create_gmem(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct gmem_kvm_create_guest_memfd create;
	struct sim_vm *vm = object;

	if (sim_copy_from_user(&create, arg, sizeof(create)))
		return -EFAULT;
	if (create.flags & ~sim_gmem_flags(sim, vm))
		return -EINVAL;
	if ((int64_t)create.size <= 0 || create.size & sim->page_mask)
		return -EINVAL;
	return open_gmem(sim, vm, create.size, create.flags);
}

/* kvm_gmem_bind(): a page of the file belongs to one slot at a time. */
int sim_gmem_bind(struct gmem_sim *sim, struct sim_gmem *gmem, struct sim_slot *slot)
{
	uint64_t index = slot->pgoff;
	uint64_t last = slot->pgoff + slot->npages - 1;
	int err;

	if (sim_xa_find(sim, gmem->bindings, &index, last))
		return -sim->model->gmem.binding_overlap;
	err = sim_xa_store_range(sim, gmem->bindings, slot->pgoff, last, slot->address);
	if (err)
		return err;
	slot->gmem = gmem;
	sim_set(sim, slot->address, SIM_SLOT_GMEM_FILE, gmem->file->address);
	if (gmem->inode->gmem_flags & SIM_GMEM_MMAP)
		slot->flags |= SIM_SLOT_GMEM_ONLY;
	return 0;
}

void sim_gmem_unbind(struct gmem_sim *sim, struct sim_slot *slot)
{
	if (!slot->gmem)
		return;
	sim_xa_erase_range(sim, slot->gmem->bindings, slot->pgoff, slot->pgoff + slot->npages - 1);
	sim_set(sim, slot->address, SIM_SLOT_GMEM_FILE, 0);
	slot->gmem = NULL;
}
