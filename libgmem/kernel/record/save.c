// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writes a record below a folder, in the form that kernel/snapshot/ reads. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/record/record.h"

struct saving {
	const struct gmem_record *record;
	int directory;
	gmem_record_fn fn;
	void *arg;
};

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

/* Makes the folders that a path goes through. They are in one that nobody else can write to. */
static int make_folders(int directory, const char *path)
{
	char folder[512];

	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	for (char *slash = strchr(folder, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(directory, folder, 0700) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* Path has no slash before it. */
static int save_text(const struct saving *saving, const char *path, const char *text, size_t length)
{
	int fd, ret = make_folders(saving->directory, path);

	if (ret)
		return ret;
	fd = openat(saving->directory, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, text, length);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret)
		saving->fn(path, length, saving->arg);
	return ret;
}

static bool is_file(const struct gmem_seen *seen)
{
	return !seen->error && seen->complete && !seen->is_folder &&
	       gmem_record_keeps(seen->path) == GMEM_KEEP_FILE;
}

static int save_files(const struct saving *saving)
{
	const struct gmem_record *record = saving->record;
	int ret = 0;

	for (size_t i = 0; i < record->seen_count && !ret; i++) {
		const struct gmem_seen *seen = &record->seen[i];
		size_t length;

		if (!is_file(seen))
			continue;
		length = gmem_record_filter(seen->path, seen->text, seen->length);
		ret = save_text(saving, seen->path + 1, seen->text, length);
	}
	return ret;
}

static void write_names(FILE *to, const struct gmem_seen *seen)
{
	for (size_t at = 0; at < seen->names_length; at += strlen(seen->names + at) + 1)
		fprintf(to, "%s entry %s\n", seen->path, seen->names + at);
	if (seen->complete)
		fprintf(to, "%s listed\n", seen->path);
}

static void write_line(FILE *to, const struct gmem_seen *seen)
{
	const char *name = strerrorname_np(-seen->error);

	if (seen->error)
		fprintf(to, "%s %s\n", seen->path, name ? name : "EIO");
	else if (seen->link)
		fprintf(to, "%s link %s\n", seen->path, seen->link);
	else if (seen->is_folder)
		write_names(to, seen);
	else if (seen->has_mode)
		fprintf(to, "%s ok 0%o %u %u\n", seen->path, seen->mode, seen->uid, seen->gid);
	else
		fprintf(to, "%s ok\n", seen->path);
}

static void write_index(FILE *to, const struct gmem_record *record)
{
	fputs("# Looked for on the host and no file here; see SNAPSHOTS in gmemctl(8).\n", to);
	/* A build for a machine that gmemctl does not know has no word for it. */
	if (!strchr(record->ops.machine, ' '))
		fprintf(to, "machine %s %lu\n", record->ops.machine, 1ul << record->page_shift);
	for (size_t i = 0; i < record->seen_count; i++)
		if (!is_file(&record->seen[i]))
			write_line(to, &record->seen[i]);
}

static void write_value(FILE *to, int value)
{
	const char *name = value < 0 ? strerrorname_np(-value) : NULL;

	if (value >= 0)
		fprintf(to, "=%d", value);
	else
		fprintf(to, "=%s", name ? name : "EIO");
}

static void write_answer(FILE *to, const struct gmem_asked *asked)
{
	if (asked->where < 0)
		fputs("kvm ", to);
	else
		fprintf(to, "vm=%d ", asked->where);
	if (asked->what == -2)
		fputs("open", to);
	else if (asked->what == -1)
		fputs("create", to);
	else
		fprintf(to, "cap%d", asked->what);
	write_value(to, asked->value);
	putc('\n', to);
}

static void write_answers(FILE *to, const struct gmem_record *record)
{
	fputs("version=1\n", to);
	for (size_t i = 0; i < record->asked_count; i++)
		write_answer(to, &record->asked[i]);
}

static int save_lines(const struct saving *saving, const char *name,
		      void (*write_lines)(FILE *to, const struct gmem_record *record))
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);
	int ret = -ENOMEM;

	if (!memory)
		return ret;
	write_lines(memory, saving->record);
	if (!fclose(memory))
		ret = save_text(saving, name, text, length);
	free(text);
	return ret;
}

int gmem_record_save(const struct gmem_record *record, int directory, gmem_record_fn fn, void *arg)
{
	const struct saving saving = { record, directory, fn, arg };
	int ret = save_files(&saving);

	if (!ret)
		ret = save_lines(&saving, "index", write_index);
	if (!ret && record->asked_count)
		ret = save_lines(&saving, "kvm-answers", write_answers);
	return ret;
}
