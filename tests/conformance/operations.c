// SPDX-License-Identifier: GPL-2.0-or-later
/* Performs one line of a script and compares its answer with the expected one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "conformance.h"

static const struct operation *const tables[] = {
	kvm_operations,	 tdx_operations,    sev_operations,
	file_operations, memory_operations, syscall_operations,
};

const struct operation *operation_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct operation *at = tables[i]; at->name; at++)
			if (!strcmp(at->name, name))
				return at;
	return NULL;
}

static size_t parameter_index(const struct operation *operation, const char *name)
{
	size_t i = 0;

	while (operation->parameters && operation->parameters[i].name) {
		if (!strcmp(operation->parameters[i].name, name))
			return i;
		i++;
	}
	return SIZE_MAX;
}

uint64_t call_value(const struct call *call, const char *parameter)
{
	return call->values[parameter_index(call->operation, parameter)];
}

bool call_given(const struct call *call, const char *parameter)
{
	return call->given[parameter_index(call->operation, parameter)];
}

const char *call_text(const struct call *call, const char *parameter)
{
	const struct line *line = call->line;

	for (size_t i = 0; i < line->argument_count; i++)
		if (!strcmp(line->arguments[i].key, parameter))
			return line->arguments[i].value;
	return NULL;
}

void call_returns(struct call *call, const char *field, uint64_t value)
{
	call->fields[call->field_count++] = (struct name){ field, value };
}

static bool holds(struct run *run, const struct line *line, const char *condition)
{
	const char *why;
	bool result = condition_holds(run, condition, &why);

	if (!why)
		bad_line(line, "no condition is called %s", condition);
	return result;
}

/* Returns false if an object is missing because an earlier line failed. */
static bool evaluate_arguments(struct call *call)
{
	const struct parameter *parameters = call->operation->parameters;
	const struct line *line = call->line;

	for (size_t i = 0; parameters && parameters[i].name; i++)
		call->values[i] = parameters[i].value;
	for (size_t i = 0; i < line->argument_count; i++) {
		const struct argument *argument = &line->arguments[i];
		size_t at = parameter_index(call->operation, argument->key);

		if (at == SIZE_MAX)
			bad_line(line, "%s has no %s", call->operation->name, argument->key);
		call->given[at] = true;
		if (parameters[at].names == text_value ||
		    evaluate(call->run, parameters[at].names, argument->value, &call->values[at]))
			continue;
		if (call->run->missing)
			return false;
		bad_line(line, "%s is no value", argument->value);
	}
	return true;
}

/* Returns false like evaluate_arguments(). */
static bool find_target(struct call *call)
{
	const struct line *line = call->line;

	if (!line->target != !call->operation->targets)
		bad_line(line, "%s %s", call->operation->name,
			 line->target ? "is for no object" : "lacks its object");
	if (!line->target)
		return true;
	call->target = object_find(call->run, line->target);
	if (!call->target || !call->target->open)
		return false;
	if (!(call->target->kind & call->operation->targets))
		bad_line(line, "%s is not for such an object", call->operation->name);
	return evaluate(call->run, NULL, line->target, &call->address);
}

/* Runs the call in a child process, which has the descriptors but does not own the VM. */
static int64_t run_in_child(struct call *call)
{
	int64_t outcome = -ECHILD;
	int ends[2];
	pid_t child;

	if (pipe(ends))
		return -errno;
	fflush(NULL);
	child = fork();
	if (!child) {
		outcome = call->operation->run(call);
		_exit(write(ends[1], &outcome, sizeof(outcome)) != sizeof(outcome));
	}
	close(ends[1]);
	if (child < 0 || read(ends[0], &outcome, sizeof(outcome)) != sizeof(outcome))
		outcome = -ECHILD;
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return outcome;
}

static const struct expectation *expected(struct run *run, const struct line *line)
{
	static const struct expectation plain = { .outcome = "ok" };
	const struct expectation *chosen = &plain;

	for (size_t i = 0; i < line->expectation_count; i++) {
		const struct expectation *at = &line->expectations[i];

		if (!at->condition || holds(run, line, at->condition))
			chosen = at;
	}
	return chosen;
}

static void complain(struct run *run, const struct line *line)
{
	run->failures++;
	fprintf(run->report, "%s:%u: %s", line->script->path, line->number, line->operation->name);
	if (line->target)
		fprintf(run->report, " %s", line->target);
	for (size_t i = 0; i < line->argument_count; i++)
		fprintf(run->report, " %s=%s", line->arguments[i].key, line->arguments[i].value);
	if (line->each)
		fprintf(run->report, " (%s is %llu)", line->each,
			(unsigned long long)object_find(run, line->each)->value);
}

static void compare_fields(const struct call *call, const struct expectation *expectation)
{
	struct run *run = call->run;

	for (size_t i = 0; i < expectation->field_count; i++) {
		const struct argument *field = &expectation->fields[i];
		uint64_t wanted, got;

		if (!strcmp(field->key, "why"))
			continue;
		if (!value_of_name(call->fields, field->key, strlen(field->key), &got))
			bad_line(call->line, "%s returns no %s", call->operation->name, field->key);
		if (!evaluate(run, NULL, field->value, &wanted) && !run->missing)
			bad_line(call->line, "%s is no value", field->value);
		if (!run->missing && got == wanted)
			continue;
		complain(run, call->line);
		fprintf(run->report, "\n  expected %s=%#llx, got %#llx\n", field->key,
			(unsigned long long)wanted, (unsigned long long)got);
	}
}

static const char *wanted_reason(const struct expectation *expectation)
{
	for (size_t i = 0; i < expectation->field_count; i++)
		if (!strcmp(expectation->fields[i].key, "why"))
			return expectation->fields[i].value;
	return NULL;
}

static void compare_reason(const struct call *call, const struct expectation *expectation,
			   int64_t outcome)
{
	const char *why = wanted_reason(expectation);
	bool known;
	const char *text = explain_check(call->run->explain, call, outcome, why, &known);

	if (why && !known)
		bad_line(call->line, "libgmem makes no such call, so there is no why");
	call->run->tally->explained += known;
	if (!text)
		return;
	complain(call->run, call->line);
	fprintf(call->run->report, "\n  expected %s, got: %s\n", why ? why : "an explanation",
		text);
}

static void compare(const struct call *call, int64_t outcome)
{
	const struct expectation *expectation = expected(call->run, call->line);
	bool any_success;
	char scratch[32];
	int64_t wanted;

	if (!outcome_parse(call->run, expectation->outcome, &wanted, &any_success))
		bad_line(call->line, "%s is no result", expectation->outcome);
	if (any_success ? outcome >= 0 : outcome == wanted) {
		compare_fields(call, expectation);
		compare_reason(call, expectation, outcome);
		return;
	}
	complain(call->run, call->line);
	fprintf(call->run->report, "\n  expected %s, got %s\n", expectation->outcome,
		outcome_text(outcome, scratch, sizeof(scratch)));
}

static void count(struct tally *tally, const struct operation *operation, int64_t outcome)
{
	struct pair pair = { operation, outcome < 0 ? outcome : 0 };
	struct pair *pairs;

	tally->operations++;
	for (size_t i = 0; i < tally->pair_count; i++)
		if (tally->pairs[i].operation == operation &&
		    tally->pairs[i].outcome == pair.outcome)
			return;
	pairs = realloc(tally->pairs, (tally->pair_count + 1) * sizeof(*pairs));
	if (!pairs)
		abort();
	tally->pairs = pairs;
	pairs[tally->pair_count++] = pair;
}

static void keep_object(struct call *call, int64_t outcome)
{
	const struct line *line = call->line;
	struct object *object;

	if (outcome < 0 || line->in_child)
		return;
	if (!line->result && call->operation->makes == KIND_NUMBER)
		return;
	object = object_add(call->run, line->result ? line->result : "$", call->operation->makes,
			    (uint64_t)outcome);
	object->length = call->length;
	object->type = call->type;
}

static void run_once(struct run *run, const struct line *line)
{
	struct call call = { .run = run, .line = line, .operation = line->operation };
	int64_t outcome;

	run->line = line;
	if (!find_target(&call) || !evaluate_arguments(&call)) {
		complain(run, line);
		fputs("\n  not done: an object is not there\n", run->report);
		return;
	}
	outcome = line->in_child ? run_in_child(&call) : line->operation->run(&call);
	count(run->tally, line->operation, outcome);
	keep_object(&call, outcome);
	if (!line->in_child)
		explain_note(run->explain, &call, outcome);
	compare(&call, outcome);
}

void run_line(struct run *run, const struct line *line)
{
	uint64_t at, last;
	struct object *counter;

	for (size_t i = 0; i < line->condition_count; i++)
		if (!holds(run, line, line->conditions[i]))
			return;
	if (!line->each) {
		run_once(run, line);
		return;
	}
	run->line = line;
	if (!evaluate(run, NULL, line->first, &at) || !evaluate(run, NULL, line->last, &last))
		bad_line(line, "each: no such range");
	counter = object_find(run, line->each);
	if (!counter)
		counter = object_add(run, line->each, KIND_NUMBER, at);
	for (; at <= last; at++) {
		counter->value = at;
		run_once(run, line);
	}
}
