// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conformance-runner [--simulate MODEL] [--vm-type TYPE] [--expendable] SCRIPT...
 *
 * Performs the operations of the scripts on the running kernel, or on a simulated one, once
 * on each VM type that a script names and the kernel offers. Prints TAP, a test for each
 * script and VM type. Exits with 0 if all answers were the expected ones, 1 if not, 2 if a
 * script is not well formed.
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conformance.h"

#define HANGS_AFTER 120 /* seconds; does not measure speed */
#define EXIT_USAGE 64

struct report {
	unsigned int tests;
	unsigned int failures;
	struct tally tally;
};

static const struct option long_options[] = {
	{ "simulate", required_argument, NULL, 's' },
	{ "vm-type", required_argument, NULL, 't' },
	{ "expendable", no_argument, NULL, 'e' },
	{ NULL, 0, NULL, 0 },
};

static int usage(void)
{
	fputs("usage: conformance-runner [--simulate MODEL] [--vm-type TYPE] [--expendable] "
	      "SCRIPT...\n",
	      stderr);
	return EXIT_USAGE;
}

static void hangs(int number)
{
	static const char text[] = "Bail out! an operation does not return\n";

	(void)number;
	_exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ? 2 : 1);
}

static bool parse_options(struct options *options, int argc, char **argv)
{
	uint64_t type;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			options->model = optarg;
			break;
		case 't':
			options->vm_type = optarg;
			break;
		case 'e':
			options->expendable = true;
			break;
		default:
			return false;
		}
	}
	if (options->vm_type &&
	    !value_of_name(vm_type_names, options->vm_type, strlen(options->vm_type), &type))
		return false;
	return optind < argc;
}

/* Prints the report as comment lines. */
static void print_report(const char *text)
{
	while (text && *text) {
		size_t length = strcspn(text, "\n");

		printf("#   %.*s\n", (int)length, text);
		text += length + (text[length] != '\0');
	}
}

static void print_test(struct report *report, const struct script *script, const char *vm_type,
		       const struct result *result)
{
	const char *name = strrchr(script->path, '/');

	report->tests++;
	report->failures += result->failed;
	printf("%s %u - %s, %s VM: %s", result->failed ? "not ok" : "ok", report->tests,
	       name ? name + 1 : script->path, vm_type, script->title);
	if (result->skipped)
		printf(" # SKIP %s", result->why);
	putchar('\n');
	if (result->failed)
		print_report(result->report);
	fflush(stdout);
}

/* Whether the script is for VMs of that type, and the options select the type. */
static bool wants_type(const struct script *script, const struct options *options, const char *type)
{
	const char *at = strstr(script->vm_types, type);
	size_t length = strlen(type);

	if (options->vm_type && strcmp(options->vm_type, type))
		return false;
	if (!strcmp(script->vm_types, "all"))
		return true;
	for (; at; at = strstr(at + 1, type))
		if ((at == script->vm_types || at[-1] == ' ') &&
		    (at[length] == '\0' || at[length] == ' '))
			return true;
	return false;
}

static void run_types(struct report *report, const struct script *script,
		      const struct options *options, uint64_t offered)
{
	struct result none = { .skipped = true, .why = "not for this VM type" };
	bool done = false;

	for (const struct name *type = vm_type_names; type->name; type++) {
		struct result result;

		if (!wants_type(script, options, type->name))
			continue;
		if (!(offered >> type->value & 1)) {
			strcpy(none.why, "the kernel offers no such VM");
			continue;
		}
		done = true;
		alarm(HANGS_AFTER);
		run_script(script, (unsigned int)type->value, options, &report->tally, &result);
		alarm(0);
		print_test(report, script, type->name, &result);
		free(result.report);
	}
	if (!done)
		print_test(report, script, options->vm_type ? options->vm_type : script->vm_types,
			   &none);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct report report = { 0 };
	char release[128] = "";
	int64_t offered;

	if (!parse_options(&options, argc, argv))
		return usage();
	offered = run_offered(&options, release, sizeof(release));
	if (offered < 0) {
		printf("ok 1 - conformance # SKIP /dev/kvm: %s\n1..1\n", strerror((int)-offered));
		return 0;
	}
	guard_memory();
	signal(SIGALRM, hangs);
	for (int i = optind; i < argc; i++) {
		struct script script;

		script_load(&script, argv[i]);
		run_types(&report, &script, &options, (uint64_t)offered);
		script_free(&script);
	}
	printf("# %llu operations, %zu distinct (call, errno) pairs, %llu failures explained on %s%s\n",
	       (unsigned long long)report.tally.operations, report.tally.pair_count,
	       (unsigned long long)report.tally.explained, options.model ? "simulated " : "Linux ",
	       options.model ? options.model : release);
	printf("1..%u\n", report.tests);
	free(report.tally.pairs);
	return report.failures != 0;
}
