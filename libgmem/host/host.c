// SPDX-License-Identifier: LGPL-2.1-or-later
/* Runs the checks of every subject, parents before children. */
#include "host/host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kvm/explain/explain.h"

/*
 * A check that explains the fail of another one runs before it. So private memory comes after TDX
 * and SNP.
 */
static const struct gmem_host_subject *const subjects[] = {
	&gmem_host_machine, &gmem_host_kernel, &gmem_host_config, &gmem_host_kvm,
	&gmem_host_tdx,	    &gmem_host_snp,    &gmem_host_offer,  &gmem_host_reader,
	&gmem_host_arm64,   &gmem_host_memory,
};

#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

static enum gmem_check_result run_row(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct gmem_check *parent =
		row->parent ? gmem_host_find_check(host, row->parent) : NULL;

	host->detail[0] = '\0';
	host->fix = NULL;
	if (parent && parent->result == GMEM_CHECK_SKIP)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "%s", parent->detail);
	if (parent && parent->result != GMEM_CHECK_PASS)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "%s is %s", parent->id,
				      gmem_check_result_name(parent->result));
	return row->run(host, row);
}

static int run_subject(struct gmem_host *host, const struct gmem_host_subject *subject)
{
	if (subject->is_for && !subject->is_for(host))
		return 0;
	for (size_t i = 0; i < subject->count; i++) {
		const struct gmem_host_row *row = &subject->rows[i];
		struct gmem_check *check = &host->checks[host->count];

		check->size = sizeof(*check);
		check->id = row->id;
		check->parent = row->parent;
		check->title = row->title;
		check->needed = row->needed;
		check->result = run_row(host, row);
		check->detail = strdup(host->detail);
		check->fix = host->fix;
		if (!check->detail)
			return -ENOMEM;
		host->count++;
	}
	return 0;
}

/* Checks of all subjects look at KVM's answers. */
static void ask_kvm(struct gmem_host *host)
{
	host->caps_error = gmem_caps_new(host->ctx, &host->caps);
	if (!host->caps_error)
		return;
	host->caps = NULL;
	gmem_explain_error(host->ctx, host->caps_error, host->caps_why, sizeof(host->caps_why));
}

int gmem_host_new(struct gmem_ctx *ctx, struct gmem_host **out)
{
	struct gmem_host *host = calloc(1, sizeof(*host));
	size_t rows = 0;
	int ret = -ENOMEM;

	gmem_begin(ctx);
	if (!host)
		goto out;
	for (size_t i = 0; i < SUBJECTS; i++)
		rows += subjects[i]->count;
	host->ctx = ctx;
	host->chosen = ctx->chosen; /* opening each reader in turn would lose the caller's choice */
	host->checks = calloc(rows, sizeof(*host->checks));
	if (!host->checks)
		goto out;
	host->cpu_error = gmem_cpu_read(ctx, &host->cpu);
	ask_kvm(host);
	ret = gmem_config_read(ctx, &host->config);
	for (size_t i = 0; !ret && i < SUBJECTS; i++)
		ret = run_subject(host, subjects[i]);
out:
	if (ret) {
		gmem_host_free(host);
		return gmem_no_memory(ctx, "the checks");
	}
	*out = host;
	return 0;
}

void gmem_host_free(struct gmem_host *host)
{
	if (!host)
		return;
	for (size_t i = 0; i < host->count; i++)
		free((char *)host->checks[i].detail);
	free(host->checks);
	gmem_caps_free(host->caps);
	gmem_config_free(&host->config);
	gmem_cpu_free(&host->cpu);
	free(host);
}

const struct gmem_check *gmem_host_check(const struct gmem_host *host, size_t index)
{
	return index < host->count ? &host->checks[index] : NULL;
}
