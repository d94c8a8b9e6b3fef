/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is the same on all machines that libgmem knows today, which are x86-64: callers ask
 * gmem_page_size(), gmem_level_bytes() and gmem_vm_type_at(), so that this may change.
 */
#ifndef GMEM_BASE_PAGE_H
#define GMEM_BASE_PAGE_H

#define GMEM_PAGE_SHIFT 12
#define GMEM_PAGE_SIZE 4096u

/* What a level of page tables resolves: 512 entries of 8 bytes in a page. */
#define GMEM_LEVEL_SHIFT (GMEM_PAGE_SHIFT - 3)
#define GMEM_LEVELS (GMEM_LEVEL_PUD + 1)

/* They are numbered without gaps. */
#define GMEM_VM_TYPES (GMEM_VM_TDX + 1)

#endif
