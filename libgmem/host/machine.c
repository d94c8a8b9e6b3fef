// SPDX-License-Identifier: LGPL-2.1-or-later
/* The machine: hardware or a virtual one, and what it keeps of a fault. */
#include <errno.h>
#include <string.h>

#include "host/host.h"
#include "kvm/missing.h"
#include "procfs/container.h"
#include "procfs/file.h"
#include "procfs/misc.h"

/*
 * Whether KVM runs here, whoever may use it: 1, 0, or -1 where that is not known. /proc/misc has
 * the device that kvm_init() registers. If it cannot be read, a missing device means no, except in
 * a container, which may hide the device.
 */
static int runs_kvm(struct gmem_host *host)
{
	int registered = host->caps ? 1 : gmem_misc_has(host->ctx, "kvm");

	if (registered >= 0)
		return registered;
	if (host->caps_error == -ENODEV || host->caps_error == -ENXIO)
		return 0;
	return host->caps_error == -ENOENT && !gmem_is_container(host->ctx) ? 0 : -1;
}

/* Flags of the CPU are the weaker evidence: a hypervisor may hide them although KVM runs. */
static enum gmem_check_result check_virtual(struct gmem_host *host, const struct gmem_host_row *row)
{
	int runs;

	(void)row;
	if (host->cpu.is_arm)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "the CPU is Arm: its /proc/cpuinfo does not tell");
	if (host->cpu_error)
		return gmem_host_unread(host, "/proc/cpuinfo", host->cpu_error);
	if (!gmem_host_has_flag(host, "hypervisor"))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "not a virtual machine");
	runs = runs_kvm(host);
	if (runs > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      host->caps ? "a virtual machine, and KVM works in it"
						 : "a virtual machine, and KVM runs in it "
						   "(/proc/misc)");
	if (gmem_host_has_flag(host, "vmx") || gmem_host_has_flag(host, "svm"))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "a virtual machine, and its hypervisor lets it nest");
	if (runs < 0)
		return gmem_host_find(
			host, GMEM_CHECK_CANNOT_TELL, NULL,
			"a virtual machine; /proc/cpuinfo has neither vmx nor svm, and whether KVM "
			"runs anyway cannot be seen in /proc/misc");
	return gmem_host_find(host, GMEM_CHECK_FAIL, GMEM_ADVICE_NEST,
			      "this is a virtual machine, and its hypervisor does not let it nest "
			      "(/proc/cpuinfo has the flag hypervisor, and neither vmx nor svm)");
}

/* What is known of a switch. */
enum state { UNKNOWN, OFF, ON, IMPOSSIBLE, STATES };

static enum state read_switch(struct gmem_host *host, const char *path)
{
	char line[64];
	int ret = gmem_read_line(host->ctx, path, line, sizeof(line));

	if (ret == -ENOENT)
		return IMPOSSIBLE;
	if (ret || (*line != '0' && *line != '1'))
		return UNKNOWN;
	return *line == '1' ? ON : OFF;
}

#define TO_DUMP "for a dump of a fault: "
#define TO_LOAD TO_DUMP "load a crash kernel (package kdump-tools or kexec-tools)"
#define TO_BUILD TO_DUMP "use a kernel with CONFIG_CRASH_DUMP and CONFIG_KEXEC_FILE"

/* By whether the kernel panics, and whether a crash kernel is loaded; without kexec none can be. */
static const char *const dumps[STATES][STATES] = {
	[ON] = { [OFF] = TO_LOAD, [IMPOSSIBLE] = TO_BUILD },
	[OFF] = { [ON] = TO_DUMP "sysctl kernel.panic_on_oops=1",
		  [OFF] = TO_LOAD ", then sysctl kernel.panic_on_oops=1",
		  [IMPOSSIBLE] = TO_BUILD,
		  [UNKNOWN] = TO_DUMP "sysctl kernel.panic_on_oops=1, where a crash kernel is "
				      "loaded" },
	[UNKNOWN] = { [ON] = TO_DUMP "look whether the sysctl kernel.panic_on_oops is 1",
		      [OFF] = TO_LOAD ", and look whether the sysctl kernel.panic_on_oops is 1",
		      [IMPOSSIBLE] = TO_BUILD },
};

/* What a fault would leave behind: a note, which nothing depends on. */
static enum gmem_check_result check_after_fault(struct gmem_host *host,
						const struct gmem_host_row *row)
{
	static const char *const panic_words[STATES] = { "not known", "0", "1", "not known" };
	static const char *const crash_words[STATES] = { "not known", "not loaded", "loaded",
							 "none: this kernel has no kexec" };
	enum state panics = read_switch(host, "/proc/sys/kernel/panic_on_oops");
	enum state crash = read_switch(host, "/sys/kernel/kexec_crash_loaded");
	char backend[64];
	bool unread = gmem_read_line(host->ctx, "/sys/module/pstore/parameters/backend", backend,
				     sizeof(backend));
	bool pstore = !unread && *backend && strcmp(backend, "(null)");
	bool dump = panics == ON && crash == ON;
	bool no_dump = panics == OFF || crash == OFF || crash == IMPOSSIBLE;
	enum gmem_check_result result = dump || pstore ? GMEM_CHECK_PASS
					: no_dump      ? GMEM_CHECK_SKIP
						       : GMEM_CHECK_CANNOT_TELL;

	(void)row;
	if (panics == IMPOSSIBLE) /* /proc/sys is not there to look at */
		panics = UNKNOWN;
	if (panics == UNKNOWN && crash == UNKNOWN && unread)
		return gmem_host_find(
			host, GMEM_CHECK_CANNOT_TELL, NULL,
			"panic_on_oops, kexec_crash_loaded and pstore's backend could "
			"not be read");
	return gmem_host_find(host, result, dumps[panics][crash],
			      "a fault leaves %s%s%s (panic_on_oops %s, crash kernel %s)",
			      dump	? "a dump"
			      : no_dump ? "only the log's text"
					: "the log's text, and whether a dump is not known",
			      pstore ? ", and that in pstore: " : "", pstore ? backend : "",
			      panic_words[panics], crash_words[crash]);
}

static const struct gmem_host_row rows[] = {
	{ "machine.virtual", NULL, "hardware, or a virtual machine that may nest", check_virtual,
	  true, NULL },
	{ "machine.after-fault", NULL, "what a fault would leave behind (a note)",
	  check_after_fault, false, NULL },
};

const struct gmem_host_subject gmem_host_machine = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
