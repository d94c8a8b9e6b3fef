// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unshown: prints why there may be a guest_memfd that no process shows, or "none". If a process may
 * not be looked at, gmemctl list reports that instead.
 */
#include <err.h>
#include <stdio.h>

#include <gmem/base.h>
#include <gmem/owners.h>

int main(void)
{
	struct gmem_owners *owners;
	struct gmem_ctx *ctx;
	const char *why;

	if (gmem_ctx_new(&ctx))
		errx(2, "no context");
	if (gmem_owners_new(ctx, NULL, &owners))
		errx(2, "no scan of the processes");
	why = gmem_owners_unshown(owners);
	puts(why ? why : "none");
	gmem_owners_free(owners);
	gmem_ctx_free(ctx);
	return 0;
}
