// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kvm-answers: what KVM answered, words KEY=VALUE on lines.
 *
 *   version=1                 of this form; a newer one is refused
 *   types=0x21 gmem=1 …       the short form: what holds of /dev/kvm and, as far as it follows from
 *                             that, of VMs: see value_for_vm()
 *   kvm open=EACCES           opening /dev/kvm for use
 *   kvm types=0x21 cap236=1   on /dev/kvm
 *   vm=5 create=0 cap234=1    on a VM of type 5; create is what making one gave
 *
 * KEY is one of names[], or cap and the number of a capability. VALUE is a number, or a name of
 * errno. A line that begins with # is a comment.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gmem/base.h>
#include "kernel/snapshot/snapshot.h"
#include "kernel/uapi.h"

#define VERSION 1
#define VM_TYPE_MAX 30 /* KVM_CAP_VM_TYPES answers with an int */

static const struct {
	const char *name;
	int what;
} names[] = {
	{ "types", GMEM_KVM_CAP_VM_TYPES },
	{ "gmem", GMEM_KVM_CAP_GUEST_MEMFD },
	{ "mem2", GMEM_KVM_CAP_USER_MEMORY2 },
	{ "attr", GMEM_KVM_CAP_MEMORY_ATTRIBUTES },
	{ "prefault", GMEM_KVM_CAP_PRE_FAULT_MEMORY },
	{ "flags", GMEM_KVM_CAP_GUEST_MEMFD_FLAGS },
	{ "open", GMEM_ASKED_OPEN },
	{ "create", GMEM_ASKED_CREATE },
};

static bool parse_key(const char *key, int *what)
{
	unsigned long number;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i].name, key)) {
			*what = names[i].what;
			return true;
		}
	}
	if (strncmp(key, "cap", 3) != 0 || !gmem_snapshot_number(key + 3, INT_MAX, &number))
		return false;
	*what = (int)number;
	return true;
}

static bool parse_value(const char *text, int *value)
{
	unsigned long number;

	if (gmem_snapshot_number(text, INT_MAX, &number)) {
		*value = (int)number;
		return true;
	}
	*value = -gmem_snapshot_errno(text);
	return *value;
}

/* The word that says where, or one more answer. Returns false where it is neither. */
static bool parse_word(struct gmem_answer *row, bool first, char *word, bool *answers)
{
	char *value = strchr(word, '=');
	unsigned long number;

	*answers = false;
	if (first && !strcmp(word, "kvm")) {
		row->where = GMEM_ASKED_KVM;
		return true;
	}
	if (!value)
		return false;
	*value++ = '\0';
	if (first && !strcmp(word, "vm")) {
		if (!gmem_snapshot_number(value, VM_TYPE_MAX, &number))
			return false;
		row->where = (int)number;
		return true;
	}
	if (first && !strcmp(word, "version"))
		return gmem_snapshot_number(value, VERSION, &number) && number;
	*answers = true;
	return parse_key(word, &row->what) && parse_value(value, &row->value);
}

static bool parse_line(struct gmem_answers *answers, char *line)
{
	struct gmem_answer row = { .where = GMEM_ASKED_ANYWHERE };
	bool first = true, is_answer;
	char *word;

	while ((word = gmem_snapshot_word(&line))) {
		if (!parse_word(&row, first, word, &is_answer))
			return false;
		first = false;
		if (is_answer)
			answers->rows[answers->count++] = row;
	}
	return true;
}

/* Each answer has an equals sign. */
static size_t count_answers(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '=';
	return n;
}

static int parse_lines(struct gmem_answers *answers, char *text, char *why, size_t size)
{
	size_t number = 1;

	for (char *line; (line = strsep(&text, "\n")); number++) {
		if (*line == '#' || parse_line(answers, line))
			continue;
		snprintf(
			why, size,
			"kvm-answers: line %zu is not understood: words KEY=VALUE, behind 'kvm' or "
			"'vm=TYPE', and version=%d at most",
			number, VERSION);
		return -EBADMSG;
	}
	return 0;
}

int gmem_answers_parse(struct gmem_answers *answers, const char *text, char *why, size_t size)
{
	char *lines = strdup(text);
	int ret = -ENOMEM;

	*answers = (struct gmem_answers){ .known = true };
	answers->rows = calloc(count_answers(text), sizeof(*answers->rows));
	if (lines && answers->rows)
		ret = parse_lines(answers, lines, why, size);
	free(lines);
	if (ret)
		gmem_answers_free(answers);
	return ret;
}

void gmem_answers_free(struct gmem_answers *answers)
{
	free(answers->rows);
	memset(answers, 0, sizeof(*answers));
}

static const struct gmem_answer *find(const struct gmem_answers *answers, int where, int what)
{
	for (size_t i = 0; i < answers->count; i++)
		if (answers->rows[i].where == where && answers->rows[i].what == what)
			return &answers->rows[i];
	return NULL;
}

/*
 * What the short form tells of a VM. guest_memfd and memory attributes depend on the VM's type:
 * kvm_arch_has_private_mem() is true of these types, false of a default VM and of SEV and SEV-ES;
 * but where types has no SNP, type 2 may be a TD, as kernels with TDX numbered it before 6.16.
 * Without private memory there are no attributes, and whether there is a guest_memfd depends on the
 * kernel: since 6.18 there is.
 */
static int value_for_vm(int types, int type, int what, int value)
{
	const unsigned int private_types =
		1u << GMEM_VM_SW_PROTECTED | 1u << GMEM_VM_SNP | 1u << GMEM_VM_TDX;
	bool is_default = type == GMEM_VM_DEFAULT;
	bool has_snp = types > 0 && types & 1 << GMEM_VM_SNP;

	if (value <= 0 ||
	    (what != GMEM_KVM_CAP_MEMORY_ATTRIBUTES && what != GMEM_KVM_CAP_GUEST_MEMFD &&
	     what != GMEM_KVM_CAP_GUEST_MEMFD_FLAGS))
		return value;
	if (1u << type & private_types)
		return what == GMEM_KVM_CAP_GUEST_MEMFD_FLAGS ? -GMEM_KERNEL_NOT_RECORDED : value;
	if (what == GMEM_KVM_CAP_MEMORY_ATTRIBUTES && (is_default || has_snp))
		return 0;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_answers_get(const struct gmem_answers *answers, int where, int what)
{
	const struct gmem_answer *answer = find(answers, where, what);
	int types;

	if (answer)
		return answer->value;
	/* Making a VM of a type that is offered succeeds, where nothing else was told. */
	if (what == GMEM_ASKED_CREATE) {
		types = gmem_answers_get(answers, GMEM_ASKED_KVM, GMEM_KVM_CAP_VM_TYPES);
		if (types < 0)
			return types;
		if (types == 0) /* a kernel before 6.8 */
			types = 1 << GMEM_VM_DEFAULT;
		return where >= 0 && where <= VM_TYPE_MAX && types & 1 << where ? 0 : -EINVAL;
	}
	answer = find(answers, GMEM_ASKED_ANYWHERE, what);
	if (!answer)
		return -GMEM_KERNEL_NOT_RECORDED;
	if (where == GMEM_ASKED_KVM)
		return answer->value;
	types = gmem_answers_get(answers, GMEM_ASKED_KVM, GMEM_KVM_CAP_VM_TYPES);
	return value_for_vm(types, where, what, answer->value);
}
