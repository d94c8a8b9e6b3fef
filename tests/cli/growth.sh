#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Old programs with a newer library, and newer programs with an old one. The newer library is this one with
# one member more at the end of each struct. Both libraries run both programs.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

if wrapped || nm "$BUILD/gmemctl" 2> "$scratch/nm" | grep -q __asan_init; then
	skip "libraries with larger structs" "under valgrind or a sanitizer a second library would take minutes"
	finish
fi

# grow FILE ANCHOR LINE: LINE behind the only line that is ANCHOR, or before the end of a struct.
tree=$scratch/tree
mkdir "$tree"
cp -R Makefile README.md include libgmem cli packaging tests "$tree"
grown=0
grow() {
	awk -v anchor="$2" -v text="$3" '
		in_struct && /^};/ { print text; in_struct = 0; n++ }
		{ print }
		$0 == anchor { if (/^struct .*\{$/) in_struct = 1; else { print text; n++ } }
		END { exit n != 1 }' "$tree/$1" > "$scratch/grown" || {
		grown=1
		echo "$1 has not one line that is: $2" >> "$scratch/make"
	}
	cp "$scratch/grown" "$tree/$1"
}
# A struct that the library fills, one that a callback gets, and an option struct.
grow include/gmem/frame.h "struct gmem_frame {" "	uint64_t grown;"
grow libgmem/pages/frame.c "	frame = (struct gmem_frame){" "		.grown = 42,"
grow include/gmem/extents.h "struct gmem_extent {" "	uint64_t grown;"
grow libgmem/pages/extents.c "	extent->size = sizeof(*extent);" "	extent->grown = 42;"
grow include/gmem/vm.h "struct gmem_memory_options {" "	uint64_t grown;"
grow libgmem/kvm/memory.c '	ret = gmem_options_copy(vm->ctx, "gmem_memory_options", &options, sizeof(options), given);' \
	'	if (!ret && options.grown) ret = gmem_fail(vm->ctx, -EDOM, "grown");'
if [ $grown = 0 ] && make -j2 -C "$tree" BUILD="$scratch/new" BPF=0 CC="${CC:-cc}" CFLAGS='-O0 -g' \
	"$scratch/new/$(basename "$(realpath "$BUILD/libgmem.so")")" > "$scratch/make" 2>&1; then
	pass "a library with larger structs is built"
else
	fail "a library with larger structs is built" "$(tail -12 "$scratch/make")"
	finish
fi

cat > "$scratch/program.c" << 'SOURCE'
#include <errno.h>
#include <gmem/gmem.h>
#include <stdio.h>
#include <string.h>

#define GUARD 64

/* What the library writes behind the struct that this program knows is seen here. */
static struct {
	struct gmem_frame frame;
	unsigned char guard[GUARD];
} out;

struct seen {
	uint64_t pages;
	uint64_t pfn;
	bool has_grown;
};

static int see(const struct gmem_extent *extent, void *arg)
{
	struct seen *seen = arg;

	seen->pages += extent->pages;
	seen->pfn = extent->pfn;
#ifdef GROWN
	seen->has_grown = GMEM_HAS(gmem_extent, extent, grown) && extent->grown == 42;
#else
	seen->has_grown = extent->size > sizeof(*extent);
#endif
	return 0;
}

int main(void)
{
	struct seen seen = { 0 };
	struct gmem_target *target;
	struct gmem_memory *memory;
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;

	GMEM_STRUCT(gmem_memory_options, options);
	options.memory_size = 65536;
	memset(&out, 0xa5, sizeof(out));
	out.frame.size = sizeof(out.frame);
	if (gmem_ctx_new_simulated("plain", &ctx) || gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm) ||
	    gmem_memory_new(vm, &options, &memory) || gmem_memory_allocate(memory, 0, 65536) ||
	    gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target) ||
	    gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP, see, &seen) ||
	    gmem_frame_get(ctx, seen.pfn, GMEM_EXTENT_DIRECT_MAP, &out.frame))
		return 2;
	for (int i = 0; i < GUARD; i++)
		if (out.guard[i] != 0xa5)
			return 3;
	if (out.frame.size != sizeof(out.frame) || out.frame.pfn != seen.pfn ||
	    out.frame.direct_map != GMEM_DIRECT_MAP_MAPPED || seen.pages != 16)
		return 4;
	printf("extent %s", seen.has_grown ? "grown" : "as it was");
#ifdef GROWN
	options.grown = 1;
	int option = gmem_memory_new(vm, &options, &memory);
	printf(", frame %d, option %s", (int)out.frame.grown,
	       option == -EDOM ? "known" : option == -E2BIG ? "refused" : "ignored");
#endif
	printf("\n");
	return 0;
}
SOURCE

# compiled NAME HEADERS [OPTION]: builds the program NAME with these headers.
compiled() {
	# shellcheck disable=SC2086 # no or one word
	if ! ${CC:-cc} -Wall -Wextra -Werror ${3-} -I"$2" \
		-o "$scratch/$1-program" "$scratch/program.c" -L"$BUILD" -lgmem 2> "$scratch/cc"; then
		fail "a program with $1 headers" "$(head -3 "$scratch/cc")"
		finish
	fi
}
compiled old include
compiled new "$tree/include" -DGROWN

# says NAME LIBRARY TEXT WHAT: whether the program prints TEXT with that library.
says() {
	LD_LIBRARY_PATH=$2 "$scratch/$1-program" > "$scratch/out" 2>&1
	status=$?
	if [ $status = 0 ] && [ "$(cat "$scratch/out")" = "$3" ]; then
		pass "$4"
	else
		fail "$4" "status $status: $(cat "$scratch/out")"
	fi
}
mkdir "$scratch/old-library" "$scratch/new-library"
soname=$(readelf -d "$BUILD/libgmem.so" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')
ln -s "$(realpath "$BUILD/libgmem.so")" "$scratch/old-library/$soname"
ln -s "$scratch/new/$(basename "$(realpath "$BUILD/libgmem.so")")" "$scratch/new-library/$soname"
says old "$scratch/old-library" "extent as it was" "an old program, the old library"
says old "$scratch/new-library" "extent grown" "an old program, a newer library"
says new "$scratch/new-library" "extent grown, frame 42, option known" "a newer program, a newer library"
says new "$scratch/old-library" "extent as it was, frame 0, option refused" \
	"a newer program, the old library: what it lacks is 0, or refused"

# abidiff sees the change, and calls it one that breaks no program.
if ! command -v abidiff > "$scratch/which"; then
	skip "abidiff" "there is no abidiff"
elif ! readelf -S "$BUILD/libgmem.so" | grep -q debug_info; then
	skip "abidiff" "the library was built without debug information"
else
	abidiff "$BUILD/libgmem.so" "$scratch/new-library/$soname" > "$scratch/changes"
	abidiff --suppressions libgmem/libgmem.abignore "$BUILD/libgmem.so" \
		"$scratch/new-library/$soname" > "$scratch/diff"
	status=$?
	if [ $status = 0 ] && grep -q gmem_frame "$scratch/changes" && grep -q gmem_extent "$scratch/changes" &&
		grep -q gmem_memory_options "$scratch/changes"; then
		pass "abidiff: structs that grow at their end are compatible"
	else
		fail "abidiff: structs that grow at their end are compatible" "status $status" \
			"$(head -20 "$scratch/diff")"
	fi
fi

# Compares the library with the kept ABI. CONTRIBUTING.md says when to write that file anew.
kept=tests/packages/libgmem.so.0.abi
# is_held NAME STATUS BUILD ABI: whether tests/lint/abi ends with STATUS.
is_held() {
	tests/lint/abi "$3" "$4" > "$scratch/diff" 2>&1
	status=$?
	if [ $status = "$2" ]; then
		pass "$1"
	else
		fail "$1" "status $status" "$(head -20 "$scratch/diff")"
	fi
}
# other EXPRESSION: edits the kept ABI with sed, as if it had been another one.
other() {
	sed "$1" $kept > "$scratch/other.abi"
	! cmp -s $kept "$scratch/other.abi" || fail "another ABI" "nothing of it changed by $1"
}
if ! command -v abidw > "$scratch/which" || ! command -v abidiff > "$scratch/which"; then
	skip "the ABI is that of $kept, or more" "there is no abidw or no abidiff"
elif ! readelf -S "$BUILD/libgmem.so" | grep -q debug_info; then
	skip "the ABI is that of $kept, or more" "the library was built without debug information"
elif ! readelf -h "$BUILD/libgmem.so" | grep -q X86-64; then
	skip "the ABI is that of $kept, or more" "it is that of x86-64"
elif tests/lint/abi "$BUILD" $kept > "$scratch/diff" 2>&1; [ $? = 77 ]; then
	skip "the ABI is that of $kept, or more" "$(tail -n 1 "$scratch/diff")"
else
	is_held "the ABI is that of $kept, or more" 0 "$BUILD" $kept
	is_held "and so is that of a library whose structs have grown" 0 "$scratch/new" $kept
	other 's/gmem_page_size/gmem_size_of_page/'
	is_held "a function that is gone is seen" 1 "$BUILD" "$scratch/other.abi"
	other "/class-decl name='gmem_frame'/,/class-decl>/s/offset-in-bits='64'/offset-in-bits='96'/"
	is_held "a member that is elsewhere is seen" 1 "$BUILD" "$scratch/other.abi"
	other "/enum-decl name='gmem_level'/,/enum-decl>/s/value='1'/value='77'/"
	is_held "an enumerator of another value is seen" 1 "$BUILD" "$scratch/other.abi"
fi
finish
