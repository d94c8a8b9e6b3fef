// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SEAMCALL status: bits 63:32 are a class, bits 31:0 mostly the operand it is about. The table has
 * those that KVM's commands can meet; the others are in the TDX module's ABI reference.
 */
#include <inttypes.h>
#include <stdio.h>
#include <gmem/tdx.h>

#define CLASS_MASK 0xffffffff00000000ull
#define OPERAND_MASK 0x00000000ffffffffull

/*
 * Bits 63 and 47:40: these are set by the kernel, not by the module (arch/x86/include/asm/tdx.h).
 */
#define SOFTWARE_ERROR 0x8000ff0000000000ull

struct status {
	uint64_t value;
	const char *name;
	const char *meaning;
	bool has_operand;
};

/* arch/x86/kvm/vmx/tdx_errno.h, and names of the ABI reference. */
static const struct status classes[] = {
	{ 0x0000000000000000, "TDX_SUCCESS", "it was done", false },
	{ 0x0000081500000000, "TDX_KEY_CONFIGURED", "the key is configured already", false },
	{ 0x0000082100000000, "TDX_NO_HKID_READY_TO_WBCACHE", "no KeyID waits for its caches",
	  false },
	{ 0x4000000100000000, "TDX_NON_RECOVERABLE_VCPU", "the vCPU cannot run any more", false },
	{ 0x4000000200000000, "TDX_NON_RECOVERABLE_TD", "the TD cannot run any more", false },
	{ 0x6000000500000000, "TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE",
	  "the TD cannot run any more, after an integrity or TD bit error of memory", false },
	{ 0x8000000300000000, "TDX_INTERRUPTED_RESUMABLE", "an interrupt came in; go on", false },
	{ 0x8000020000000000, "TDX_OPERAND_BUSY", "another CPU holds the operand; try again",
	  true },
	{ 0x8000020100000000, "TDX_PREVIOUS_TLB_EPOCH_BUSY",
	  "vCPUs still run in the previous TLB epoch; kick them and try again", true },
	{ 0x8000020300000000, "TDX_RND_NO_ENTROPY", "the CPU ran out of random numbers; try again",
	  false },
	{ 0x8000070200000000, "TDX_VCPU_NOT_ASSOCIATED", "the vCPU is on no CPU", false },
	{ 0x8000080000000000, "TDX_KEY_GENERATION_FAILED",
	  "the CPU ran out of random numbers for a key; try again", false },
	{ 0x8000082400000000, "TDX_FLUSHVP_NOT_DONE", "a vCPU was not flushed", false },
	{ 0xc000010000000000, "TDX_OPERAND_INVALID", "the operand is not valid", true },
	{ 0xc000030000000000, "TDX_PAGE_METADATA_INCORRECT",
	  "the page is in use for something else, as the module sees it", true },
	{ 0xc000060600000000, "TDX_TDCS_NOT_ALLOCATED", "the TD's control pages are missing",
	  true },
	{ 0xc000060700000000, "TDX_LIFECYCLE_STATE_INCORRECT",
	  "the TD is not in the state of its life for that", true },
	{ 0xc000060800000000, "TDX_OP_STATE_INCORRECT",
	  "the TD is not in the state of its launch for that", true },
	{ 0xc000081100000000, "TDX_KEY_STATE_INCORRECT", "the KeyID is not in the state for that",
	  false },
	{ 0xc0000b0000000000, "TDX_EPT_WALK_FAILED", "the secure EPT has no table there", true },
	{ 0xc0000b0d00000000, "TDX_EPT_ENTRY_STATE_INCORRECT",
	  "the secure EPT entry is not in the state for that", true },
	{ 0xc0000c0200000000, "TDX_METADATA_FIELD_NOT_READABLE",
	  "the metadata field cannot be read", false },
};

/* By the number of the trap, or -1 as VMfailInvalid is told. */
static const struct status software[] = {
	{ 0x8000ff0000000006, "TDX_SEAMCALL_UD",
	  "#UD: SEAMCALL is no instruction here, or "
	  "virtualisation is off on this CPU",
	  false },
	{ 0x8000ff000000000d, "TDX_SEAMCALL_GP", "#GP: the module does not take calls", false },
	{ 0x8000ff00ffff0000, "TDX_SEAMCALL_VMFAILINVALID", "the TDX module is not loaded", false },
};

/* Operand IDs of the ABI reference: registers, fields of TD_PARAMS, objects behind the call. */
static const struct {
	uint32_t id;
	const char *name;
} operands[] = {
	{ 0, "RAX" },
	{ 1, "RCX" },
	{ 2, "RDX" },
	{ 3, "RBX" },
	{ 8, "R8" },
	{ 9, "R9" },
	{ 64, "ATTRIBUTES of TD_PARAMS" },
	{ 65, "XFAM of TD_PARAMS" },
	{ 66, "EXEC_CONTROLS of TD_PARAMS" },
	{ 67, "EPTP_CONTROLS of TD_PARAMS" },
	{ 68, "MAX_VCPUS of TD_PARAMS" },
	{ 69, "CPUID_CONFIG of TD_PARAMS" },
	{ 70, "TSC_FREQUENCY of TD_PARAMS" },
	{ 0x80, "TDR, the root page of the TD" },
	{ 0x81, "TDCX, a control page of the TD" },
	{ 0x82, "TDVPR, the root page of the vCPU" },
	{ 0x90, "TDCS, the control structure of the TD" },
	{ 0x91, "TDVPS, the state of the vCPU" },
	{ 0x92, "SEPT, the tree of the secure EPT" },
	{ 0xa9, "TD_EPOCH, the TLB epoch of the TD" },
};

static const struct status *find(const struct status *list, size_t count, uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].value == value)
			return &list[i];
	return NULL;
}

#define FIND(list, value) find(list, sizeof(list) / sizeof((list)[0]), value)

static const struct status *find_status(uint64_t status)
{
	if ((status & SOFTWARE_ERROR) == SOFTWARE_ERROR)
		return FIND(software, status);
	return FIND(classes, status & CLASS_MASK);
}

static const char *operand_name(uint32_t id)
{
	for (size_t i = 0; i < sizeof(operands) / sizeof(operands[0]); i++)
		if (operands[i].id == id)
			return operands[i].name;
	return NULL;
}

const char *gmem_tdx_status_name(uint64_t status)
{
	const struct status *found = find_status(status);

	return found ? found->name : NULL;
}

int gmem_tdx_explain_status(uint64_t status, char *buffer, size_t size)
{
	const struct status *found = find_status(status);
	uint32_t id = status & OPERAND_MASK;
	const char *operand = operand_name(id);

	if (!found)
		return snprintf(buffer, size, "SEAMCALL status 0x%016" PRIx64 ", not known here",
				status);
	if (!found->has_operand)
		return snprintf(buffer, size, "%s (0x%016" PRIx64 "): %s", found->name, status,
				found->meaning);
	if (!operand)
		return snprintf(buffer, size, "%s (0x%016" PRIx64 "): %s; operand %" PRIu32,
				found->name, status, found->meaning, id);
	return snprintf(buffer, size, "%s (0x%016" PRIx64 "): %s; operand %s", found->name, status,
			found->meaning, operand);
}
