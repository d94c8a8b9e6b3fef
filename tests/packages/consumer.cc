// SPDX-License-Identifier: GPL-2.0-or-later
/* A C++17 program against the installed library. */
#include <cstdio>
#include <gmem/gmem.h>
int main()
{
	gmem_ctx *ctx = nullptr;
	if (gmem_ctx_new_simulated("plain", &ctx))
		return 1;
	std::printf("%s on %s\n", gmem_version(), gmem_ctx_release(ctx));
	gmem_ctx_free(ctx);
}
