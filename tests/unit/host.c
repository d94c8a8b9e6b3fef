// SPDX-License-Identifier: GPL-2.0-or-later
/* The doctor on every model, and on hosts that it can see only in part. */
#include "unit.h"

#include <gmem/caps.h>
#include <gmem/directmap.h>
#include <gmem/flush.h>
#include <gmem/host.h>
#include <gmem/tdx.h>
#include <gmem/vm.h>

#include "port.h"

static struct gmem_ctx *ctx;

static void setup(const char *model)
{
	ctx = port_ctx(model);
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), 0);
	gmem_ctx_free(ctx);
}

static const struct gmem_check *find(const struct gmem_host *host, const char *id)
{
	const struct gmem_check *check;

	for (size_t i = 0; (check = gmem_host_check(host, i)); i++)
		if (!strcmp(check->id, id))
			return check;
	return NULL;
}

static void check_tree(const struct gmem_host *host)
{
	const struct gmem_check *check, *parent;

	for (size_t i = 0; (check = gmem_host_check(host, i)); i++) {
		ck_assert_ptr_eq(find(host, check->id), check);
		ck_assert_uint_gt(strlen(check->title), 0);
		ck_assert_msg(strlen(check->detail) > 0, "%s", check->id);
		ck_assert_msg(check->result != GMEM_CHECK_FAIL || check->fix, "%s", check->id);
		if (!check->parent)
			continue;
		parent = find(host, check->parent);
		ck_assert_msg(parent && parent < check, "%s", check->id);
		if (parent->result != GMEM_CHECK_PASS)
			ck_assert_int_eq(check->result, GMEM_CHECK_SKIP);
	}
}

START_TEST(doctor_of_every_model)
{
	for (size_t i = 0; gmem_model_name(i); i++) {
		struct gmem_host *host;

		setup(gmem_model_name(i));
		ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
		check_tree(host);
		ck_assert_int_eq(find(host, "kvm.guest-memfd")->result, GMEM_CHECK_PASS);
		ck_assert_int_eq(find(host, "reader.control")->result, GMEM_CHECK_PASS);
		gmem_host_free(host);
		teardown();
	}
}
END_TEST

static const struct {
	const char *model;
	const char *id;
	enum gmem_check_result result;
	const char *detail;
} expected[] = {
	{ "plain", "kernel.version", GMEM_CHECK_PASS, "Linux 7.3.4-sim" },
	{ "plain", "kernel.mmap", GMEM_CHECK_PASS, "" },
	{ "plain", "config.kvm", GMEM_CHECK_PASS, "built in" },
	{ "plain", "config.kvm-memory-attributes", GMEM_CHECK_SKIP, "config.intel-tdx-host" },
	{ "plain", "config.kvm-sw-protected-vm", GMEM_CHECK_SKIP, "off: " },
	{ "plain", "config.kvm-amd-sev", GMEM_CHECK_SKIP, "the CPU is Intel" },
	{ "plain", "kvm.vm-types", GMEM_CHECK_PASS, "default" },
	{ "plain", "kvm.memory-flags", GMEM_CHECK_PASS, "default: mmap+init-shared" },
	{ "plain", "kvm.private-memory", GMEM_CHECK_SKIP, "config.intel-tdx-host" },
	{ "plain", "kvm.pre-fault", GMEM_CHECK_PASS, "" },
	{ "plain", "snp.cpu", GMEM_CHECK_SKIP, "the CPU is Intel" },
	{ "plain", "snp.vm-type", GMEM_CHECK_SKIP, "the CPU is Intel" },
	{ "plain", "memory.policy", GMEM_CHECK_SKIP, "one node" },
	{ "plain", "memory.secretmem", GMEM_CHECK_PASS, "" },
	{ "no-direct-map", "memory.policy", GMEM_CHECK_PASS, "" },
	{ "no-direct-map", "kvm.memory-flags", GMEM_CHECK_PASS,
	  "default: mmap+init-shared+no-direct-map; sw-protected: " },
	{ "tdx", "tdx.cpu", GMEM_CHECK_PASS, "" },
	{ "tdx", "tdx.module", GMEM_CHECK_PASS, "initialised, version 1.5" },
	{ "tdx", "tdx.kvm-parameter", GMEM_CHECK_PASS, "" },
	{ "tdx", "tdx.keyids", GMEM_CHECK_PASS, "KeyIDs" },
	{ "tdx", "tdx.vm-type", GMEM_CHECK_PASS, "" },
	{ "tdx", "kvm.private-memory", GMEM_CHECK_PASS, "sw-protected, tdx" },
	{ "snp", "tdx.cpu", GMEM_CHECK_SKIP, "the CPU is AMD" },
	{ "snp", "tdx.module", GMEM_CHECK_SKIP, "the CPU is AMD" },
	{ "snp", "config.intel-tdx-host", GMEM_CHECK_SKIP, "the CPU is AMD" },
	{ "snp", "snp.cpu", GMEM_CHECK_PASS, "" },
	{ "snp", "snp.asids", GMEM_CHECK_PASS, "ASIDs" },
	{ "snp", "snp.vm-type", GMEM_CHECK_PASS, "" },
	{ "old", "kernel.version", GMEM_CHECK_PASS, "" },
	{ "old", "kernel.mmap", GMEM_CHECK_SKIP, "it came with 6.18" },
	{ "old", "kvm.guest-memfd", GMEM_CHECK_PASS, "sw-protected" },
	{ "old", "kvm.memory-flags", GMEM_CHECK_SKIP, "sw-protected: none" },
	{ "tdx", "kernel.config", GMEM_CHECK_PASS, "/boot/config-7.3.4-sim-tdx" },
	{ "tdx", "config.kvm-guest-memfd", GMEM_CHECK_PASS, "built in" },
	{ "tdx", "config.kvm-intel-tdx", GMEM_CHECK_PASS, "built in" },
	{ "plain", "config.intel-tdx-host", GMEM_CHECK_FAIL, "KVM cannot run TDs" },
	{ "plain", "config.kvm-intel-tdx", GMEM_CHECK_SKIP, "config.intel-tdx-host failed" },
	{ "snp", "config.kvm-intel-tdx", GMEM_CHECK_SKIP, "the CPU is AMD" },
	{ "tdx", "config.secretmem", GMEM_CHECK_PASS, "built in" },
	{ "tdx", "config.debug-info-btf", GMEM_CHECK_PASS, "built in" },
	{ "tdx", "config.bpf-syscall", GMEM_CHECK_PASS, "built in" },
	{ "tdx", "config.proc-kcore", GMEM_CHECK_PASS, "built in" },
	{ "tdx", "config.ptdump-debugfs", GMEM_CHECK_SKIP, "off: " },
	{ "tdx", "kvm.device", GMEM_CHECK_PASS, "mode 0660" },
	{ "tdx", "kvm.access", GMEM_CHECK_PASS, "VMs created" },
	{ "tdx", "kvm.user-memory2", GMEM_CHECK_PASS, "KVM_SET_USER_MEMORY_REGION2" },
	{ "tdx", "tdx.kernel", GMEM_CHECK_PASS, "knows TDX" },
	{ "tdx", "tdx.bios", GMEM_CHECK_PASS, "private KeyIDs" },
	{ "plain", "tdx.bios", GMEM_CHECK_SKIP, "tdx.cpu is cannot-tell" },
	{ "tdx", "machine.virtual", GMEM_CHECK_PASS, "not a virtual machine" },
	{ "tdx", "machine.after-fault", GMEM_CHECK_PASS, "pstore: efi_pstore (panic_on_oops 0" },
	{ "snp", "snp.iommu", GMEM_CHECK_PASS, "in order" },
	{ "snp", "snp.firmware", GMEM_CHECK_PASS, "/dev/sev is there" },
	{ "sw-protected", "config.kvm-amd-sev", GMEM_CHECK_FAIL, "is off" },
	{ "sw-protected", "snp.cpu", GMEM_CHECK_SKIP, "config.kvm-amd-sev failed" },
	{ "snp", "snp.kernel", GMEM_CHECK_PASS, "knows SNP" },
	{ "snp", "snp.kvm-parameter", GMEM_CHECK_PASS, "kvm_amd.sev_snp" },
	{ "tdx", "reader.privilege", GMEM_CHECK_PASS, "BPF and /proc/kcore" },
	{ "tdx", "reader.lockdown", GMEM_CHECK_PASS, "[none]" },
	{ "tdx", "reader.btf", GMEM_CHECK_PASS, "/sys/kernel/btf/vmlinux" },
	{ "tdx", "reader.bpf-sysctl", GMEM_CHECK_PASS, "is 2" },
	{ "tdx", "reader.kcore", GMEM_CHECK_PASS, "page-tables/kcore" },
	{ "tdx", "reader.bpf", GMEM_CHECK_PASS, "page-tables/bpf" },
	{ "tdx", "reader.usable", GMEM_CHECK_PASS, "page-tables/bpf" },
	{ "tdx", "reader.control", GMEM_CHECK_PASS, "memfd_secret page is unmapped" },
	{ "tdx", "memory.nodes", GMEM_CHECK_PASS, "0-1" },
	{ "plain", "memory.nodes", GMEM_CHECK_PASS, "online: 0" },
	{ "tdx", "memory.splits", GMEM_CHECK_PASS, "1 of 2M and 1 of 1G" },
};

START_TEST(results_by_model)
{
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct gmem_check *check;
		struct gmem_host *host;

		setup(expected[i].model);
		ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
		check = find(host, expected[i].id);
		ck_assert_msg(check && check->result == expected[i].result &&
				      strstr(check->detail, expected[i].detail),
			      "%s %s: %s (%s)", expected[i].model, expected[i].id,
			      check ? gmem_check_result_name(check->result) : "none",
			      check ? check->detail : "");
		gmem_host_free(host);
		teardown();
	}
}
END_TEST

/* A new check needs its expected results in the table above. */
START_TEST(each_check_is_expected)
{
	const struct gmem_check *check;
	struct gmem_host *host;

	setup("tdx");
	ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
	for (size_t i = 0; (check = gmem_host_check(host, i)); i++) {
		size_t row = 0;

		while (row < sizeof(expected) / sizeof(expected[0]) &&
		       strcmp(expected[row].id, check->id))
			row++;
		ck_assert_msg(row < sizeof(expected) / sizeof(expected[0]),
			      "%s has no row in the table expected", check->id);
	}
	gmem_host_free(host);
	teardown();
}
END_TEST

/* If the permission to look is missing, that is not a fail. */
START_TEST(missing_permission_is_no_fail)
{
	const struct gmem_check *check;
	struct gmem_host *host;

	setup("tdx");
	port_refuse(ctx, GMEM_SIM_OPEN, -EACCES);
	gmem_sim_fail_reader(port_sim(ctx), GMEM_READER_BPF, -EPERM);
	gmem_sim_fail_reader(port_sim(ctx), GMEM_READER_KCORE, -EPERM);
	ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
	check_tree(host);
	for (size_t i = 0; (check = gmem_host_check(host, i)); i++)
		ck_assert_msg(check->result != GMEM_CHECK_FAIL, "%s: %s", check->id, check->detail);
	gmem_host_free(host);
	teardown();
}
END_TEST

/* libgmem does not open a reader that the caller has excluded. */
START_TEST(chosen_reader)
{
	static const struct {
		enum gmem_evidence chosen;
		bool forbidden;
		enum gmem_check_result bpf, kcore, usable, control;
		const char *usable_detail;
	} cases[] = {
		{ GMEM_EVIDENCE_NONE, false, GMEM_CHECK_PASS, GMEM_CHECK_PASS, GMEM_CHECK_PASS,
		  GMEM_CHECK_PASS, "page-tables/bpf" },
		{ GMEM_EVIDENCE_BPF, false, GMEM_CHECK_PASS, GMEM_CHECK_SKIP, GMEM_CHECK_PASS,
		  GMEM_CHECK_PASS, "page-tables/bpf" },
		{ GMEM_EVIDENCE_KCORE, false, GMEM_CHECK_SKIP, GMEM_CHECK_PASS, GMEM_CHECK_PASS,
		  GMEM_CHECK_PASS, "page-tables/kcore" },
		{ GMEM_EVIDENCE_KCORE, true, GMEM_CHECK_SKIP, GMEM_CHECK_SKIP, GMEM_CHECK_SKIP,
		  GMEM_CHECK_SKIP, "the caller forbids" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gmem_host *host;

		setup("tdx");
		ck_assert_int_eq(gmem_reader_open(ctx, cases[i].chosen), 0);
		gmem_reader_forbid(ctx, cases[i].forbidden);
		ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
		check_tree(host);
		ck_assert_int_eq(find(host, "reader.bpf")->result, cases[i].bpf);
		ck_assert_int_eq(find(host, "reader.kcore")->result, cases[i].kcore);
		ck_assert_int_eq(find(host, "reader.usable")->result, cases[i].usable);
		ck_assert_int_eq(find(host, "reader.control")->result, cases[i].control);
		ck_assert(strstr(find(host, "reader.usable")->detail, cases[i].usable_detail));
		ck_assert_int_eq(gmem_reader_evidence(ctx), cases[i].forbidden ? GMEM_EVIDENCE_NONE
							    : cases[i].chosen  ? cases[i].chosen
									       : GMEM_EVIDENCE_BPF);
		gmem_host_free(host);
		teardown();
	}
}
END_TEST

START_TEST(device_that_cannot_be_opened)
{
	static const struct {
		int error;
		enum gmem_check_result device;
		enum gmem_check_result access;
	} cases[] = {
		{ ENOENT, GMEM_CHECK_FAIL, GMEM_CHECK_SKIP },
		{ EACCES, GMEM_CHECK_CANNOT_TELL, GMEM_CHECK_SKIP },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gmem_host *host;

		setup("plain");
		port_refuse_open(ctx, "/dev/kvm", -cases[i].error);
		ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
		check_tree(host);
		ck_assert_int_eq(find(host, "kvm.device")->result, cases[i].device);
		ck_assert_int_eq(find(host, "kvm.access")->result, cases[i].access);
		gmem_host_free(host);
		teardown();
	}
}
END_TEST

START_TEST(every_call_fails_once)
{
	unsigned int n = 0;
	bool failed;

	do {
		struct gmem_host *host;

		setup("tdx");
		port_fail_at(ctx, ++n, -EPERM);
		ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
		check_tree(host);
		failed = port_failed(ctx);
		gmem_host_free(host);
		teardown();
	} while (failed);
	ck_assert_uint_gt(n, 30);
}
END_TEST

/* A file with other content than the model has. */
static struct {
	const char *path;
	const char *text;
} other;

#define OTHER_FD 77777

static int open_other(struct gmem_kernel *kernel, const char *path, int flags)
{
	return strcmp(path, other.path) ? port.real->open(kernel, path, flags) : OTHER_FD;
}

static int close_other(struct gmem_kernel *kernel, int fd)
{
	return fd == OTHER_FD ? 0 : port.real->close(kernel, fd);
}

static ssize_t read_other(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			  uint64_t offset)
{
	if (fd != OTHER_FD)
		return port.real->pread(kernel, fd, buffer, length, offset);
	return offset ? 0 : snprintf(buffer, length, "%s", other.text);
}

static void say(const char *path, const char *text)
{
	struct gmem_kernel_ops *ops = port_pretend(ctx);

	other.path = path;
	other.text = text;
	ops->open = open_other;
	ops->close = close_other;
	ops->pread = read_other;
}

/* If a file has nothing to quote, the check still says why. */
START_TEST(empty_files_are_explained)
{
	static const char *const paths[] = {
		"/sys/kernel/security/lockdown",
		"/sys/devices/system/node/online",
		"/sys/module/kvm_intel/parameters/tdx",
		"/proc/sys/kernel/unprivileged_bpf_disabled",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct gmem_host *host;

		setup("tdx");
		say(paths[i], "");
		ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
		check_tree(host);
		gmem_host_free(host);
		teardown();
	}
}
END_TEST

/* If the right line is missing, the number of another line is not used. */
START_TEST(key_line_of_another_type)
{
	struct gmem_keys keys = { .size = sizeof(keys) };

	setup("tdx");
	say("/sys/fs/cgroup/misc.current", "other 7\n");
	ck_assert_int_eq(gmem_keys_get(ctx, "tdx", &keys), 0);
	ck_assert(!keys.has_used);
	ck_assert_uint_eq(keys.used, 0);
	teardown();
}
END_TEST

/*
 * A container has a limit instead of the capacity. A missing line is not
 * the same as a missing file.
 */
START_TEST(keys_limit_of_a_container)
{
	struct gmem_keys keys = { .size = sizeof(keys) };

	setup("snp");
	port_refuse_open(ctx, "/sys/fs/cgroup/misc.capacity", -ENOENT);
	ck_assert_int_eq(gmem_keys_get(ctx, "sev_es", &keys), -ENOENT);
	port_said(ctx, "there is no misc.capacity");
	teardown();

	setup("snp");
	say("/sys/fs/cgroup/misc.capacity", "sev 410\n");
	ck_assert_int_eq(gmem_keys_get(ctx, "sev_es", &keys), -ENOENT);
	port_said(ctx, "no line sev_es");
	ck_assert_int_eq(gmem_keys_get(ctx, "tdx", &keys), -ENODATA);
	teardown();

	setup("snp");
	say("/sys/fs/cgroup/misc.max", "sev max\nsev_es 20\n");
	port_refuse_open(ctx, "/sys/fs/cgroup/misc.capacity", -ENOENT);
	ck_assert_int_eq(gmem_keys_get(ctx, "sev_es", &keys), 0);
	ck_assert(!keys.has_capacity && keys.has_limit && keys.has_used);
	ck_assert_uint_eq(keys.limit, 20);
	ck_assert_int_eq(gmem_keys_get(ctx, "sev", &keys), 0);
	ck_assert_uint_eq(keys.limit, UINT64_MAX);
	teardown();
}
END_TEST

#define CPU(vendor)                                                                   \
	"vendor_id\t: " vendor "\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: x\n" \
	"flags\t\t: fpu\n\n"

/*
 * libgmem trusts numbers of types if CPU and parameters agree. An unreadable file contradicts none.
 */
START_TEST(vm_types_that_the_cpu_contradicts)
{
	static const struct {
		const char *model, *path, *text;
		unsigned int doubted;
		const char *why;
		const char *unknown; /* a path that may belong to another type, or NULL */
	} cases[] = {
		{ "tdx", "/proc/nothing", "", 0, NULL, NULL },
		{ "tdx", "/proc/cpuinfo", "", 0, NULL, NULL },
		{ "tdx", "/proc/cpuinfo", CPU("AuthenticAMD"), 1u << GMEM_VM_TDX, "no Intel",
		  "snp-reclaim" },
		{ "snp", "/proc/cpuinfo", CPU("GenuineIntel"),
		  1u << GMEM_VM_SEV | 1u << GMEM_VM_SEV_ES | 1u << GMEM_VM_SNP, "no AMD",
		  "tdx-page-add" },
		{ "tdx", "/sys/module/kvm_intel/parameters/tdx", "N\n", 1u << GMEM_VM_TDX, "is off",
		  "tdx-page-add" },
		{ "snp", "/sys/module/kvm_amd/parameters/sev_es", "N\n", 1u << GMEM_VM_SEV_ES,
		  "is off", NULL },
	};
	const struct gmem_flush_subject subject = { .size = sizeof(subject),
						    .vm_type = -1,
						    .is_guest_memory = true };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gmem_flush_row row = { .size = sizeof(row) };
		struct gmem_flush *flush;
		struct gmem_caps *caps;
		const char *why;
		bool found = !cases[i].unknown;

		setup(cases[i].model);
		say(cases[i].path, cases[i].text);
		ck_assert_int_eq(gmem_caps_new(ctx, &caps), 0);
		ck_assert_uint_eq(gmem_caps_doubted(caps, &why), cases[i].doubted);
		ck_assert(!why == !cases[i].why && (!why || strstr(why, cases[i].why)));
		for (int type = 0; type < GMEM_VM_TYPES; type++)
			if (cases[i].doubted & 1u << type)
				ck_assert(!gmem_caps_has_vm_type(caps, (enum gmem_vm_type)type));
		ck_assert_int_eq(gmem_flush_new(ctx, &subject, &flush), 0);
		for (size_t r = 0; !gmem_flush_row_at(flush, r, &row); r++) {
			if (cases[i].unknown && !strcmp(row.path->name, cases[i].unknown)) {
				ck_assert_int_eq(row.verdict, GMEM_VERDICT_UNKNOWN);
				ck_assert_str_eq(row.reason, why);
				found = true;
			}
		}
		ck_assert(found);
		gmem_flush_free(flush);
		gmem_caps_free(caps);
		teardown();
	}
}
END_TEST

/* An older release has the policy if it has the function, as a whole word. */
START_TEST(policy_found_by_its_function)
{
	static const struct {
		const char *text;
		enum gmem_check_result result;
	} cases[] = {
		{ "0000000000000000 t kvm_gmem_set_policy\t[kvm]\n", GMEM_CHECK_PASS },
		{ "0000000000000000 t kvm_gmem_set_policy\n", GMEM_CHECK_PASS },
		{ "0000000000000000 t kvm_gmem_set_policy_x\t[kvm]\n", GMEM_CHECK_FAIL },
		{ "0000000000000000 t x_kvm_gmem_set_policy\t[kvm]\n", GMEM_CHECK_FAIL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gmem_host *host;

		setup("tdx"); /* this model has two nodes */
		snprintf(ctx->release, sizeof(ctx->release), "6.12.0-vendor");
		say("/proc/kallsyms", cases[i].text);
		ck_assert_int_eq(gmem_host_new(ctx, &host), 0);
		ck_assert_int_eq(find(host, "memory.policy")->result, cases[i].result);
		/* KVM's capabilities count more than the release. */
		ck_assert_int_eq(find(host, "kernel.version")->result, GMEM_CHECK_PASS);
		ck_assert_int_eq(find(host, "kernel.mmap")->result, GMEM_CHECK_PASS);
		gmem_host_free(host);
		teardown();
	}
}
END_TEST

static void check_keys(const char *model, const char *name, uint64_t capacity)
{
	struct gmem_keys keys = { .size = sizeof(keys) };

	setup(model);
	ck_assert_int_eq(gmem_keys_get(ctx, name, &keys), 0);
	ck_assert_uint_eq(keys.capacity, capacity);
	ck_assert(keys.has_used);
	ck_assert_uint_eq(keys.used, 0);
	port_refuse_open(ctx, "/sys/fs/cgroup/misc.current", -ENOENT);
	ck_assert_int_eq(gmem_keys_get(ctx, name, &keys), 0);
	ck_assert(keys.has_capacity && !keys.has_used && !keys.has_limit);
	port_refuse_open(ctx, "/sys/fs/cgroup/misc.capacity", -EACCES);
	ck_assert_int_eq(gmem_keys_get(ctx, name, &keys), -EACCES);
	teardown();
}

START_TEST(keys_counted)
{
	struct gmem_keys none = { .size = sizeof(none) };

	check_keys("tdx", "tdx", 31);
	check_keys("snp", "sev_es", 99);
	setup("plain");
	for (size_t i = 0; gmem_keys_name(i); i++)
		ck_assert_int_eq(gmem_keys_get(ctx, gmem_keys_name(i), &none), -ENODATA);
	port_said(ctx, "misc.capacity");
	teardown();
}
END_TEST

/* A TD holds a KeyID, and returns it. */
START_TEST(keys_in_use)
{
	struct gmem_keys keys = { .size = sizeof(keys) };
	struct gmem_vm *vm;

	setup("tdx");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), 0);
	ck_assert_int_eq(gmem_tdx_split_irqchip(vm, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vm(vm, NULL), 0);
	ck_assert_int_eq(gmem_keys_get(ctx, "tdx", &keys), 0);
	ck_assert_uint_eq(keys.used, 1);
	gmem_vm_free(vm);
	ck_assert_int_eq(gmem_keys_get(ctx, "tdx", &keys), 0);
	ck_assert_uint_eq(keys.used, 0);
	teardown();
}
END_TEST

START_TEST(splits_counted)
{
	struct gmem_directmap_counters counters = { .size = sizeof(counters) };

	setup("plain");
	ck_assert_int_eq(gmem_directmap_get_counters(ctx, &counters), 0);
	ck_assert(!counters.has_collapses);
	port_refuse_open(ctx, "/proc/vmstat", -ENOENT);
	ck_assert_int_eq(gmem_directmap_get_counters(ctx, &counters), -ENOENT);
	port_said(ctx, "/proc/vmstat");
	teardown();
}
END_TEST

UNIT_MAIN("host", doctor_of_every_model, results_by_model, each_check_is_expected,
	  missing_permission_is_no_fail, chosen_reader, device_that_cannot_be_opened,
	  every_call_fails_once, empty_files_are_explained, key_line_of_another_type,
	  keys_limit_of_a_container, vm_types_that_the_cpu_contradicts,
	  policy_found_by_its_function, keys_counted, keys_in_use, splits_counted)
