// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/image/btf.h"

#include <errno.h>
#include <string.h>
#include <bpf/btf.h>

/* The module's BTF includes that of vmlinux. If it is there, only it is asked. */
static const struct btf_type *find(const struct btf *vmlinux, const struct btf *module,
				   const char *name, const struct btf **btf)
{
	int id = btf__find_by_name_kind(vmlinux, name, BTF_KIND_STRUCT);

	*btf = vmlinux;
	if (id < 0 && module) {
		*btf = module;
		id = btf__find_by_name_kind(module, name, BTF_KIND_STRUCT);
	}
	return id < 0 ? NULL : btf__type_by_id(*btf, (unsigned int)id);
}

/*
 * A walk from a struct to one of its members. BTF comes from the kernel, but neither a loop in it
 * nor anonymous structs inside each other may make the walk endless: the number of types that it
 * looks at is bounded.
 */
struct walk {
	const struct btf *btf;
	unsigned int left;
};

#define WALK_TYPES 65536 /* the largest structs have some hundred members */
#define WALK_DEPTH 8

static const struct btf_type *resolve(struct walk *walk, unsigned int id)
{
	const struct btf_type *type = btf__type_by_id(walk->btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type))) {
		if (!walk->left)
			return NULL;
		walk->left--;
		type = btf__type_by_id(walk->btf, type->type);
	}
	return type;
}

/*
 * Bits from the start of type to the member that is named by the first length bytes of name. Goes
 * into anonymous structs and unions.
 */
static const struct btf_type *find_member(struct walk *walk, const struct btf_type *type,
					  const char *name, size_t length, int depth, size_t *bits)
{
	const struct btf_member *members = btf_members(type);

	for (unsigned int i = 0; i < btf_vlen(type) && walk->left; i++) {
		const char *found = btf__name_by_offset(walk->btf, members[i].name_off);
		const struct btf_type *inner = resolve(walk, members[i].type);
		size_t offset = btf_member_bit_offset(type, i);

		walk->left -= walk->left > 0;
		if (!inner || !found)
			continue;
		if (strlen(found) == length && !memcmp(found, name, length)) {
			*bits += offset;
			return inner;
		}
		if (*found || !btf_is_composite(inner) || depth == 0)
			continue;
		size_t below = 0;
		inner = find_member(walk, inner, name, length, depth - 1, &below);
		if (inner) {
			*bits += offset + below;
			return inner;
		}
	}
	return NULL;
}

/* The byte in type at which the member of that path begins. */
static int find_path(const struct btf *btf, const struct btf_type *type, const char *path,
		     size_t *offset)
{
	struct walk walk = { .btf = btf, .left = WALK_TYPES };
	const struct btf_type *at = type;
	size_t bits = 0;

	for (;;) {
		size_t length = strcspn(path, ".");

		at = find_member(&walk, at, path, length, WALK_DEPTH, &bits);
		if (!at)
			return walk.left ? -ENOENT : -EILSEQ;
		if (!path[length])
			break;
		if (!btf_is_composite(at))
			return -ENOENT;
		path += length + 1;
	}
	if (bits % 8) /* a bit field has no address */
		return -ENOENT;
	*offset = bits / 8;
	return *offset <= type->size ? 0 : -EILSEQ;
}

int gmem_btf_offset_of(const struct btf *vmlinux, const struct btf *module, const char *type,
		       const char *member, size_t *offset)
{
	const struct btf *btf;
	const struct btf_type *found = find(vmlinux, module, type, &btf);

	return found ? find_path(btf, found, member, offset) : -ENOENT;
}

int gmem_btf_size_of(const struct btf *vmlinux, const struct btf *module, const char *type,
		     size_t *size)
{
	const struct btf *btf;
	const struct btf_type *found = find(vmlinux, module, type, &btf);

	if (found)
		*size = found->size;
	return found ? 0 : -ENOENT;
}
