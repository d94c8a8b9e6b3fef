/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The doctor: checks are rows of tables, one table a subject. The function run of a row looks at
 * one thing and says what it found. host.c skips a check if its parent did not pass.
 */
#ifndef GMEM_HOST_HOST_H
#define GMEM_HOST_HOST_H

#include "base/context.h"
#include "procfs/cpuinfo.h"
#include "procfs/config.h"

struct gmem_host_row {
	const char *id;
	const char *parent;
	const char *title;
	enum gmem_check_result (*run)(struct gmem_host *host, const struct gmem_host_row *row);
	bool needed;
	const void *about; /* what run wants to know besides, or NULL */
};

struct gmem_host_subject {
	const struct gmem_host_row *rows;
	size_t count;
	/* Whether the host is one that it is about: elsewhere there are no such checks. NULL: any.
	 */
	bool (*is_for)(const struct gmem_host *host);
};

extern const struct gmem_host_subject gmem_host_machine;
extern const struct gmem_host_subject gmem_host_kernel;
extern const struct gmem_host_subject gmem_host_config;
extern const struct gmem_host_subject gmem_host_kvm;
extern const struct gmem_host_subject gmem_host_offer;
extern const struct gmem_host_subject gmem_host_tdx;
extern const struct gmem_host_subject gmem_host_snp;
extern const struct gmem_host_subject gmem_host_reader;
extern const struct gmem_host_subject gmem_host_arm64;
extern const struct gmem_host_subject gmem_host_memory;

struct gmem_host {
	struct gmem_ctx *ctx;
	struct gmem_check *checks;
	size_t count;

	/* What several checks look at, read once. */
	struct gmem_cpu cpu;
	int cpu_error;
	struct gmem_config config;
	struct gmem_caps *caps; /* NULL where KVM could not be asked: */
	int caps_error;		/* the error, and its explanation */
	char caps_why[GMEM_EXPLANATION_MAX];
	enum gmem_evidence chosen; /* the reader that the caller wants, NONE for any */

	/* The finding of the check that runs. */
	char detail[GMEM_EXPLANATION_MAX];
	const char *fix;
};

/* Notes a finding: its result (returned), what was seen, and what to do, or NULL. */
enum gmem_check_result gmem_host_find(struct gmem_host *host, enum gmem_check_result result,
				      const char *fix, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Notes a file that could not be read: never a fail. */
enum gmem_check_result gmem_host_unread(struct gmem_host *host, const char *path, int error);

/*
 * Notes that KVM did not answer, for example because a snapshot has no answer. This is never a
 * fail.
 */
enum gmem_check_result gmem_host_unsaid(struct gmem_host *host);

/* An earlier check, NULL if there is no check of that name. */
const struct gmem_check *gmem_host_find_check(const struct gmem_host *host, const char *id);

/* Result of an earlier check. */
enum gmem_check_result gmem_host_result(const struct gmem_host *host, const char *id);

/*
 * Whether that check failed. If it did, this notes a skip for the current check, which has the same
 * cause.
 */
bool gmem_host_told(struct gmem_host *host, const char *id);

/* Whether KVM is known to offer a VM type. */
bool gmem_host_offers(const struct gmem_host *host, enum gmem_vm_type type);

/* Whether a VM of some type has the capability: 1, 0, or -1 if KVM did not answer for all types. */
int gmem_host_any_vm(const struct gmem_host *host, unsigned int capability);

/* Whether KVM offers a VM type with private memory. */
bool gmem_host_has_private(const struct gmem_host *host);

/* Whether KVM runs TDs under the number that TDX had before Linux 6.16. */
bool gmem_host_has_old_tdx(const struct gmem_host *host);

/* Whether the CPU has a flag, or may be one that has TDX or SNP (by family, model, name). */
bool gmem_host_has_flag(const struct gmem_host *host, const char *flag);
bool gmem_host_may_have_tdx(const struct gmem_host *host);
bool gmem_host_may_have_snp(const struct gmem_host *host);

/* Whether the kernel's command line has that word; -errno where it cannot be read. */
int gmem_host_booted_with(struct gmem_host *host, const char *word);

bool gmem_host_vendor(const struct gmem_host *host, const char *vendor);

/* "Intel", "AMD", "Arm", else what the CPU calls its vendor. */
const char *gmem_host_vendor_name(const struct gmem_host *host);

#endif
