// SPDX-License-Identifier: GPL-2.0-or-later
/* The stages of a walk that launch a confidential guest. */
#include "commands/walk/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/size.h"

/* The content that the guest begins with: enough to see that a launch works. */
#define CONTENT_PAGES 16u
#define CONTENT 0xf4 /* HLT */

/* Types without a launch do not have these stages. */
static enum result say_done(struct walk *walk, int ret, const char *calls)
{
	return ret ? walk_fail(walk, ret) : walk_say(walk, RESULT_OK, "%s", calls);
}

static enum result plan_init(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "%s", gmem_launch_of(walk->type)->init_calls);
}

static enum result run_init(struct walk *walk)
{
	return say_done(walk, gmem_launch_init(walk->vm), gmem_launch_of(walk->type)->init_calls);
}

static enum result plan_vcpu(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "%s", gmem_launch_of(walk->type)->vcpu_calls);
}

static enum result run_vcpu(struct walk *walk)
{
	int ret = gmem_vm_add_vcpu(walk->vm, 0);

	if (!ret)
		ret = gmem_launch_vcpu(walk->vm, 0);
	return say_done(walk, ret, gmem_launch_of(walk->type)->vcpu_calls);
}

static uint64_t page_size(const struct walk *walk)
{
	return gmem_page_size(walk->cli->ctx);
}

static uint64_t content_pages(const struct walk *walk)
{
	uint64_t pages = walk->size / page_size(walk);

	return pages < CONTENT_PAGES ? pages : CONTENT_PAGES;
}

static enum result plan_add(struct walk *walk)
{
	char size[CELL_TEXT_MAX];

	return walk_say(walk, RESULT_PLANNED, "%s, %s of measured content",
			gmem_launch_of(walk->type)->measured_call,
			size_format(content_pages(walk) * page_size(walk), size, sizeof(size)));
}

static enum result run_add(struct walk *walk)
{
	uint64_t pages = content_pages(walk), done = 0;
	void *source = aligned_alloc(page_size(walk), pages * page_size(walk));
	struct gmem_launch_content content = {
		.size = sizeof(content),
		.gpa = VM_DEFAULT_GPA,
		.pages = pages,
		.measure = true,
	};
	char size[CELL_TEXT_MAX], why[1024];
	int ret;

	if (!source)
		return walk_fail(walk, -ENOMEM);
	memset(source, CONTENT, pages * page_size(walk));
	content.source = source;
	ret = gmem_launch_add(walk->vm, &content, &done);
	free(source);
	if (!ret) {
		plan_add(walk);
		return RESULT_OK;
	}
	walk->error = ret;
	cli_explain(walk->cli, ret, why, sizeof(why));
	return walk_say(walk, RESULT_FAILED, "%s (%s was done)", why,
			size_format(done * page_size(walk), size, sizeof(size)));
}

static enum result plan_finalize(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "%s", gmem_launch_of(walk->type)->finalize_call);
}

static enum result run_finalize(struct walk *walk)
{
	return say_done(walk, gmem_launch_finalize(walk->vm),
			gmem_launch_of(walk->type)->finalize_call);
}

const struct walk_stage walk_stage_init = { "init", plan_init, run_init };
const struct walk_stage walk_stage_vcpu = { "vcpu", plan_vcpu, run_vcpu };
const struct walk_stage walk_stage_add = { "add", plan_add, run_add };
const struct walk_stage walk_stage_finalize = { "finalize", plan_finalize, run_finalize };
