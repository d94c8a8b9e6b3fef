// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Least privilege, with libcap: root's capabilities go but for those that the command needs, before
 * anything of the kernel is opened. What only opening the reader takes goes once it is open.
 *
 * What is kept is kept of what there is, which may be less: a service gives what it wants to. So a
 * command with CAP_SYS_ADMIN has CAP_BPF, CAP_PERFMON and CAP_CHECKPOINT_RESTORE too, which that
 * includes, and one with CAP_DAC_OVERRIDE has CAP_DAC_READ_SEARCH: whoever has only these sees all
 * but what takes the larger one. Where the command starts no program, they go for good: it could
 * start none that has them. (directmap sees nothing then, and says that CAP_SYS_ADMIN is missing.)
 */
#include "core/privilege.h"

#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "core/command.h"

static const struct {
	unsigned int need;
	cap_value_t capability;
} takes[] = {
	{ READS_KERNEL, CAP_BPF },
	{ READS_KERNEL, CAP_PERFMON },
	{ READS_KERNEL, CAP_SYS_RAWIO },
	{ READS_PROCESSES | FINDS_HOLDERS, CAP_SYS_PTRACE },
	{ READS_PROCESSES | READS_FILES, CAP_DAC_READ_SEARCH },
	{ READS_PROCESSES, CAP_CHECKPOINT_RESTORE },
	{ READS_IOMEM, CAP_SYS_ADMIN },
	{ WRITES_FILES, CAP_DAC_OVERRIDE },
	{ READS_LOG, CAP_SYSLOG },
};

#define TAKES (sizeof(takes) / sizeof(takes[0]))

static bool has(cap_t set, cap_value_t capability)
{
	cap_flag_value_t value = CAP_CLEAR;

	return !cap_get_flag(set, capability, CAP_PERMITTED, &value) && value == CAP_SET;
}

/* Kernels take CAP_SYS_ADMIN for CAP_BPF and CAP_PERFMON; who has only that one needs it. */
static bool is_kept(cap_t had, unsigned int needs, cap_value_t capability)
{
	if (capability == CAP_SYS_ADMIN && needs & READS_KERNEL &&
	    !(has(had, CAP_BPF) && has(had, CAP_PERFMON)))
		return true;
	for (size_t i = 0; i < TAKES; i++)
		if (takes[i].capability == capability && takes[i].need & needs)
			return true;
	return false;
}

/* Gives up all but what needs say. Returns 0 or a negative errno. */
static int give_up(unsigned int needs)
{
	cap_t had = cap_get_proc(), kept = cap_init();
	bool changes = false;
	int ret = 0;

	if (!had || !kept)
		ret = -errno;
	for (cap_value_t i = 0; !ret && i < cap_max_bits(); i++) {
		if (!has(had, i))
			continue;
		if (!is_kept(had, needs, i))
			changes = true;
		else if (cap_set_flag(kept, CAP_PERMITTED, 1, &i, CAP_SET) ||
			 cap_set_flag(kept, CAP_EFFECTIVE, 1, &i, CAP_SET))
			ret = -errno;
	}
	if (!ret && changes && cap_set_proc(kept))
		ret = -errno;
	cap_free(had);
	cap_free(kept);
	return ret;
}

/*
 * What is given up comes back to a child of root's by execve(2), from the bounding set
 * (handle_privileged_root() in security/commoncap.c). So that set goes too, where CAP_SETPCAP lets
 * it, and no execve() adds anything: for good, as neither can be undone. Returns 0 or a negative
 * errno.
 */
static int give_up_for_good(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	for (cap_value_t i = 0; i < cap_max_bits(); i++)
		if (cap_get_bound(i) == 1 && cap_drop_bound(i))
			return errno == EPERM ? 0 : -errno;
	return 0;
}

/* With --verbose --verbose: what the kernel says that this process has now. */
static void tell(const struct cli *cli)
{
	cap_t set = cli->common.verbose > 1 ? cap_get_proc() : NULL;
	char *text = set ? cap_to_text(set, NULL) : NULL;

	if (text)
		cli_note(cli, "capabilities: %s", *text ? text : "none");
	cap_free(text);
	cap_free(set);
}

/*
 * On a kernel that is not the running one: none, but for the files that it is in and the answer's.
 */
static unsigned int needs_of(const struct cli *cli)
{
	const struct command *command = cli->command;
	unsigned int needs = command->needs_of ? command->needs_of(cli->settings) : command->needs;

	if (cli->common.model)
		return 0;
	return cli->common.sysroot || cli->common.core ? READS_FILES | (needs & WRITES_FILES)
						       : needs;
}

enum status privilege_keep(struct cli *cli)
{
	int ret = cli->command->needs & STARTS_PROGRAMS ? 0 : give_up_for_good();

	if (!ret)
		ret = give_up(needs_of(cli));
	if (ret)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
				   "giving up capabilities: %s", strerror(-ret));
	tell(cli);
	return STATUS_YES;
}

/*
 * Since Linux 5.19 bpf(2) asks for capabilities where objects are made, and not where they are used
 * (__sys_bpf() in kernel/bpf/syscall.c).
 */
static bool runs_without(const char *release)
{
	unsigned int major, minor;

	return sscanf(release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 19));
}

void privilege_reader_is_open(struct cli *cli)
{
	unsigned int needs = needs_of(cli);

	if (cli->session || cli->where || cli->common.model || cli->common.sysroot ||
	    cli->common.core || needs & REOPENS_READER || !runs_without(gmem_ctx_release(cli->ctx)))
		return;
	/* What could not be given up a second time was small enough the first time. */
	if (!give_up(needs & ~(unsigned int)READS_KERNEL))
		tell(cli);
}

const char *privilege_names(const struct command *command, char *buffer, size_t size)
{
	unsigned int needs = command->needs;
	size_t length = 0;

	snprintf(buffer, size, "-");
	for (size_t i = 0; i < TAKES && length < size; i++) {
		char *name = takes[i].need & needs ? cap_to_name(takes[i].capability) : NULL;

		if (name)
			length += (size_t)snprintf(buffer + length, size - length, "%s%s",
						   length ? "," : "", name + strlen("cap_"));
		cap_free(name);
	}
	return buffer;
}
