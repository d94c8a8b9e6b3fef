// SPDX-License-Identifier: LGPL-2.1-or-later
/* The values that the words of a condition can name. */
#include "kvm/explain/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/advice.h"

struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text->at, text->left, format, args);
	va_end(args);
	if (length < 0)
		return;
	if ((size_t)length >= text->left)
		length = (int)text->left - 1;
	text->at += length;
	text->left -= (size_t)length;
}

static void put_decimal(struct text *text, uint64_t value)
{
	put(text, "%" PRIu64, value);
}

static void put_signed(struct text *text, uint64_t value)
{
	put(text, "%" PRId64, (int64_t)value);
}

static void put_hex(struct text *text, uint64_t value)
{
	put(text, "0x%" PRIx64, value);
}

/* An address space stands in the upper half. */
static void put_slot(struct text *text, uint64_t value)
{
	put(text, value >> 16 ? "0x%" PRIx64 : "%" PRIu64, value);
}

static void put_octal(struct text *text, uint64_t value)
{
	put(text, "%04" PRIo64, value & 07777);
}

static void put_type(struct text *text, uint64_t value)
{
	const char *name = value < GMEM_VM_TYPES ? gmem_vm_type_name((int)value) : NULL;

	if (name)
		put(text, "%s", name);
	else
		put(text, "%" PRIu64, value);
}

static void put_flag(struct text *text, uint64_t value)
{
	unsigned int bit = value ? (unsigned int)__builtin_ctzll(value) : 0;
	const char *name = gmem_memory_flag_name(bit);

	if (name)
		put(text, "%s (bit %u)", name, bit);
	else
		put(text, "bit %u", bit);
}

/* Names of the bits that are set, as put_bit writes one. */
static void put_bits(struct text *text, uint64_t value, const char *(*name_of)(unsigned int bit))
{
	const char *separator = "";

	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = name_of(bit);

		if (!(value & 1ull << bit))
			continue;
		if (name)
			put(text, "%s%s", separator, name);
		else
			put(text, "%sbit %u", separator, bit);
		separator = ", ";
	}
	if (!value)
		put(text, "none");
}

static void put_flags(struct text *text, uint64_t value)
{
	put_bits(text, value, gmem_memory_flag_name);
}

static const char *type_name(unsigned int bit)
{
	return bit < GMEM_VM_TYPES ? gmem_vm_type_name((int)bit) : NULL;
}

static void put_types(struct text *text, uint64_t value)
{
	put_bits(text, value, type_name);
}

static const char *slot_flag_name(unsigned int bit)
{
	static const char *const names[] = { "log-dirty-pages", "readonly", "guest-memfd" };

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : NULL;
}

static void put_slot_flags(struct text *text, uint64_t value)
{
	put_bits(text, value, slot_flag_name);
}

static void put_tdx_status(struct text *text, uint64_t value)
{
	char words[192];

	gmem_tdx_explain_status(value, words, sizeof(words));
	put(text, "%s", words);
}

static void put_firmware_error(struct text *text, uint64_t value)
{
	const char *name = gmem_snp_status_name((uint32_t)value);

	put(text, "%s (0x%" PRIx64 ")", name ? name : "an unknown error", value);
}

static const struct value {
	const char *name;
	size_t offset;
	void (*put)(struct text *text, uint64_t value);
	bool found; /* in struct gmem_findings */
} values[] = {
#define VALUE(field, put_as)                                              \
	{                                                                 \
#field, offsetof(struct gmem_facts, field), put_as, false \
	}
#define FOUND(field, put_as)                                                \
	{                                                                   \
#field, offsetof(struct gmem_findings, field), put_as, true \
	}
	VALUE(page_size, put_decimal),
	VALUE(type, put_type),
	VALUE(vcpu, put_decimal),
	VALUE(vcpu_count, put_decimal),
	VALUE(size, put_decimal),
	VALUE(offset, put_hex),
	VALUE(gpa, put_hex),
	VALUE(userspace_addr, put_hex),
	VALUE(attributes, put_hex),
	VALUE(slot, put_slot),
	VALUE(count, put_decimal),
	VALUE(mode, put_decimal),
	VALUE(vm_pid, put_decimal),
	VALUE(own_pid, put_decimal),
	VALUE(file_size, put_decimal),
	VALUE(file_flags, put_flags),
	VALUE(vm_types, put_types),
	VALUE(offered_flags, put_flags),
	VALUE(max_slots, put_decimal),
	VALUE(max_vcpus, put_decimal),
	VALUE(max_vcpu_ids, put_decimal),
	VALUE(address_spaces, put_decimal),
	FOUND(bad_flag, put_flag),
	FOUND(bad_node, put_decimal),
	FOUND(limit, put_hex),
	FOUND(shared_addr, put_hex),
	FOUND(other_slot, put_slot),
	FOUND(other_gpa, put_hex),
	FOUND(other_size, put_decimal),
	VALUE(td_attributes, put_hex),
	VALUE(offered_td_attributes, put_hex),
	VALUE(xfam, put_hex),
	VALUE(offered_xfam, put_hex),
	VALUE(address_width, put_decimal),
	VALUE(cpuid_entries, put_decimal),
	VALUE(vmsa_features, put_hex),
	VALUE(ghcb_version, put_decimal),
	VALUE(policy, put_hex),
	VALUE(page_type, put_decimal),
	VALUE(hw_error, put_tdx_status),
	VALUE(firmware_error, put_firmware_error),
	FOUND(device_uid, put_decimal),
	FOUND(device_gid, put_decimal),
	FOUND(device_mode, put_octal),
	{ "signed_size", offsetof(struct gmem_facts, size), put_signed, false },
	{ "slot_flags", offsetof(struct gmem_facts, flags), put_slot_flags, false },
#undef VALUE
#undef FOUND
};

/* {do:NAME}: what the caller is to do, in its words. */
static bool put_advice(struct text *text, const struct gmem_facts *facts, const char *name,
		       size_t length)
{
	const char *words = gmem_advice_of_length(facts->ctx, name, length);

	put(text, "%s", words ? words : "");
	return words;
}

static bool put_value(struct text *text, const struct gmem_facts *facts, const char *name,
		      size_t length)
{
	if (length > strlen("do:") && !strncmp(name, "do:", strlen("do:")))
		return put_advice(text, facts, name + strlen("do:"), length - strlen("do:"));
	if (length == strlen("release") && !strncmp(name, "release", length)) {
		put(text, "%s", facts->release);
		return true;
	}
	if (length == strlen("advice") && !strncmp(name, "advice", length)) {
		put(text, "%s", facts->found->advice ? facts->found->advice : "load KVM's module");
		return true;
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint64_t value;

		if (strlen(values[i].name) != length || strncmp(values[i].name, name, length))
			continue;
		memcpy(&value,
		       (values[i].found ? (const char *)facts->found : (const char *)facts) +
			       values[i].offset,
		       sizeof(value));
		values[i].put(text, value);
		return true;
	}
	return false;
}

bool gmem_words(const struct gmem_facts *facts, const char *text, char *out, size_t size)
{
	struct text result = { out, size };
	bool known = true;

	*out = '\0';
	while (*text) {
		size_t length = strcspn(text, "{");

		put(&result, "%.*s", (int)length, text);
		text += length;
		if (!*text)
			break;
		length = strcspn(++text, "}");
		if (!put_value(&result, facts, text, length) || !text[length])
			known = false;
		text += length + (text[length] == '}');
	}
	return known;
}
