/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit statuses, one table for all commands. */
#ifndef CLI_CORE_STATUS_H
#define CLI_CORE_STATUS_H

enum status {
	STATUS_YES = 0,		/* done; for questions: yes, all clear */
	STATUS_NO = 1,		/* answered, and the answer is no */
	STATUS_FAILED = 2,	/* could not do it */
	STATUS_CANNOT_TELL = 3, /* not permitted, locked down, or this kernel lacks it */
	STATUS_PARTLY = 4,	/* some of it was done, or answered */
	STATUS_USAGE = 64,	/* the command line was wrong; argp's own status too */
};

/* The statuses that are answers, and so can be accepted as 0: 1, 3 and 4. 2 and 64 are failures. */
#define STATUS_ANSWERS 3
extern const struct status_answer {
	enum status status;
	const char *words;
} status_answers[STATUS_ANSWERS];

/* The status for a negative errno of libgmem. */
enum status status_of_error(int error);

/* The status of a run that had both of these statuses. */
enum status status_worst(enum status a, enum status b);

#endif
