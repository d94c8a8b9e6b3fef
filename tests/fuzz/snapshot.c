// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two texts of a snapshot that are neither proc/ nor sys/: index and kvm-answers. The first
 * byte chooses one. Whatever the text is, it is refused with a reason, or each question has an
 * answer that the port can give.
 */
#include "fuzz.h"

#include "kernel/snapshot/snapshot.h"

static int count(const char *name, void *arg)
{
	HOLDS(*name && !strpbrk(name, " \t\r\n"));
	++*(size_t *)arg;
	return 0;
}

static void try_index(const char *text)
{
	static const char *const paths[] = { "/dev/kvm", "/dev/sev", "/proc", "memfd_secret", "a" };
	struct gmem_index index;
	char why[256] = "";
	int ret = gmem_index_parse(&index, text, why, sizeof(why));
	size_t names = 0;
	bool listed;

	if (ret) {
		HOLDS(ret == -EBADMSG && strstr(why, "line "));
		return;
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct gmem_index_line *line = gmem_index_find(&index, paths[i]);

		HOLDS(!line || !strcmp(line->path, paths[i]));
		HOLDS(!line || line->kind != GMEM_INDEX_ERROR ||
		      (line->error < 0 && line->error >= -4095));
		HOLDS(!line || line->kind != GMEM_INDEX_LINK || *line->text);
		HOLDS(!gmem_index_list(&index, paths[i], count, &names, &listed));
	}
	HOLDS(names <= index.count);
	HOLDS(!index.machine || (index.page_shift >= GMEM_SNAPSHOT_PAGE_SHIFT_MIN &&
				 index.page_shift <= GMEM_SNAPSHOT_PAGE_SHIFT_MAX));
	gmem_index_free(&index);
}

static void try_answers(const char *text)
{
	struct gmem_answers answers;
	char why[256] = "";
	int ret = gmem_answers_parse(&answers, text, why, sizeof(why));

	if (ret) {
		HOLDS(ret == -EBADMSG && strstr(why, "line "));
		return;
	}
	for (int where = GMEM_ASKED_KVM; where <= 31; where++)
		for (int what = GMEM_ASKED_OPEN; what < 260; what++)
			HOLDS(gmem_answers_get(&answers, where, what) >= -4095);
	gmem_answers_free(&answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	if (*data & 1)
		try_index(text);
	else
		try_answers(text);
	free(text);
	return 0;
}
