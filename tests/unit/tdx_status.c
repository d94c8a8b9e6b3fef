// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of SEAMCALLs and of the SEV firmware, in words. */
#include "unit.h"

#include <string.h>
#include <gmem/gmem.h>

#include "kernel/sim/kvm/tdx_module.h"

static const struct {
	uint64_t status;
	const char *name;
	const char *text; /* contained */
} cases[] = {
	{ 0, "TDX_SUCCESS", "it was done" },
	{ 0xc000010000000040, "TDX_OPERAND_INVALID", "operand ATTRIBUTES of TD_PARAMS" },
	{ 0xc000010000000041, "TDX_OPERAND_INVALID",
	  "TDX_OPERAND_INVALID (0xc000010000000041): the operand is not valid; operand XFAM of "
	  "TD_PARAMS" },
	{ 0xc000010000000045, "TDX_OPERAND_INVALID", "operand CPUID_CONFIG" },
	{ 0xc000010000000001, "TDX_OPERAND_INVALID", "operand RCX" },
	{ 0xc000010000012345, "TDX_OPERAND_INVALID", "operand 74565" },
	{ 0x8000020000000080, "TDX_OPERAND_BUSY", "operand TDR" },
	{ 0x8000020000000092, "TDX_OPERAND_BUSY", "operand SEPT" },
	{ 0x80000201000000a9, "TDX_PREVIOUS_TLB_EPOCH_BUSY", "operand TD_EPOCH" },
	{ 0x8000020300000000, "TDX_RND_NO_ENTROPY", "random numbers" },
	{ 0xc000030000000000, "TDX_PAGE_METADATA_INCORRECT", "something else" },
	{ 0x8000070200000000, "TDX_VCPU_NOT_ASSOCIATED", "on no CPU" },
	{ 0x8000082400000000, "TDX_FLUSHVP_NOT_DONE", "not flushed" },
	{ 0xc0000b0000000001, "TDX_EPT_WALK_FAILED", "no table" },
	{ 0xc0000b0d00000001, "TDX_EPT_ENTRY_STATE_INCORRECT", "operand RCX" },
	{ 0x8000ff0000000006, "TDX_SEAMCALL_UD", "#UD" },
	{ 0x8000ff000000000d, "TDX_SEAMCALL_GP", "#GP" },
	{ 0x8000ff00ffff0000, "TDX_SEAMCALL_VMFAILINVALID", "not loaded" },
	{ 0x8000ff0000000001, NULL, "0x8000ff0000000001, not known here" },
	{ 0xc0000fff00000000, NULL, "not known here" },
	{ UINT64_MAX, NULL, "0xffffffffffffffff" },
};

START_TEST(names_of_statuses)
{
	char text[192];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = gmem_tdx_status_name(cases[i].status);
		int length = gmem_tdx_explain_status(cases[i].status, text, sizeof(text));

		if (cases[i].name)
			ck_assert_str_eq(name, cases[i].name);
		else
			ck_assert_ptr_null(name);
		ck_assert_int_eq(length, (int)strlen(text));
		ck_assert_msg(strstr(text, cases[i].text) != NULL, "%s", text);
	}
}
END_TEST

/* Every answer of the model's module must have a name. */
START_TEST(model_knows_no_others)
{
	static const uint64_t answers[] = {
		SIM_TDX_SUCCESS,
		SIM_TDX_OPERAND_INVALID,
		SIM_TDX_OPERAND_BUSY,
		SIM_TDX_RND_NO_ENTROPY,
		SIM_TDX_PAGE_METADATA_INCORRECT,
		SIM_TDX_LIFECYCLE_STATE_INCORRECT,
		SIM_TDX_TDCS_NOT_ALLOCATED,
		SIM_TDX_FLUSHVP_NOT_DONE,
		SIM_TDX_EPT_WALK_FAILED,
		SIM_TDX_EPT_ENTRY_STATE_INCORRECT,
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		ck_assert_ptr_nonnull(gmem_tdx_status_name(answers[i]));
}
END_TEST

START_TEST(small_buffer)
{
	char text[8];
	int whole = gmem_tdx_explain_status(0x8000020000000080, NULL, 0);

	ck_assert_int_eq(gmem_tdx_explain_status(0x8000020000000080, text, sizeof(text)), whole);
	ck_assert_str_eq(text, "TDX_OPE");
}
END_TEST

START_TEST(names_of_sev_errors)
{
	ck_assert_str_eq(gmem_snp_status_name(0), "SUCCESS");
	ck_assert_str_eq(gmem_snp_status_name(0x16), "INVALID_PARAM");
	ck_assert_str_eq(gmem_snp_status_name(0x1a), "INVALID_PAGE_STATE");
	ck_assert_str_eq(gmem_snp_status_name(0x27), "INVALID_KEY");
	ck_assert_str_eq(gmem_snp_status_name(UINT32_MAX), "NO_FW_CALL");
	ck_assert_ptr_null(gmem_snp_status_name(0x1e));
	ck_assert_ptr_null(gmem_snp_status_name(0x29));
}
END_TEST

START_TEST(stages_of_a_seamcall)
{
	static const char *const names[] = { "irqchip", "init-vm", "init-vcpu", "init-mem-region",
					     "finalize" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_str_eq(gmem_tdx_stage_name((enum gmem_tdx_stage)i), names[i]);
	ck_assert_ptr_null(gmem_tdx_stage_name((enum gmem_tdx_stage)99));
}
END_TEST

UNIT_MAIN("tdx_status", names_of_statuses, model_knows_no_others, small_buffer, names_of_sev_errors,
	  stages_of_a_seamcall)
