/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the kernel was configured, if the kernel or its package tells it. */
#ifndef GMEM_PROCFS_CONFIG_H
#define GMEM_PROCFS_CONFIG_H

#include "base/context.h"

struct gmem_config {
	char *text; /* NULL: found nowhere */
	char source[96];
	bool not_recorded; /* not found, in a snapshot that does not tell about all places */
};

enum gmem_config_value {
	GMEM_CONFIG_UNKNOWN, /* no configuration to look at */
	GMEM_CONFIG_ABSENT,  /* no line: this kernel has no such option, or its dependencies are
			      * off */
	GMEM_CONFIG_OFF,
	GMEM_CONFIG_MODULE,
	GMEM_CONFIG_BUILT_IN,
};

/* Errors: ENOMEM. It is not an error if no configuration is found. */
int gmem_config_read(struct gmem_ctx *ctx, struct gmem_config *out);
void gmem_config_free(struct gmem_config *config);

/* Value of an option, named without "CONFIG_". */
enum gmem_config_value gmem_config_get(const struct gmem_config *config, const char *option);

/*
 * The same for the option that builds a module. If there is no configuration, /sys/module tells
 * whether it is built in or loaded.
 */
enum gmem_config_value gmem_config_get_module(struct gmem_ctx *ctx,
					      const struct gmem_config *config, const char *option,
					      const char *module);

#endif
