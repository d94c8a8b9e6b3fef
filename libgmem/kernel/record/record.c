// SPDX-License-Identifier: LGPL-2.1-or-later
/* The operations that ask something, in front of those of the kernel. */
#include "kernel/record/record.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/uapi.h"

#define KVM "/dev/kvm"
#define NONE SIZE_MAX
#define NOT_KVM (-2)

static struct gmem_record *to_record(const struct gmem_kernel *kernel)
{
	return (struct gmem_record *)kernel->ops; /* ops is its first member */
}

/* Makes room for one more. If there is no room, the record is not complete. */
static void *more(struct gmem_record *record, void *array, size_t count, size_t size)
{
	void *grown = array;

	if (count >= GMEM_RECORD_ENTRIES_MAX) {
		record->incomplete = true;
		return NULL;
	}
	if ((count & (count - 1)) == 0)
		grown = realloc(array, (count ? count * 2 : 1) * size);
	if (!grown)
		record->incomplete = true;
	return grown;
}

/* The path's place in the record, NONE if the path is not kept. */
static size_t note(struct gmem_record *record, const char *path, int error)
{
	struct gmem_seen *seen;

	if (gmem_record_keeps(path) == GMEM_KEEP_NOTHING)
		return NONE;
	for (size_t i = 0; i < record->seen_count; i++) {
		if (strcmp(record->seen[i].path, path))
			continue;
		if (!error)
			record->seen[i].error = 0;
		return i;
	}
	seen = more(record, record->seen, record->seen_count, sizeof(*seen));
	if (!seen)
		return NONE;
	record->seen = seen;
	seen += record->seen_count;
	*seen = (struct gmem_seen){ .path = strdup(path), .error = error };
	if (!seen->path) {
		record->incomplete = true;
		return NONE;
	}
	return record->seen_count++;
}

static void note_answer(struct gmem_record *record, int where, int what, int value)
{
	struct gmem_asked *asked;

	for (size_t i = 0; i < record->asked_count; i++)
		if (record->asked[i].where == where && record->asked[i].what == what)
			return;
	asked = more(record, record->asked, record->asked_count, sizeof(*asked));
	if (!asked)
		return;
	record->asked = asked;
	asked[record->asked_count++] = (struct gmem_asked){ where, what, value };
}

static struct gmem_followed *find(struct gmem_record *record, int fd)
{
	for (size_t i = 0; i < GMEM_RECORD_OPEN_MAX; i++)
		if (record->followed[i].fd == fd)
			return &record->followed[i];
	return NULL;
}

static void follow(struct gmem_record *record, int fd, size_t seen, int where, bool name)
{
	struct gmem_followed *followed = fd < 0 ? NULL : find(record, -1);

	if (followed)
		*followed = (struct gmem_followed){ fd, seen, where, name };
}

/* /proc/PID/comm, of which the name of a process is taken. */
static bool is_name(const char *path)
{
	size_t length = strlen(path);

	return length > 5 && !strcmp(path + length - 5, "/comm");
}

static int record_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	struct gmem_record *record = to_record(kernel);
	int fd = record->real->open(kernel, path, flags);
	bool is_kvm = !strcmp(path, KVM);
	bool for_use = is_kvm && !(flags & O_PATH);
	size_t seen = NONE;

	/* The device may be there although this user may not open it. */
	if (for_use)
		note_answer(record, -1, -2, fd < 0 ? fd : 0);
	if (!for_use || fd >= 0 || fd == -ENOENT)
		seen = note(record, path, fd < 0 ? fd : 0);
	if (for_use || seen != NONE || (record->redact && is_name(path)))
		follow(record, fd, seen, for_use ? -1 : NOT_KVM, is_name(path));
	return fd;
}

static int record_close(struct gmem_kernel *kernel, int fd)
{
	struct gmem_record *record = to_record(kernel);
	struct gmem_followed *followed = fd < 0 ? NULL : find(record, fd);

	if (followed)
		followed->fd = -1;
	return record->real->close(kernel, fd);
}

static int record_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	struct gmem_record *record = to_record(kernel);
	const struct gmem_followed *followed = find(record, fd);
	int where = followed ? followed->where : NOT_KVM;
	int ret = record->real->ioctl(kernel, fd, request, arg);

	if (where == NOT_KVM || ret == -EINTR)
		return ret;
	if (request == GMEM_KVM_CHECK_EXTENSION && arg <= INT32_MAX)
		note_answer(record, where, (int)arg, ret);
	/* With the bits of a guest address, the type is the same. */
	if (request == GMEM_KVM_CREATE_VM && !strcmp(record->real->machine, "aarch64"))
		arg &= ~GMEM_KVM_VM_TYPE_ARM_IPA_SIZE_MASK;
	if (request == GMEM_KVM_CREATE_VM && where == -1 && arg <= 30) {
		note_answer(record, (int)arg, -1, ret < 0 ? ret : 0);
		follow(record, ret, NONE, (int)arg, false);
	}
	return ret;
}

static int record_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	struct gmem_record *record = to_record(kernel);
	const struct gmem_followed *followed = find(record, fd);
	int ret = record->real->fstat(kernel, fd, st);

	if (!ret && followed && followed->seen != NONE) {
		struct gmem_seen *seen = &record->seen[followed->seen];

		seen->has_mode = true;
		seen->mode = st->st_mode;
		seen->uid = st->st_uid;
		seen->gid = st->st_gid;
	}
	return ret;
}

static void keep_text(struct gmem_record *record, struct gmem_seen *seen, const char *text,
		      size_t length, uint64_t offset)
{
	char *grown;

	if (seen->complete || offset != seen->length)
		return;
	if (!length) {
		seen->complete = true;
		return;
	}
	if (seen->length + length > GMEM_RECORD_FILE_MAX ||
	    record->bytes + length > GMEM_RECORD_TOTAL_MAX) {
		record->incomplete = true;
		return;
	}
	grown = realloc(seen->text, seen->length + length);
	if (!grown) {
		record->incomplete = true;
		return;
	}
	memcpy(grown + seen->length, text, length);
	seen->text = grown;
	seen->length += length;
	record->bytes += length;
}

/*
 * One word replaces any name, because the length of a name would tell something about it, too.
 * Returns how much is read of it.
 */
static ssize_t leave_name_out(char *buffer, size_t length, uint64_t offset)
{
	static const char word[] = "redacted\n";
	size_t left = offset < sizeof(word) - 1 ? sizeof(word) - 1 - offset : 0;

	if (left > length)
		left = length;
	if (left)
		memcpy(buffer, word + offset, left);
	return (ssize_t)left;
}

static ssize_t record_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			    uint64_t offset)
{
	struct gmem_record *record = to_record(kernel);
	const struct gmem_followed *followed = find(record, fd);
	ssize_t got = record->real->pread(kernel, fd, buffer, length, offset);
	struct gmem_seen *seen;

	if (!followed)
		return got;
	if (followed->name && record->redact && got >= 0)
		got = leave_name_out(buffer, length, offset);
	seen = followed->seen == NONE ? NULL : &record->seen[followed->seen];
	if (!seen || gmem_record_keeps(seen->path) != GMEM_KEEP_FILE)
		return got;
	if (got < 0)
		seen->error = (int)got;
	else
		keep_text(record, seen, buffer, (size_t)got, offset);
	return got;
}

static int record_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	struct gmem_record *record = to_record(kernel);
	int ret = record->real->readlink(kernel, path, buffer, size);
	size_t index = strncmp(path, "/sys/", 5) ? NONE : note(record, path, ret < 0 ? ret : 0);

	if (index != NONE && ret >= 0 && !record->seen[index].link)
		record->seen[index].link = strdup(buffer);
	return ret;
}

/* Passes on the names of a directory to the caller that lists it. */
struct listing {
	struct gmem_record *record;
	size_t seen;
	gmem_directory_fn fn;
	void *arg;
	bool all; /* each of them was kept */
};

static bool is_word(const char *name)
{
	for (; *name; name++)
		if (!isgraph((unsigned char)*name))
			return false;
	return true;
}

static int keep_name(const char *name, void *arg)
{
	struct listing *listing = arg;
	struct gmem_seen *seen = &listing->record->seen[listing->seen];
	size_t length = strlen(name) + 1;
	char *grown = NULL;

	if (is_word(name) && seen->names_length + length <= GMEM_RECORD_FILE_MAX / 16)
		grown = realloc(seen->names, seen->names_length + length);
	if (grown) {
		memcpy(grown + seen->names_length, name, length);
		seen->names = grown;
		seen->names_length += length;
	} else {
		listing->all = false;
		listing->record->incomplete = true;
	}
	return listing->fn(name, listing->arg);
}

static int record_list_directory(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
				 void *arg)
{
	struct gmem_record *record = to_record(kernel);
	struct listing listing = { .record = record, .fn = fn, .arg = arg, .all = true };
	int ret;

	listing.seen = note(record, path, 0);
	if (listing.seen == NONE || record->seen[listing.seen].names ||
	    record->seen[listing.seen].complete)
		return record->real->list_directory(kernel, path, fn, arg);
	ret = record->real->list_directory(kernel, path, keep_name, &listing);
	record->seen[listing.seen].is_folder = ret != -ENOENT;
	if (ret < 0)
		record->seen[listing.seen].error = ret;
	record->seen[listing.seen].complete = ret == 0 && listing.all;
	return ret;
}

static int record_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size)
{
	struct gmem_record *record = to_record(kernel);
	int fd = record->real->create_file(kernel, kind, size);

	if (kind == GMEM_FILE_SECRET)
		note(record, "memfd_secret", fd < 0 ? fd : 0);
	return fd;
}

static void record_destroy(struct gmem_kernel *kernel)
{
	struct gmem_record *record = to_record(kernel);

	kernel->ops = record->real;
	for (size_t i = 0; i < record->seen_count; i++) {
		free(record->seen[i].path);
		free(record->seen[i].text);
		free(record->seen[i].link);
		free(record->seen[i].names);
	}
	free(record->seen);
	free(record->asked);
	free(record);
	kernel->ops->destroy(kernel);
}

int gmem_record_begin(struct gmem_kernel *kernel, bool redact)
{
	struct gmem_record *record = calloc(1, sizeof(*record));

	if (!record)
		return -ENOMEM;
	record->real = kernel->ops;
	record->page_shift = kernel->page_shift;
	record->redact = redact;
	record->ops = *kernel->ops;
	record->ops.open = record_open;
	record->ops.close = record_close;
	record->ops.ioctl = record_ioctl;
	record->ops.fstat = record_fstat;
	record->ops.pread = record_pread;
	record->ops.readlink = record_readlink;
	record->ops.list_directory = record_list_directory;
	record->ops.create_file = record_create_file;
	record->ops.destroy = record_destroy;
	for (size_t i = 0; i < GMEM_RECORD_OPEN_MAX; i++)
		record->followed[i].fd = -1;
	kernel->ops = &record->ops;
	return 0;
}

struct gmem_record *gmem_record_of(const struct gmem_kernel *kernel)
{
	return kernel->ops->destroy == record_destroy ? to_record(kernel) : NULL;
}
