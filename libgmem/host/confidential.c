// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/confidential.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "kernel/uapi.h"
#include "procfs/file.h"

int gmem_host_parameter(struct gmem_host *host, const char *path)
{
	char value[8];
	int ret = gmem_read_line(host->ctx, path, value, sizeof(value));

	if (ret)
		return ret;
	if (*value == 'Y' || *value == '1')
		return 1;
	return *value == 'N' || *value == '0' ? 0 : -ENODATA;
}

static enum gmem_config_value how_built(struct gmem_host *host,
					const struct gmem_host_confidential *about)
{
	return gmem_config_get_module(host->ctx, &host->config, about->option, about->module);
}

/* How to switch the parameter on. */
static const char *fix_off(struct gmem_host *host, const struct gmem_host_confidential *about)
{
	switch (how_built(host, about)) {
	case GMEM_CONFIG_BUILT_IN:
		return about->boot_with;
	case GMEM_CONFIG_UNKNOWN:
		return about->either;
	default:
		return about->switch_on;
	}
}

/*
 * If KVM works, its module is loaded and does not know the parameter; otherwise it is not loaded.
 */
static enum gmem_check_result say_no_parameter(struct gmem_host *host,
					       const struct gmem_host_confidential *about)
{
	enum gmem_config_value built = how_built(host, about);

	if (host->caps || built == GMEM_CONFIG_BUILT_IN)
		return gmem_host_find(host, GMEM_CHECK_FAIL, about->other_kernel,
				      "there is no %s: this kernel's KVM does not know it",
				      about->parameter_file);
	if (gmem_host_told(host, "kvm.device") || gmem_host_told(host, "config.kvm"))
		return GMEM_CHECK_SKIP;
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
			      built == GMEM_CONFIG_UNKNOWN ? about->either : about->load,
			      "there is no %s: its module is not loaded, or does not know it",
			      about->parameter_file);
}

enum gmem_check_result gmem_host_check_parameter(struct gmem_host *host,
						 const struct gmem_host_row *row)
{
	const struct gmem_host_confidential *about = row->about;
	int on = gmem_host_parameter(host, about->parameter_file);

	if (on > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s is on", about->parameter);
	if (gmem_host_offers(host, about->vm_type))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "KVM offers the type, so %s is on", about->parameter);
	if (!on || on == -ENODATA)
		return gmem_host_find(host, GMEM_CHECK_FAIL, fix_off(host, about), "%s is off",
				      about->parameter);
	if (on == -ENOENT)
		return say_no_parameter(host, about);
	return gmem_host_unread(host, about->parameter_file, on);
}

/*
 * Inside a container the host's number of keys is hidden; only the container's limit can be seen.
 */
static enum gmem_check_result say_limit(struct gmem_host *host,
					const struct gmem_host_confidential *about,
					const struct gmem_keys *keys)
{
	char limit[24], used[36];

	if (keys->has_used && keys->used >= keys->limit)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "stop one of its guests, or raise its misc.max",
				      "this container has all %" PRIu64 " %s that it may take: %s",
				      keys->limit, about->keys, about->without_one);
	snprintf(limit, sizeof(limit), "%" PRIu64, keys->limit);
	snprintf(used, sizeof(used), "%" PRIu64 " of them %s", keys->used,
		 keys->used == 1 ? "is" : "are");
	return gmem_host_find(
		host, GMEM_CHECK_CANNOT_TELL, "look at misc.capacity of the host's root cgroup",
		"this container may take %s %s; %s in use, and how many the host has cannot be seen "
		"inside",
		keys->limit == UINT64_MAX ? "any number of" : limit, about->keys,
		keys->has_used ? used : "it is unknown how many are");
}

enum gmem_check_result gmem_host_check_keys(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct gmem_host_confidential *about = row->about;
	struct gmem_keys keys = { .size = sizeof(keys) };
	char why[GMEM_EXPLANATION_MAX];
	int ret = gmem_keys_get(host->ctx, about->resource, &keys);

	if (ret == -ENODATA)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "no line %s in the root cgroup's misc.capacity",
				      about->resource);
	if (ret == -ENOENT) {
		gmem_explain_error(host->ctx, ret, why, sizeof(why));
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s", why);
	}
	if (ret)
		return gmem_host_unread(host, "misc.capacity", ret);
	if (!keys.has_capacity)
		return say_limit(host, about, &keys);
	if (!keys.has_used)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "%" PRIu64 " %s; how many are in use is not told",
				      keys.capacity, about->keys);
	if (keys.used >= keys.capacity)
		return gmem_host_find(host, GMEM_CHECK_FAIL, about->free_one,
				      "all %" PRIu64 " %s are in use: %s", keys.capacity,
				      about->keys, about->without_one);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%" PRIu64 " of %" PRIu64 " %s left",
			      keys.capacity - keys.used, keys.capacity, about->keys);
}

enum gmem_check_result gmem_host_check_vm_type(struct gmem_host *host,
					       const struct gmem_host_row *row)
{
	const struct gmem_host_confidential *about = row->about;

	if (gmem_host_offers(host, about->vm_type))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "KVM creates VMs of type %s",
				      gmem_vm_type_name(about->vm_type));
	if (!host->caps)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL,
				      "/dev/kvm could not be asked, see kvm.access");
	if (gmem_caps_system(host->caps, GMEM_KVM_CAP_VM_TYPES) < 0)
		return gmem_host_unsaid(host);
	return gmem_host_find(host, GMEM_CHECK_FAIL, about->log, "KVM_CAP_VM_TYPES has no type %s",
			      gmem_vm_type_name(about->vm_type));
}
