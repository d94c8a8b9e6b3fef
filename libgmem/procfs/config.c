// SPDX-License-Identifier: LGPL-2.1-or-later
/* The configuration: /proc/config.gz (CONFIG_IKCONFIG_PROC), else what the package installed. */
#include "procfs/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "procfs/file.h"

/* A configuration has some 300 KiB; a larger file is refused. */
#define TEXT_MAX (4u << 20)

static const char *const places[] = {
	"/boot/config-%s",
	"/lib/modules/%s/config",
	"/usr/lib/modules/%s/config",
};

/* Returns the text, NUL-terminated, or NULL. */
static char *gunzip(const char *packed, size_t length)
{
	z_stream stream = { .next_in = (unsigned char *)packed, .avail_in = (uInt)length };
	char *text = malloc(TEXT_MAX + 1), *fitting;
	int ret = Z_MEM_ERROR;

	/* 16 is zlib's way to ask for a gzip header. */
	if (!text || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		goto out;
	stream.next_out = (unsigned char *)text;
	stream.avail_out = TEXT_MAX;
	ret = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
out:
	if (ret != Z_STREAM_END) {
		free(text);
		return NULL;
	}
	text[stream.total_out] = '\0';
	fitting = realloc(text, stream.total_out + 1);
	return fitting ? fitting : text;
}

/* The magic of RFC 1952. */
static bool is_packed(const char *bytes, size_t length)
{
	return length >= 2 && !memcmp(bytes, "\x1f\x8b", 2);
}

static int read_packed(struct gmem_ctx *ctx, struct gmem_config *config)
{
	size_t length;
	char *packed;
	int ret = gmem_read_file(ctx, "/proc/config.gz", &packed, &length);

	if (ret)
		return ret;
	snprintf(config->source, sizeof(config->source), "/proc/config.gz");
	if (is_packed(packed, length)) {
		config->text = gunzip(packed, length);
		free(packed);
	} else if (strstr(packed, "CONFIG_")) {
		config->text = packed; /* a snapshot may have it as text */
	} else {
		free(packed);
	}
	return config->text ? 0 : -ENODATA;
}

int gmem_config_read(struct gmem_ctx *ctx, struct gmem_config *out)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = read_packed(ctx, out);
	out->not_recorded = ret == -GMEM_ENOTRECORDED;
	for (size_t i = 0; ret && i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(out->source, sizeof(out->source), places[i], ctx->release);
		ret = gmem_read_file(ctx, out->source, &out->text, NULL);
		out->not_recorded = out->not_recorded || ret == -GMEM_ENOTRECORDED;
	}
	return ret == -ENOMEM ? ret : 0;
}

void gmem_config_free(struct gmem_config *config)
{
	free(config->text);
	config->text = NULL;
}

/* Whether the text says in a comment that the option is off. */
static bool is_said_off(const char *text, const char *option)
{
	static const char prefix[] = "# CONFIG_", suffix[] = " is not set";
	const size_t length = strlen(option);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, prefix, sizeof(prefix) - 1) &&
		    !strncmp(line + sizeof(prefix) - 1, option, length) &&
		    !strncmp(line + sizeof(prefix) - 1 + length, suffix, sizeof(suffix) - 1))
			return true;
	}
	return false;
}

/* An option has no line if its dependencies are off, or if this kernel does not know it. */
enum gmem_config_value gmem_config_get(const struct gmem_config *config, const char *option)
{
	size_t length = strlen(option);
	const char *line = config->text;

	if (!line)
		return GMEM_CONFIG_UNKNOWN;
	while (line) {
		line += *line == '\n';
		if (!strncmp(line, "CONFIG_", 7) && !strncmp(line + 7, option, length) &&
		    line[7 + length] == '=')
			return line[8 + length] == 'm' ? GMEM_CONFIG_MODULE : GMEM_CONFIG_BUILT_IN;
		line = strchr(line, '\n');
	}
	return is_said_off(config->text, option) ? GMEM_CONFIG_OFF : GMEM_CONFIG_ABSENT;
}

/*
 * Only a loaded module has the file initstate (modinfo_attrs in kernel/module/main.c). For a
 * built-in module param_sysfs_builtin() makes a folder with its parameters only.
 */
enum gmem_config_value gmem_config_get_module(struct gmem_ctx *ctx,
					      const struct gmem_config *config, const char *option,
					      const char *module)
{
	char path[64];
	int loaded;

	if (config->text)
		return gmem_config_get(config, option);
	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	loaded = gmem_path_exists(ctx, path);
	if (loaded > 0)
		return GMEM_CONFIG_MODULE;
	snprintf(path, sizeof(path), "/sys/module/%s/parameters/nested", module);
	if (!loaded && gmem_path_exists(ctx, path) > 0)
		return GMEM_CONFIG_BUILT_IN;
	return GMEM_CONFIG_UNKNOWN;
}
