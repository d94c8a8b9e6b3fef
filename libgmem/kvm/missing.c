// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM's device is not there: what can bring it back. */
#include "kvm/missing.h"

#include <string.h>

#include "base/log.h"
#include "procfs/config.h"
#include "procfs/container.h"
#include "procfs/cpuinfo.h"
#include "procfs/misc.h"

/* The advice for each vendor, and for an unknown one. */
static const struct vendor {
	const char *name, *flag, *option, *module;
	const char *load, *perhaps_load, *other_kernel;
} vendors[] = {
	{ "GenuineIntel", "vmx", "KVM_INTEL", "kvm_intel",
	  "modprobe kvm_intel; " GMEM_LOG_KVM " says more",
	  "modprobe kvm_intel, where KVM is a module; " GMEM_LOG_KVM " says more",
	  "use a kernel with CONFIG_KVM_INTEL" },
	{ "AuthenticAMD", "svm", "KVM_AMD", "kvm_amd",
	  "modprobe kvm_amd; " GMEM_LOG_KVM " says more",
	  "modprobe kvm_amd, where KVM is a module; " GMEM_LOG_KVM " says more",
	  "use a kernel with CONFIG_KVM_AMD" },
};

static const char any_vendor[] =
	"modprobe kvm_intel or kvm_amd, where KVM is a module; " GMEM_LOG_KVM " says more";

static const struct vendor *find_vendor(const char *name)
{
	for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
		if (!strcmp(vendors[i].name, name))
			return &vendors[i];
	return NULL;
}

static const char *advise_module(struct gmem_ctx *ctx, const struct vendor *vendor)
{
	struct gmem_config config;
	enum gmem_config_value value;
	bool known;

	if (gmem_config_read(ctx, &config))
		return vendor->perhaps_load;
	known = config.text;
	value = gmem_config_get_module(ctx, &config, vendor->option, vendor->module);
	gmem_config_free(&config);
	if (value == GMEM_CONFIG_MODULE)
		return vendor->load;
	if (value == GMEM_CONFIG_BUILT_IN)
		return GMEM_LOG_KVM " says why KVM, which is built in, did not start";
	return known ? vendor->other_kernel : vendor->perhaps_load;
}

/* A container cannot load modules, and a CPU without virtualisation needs none. */
static const char *advise_cpu(struct gmem_ctx *ctx, const struct gmem_cpu *cpu, bool has_node)
{
	const struct vendor *vendor = find_vendor(cpu->vendor);
	bool virtual = gmem_cpu_has(cpu, "hypervisor");
	bool has_flag = gmem_cpu_has(cpu, "vmx") || gmem_cpu_has(cpu, "svm");
	int runs = gmem_misc_has(ctx, "kvm");

	if (runs > 0)
		return has_node ? "make /dev/kvm the character device 10:232; in a container, pass "
				  "the host's in"
		       : gmem_is_container(ctx)
			       ? "pass the device into the container"
			       : "mknod /dev/kvm c 10 232: KVM runs (/proc/misc), and has no node";
	if (virtual && !has_flag && (!runs || has_node || !gmem_is_container(ctx)))
		return GMEM_ADVICE_NEST;
	if (gmem_is_container(ctx))
		return has_node ? "load KVM's module on the host of this container"
				: "pass the device into the container";
	if (!vendor)
		return any_vendor;
	if (!virtual && !gmem_cpu_has(cpu, vendor->flag))
		return "switch virtualisation on in the firmware; " GMEM_LOG_KVM " says more";
	return advise_module(ctx, vendor);
}

const char *gmem_kvm_missing_advice(struct gmem_ctx *ctx, bool has_node)
{
	struct gmem_cpu cpu;
	const char *advice;

	if (!gmem_cpu_read(ctx, &cpu)) {
		advice = advise_cpu(ctx, &cpu, has_node);
		gmem_cpu_free(&cpu);
		return advice;
	}
	if (gmem_is_container(ctx))
		return has_node ? "load KVM's module on the host of this container"
				: "pass the device into the container";
	if (cpu.is_arm)
		return "let the firmware start the kernel at EL2; " GMEM_LOG_KVM " says more";
	return any_vendor;
}
