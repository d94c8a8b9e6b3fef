// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a check notes what it found, and looks at the results of other checks. */
#include "host/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/uapi.h"
#include "kvm/kvm.h"

enum gmem_check_result gmem_host_find(struct gmem_host *host, enum gmem_check_result result,
				      const char *fix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(host->detail, sizeof(host->detail), format, args);
	va_end(args);
	if (!*host->detail) /* it quotes a file */
		strcpy(host->detail, "the kernel's file is empty");
	host->fix = fix;
	return result;
}

enum gmem_check_result gmem_host_unread(struct gmem_host *host, const char *path, int error)
{
	bool privilege = error == -EACCES || error == -EPERM;

	if (error == -GMEM_ENOTRECORDED)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s: %s", path,
				      gmem_error_words(error));

	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, privilege ? "run as root" : NULL,
			      "%s could not be read: %s", path, gmem_error_words(error));
}

enum gmem_check_result gmem_host_unsaid(struct gmem_host *host)
{
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "what KVM answers is not known");
}

const struct gmem_check *gmem_host_find_check(const struct gmem_host *host, const char *id)
{
	for (size_t i = 0; i < host->count; i++)
		if (!strcmp(host->checks[i].id, id))
			return &host->checks[i];
	return NULL;
}

enum gmem_check_result gmem_host_result(const struct gmem_host *host, const char *id)
{
	const struct gmem_check *check = gmem_host_find_check(host, id);

	return check ? check->result : GMEM_CHECK_CANNOT_TELL;
}

bool gmem_host_told(struct gmem_host *host, const char *id)
{
	if (gmem_host_result(host, id) != GMEM_CHECK_FAIL)
		return false;
	gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "%s failed", id);
	return true;
}

bool gmem_host_offers(const struct gmem_host *host, enum gmem_vm_type type)
{
	return host->caps && gmem_caps_has_vm_type(host->caps, type);
}

/* Nothing was asked of types that KVM did not name, or may have under other numbers. */
static bool has_unasked_types(const struct gmem_host *host)
{
	return host->caps && (gmem_caps_doubted(host->caps, NULL) ||
			      gmem_caps_system(host->caps, GMEM_KVM_CAP_VM_TYPES) < 0);
}

int gmem_host_any_vm(const struct gmem_host *host, unsigned int capability)
{
	bool asked = false, silent = has_unasked_types(host);

	for (int type = 0; host->caps && type < GMEM_VM_TYPES; type++) {
		int answer;

		if (!gmem_caps_has_vm_type(host->caps, (enum gmem_vm_type)type))
			continue;
		answer = gmem_caps_vm(host->caps, (enum gmem_vm_type)type, capability);
		if (answer > 0)
			return 1;
		asked = true;
		silent = silent || answer < 0;
	}
	return asked && !silent ? 0 : -1;
}

bool gmem_host_has_private(const struct gmem_host *host)
{
	for (int type = 0; host->caps && type < GMEM_VM_TYPES; type++)
		if (gmem_caps_has_private(host->caps, (enum gmem_vm_type)type))
			return true;
	return false;
}

bool gmem_host_has_old_tdx(const struct gmem_host *host)
{
	return host->caps && gmem_caps_has_old_tdx(host->caps);
}

bool gmem_host_vendor(const struct gmem_host *host, const char *vendor)
{
	return !host->cpu_error && !strcmp(host->cpu.vendor, vendor);
}

const char *gmem_host_vendor_name(const struct gmem_host *host)
{
	if (gmem_host_vendor(host, "GenuineIntel"))
		return "Intel";
	if (gmem_host_vendor(host, "AuthenticAMD"))
		return "AMD";
	if (host->cpu.is_arm)
		return "Arm";
	return host->cpu.vendor;
}
