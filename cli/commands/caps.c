// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl caps: what KVM offers, asked on /dev/kvm and on a VM of each type; they differ. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/command.h"
#include "output/bits.h"

enum {
	COLUMN_CAPABILITY,
	COLUMN_NUMBER,
	COLUMN_ASKED_ON,
	COLUMN_VALUE,
	COLUMN_FLAGS,
	COLUMN_REASON,
	COLUMN_MEANING,
};

static const struct column columns[] = {
	[COLUMN_CAPABILITY] = { "capability", KIND_TEXT, .shown = true,
				.help = "name of the capability, KVM_CAP_… of linux/kvm.h" },
	[COLUMN_NUMBER] = { "number", KIND_NUMBER, .help = "number of the capability" },
	[COLUMN_ASKED_ON] = { "asked_on", KIND_TEXT, .shown = true,
			      .help = "where it was asked: /dev/kvm, or the type of the VM" },
	[COLUMN_VALUE] = { "value", KIND_NUMBER, .shown = true,
			   .help = "answer of KVM; 0 means not offered" },
	[COLUMN_FLAGS] = { "flags", KIND_LIST, .shown = true,
			   .help = "bits of the answer by name, where it is a mask" },
	[COLUMN_REASON] = { "reason", KIND_TEXT, .wrap = true, .help = "why there is no answer" },
	[COLUMN_MEANING] = { "meaning", KIND_TEXT, .shown = true, .wrap = true,
			     .help = "what the capability is" },
};

static const struct table table = TABLE("capabilities", columns);

/* KVM_MEMORY_ATTRIBUTE_PRIVATE is the only attribute that there is. */
static const char *attribute_name(unsigned int bit)
{
	return bit == 3 ? "private" : NULL;
}

static const char *vm_type_name(unsigned int bit)
{
	return gmem_vm_type_name((enum gmem_vm_type)bit);
}

/* The index-th that libgmem knows. */
static const char *known_type_name(unsigned int index)
{
	return gmem_vm_type_name((enum gmem_vm_type)gmem_vm_type_at(index));
}

/* Capabilities that answer with a mask, and the name of each bit. */
static const struct {
	const char *name;
	bit_name_fn bit_name;
} masks[] = {
	{ "KVM_CAP_VM_TYPES", vm_type_name },
	{ "KVM_CAP_GUEST_MEMFD_FLAGS", gmem_memory_flag_name },
	{ "KVM_CAP_MEMORY_ATTRIBUTES", attribute_name },
};

/* Numbers of VM types that do not mean here what they mean upstream have no name. */
static const char *no_name(unsigned int bit)
{
	(void)bit;
	return NULL;
}

static const char *describe_types(unsigned int types, unsigned int doubted,
				  char buffer[BITS_TEXT_MAX])
{
	char others[BITS_TEXT_MAX];
	size_t used;

	bits_describe(types & ~doubted, vm_type_name, buffer);
	bits_describe(types & doubted, no_name, others);
	used = strlen(buffer);
	if (used)
		buffer[used++] = ',';
	snprintf(buffer + used, BITS_TEXT_MAX - used, "%.64s", others);
	return buffer;
}

static struct cell flags_cell(const struct gmem_caps *caps,
			      const struct gmem_capability *capability, int value,
			      char buffer[BITS_TEXT_MAX])
{
	unsigned int doubted = gmem_caps_doubted(caps, NULL);

	if (value >= 0 && doubted && !strcmp(capability->name, "KVM_CAP_VM_TYPES"))
		return cell_text(describe_types((unsigned int)value, doubted, buffer));
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]) && value >= 0; i++)
		if (!strcmp(masks[i].name, capability->name))
			return cell_text(
				bits_describe((unsigned int)value, masks[i].bit_name, buffer));
	return CELL_UNKNOWN;
}

/* Questions, and those that KVM left without an answer. */
struct count {
	unsigned int asked;
	unsigned int missing;
};

static void write_row(struct output *out, const struct gmem_caps *caps,
		      const struct gmem_capability *capability, const char *asked_on, int value,
		      struct count *count)
{
	char flags[BITS_TEXT_MAX], reason[128];
	struct cell cells[] = {
		[COLUMN_CAPABILITY] = cell_text(capability->name),
		[COLUMN_NUMBER] = cell_number(capability->number),
		[COLUMN_ASKED_ON] = cell_text(asked_on),
		[COLUMN_VALUE] = cell_number_if(value >= 0, (uint64_t)value),
		[COLUMN_FLAGS] = flags_cell(caps, capability, value, flags),
		[COLUMN_REASON] = cell_text(value < 0 ? reason : NULL),
		[COLUMN_MEANING] = cell_text(capability->meaning),
	};

	if (value < 0)
		snprintf(reason, sizeof(reason), "asking KVM failed: %s", gmem_error_words(value));
	count->asked++;
	count->missing += value < 0;
	output_row(out, cells);
}

static void write_capability(struct output *out, const struct gmem_caps *caps,
			     const struct gmem_capability *capability, struct count *count)
{
	write_row(out, caps, capability, "/dev/kvm", gmem_caps_system(caps, capability->number),
		  count);
	for (size_t i = 0; gmem_vm_type_at(i) >= 0; i++) {
		enum gmem_vm_type type = (enum gmem_vm_type)gmem_vm_type_at(i);

		if (gmem_caps_has_vm_type(caps, type))
			write_row(out, caps, capability, gmem_vm_type_name(type),
				  gmem_caps_vm(caps, type, capability->number), count);
	}
}

static void write_types(struct output *out, const struct gmem_caps *caps)
{
	unsigned int types = 0, private_types = 0, doubted;
	const char *why;
	char text[BITS_TEXT_MAX];

	for (size_t i = 0; gmem_vm_type_at(i) >= 0; i++) {
		enum gmem_vm_type type = (enum gmem_vm_type)gmem_vm_type_at(i);

		types |= (unsigned int)gmem_caps_has_vm_type(caps, type) << i;
		private_types |= (unsigned int)gmem_caps_has_private(caps, type) << i;
	}
	output_fact(out, "vm_types", KIND_LIST,
		    cell_text(bits_describe(types, known_type_name, text)));
	output_fact(out, "private_vm_types", KIND_LIST,
		    cell_text(bits_describe(private_types, known_type_name, text)));
	doubted = gmem_caps_doubted(caps, &why);
	output_fact_or_reason(out, "doubted_vm_types", KIND_LIST,
			      cell_text(bits_describe(doubted, no_name, text)), why);
}

static enum status run(struct cli *cli)
{
	const struct gmem_capability *capability;
	struct count count = { .asked = 0 };
	struct gmem_caps *caps;
	int ret = gmem_caps_new(cli->ctx, &caps);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	output_table(cli->out, &table);
	for (size_t i = 0; (capability = gmem_capability_at(i)); i++)
		write_capability(cli->out, caps, capability, &count);
	output_table_end(cli->out);
	write_types(cli->out, caps);
	gmem_caps_free(caps);
	if (count.missing)
		return cli_fail(cli,
				count.missing == count.asked ? STATUS_CANNOT_TELL : STATUS_PARTLY,
				"%u of %u questions were not answered; the column REASON says why",
				count.missing, count.asked);
	return STATUS_YES;
}

const struct command caps_command = {
	.name = "caps",
	.summary = "what KVM offers, asked on /dev/kvm and on a VM of each type",
	.args = "",
	.table = &table,
	.takes_sysroot = true,
	.run = run,
};
