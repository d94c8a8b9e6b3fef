// SPDX-License-Identifier: GPL-2.0-or-later
#include "holder/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MAGIC 0x474d5251u /* "GMRQ" */

/* A packet begins with this, then argc words and a value for each variable, each NUL-ended. */
struct header {
	uint32_t magic;
	uint32_t argc;
	char version[REQUEST_VERSION_MAX];
};

const char *const request_variables[] = {
	"NO_COLOR", "TERM", "COLUMNS", "LANG", "LC_ALL", "LC_CTYPE", NULL,
};

/* A variable that is not set is sent as one that no environment can have. */
static const char unset[] = "\x01";
/*
 * No terminal and no locale has a longer name. A longer value would take the room of the command
 * line.
 */
#define VALUE_MAX 255

static size_t variables(void)
{
	size_t n = 0;

	while (request_variables[n])
		n++;
	return n;
}

/* Returns the length with the word, or 0 where it does not fit. */
static size_t append(char *packet, size_t used, const char *word)
{
	size_t length = strlen(word) + 1;

	if (!used || length > REQUEST_MAX - used)
		return 0;
	memcpy(packet + used, word, length);
	return used + length;
}

size_t request_write(const char *version, int argc, char *const *argv, char *packet)
{
	struct header header = { .magic = REQUEST_MAGIC, .argc = (uint32_t)argc };
	size_t used = sizeof(header);

	if (argc < 1 || header.argc > REQUEST_WORDS_MAX)
		return 0;
	snprintf(header.version, sizeof(header.version), "%s", version);
	memcpy(packet, &header, sizeof(header));
	for (int i = 0; i < argc; i++)
		used = append(packet, used, argv[i]);
	for (size_t i = 0; request_variables[i]; i++) {
		const char *value = getenv(request_variables[i]);

		if (!value || strlen(value) > VALUE_MAX)
			value = unset;
		used = append(packet, used, value);
	}
	return used;
}

/* Points n words of text into the packet. Returns what follows them, or NULL. */
static char *take_words(char *text, const char *end, char **words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *nul = memchr(text, '\0', (size_t)(end - text));

		if (!nul)
			return NULL;
		words[i] = text;
		text = nul + 1;
	}
	return text;
}

static enum request_error take_all(char *packet, size_t length, uint32_t argc,
				   struct request *request)
{
	char *end = packet + length;
	char *text = packet + sizeof(struct header);

	request->argv = calloc(argc + 1, sizeof(*request->argv));
	request->values = calloc(variables(), sizeof(*request->values));
	if (!request->argv || !request->values)
		return REQUEST_NO_MEMORY;
	request->argc = (int)argc;
	text = take_words(text, end, request->argv, argc);
	if (text)
		text = take_words(text, end, request->values, variables());
	if (text != end)
		return REQUEST_MALFORMED;
	for (size_t i = 0; request_variables[i]; i++)
		if (!strcmp(request->values[i], unset))
			request->values[i] = NULL;
	return REQUEST_OK;
}

enum request_error request_read(const char *version, char *packet, size_t length,
				struct request *request)
{
	enum request_error error;
	struct header header;

	memset(request, 0, sizeof(*request));
	if (length < sizeof(header) || length > REQUEST_MAX)
		return REQUEST_MALFORMED;
	memcpy(&header, packet, sizeof(header));
	if (header.magic != REQUEST_MAGIC || header.version[REQUEST_VERSION_MAX - 1])
		return REQUEST_MALFORMED;
	memcpy(request->version, header.version, sizeof(request->version));
	if (strcmp(request->version, version))
		return REQUEST_OTHER_VERSION;
	if (!header.argc || header.argc > REQUEST_WORDS_MAX)
		return REQUEST_MALFORMED;
	error = take_all(packet, length, header.argc, request);
	if (error)
		request_free(request);
	return error;
}

void request_free(struct request *request)
{
	free(request->argv);
	free(request->values);
	request->argv = NULL;
	request->values = NULL;
	request->argc = 0;
}

bool reply_is_valid(const struct reply *reply, size_t length)
{
	return length == sizeof(*reply) && reply->magic == REPLY_MAGIC &&
	       reply->kind <= REPLY_READY && !reply->version[REQUEST_VERSION_MAX - 1];
}
