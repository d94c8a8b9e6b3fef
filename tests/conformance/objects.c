// SPDX-License-Identifier: GPL-2.0-or-later
/* The objects of a script: descriptors, mappings, numbers. */
#include <ctype.h>
#include <string.h>
#include "conformance.h"

static size_t name_length(const char *name)
{
	size_t length = *name == '$';

	while (isalnum((unsigned char)name[length]) || name[length] == '_')
		length++;
	return length;
}

struct object *object_find(struct run *run, const char *name)
{
	struct object *all = run->objects.all;
	size_t length = name_length(name);

	for (size_t i = run->objects.count; i-- > 0;)
		if (name_length(all[i].name) == length && !memcmp(all[i].name, name, length))
			return &all[i];
	return NULL;
}

struct object *object_add(struct run *run, const char *name, enum object_kind kind, uint64_t value)
{
	struct object *object;

	if (run->objects.count == OBJECTS_MAX)
		bad_line(run->line, "more than %d objects", OBJECTS_MAX);
	object = &run->objects.all[run->objects.count++];
	*object = (struct object){ .name = name, .kind = kind, .value = value, .open = true };
	return object;
}

void objects_close(struct run *run)
{
	const struct gmem_kernel_ops *ops = run->kernel->ops;

	for (size_t i = run->objects.count; i-- > 0;) {
		struct object *object = &run->objects.all[i];

		if (!object->open)
			continue;
		object->open = false;
		if (object->kind & KIND_FD)
			ops->close(run->kernel, (int)object->value);
		else if (object->kind == KIND_MAPPING)
			ops->munmap(run->kernel, (void *)(uintptr_t)object->value, object->length);
	}
	run->objects.count = 0;
}
