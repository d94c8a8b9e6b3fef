// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files about the machine, the kernel and this process. */
#include <unistd.h>

#include "kernel/sim/fs/proc.h"
#include "kernel/sim/kvm/tdx.h"

void sim_proc_osrelease(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "%s\n", sim->model->release);
}

void sim_proc_version(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "Linux version %s (simulated)\n", sim->model->release);
}

void sim_proc_cmdline(struct gmem_sim *sim, struct sim_text *text)
{
	bool pkvm = sim->model->arm64 && sim->model->arm64->pkvm;

	sim_text_printf(text, "BOOT_IMAGE=/boot/vmlinuz-%s ro%s\n", sim->model->release,
			sim->model->tdx_built ? " kvm_intel.tdx=1 nohibernate"
			: pkvm		      ? " kvm-arm.mode=protected"
					      : "");
}

/* Of the interrupts, the timers of KVM's guests: with protected KVM the kernel runs at EL1. */
void sim_proc_interrupts(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "           CPU0\n");
	if (!sim->model->arm64)
		return;
	if (!sim->model->arm64->pkvm)
		sim_text_printf(text, " 11:          0    GICv3  30 Level     kvm guest ptimer\n");
	sim_text_printf(text, " 12:          0    GICv3  27 Level     kvm guest vtimer\n");
}

/* c_show() in arch/arm64/kernel/cpuinfo.c */
static void cpuinfo_of_arm64(const struct gmem_sim *sim, struct sim_text *text)
{
	const struct sim_cpu *cpu = sim->model->cpu;

	for (unsigned int i = 0; i < cpu->count; i++) {
		sim_text_printf(text, "processor\t: %u\nBogoMIPS\t: 50.00\n", i);
		sim_text_printf(text, "Features\t: %s\n", cpu->flags);
		sim_text_printf(text, "CPU implementer\t: %s\n", cpu->vendor);
		sim_text_printf(text, "CPU architecture: 8\nCPU variant\t: 0x0\n");
		sim_text_printf(text, "CPU part\t: %s\nCPU revision\t: 1\n\n", cpu->name);
	}
}

void sim_proc_cpuinfo(struct gmem_sim *sim, struct sim_text *text)
{
	const struct sim_cpu *cpu = sim->model->cpu;

	if (sim->model->arm64) {
		cpuinfo_of_arm64(sim, text);
		return;
	}

	for (unsigned int i = 0; i < cpu->count; i++) {
		sim_text_printf(text, "processor\t: %u\nvendor_id\t: %s\n", i, cpu->vendor);
		sim_text_printf(text, "cpu family\t: 6\nmodel\t\t: 143\n");
		sim_text_printf(text, "model name\t: %s\n", cpu->name);
		sim_text_printf(text, "physical id\t: %u\n", i * sim->ram.nodes / cpu->count);
		sim_text_printf(text, "flags\t\t: %s\n", cpu->flags);
		sim_text_printf(text, "bugs\t\t: %s\n", cpu->bugs);
		sim_text_printf(text, "clflush size\t: 64\ncache_alignment\t: 64\n");
		sim_text_printf(text, "address sizes\t: %u bits physical, %u bits virtual\n\n",
				cpu->physical_bits, cpu->five_level ? 57 : 48);
	}
}

/* Options that are =y in every model, then those that the model decides. */
void sim_config(struct gmem_sim *sim, struct sim_text *text)
{
	static const char *const always[] = {
		"KVM",	       "KVM_GUEST_MEMFD", "SECRETMEM",	    "DEBUG_INFO_BTF",
		"BPF_SYSCALL", "PROC_KCORE",	  "MEMORY_FAILURE", "NUMA",
	};
	const struct sim_model *model = sim->model;
	const struct option {
		const char *name;
		bool set;
	} of_x86[] = {
		{ "KVM_INTEL", model->cpu->vendor[0] == 'G' },
		{ "KVM_AMD", model->cpu->vendor[0] == 'A' },
		{ "KVM_GENERIC_MEMORY_ATTRIBUTES", model->attributes },
		{ "KVM_SW_PROTECTED_VM", (model->vm_types & 2) != 0 },
		{ "INTEL_TDX_HOST", model->tdx_built },
		{ "KVM_INTEL_TDX", model->tdx_built },
		{ "KVM_AMD_SEV", model->sev_built },
		{ "PTDUMP_DEBUGFS", false },
	}, of_arm64[] = {
		{ "ARM64_4K_PAGES", model->page_shift == 12 },
		{ "ARM64_16K_PAGES", model->page_shift == 14 },
		{ "ARM64_64K_PAGES", false },
		{ "ARM64_VA_BITS_52", true },
		{ "PTDUMP_DEBUGFS", false },
	};
	const struct option *options = model->arm64 ? of_arm64 : of_x86;
	size_t count = model->arm64 ? sizeof(of_arm64) / sizeof(*of_arm64)
				    : sizeof(of_x86) / sizeof(*of_x86);

	sim_text_printf(text, "# Linux/%s %s Kernel Configuration\n",
			model->arm64 ? "arm64" : "x86", model->release);
	for (unsigned int i = 0; i < sizeof(always) / sizeof(*always); i++)
		sim_text_printf(text, "CONFIG_%s=y\n", always[i]);
	for (size_t i = 0; i < count; i++) {
		if (options[i].set)
			sim_text_printf(text, "CONFIG_%s=y\n", options[i].name);
		else
			sim_text_printf(text, "# CONFIG_%s is not set\n", options[i].name);
	}
}

void sim_sys_vmcoreinfo(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "0x%016llx %llx\n", (unsigned long long)sim->boot.note,
			(unsigned long long)sim->boot.note_size);
}

void sim_sys_lockdown(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "[none] integrity confidentiality\n");
}

void sim_sys_btf(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	/* A header without types: offsets come from the model, not from here. */
	sim_text_printf(text, "%c%c%c", 0x9f, 0xeb, 0x01);
}

void sim_yes(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "Y\n");
}

void sim_sys_halt_poll(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "200000\n");
}

void sim_zero(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "0\n");
}

/* A device that is there and takes no operation. */
void sim_nothing(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	(void)text;
}

void sim_sys_pstore(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "efi_pstore\n");
}

/* One for each VM (kvm_create_vm()). */
void sim_sys_kvm_refcnt(struct gmem_sim *sim, struct sim_text *text)
{
	unsigned int vms = 0;

	for (const struct sim_vm *vm = sim->vms; vm; vm = vm->next)
		vms++;
	sim_text_printf(text, "%u\n", vms);
}

void sim_two(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "2\n");
}

void sim_sys_tdx_version(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "1.5.16\n");
}

void sim_sys_misc(struct gmem_sim *sim, struct sim_text *text)
{
	if (sim->model->tdx_built)
		sim_text_printf(text, "tdx %u\n", sim->model->keyids);
	if (sim->model->sev_built)
		sim_text_printf(text, "sev 410\nsev_es %u\n", sim->model->asids);
}

/* misc_cg_current_show(): of the root cgroup, since Linux 6.9. */
void sim_sys_misc_used(struct gmem_sim *sim, struct sim_text *text)
{
	if (sim->model->tdx_built)
		sim_text_printf(text, "tdx %u\n", sim_keyids_in_use(sim));
	if (sim->model->sev_built)
		sim_text_printf(text, "sev 0\nsev_es %u\n", sim->asids_used);
}

void sim_sys_nodes(struct gmem_sim *sim, struct sim_text *text)
{
	if (sim->ram.nodes > 1)
		sim_text_printf(text, "0-%u\n", sim->ram.nodes - 1);
	else
		sim_text_printf(text, "0\n");
}

/* Each node has as many CPUs as the others, one after the other. */
static void node_cpus(const struct gmem_sim *sim, unsigned int node, struct sim_text *text)
{
	unsigned int each = sim->model->cpu->count / sim->ram.nodes;

	sim_text_printf(text, "%u-%u\n", node * each, (node + 1) * each - 1);
}

void sim_sys_node0_cpus(struct gmem_sim *sim, struct sim_text *text)
{
	node_cpus(sim, 0, text);
}

void sim_sys_node1_cpus(struct gmem_sim *sim, struct sim_text *text)
{
	node_cpus(sim, 1, text);
}

/* 10 is the node itself (LOCAL_DISTANCE), 21 the other socket. */
static void node_distances(const struct gmem_sim *sim, unsigned int from, struct sim_text *text)
{
	for (unsigned int to = 0; to < sim->ram.nodes; to++)
		sim_text_printf(text, "%s%u", to ? " " : "", to == from ? 10 : 21);
	sim_text_printf(text, "\n");
}

void sim_sys_node0_distance(struct gmem_sim *sim, struct sim_text *text)
{
	node_distances(sim, 0, text);
}

void sim_sys_node1_distance(struct gmem_sim *sim, struct sim_text *text)
{
	node_distances(sim, 1, text);
}

void sim_sys_cpus(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "0-%u\n", sim->model->cpu->count - 1);
}

void sim_proc_status(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "Name:\tgmemctl\nPid:\t%d\nUid:\t0\t0\t0\t0\n", (int)getpid());
	sim_text_printf(text, "CapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\n"
			      "CapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n");
	sim_text_printf(text, "Mems_allowed_list:\t");
	sim_sys_nodes(sim, text);
}

void sim_proc_comm(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "gmemctl\n");
}

void sim_proc_mounts(struct gmem_sim *sim, struct sim_text *text)
{
	(void)sim;
	sim_text_printf(text, "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
			      "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n"
			      "securityfs /sys/kernel/security securityfs rw,relatime 0 0\n"
			      "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec 0 0\n");
}
