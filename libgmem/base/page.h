/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is the same on all machines that libgmem knows. Also the page of x86-64, in which only code
 * for x86-64 (TDX, SNP, memory attributes) may count. All other code asks the context for the size
 * of the kernel's pages: gmem_bytes_of(), gmem_page_of(), gmem_page_size().
 */
#ifndef GMEM_BASE_PAGE_H
#define GMEM_BASE_PAGE_H

#define GMEM_PAGE_SIZE 4096u

/* Levels of page tables that have leaves: a table fills a page, and has entries of 8 bytes. */
#define GMEM_LEVELS (GMEM_LEVEL_PUD + 1)

/* One more than the largest number of a VM type. Not every number below is one. */
#define GMEM_VM_TYPES (GMEM_VM_ARM_PROTECTED + 1)

#endif
