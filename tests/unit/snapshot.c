// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of another host behind the port: what a snapshot tells, what it does not tell, and
 * what it refuses to read.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/context.h"
#include "kernel/snapshot/snapshot.h"
#include "kernel/uapi.h"
#include "procfs/file.h"

static char root[] = "/tmp/gmem-snapshot-XXXXXX";

static void begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void end(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	ck_assert_int_eq(system(command), 0);
}

static const char *below(const char *path)
{
	static char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static void make_folder(const char *path)
{
	char full[PATH_MAX], *slash;

	snprintf(full, sizeof(full), "%s", below(path));
	for (slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ck_assert(!mkdir(full, 0755) || errno == EEXIST);
		*slash = '/';
	}
}

static void put(const char *path, const char *text)
{
	FILE *file;

	make_folder(path);
	file = fopen(below(path), "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static struct gmem_ctx *open_ctx(void)
{
	char why[256];
	struct gmem_ctx_options options = {
		.size = sizeof(options),
		.sysroot = root,
		.why = why,
		.why_size = sizeof(why),
	};
	struct gmem_ctx *ctx;
	int ret = gmem_ctx_open(&options, &ctx);

	ck_assert_msg(ret == 0, "%s", why);
	return ctx;
}

/* Checks the error of opening it, and that why contains said. */
static void refuses(int error, const char *said)
{
	char why[256] = "";
	struct gmem_kernel *kernel;

	ck_assert_int_eq(gmem_kernel_snapshot_new(root, why, sizeof(why), &kernel), error);
	ck_assert_msg(strstr(why, said) != NULL, "'%s' is not in '%s'", said, why);
}

static int read_error(struct gmem_ctx *ctx, const char *path)
{
	char line[64];

	return gmem_read_line(ctx, path, line, sizeof(line));
}

START_TEST(files_and_what_is_not_known)
{
	struct gmem_ctx *ctx;
	char line[64];

	begin();
	put("/proc/sys/kernel/osrelease", "6.8.0-test\n");
	put("/proc/config", "CONFIG_KVM=y\n");
	put("/index", "# a comment\n\n/dev/kvm ok\n/dev/sev ENOENT\n/sys/odd EIO\n");
	ctx = open_ctx();
	ck_assert_str_eq(gmem_ctx_release(ctx), "6.8.0-test");
	ck_assert_str_eq(gmem_ctx_sysroot(ctx), root);
	ck_assert_ptr_null(gmem_ctx_model(ctx));
	ck_assert_int_eq(gmem_read_line(ctx, "/proc/config.gz", line, sizeof(line)), 0);
	ck_assert_str_eq(line, "CONFIG_KVM=y");
	ck_assert_int_eq(read_error(ctx, "/dev/sev"), -ENOENT);
	ck_assert_int_eq(read_error(ctx, "/sys/odd"), -EIO);
	ck_assert_int_eq(read_error(ctx, "/dev/kvm"), -GMEM_ENOTRECORDED);
	ck_assert_int_eq(read_error(ctx, "/proc/cpuinfo"), -GMEM_ENOTRECORDED);
	ck_assert_int_eq(read_error(ctx, "/proc/sys/kernel/osrelease/below"), -GMEM_ENOTRECORDED);
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), -GMEM_ENOTRECORDED);
	ck_assert_int_eq(gmem_reader_evidence(ctx), GMEM_EVIDENCE_SNAPSHOT);
	gmem_ctx_free(ctx);
	end();
}
END_TEST

/* A folder that another user made may contain these. */
START_TEST(links_fifos_and_huge_files)
{
	char deep[4200] = "";
	struct gmem_ctx *ctx;
	int fd;

	begin();
	make_folder("/proc/x/");
	put("/target", "inside\n");
	ck_assert_int_eq(symlink("/etc/passwd", below("/proc/absolute")), 0);
	ck_assert_int_eq(symlink("../../../../../../../../etc/passwd", below("/proc/climbing")), 0);
	ck_assert_int_eq(symlink("/target", below("/proc/within")), 0);
	ck_assert_int_eq(symlink("loop", below("/proc/loop")), 0);
	ck_assert_int_eq(mkfifo(below("/proc/fifo"), 0600), 0);
	ck_assert_int_eq(mkdir(below("/proc/folder"), 0700), 0);
	for (int i = 0; i < 800; i++)
		strcat(deep, "../x/");
	ck_assert_int_eq(symlink(deep, below("/proc/x/deep")), 0);
	fd = open(below("/proc/huge"), O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)1 << 40), 0);
	close(fd);
	ctx = open_ctx();
	ck_assert_int_eq(read_error(ctx, "/proc/absolute"), -GMEM_ENOTRECORDED);
	ck_assert_int_eq(read_error(ctx, "/proc/climbing"), -GMEM_ENOTRECORDED);
	ck_assert_int_eq(read_error(ctx, "/../../../../etc/passwd"), -GMEM_ENOTRECORDED);
	ck_assert_int_eq(read_error(ctx, "/proc/within"), 0);
	ck_assert_int_eq(read_error(ctx, "/proc/loop"), -ELOOP);
	ck_assert_int_eq(read_error(ctx, "/proc/fifo"), -ENOTSUP);
	ck_assert_int_eq(read_error(ctx, "/proc/folder"), -ENOTSUP);
	ck_assert_int_eq(read_error(ctx, "/proc/huge"), -EFBIG);
	ck_assert_int_ne(read_error(ctx, "/proc/x/deep"), 0);
	gmem_ctx_free(ctx);
	end();
}
END_TEST

/* A device in DIR is never opened, not even by root: tar(1) may have made it when root ran it. */
START_TEST(device_is_never_opened)
{
	struct gmem_ctx *ctx;

	begin();
	make_folder("/proc/x");
	if (mknod(below("/proc/device"), S_IFCHR | 0600, 0) && errno == EPERM) {
		puts("# SKIP no device can be made here");
		end();
		return;
	}
	ctx = open_ctx();
	ck_assert_int_eq(read_error(ctx, "/proc/device"), -ENOTSUP);
	gmem_ctx_free(ctx);
	end();
}
END_TEST

START_TEST(damaged_files_are_refused)
{
	int fd;

	begin();
	put("/index", "/dev/kvm\n");
	refuses(-EBADMSG, "index: line 1");
	put("/index", "/dev/kvm ok\n/dev/sev ENOSUCH\n");
	refuses(-EBADMSG, "index: line 2");
	put("/index", "/dev/kvm ok 1 2\n");
	refuses(-EBADMSG, "index: line 1");
	put("/index", "/dev/kvm ok 1 2 3 4\n");
	refuses(-EBADMSG, "index: line 1");
	put("/index", "/dev/kvm ok\n");
	put("/kvm-answers", "types=0x1\ngmem=x\n");
	refuses(-EBADMSG, "kvm-answers: line 2");
	put("/kvm-answers", "types=0x100000000\n");
	refuses(-EBADMSG, "kvm-answers: line 1");
	put("/kvm-answers", "version=2 types=1\n");
	refuses(-EBADMSG, "kvm-answers: line 1");
	put("/kvm-answers", "vm=31 create=0\n");
	refuses(-EBADMSG, "kvm-answers: line 1");
	put("/kvm-answers", "types=1 kvm\n");
	refuses(-EBADMSG, "kvm-answers: line 1");
	ck_assert_int_eq(unlink(below("/kvm-answers")), 0);
	ck_assert_int_eq(mkfifo(below("/kvm-answers"), 0600), 0);
	refuses(-ENOTSUP, "kvm-answers: it is not a regular file");
	ck_assert_int_eq(unlink(below("/kvm-answers")), 0);
	fd = open(below("/kvm-answers"), O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, GMEM_SNAPSHOT_TEXT_MAX + 1), 0);
	close(fd);
	refuses(-EFBIG, "kvm-answers: ");
	end();
}
END_TEST

static int answer(const char *text, int where, int what)
{
	struct gmem_answers answers;
	char why[256];
	int ret;

	ck_assert_int_eq(gmem_answers_parse(&answers, text, why, sizeof(why)), 0);
	ret = gmem_answers_get(&answers, where, what);
	gmem_answers_free(&answers);
	return ret;
}

#define KVM GMEM_ASKED_KVM
#define UNKNOWN (-GMEM_KERNEL_NOT_RECORDED)

/* What the short form of a VM tells, and what it does not tell. */
START_TEST(answers_of_the_short_form)
{
	static const char old_tdx[] = "types=0x7 gmem=1 mem2=1 attr=8 prefault=0\n";
	static const char amd[] = "types=0x1d gmem=1 mem2=1 attr=8 prefault=1\n";
	static const char none[] = "types=0x5 gmem=0 mem2=1 attr=0 prefault=1\n";

	ck_assert_int_eq(answer(old_tdx, KVM, GMEM_KVM_CAP_VM_TYPES), 7);
	ck_assert_int_eq(answer(old_tdx, KVM, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 8);
	ck_assert_int_eq(answer(old_tdx, 0, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 0);
	ck_assert_int_eq(answer(old_tdx, 1, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 8);
	ck_assert_int_eq(answer(old_tdx, 2, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), UNKNOWN);
	ck_assert_int_eq(answer(old_tdx, 2, GMEM_KVM_CAP_USER_MEMORY2), 1);
	ck_assert_int_eq(answer(old_tdx, 0, GMEM_KVM_CAP_GUEST_MEMFD), UNKNOWN);
	ck_assert_int_eq(answer(old_tdx, 1, GMEM_KVM_CAP_GUEST_MEMFD), 1);
	ck_assert_int_eq(answer(old_tdx, 2, GMEM_ASKED_CREATE), 0);
	ck_assert_int_eq(answer(old_tdx, 5, GMEM_ASKED_CREATE), -EINVAL);
	ck_assert_int_eq(answer(old_tdx, KVM, GMEM_KVM_CAP_MAX_VCPUS), UNKNOWN);
	ck_assert_int_eq(answer(amd, 2, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 0);
	ck_assert_int_eq(answer(amd, 4, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 8);
	ck_assert_int_eq(answer(none, 2, GMEM_KVM_CAP_GUEST_MEMFD), 0);
	ck_assert_int_eq(answer("", KVM, GMEM_KVM_CAP_VM_TYPES), UNKNOWN);
	ck_assert_int_eq(answer("", 0, GMEM_ASKED_CREATE), UNKNOWN);
}
END_TEST

START_TEST(answers_of_the_long_form)
{
	static const char text[] = "version=1\n"
				   "# a comment\n"
				   "kvm types=0x21 gmem=1 cap66=4096 cap81=EINVAL open=0\n"
				   "vm=0 create=0 gmem=1 flags=3 attr=0\n"
				   "vm=5 create=EIO\n"
				   "mem2=1\n";

	ck_assert_int_eq(answer(text, KVM, GMEM_KVM_CAP_VM_TYPES), 0x21);
	ck_assert_int_eq(answer(text, KVM, GMEM_KVM_CAP_MAX_VCPUS), 4096);
	ck_assert_int_eq(answer(text, KVM, 81), -EINVAL);
	ck_assert_int_eq(answer(text, 0, GMEM_KVM_CAP_GUEST_MEMFD_FLAGS), 3);
	ck_assert_int_eq(answer(text, 0, GMEM_KVM_CAP_MAX_VCPUS), UNKNOWN);
	ck_assert_int_eq(answer(text, 0, GMEM_KVM_CAP_USER_MEMORY2), 1);
	ck_assert_int_eq(answer(text, 5, GMEM_ASKED_CREATE), -EIO);
	ck_assert_int_eq(answer(text, 0, GMEM_ASKED_CREATE), 0);
}
END_TEST

START_TEST(kvm_through_the_port)
{
	const struct gmem_kernel_ops *ops;
	struct gmem_kernel *kernel;
	struct gmem_ctx *ctx;
	struct stat st;
	int kvm, vm;

	begin();
	put("/index", "/dev/kvm ok 020660 1 36\n");
	put("/kvm-answers", "types=0x1 gmem=0\n");
	ctx = open_ctx();
	kernel = ctx->kernel;
	ops = kernel->ops;
	kvm = ops->open(kernel, "/dev/kvm", O_RDWR);
	ck_assert_int_ge(kvm, 0);
	ck_assert_int_eq(ops->fstat(kernel, kvm, &st), 0);
	ck_assert_uint_eq(st.st_mode, 020660);
	ck_assert_uint_eq(st.st_gid, 36);
	ck_assert_int_eq(ops->ioctl(kernel, kvm, GMEM_KVM_CREATE_VM, 4), -EINVAL);
	vm = ops->ioctl(kernel, kvm, GMEM_KVM_CREATE_VM, 0);
	ck_assert_int_ge(vm, 0);
	ck_assert_int_eq(ops->ioctl(kernel, vm, GMEM_KVM_CHECK_EXTENSION, GMEM_KVM_CAP_GUEST_MEMFD),
			 0);
	ck_assert_int_eq(ops->ioctl(kernel, vm, GMEM_KVM_CREATE_VCPU, 0), UNKNOWN);
	ck_assert_int_eq(ops->close(kernel, vm), 0);
	ck_assert_int_eq(ops->close(kernel, vm), -EBADF);
	ck_assert_int_eq(ops->ioctl(kernel, vm, GMEM_KVM_CREATE_VM, 0), -EBADF);
	ck_assert_int_eq(ops->close(kernel, kvm), 0);
	gmem_ctx_free(ctx);
	end();
}
END_TEST

static int count(const char *name, void *arg)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static int stop(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return 7;
}

/* Without the index a name that is there is known, but there may be others. */
START_TEST(names_in_a_folder)
{
	const struct gmem_kernel_ops *ops;
	struct gmem_kernel *kernel;
	struct gmem_ctx *ctx;
	int n = 0;

	begin();
	put("/sys/class/some/one", "1\n");
	put("/sys/class/all/one", "1\n");
	put("/index", "/sys/class/all entry two\n/sys/class/all listed\n/sys/class/empty listed\n"
		      "/sys/class/none ENOENT\n/proc/self link 12\n");
	ctx = open_ctx();
	kernel = ctx->kernel;
	ops = kernel->ops;
	ck_assert_int_eq(ops->list_directory(kernel, "/sys/class/some", count, &n), UNKNOWN);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(ops->list_directory(kernel, "/sys/class/some", stop, NULL), 7);
	n = 0;
	ck_assert_int_eq(ops->list_directory(kernel, "/sys/class/all", count, &n), 0);
	ck_assert_int_eq(n, 2);
	n = 0;
	ck_assert_int_eq(ops->list_directory(kernel, "/sys/class/empty", count, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(ops->list_directory(kernel, "/sys/class/none", count, &n), -ENOENT);
	ck_assert_int_eq(ops->list_directory(kernel, "/sys/class/other", count, &n), UNKNOWN);
	ck_assert_int_eq(gmem_own_pid(ctx), 12);
	gmem_ctx_free(ctx);
	end();
}
END_TEST

/* Checks the name of the machine and its page size (0: not known), for the files that are there. */
static void is_machine(const char *name, uint64_t page_size)
{
	struct gmem_ctx *ctx = open_ctx();

	ck_assert_str_eq(gmem_ctx_machine(ctx), name);
	ck_assert(gmem_page_size_known(ctx) == (page_size != 0));
	ck_assert_uint_eq(gmem_page_size(ctx), page_size ? page_size : 4096);
	gmem_ctx_free(ctx);
}

START_TEST(machine_of_the_snapshot)
{
	static const char *const bad[] = {
		"machine",
		"machine aarch64",
		"machine riscv64 4096",
		"machine aarch64 2048",
		"machine aarch64 131072",
		"machine aarch64 12288",
		"machine aarch64 4096 4096",
		"machine aarch64 4096\nmachine x86_64 4096",
	};

	begin();
	is_machine("x86_64", 4096);
	put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
	is_machine("x86_64", 4096);
	put("/proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
	is_machine("aarch64", 0);
	put("/proc/sys/kernel/osrelease", "7.3.4-arm64-16k\n");
	is_machine("aarch64", 0);
	/* The configuration has one of three. */
	put("/boot/config-7.3.4-arm64-16k", "# CONFIG_ARM64_4K_PAGES is not set\n"
					    "CONFIG_ARM64_16K_PAGES=y\n"
					    "# CONFIG_ARM64_64K_PAGES is not set\n");
	is_machine("aarch64", 16384);
	put("/proc/config", "CONFIG_ARM64_64K_PAGES=y\n");
	is_machine("aarch64", 65536);
	put("/proc/config", "CONFIG_ARM64_4K_PAGES=y\n");
	is_machine("aarch64", 4096);
	put("/proc/config", "CONFIG_KVM=y\n");
	is_machine("aarch64", 0);
	put("/index", "machine aarch64 16384\n/dev/sev ENOENT\n");
	is_machine("aarch64", 16384);
	/* The index decides. */
	put("/index", "machine x86_64 4096\n");
	is_machine("x86_64", 4096);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("/index", bad[i]);
		refuses(-EBADMSG, "machine x86_64|aarch64 PAGE-SIZE");
	}
	end();
}
END_TEST

UNIT_MAIN("snapshot", files_and_what_is_not_known, links_fifos_and_huge_files,
	  device_is_never_opened, damaged_files_are_refused, answers_of_the_short_form,
	  answers_of_the_long_form, kvm_through_the_port, names_in_a_folder,
	  machine_of_the_snapshot)
