// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The models. Each is one kernel on one machine; a new kernel is a new row. Bases of the direct
 * map and of vmemmap are not the defaults: with KASLR they never are.
 */
#include "kernel/sim/internal.h"

#define DEFAULT_VM (1u << 0)
#define SW_PROTECTED_VM (1u << 1)
#define SEV_VM (1u << 2)
#define SEV_ES_VM (1u << 3)
#define SNP_VM (1u << 4)
#define TDX_VM (1u << 5)

#define FLAGS_7_3 (SIM_GMEM_MMAP | SIM_GMEM_INIT_SHARED)
#define FLAGS_REMOVAL (FLAGS_7_3 | SIM_GMEM_NO_DIRECT_MAP)

#define INTEL_FLAGS                                                                               \
	"fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx "    \
	"fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc nopl cpuid pni vmx ssse3 " \
	"fma cx16 sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx ept vpid avx2 "                 \
	"clflushopt clwb"
#define AMD_FLAGS                                                                               \
	"fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx "  \
	"fxsr sse sse2 ht syscall nx mmxext fxsr_opt pdpe1gb rdtscp lm svm npt nrip_save avx2 " \
	"clflushopt clwb"

static const struct sim_cpu plain_intel = {
	.vendor = "GenuineIntel",
	.name = "Simulated Xeon",
	.flags = INTEL_FLAGS,
	.bugs = "spectre_v1 spectre_v2",
	.count = 4,
	.physical_bits = 46,
};

/* Sapphire Rapids: with the partial-write erratum. */
static const struct sim_cpu tdx_erratum = {
	.vendor = "GenuineIntel",
	.name = "Simulated Xeon with TDX (partial-write erratum)",
	.flags = INTEL_FLAGS " la57 movdir64b tme tdx_host_platform",
	.bugs = "spectre_v1 spectre_v2 tdx_pw_mce",
	.count = 8,
	.physical_bits = 52,
	.five_level = true,
	.tdx_pw_mce = true,
};

/* Granite Rapids: without it. */
static const struct sim_cpu tdx_fixed = {
	.vendor = "GenuineIntel",
	.name = "Simulated Xeon with TDX",
	.flags = INTEL_FLAGS " la57 movdir64b tme tdx_host_platform",
	.bugs = "spectre_v1 spectre_v2",
	.count = 8,
	.physical_bits = 52,
	.five_level = true,
};

static const struct sim_cpu amd = {
	.vendor = "AuthenticAMD",
	.name = "Simulated EPYC",
	.flags = AMD_FLAGS,
	.bugs = "sysret_ss_attrs spectre_v1 spectre_v2",
	.count = 4,
	.physical_bits = 48,
};

static const struct sim_cpu amd_snp = {
	.vendor = "AuthenticAMD",
	.name = "Simulated EPYC with SEV-SNP",
	.flags = AMD_FLAGS " sme sev sev_es sev_snp",
	.bugs = "sysret_ss_attrs spectre_v1 spectre_v2",
	.count = 8,
	.physical_bits = 48,
	.sme_mask = 1ull << 51,
};

#define ARM64_FLAGS                                                                             \
	"fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt " \
	"fcma lrcpc dcpop sha3 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm sb paca pacg "

static const struct sim_cpu neoverse_v3 = {
	.vendor = "0x41",
	.name = "0xd84",
	.flags = ARM64_FLAGS "dcpodp sve2 bti",
	.count = 8,
	.physical_bits = 48,
};

static const struct sim_cpu neoverse_n1 = {
	.vendor = "0x41",
	.name = "0xd0c",
	.flags = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "
		 "lrcpc dcpop asimddp ssbs",
	.count = 4,
	.physical_bits = 48,
};

/* With protected KVM: the kernel runs below a hypervisor of its own. */
static const struct sim_arm64 lpa2_protected = {
	.va_bits = 52,
	.ipa_bits = 48,
	.fwb = true,
	.dic = true,
	.bbml3 = true,
	.pkvm = true,
};

/* What the removal series asks for is there, and DIC, for which it does not ask, is not. */
static const struct sim_arm64 lpa2_without_dic = {
	.va_bits = 52,
	.ipa_bits = 52,
	.fwb = true,
	.bbml3 = true,
};

static const struct sim_arm64 without_fwb = {
	.va_bits = 47,
	.ipa_bits = 44,
};

#define GMEM_7_3(known, removal)                                                               \
	{                                                                                      \
		.has_flags = true, .flags = (known), .no_direct_map = (removal), .mmap = true, \
		.link = "/[kvm-gmem] (deleted)", .magic = GMEM_GUEST_MEMFD_MAGIC,              \
		.binding_overlap = EEXIST                                                      \
	}

/* A machine with 3 GiB below the PCI hole and the rest above 4 GiB. */
static const struct sim_ram_range one_node[SIM_RAM_RANGES] = {
	{ 0x1000, 0x9f000, 0 },
	{ 0x100000, 0xbffdf000, 0 },
	{ 0x100000000, 0x440000000, 0 },
};

/* Two sockets; the second one's memory begins where the first one's ends. */
static const struct sim_ram_range two_nodes[SIM_RAM_RANGES] = {
	{ 0x1000, 0x9f000, 0 },		  { 0x100000, 0x7a3de000, 0 },
	{ 0x7ffff000, 0x80000000, 0 },	  { 0x100000000, 0x880000000, 0 },
	{ 0x880000000, 0x1080000000, 1 },
};

/* As machines of arm64 have it: no memory at 0. */
static const struct sim_ram_range arm64_one_node[SIM_RAM_RANGES] = {
	{ 0x40000000, 0x13c5f0000, 0 },
	{ 0x13c750000, 0x140000000, 0 },
};

static const struct sim_ram_range arm64_two_nodes[SIM_RAM_RANGES] = {
	{ 0x80000000, 0xfe000000, 0 },
	{ 0x880000000, 0x1000000000, 0 },
	{ 0x1000000000, 0x1800000000, 1 },
};

static const struct sim_model models[] = {
	{
		.name = "plain",
		.summary = "Linux 7.3 without private memory",
		.release = "7.3.4-sim",
		.vm_types = DEFAULT_VM,
		.pre_fault = true,
		.gmem = GMEM_7_3(FLAGS_7_3, 0),
		.cpu = &plain_intel,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3,
		.page_offset_base = 0xffff95c240000000,
		.vmemmap_base = 0xffffde7a40000000,
		.vmalloc_base = 0xffffb4a900000000,
		.kernel_offset = 0x1c000000,
		.image_physical = 0x12000000,
		.ram = one_node,
	},
	{
		.name = "no-direct-map",
		.summary = "TDX host with the direct map removal series; TDX and SNP excluded",
		.release = "7.3.4-sim-removal",
		.vm_types = DEFAULT_VM | SW_PROTECTED_VM | TDX_VM,
		.attributes = true,
		.pre_fault = true,
		.tdx_built = true,
		.keyids = 31,
		.gmem = GMEM_7_3(FLAGS_REMOVAL, DEFAULT_VM | SW_PROTECTED_VM | SEV_VM | SEV_ES_VM),
		.cpu = &tdx_fixed,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3,
		.page_offset_base = 0xff2dcf4c80000000,
		.vmemmap_base = 0xffd1b28e40000000,
		.vmalloc_base = 0xffa0a2c300000000,
		.kernel_offset = 0x2a000000,
		.image_physical = 0x16000000,
		.ram = two_nodes,
	},
	{
		.name = "tdx",
		.summary = "Linux 7.3 on a TDX host",
		.release = "7.3.4-sim-tdx",
		.vm_types = DEFAULT_VM | SW_PROTECTED_VM | TDX_VM,
		.attributes = true,
		.pre_fault = true,
		.tdx_built = true,
		.keyids = 31,
		.gmem = GMEM_7_3(FLAGS_7_3, 0),
		.cpu = &tdx_erratum,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3,
		.page_offset_base = 0xff49a67600000000,
		.vmemmap_base = 0xffd6671280000000,
		.vmalloc_base = 0xffa4c8d140000000,
		.kernel_offset = 0x0e000000,
		.image_physical = 0x22000000,
		.ram = two_nodes,
	},
	{
		.name = "tdx-no-direct-map",
		.summary = "what if: direct map removal allowed for TDX",
		.release = "7.3.4-sim-what-if",
		.vm_types = DEFAULT_VM | SW_PROTECTED_VM | TDX_VM,
		.attributes = true,
		.pre_fault = true,
		.tdx_built = true,
		.keyids = 31,
		.gmem = GMEM_7_3(FLAGS_REMOVAL, DEFAULT_VM | SW_PROTECTED_VM | SEV_VM | SEV_ES_VM |
						       TDX_VM),
		.cpu = &tdx_erratum,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3,
		.page_offset_base = 0xff3c20a1c0000000,
		.vmemmap_base = 0xffd30c5500000000,
		.vmalloc_base = 0xffa11e8080000000,
		.kernel_offset = 0x31000000,
		.image_physical = 0x1a000000,
		.ram = two_nodes,
	},
	{
		.name = "sw-protected",
		.summary = "Linux 7.3 with software-protected VMs, for development",
		.release = "7.3.4-sim-sw",
		.vm_types = DEFAULT_VM | SW_PROTECTED_VM,
		.attributes = true,
		.pre_fault = true,
		.gmem = GMEM_7_3(FLAGS_7_3, 0),
		.cpu = &amd,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3,
		.page_offset_base = 0xffff8f3a00000000,
		.vmemmap_base = 0xfffff05c80000000,
		.vmalloc_base = 0xffffa5d2c0000000,
		.kernel_offset = 0x05000000,
		.image_physical = 0x2e000000,
		.ram = one_node,
	},
	{
		.name = "snp",
		.summary = "Linux 7.3 on an SEV-SNP host",
		.release = "7.3.4-sim-snp",
		.vm_types = DEFAULT_VM | SEV_VM | SEV_ES_VM | SNP_VM,
		.attributes = true,
		.pre_fault = true,
		.sev_built = true,
		.asids = 99,
		.gmem = GMEM_7_3(FLAGS_7_3, 0),
		.cpu = &amd_snp,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3,
		.page_offset_base = 0xffff9b61c0000000,
		.vmemmap_base = 0xffffe86d00000000,
		.vmalloc_base = 0xffffbd0480000000,
		.kernel_offset = 0x17000000,
		.image_physical = 0x0a000000,
		.ram = two_nodes,
	},
	{
		.name = "in-place",
		.summary = "what if: TDX host with in-place conversion (series v8)",
		.release = "7.4.0-rc1-sim-in-place",
		.vm_types = DEFAULT_VM | SW_PROTECTED_VM | TDX_VM,
		.attributes = true,
		.pre_fault = true,
		.tdx_built = true,
		.keyids = 31,
		.gmem = {
			.has_flags = true,
			.flags = FLAGS_7_3,
			.in_place = true,
			.mmap = true,
			.link = "/[kvm-gmem] (deleted)",
			.magic = GMEM_GUEST_MEMFD_MAGIC,
			.binding_overlap = EEXIST,
		},
		.cpu = &tdx_fixed,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3,
		.page_offset_base = 0xff37b2e940000000,
		.vmemmap_base = 0xffd28f1d00000000,
		.vmalloc_base = 0xffa77301c0000000,
		.kernel_offset = 0x26000000,
		.image_physical = 0x1e000000,
		.ram = two_nodes,
	},
	{
		.name = "old",
		.summary = "Linux 6.12: guest_memfd before creation flags",
		.release = "6.12.48-sim",
		.vm_types = DEFAULT_VM | SW_PROTECTED_VM,
		.attributes = true,
		.pre_fault = true,
		.gmem = {
			.private_vms_only = true,
			.signed_offsets = true,
			.link = "anon_inode:[kvm-gmem]",
			.magic = 0x09041934, /* anon_inodefs */
			.binding_overlap = EINVAL,
		},
		.cpu = &plain_intel,
		.page_shift = 12,
		.layout = SIM_LAYOUT_6_12,
		.page_offset_base = 0xffff9e0340000000,
		.vmemmap_base = 0xffffea1240000000,
		.vmalloc_base = 0xffffb80140000000,
		.kernel_offset = 0x20000000,
		.image_physical = 0x0c000000,
		.ram = one_node,
	},
	{
		.name = "arm64",
		.summary = "Linux 7.3 on arm64 with protected KVM",
		.release = "7.3.4-sim-arm64",
		.gmem = GMEM_7_3(FLAGS_7_3, 0),
		.cpu = &neoverse_v3,
		.arm64 = &lpa2_protected,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3_ARM64,
		.page_offset_base = 0xffefffff80000000,
		.vmemmap_base = 0xffffc1ffbe000000,
		.vmalloc_base = 0xffff800080000000,
		.kernel_offset = 0x2a3c00000,
		.image_physical = 0x90200000,
		.ram = arm64_two_nodes,
	},
	{
		.name = "arm64-no-direct-map",
		.summary = "arm64 with the direct map removal series, on a CPU without DIC",
		.release = "7.3.4-sim-arm64-removal",
		.gmem = GMEM_7_3(FLAGS_REMOVAL, DEFAULT_VM),
		.cpu = &neoverse_v3,
		.arm64 = &lpa2_without_dic,
		.page_shift = 12,
		.layout = SIM_LAYOUT_7_3_ARM64,
		.page_offset_base = 0xffefffffc0000000,
		.vmemmap_base = 0xffffc1ffbf000000,
		.vmalloc_base = 0xffff800080000000,
		.kernel_offset = 0x115e00000,
		.image_physical = 0x4a200000,
		.ram = arm64_one_node,
	},
	{
		.name = "arm64-16k",
		.summary = "Linux 7.3 on arm64 with 16K pages, on a CPU without Force Write-Back",
		.release = "7.3.4-sim-arm64-16k",
		.gmem = GMEM_7_3(FLAGS_7_3, 0),
		.cpu = &neoverse_n1,
		.arm64 = &without_fwb,
		.page_shift = 14,
		.layout = SIM_LAYOUT_7_3_ARM64,
		.page_offset_base = 0xffff7fffc0000000,
		.vmemmap_base = 0xffffffbfbfc00000,
		.vmalloc_base = 0xffffc00080000000,
		.kernel_offset = 0x0de400000,
		.image_physical = 0x46400000,
		.ram = arm64_one_node,
	},
};

const struct sim_model *sim_model_at(unsigned long index)
{
	return index < sizeof(models) / sizeof(*models) ? &models[index] : NULL;
}
