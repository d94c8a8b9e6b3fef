/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions that TDX and SNP have in common: a parameter of KVM's module, the number of keys, a VM
 * type.
 */
#ifndef GMEM_HOST_CONFIDENTIAL_H
#define GMEM_HOST_CONFIDENTIAL_H

#include "host/host.h"

/* The member about of a row points to this. */
struct gmem_host_confidential {
	enum gmem_vm_type vm_type;

	const char *parameter;	    /* as modprobe takes it: MODULE.NAME */
	const char *parameter_file; /* of sysfs */
	const char *option;	    /* that builds KVM's module, */
	const char *module;	    /* and its name */
	const char *switch_on;	    /* what to do where it is off and KVM a module, */
	const char *boot_with;	    /* where KVM is built in, */
	const char *either;	    /* and where it may be either */
	const char *load;	    /* what to do where the module is not there */
	const char *other_kernel;   /* what to do where it does not know the parameter */

	const char *resource;	 /* of the misc cgroup, which counts the keys */
	const char *keys;	 /* what they are called */
	const char *free_one;	 /* what to do where all are in use */
	const char *without_one; /* what happens there */

	const char *log; /* which check says why KVM does not offer the type */
};

/* Notes that it is off. A check that knows the reason runs before this one. */
enum gmem_check_result gmem_host_check_parameter(struct gmem_host *host,
						 const struct gmem_host_row *row);
enum gmem_check_result gmem_host_check_keys(struct gmem_host *host,
					    const struct gmem_host_row *row);
enum gmem_check_result gmem_host_check_vm_type(struct gmem_host *host,
					       const struct gmem_host_row *row);

/* Whether a parameter of a module is on: 1, 0, or -errno; ENODATA where it says neither. */
int gmem_host_parameter(struct gmem_host *host, const char *path);

#endif
