// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a script: a header, an empty line, then one operation on each line. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "conformance.h"

#define EXIT_BAD_SCRIPT 2

/* The words of a line; the parser takes them one by one. */
struct words {
	struct line *line;
	const char *all[WORDS_MAX];
	size_t count;
	size_t next;
};

void bad_line(const struct line *line, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%u: ", line->script->path, line->number);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(EXIT_BAD_SCRIPT);
}

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		err(EXIT_BAD_SCRIPT, NULL);
	return copied;
}

/* Returns the end of a word. Quotes keep blanks in the word, and are removed. */
static char *end_of_word(char *at)
{
	char *to = at;
	bool quoted = false;

	for (; *at && (quoted || !isspace((unsigned char)*at)); at++) {
		if (*at == '"')
			quoted = !quoted;
		else
			*to++ = *at;
	}
	if (*at)
		at++;
	*to = '\0';
	return at;
}

static void split(struct words *words, char *text)
{
	for (;;) {
		text += strspn(text, " \t\n");
		if (!*text || *text == '#')
			return;
		if (words->count == WORDS_MAX)
			bad_line(words->line, "more than %d words", WORDS_MAX);
		words->all[words->count++] = text;
		text = end_of_word(text);
	}
}

static const char *peek(const struct words *words)
{
	return words->next < words->count ? words->all[words->next] : NULL;
}

static const char *take(struct words *words)
{
	const char *word = peek(words);

	if (!word)
		bad_line(words->line, "the line ends too early");
	words->next++;
	return word;
}

static bool accept(struct words *words, const char *word)
{
	const char *next = peek(words);

	if (!next || strcmp(next, word))
		return false;
	words->next++;
	return true;
}

/* Reads "condition:", and removes the colon. */
static const char *accept_condition(struct words *words)
{
	char *word = (char *)(uintptr_t)peek(words);
	size_t length = word ? strlen(word) : 0;

	if (length < 2 || word[length - 1] != ':')
		return NULL;
	words->next++;
	word[length - 1] = '\0';
	return word;
}

/* Reads "key=value", and cuts it in two. */
static bool accept_argument(struct words *words, struct argument *argument)
{
	char *word = (char *)(uintptr_t)peek(words);
	char *equals = word ? strchr(word, '=') : NULL;

	if (!equals || equals == word)
		return false;
	words->next++;
	*equals = '\0';
	*argument = (struct argument){ word, equals + 1 };
	return true;
}

/* Reads "each $i 0..63:". */
static void parse_each(struct words *words)
{
	struct line *line = words->line;
	char *dots;

	line->each = take(words);
	line->first = accept_condition(words);
	dots = line->first ? strstr(line->first, "..") : NULL;
	if (!dots)
		bad_line(line, "each: not FIRST..LAST:");
	*dots = '\0';
	line->last = dots + 2;
}

static void parse_prefixes(struct words *words)
{
	struct line *line = words->line;
	const char *condition;

	for (;;) {
		if (accept(words, "each")) {
			parse_each(words);
		} else if (accept(words, "in-child:")) {
			line->in_child = true;
		} else {
			condition = accept_condition(words);
			if (!condition)
				return;
			if (line->condition_count == CONDITIONS_MAX)
				bad_line(line, "more than %d conditions", CONDITIONS_MAX);
			line->conditions[line->condition_count++] = condition;
		}
	}
}

static void parse_operation(struct words *words)
{
	struct line *line = words->line;
	const char *word = take(words);

	if (*word == '$') {
		line->result = word;
		if (!accept(words, "="))
			bad_line(line, "no '=' after %s", word);
		word = take(words);
	}
	line->operation = operation_find(word);
	if (!line->operation)
		bad_line(line, "no operation is called %s", word);
	if (peek(words) && *peek(words) == '$')
		line->target = take(words);
	while (line->argument_count < ARGUMENTS_MAX &&
	       accept_argument(words, &line->arguments[line->argument_count]))
		line->argument_count++;
}

static void parse_expectation(struct words *words)
{
	struct line *line = words->line;
	struct expectation *expectation;

	if (line->expectation_count == EXPECTATIONS_MAX)
		bad_line(line, "more than %d results", EXPECTATIONS_MAX);
	expectation = &line->expectations[line->expectation_count++];
	expectation->condition = accept_condition(words);
	expectation->outcome = take(words);
	while (expectation->field_count < FIELDS_MAX &&
	       accept_argument(words, &expectation->fields[expectation->field_count]))
		expectation->field_count++;
}

static void parse_line(struct line *line)
{
	struct words words = { .line = line };

	split(&words, line->words);
	parse_prefixes(&words);
	parse_operation(&words);
	if (accept(&words, "->")) {
		do
			parse_expectation(&words);
		while (accept(&words, ";"));
	}
	if (peek(&words))
		bad_line(line, "what is '%s'?", peek(&words));
}

/* Reads "key: value". Returns false at the empty line that ends the header. */
static bool parse_header(struct script *script, char *text, unsigned int number)
{
	const struct {
		const char *key;
		char **value;
	} keys[] = {
		{ "title: ", &script->title },	     { "models: ", &script->models },
		{ "vm-types: ", &script->vm_types }, { "needs: ", &script->needs },
		{ "source: ", &script->source },
	};

	text[strcspn(text, "\n")] = '\0';
	if (!*text)
		return !script->title;
	if (*text == '#')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strncmp(text, keys[i].key, strlen(keys[i].key)))
			continue;
		free(*keys[i].value);
		*keys[i].value = copy(text + strlen(keys[i].key));
		return true;
	}
	errx(EXIT_BAD_SCRIPT, "%s:%u: no header line begins so", script->path, number);
}

static void add_line(struct script *script, const char *text, unsigned int number)
{
	size_t size = (script->count + 1) * sizeof(*script->lines);
	struct line *lines = realloc(script->lines, size);

	if (!lines)
		err(EXIT_BAD_SCRIPT, NULL);
	script->lines = lines;
	lines[script->count++] = (struct line){
		.script = script,
		.number = number,
		.words = copy(text),
	};
	parse_line(&lines[script->count - 1]);
}

void script_load(struct script *script, const char *path)
{
	FILE *file = fopen(path, "re");
	bool in_header = true;
	unsigned int number = 0;
	char *text = NULL;
	size_t size = 0;

	if (!file)
		err(EXIT_BAD_SCRIPT, "%s", path);
	*script = (struct script){ .path = path };
	script->models = copy("all");
	script->vm_types = copy("all");
	script->needs = copy("");
	while (getline(&text, &size, file) >= 0) {
		number++;
		if (in_header)
			in_header = parse_header(script, text, number);
		else if (text[strspn(text, " \t\n")] && text[strspn(text, " \t\n")] != '#')
			add_line(script, text, number);
	}
	if (!script->title || !script->source || !script->count)
		errx(EXIT_BAD_SCRIPT, "%s: no title, no source or no operation", path);
	free(text);
	fclose(file);
}

void script_free(struct script *script)
{
	for (size_t i = 0; i < script->count; i++)
		free(script->lines[i].words);
	free(script->lines);
	free(script->title);
	free(script->models);
	free(script->vm_types);
	free(script->needs);
	free(script->source);
}
