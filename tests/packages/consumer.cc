// SPDX-License-Identifier: GPL-2.0-or-later
/* A C++17 program against the installed library. */
#include <cstdio>
#include <gmem/gmem.h>
#include <thread>

#if !GMEM_VERSION_AT_LEAST(0, 1, 0)
#error "these headers are older than the first release"
#endif

int main()
{
	gmem_ctx *ctx = nullptr;
	if (gmem_ctx_new_simulated("plain", &ctx))
		return 1;
	std::printf("%s on %s\n", gmem_version(), gmem_ctx_release(ctx));

	GMEM_STRUCT(gmem_owners_options, options);
	gmem_owners *owners = nullptr;
	int cancel = 0;
	options.cancel = &cancel;
	std::thread([&cancel] { gmem_cancel(&cancel); }).join();
	if (gmem_owners_new(ctx, &options, &owners) != -ECANCELED)
		return 1;
	cancel = 0;
	if (gmem_owners_new(ctx, &options, &owners))
		return 1;

	GMEM_STRUCT(gmem_owners_counts, counts);
	if (gmem_owners_get_counts(owners, &counts) ||
	    !GMEM_HAS(gmem_owners_counts, &counts, left_out))
		return 1;
	gmem_owners_free(owners);
	gmem_ctx_free(ctx);
}
