// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key ownership table: a KeyID is free, a TD's, or blocked until the caches were written back.
 */
#include <linux/topology.h>
#include "soft.h"

enum key_state {
	KEY_FREE,
	KEY_ASSIGNED,
	KEY_BLOCKED, /* waits for TDH.PHYMEM.CACHE.WB on each package */
	KEY_FLUSHED,
};

static struct {
	enum key_state state;
	unsigned long packages; /* whose caches were written back */
} keys[SOFT_MAX_KEYS];

bool soft_key_is_private(u64 hkid)
{
	return hkid && hkid < SOFT_MAX_KEYS;
}

u64 soft_key_assign(u64 hkid)
{
	if (!soft_key_is_private(hkid))
		return TDX_OPERAND_INVALID | OPERAND_RDX;
	if (keys[hkid].state != KEY_FREE)
		return TDX_HKID_NOT_FREE | OPERAND_RDX;
	keys[hkid].state = KEY_ASSIGNED;
	return TDX_SUCCESS;
}

void soft_key_block(u16 hkid)
{
	keys[hkid].state = KEY_BLOCKED;
	keys[hkid].packages = 0;
}

bool soft_key_free(u16 hkid)
{
	if (keys[hkid].state != KEY_FLUSHED)
		return false;
	keys[hkid].state = KEY_FREE;
	return true;
}

/* On one CPU of each package. */
u64 soft_phymem_cache_wb(struct tdx_module_args *args)
{
	unsigned int package = topology_physical_package_id(raw_smp_processor_id());
	bool found = false;

	for (unsigned int hkid = 1; hkid < SOFT_MAX_KEYS; hkid++) {
		if (keys[hkid].state != KEY_BLOCKED || keys[hkid].packages & BIT(package))
			continue;
		found = true;
		keys[hkid].packages |= BIT(package);
		if (hweight_long(keys[hkid].packages) == topology_max_packages())
			keys[hkid].state = KEY_FLUSHED;
	}
	return found ? TDX_SUCCESS : TDX_NO_HKID_READY_TO_WBCACHE;
}
