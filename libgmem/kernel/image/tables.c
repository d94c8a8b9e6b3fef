// SPDX-License-Identifier: LGPL-2.1-or-later
/* The entries of page tables that are known. */
#include "kernel/image/tables.h"

#define BIT(n) (1ull << (n))

#define X86_PRESENT BIT(0)
#define X86_WRITABLE BIT(1)
#define X86_ACCESSED BIT(5)
#define X86_DIRTY BIT(6)
#define X86_LARGE BIT(7) /* in tables above the last: a leaf */
#define X86_GLOBAL BIT(8)
#define X86_NX BIT(63)

/*
 * Present means what the CPU takes for present: bit 0, at every level. The kernel's own
 * pte_present() also takes PROT_NONE entries, on which an access faults.
 */
const struct gmem_codec gmem_codec_x86 = {
	.present = X86_PRESENT,
	.volatile_bits = X86_ACCESSED | X86_DIRTY,
	.table = { X86_PRESENT | X86_LARGE, X86_PRESENT },
	.page = { X86_PRESENT, X86_PRESENT },
	.writable = { X86_WRITABLE, X86_WRITABLE },
	.executable = { X86_NX, 0 },
	.global = { X86_GLOBAL, X86_GLOBAL },
	.table_writable = { X86_WRITABLE, X86_WRITABLE },
	.table_executable = { X86_NX, 0 },
};

#define ARM64_VALID BIT(0)
#define ARM64_NOT_BLOCK BIT(1) /* a table, or in the last level a page */
#define ARM64_READ_ONLY BIT(7) /* AP[2] */
#define ARM64_ACCESSED BIT(10)
#define ARM64_NOT_GLOBAL BIT(11)
#define ARM64_PXN BIT(53)
#define ARM64_TABLE_PXN BIT(59)
#define ARM64_TABLE_READ_ONLY BIT(62) /* APTable[1] */

/*
 * Here, too, an entry is one where bit 0 is set. The kernel's pte_present() also takes those with
 * PTE_PRESENT_INVALID, which is how a page leaves the linear map (set_direct_map_invalid_noflush()
 * in arch/arm64/mm/pageattr.c). That is bit 11 with bit 0 clear: of a valid entry the same bit says
 * that it is not global. Each of the entries that bit 52 makes one contiguous leaf is written, so
 * the walker reads them as any other.
 */
const struct gmem_codec gmem_codec_arm64 = {
	.present = ARM64_VALID,
	.volatile_bits = ARM64_ACCESSED,
	.table = { ARM64_VALID | ARM64_NOT_BLOCK, ARM64_VALID | ARM64_NOT_BLOCK },
	.page = { ARM64_VALID | ARM64_NOT_BLOCK, ARM64_VALID | ARM64_NOT_BLOCK },
	.writable = { ARM64_READ_ONLY, 0 },
	.executable = { ARM64_PXN, 0 },
	.global = { ARM64_NOT_GLOBAL, 0 },
	.table_writable = { ARM64_TABLE_READ_ONLY, 0 },
	.table_executable = { ARM64_TABLE_PXN, 0 },
};
