// SPDX-License-Identifier: LGPL-2.1-or-later
/* Can the direct map be read, and is what is read true? */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "procfs/capabilities.h"
#include "procfs/file.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define BTF "/sys/kernel/btf/vmlinux"
#define BPF_SYSCTL "/proc/sys/kernel/unprivileged_bpf_disabled"

#define CAPABILITY(number) (1ull << (number))

static bool may_use_bpf(uint64_t capabilities)
{
	const uint64_t both = CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON);

	return (capabilities & both) == both || capabilities & CAPABILITY(CAP_SYS_ADMIN);
}

static enum gmem_check_result check_privilege(struct gmem_host *host,
					      const struct gmem_host_row *row)
{
	uint64_t capabilities;
	int ret = gmem_capabilities_effective(host->ctx, &capabilities);
	bool bpf, kcore;

	(void)row;
	if (ret)
		return gmem_host_unread(host, "/proc/self/status", ret);
	bpf = may_use_bpf(capabilities);
	kcore = capabilities & CAPABILITY(CAP_SYS_RAWIO);
	if (!bpf && !kcore)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "run as root, or with CAP_BPF and CAP_PERFMON",
				      "neither CAP_BPF and CAP_PERFMON, nor CAP_SYS_RAWIO");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "for %s%s%s", bpf ? "BPF" : "",
			      bpf && kcore ? " and " : "", kcore ? "/proc/kcore" : "");
}

static enum gmem_check_result check_lockdown(struct gmem_host *host,
					     const struct gmem_host_row *row)
{
	char mode[64];
	int ret = gmem_read_line(host->ctx, LOCKDOWN, mode, sizeof(mode));

	(void)row;
	if (ret == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "no %s: the kernel has no lockdown, or securityfs is not "
				      "mounted",
				      LOCKDOWN);
	if (ret)
		return gmem_host_unread(host, LOCKDOWN, ret);
	if (strstr(mode, "[confidentiality]"))
		return gmem_host_find(
			host, GMEM_CHECK_FAIL,
			"boot with lockdown=integrity or none, if the site's rules "
			"allow it",
			"lockdown is confidentiality: kernel memory is not to be read");
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", mode);
}

static enum gmem_check_result check_btf(struct gmem_host *host, const struct gmem_host_row *row)
{
	struct gmem_kernel *kernel = host->ctx->kernel;
	int fd = kernel->ops->open(kernel, BTF, 0);

	(void)row;
	if (fd == -ENOENT && gmem_host_told(host, "config.debug-info-btf"))
		return GMEM_CHECK_SKIP;
	if (fd == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "use a kernel with CONFIG_DEBUG_INFO_BTF",
				      "there is no %s: struct offsets are unknown", BTF);
	if (fd < 0)
		return gmem_host_unread(host, BTF, fd);
	kernel->ops->close(kernel, fd);
	return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s", BTF);
}

static enum gmem_check_result check_sysctl(struct gmem_host *host, const struct gmem_host_row *row)
{
	uint64_t capabilities = 0;
	char value[16];
	int ret = gmem_read_line(host->ctx, BPF_SYSCTL, value, sizeof(value));

	(void)row;
	if (ret == -ENOENT && gmem_host_told(host, "config.bpf-syscall"))
		return GMEM_CHECK_SKIP;
	if (ret == -ENOENT)
		return gmem_host_find(host, GMEM_CHECK_FAIL, "use a kernel with CONFIG_BPF_SYSCALL",
				      "there is no %s: the kernel has no BPF", BPF_SYSCTL);
	if (ret)
		return gmem_host_unread(host, BPF_SYSCTL, ret);
	gmem_capabilities_effective(host->ctx, &capabilities);
	if (*value == '0' || may_use_bpf(capabilities))
		return gmem_host_find(
			host, GMEM_CHECK_PASS, NULL,
			"unprivileged_bpf_disabled is %s, which does not concern this "
			"user",
			value);
	return gmem_host_find(
		host, GMEM_CHECK_CANNOT_TELL, "run as root, or with CAP_BPF and CAP_PERFMON",
		"unprivileged_bpf_disabled is %s: BPF is for privileged users", value);
}

/* A kind of reader, GMEM_EVIDENCE_NONE for whichever works. */
struct reader {
	enum gmem_evidence evidence;
	const char *fix;
	const char *causes[2]; /* checks that explain its fail, or NULL */
};

static const struct reader any = {
	.evidence = GMEM_EVIDENCE_NONE,
	.fix = "make one of the two above work",
};
static const struct reader bpf = {
	.evidence = GMEM_EVIDENCE_BPF,
	.fix = "use a kernel with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF, and a libgmem built "
	       "with BPF",
	.causes = { "config.bpf-syscall", "config.debug-info-btf" },
};
static const struct reader kcore = {
	.evidence = GMEM_EVIDENCE_KCORE,
	.fix = "use a kernel with CONFIG_PROC_KCORE; not needed where BPF works",
	.causes = { "config.proc-kcore" },
};

/* Which reader a row is about: none where the caller wants another or none at all. */
static const struct reader *reader_of(const struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct reader *reader = row->about;

	if (host->ctx->reader_forbidden)
		return NULL;
	if (host->chosen == GMEM_EVIDENCE_NONE || host->chosen == reader->evidence)
		return reader;
	if (reader != &any)
		return NULL;
	return host->chosen == GMEM_EVIDENCE_BPF ? &bpf : &kcore;
}

static enum gmem_check_result skip_reader(struct gmem_host *host)
{
	if (host->ctx->reader_forbidden)
		return gmem_host_find(host, GMEM_CHECK_SKIP, NULL,
				      "not tried: the caller forbids reading kernel memory");
	return gmem_host_find(host, GMEM_CHECK_SKIP, NULL, "not tried: the caller chose %s",
			      gmem_evidence_name(host->chosen));
}

static enum gmem_check_result check_reader(struct gmem_host *host, const struct gmem_host_row *row)
{
	const struct reader *reader = reader_of(host, row);
	char why[GMEM_EXPLANATION_MAX];
	int ret;

	if (!reader)
		return skip_reader(host);
	ret = gmem_reader_open(host->ctx, reader->evidence);
	if (!ret)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL, "%s",
				      gmem_evidence_name(gmem_reader_evidence(host->ctx)));
	gmem_explain_error(host->ctx, ret, why, sizeof(why));
	if (ret == -EPERM || ret == -EACCES)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      gmem_host_result(host, "reader.lockdown") == GMEM_CHECK_FAIL
					      ? "boot without lockdown=confidentiality"
					      : "run as root, or with CAP_BPF and CAP_PERFMON",
				      "%s", why);
	if (ret == -GMEM_ENOTRECORDED)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s", why);
	for (size_t i = 0; i < 2; i++)
		if (reader->causes[i] && gmem_host_told(host, reader->causes[i]))
			return GMEM_CHECK_SKIP;
	return gmem_host_find(host, GMEM_CHECK_FAIL, reader->fix, "%s", why);
}

static enum gmem_check_result check_control(struct gmem_host *host, const struct gmem_host_row *row)
{
	char why[GMEM_EXPLANATION_MAX];
	int ret = gmem_reader_control(host->ctx);

	(void)row;
	if (ret > 0)
		return gmem_host_find(host, GMEM_CHECK_PASS, NULL,
				      "a memfd_secret page is unmapped, an ordinary one mapped, as "
				      "%s shows",
				      gmem_evidence_name(gmem_reader_evidence(host->ctx)));
	if (!ret)
		return gmem_host_find(host, GMEM_CHECK_FAIL,
				      "trust no verdict made here, and report kernel and config",
				      "the reader calls a memfd_secret page mapped, or an ordinary "
				      "one unmapped");
	if (ret == -ENOSYS)
		return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL,
				      "use a kernel with CONFIG_SECRETMEM, and secretmem.enable=1 "
				      "before Linux 6.5",
				      "there is no memfd_secret() to prove the reader with");
	gmem_explain_error(host->ctx, ret, why, sizeof(why));
	return gmem_host_find(host, GMEM_CHECK_CANNOT_TELL, NULL, "%s", why);
}

static const struct gmem_host_row rows[] = {
	{ "reader.privilege", NULL, "privilege to read kernel memory", check_privilege, false,
	  NULL },
	{ "reader.lockdown", NULL, "lockdown allows reading kernel memory", check_lockdown, false,
	  NULL },
	{ "reader.btf", NULL, "kernel type information", check_btf, false, NULL },
	{ "reader.bpf-sysctl", NULL, "BPF usable by this user", check_sysctl, false, NULL },
	/* The better one last: it stays open. */
	{ "reader.kcore", NULL, "page tables readable through /proc/kcore", check_reader, false,
	  &kcore },
	{ "reader.bpf", NULL, "page tables readable through BPF", check_reader, false, &bpf },
	{ "reader.usable", NULL, "some reader of page tables works", check_reader, false, &any },
	{ "reader.control", "reader.usable", "reader tells unmapped from mapped, live",
	  check_control, false, NULL },
};

const struct gmem_host_subject gmem_host_reader = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};
