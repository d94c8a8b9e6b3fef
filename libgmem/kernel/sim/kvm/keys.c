// SPDX-License-Identifier: LGPL-2.1-or-later
/* A set of numbers, ascending. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/search.h"
#include "kernel/sim/kvm/keys.h"

static bool is_below(const void *entry, const void *key)
{
	return *(const uint64_t *)entry < *(const uint64_t *)key;
}

/* The first key that is not below. */
static size_t find(const struct sim_keys *keys, uint64_t key)
{
	return gmem_lower_bound(keys->keys, keys->count, sizeof(*keys->keys), is_below, &key);
}

bool sim_keys_has(const struct sim_keys *keys, uint64_t key)
{
	size_t at = find(keys, key);

	return at < keys->count && keys->keys[at] == key;
}

int sim_keys_add(struct sim_keys *keys, uint64_t key)
{
	size_t at = find(keys, key);

	if (keys->count == keys->size) {
		size_t size = keys->size ? 2 * keys->size : 16;
		uint64_t *grown = realloc(keys->keys, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		keys->keys = grown;
		keys->size = size;
	}
	memmove(keys->keys + at + 1, keys->keys + at, (keys->count - at) * sizeof(*keys->keys));
	keys->keys[at] = key;
	keys->count++;
	return 0;
}

void sim_keys_free(struct sim_keys *keys)
{
	free(keys->keys);
	*keys = (struct sim_keys){ 0 };
}
