// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/dump/kdump.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kdump_soname.h"

/* Weak, because a program that is linked statically may have neither. */
#pragma weak dlsym
#pragma weak dlerror

static const struct function {
	const char *name;
	size_t offset; /* in struct gmem_kdump */
} functions[] = {
	{ "kdump_new", offsetof(struct gmem_kdump, new) },
	{ "kdump_free", offsetof(struct gmem_kdump, free) },
	{ "kdump_get_err", offsetof(struct gmem_kdump, get_err) },
	{ "kdump_clear_err", offsetof(struct gmem_kdump, clear_err) },
	{ "kdump_open_fdset", offsetof(struct gmem_kdump, open_fdset) },
	{ "kdump_set_attr", offsetof(struct gmem_kdump, set_attr) },
	{ "kdump_get_typed_attr", offsetof(struct gmem_kdump, get_typed_attr) },
	{ "kdump_read", offsetof(struct gmem_kdump, read) },
	{ "kdump_vmcoreinfo_raw", offsetof(struct gmem_kdump, vmcoreinfo_raw) },
};

static int find_functions(void *library, struct gmem_kdump *kdump)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return -ENOTSUP;
		memcpy((char *)kdump + functions[i].offset, &function, sizeof(function));
	}
	return 0;
}

/*
 * A static program has dlopen() if another of its parts needs it, and then could load libraries of
 * its own C library's version only. By its name nobody finds it there, and no linker warns.
 */
static void *(*find_dlopen(void))(const char *, int)
{
	void *(*open)(const char *, int) = NULL;
	void *function = dlsym ? dlsym(RTLD_DEFAULT, "dlopen") : NULL;

	memcpy(&open, &function, sizeof(open));
	return open;
}

int gmem_kdump_load(struct gmem_kdump *kdump, char *why, size_t size)
{
	void *(*open)(const char *, int) = find_dlopen();
	void *library;

	if (!open) {
		snprintf(why, size,
			 "a program that is linked statically reads no dumps: libkdumpfile, which "
			 "that takes, is a shared library");
		return -ENOTSUP;
	}
	/* What it leaks is named by its symbols, if it stays loaded. */
	library = open(KDUMP_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library && !find_functions(library, kdump))
		return 0;
	snprintf(why, size,
		 "the library %s, by which dumps are read, cannot be loaded (%s); if it is "
		 "not there, install libkdumpfile",
		 KDUMP_SONAME, dlerror());
	return -ENOTSUP;
}
