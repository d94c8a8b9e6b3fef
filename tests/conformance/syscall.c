// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls that the port does not have. They go straight to the running kernel, so scripts with
 * them say "needs: real-kernel".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "conformance.h"

#define BUFFER_SIZE 64
#define NODE_WORDS 16
#define NODE_BITS (NODE_WORDS * 8 * sizeof(unsigned long))

#define PLAIN(parameter_name, value)                         \
	{                                                    \
		parameter_name, NULL, value, PART_NONE, 0, 0 \
	}

static const struct parameter offset_parameters[] = {
	PLAIN("offset", 0),
	PLAIN("length", BUFFER_SIZE),
	{ 0 },
};

static const struct parameter limit_parameters[] = { PLAIN("value", 0), { 0 } };

static const struct parameter to_parameters[] = {
	PLAIN("to", 0),
	PLAIN("offset", 0),
	PLAIN("length", PAGE),
	{ 0 },
};

static const struct parameter protect_parameters[] = {
	PLAIN("length", PAGE),
	{ "prot",
	  (const struct name[]){ { "read", PROT_READ }, { "exec", PROT_EXEC }, { NULL, 0 } }, 0,
	  PART_NONE, 0, 0 },
	{ 0 },
};

static int target_fd(const struct call *call)
{
	return (int)call->target->value;
}

static int64_t result(int64_t ret)
{
	return ret < 0 ? -errno : ret;
}

static int64_t sys_read(struct call *call)
{
	char buffer[BUFFER_SIZE];

	return result(read(target_fd(call), buffer, sizeof(buffer)));
}

static int64_t sys_write(struct call *call)
{
	static const char buffer[BUFFER_SIZE];

	return result(write(target_fd(call), buffer, sizeof(buffer)));
}

static int64_t sys_pwrite(struct call *call)
{
	static const char buffer[BUFFER_SIZE];

	return result(
		pwrite(target_fd(call), buffer, sizeof(buffer), (off_t)call_value(call, "offset")));
}

static int64_t sys_lseek(struct call *call)
{
	return result(lseek(target_fd(call), (off_t)call_value(call, "offset"), SEEK_SET));
}

static int64_t sys_ftruncate(struct call *call)
{
	return result(ftruncate(target_fd(call), (off_t)call_value(call, "length")));
}

static const char *path_of(const struct call *call, char *path, size_t size)
{
	snprintf(path, size, "/proc/self/fd/%d", target_fd(call));
	return path;
}

static int64_t sys_truncate(struct call *call)
{
	char path[64];

	return result(
		truncate(path_of(call, path, sizeof(path)), (off_t)call_value(call, "length")));
}

static int64_t sys_fchmod(struct call *call)
{
	return result(fchmod(target_fd(call), 0600));
}

static int64_t sys_fchown(struct call *call)
{
	return result(fchown(target_fd(call), getuid(), getgid()));
}

static int64_t sys_futimens(struct call *call)
{
	return result(futimens(target_fd(call), NULL));
}

static int64_t sys_fsync(struct call *call)
{
	return result(fsync(target_fd(call)));
}

static int64_t sys_fdatasync(struct call *call)
{
	return result(fdatasync(target_fd(call)));
}

static int64_t sys_get_seals(struct call *call)
{
	return result(fcntl(target_fd(call), F_GET_SEALS));
}

static int64_t sys_add_seals(struct call *call)
{
	return result(fcntl(target_fd(call), F_ADD_SEALS, F_SEAL_GROW));
}

static int64_t sys_descriptor_flags(struct call *call)
{
	return result(fcntl(target_fd(call), F_GETFD));
}

static int64_t sys_status_flags(struct call *call)
{
	return result(fcntl(target_fd(call), F_GETFL));
}

static int64_t sys_dup(struct call *call)
{
	return result(fcntl(target_fd(call), F_DUPFD_CLOEXEC, 0));
}

static int64_t sys_descriptor_limit(struct call *call)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	limit.rlim_cur = call_value(call, "value");
	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int64_t sys_sendfile(struct call *call)
{
	off_t offset = (off_t)call_value(call, "offset");

	return result(sendfile((int)call_value(call, "to"), target_fd(call),
			       call_given(call, "offset") ? &offset : NULL,
			       call_value(call, "length")));
}

static int64_t sys_copy_file_range(struct call *call)
{
	return result(copy_file_range(target_fd(call), NULL, (int)call_value(call, "to"), NULL,
				      call_value(call, "length"), 0));
}

/* Splices between the file and a new pipe. */
static int64_t splice_pipe(const struct call *call, bool into_file)
{
	static const char buffer[BUFFER_SIZE];
	int64_t outcome;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	if (into_file) {
		outcome = result(write(ends[1], buffer, sizeof(buffer)));
		if (outcome > 0)
			outcome = result(splice(ends[0], NULL, target_fd(call), NULL,
						sizeof(buffer), SPLICE_F_NONBLOCK));
	} else {
		outcome = result(splice(target_fd(call), NULL, ends[1], NULL, sizeof(buffer),
					SPLICE_F_NONBLOCK));
	}
	close(ends[0]);
	close(ends[1]);
	return outcome;
}

static int64_t sys_splice_from(struct call *call)
{
	return splice_pipe(call, false);
}

static int64_t sys_splice_to(struct call *call)
{
	return splice_pipe(call, true);
}

/* Calls mlock(2) itself, because sanitizers make the C library's mlock(3) do nothing. */
static int64_t sys_mlock(struct call *call)
{
	return result(syscall(SYS_mlock, call->address, call_value(call, "length")));
}

static int64_t sys_munlock(struct call *call)
{
	return result(syscall(SYS_munlock, call->address, call_value(call, "length")));
}

static int64_t sys_mprotect(struct call *call)
{
	return result(mprotect((void *)(uintptr_t)call->address, call_value(call, "length"),
			       (int)call_value(call, "prot")));
}

static int64_t sys_get_policy(struct call *call)
{
	unsigned long nodes[NODE_WORDS] = { 0 };
	int mode = 0;
	long ret;

	ret = syscall(SYS_get_mempolicy, &mode, nodes, NODE_BITS, call->address, MPOL_F_ADDR);
	if (ret < 0)
		return -errno;
	call_returns(call, "mode", (uint64_t)mode);
	call_returns(call, "nodes", nodes[0]);
	return 0;
}

/* Gets the node of a page. If the page is not mapped, the question maps it. */
static int64_t sys_node_of(struct call *call)
{
	int node = 0;
	long ret = syscall(SYS_get_mempolicy, &node, NULL, 0ul, call->address,
			   MPOL_F_NODE | MPOL_F_ADDR);

	return ret < 0 ? -errno : node;
}

#define ON_FILE(operation_name, function, its_parameters)                                          \
	{                                                                                          \
		.name = operation_name, .run = function, .targets = KIND_FD, .makes = KIND_NUMBER, \
		.parameters = its_parameters                                                       \
	}
#define ON_MAPPING(operation_name, function, its_parameters)                      \
	{                                                                         \
		.name = operation_name, .run = function, .targets = KIND_MAPPING, \
		.makes = KIND_NUMBER, .parameters = its_parameters                \
	}
#define OPENING(operation_name, function, its_parameters)                                        \
	{                                                                                        \
		.name = operation_name, .run = function, .targets = KIND_FD, .makes = KIND_FILE, \
		.parameters = its_parameters                                                     \
	}

const struct operation syscall_operations[] = {
	{
		.name = "descriptor-limit",
		.run = sys_descriptor_limit,
		.makes = KIND_NUMBER,
		.parameters = limit_parameters,
	},
	ON_FILE("read", sys_read, NULL),
	ON_FILE("write", sys_write, NULL),
	ON_FILE("pwrite", sys_pwrite, offset_parameters),
	ON_FILE("lseek", sys_lseek, offset_parameters),
	ON_FILE("ftruncate", sys_ftruncate, offset_parameters),
	ON_FILE("truncate", sys_truncate, offset_parameters),
	ON_FILE("fchmod", sys_fchmod, NULL),
	ON_FILE("fchown", sys_fchown, NULL),
	ON_FILE("futimens", sys_futimens, NULL),
	ON_FILE("fsync", sys_fsync, NULL),
	ON_FILE("fdatasync", sys_fdatasync, NULL),
	ON_FILE("get-seals", sys_get_seals, NULL),
	ON_FILE("add-seals", sys_add_seals, NULL),
	ON_FILE("descriptor-flags", sys_descriptor_flags, NULL),
	ON_FILE("status-flags", sys_status_flags, NULL),
	ON_FILE("sendfile", sys_sendfile, to_parameters),
	ON_FILE("copy-file-range", sys_copy_file_range, to_parameters),
	ON_FILE("splice-from", sys_splice_from, NULL),
	ON_FILE("splice-to", sys_splice_to, NULL),
	OPENING("dup", sys_dup, NULL),
	ON_MAPPING("mlock", sys_mlock, offset_parameters),
	ON_MAPPING("munlock", sys_munlock, offset_parameters),
	ON_MAPPING("mprotect", sys_mprotect, protect_parameters),
	ON_MAPPING("get-policy", sys_get_policy, NULL),
	ON_MAPPING("node-of", sys_node_of, NULL),
	{ 0 },
};
