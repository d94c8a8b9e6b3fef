// SPDX-License-Identifier: LGPL-2.1-or-later
/* One answer for each purpose, summed up from the checks, with the one cause. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "host/host.h"
#include "host/offer.h"

/* The checks that a purpose depends on, in an order in which one explains the next. */
static const char *const machine[] = { "machine.virtual", NULL };
static const char *const of_guest_memfd[] = {
	"machine.virtual",	  "config.kvm",	     "kvm.device", "kvm.access", "kernel.version",
	"config.kvm-guest-memfd", "kvm.guest-memfd", NULL,
};
static const char *const of_kvm[] = { "machine.virtual", "config.kvm", "kvm.device", "kvm.access",
				      NULL };
static const char *const of_private[] = {
	"machine.virtual", "config.kvm",      "kvm.device", "kvm.access",
	"kernel.version",  "kvm.guest-memfd", NULL,
};
static const char *const of_tdx[] = {
	"tdx.cpu",    "config.intel-tdx-host", "config.kvm-intel-tdx", "tdx.kernel", "tdx.bios",
	"tdx.module", "tdx.kvm-parameter",     "tdx.vm-type",	       "tdx.keyids", NULL,
};
static const char *const of_snp[] = {
	"snp.cpu",	     "config.kvm-amd-sev", "snp.kernel",  "snp.iommu", "snp.firmware",
	"snp.kvm-parameter", "snp.asids",	   "snp.vm-type", NULL,
};

/* The first of these checks with that result, or NULL. */
static const struct gmem_check *first(const struct gmem_host *host, const char *const *ids,
				      enum gmem_check_result result)
{
	for (size_t i = 0; ids[i]; i++)
		if (gmem_host_result(host, ids[i]) == result)
			return gmem_host_find_check(host, ids[i]);
	return NULL;
}

static void say(struct gmem_purpose_answer *out, enum gmem_answer_kind kind,
		const struct gmem_check *check)
{
	out->kind = kind;
	out->cause = check->detail;
	out->check = check->id;
	out->fix = check->fix;
}

/* Facts that decide before the purpose's own checks are looked at. Returns whether they did. */
static bool decided(const struct gmem_host *host, const char *const *ids,
		    struct gmem_purpose_answer *out)
{
	const struct gmem_check *check = first(host, ids, GMEM_CHECK_FAIL);

	if (check)
		say(out, GMEM_ANSWER_NO, check);
	return check;
}

/*
 * The check that kept this one from running: the nearest one above it that is not a skip and did
 * not pass; or NULL.
 */
static const struct gmem_check *blocker(const struct gmem_host *host,
					const struct gmem_check *check)
{
	while (check && check->result == GMEM_CHECK_SKIP)
		check = check->parent ? gmem_host_find_check(host, check->parent) : NULL;
	return check && check->result != GMEM_CHECK_PASS ? check : NULL;
}

/* Whether a row of the offer was not run, or another check explains what it found. */
static void answer_skip(const struct gmem_host *host, const struct gmem_check *check,
			struct gmem_purpose_answer *out)
{
	const struct gmem_check *cause = blocker(host, check);

	if (!cause)
		cause = gmem_host_private_cause(host);
	if (cause && cause->result == GMEM_CHECK_CANNOT_TELL)
		say(out, GMEM_ANSWER_CANNOT_TELL, cause);
	else
		say(out, GMEM_ANSWER_NO, cause ? cause : check);
}

/* Judges by a row of the offer: it passed, or it failed, or the check that explains it failed. */
static void answer_offer(const struct gmem_host *host, const char *const *ids, const char *id,
			 struct gmem_purpose_answer *out)
{
	const struct gmem_check *check = gmem_host_find_check(host, id);

	if (check->result == GMEM_CHECK_PASS)
		say(out, GMEM_ANSWER_YES, check);
	else if (decided(host, ids, out))
		return;
	else if (check->result == GMEM_CHECK_SKIP)
		answer_skip(host, check, out);
	else
		say(out,
		    check->result == GMEM_CHECK_FAIL ? GMEM_ANSWER_NO : GMEM_ANSWER_CANNOT_TELL,
		    check);
}

static const char *const vm_access[] = { "kvm.access", NULL };

/* KVM's offer of a type does not prove this: launches go through /dev/sev. */
static const char *const beside_kvm[] = { "snp.firmware", NULL };

/* Judges a VM type: by a failed check, then by the hardware, then by what KVM offers. */
static void answer_type(const struct gmem_host *host, enum gmem_vm_type type,
			const char *const *ids, struct gmem_purpose_answer *out)
{
	const struct gmem_check *cpu = gmem_host_find_check(host, ids[0]), *check;

	if (decided(host, ids, out))
		return;
	if (cpu->result == GMEM_CHECK_SKIP) {
		say(out, GMEM_ANSWER_NO, cpu);
		return;
	}
	if (decided(host, of_kvm, out))
		return;
	check = first(host, ids, GMEM_CHECK_CANNOT_TELL);
	if (gmem_host_offers(host, type))
		check = type == GMEM_VM_SNP ? first(host, beside_kvm, GMEM_CHECK_CANNOT_TELL)
					    : NULL;
	else if (!check)
		check = first(host, of_kvm, GMEM_CHECK_CANNOT_TELL);
	/* If no VM can be made, KVM's offer does not help. */
	if (!check)
		check = first(host, vm_access, GMEM_CHECK_CANNOT_TELL);
	if (check)
		say(out, GMEM_ANSWER_CANNOT_TELL, check);
	else
		say(out, gmem_host_offers(host, type) ? GMEM_ANSWER_YES : GMEM_ANSWER_CANNOT_TELL,
		    gmem_host_find_check(host,
					 type == GMEM_VM_TDX ? "tdx.vm-type" : "snp.vm-type"));
}

static void answer(const struct gmem_host *host, enum gmem_purpose purpose,
		   struct gmem_purpose_answer *out)
{
	if (decided(host, machine, out))
		return;
	switch (purpose) {
	case GMEM_FOR_GUEST_MEMFD:
		answer_offer(host, of_guest_memfd, "kvm.guest-memfd", out);
		break;
	case GMEM_FOR_PRIVATE:
		answer_offer(host, of_private, "kvm.private-memory", out);
		break;
	case GMEM_FOR_TDX:
		answer_type(host, GMEM_VM_TDX, of_tdx, out);
		break;
	case GMEM_FOR_SNP:
		answer_type(host, GMEM_VM_SNP, of_snp, out);
		break;
	}
}

int gmem_host_answer(const struct gmem_host *host, enum gmem_purpose purpose,
		     struct gmem_purpose_answer *out)
{
	struct gmem_purpose_answer found = { .kind = GMEM_ANSWER_CANNOT_TELL };

	gmem_begin(host->ctx);
	if (!gmem_purpose_name(purpose))
		return gmem_fail(host->ctx, -EINVAL,
				 "gmem_host_answer: Invalid argument: there is no purpose %u",
				 (unsigned int)purpose);
	answer(host, purpose, &found);
	return GMEM_FILL_OUT(host->ctx, gmem_purpose_answer, fix, out, &found);
}
