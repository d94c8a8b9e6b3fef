// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/vm_types.h"

#include <string.h>

#include "procfs/cpuinfo.h"
#include "procfs/file.h"

#define BIT(type) (1u << GMEM_VM_##type)
#define OF_AMD (BIT(SEV) | BIT(SEV_ES) | BIT(SNP))
#define OF_INTEL BIT(TDX)
#define ASKED (1u << 31) /* beside types, of which there may be none */

/* module_param() of arch/x86/kvm/svm/sev.c and arch/x86/kvm/vmx/tdx.c: what setup left on. */
static const struct {
	enum gmem_vm_type type;
	const char *parameter;
} parameters[] = {
	{ GMEM_VM_SEV, "/sys/module/kvm_amd/parameters/sev" },
	{ GMEM_VM_SEV_ES, "/sys/module/kvm_amd/parameters/sev_es" },
	{ GMEM_VM_SNP, "/sys/module/kvm_amd/parameters/sev_snp" },
	{ GMEM_VM_TDX, "/sys/module/kvm_intel/parameters/tdx" },
};

static const char old_tdx[] =
	"type 2 on an Intel CPU is a TD in the numbering of TDX series from before Linux 6.16, which "
	"gave that number to SEV";
static const char no_sev[] =
	"KVM_CAP_VM_TYPES has numbers of SEV, and the CPU is no AMD: this kernel has a numbering of "
	"its own";
static const char no_tdx[] =
	"KVM_CAP_VM_TYPES has the number of TDX, and the CPU is no Intel: this kernel has a numbering "
	"of its own";
static const char no_vendor[] =
	"KVM_CAP_VM_TYPES has numbers of AMD's or Intel's types, and that the CPU is one of theirs "
	"/proc/cpuinfo does not say";
static const char switched_off[] =
	"KVM_CAP_VM_TYPES has a type that the parameter of KVM's module says is off: this kernel has "
	"a numbering of its own";

/* 1 on, 0 off, -1 not known. */
static int parameter(struct gmem_ctx *ctx, enum gmem_vm_type type)
{
	char value[8];

	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		if (parameters[i].type != type)
			continue;
		if (gmem_read_line(ctx, parameters[i].parameter, value, sizeof(value)))
			return -1;
		if (*value == 'Y' || *value == '1')
			return 1;
		return *value == 'N' || *value == '0' ? 0 : -1;
	}
	return -1;
}

/* KVM's module has the parameter, so it runs on this vendor's CPU. */
static bool has_parameter(struct gmem_ctx *ctx, enum gmem_vm_type type)
{
	return parameter(ctx, type) >= 0;
}

/* The types that a CPU of this vendor may have; none where that cannot be told. */
static unsigned int ask_vendor(struct gmem_ctx *ctx)
{
	unsigned int types = 0;
	struct gmem_cpu cpu;

	if (gmem_cpu_read(ctx, &cpu)) {
		if (cpu.is_arm)
			return 0;
		return (has_parameter(ctx, GMEM_VM_TDX) ? OF_INTEL : 0) |
		       (has_parameter(ctx, GMEM_VM_SEV) ? OF_AMD : 0);
	}
	if (!strcmp(cpu.vendor, "GenuineIntel"))
		types = OF_INTEL;
	else if (!strcmp(cpu.vendor, "AuthenticAMD") || !strcmp(cpu.vendor, "HygonGenuine"))
		types = OF_AMD;
	gmem_cpu_free(&cpu);
	return types;
}

/* Asked once: list and metrics look at many VMs, and /proc/cpuinfo is long. */
static unsigned int of_vendor(struct gmem_ctx *ctx)
{
	unsigned int types;

	pthread_mutex_lock(&ctx->learning);
	if (!ctx->cpu_types)
		ctx->cpu_types = ask_vendor(ctx) | ASKED;
	types = ctx->cpu_types & ~ASKED;
	pthread_mutex_unlock(&ctx->learning);
	return types;
}

static unsigned int switched_off_of(struct gmem_ctx *ctx, unsigned int types)
{
	unsigned int off = 0;

	for (int type = GMEM_VM_SEV; type <= GMEM_VM_TDX; type++)
		if (types & 1u << type && !parameter(ctx, (enum gmem_vm_type)type))
			off |= 1u << type;
	return off;
}

bool gmem_machine_is_arm64(const struct gmem_ctx *ctx)
{
	return !strcmp(ctx->kernel->ops->machine, "aarch64");
}

unsigned int gmem_vm_types_of_machine(const struct gmem_ctx *ctx)
{
	return gmem_machine_is_arm64(ctx) ? BIT(DEFAULT) | BIT(ARM_PROTECTED)
					  : BIT(DEFAULT) | BIT(SW_PROTECTED) | OF_AMD | OF_INTEL;
}

void gmem_vm_types_judge(struct gmem_ctx *ctx, unsigned int types, struct gmem_numbering *out)
{
	unsigned int asked = types & (OF_AMD | OF_INTEL), possible, off;

	*out = (struct gmem_numbering){ .believed = types & gmem_vm_types_of_machine(ctx) };
	if (!asked)
		return;
	possible = of_vendor(ctx);
	off = switched_off_of(ctx, asked & possible);
	out->doubted = (asked & ~possible) | off;
	if (!out->doubted)
		return;
	out->believed &= ~out->doubted;
	out->behind = possible ? possible : OF_AMD | OF_INTEL;
	out->old_tdx = asked == BIT(SEV) && possible == OF_INTEL && parameter(ctx, GMEM_VM_TDX) > 0;
	out->why = out->old_tdx			  ? old_tdx
		   : !possible			  ? no_vendor
		   : asked & ~possible & OF_AMD	  ? no_sev
		   : asked & ~possible & OF_INTEL ? no_tdx
						  : switched_off;
}
