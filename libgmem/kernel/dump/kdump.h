/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of libkdumpfile, which is loaded when a dump is opened. If it were linked, each
 * start of a program would load it and a C++ library that it needs, and take nearly twice as long.
 */
#ifndef GMEM_DUMP_KDUMP_H
#define GMEM_DUMP_KDUMP_H

#include <libkdumpfile/kdumpfile.h>
#include <stddef.h>

/* Each has the name that it has there, without "kdump_". */
struct gmem_kdump {
	__typeof__(kdump_new) *new;
	__typeof__(kdump_free) *free;
	__typeof__(kdump_get_err) *get_err;
	__typeof__(kdump_clear_err) *clear_err;
	__typeof__(kdump_open_fdset) *open_fdset;
	__typeof__(kdump_set_attr) *set_attr;
	__typeof__(kdump_get_typed_attr) *get_typed_attr;
	__typeof__(kdump_read) *read;
	__typeof__(kdump_vmcoreinfo_raw) *vmcoreinfo_raw;
};

/*
 * Fills the functions. The library stays loaded until the process ends. Errors: ENOTSUP, why says
 * what is missing.
 */
int gmem_kdump_load(struct gmem_kdump *kdump, char *why, size_t size);

#endif
