/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command is: a row of the table in commands.c and a file of its own. */
#ifndef CLI_CORE_COMMAND_H
#define CLI_CORE_COMMAND_H

#include "core/cli.h"

struct cli_option;

/* Stores what an option says in its field. Returns STATUS_YES, or the status of cli_usage(). */
typedef enum status (*option_fn)(struct cli *cli, const struct cli_option *option, const char *arg,
				 void *field);

struct cli_option {
	const char *name; /* without dashes; NULL ends a table of options */
	char letter;	  /* 0 for none */
	const char *arg;  /* name of its argument, NULL where it takes none */
	bool may_omit;	  /* the argument may be left out */
	option_fn set;
	size_t field; /* offset in the command's settings, or in struct common */
	const char *help;
};

/* In which process a command runs. */
enum place {
	PLACE_HERE,
	PLACE_NEW_HOLDER, /* in one that it begins, unless there is a session */
	PLACE_HOLDER,	  /* in the holder of the VM that its first argument names */
	PLACE_TARGET,	  /* there if its first argument is the name of a VM, else here */
};

/* What a command does that takes privilege, a bit each; privilege.c knows which capabilities. */
enum need {
	/* A BPF program is loaded (bpf_capable(), perfmon_capable()), or /proc/kcore opened. */
	READS_KERNEL = 1 << 0,
	/* /proc/PID of others: ptrace_may_access(), folders of other users, map_files. */
	READS_PROCESSES = 1 << 1,
	/* Addresses in /proc/iomem, r_show() in kernel/resource.c. */
	READS_IOMEM = 1 << 2,
	/* Files of any user are named on the command line. */
	READS_FILES = 1 << 3,
	WRITES_FILES = 1 << 4,
	/* Opens the reader more than once, so it keeps the capabilities for that. */
	REOPENS_READER = 1 << 5,
	/* The kernel's log: check_syslog_permissions(). */
	READS_LOG = 1 << 6,
	/* Descriptors of holders, which may have capabilities that the command has not. */
	FINDS_HOLDERS = 1 << 7,
	/*
	 * Runs a program that the caller names: it gets the capabilities that it would get from the
	 * caller.
	 */
	STARTS_PROGRAMS = 1 << 8,
};

struct command {
	const char *name;
	unsigned int needs; /* enum need; all capabilities that it does not name are given up */
	/*
	 * For commands where that depends on options: which of needs are needed; or NULL for all.
	 */
	unsigned int (*needs_of)(const void *settings);
	enum place place;
	const char *summary;
	const char *args; /* for the usage line, "" for none */
	int min_args;
	int max_args;
	const struct cli_option *options; /* NULL for none */
	size_t settings_size;		  /* 0 for none; settings start out zeroed */
	const struct table *table;	  /* what --output is about, NULL for none */
	/* If options choose among several tables: the chosen one, or NULL for table. */
	const struct table *(*table_of)(const void *settings);
	/*
	 * What stands below those rows, or NULL: --output=+COLUMNS adds to its columns, too. --raw
	 * and --pairs do not write it.
	 */
	const struct table *second_table;
	bool takes_sysroot; /* it can answer from the files of another host */
	bool takes_core;    /* it can answer from the dump of a kernel */
	bool own_format;    /* a batch does not choose what it prints */
	/*
	 * Of PLACE_HOLDER: the file that it reads, or NULL. The client opens it with its own
	 * rights. The holder may have more rights, so it reads the descriptor that it gets.
	 */
	const char *(*reads_file)(const void *settings);
	/* For PLACE_HOLDER: if no VM of that name is held, it runs in this process. */
	bool (*takes_none)(const void *settings);
	bool ends_in_order; /* at a signal, from its very beginning: it asks interrupted() */
	bool ends_holder;   /* its process is gone when the command has succeeded */
	enum status (*run)(struct cli *cli);
};

/* The index-th command, NULL past the last. */
const struct command *command_at(size_t index);

/* The command of that whole name, or NULL. */
const struct command *command_find(const char *name);

extern const struct command batch_command;
extern const struct command caps_command;
extern const struct command check_command;
extern const struct command convert_command;
extern const struct command create_command;
extern const struct command destroy_command;
extern const struct command directmap_command;
extern const struct command doctor_command;
extern const struct command exec_command;
extern const struct command finalize_command;
extern const struct command list_command;
extern const struct command map_command;
extern const struct command metrics_command;
extern const struct command oops_command;
extern const struct command pfn_command;
extern const struct command pfns_command;
extern const struct command punch_command;
extern const struct command report_command;
extern const struct command status_command;
extern const struct command top_command;
extern const struct command walk_command;
extern const struct command watch_command;

/* Setters that several options share. */
enum status set_flag(struct cli *cli, const struct cli_option *option, const char *arg,
		     void *field);
enum status set_text(struct cli *cli, const struct cli_option *option, const char *arg,
		     void *field);
enum status set_seconds(struct cli *cli, const struct cli_option *option, const char *arg,
			void *field); /* double, 0.01 to 86400 */
enum status set_count(struct cli *cli, const struct cli_option *option, const char *arg,
		      void *field); /* uint64_t, above 0 */
enum status set_page_size(struct cli *cli, const struct cli_option *option, const char *arg,
			  void *field); /* uint64_t, whole pages, above 0 */
enum status set_byte_range(struct cli *cli, const struct cli_option *option, const char *arg,
			   void *field); /* struct range */

#endif
