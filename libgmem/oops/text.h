/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the lines of one oops said, before anything is concluded from it. */
#ifndef GMEM_OOPS_TEXT_H
#define GMEM_OOPS_TEXT_H

#include <gmem/oops.h>

#define OOPS_CALLER_MAX 16
#define OOPS_FRAMES 64
#define OOPS_REGISTERS 34
#define OOPS_LEVELS 5

/* Which lines were there, a bit each. */
enum oops_seen {
	SEEN_HEADER = 1 << 0,
	SEEN_NULL = 1 << 1,	 /* the header calls it a NULL pointer */
	SEEN_PROTECTED = 1 << 2, /* hypervisor-protected memory */
	SEEN_ADDRESS = 1 << 3,
	SEEN_CODE = 1 << 4, /* error code of x86, ESR of arm64 */
	SEEN_DIE = 1 << 5,  /* "Oops: …": from here on lines of two oopses never mix */
	SEEN_PROCESS = 1 << 6,
	SEEN_FUNCTION = 1 << 7,
	SEEN_TRACE = 1 << 8,
	SEEN_TRACE_END = 1 << 9,
	SEEN_USER = 1 << 10, /* registers from here on are userspace's */
	SEEN_END = 1 << 11,
	SEEN_RMP = 1 << 12,
	SEEN_LOST = 1 << 13, /* lines are missing in the middle */
};

struct oops_register {
	char name[4];
	uint64_t value;
};

struct oops_frame {
	char name[GMEM_OOPS_NAME_MAX];
	bool reliable;
};

struct oops_machine;

struct oops_text {
	const struct oops_machine *machine; /* the machine of these lines; NULL until a line
					     * tells */
	const char *other;		    /* name of a machine that is not decoded, or NULL */
	char caller[OOPS_CALLER_MAX];	    /* "T412", "C1", or "" where the log has none */
	uint64_t begins;		    /* line of the log */
	uint64_t lines;
	unsigned int seen;	      /* of enum oops_seen */
	unsigned int notes;	      /* of enum gmem_oops_note */
	enum gmem_oops_access access; /* in words */
	uint64_t address;
	uint64_t code;
	/*
	 * Entries of the walk from the root on; those that were not printed have no bit in walked.
	 */
	uint64_t entry[OOPS_LEVELS];
	unsigned int walked;
	uint64_t page_size; /* of arm64: 4096, 16384, 65536; 0 where it is not said */
	unsigned int va_bits;
	uint64_t rmp_pfn;
	int32_t pid;
	uint32_t cpu;
	bool has_pid, has_cpu;
	char command[GMEM_OOPS_NAME_MAX];
	char release[GMEM_OOPS_NAME_MAX];
	char function[GMEM_OOPS_NAME_MAX];
	struct oops_register registers[OOPS_REGISTERS];
	unsigned int n_registers;
	struct oops_frame frames[OOPS_FRAMES];
	unsigned int n_frames;
};

/* A line of an oops, known by how it begins. */
struct oops_line {
	const char *begins;
	bool opens; /* an oops may begin here if its beginning was cut off */
	/* Gets what follows. Returns false where the line is something else after all. */
	bool (*take)(struct oops_text *text, const char *rest);
	bool whole; /* take gets the line from its beginning */
};

/* An architecture: the lines that it prints, and what its values mean. */
struct oops_machine {
	const char *name;
	const struct oops_line *lines; /* ends with begins NULL */
	/* Fills kind, access, state, level, pfn, page_size, base, removed and notes. */
	void (*judge)(const struct oops_text *text, struct gmem_oops *out);
	uint64_t vmemmap_align; /* of the base of the array of struct page */
	uint64_t base_reaches;	/* so far above its base there is nothing but the direct map */
};

extern const struct oops_machine oops_x86, oops_arm64;

/* Lines of every architecture. */
extern const struct oops_line oops_common_lines[];

/* The row of lines with which this one begins, or NULL; *rest is what its take gets. */
const struct oops_line *oops_line_find(const struct oops_line *lines, const char *line,
				       const char **rest);

/* The architecture that prints such a line and is not decoded, or NULL. */
const char *oops_other_machine(const char *line);

/* The same for the first line of a page fault. */
const char *oops_other_header(const char *line);

/* Whether the line is the first of an oops that is no page fault. */
bool oops_is_other(const char *line);

/* Reads 1 to 16 hexadecimal digits. Returns what follows them, or NULL. */
const char *oops_hex(const char *at, uint64_t *value);

/* The same for exactly n digits. */
const char *oops_hex_n(const char *at, unsigned int n, uint64_t *value);

/* Notes an address; a second one that differs is a contradiction. */
void oops_note_address(struct oops_text *text, uint64_t address);
void oops_note_code(struct oops_text *text, uint64_t code);

/* Notes an entry of the walk; the first one of a level counts. */
void oops_note_entry(struct oops_text *text, unsigned int level, uint64_t entry);

/* Copies the name of a "name+0x1/0x2" to out (GMEM_OOPS_NAME_MAX bytes). */
bool oops_function(const char *at, char *out);

/* For rows: the function that took the fault, the first one counts. */
bool oops_take_function(struct oops_text *text, const char *rest);

/* For rows: a line of "NAME: hex NAME: hex …", kept while registers are the kernel's. */
bool oops_take_registers(struct oops_text *text, const char *line);

#endif
