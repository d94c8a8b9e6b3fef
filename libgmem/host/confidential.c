// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/confidential.h"

#include <errno.h>
#include <inttypes.h>

#include "procfs/file.h"

enum gmem_check_result gmem_host_check_parameter(struct gmem_host *host,
						 const struct gmem_host_row *row)
{
	const struct gmem_host_confidential *about = row->about;
	char value[8];
	int ret = gmem_read_line(host->ctx, about->parameter_file, value, sizeof(value));

	if ((!ret && (*value == 'Y' || *value == '1')) || gmem_host_offers(host, about->vm_type))
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s is on", about->parameter);
	if (!ret)
		return gmem_host_find(host, GMEM_CHECK_FAIL, about->switch_on, "%s is off",
				      about->parameter);
	if (ret == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_FAIL, about->load, "there is no %s: %s",
				      about->parameter_file, about->not_there);
	return gmem_host_unread(host, about->parameter_file, ret);
}

enum gmem_check_result gmem_host_check_keys(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct gmem_host_confidential *about = row->about;
	struct gmem_keys keys;
	int ret = gmem_keys_get(host->ctx, about->resource, &keys);

	if (ret == -ENODATA)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "use a kernel with CONFIG_CGROUP_MISC, mount cgroup v2, and "
				      "let it show: echo +misc > "
				      "/sys/fs/cgroup/cgroup.subtree_control",
				      "no line %s in the root cgroup's misc.capacity",
				      about->resource);
	if (ret)
		return gmem_host_unread(host, "misc.capacity", ret);
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
	return gmem_host_find(host, GMEM_CHECK_FAIL, about->log, "KVM_CAP_VM_TYPES has no type %s",
			      gmem_vm_type_name(about->vm_type));
}
