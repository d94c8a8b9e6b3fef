/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel releases, for features that the kernel reports in no other way. */
#ifndef GMEM_BASE_RELEASE_H
#define GMEM_BASE_RELEASE_H

#include <stdbool.h>
#include <stdio.h>

/* Whether a release ("7.3.4-amd64") is older than major.minor; false where it cannot be read. */
static inline bool gmem_release_before(const char *release, unsigned int major, unsigned int minor)
{
	unsigned int have_major, have_minor;

	if (sscanf(release, "%u.%u", &have_major, &have_minor) != 2)
		return false;
	return have_major < major || (have_major == major && have_minor < minor);
}

#endif
