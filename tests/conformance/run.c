// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs one script on one VM type of one kernel. Afterwards the kernel must be as it was before. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "conformance.h"
#include "sim/hooks.h"
#include "kernel/uapi.h"

static int open_kernel(const char *model, struct gmem_kernel **kernel)
{
	return model ? gmem_kernel_sim_new(model, kernel) : gmem_kernel_linux_new(kernel);
}

uint64_t run_capability(struct run *run, int fd, unsigned long number)
{
	int ret = run->kernel->ops->ioctl(run->kernel, fd, GMEM_KVM_CHECK_EXTENSION, number);

	return ret < 0 ? 0 : (uint64_t)ret;
}

uint64_t run_vm_capability(struct run *run, unsigned long number)
{
	const struct gmem_kernel_ops *ops = run->kernel->ops;
	int vm = ops->ioctl(run->kernel, run->kvm, GMEM_KVM_CREATE_VM, run->vm_type);
	uint64_t value;

	if (vm < 0)
		return 0;
	value = run_capability(run, vm, number);
	ops->close(run->kernel, vm);
	return value;
}

static void read_release(struct gmem_kernel *kernel, char *release, size_t size)
{
	int fd = kernel->ops->open(kernel, "/proc/sys/kernel/osrelease", O_RDONLY);
	ssize_t got = 0;

	if (fd >= 0) {
		got = kernel->ops->pread(kernel, fd, release, size - 1, 0);
		kernel->ops->close(kernel, fd);
	}
	release[got > 0 ? got : 0] = '\0';
	release[strcspn(release, "\n")] = '\0';
}

static uint64_t parse_version(const char *release)
{
	char *end;
	unsigned long major = strtoul(release, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	return major << 16 | minor;
}

static int count_entry(const char *name, void *arg)
{
	(void)name;
	++*(unsigned int *)arg;
	return 0;
}

/* What an operation may leave behind: descriptors and, if they can be counted, pages. */
struct resources {
	unsigned int fds;
	uint64_t pages;
};

static struct resources count_resources(struct gmem_kernel *kernel)
{
	struct resources resources = { 0 };

	kernel->ops->list_directory(kernel, "/proc/self/fd", count_entry, &resources.fds);
	if (kernel->ops->model)
		resources.pages = gmem_sim_pages_in_use(kernel);
	return resources;
}

static void check_resources(struct run *run, const struct resources *before)
{
	struct resources after = count_resources(run->kernel);

	/* A task that died keeps its locks and memory for ever. */
	if (run->kernel->ops->model && gmem_sim_oopsed(run->kernel))
		return;
	if (after.fds == before->fds && after.pages <= before->pages + run->poisoned)
		return;
	run->failures++;
	fprintf(run->report, "%s: %u descriptors before and %u after, %llu pages before and %llu\n",
		run->script->path, before->fds, after.fds, (unsigned long long)before->pages,
		(unsigned long long)after.pages);
}

/* Whether the word is one of words, or words is "all". */
static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	if (!strcmp(words, "all"))
		return true;
	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t of_this = strcspn(at, " ");

		if (of_this == length && !memcmp(at, word, length))
			return true;
		at += of_this;
	}
	return false;
}

/* Returns NULL, or why the script is not for this kernel and VM type. */
static const char *why_not(struct run *run)
{
	const struct script *script = run->script;
	const char *model = run->options->model;
	const char *why = NULL;
	char *words = strdup(script->needs);
	char *rest = words;

	if (!words)
		return "out of memory";
	if (!(run->vm_types >> run->vm_type & 1))
		why = "the kernel offers no such VM";
	else if (model && !has_word(script->models, model))
		why = "not for this model";
	for (char *word = strtok_r(words, " ", &rest); !why && word;
	     word = strtok_r(NULL, " ", &rest)) {
		bool holds = condition_holds(run, word, &why);

		if (!why)
			bad_line(&(struct line){ .script = script }, "%s: no such need", word);
		if (holds)
			why = NULL;
	}
	free(words);
	return why;
}

bool run_is_machine(const struct run *run, const char *machine)
{
	return !strcmp(run->kernel->ops->machine, machine);
}

static void run_lines(struct run *run)
{
	struct resources before = count_resources(run->kernel);

	/* Predefined objects: the device, which is closed with the run, */
	object_add(run, "$kvm", KIND_FILE, (uint64_t)run->kvm);
	/* and the flags that memslots require of a guest_memfd: arm64 requires mmap. */
	object_add(run, "$bindable", KIND_NUMBER, run_is_machine(run, "aarch64"));
	object_add(run, "$page", KIND_NUMBER, 1u << run->kernel->page_shift);
	for (size_t i = 0; i < run->script->count; i++)
		run_line(run, &run->script->lines[i]);
	run->objects.all[0].open = false;
	objects_close(run);
	check_resources(run, &before);
}

static int open_kvm(struct run *run)
{
	char release[128];

	run->kvm = run->kernel->ops->open(run->kernel, "/dev/kvm", O_RDWR);
	if (run->kvm < 0)
		return run->kvm;
	run->vm_types = run_capability(run, run->kvm, GMEM_KVM_CAP_VM_TYPES);
	/* Kernels before 6.8 do not have this capability. */
	if (!run->vm_types)
		run->vm_types = 1;
	read_release(run->kernel, release, sizeof(release));
	run->version = parse_version(release);
	return 0;
}

int64_t run_offered(const struct options *options, char *release, size_t size)
{
	struct run run = { .options = options };
	int64_t types = open_kernel(options->model, &run.kernel);

	if (types)
		return types;
	read_release(run.kernel, release, size);
	types = open_kvm(&run);
	if (!types) {
		types = (int64_t)run.vm_types;
		run.kernel->ops->close(run.kernel, run.kvm);
	}
	run.kernel->ops->destroy(run.kernel);
	return types;
}

void run_script(const struct script *script, unsigned int vm_type, const struct options *options,
		struct tally *tally, struct result *result)
{
	struct run run = {
		.options = options,
		.script = script,
		.tally = tally,
		.vm_type = vm_type,
	};
	char release[128];
	size_t size;

	*result = (struct result){ .failed = true };
	run.report = open_memstream(&result->report, &size);
	if (!run.report || open_kernel(options->model, &run.kernel))
		return;
	if (!open_kvm(&run)) {
		const char *why = why_not(&run);

		read_release(run.kernel, release, sizeof(release));
		run.explain = explain_new(run.kernel, release);
		if (why)
			snprintf(result->why, sizeof(result->why), "%s", why);
		else
			run_lines(&run);
		result->skipped = why != NULL;
		result->failed = run.failures != 0;
		explain_free(run.explain);
		run.kernel->ops->close(run.kernel, run.kvm);
	}
	run.kernel->ops->destroy(run.kernel);
	fclose(run.report);
}
