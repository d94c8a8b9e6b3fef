// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl map: populates memory of a held VM, and maps it into the guest. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/interrupt.h"
#include "core/size.h"
#include "held/content.h"
#include "held/populate.h"
#include "held/session.h"
#include "held/step.h"
#include "inspect/preflight.h"

struct settings {
	bool by_gpa;
	const char *from;
	bool measure;
	struct force force;
	struct populate_asked populate;
};

#define FIELD(member) offsetof(struct settings, member)

static const struct cli_option options[] = {
	{ "by-gpa", 0, NULL, false, set_flag, FIELD(by_gpa), GPA_HELP },
	{ "from", 0, "FILE", false, set_text, FIELD(from),
	  "Before a launch is finished: add the content of FILE, and zeroes after its end. Without "
	  "this option all are zeroes" },
	{ "measure", 0, NULL, false, set_flag, FIELD(measure),
	  "Before a launch is finished: make the content part of the measurement" },
	{ "method", 0, "best|allocate|host|pre-fault", false, set_method, FIELD(populate.method),
	  "Populate by fallocate, by MADV_POPULATE_WRITE on a mapping (host), by "
	  "KVM_PRE_FAULT_MEMORY, or best (default): by the last of them that memory and kernel "
	  "allow" },
	{ "threads", 0, "NUMBER", false, set_threads, FIELD(populate.threads), THREADS_HELP },
	FORCE_OPTIONS(FIELD(force)),
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

struct map {
	struct cli *cli;
	const struct settings *settings;
	struct held *held;
	struct held_parts parts;
	const struct gmem_launch *launch; /* for a guest before its launch is finished, else NULL */
};

/* The guest reaches only what its own page tables have, and not all ways to populate bring it
 * there. */
static void tell_done(const struct map *map, const char *method, uint64_t populated,
		      uint64_t in_guest)
{
	step_fact(map->cli, "method", KIND_TEXT, cell_text(method));
	step_fact(map->cli, "populated", KIND_BYTES, cell_number(populated));
	step_fact(map->cli, "in_guest", KIND_BYTES, cell_number(in_guest));
}

/*
 * Adds one part of the range. Returns 0 or a negative errno of libgmem or, in *read_error, of the
 * file.
 */
static int add_part(const struct map *map, struct content *content, const struct held_part *part,
		    uint64_t *done, int *read_error)
{
	const uint64_t page = gmem_page_size(map->cli->ctx);
	uint64_t here = 0, pages;
	int ret = 0;

	while (!ret && here < part->length) {
		uint64_t size =
			part->length - here < CONTENT_PIECE ? part->length - here : CONTENT_PIECE;
		struct gmem_launch_content piece = {
			.size = sizeof(piece),
			.source = content->piece,
			.gpa = part->gpa + here,
			.pages = size / page,
			.measure = map->settings->measure,
		};

		*read_error = content_read(content, size);
		if (*read_error || session_interrupted(map->cli->session))
			return -EINTR;
		pages = 0;
		ret = gmem_launch_add(map->held->vm, &piece, &pages);
		here += pages * page;
		*done += pages * page;
	}
	return ret;
}

static enum status add_all(const struct map *map, struct content *content)
{
	int ret = 0, read_error = 0;
	uint64_t done = 0;

	for (size_t i = 0; !ret && i < map->parts.n; i++)
		ret = add_part(map, content, &map->parts.part[i], &done, &read_error);
	if (read_error && !interrupted())
		return cli_fail_as(map->cli, done ? STATUS_PARTLY : STATUS_FAILED,
				   cause_of_error(read_error), "--from=%s: %s", map->settings->from,
				   strerror(-read_error));
	if (ret)
		return step_partly(map->cli, done, map->parts.length, ret);
	read_error = content_ends(content);
	if (read_error == -EFBIG)
		return cli_fail(map->cli, STATUS_PARTLY,
				"--from=%s: it goes on behind the range: %" PRIu64
				" bytes of it were "
				"added, and nothing of the rest",
				map->settings->from, done);
	if (read_error && !interrupted())
		cli_note(map->cli, "--from=%s: %s, behind all that was needed", map->settings->from,
			 strerror(-read_error));
	tell_done(map, map->settings->measure ? map->launch->measured_call : map->launch->add_call,
		  done, done);
	return STATUS_YES;
}

static enum status populate_range(const struct map *map)
{
	enum gmem_populate_method used;
	uint64_t done;
	enum status status =
		populate(map->cli, map->held, &map->parts, &map->settings->populate, &used, &done);

	tell_done(map, gmem_populate_method_name(used), done,
		  used == GMEM_POPULATE_PRE_FAULT ? done : 0);
	return status;
}

/* First allocates pages without touching them, so that there is something to look at. */
static enum status allocate(const struct map *map, uint64_t *done)
{
	struct populate_asked asked = map->settings->populate;
	enum gmem_populate_method used;

	asked.method = GMEM_POPULATE_ALLOCATE;
	return populate(map->cli, map->held, &map->parts, &asked, &used, done);
}

/*
 * Even if the rest failed, these pages were allocated, and nothing frees them automatically. Which
 * of them were there before is not known.
 */
static void tell_resident(const struct map *map, uint64_t bytes)
{
	char size[CELL_TEXT_MAX];

	if (bytes)
		cli_note(map->cli,
			 "%s of the range stay resident; 'gmemctl punch %s %s%s' frees them, also "
			 "those that were there before",
			 size_format(bytes, size, sizeof(size)), map->held->name, map->cli->args[1],
			 map->settings->by_gpa ? " --by-gpa" : "");
	step_fact(map->cli, "resident", KIND_BYTES, cell_number(bytes));
}

static enum status judge(const struct map *map, struct preflight *asked)
{
	struct look look = { .flush = NULL };
	enum status status = STATUS_YES;

	/* cppcheck-suppress autoVariables -- it is asked for here only */
	asked->look = &look;
	switch (preflight(asked)) {
	case PREFLIGHT_CLEAR:
		break;
	case PREFLIGHT_FORCED:
		cli_note(map->cli, "%s", asked->words);
		break;
	case PREFLIGHT_REFUSED:
		status = cli_fail_as(map->cli, STATUS_NO, cause_of(FAILURE_WOULD_FAULT), "%s",
				     asked->words);
		break;
	case PREFLIGHT_FAILED:
		status = cli_fail_error(map->cli, asked->error, "the look at the pages before");
		break;
	}
	look_free(&look);
	return status;
}

/*
 * Without a reader nothing is known, unless the creation flag alone tells it. map then goes on, as
 * walk does.
 */
static enum status fly_ahead(const struct map *map)
{
	int reader = cli_open_reader(map->cli);
	struct held *held = map->held;
	char words[1536];
	struct preflight asked = {
		.cli = map->cli,
		.force = &map->settings->force,
		.type = held->type,
		.memory = held->memory,
		.words = words,
		.size = sizeof(words),
	};
	enum status status = STATUS_YES;

	if (reader && !gmem_flush_known_by_flags(held->type, gmem_memory_flags(held->memory))) {
		if (map->cli->common.verbose)
			cli_note(map->cli, "the direct map cannot be seen: %s",
				 cli_explain(map->cli, reader, words, sizeof(words)));
		return STATUS_YES;
	}
	for (size_t i = 0; !status && i < map->parts.n; i++) {
		asked.offset = map->parts.part[i].offset;
		asked.length = map->parts.part[i].length;
		status = judge(map, &asked);
	}
	return status;
}

static enum status map_range(const struct map *map)
{
	struct content content = { .fd = -1 };
	enum status status = STATUS_YES;
	uint64_t resident = 0;

	if (map->launch)
		status = content_open(map->cli, map->settings->from, map->parts.length, &content);
	if (!status)
		status = allocate(map, &resident);
	if (!status && map->settings->populate.method != GMEM_POPULATE_ALLOCATE)
		status = fly_ahead(map);
	if (!status)
		status = map->launch ? add_all(map, &content) : populate_range(map);
	if (status)
		tell_resident(map, resident);
	content_close(&content);
	return status;
}

/* --method chooses among ways that a launch does not have. */
static enum status check_settings(struct map *map)
{
	const struct settings *settings = map->settings;
	bool by_launch = gmem_launch_of(map->held->type) && !map->held->is_final;

	if (by_launch && settings->populate.method == GMEM_POPULATE_BEST)
		map->launch = gmem_launch_of(map->held->type);
	if (map->launch || (!settings->from && !settings->measure))
		return STATUS_YES;
	return cli_usage(map->cli,
			 "--from and --measure are for a TD or SNP guest before its launch is "
			 "finished; '%s' is a %s VM, %s",
			 map->held->name, gmem_vm_type_name(map->held->type),
			 held_state(map->held));
}

static enum status run(struct cli *cli)
{
	struct map map = { .cli = cli, .settings = cli->settings };
	enum status status = force_check(cli, &map.settings->force);
	bool need_gpa;

	if (!status)
		status = session_need(cli, &map.held);
	if (!status)
		status = check_settings(&map);
	if (status)
		return status;
	gmem_ctx_allow_faults(cli->ctx, force_is_enough(cli, &map.settings->force));
	need_gpa = map.launch || map.settings->populate.method == GMEM_POPULATE_PRE_FAULT;
	status =
		held_range(cli, map.held, cli->args[1], map.settings->by_gpa, need_gpa, &map.parts);
	return status ? status : map_range(&map);
}

static const char *reads_file(const void *settings)
{
	return ((const struct settings *)settings)->from;
}

const struct command map_command = {
	.name = "map",
	/* To name the owner of the folder of holders, if it is another user. */
	.needs = READS_FILES,
	.place = PLACE_HOLDER,
	.summary = "populate memory of a held VM and map it into the guest, unless the flush would "
		   "fault",
	.args = "NAME RANGE",
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.settings_size = sizeof(struct settings),
	.reads_file = reads_file,
	.run = run,
};
