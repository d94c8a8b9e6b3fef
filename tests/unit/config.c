// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's configuration, compressed and plain, and the values of /proc/cpuinfo. */
#include "unit.h"

#include <zlib.h>

#include "procfs/cpuinfo.h"
#include "procfs/config.h"
#include "served.h"

static const char text[] = "#\n# Linux/x86\n#\nCONFIG_KVM=y\n# CONFIG_KVM_AMD_SEV is not set\n"
			   "CONFIG_KVM_INTEL_TDX_NOT=y\nCONFIG_TDX_HOST_SERVICES=m\n";

/* A context with only this one configuration file. */
static struct gmem_ctx *setup(const char *path, const void *bytes, size_t length)
{
	struct gmem_ctx *ctx = served_ctx("plain");

	served.hidden = "config";
	serve(path, bytes, length);
	return ctx;
}

static size_t pack(unsigned char *out, size_t size)
{
	z_stream stream = {
		.next_in = (unsigned char *)text,
		.avail_in = sizeof(text) - 1,
		.next_out = out,
		.avail_out = (uInt)size,
	};

	ck_assert_int_eq(
		deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static void check_values(const struct gmem_config *config)
{
	ck_assert_int_eq(gmem_config_get(config, "KVM"), GMEM_CONFIG_BUILT_IN);
	ck_assert_int_eq(gmem_config_get(config, "TDX_HOST_SERVICES"), GMEM_CONFIG_MODULE);
	ck_assert_int_eq(gmem_config_get(config, "KVM_AMD_SEV"), GMEM_CONFIG_OFF);
	ck_assert_int_eq(gmem_config_get(config, "KVM_INTEL_TDX"), GMEM_CONFIG_ABSENT);
	ck_assert_int_eq(gmem_config_get(config, "NOWHERE"), GMEM_CONFIG_ABSENT);
}

START_TEST(reads_proc_config_gz)
{
	unsigned char bytes[4096];
	struct gmem_config config;
	struct gmem_ctx *ctx = setup("/proc/config.gz", bytes, pack(bytes, sizeof(bytes)));

	ck_assert_int_eq(gmem_config_read(ctx, &config), 0);
	ck_assert_str_eq(config.source, "/proc/config.gz");
	check_values(&config);
	gmem_config_free(&config);
	port_ctx_free(ctx, 0, 0);
}
END_TEST

START_TEST(reads_config_of_lib_modules)
{
	struct gmem_ctx *ctx = setup("/lib/modules/7.3.4-sim/config", text, sizeof(text) - 1);
	struct gmem_config config;

	ck_assert_int_eq(gmem_config_read(ctx, &config), 0);
	ck_assert_str_eq(config.source, "/lib/modules/7.3.4-sim/config");
	check_values(&config);
	gmem_config_free(&config);
	port_ctx_free(ctx, 0, 0);
}
END_TEST

/* If the file is cut short anywhere, or is not gzip, there is no configuration. */
START_TEST(damaged_gzip_is_no_configuration)
{
	unsigned char bytes[4096];
	size_t length = pack(bytes, sizeof(bytes));

	for (size_t cut = 0; cut < length; cut++) {
		struct gmem_ctx *ctx = setup("/proc/config.gz", bytes, cut);
		struct gmem_config config;

		ck_assert_int_eq(gmem_config_read(ctx, &config), 0);
		ck_assert_ptr_null(config.text);
		ck_assert_int_eq(gmem_config_get(&config, "KVM"), GMEM_CONFIG_UNKNOWN);
		gmem_config_free(&config);
		port_ctx_free(ctx, 0, 0);
	}
}
END_TEST

START_TEST(values_of_cpuinfo)
{
	struct gmem_ctx *ctx = port_ctx("tdx");
	struct gmem_cpu info;

	ck_assert_int_eq(gmem_cpu_read(ctx, &info), 0);
	ck_assert_str_eq(info.vendor, "GenuineIntel");
	ck_assert_uint_eq(info.physical_bits, 52);
	ck_assert(gmem_cpu_has(&info, "tdx_host_platform"));
	ck_assert(gmem_cpu_has(&info, "fpu"));
	ck_assert(!gmem_cpu_has(&info, "tdx"));
	ck_assert(!gmem_cpu_has(&info, "host_platform"));
	gmem_cpu_free(&info);
	port_ctx_free(ctx, 0, 0);
}
END_TEST

/* libgmem uses the width as a shift, so it refuses a width that no CPU has. */
START_TEST(impossible_address_widths)
{
	static const struct {
		const char *says;
		unsigned int bits;
	} widths[] = {
		{ "0", 0 },   { "1", 0 },   { "11", 0 },	 { "12", 0 }, { "31", 0 },
		{ "32", 32 }, { "52", 52 }, { "53", 0 },	 { "64", 0 }, { "4294967295", 0 },
		{ "-1", 0 },  { "x", 0 },   { "4294967344", 0 },
	};

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct gmem_ctx *ctx = served_ctx("plain");
		struct gmem_cpu info;
		uint64_t limit;
		char lines[128];

		snprintf(lines, sizeof(lines),
			 "vendor_id\t: V\nflags\t: fpu\naddress sizes\t: %s bits physical\n",
			 widths[i].says);
		serve_text("/proc/cpuinfo", lines);
		ck_assert_int_eq(gmem_cpu_read(ctx, &info), 0);
		ck_assert_uint_eq(info.physical_bits, widths[i].bits);
		gmem_cpu_free(&info);
		ck_assert_int_eq(gmem_pfn_limit(ctx, &limit), 0);
		ck_assert_uint_eq(limit, 1ull << ((widths[i].bits ? widths[i].bits : 52) - 12));
		port_ctx_free(ctx, 0, 0);
	}
}
END_TEST

UNIT_MAIN("config", reads_proc_config_gz, reads_config_of_lib_modules,
	  damaged_gzip_is_no_configuration, values_of_cpuinfo, impossible_address_widths)
