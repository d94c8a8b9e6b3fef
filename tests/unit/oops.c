// SPDX-License-Identifier: GPL-2.0-or-later
/* Logs that this test makes: what oops reads in them, what it leaves open, and damaged logs. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <gmem/gmem.h>

#define MAX 16

/* The result of reading the log. */
struct found {
	struct gmem_oops oopses[MAX];
	size_t n;
	struct gmem_oops_counts counts;
};

static int keep(const struct gmem_oops *oops, void *arg)
{
	struct found *found = arg;

	ck_assert_uint_lt(found->n, MAX);
	found->oopses[found->n++] = *oops;
	return 0;
}

/* Feeds the text in pieces of that many bytes. */
static void read_pieces(const char *text, size_t length, size_t piece, struct found *found)
{
	struct gmem_oops_log *log;

	memset(found, 0, sizeof(*found));
	ck_assert_int_eq(gmem_oops_new(keep, found, &log), 0);
	for (size_t at = 0; at < length; at += piece)
		ck_assert_int_eq(
			gmem_oops_feed(log, text + at, piece < length - at ? piece : length - at),
			0);
	ck_assert_int_eq(gmem_oops_end(log), 0);
	found->counts.size = sizeof(found->counts);
	ck_assert_int_eq(gmem_oops_get_counts(log, &found->counts), 0);
	ck_assert_uint_eq(found->counts.faults, found->n);
	gmem_oops_free(log);
}

static void read_text(const char *text, struct found *found)
{
	read_pieces(text, strlen(text), strlen(text) + 1, found);
}

/* Reads a text that has exactly one oops. */
static const struct gmem_oops *read_one(const char *text, struct found *found)
{
	read_text(text, found);
	ck_assert_uint_eq(found->n, 1);
	return &found->oopses[0];
}

/* Lines of an oops of x86-64, from which a test makes its text. */
#define X86_HEADER "BUG: unable to handle page fault for address: ffff8aa5026e0000\n"
#define X86_READ                                       \
	"#PF: supervisor read access in kernel mode\n" \
	"#PF: error_code(0x0000) - not-present page\n"
#define X86_WALK "PGD 29601067 P4D 29601067 PUD 29602067 PMD 2688063 PTE 800ffffffd91f020\n"
#define X86_DIE                             \
	"Oops: Oops: 0000 [#1] SMP NOPTI\n" \
	"CPU: 1 UID: 0 PID: 412 Comm: a vmm Not tainted 7.3.4-amd64 #1 PREEMPT(lazy)  Debian\n"
#define X86_REGISTERS                                                         \
	"Code: 66 90 0f ae 38\n"                                              \
	"RSP: 0018:ffffb3a5001a3c60 EFLAGS: 00010246\n"                       \
	"RAX: 0000000000000040 RBX: ffff8aa501000000 RCX: 0000000000000000\n" \
	"R10: ffffd7a64009b800 R11: 0000000000000000 R12: 0000000000001000\n" \
	"CR2: ffff8aa5026e0000 CR3: 0000000002a42000 CR4: 00000000003506f0\n" \
	"Call Trace:\n"                                                       \
	" <TASK>\n"
#define X86_END                          \
	" </TASK>\n"                     \
	"Modules linked in: kvm_intel\n" \
	"CR2: ffff8aa5026e0000\n"        \
	"---[ end trace 0000000000000000 ]---\n"
#define X86(rip, trace)                                       \
	X86_HEADER X86_READ X86_WALK X86_DIE "RIP: 0010:" rip \
					     "+0x15/0x30\n" X86_REGISTERS trace X86_END
#define X86_ADD                                                                           \
	X86("clflush_cache_range", " ? exc_page_fault+0x7e/0x180\n"                       \
				   " tdh_mem_page_add+0x40/0x90\n"                        \
				   " tdx_sept_map_leaf_spte.isra.0+0x1/0x2 [kvm_intel]\n" \
				   " kvm_tdp_mmu_map_private_pfn+0x10/0x20 [kvm]\n"       \
				   " tdx_vcpu_init_mem_region+0x10/0x20 [kvm_intel]\n")

START_TEST(every_value_of_x86)
{
	struct found found;
	const struct gmem_oops *oops = read_one(X86_ADD, &found);

	ck_assert_uint_eq(oops->line, 1);
	ck_assert_str_eq(oops->machine, "x86-64");
	ck_assert_int_eq(oops->kind, GMEM_OOPS_NOT_PRESENT);
	ck_assert_int_eq(oops->access, GMEM_OOPS_ACCESS_CACHE);
	ck_assert_int_eq(oops->direct_map, GMEM_DIRECT_MAP_UNMAPPED);
	ck_assert_uint_eq(oops->notes, 0);
	ck_assert_str_eq(oops->level, "4K");
	ck_assert(oops->has_pfn);
	ck_assert_uint_eq(oops->pfn, 0x26e0);
	ck_assert_uint_eq(oops->base, 0xffff8aa500000000);
	ck_assert_str_eq(oops->witness, "R10");
	ck_assert_uint_eq(oops->vmemmap, 0xffffd7a640000000);
	ck_assert_int_eq(strncmp(oops->removed, "set_direct_map_invalid_noflush", 30), 0);
	ck_assert_str_eq(oops->path->name, "tdx-page-add");
	ck_assert_str_eq(oops->step, "KVM_TDX_INIT_MEM_REGION");
	ck_assert_str_eq(oops->page, "guest_memfd");
	ck_assert_int_eq(oops->pid, 412);
	ck_assert_uint_eq(oops->cpu, 1);
	ck_assert_str_eq(oops->command, "a vmm");
	ck_assert_str_eq(oops->release, "7.3.4-amd64");
	ck_assert_str_eq(oops->function, "clflush_cache_range");
}
END_TEST

/* The result is the same, however the text is cut into pieces. */
START_TEST(text_in_pieces)
{
	struct found whole, found;

	read_text(X86_ADD, &whole);
	for (size_t piece = 1; piece < 100; piece++) {
		read_pieces(X86_ADD, strlen(X86_ADD), piece, &found);
		ck_assert_uint_eq(found.n, 1);
		ck_assert_mem_eq(&found.oopses[0], &whole.oopses[0], sizeof(found.oopses[0]));
	}
}
END_TEST

/* Adds a prefix and an end to each line. */
static void with_prefix(const char *text, const char *prefix, const char *end, char *out,
			size_t size)
{
	size_t used = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		used += (size_t)snprintf(out + used, size - used, "%s%.*s%s\n", prefix, (int)length,
					 text, end);
		ck_assert_uint_lt(used, size);
		text += length + 1;
	}
}

START_TEST(prefixes_of_log_lines)
{
	static const char *const before[] = {
		"[   12.345678] ",
		"[   12.345678][  T412] ",
		"[   12.345678] [    C1] ",
		"<1>[   12.345678] ",
		"<4>",
		"[Sun Nov 29 10:12:46 2026] ",
		"[    3.104500 <    0.000003>] ",
		"kern  :alert : [   12.345678] ",
		"2026-11-29T10:12:46,123456+00:00 ",
		"Nov 29 10:12:46 a-host kernel: ",
		"Nov 29 10:12:46 a-host kernel: [   12.345678] ",
		"2026-11-29T10:12:46.123456+00:00 a-host kernel: [   12.345678] ",
		"[   12.345678] a-host kernel: ",
		"1,1234,12345678,-;",
		"1,1234,12345678,-,caller=T412;",
		"\033[32m[   12.345678] \033[0m\033[33m",
		"\t ",
		/* Relative times, and month names of other languages. */
		"[  +0.000012] ",
		"[Nov29 10:12] ",
		"[dim. nov. 29 10:12:46 2026] ",
		"[\320\222\321\201 \320\275\320\276\321\217 29 10:12:46 2026] ",
		"nov. 29 10:12:46 a-host kernel: ",
		"\320\275\320\276\321\217 29 10:12:46 a-host kernel: ",
		"MESSAGE=",
		"    MESSAGE=",
		"7.3.4-amd64,1,1234,12345678,-;",
		"> ",
		"> > [   12.345678] ",
		/* RFC 5424, with and without its level, structured data and the mark of UTF-8. */
		"<4>1 2026-11-29T10:12:46.123456+00:00 a-host kernel - - - ",
		"1 2026-11-29T10:12:46Z a-host kernel - - - [   12.345678] ",
		"<4>1 2026-11-29T10:12:46Z - kernel 0 id [a@1 b=\"] \\\"c\"][d] \357\273\277",
		"<4>1 - a-host kernel - - - [   12.345678][  T412] ",
		"Nov 29 10:12:46 a-host kernel[0]: ",
		"Nov 29 10:12:46 a-host kernel[12]: [   12.345678] ",
		/* Lines that a container runtime wrote. */
		"2026-11-29T10:12:46.123456789Z stderr F ",
		"2026-11-29T10:12:46.123456789+01:00 stdout F [   12.345678] ",
		"2026-11-29T10:12:46.123456789Z stderr P <4>[   12.345678] ",
		/* Another clock's time stands before the kernel's own. */
		"2026-11-29 10:12:46 [   12.0] ",
		"2026-11-29 10:12:46.123 ",
		"2026-11-29 10:12:46,123 [   12.345678][  T412] ",
		"Nov 29 10:12:46 [   12.345678] ",
		"10:12:46.123456 ttyS0: [   12.345678] ",
	};
	struct found whole, found;
	char text[8192];

	read_text(X86_ADD, &whole);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		with_prefix(X86_ADD, before[i], i % 2 ? "\r" : "", text, sizeof(text));
		read_text(text, &found);
		ck_assert_msg(found.n == 1, "%s", before[i]);
		ck_assert_mem_eq(&found.oopses[0], &whole.oopses[0], sizeof(found.oopses[0]));
	}
}
END_TEST

/* journalctl's forms of JSON, and Docker's log: a line for each entry. */
START_TEST(json_of_journalctl_and_docker)
{
	static const struct {
		const char *before, *end;
	} forms[] = {
		{ "{\"MESSAGE\":\"", "\"}" },
		{ "{\"MESSAGE\":\"", "" },
		{ "{ \"__CURSOR\" : \"s=1;}\\\\\", \"N\" : null, \"A\":[1,\"]\",{\"MESSAGE\":\"x\"}],"
		  " \"MESSAGE_ID\" : \"y\", \"MESSAGE\" : \"",
		  "\", \"_HOSTNAME\" : \"h\" }" },
		{ "{\"MESSAGE\":[\"", "\",\"another\"]}" },
		{ "{\"log\":\"[   12.345678] ", "\\n\",\"stream\":\"stderr\",\"time\":\"2026\"}" },
		{ "\036{\"MESSAGE\":\"\\u003c4\\u003E", "\"}" },
		{ "data: {\"MESSAGE\":\"\\t", "\\r\"}" },
		{ "\t\"MESSAGE\" : \"", "\"," },
		{ "{\"MESSAGE\":\"\\u001b[32m", "\\u001b[0m\"}" },
	};
	struct found whole, found;
	char text[16384];

	read_text(X86_ADD, &whole);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		with_prefix(X86_ADD, forms[i].before, forms[i].end, text, sizeof(text));
		read_text(text, &found);
		ck_assert_msg(found.n == 1, "%s", forms[i].before);
		ck_assert_mem_eq(&found.oopses[0], &whole.oopses[0], sizeof(found.oopses[0]));
	}
}
END_TEST

/* A message may be an array of numbers, and may have several lines. Some lines are not JSON. */
START_TEST(json_messages)
{
	static const char oops[] = X86_ADD;
	static const char several[] =
		"{\"MESSAGE\":\"BUG: unable to handle page fault for address: ffff8aa5026e0000\\n"
		"#PF: supervisor write access in kernel mode\\n\\n#PF: error_code(0x0002) - not-present "
		"page\\nPGD 29601067 P4D 29601067 PUD 29602067 PMD 2688063 PTE 800ffffffd91f020\"}\n";
	static const char *const none[] = {
		"{1}[Hardware Error]: \"MESSAGE\":\"" X86_HEADER,
		"{\"MESSAGE\":null}\n",
		"{\"MESSAGE\"}\n",
		"{\"MESSAGE\":[\n",
		"{\"MESSAGE\":\"\n",
		"{\"MESSAGE\n",
		"{\"A\":\"\\",
		"{\"A\":[[[[{{{\"\\u",
		"{\"MESSAGE\":\"\\uzz\\u12\\",
		"{\"OTHER\":\"" X86_HEADER,
	};
	char text[16384] = "", *at = text;
	struct found whole, found;

	read_text(oops, &whole);
	for (const char *byte = oops; *byte; byte++) {
		if (byte == oops || byte[-1] == '\n')
			at += sprintf(at, "{\"MESSAGE\":[");
		if (*byte == '\n')
			at += sprintf(at, "],\"B\":1}\n");
		else
			at += sprintf(at, "%s%d", at[-1] == '[' ? "" : ", ", *byte);
	}
	read_text(text, &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_mem_eq(&found.oopses[0], &whole.oopses[0], sizeof(found.oopses[0]));

	read_text(several, &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_uint_eq(found.oopses[0].pfn, 0x26e0);
	ck_assert_int_eq(found.oopses[0].access, GMEM_OOPS_ACCESS_WRITE);
	ck_assert_uint_eq(found.counts.lines, 1);

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		read_text(none[i], &found);
		ck_assert_msg(!found.n, "%s", none[i]);
	}
}
END_TEST

/* Text of others may look like a prefix: the rest of such a line is not the kernel's. */
START_TEST(text_that_looks_like_a_prefix)
{
	static const char *const lines[] = {
		"process '/home/ab [   12.3] " X86_HEADER,
		"CPU: 1 PID: 4 Comm: 10:12 [ 1.0] " X86_HEADER,
		"Nov 29 10:12:46 host sshd[77]: " X86_HEADER,
		"Nov 29 10:12:46 host kernel[x]: " X86_HEADER,
		"1 fish - kernel - - - " X86_HEADER,
		"1 2026-11-29T10:12:46Z host kernel - - [a=\"b] " X86_HEADER,
		"stderr F" X86_HEADER,
	};
	struct found found;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		read_text(lines[i], &found);
		ck_assert_msg(!found.n, "%s", lines[i]);
	}
}
END_TEST

/* A trace with a row's own names finds that row of the table, and no other. */
START_TEST(every_path)
{
	static const struct {
		const char *path, *at, *in, *step;
	} traces[] = {
		{ "gmem-clear", "clear_page_erms", "kvm_gmem_get_pfn", NULL },
		{ "gmem-clear", "kvm_gmem_get_pfn", "kvm_mmu_faultin_pfn", NULL },
		{ "gmem-clear", "__pi_clear_page", "kvm_gmem_get_pfn", NULL },
		{ "gmem-clear", "clear_page_rep", "kvm_gmem_get_folio", NULL },
		{ "gmem-user-clear", "__clear_pages_unrolled", "kvm_gmem_fault_user_mapping",
		  "access through mmap(2)" },
		{ "tdx-page-add", "clflush_cache_range", "tdh_mem_page_add", NULL },
		{ "tdx-page-aug", "clflush_cache_range", "tdh_mem_page_aug", NULL },
		{ "tdx-reclaim", "tdx_quirk_reset_paddr", "tdx_sept_remove_leaf_spte", NULL },
		{ "snp-launch-update", "memcpy_orig", "sev_gmem_post_populate",
		  "KVM_SEV_SNP_LAUNCH_UPDATE" },
		{ "snp-reclaim", "clflush_cache_range", "sev_gmem_make_shared", NULL },
		{ "sev-register-region", "clflush_cache_range", "sev_mem_enc_register_region",
		  "KVM_MEMORY_ENCRYPT_REG_REGION" },
		{ "gup-copy", "memcpy_orig", "__access_remote_vm", NULL },
		{ "gup-copy", "memcpy", "dump_user_range", NULL },
		{ "tdx-control", "clflush_cache_range", "tdh_mem_sept_add", NULL },
		{ "tdx-control", "clflush_cache_range", "tdh_vp_addcx", NULL },
		{ "tdx-control-reclaim", "tdx_quirk_reset_paddr", "tdx_reclaim_page", NULL },
		{ "memfd-secret-free", "memset_orig", "secretmem_free_folio", NULL },
		{ "stage2-map", "dcache_clean_inval_poc", "stage2_map_walker_try_leaf", NULL },
		{ "stage2-map-exec", "icache_inval_pou", "stage2_attr_walker", NULL },
		{ "stage2-unmap", "__pi_dcache_clean_inval_poc", "stage2_unmap_walker", NULL },
		{ "stage2-flush", "dcache_clean_inval_poc", "kvm_pgtable_stage2_flush", NULL },
		{ NULL, "memcpy_orig", "ext4_readpage", NULL },
		{ NULL, "clflush_cache_range", "drm_clflush_pages", NULL },
		{ "tdx-page-add", "tdh_mem_page_add", "tdx_sept_map_leaf_spte", NULL },
	};
	struct found found;
	char text[4096];

	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
		const struct gmem_oops *oops;

		snprintf(text, sizeof(text),
			 X86_HEADER X86_READ X86_WALK X86_DIE
			 "RIP: 0010:%s+0x15/0x30\n" X86_REGISTERS
			 " %s+0x1/0x2\n outer+0x1/0x2\n" X86_END,
			 traces[i].at, traces[i].in ? traces[i].in : "something");
		oops = read_one(text, &found);
		ck_assert_msg(!oops->path == !traces[i].path, "%s", traces[i].at);
		if (oops->path)
			ck_assert_str_eq(oops->path->name, traces[i].path);
		if (traces[i].step)
			ck_assert_str_eq(oops->step, traces[i].step);
	}
}
END_TEST

/* The table has a trace for each path that a log can show. */
START_TEST(paths_have_traces)
{
	const struct gmem_flush_path *path;
	struct found found;
	char text[4096], at[64], *end;

	for (size_t i = 0; (path = gmem_flush_path_at(i)); i++) {
		const char *last = path->function;

		/* If all else was inlined, the outer function itself takes the fault. */
		snprintf(at, sizeof(at), "%.*s", (int)strcspn(last, " "), last);
		end = at + strcspn(at, ",");
		*end = '\0';
		snprintf(text, sizeof(text),
			 X86_HEADER X86_READ X86_WALK X86_DIE
			 "RIP: 0010:clflush_cache_range+0x1/0x2\n" X86_REGISTERS
			 " %s+0x1/0x2\n" X86_END,
			 at);
		if (path->access != GMEM_ACCESS_CLFLUSH)
			continue;
		ck_assert_str_eq(read_one(text, &found)->path->name, path->name);
	}
}
END_TEST

/* Which step led to the same path. */
START_TEST(steps_from_the_trace)
{
	static const struct {
		const char *trace, *step;
	} cases[] = {
		{ " tdh_mem_page_aug+0x1/0x2\n tdx_handle_ept_violation+0x1/0x2\n"
		  " vcpu_enter_guest+0x1/0x2\n",
		  "KVM_RUN" },
		{ " tdh_mem_page_aug+0x1/0x2\n kvm_tdp_map_page+0x1/0x2\n"
		  " kvm_arch_vcpu_pre_fault_memory+0x1/0x2\n kvm_vcpu_ioctl+0x1/0x2\n",
		  "KVM_PRE_FAULT_MEMORY" },
		{ " tdh_mem_page_aug+0x1/0x2\n something+0x1/0x2\n", NULL },
		{ " ? kvm_vcpu_pre_fault_memory+0x1/0x2\n tdh_mem_page_aug+0x1/0x2\n", NULL },
	};
	struct found found;
	char text[4096];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gmem_oops *oops;

		snprintf(text, sizeof(text),
			 X86_HEADER X86_READ X86_WALK X86_DIE
			 "RIP: 0010:clflush_cache_range+0x1/0x2\n" X86_REGISTERS "%s" X86_END,
			 cases[i].trace);
		oops = read_one(text, &found);
		ck_assert_str_eq(oops->path->name, "tdx-page-aug");
		ck_assert_uint_eq(oops->notes, 0);
		ck_assert(!oops->step == !cases[i].step);
		if (cases[i].step)
			ck_assert_str_eq(oops->step, cases[i].step);
	}
}
END_TEST

/* Makes a whole oops, with other lines for header, code and walk. */
static const struct gmem_oops *variant(const char *address, const char *code, const char *walk,
				       struct found *found)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "BUG: unable to handle page fault for address: %s\n#PF: error_code(%s\n%s"
		 "RIP: 0010:memcpy+0x1/0x2\n---[ end trace 0 ]---\n",
		 address, code, walk);
	return read_one(text, found);
}

#define NOT_PRESENT "0x0000) - not-present page"

START_TEST(levels_of_removed_entries)
{
	struct found found;
	const struct gmem_oops *oops;

	/* A hole of 2 MiB keeps its frame, too. The address tells which page of it faulted. */
	oops = variant("ffff8aa502654010", NOT_PRESENT,
		       "PGD 29601067 P4D 29601067 PUD 29602067 PMD 800ffffffd9ff020 \n", &found);
	ck_assert_str_eq(oops->level, "2M");
	ck_assert_uint_eq(oops->pfn, 0x2654);
	ck_assert_uint_eq(oops->base, 0xffff8aa500000000);
	/* An empty entry tells nothing. */
	oops = variant("ffff8aa5026e0000", NOT_PRESENT, "PGD 1067 P4D 1067 PUD 2067 PMD 0 \n",
		       &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_EMPTY_ENTRY);
	ck_assert(!oops->has_pfn);
	ck_assert_str_eq(oops->level, "2M");
	/* A page of 1 GiB, and five levels. */
	oops = variant("ff11000080001000", NOT_PRESENT, "PGD 1067 P4D 2067 PUD 800fffff7ffff020 \n",
		       &found);
	ck_assert_str_eq(oops->level, "1G");
	ck_assert_uint_eq(oops->pfn, 0x80001);
	ck_assert_uint_eq(oops->base, 0xff11000000000000);
	/* A vmalloc address: the frame does not give the base. */
	oops = variant("ffffb3a5001a3000", NOT_PRESENT,
		       "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 800ffffffd91f020\n", &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_NOT_DIRECT_MAP);
	ck_assert(!oops->has_pfn && !oops->removed);
	/* The kernel's image does not give it either, although the difference may be aligned. */
	oops = variant("ffffffff81001000", "0x0003) - permissions violation",
		       "PGD 1067 P4D 1067 PUD 2063 PMD 10001a1 \n", &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_NOT_DIRECT_MAP);
	ck_assert_int_eq(oops->kind, GMEM_OOPS_PERMISSION);
	/* The last entry is a table, so the rest was lost. */
	oops = variant("ffff8aa5026e0000", NOT_PRESENT, "PGD 1067 P4D 1067 PUD 2067 \n", &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_NO_WALK);
	ck_assert_ptr_null(oops->level);
	oops = variant("ffff8aa5026e0000", NOT_PRESENT, "", &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_NO_WALK);
	/*
	 * SME's bit is not part of the frame: it keeps its value when the other bits are inverted.
	 */
	oops = variant("ffff8aa5026e0000", "0x0003) - permissions violation",
		       "PGD 800001067 P4D 800001067 PUD 800000002067 PMD 800000003067 "
		       "PTE 80008000026e0161\n",
		       &found);
	ck_assert_uint_eq(oops->pfn, 0x26e0);
	ck_assert_uint_eq(oops->notes, 0);
	/* Four levels map 64 TiB: a number above that is not a page frame. */
	oops = variant("ffff8aa5026e0000", NOT_PRESENT,
		       "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 800f7ffffd91f020\n", &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_NOT_DIRECT_MAP);
	ck_assert(!oops->has_pfn && !oops->base);
}
END_TEST

/* Only the page frame or the path shows that an address is in the direct map. */
START_TEST(address_outside_the_direct_map)
{
	static const char empty[] = "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 0\n";
	struct found found;
	const struct gmem_oops *oops = variant("ffffb3a5001a3000", NOT_PRESENT, empty, &found);
	char text[8192];

	ck_assert_int_eq(oops->kind, GMEM_OOPS_NOT_PRESENT);
	ck_assert_int_eq(oops->direct_map, GMEM_DIRECT_MAP_UNKNOWN);
	oops = variant("ffff8aa5026e0000", NOT_PRESENT, "", &found);
	ck_assert_int_eq(oops->direct_map, GMEM_DIRECT_MAP_UNKNOWN);
	oops = read_one(X86_HEADER X86_READ X86_DIE
			"RIP: 0010:clflush_cache_range+0x1/0x2\nCall Trace:\n"
			" tdh_mem_page_add+0x1/0x2\n---[ end trace 0 ]---\n",
			&found);
	ck_assert(!oops->has_pfn);
	ck_assert_int_eq(oops->direct_map, GMEM_DIRECT_MAP_UNMAPPED);
	/* A vmalloc address. The fault before has given the base of the direct map. */
	snprintf(text, sizeof(text),
		 X86_ADD "BUG: unable to handle page fault for address: ffffb3a5001a3000\n" X86_READ
			 "%s---[ end trace 0 ]---\n",
		 empty);
	read_text(text, &found);
	ck_assert_uint_eq(found.n, 2);
	ck_assert(!found.oopses[1].has_pfn);
	ck_assert_uint_eq(found.oopses[1].notes, GMEM_OOPS_EMPTY_ENTRY);
	ck_assert_int_eq(found.oopses[1].direct_map, GMEM_DIRECT_MAP_UNKNOWN);
}
END_TEST

/*
 * A trace names a path that touches the direct map, but the address is not in it:
 * one of the two is wrong.
 */
START_TEST(no_path_outside_the_direct_map)
{
	static const struct {
		const char *address, *entry;
		bool known;
	} cases[] = {
		{ "ffff8aa5026e0000", "800ffffffd91f020", true },
		{ "ffffb3a5001a3c60", "800ffffffd91f020", false },
		{ "ffffffffc0400000", "0", false },
		/* With KASLR the direct map may be there, or not. */
		{ "ffffb3a5001a3c60", "0", true },
	};
	struct found found;
	char text[4096];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gmem_oops *oops;

		snprintf(text, sizeof(text),
			 "BUG: unable to handle page fault for address: %s\n" X86_READ
			 "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE %s\n" X86_DIE
			 "RIP: 0010:clflush_cache_range+0x1/0x2\nCall Trace:\n"
			 " tdh_mem_page_add+0x1/0x2\n tdx_vcpu_init_mem_region+0x1/0x2\n"
			 "---[ end trace 0 ]---\n",
			 cases[i].address, cases[i].entry);
		oops = read_one(text, &found);
		ck_assert_msg(!!oops->path == cases[i].known, "%s", cases[i].address);
		ck_assert_int_eq(!!oops->page, cases[i].known);
		ck_assert_int_eq(oops->direct_map, cases[i].known ? GMEM_DIRECT_MAP_UNMAPPED
								  : GMEM_DIRECT_MAP_UNKNOWN);
		ck_assert_str_eq(oops->step, "KVM_TDX_INIT_MEM_REGION");
		ck_assert_int_eq(!(oops->notes & GMEM_OOPS_NOT_DIRECT_MAP), cases[i].known);
	}
}
END_TEST

START_TEST(shapes_of_removed_entries)
{
	static const struct {
		const char *entry, *removed;
	} cases[] = {
		{ "800ffffffd91f020", "set_direct_map_invalid_noflush" },
		{ "800ffffffd91f062", "set_memory_np" },
		{ "800ffffffd91f162", "KFENCE" },
		{ "800ffffffd91f060", NULL },
	};
	struct found found;
	char walk[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gmem_oops *oops;

		snprintf(walk, sizeof(walk), "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE %s\n",
			 cases[i].entry);
		oops = variant("ffff8aa5026e0000", NOT_PRESENT, walk, &found);
		ck_assert_uint_eq(oops->pfn, 0x26e0);
		ck_assert(!oops->removed == !cases[i].removed);
		if (oops->removed)
			ck_assert_int_eq(
				strncmp(oops->removed, cases[i].removed, strlen(cases[i].removed)),
				0);
	}
}
END_TEST

START_TEST(kinds_of_faults)
{
	static const struct {
		const char *address, *code;
		enum gmem_oops_kind kind;
		enum gmem_oops_access access;
		enum gmem_direct_map direct_map;
	} cases[] = {
		{ "ffff8aa5026e0000", "0x0002) - not-present page", GMEM_OOPS_NOT_PRESENT,
		  GMEM_OOPS_ACCESS_WRITE, GMEM_DIRECT_MAP_UNMAPPED },
		{ "ffff8aa5026e0000", "0x0010) - not-present page", GMEM_OOPS_NOT_PRESENT,
		  GMEM_OOPS_ACCESS_EXECUTE, GMEM_DIRECT_MAP_UNMAPPED },
		{ "ffff8aa5026e0000", "0x0003) - permissions violation", GMEM_OOPS_PERMISSION,
		  GMEM_OOPS_ACCESS_WRITE, GMEM_DIRECT_MAP_MAPPED },
		{ "ffff8aa5026e0000", "0x80000003) - RMP violation", GMEM_OOPS_RMP,
		  GMEM_OOPS_ACCESS_WRITE, GMEM_DIRECT_MAP_MAPPED },
		{ "ffff8aa5026e0000", "0x0009) - reserved bit violation", GMEM_OOPS_RESERVED,
		  GMEM_OOPS_ACCESS_READ, GMEM_DIRECT_MAP_UNKNOWN },
		{ "0000000000000018", "0x0000) - not-present page", GMEM_OOPS_NULL,
		  GMEM_OOPS_ACCESS_READ, GMEM_DIRECT_MAP_UNKNOWN },
		{ "00007fff12345678", "0x0001) - permissions violation", GMEM_OOPS_USER,
		  GMEM_OOPS_ACCESS_READ, GMEM_DIRECT_MAP_UNKNOWN },
	};
	struct found found;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gmem_oops *oops = variant(
			cases[i].address, cases[i].code,
			cases[i].kind == GMEM_OOPS_NOT_PRESENT
				? X86_WALK
				: "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 80000000026e0161\n",
			&found);

		ck_assert_int_eq(oops->kind, cases[i].kind);
		ck_assert_int_eq(oops->access, cases[i].access);
		ck_assert_int_eq(oops->direct_map, cases[i].direct_map);
		ck_assert(oops->has_pfn == (oops->kind < GMEM_OOPS_NULL));
	}
}
END_TEST

/* An RMP violation names its page frame. The entry must agree. */
START_TEST(rmp_violation_names_its_page)
{
	struct found found;
	const struct gmem_oops *oops;

	oops = variant("ffff8aa5026e0000", "0x80000003) - RMP violation",
		       "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 80000000026e0163\n"
		       "PFN 0x26e0, RMP entry: [0x0000000000000001 - 0x0000000000000002]\n",
		       &found);
	ck_assert(oops->has_pfn);
	ck_assert_uint_eq(oops->pfn, 0x26e0);
	ck_assert_uint_eq(oops->notes, 0);
	oops = variant("ffff8aa5026e0000", "0x80000003) - RMP violation",
		       "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 80000000026e0163\n"
		       "PFN 0x26e1, RMP entry: [0x0000000000000001 - 0x0000000000000002]\n",
		       &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_PFN_DIFFERS);
	oops = variant("ffff8aa5026e0000", "0x80000003) - RMP violation",
		       "PFN 0x26e1, RMP entry: [0x0000000000000001 - 0x0000000000000002]\n",
		       &found);
	ck_assert_uint_eq(oops->pfn, 0x26e1);
}
END_TEST

/* Linux 6.1: no UID, one "Oops:", and the sentence for NULL. */
START_TEST(text_of_linux_6_1)
{
	struct found found;
	const struct gmem_oops *oops =
		read_one(X86_HEADER X86_READ X86_WALK
			 "Oops: 0000 [#1] PREEMPT SMP PTI\n"
			 "CPU: 3 PID: 77 Comm: kworker/3:1 Tainted: G    B   W  OE"
			 "      6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
			 "RIP: 0010:clflush_cache_range+0x1/0x2\n" X86_REGISTERS
			 " sev_gmem_invalidate+0x1/0x2 [kvm_amd]\n" X86_END,
			 &found);

	ck_assert_str_eq(oops->command, "kworker/3:1");
	ck_assert_str_eq(oops->release, "6.1.0-28-amd64");
	ck_assert_str_eq(oops->path->name, "snp-reclaim");
	ck_assert_uint_eq(oops->notes, 0);
	oops = read_one("BUG: kernel NULL pointer dereference, address: 0000000000000040\n" X86_READ
			"PGD 0 P4D 0 \n" X86_DIE X86_END,
			&found);
	ck_assert_int_eq(oops->kind, GMEM_OOPS_NULL);
}
END_TEST

/* A user may choose the name of a thread freely. */
START_TEST(names_of_threads_are_only_text)
{
	struct found found;
	const struct gmem_oops *oops =
		read_one(X86_HEADER X86_READ
			 "CPU: 0 UID: 0 PID: 9 Comm: Not tainted x Not tainted 7.3.4 #1\n" X86_END,
			 &found);

	ck_assert_str_eq(oops->command, "Not tainted x");
	ck_assert_str_eq(oops->release, "7.3.4");
	/* A name that looks like the prefix of a line, with a line after it. */
	oops = read_one("Nov 29 10:12:46 a-host kernel: " X86_HEADER X86_READ
			"PGD 1067 P4D 1067 PUD 2067 PMD 800ffffffd9ff020\n"
			"CPU: 0 UID: 0 PID: 9 Comm: x kernel: PTE 0 Not tainted 7.3.4 #1\n" X86_END,
			&found);
	ck_assert_str_eq(oops->command, "x kernel: PTE 0");
	ck_assert_str_eq(oops->level, "2M");
}
END_TEST

#define ARM_HEADER "Unable to handle kernel paging request at virtual address ffff000004f85000\n"
#define ARM_ABORT                                        \
	"Mem abort info:\n"                              \
	"  ESR = 0x0000000096000007\n"                   \
	"  EC = 0x25: DABT (current EL), IL = 32 bits\n" \
	"  FSC = 0x07: level 3 translation fault\n"      \
	"Data abort info:\n"                             \
	"  CM = 0, WnR = 0, TnD = 0, TagAccess = 0\n"
#define ARM_WALK                                                          \
	"swapper pgtable: 4k pages, 48-bit VAs, pgdp=0000000043a7d000\n"  \
	"[ffff000004f85000] pgd=0000000000000000, p4d=180000007ffff403, " \
	"pud=180000007fffe403, pmd=180000007ffd9403, pte=00e8000044f85f06\n"
#define ARM_DIE                                              \
	"Internal error: Oops: 0000000096000007 [#1]  SMP\n" \
	"CPU: 0 UID: 0 PID: 1 Comm: init Not tainted 7.3.4+deb13-arm64 #1\n"
#define ARM_PC(name)                               \
	"pstate: 20000005 (nzCv daif -PAN -UAO)\n" \
	"pc : " name "+0x10/0x40\n"                \
	"lr : something+0x1/0x2\n"                 \
	"x29: ffff80008000bb10 x28: ffff000003aa0000 x27: fffffdffc013e140\n"
#define ARM_TRACE(name)                     \
	"Call trace:\n"                     \
	" " name "+0x10/0x40 (P)\n"         \
	" user_mem_abort+0x1/0x2\n"         \
	" kvm_handle_guest_abort+0x1/0x2\n" \
	"Code: d503201f (d50b7e20)\n"       \
	"---[ end trace 0000000000000000 ]---\n"

START_TEST(every_value_of_arm64)
{
	struct found found;
	const struct gmem_oops *oops =
		read_one(ARM_HEADER ARM_ABORT ARM_WALK ARM_DIE ARM_PC("dcache_clean_inval_poc")
				 ARM_TRACE("stage2_map_walker_try_leaf"),
			 &found);

	ck_assert_str_eq(oops->machine, "arm64");
	ck_assert_int_eq(oops->kind, GMEM_OOPS_NOT_PRESENT);
	ck_assert_int_eq(oops->access, GMEM_OOPS_ACCESS_READ);
	ck_assert_str_eq(oops->level, "4K");
	ck_assert_uint_eq(oops->pfn, 0x44f85);
	ck_assert_uint_eq(oops->base, 0xfffeffffc0000000);
	ck_assert_str_eq(oops->witness, "x27");
	ck_assert_str_eq(oops->path->name, "stage2-map");
	ck_assert_str_eq(oops->step, "KVM_RUN");
	ck_assert_int_eq(strncmp(oops->removed, "set_direct_map_invalid_noflush", 30), 0);
	ck_assert_uint_eq(oops->notes, 0);
}
END_TEST

/*
 * LPA2: bits 51 and 50 of the frame are bits 9 and 8; 64K pages: bits 51 to 48 are bits 15 to 12.
 */
START_TEST(arm64_entries_to_page_frames)
{
	static const struct {
		const char *address, *pages, *entry;
		uint64_t pfn, base, page_size;
		const char *level;
	} cases[] = {
		{ "fff0000004f89000", "4k pages, 52-bit VAs", "pte=00e8000044f89c06", 0x44f89,
		  0xffefffffc0000000, 4096, "4K" },
		{ "fff4000004f89000", "4k pages, 52-bit VAs", "pte=00e8000044f89d06", 0x4000044f89,
		  0xffefffffc0000000, 4096, "4K" },
		{ "fff1000004f80000", "64k pages, 52-bit VAs", "pte=00e8000044f81c06",
		  0x1000000044f8, 0, 65536, "64K" },
		{ "ffff000004e01000", "4k pages, 48-bit VAs", "pmd=00e8000044e00f04", 0x44e01,
		  0xfffeffffc0000000, 4096, "2M" },
		/* Android, then 16K pages. */
		{ "ffffff8004f85000", "4k pages, 39-bit VAs", "pte=00e8000044f85f06", 0x44f85,
		  0xffffff7fc0000000, 4096, "4K" },
		{ "ffff800004f84000", "16k pages, 47-bit VAs", "pte=00e8000044f84f06", 0x113e1,
		  0xffff7fffc0000000, 16384, "16K" },
	};
	struct found found;
	char text[4096];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gmem_oops *oops;

		snprintf(text, sizeof(text),
			 "Unable to handle kernel paging request at virtual address %s\n"
			 "ESR = 0x0000000096000007\nswapper pgtable: %s, pgdp=0000000043a7d000\n"
			 "[%s] pgd=180000007ffff403, %s\n---[ end trace 0 ]---\n",
			 cases[i].address, cases[i].pages, cases[i].address, cases[i].entry);
		oops = read_one(text, &found);
		ck_assert_str_eq(oops->level, cases[i].level);
		ck_assert_uint_eq(oops->page_size, cases[i].page_size);
		if (!cases[i].base)
			continue;
		ck_assert_uint_eq(oops->pfn, cases[i].pfn);
		ck_assert_uint_eq(oops->base, cases[i].base);
	}
}
END_TEST

/* The upper half of the addresses has vmalloc and the kernel's image, wherever they begin. */
START_TEST(arm64_line_is_missing)
{
	static const char *const cases[][2] = {
		{ "ffffffc004f85000", "4k pages, 39-bit VAs" },
		{ "ffffc00004f84000", "16k pages, 47-bit VAs" },
		{ "ffff800004f85000", "4k pages, 48-bit VAs" },
		{ "ffff800004f85000", "4k pages, 52-bit VAs" },
		{ "fffe000004f85000", "4k pages, 48-bit VAs" },
		{ "ffffc00004f84000", "16k pages, 52-bit VAs" },
	};
	struct found found;
	char text[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			 "Unable to handle kernel paging request at virtual address %s\n"
			 "ESR = 0x0000000096000007\nswapper pgtable: %s, pgdp=0000000043a7d000\n"
			 "[%s] pgd=180000007ffff403, pte=00e8000044f85f06\n---[ end trace 0 ]---\n",
			 cases[i][0], cases[i][1], cases[i][0]);
		ck_assert_uint_eq(read_one(text, &found)->notes, GMEM_OOPS_NOT_DIRECT_MAP);
		/* An empty entry, after a fault that gave the base. */
		snprintf(
			text, sizeof(text),
			"Unable to handle kernel paging request at virtual address ffffff8004f85000\n"
			"ESR = 0x0000000096000007\nswapper pgtable: 4k pages, 39-bit VAs, pgdp=1\n"
			"[ffffff8004f85000] pgd=180000007ffff403, pte=00e8000044f85f06\n"
			"---[ end trace 0 ]---\n"
			"Unable to handle kernel paging request at virtual address %s\n"
			"ESR = 0x0000000096000007\nswapper pgtable: %s, pgdp=0000000043a7d000\n"
			"[%s] pgd=180000007ffff403, pte=0000000000000000\n---[ end trace 0 ]---\n",
			cases[i][0], cases[i][1], cases[i][0]);
		read_text(text, &found);
		ck_assert_uint_eq(found.n, 2);
		ck_assert(found.oopses[0].base && !found.oopses[1].has_pfn);
	}
}
END_TEST

START_TEST(arm64_kinds_of_faults)
{
	static const struct {
		const char *words, *esr;
		enum gmem_oops_kind kind;
		enum gmem_oops_access access;
	} cases[] = {
		{ "paging request", "96000147", GMEM_OOPS_NOT_PRESENT, GMEM_OOPS_ACCESS_CACHE },
		{ "paging request", "96000047", GMEM_OOPS_NOT_PRESENT, GMEM_OOPS_ACCESS_WRITE },
		{ "write to read-only memory", "9600004f", GMEM_OOPS_PERMISSION,
		  GMEM_OOPS_ACCESS_WRITE },
		{ "execute from non-executable memory", "8600000f", GMEM_OOPS_PERMISSION,
		  GMEM_OOPS_ACCESS_EXECUTE },
		{ "access to hypervisor-protected memory", "96000087", GMEM_OOPS_PROTECTED,
		  GMEM_OOPS_ACCESS_READ },
		{ "NULL pointer dereference", "96000004", GMEM_OOPS_NULL, GMEM_OOPS_ACCESS_READ },
		{ "paging request", "96000021", GMEM_OOPS_UNKNOWN, GMEM_OOPS_ACCESS_READ },
	};
	struct found found;
	char text[4096];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gmem_oops *oops;

		snprintf(text, sizeof(text),
			 "Unable to handle kernel %s at virtual address ffff000004f85000\n"
			 "Internal error: Oops: %s [#1] SMP\n---[ end trace 0 ]---\n",
			 cases[i].words, cases[i].esr);
		oops = read_one(text, &found);
		ck_assert_int_eq(oops->kind, cases[i].kind);
		ck_assert_int_eq(oops->access, cases[i].access);
	}
}
END_TEST

/*
 * Half an oops: if a line is missing, its values are unknown, and nothing else replaces them.
 */
START_TEST(a_line_is_missing)
{
	struct found whole, found;
	const char *text = X86_ADD;
	size_t ends = (size_t)(strstr(text, "---[ end ") - text);

	read_text(text, &whole);
	/* The text lacks its end. */
	for (size_t length = 0; length <= ends; length++) {
		read_pieces(text, length, length + 1, &found);
		ck_assert_uint_le(found.n, 1);
		if (!found.n)
			continue;
		ck_assert(found.oopses[0].notes & GMEM_OOPS_CUT_OFF);
		ck_assert_str_eq(found.oopses[0].machine, "x86-64");
		ck_assert(!found.oopses[0].has_pfn || found.oopses[0].pfn == 0x26e0);
		if (found.oopses[0].path)
			ck_assert_str_eq(found.oopses[0].path->name, "tdx-page-add");
	}
	/* The text lacks its beginning. */
	for (const char *at = strchr(text, '\n'); at; at = strchr(at + 1, '\n')) {
		read_text(at + 1, &found);
		ck_assert_uint_le(found.n, 1);
		if (!found.n)
			continue;
		ck_assert(found.oopses[0].notes & GMEM_OOPS_CUT_OFF);
		ck_assert_uint_eq(found.oopses[0].kind, GMEM_OOPS_NOT_PRESENT);
		ck_assert_uint_eq(found.oopses[0].address, whole.oopses[0].address);
		ck_assert_str_eq(found.oopses[0].path->name, "tdx-page-add");
	}
}
END_TEST

/* If only the line of the walk, or that of the code, is missing, the other values are right. */
START_TEST(walk_or_code_is_missing)
{
	struct found found;
	const struct gmem_oops *oops;

	oops = read_one(X86_HEADER X86_WALK "---[ end trace 0 ]---\n", &found);
	ck_assert_int_eq(oops->kind, GMEM_OOPS_NOT_PRESENT);
	ck_assert_int_eq(oops->access, GMEM_OOPS_ACCESS_UNKNOWN);
	oops = read_one(X86_HEADER X86_READ "** 12 printk messages dropped **\n" X86_END, &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_CUT_OFF | GMEM_OOPS_NO_WALK);
	/* The second oops begins before the first one has ended. */
	read_text(X86_HEADER X86_READ X86_ADD, &found);
	ck_assert_uint_eq(found.n, 2);
	ck_assert_uint_eq(found.oopses[0].notes, GMEM_OOPS_CUT_OFF | GMEM_OOPS_NO_WALK);
	ck_assert_uint_eq(found.oopses[1].notes, 0);
	/* A new boot ends an unfinished oops. */
	read_text(X86_HEADER "Linux version 7.3.4\n" X86_WALK, &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_uint_eq(found.oopses[0].notes, GMEM_OOPS_CUT_OFF | GMEM_OOPS_NO_WALK);
	/* There are only the walk, and the address with the registers. */
	oops = read_one(X86_WALK X86_REGISTERS " tdh_mem_page_add+0x1/0x2\n" X86_END, &found);
	ck_assert_uint_eq(oops->pfn, 0x26e0);
	ck_assert_int_eq(oops->kind, GMEM_OOPS_NOT_PRESENT);
}
END_TEST

/* Lines of two threads in turn: each line names its thread. */
START_TEST(interleaved_oopses_with_callers)
{
	static const char first[] = X86_ADD;
	static const char second[] =
		ARM_HEADER ARM_ABORT ARM_WALK ARM_DIE ARM_PC("dcache_clean_inval_poc")
			ARM_TRACE("stage2_unmap_walker");
	const char *a = first, *b = second;
	struct found found;
	char text[16384];
	size_t used = 0;

	while (*a || *b) {
		size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

		if (*a)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "[ 1.0][ T412] %.*s\n", (int)n, a);
		if (*b)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "[ 1.0][   C1] %.*s\n", (int)m, b);
		a += n + (*a != '\0');
		b += m + (*b != '\0');
	}
	read_text(text, &found);
	ck_assert_uint_eq(found.n, 2);
	for (size_t i = 0; i < 2; i++)
		ck_assert_uint_eq(found.oopses[i].notes, 0);
	ck_assert_str_eq(found.oopses[0].path->name,
			 found.oopses[0].line == 1 ? "tdx-page-add" : "stage2-unmap");
	ck_assert_str_eq(found.oopses[1].path->name,
			 found.oopses[1].line == 1 ? "tdx-page-add" : "stage2-unmap");
}
END_TEST

/* arm64 without names: only lines with the address can be assigned. */
START_TEST(interleaved_oopses_without_callers)
{
	struct found found;

	read_text(
		strcat(strcpy((char[8192]){ 0 }, ARM_HEADER),
		       "Unable to handle kernel paging request at virtual address ffff000004f99000\n" ARM_ABORT
			       ARM_WALK ARM_DIE ARM_PC("dcache_clean_inval_poc")
				       ARM_TRACE("stage2_unmap_walker")),
		&found);
	ck_assert_uint_eq(found.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct gmem_oops *oops = &found.oopses[i];

		ck_assert(oops->notes & GMEM_OOPS_INTERLEAVED);
		ck_assert(!oops->path && !*oops->function && !oops->has_pid);
		ck_assert_int_eq(oops->has_pfn, oops->address == 0xffff000004f85000);
		if (oops->has_pfn)
			ck_assert_uint_eq(oops->pfn, 0x44f85);
	}
}
END_TEST

START_TEST(contradictions_are_noted)
{
	struct found found;
	const struct gmem_oops *oops;

	oops = read_one(X86_HEADER "#PF: supervisor write access in kernel mode\n"
				   "#PF: error_code(0x0000) - not-present page\n" X86_WALK X86_END,
			&found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_CODE_DIFFERS);
	oops = read_one(X86_HEADER X86_READ X86_WALK "Oops: Oops: 0003 [#1] SMP\n" X86_END, &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_CODE_DIFFERS);
	ck_assert_int_eq(oops->kind, GMEM_OOPS_NOT_PRESENT);
	oops = read_one(X86_HEADER X86_READ X86_WALK X86_DIE "CR2: ffff8aa5026e1000 CR3: 0\n"
							     "---[ end trace 0 ]---\n",
			&found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_ADDRESS_DIFFERS);
	ck_assert_uint_eq(oops->pfn, 0x26e0);
	/*
	 * The CPU found the page not present, but it was present when the kernel printed the entry.
	 */
	oops = variant("ffff8aa5026e0000", NOT_PRESENT,
		       "PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 80000000026e0163\n", &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_MAPPED_AGAIN);
	ck_assert_uint_eq(oops->pfn, 0x26e0);
	/* The reverse: nothing tells the state that the fault found. */
	oops = variant("ffff8aa5026e0000", "0x0003) - permissions violation", X86_WALK, &found);
	ck_assert_uint_eq(oops->notes, GMEM_OOPS_UNMAPPED_SINCE);
	ck_assert_int_eq(oops->direct_map, GMEM_DIRECT_MAP_MAPPED);
	ck_assert_uint_eq(oops->pfn, 0x26e0);
}
END_TEST

/*
 * An empty entry has no frame. But the fault before it gave the base, unless there
 * was a boot between them.
 */
START_TEST(base_of_an_earlier_fault)
{
	static const char empty[] =
		"BUG: unable to handle page fault for address: ffff8aa5026e3000\n" X86_READ
		"PGD 1067 P4D 1067 PUD 2067 PMD 3067 PTE 0\n"
		"---[ end trace 0 ]---\n";
	struct found found;
	char text[8192];

	snprintf(text, sizeof(text), "%s%s", X86_ADD, empty);
	read_text(text, &found);
	ck_assert_uint_eq(found.n, 2);
	ck_assert_uint_eq(found.oopses[1].notes, GMEM_OOPS_EMPTY_ENTRY | GMEM_OOPS_BY_EARLIER);
	ck_assert_uint_eq(found.oopses[1].pfn, 0x26e3);
	snprintf(text, sizeof(text), "%sLinux version 7.3.4\n%s", X86_ADD, empty);
	read_text(text, &found);
	ck_assert_uint_eq(found.oopses[1].notes, GMEM_OOPS_EMPTY_ENTRY);
	ck_assert(!found.oopses[1].has_pfn);
}
END_TEST

START_TEST(unreliable_trace)
{
	struct found found;
	const struct gmem_oops *oops =
		read_one(X86("clflush_cache_range", " ? tdh_mem_page_add+0x1/0x2\n"), &found);

	ck_assert_uint_eq(oops->notes, GMEM_OOPS_UNRELIABLE);
	ck_assert_str_eq(oops->path->name, "tdx-page-add");
}
END_TEST

START_TEST(other_machines_are_named)
{
	static const struct {
		const char *text, *machine;
	} cases[] = {
		{ "Unable to handle kernel paging request at virtual address ff60000001000000\n"
		  "Oops [#1]\nepc : memcpy+0x1/0x2\n",
		  "riscv" },
		{ "BUG: Unable to handle kernel data access on read at 0xc000000001000000\n",
		  "powerpc" },
		{ "Unable to handle kernel pointer dereference in virtual kernel address space\n",
		  "s390" },
		{ "8<--- cut here ---\nUnable to handle kernel paging request at virtual address "
		  "c1000000 when read\n",
		  NULL },
		{ "Unable to handle kernel paging request at virtual address c1000000\n", "arm" },
		{ "BUG: unable to handle page fault for address: c1000000\n", "x86-32" },
		{ "CPU 0 Unable to handle kernel paging request at virtual address "
		  "0000000000000000, era == 9000000000221000, ra == 9000000000221000\n",
		  "loongarch" },
	};
	struct found found;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!cases[i].machine)
			continue;
		const struct gmem_oops *oops = read_one(cases[i].text, &found);

		ck_assert_str_eq(oops->machine, cases[i].machine);
		ck_assert_uint_eq(oops->notes, GMEM_OOPS_OTHER_MACHINE);
		ck_assert(!oops->has_pfn && !oops->path && !oops->kind);
	}
}
END_TEST

/* Oopses that are not page faults. */
START_TEST(oopses_that_are_no_page_faults)
{
	struct found found;

	read_text(
		"Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]\n"
		"RIP: 0010:memcpy+0x1/0x2\nCR2: ffff8aa5026e0000\n---[ end trace 0 ]---\n"
		"Internal error: Oops - BUG: 00000000f2000800 [#1] SMP\n"
		"WARNING: CPU: 0 PID: 1 at mm/memory.c:1 foo+0x1/0x2\n"
		"PGD is a word\n#PF: none\n[ffff] pgd=1\nOops: \nUnable to handle kernel\n",
		&found);
	ck_assert_uint_eq(found.n, 0);
	ck_assert_uint_eq(found.counts.others, 2);
	ck_assert_uint_eq(found.counts.lines, 11);
}
END_TEST

/* Zero bytes, colours, and a missing end of line. */
START_TEST(zero_bytes_and_colours)
{
	static const char text[] = "\0\0\0" X86_ADD "\0\0 no newline at the end \0";
	struct found found, whole;

	read_text(X86_ADD, &whole);
	read_pieces(text, sizeof(text), sizeof(text), &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_mem_eq(&found.oopses[0], &whole.oopses[0], sizeof(whole.oopses[0]));
	ck_assert_uint_eq(found.counts.zeros, 7);
}
END_TEST

/* A line of 64 MiB is read to its end without more memory. */
START_TEST(long_line)
{
	static char piece[1 << 20];
	struct found found = { .n = 0 };
	struct gmem_oops_log *log;

	memset(piece, 'x', sizeof(piece));
	ck_assert_int_eq(gmem_oops_new(keep, &found, &log), 0);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(gmem_oops_feed(log, piece, sizeof(piece)), 0);
	ck_assert_int_eq(gmem_oops_feed(log, "\n" X86_ADD, sizeof("\n" X86_ADD) - 1), 0);
	ck_assert_int_eq(gmem_oops_end(log), 0);
	found.counts.size = sizeof(found.counts);
	ck_assert_int_eq(gmem_oops_get_counts(log, &found.counts), 0);
	gmem_oops_free(log);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_uint_eq(found.oopses[0].line, 2);
	ck_assert_uint_eq(found.counts.long_lines, 1);
}
END_TEST

/*
 * pstore: the numbers of a dump's parts count down. A part that does not continue
 * the last one ends the oops.
 */
START_TEST(parts_of_pstore)
{
	struct found found;

	read_text("Oops#1 Part2\n" X86_HEADER X86_READ "Oops#1 Part1\n" X86_WALK X86_END, &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_uint_eq(found.oopses[0].pfn, 0x26e0);
	ck_assert_uint_eq(found.oopses[0].notes, 0);
	read_text("Oops#1 Part1\n" X86_HEADER X86_READ "Oops#1 Part2\n" X86_WALK, &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert(!found.oopses[0].has_pfn);
	ck_assert(found.oopses[0].notes & GMEM_OOPS_CUT_OFF);
}
END_TEST

/* More oopses are open at once than there is room for: the oldest one ends. */
START_TEST(many_oopses_at_once)
{
	struct found found;
	char text[8192];
	size_t used = 0;

	for (int i = 0; i < 12; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "[ 1.0][ T%d] %s", i + 1,
					 X86_HEADER);
	read_text(text, &found);
	ck_assert_uint_eq(found.n, 12);
	for (size_t i = 0; i < 12; i++)
		ck_assert_uint_eq(found.oopses[i].line, i + 1);
}
END_TEST

static int stop(const struct gmem_oops *oops, void *arg)
{
	(void)oops;
	return ++*(int *)arg;
}

START_TEST(callback_stops)
{
	struct gmem_oops_log *log;
	int called = 0;

	ck_assert_int_eq(gmem_oops_new(NULL, NULL, &log), -EINVAL);
	ck_assert_int_eq(gmem_oops_new(stop, &called, &log), 0);
	ck_assert_int_eq(gmem_oops_feed(log, X86_ADD X86_ADD, sizeof(X86_ADD X86_ADD) - 1), 1);
	ck_assert_int_eq(called, 1);
	gmem_oops_free(log);
	gmem_oops_free(NULL);
}
END_TEST

/* Lines of rmpupdate(): no page faults, wherever they stand. A line that is cut off has no number.
 */
START_TEST(failures_of_rmpupdate)
{
	static const char line[] = "SEV-SNP: RMPUPDATE failed for PFN 84f35, pg_level: 1, ret: 5\n";
	struct found found;
	char text[4096];

	read_text(line, &found);
	ck_assert_uint_eq(found.n, 0);
	ck_assert_uint_eq(found.counts.others, 0);
	ck_assert_uint_eq(found.counts.rmp_failures, 1);
	ck_assert_uint_eq(found.counts.rmp_line, 1);
	ck_assert_uint_eq(found.counts.rmp_pfn, 0x84f35);
	/* The first of several, in the middle of an oops of another CPU. */
	snprintf(text, sizeof(text), X86_HEADER "<3>[   12.3] %sRMPUPDATE failed for PFN 1, x\n%s",
		 line, strchr(X86_ADD, '\n') + 1);
	read_text(text, &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_uint_eq(found.oopses[0].pfn, 0x26e0);
	ck_assert_uint_eq(found.counts.rmp_failures, 2);
	ck_assert_uint_eq(found.counts.rmp_line, 2);
	ck_assert_uint_eq(found.counts.rmp_pfn, 0x84f35);
	read_text("SEV-SNP: RMPUPDATE failed for PFN 84f", &found);
	ck_assert_uint_eq(found.counts.rmp_failures, 0);
	read_text("SEV-SNP: RMPUPDATE failed for PFN 84f35x, pg_level: 1\n"
		  "SEV-SNP: RMPUPDATE failed for PFN , pg_level: 1\n"
		  "SEV-SNP: RMPUPDATE failed for PFN 84f3512345678901234, pg_level: 1\n"
		  "see SEV-SNP: RMPUPDATE failed for PFN 84f35, pg_level: 1\n",
		  &found);
	ck_assert_uint_eq(found.counts.rmp_failures, 0);
}
END_TEST

/* The words have no kernel address, and there are always some words. */
START_TEST(sentence_without_an_address)
{
	struct found found;
	char text[2048], small[8];

	read_text(X86_ADD, &found);
	ck_assert_int_gt(gmem_oops_describe(&found.oopses[0], text, sizeof(text)), 20);
	ck_assert_ptr_null(strstr(text, "ffff"));
	ck_assert_ptr_nonnull(strstr(text, "PFN 0x26e0"));
	ck_assert_int_eq(gmem_oops_describe(&found.oopses[0], small, sizeof(small)),
			 (int)strlen(text));
	ck_assert_uint_eq(strlen(small), sizeof(small) - 1);
	ck_assert_int_eq(gmem_oops_describe(&found.oopses[0], NULL, 0), (int)strlen(text));
	for (int kind = 0; kind <= GMEM_OOPS_USER; kind++) {
		struct gmem_oops oops = { .size = sizeof(oops),
					  .kind = (enum gmem_oops_kind)kind,
					  .notes = 0x3fff };

		oops.notes &= ~(unsigned int)GMEM_OOPS_OTHER_MACHINE;
		ck_assert_int_gt(gmem_oops_describe(&oops, text, sizeof(text)), 20);
		ck_assert_ptr_nonnull(gmem_oops_advice(&oops));
		ck_assert_ptr_nonnull(gmem_oops_kind_name(oops.kind));
	}
	for (unsigned int bit = 0; bit < 14; bit++)
		ck_assert_ptr_nonnull(gmem_oops_note_text(bit));
	ck_assert_ptr_null(gmem_oops_note_text(14));
	ck_assert_ptr_null(gmem_oops_access_name(GMEM_OOPS_ACCESS_UNKNOWN));
}
END_TEST

UNIT_MAIN("oops", every_value_of_x86, text_in_pieces, prefixes_of_log_lines,
	  json_of_journalctl_and_docker, json_messages, text_that_looks_like_a_prefix, every_path,
	  paths_have_traces, steps_from_the_trace, levels_of_removed_entries,
	  address_outside_the_direct_map, no_path_outside_the_direct_map, shapes_of_removed_entries,
	  kinds_of_faults, rmp_violation_names_its_page, text_of_linux_6_1,
	  names_of_threads_are_only_text, every_value_of_arm64, arm64_entries_to_page_frames,
	  arm64_line_is_missing, arm64_kinds_of_faults, a_line_is_missing, walk_or_code_is_missing,
	  interleaved_oopses_with_callers, interleaved_oopses_without_callers,
	  contradictions_are_noted, base_of_an_earlier_fault, unreliable_trace,
	  other_machines_are_named, oopses_that_are_no_page_faults, zero_bytes_and_colours,
	  long_line, parts_of_pstore, many_oopses_at_once, callback_stops, failures_of_rmpupdate,
	  sentence_without_an_address)
