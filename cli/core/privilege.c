// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Least privilege, with libcap. Before anything of the kernel is opened, a command gives up all of
 * root's capabilities except those that it needs. Once the reader is open, it also gives up those
 * that only opening the reader takes.
 *
 * A process may have fewer capabilities than the command would keep, for example in a service. So a
 * row that has CAP_SYS_ADMIN also has CAP_BPF, CAP_PERFMON and CAP_CHECKPOINT_RESTORE, which
 * CAP_SYS_ADMIN includes, and a row with CAP_DAC_OVERRIDE also has CAP_DAC_READ_SEARCH. A process
 * that has only the smaller ones sees everything except what needs the larger one. (But directmap
 * then sees nothing, and says that CAP_SYS_ADMIN is missing.) If a command starts no program, it
 * gives capabilities up for good: then no program that it might start could have them.
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

/*
 * Kernels accept CAP_SYS_ADMIN for CAP_BPF and CAP_PERFMON; a process that has only CAP_SYS_ADMIN
 * must keep it.
 */
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

/* Gives up all capabilities except those that needs says. Returns 0 or a negative errno. */
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
 * A child of root gets capabilities that were given up back by execve(2), from the bounding set
 * (handle_privileged_root() in security/commoncap.c). So that set is emptied too, if CAP_SETPCAP
 * allows it, and PR_SET_NO_NEW_PRIVS keeps execve() from adding anything. Neither can be undone.
 * Returns 0 or a negative errno.
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
 * On another kernel than the running one: none, except for reading its files and writing the
 * answer.
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
	/* If giving up fails the second time, what the first time left is small enough. */
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
