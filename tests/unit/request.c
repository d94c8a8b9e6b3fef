// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a holder and its clients read from others: requests, replies, the file beside the socket,
 * lines of a batch. Valid ones are read as they were written. All others are refused.
 */
#include "unit.h"

#include "held/info.c"
#include "holder/request.c"
#include "args/words.c"

#define ROUNDS 200000

static char packet[REQUEST_MAX];

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static size_t write_request(void)
{
	static char *argv[] = { "gmemctl", "convert", "vm 0", "", "0+4K", "private", NULL };

	setenv("TERM", "xterm", 1);
	setenv("COLUMNS", "", 1);
	unsetenv("NO_COLOR");
	return request_write("1.2.3", 6, argv, packet);
}

START_TEST(request_is_read_back)
{
	struct request request;
	size_t length = write_request();

	ck_assert_uint_gt(length, 0);
	ck_assert_int_eq(request_read("1.2.3", packet, length, &request), REQUEST_OK);
	ck_assert_int_eq(request.argc, 6);
	ck_assert_str_eq(request.argv[0], "gmemctl");
	ck_assert_str_eq(request.argv[2], "vm 0");
	ck_assert_str_eq(request.argv[3], "");
	ck_assert_str_eq(request.argv[5], "private");
	ck_assert_ptr_null(request.argv[6]);
	ck_assert_ptr_null(request.values[0]);
	ck_assert_str_eq(request.values[1], "xterm");
	ck_assert_str_eq(request.values[2], "");
	request_free(&request);
	ck_assert_int_eq(request_read("1.2.4", packet, length, &request), REQUEST_OTHER_VERSION);
	ck_assert_str_eq(request.version, "1.2.3");
}
END_TEST

START_TEST(too_many_words_are_refused)
{
	static char *many[REQUEST_WORDS_MAX + 2];
	static char word[REQUEST_MAX];
	char *one[] = { word, NULL };

	for (size_t i = 0; i <= REQUEST_WORDS_MAX; i++)
		many[i] = "x";
	ck_assert_uint_eq(request_write("1", REQUEST_WORDS_MAX + 1, many, packet), 0);
	ck_assert_uint_gt(request_write("1", REQUEST_WORDS_MAX, many, packet), 0);
	ck_assert_uint_eq(request_write("1", 0, many, packet), 0);
	memset(word, 'x', sizeof(word) - 1);
	ck_assert_uint_eq(request_write("1", 1, one, packet), 0);
}
END_TEST

/* A useless variable does not take the room of the command line. */
START_TEST(long_variable)
{
	static char value[REQUEST_MAX + 1];
	char *argv[] = { "gmemctl", "destroy", "vm", NULL };
	struct request request;
	size_t length;

	for (size_t n = 255; n<sizeof(value); n += n> 256 ? sizeof(value) - 1 - n : 1) {
		memset(value, '9', n);
		value[n] = '\0';
		setenv("COLUMNS", value, 1);
		length = request_write("1", 3, argv, packet);
		ck_assert_uint_gt(length, 0);
		ck_assert_int_eq(request_read("1", packet, length, &request), REQUEST_OK);
		ck_assert_int_eq(request.argc, 3);
		ck_assert(n > 255 ? !request.values[2] : !strcmp(request.values[2], value));
		request_free(&request);
		if (n == sizeof(value) - 1)
			break;
	}
}
END_TEST

/* Every length, in a buffer of exactly that length: a sanitizer finds a read beyond it. */
START_TEST(shortened_requests_are_refused)
{
	size_t whole = write_request();

	for (size_t length = 0; length < whole; length++) {
		char *copy = malloc(length ? length : 1);
		struct request request;

		memcpy(copy, packet, length);
		ck_assert_int_eq(request_read("1.2.3", copy, length, &request), REQUEST_MALFORMED);
		free(copy);
	}
}
END_TEST

static void spoil(char *bytes, size_t length)
{
	for (uint64_t n = next_random() % 8 + 1; n && length; n--)
		bytes[next_random() % length] = (char)next_random();
}

START_TEST(damaged_requests_are_refused)
{
	size_t read = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t length = write_request();
		char *copy = malloc(length);
		struct request request;

		length -= i % 4 ? 0 : next_random() % length;
		memcpy(copy, packet, length);
		spoil(copy, length);
		if (!request_read("1.2.3", copy, length, &request)) {
			read++;
			for (int k = 0; k < request.argc; k++)
				ck_assert(request.argv[k] >= copy &&
					  request.argv[k] < copy + length);
			request_free(&request);
		}
		free(copy);
	}
	/* Most changed bytes are in the words themselves, so some packets are still valid. */
	ck_assert_uint_gt(read, ROUNDS / 20);
}
END_TEST

START_TEST(wrong_replies_are_refused)
{
	struct reply reply = { .magic = REPLY_MAGIC, .kind = REPLY_EXEC, .version = "1" };

	ck_assert(reply_is_valid(&reply, sizeof(reply)));
	ck_assert(!reply_is_valid(&reply, sizeof(reply) - 1));
	reply.kind = REPLY_READY + 1;
	ck_assert(!reply_is_valid(&reply, sizeof(reply)));
	reply.kind = 0;
	memset(reply.version, 'x', sizeof(reply.version));
	ck_assert(!reply_is_valid(&reply, sizeof(reply)));
}
END_TEST

START_TEST(state_of_a_vm_is_read_back)
{
	const struct held_info info = {
		.name = "vm-0.a",
		.pid = 4711,
		.fd = 7,
		.model = "tdx",
		.type = "tdx",
		.state = "final",
		.flags = 5,
		.size = 1ull << 40,
		.gpa = UINT64_MAX - 4095,
		.slots = 64,
		.private_bytes = 4096,
		.since = 1800000000,
	};
	struct held_info back;
	char text[512], copy[512];
	int length = held_info_write(&info, text, sizeof(text));

	ck_assert(held_info_read(text, &back));
	ck_assert_int_eq(memcmp(&info, &back, sizeof(info)), 0);
	for (int i = 0; i < length; i++) {
		memcpy(copy, text, sizeof(copy));
		copy[i] = '\0';
		ck_assert_msg(!held_info_read(copy, &back), "%s", copy);
	}
	for (unsigned int i = 0; i < ROUNDS; i++) {
		memcpy(copy, text, sizeof(copy));
		spoil(copy, (size_t)length);
		if (held_info_read(copy, &back))
			ck_assert(held_is_name(back.name));
	}
}
END_TEST

START_TEST(valid_names_of_vms)
{
	static const char *const good[] = { "a", "_", "vm0", "a.b-c_d", "Z9" };
	static const char *const bad[] = { "",	  "1",	 "-a",	     ".",	  "..", "a/b",
					   "a b", "a\n", "\xc3\xa4", "a\xc3\xa4", "a:b" };
	char longest[HELD_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(held_is_name(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!held_is_name(bad[i]), "%s", bad[i]);
	memset(longest, 'x', sizeof(longest));
	longest[HELD_NAME_MAX + 1] = '\0';
	ck_assert(!held_is_name(longest));
	longest[HELD_NAME_MAX] = '\0';
	ck_assert(held_is_name(longest));
}
END_TEST

#define WORDS_MAX 16

/* Splits a line, and joins the words with bars. Or returns why it cannot. */
static const char *split(const char *line, char *out)
{
	char copy[256], *words[WORDS_MAX];
	const char *why = NULL;
	int n;

	strcpy(copy, line);
	*out = '\0';
	if (!words_split(copy, words, WORDS_MAX, &n, &why))
		return why;
	for (int i = 0; i < n; i++) {
		strcat(out, i ? "|" : "");
		strcat(out, words[i]);
	}
	ck_assert_ptr_null(words[n]);
	return out;
}

START_TEST(words_of_a_line)
{
	static const struct {
		const char *line;
		const char *words;
	} cases[] = {
		{ "", "" },
		{ " \t\r\n", "" },
		{ "# all", "" },
		{ "a b\tc\n", "a|b|c" },
		{ "a # b", "a" },
		{ "a#b", "a#b" },
		{ "'a b' \"c d\"", "a b|c d" },
		{ "'' \"\"", "|" },
		{ "a'b'\"c\"\\d", "abcd" },
		{ "'\\' \"\\\"\\\\\\n\" \\#x", "\\|\"\\\\n|#x" },
		{ "'# no' \"#\"", "# no|#" },
		{ "'a", "a ' is not closed" },
		{ "\"a\\\"", "a \" is not closed" },
		{ "a\\", "a backslash ends the line" },
		{ "a\\\n", "a backslash ends the line" },
		{ "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15" },
		{ "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "it has too many words" },
	};
	char out[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(split(cases[i].line, out), cases[i].words);
}
END_TEST

START_TEST(words_of_random_lines)
{
	static const char letters[] = " \t\n'\"\\#ab";

	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t length = next_random() % 40;
		char *line = malloc(length + 1), *words[WORDS_MAX];
		const char *why = NULL;
		int n;

		for (size_t k = 0; k < length; k++)
			line[k] = letters[next_random() % (sizeof(letters) - 1)];
		line[length] = '\0';
		if (words_split(line, words, WORDS_MAX, &n, &why))
			for (int k = 0; k < n; k++)
				ck_assert(words[k] >= line &&
					  words[k] + strlen(words[k]) <= line + length);
		else
			ck_assert_ptr_nonnull(why);
		free(line);
	}
}
END_TEST

UNIT_MAIN("request", request_is_read_back, too_many_words_are_refused, long_variable,
	  shortened_requests_are_refused, damaged_requests_are_refused, wrong_replies_are_refused,
	  state_of_a_vm_is_read_back, valid_names_of_vms, words_of_a_line, words_of_random_lines)
