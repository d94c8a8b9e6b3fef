// SPDX-License-Identifier: GPL-2.0-or-later
/* What this node can do, as labels of Kubernetes: names and values of letters, digits, - _ . */
#include "commands/metrics/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args/vm_options.h"

#define VALUE_MAX 63 /* of a label, and of its name */

struct features {
	feature_fn fn;
	void *arg;
};

/*
 * Characters that a label may not have become '-'. A label begins and ends with a letter or a
 * digit.
 */
static void tell(const struct features *features, const char *prefix, const char *name,
		 const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char full[VALUE_MAX + 1], text[VALUE_MAX + 1];
	size_t length;

	snprintf(full, sizeof(full), "%s%s", prefix, name);
	snprintf(text, sizeof(text), "%s", value + strcspn(value, plain));
	for (char *c = text; *c; c++)
		if (!strchr(plain, *c) && !strchr("-_.", *c))
			*c = '-';
	for (length = strlen(text); length && !strchr(plain, text[length - 1]); length--)
		text[length - 1] = '\0';
	if (*text)
		features->fn(full, text, features->arg);
}

static void tell_number(const struct features *features, const char *prefix, const char *name,
			uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	tell(features, prefix, name, text);
}

static void tell_types(const struct features *features, const struct gmem_caps *caps)
{
	uint64_t flags = 0;
	bool has_private = false;

	for (size_t i = 0; gmem_vm_type_at(i) >= 0; i++) {
		enum gmem_vm_type type = (enum gmem_vm_type)gmem_vm_type_at(i);

		if (!gmem_caps_has_vm_type(caps, type))
			continue;
		tell(features, "gmemctl-vm-type.", gmem_vm_type_name(type), "true");
		flags |= gmem_caps_memory_flags(caps, type);
		has_private = has_private || gmem_caps_has_private(caps, type);
	}
	if (has_private)
		tell(features, "gmemctl-", "private-memory", "true");
	for (unsigned int bit = 0; bit < 64; bit++)
		if ((flags >> bit & 1) && gmem_memory_flag_name(bit))
			tell(features, "gmemctl-guest-memfd.", gmem_memory_flag_name(bit), "true");
}

/* KVM_CAP_GUEST_MEMFD of include/uapi/linux/kvm.h, by its name. */
static bool has_guest_memfd(const struct gmem_caps *caps)
{
	const struct gmem_capability *capability;

	for (size_t i = 0; (capability = gmem_capability_at(i)); i++) {
		if (strcmp(capability->name, "KVM_CAP_GUEST_MEMFD") != 0)
			continue;
		for (size_t t = 0; gmem_vm_type_at(t) >= 0; t++)
			if (gmem_caps_vm(caps, (enum gmem_vm_type)gmem_vm_type_at(t),
					 capability->number) > 0)
				return true;
	}
	return false;
}

/*
 * A missing label means that this host does not have the feature. So labels are written only if KVM
 * answered.
 */
static enum status check_answers(struct cli *cli, const struct gmem_caps *caps)
{
	for (size_t i = 0; gmem_vm_type_at(i) >= 0; i++) {
		enum gmem_vm_type type = (enum gmem_vm_type)gmem_vm_type_at(i);
		const char *capability;
		int error;

		if (!gmem_caps_has_vm_type(caps, type))
			continue;
		capability = vm_unanswered(caps, type, &error);
		/* A snapshot may lack something; the label of a snapshot says that it is one. */
		if (capability && error != -GMEM_ENOTRECORDED)
			return vm_say_unanswered(cli, STATUS_CANNOT_TELL, type, capability, error);
	}
	return STATUS_YES;
}

static enum status tell_kvm(struct cli *cli, const struct features *features)
{
	struct gmem_caps *caps;
	enum status status;
	int ret = gmem_caps_new(cli->ctx, &caps);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	status = check_answers(cli, caps);
	if (!status && has_guest_memfd(caps))
		tell(features, "gmemctl-", "guest-memfd", "true");
	if (!status)
		tell_types(features, caps);
	gmem_caps_free(caps);
	return status;
}

enum status features_find(struct cli *cli, feature_fn fn, void *arg)
{
	const struct features features = { fn, arg };
	enum status status = tell_kvm(cli, &features);

	if (status)
		return status;
	for (size_t i = 0; gmem_keys_name(i); i++) {
		struct gmem_keys keys = { .size = sizeof(keys) };

		if (!gmem_keys_get(cli->ctx, gmem_keys_name(i), &keys) && keys.has_capacity)
			tell_number(&features, "gmemctl-keys.", gmem_keys_name(i), keys.capacity);
	}
	if (gmem_ctx_sysroot(cli->ctx))
		tell(&features, "gmemctl-", "snapshot", "true");
	if (!cli_open_reader(cli))
		tell(&features, "gmemctl-", "reader",
		     gmem_evidence_name(gmem_reader_evidence(cli->ctx)));
	if (gmem_ctx_model(cli->ctx))
		tell(&features, "gmemctl-", "simulated", gmem_ctx_model(cli->ctx));
	tell(&features, "gmemctl-", "version", gmem_version());
	return STATUS_YES;
}
