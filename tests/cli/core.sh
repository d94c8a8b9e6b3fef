# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Files that are not dumps, and the commands that take a dump. tests/kernel makes real dumps.
. tests/cli/lib.sh

try 64 '' '--core and --simulate exclude each other' gmemctl --core=README.md --simulate directmap
try 64 '' '--core and --sysroot exclude each other' gmemctl --core=README.md --sysroot=tests directmap
try 64 '' 'its FILE is empty' gmemctl directmap --core=
try 64 '' 'a dump has one reader' gmemctl directmap --core=README.md --reader=kcore
for command in $(commands); do
	case $command in
	directmap | pfn | pfns | list | check) continue ;;
	esac
	words=$(gmemctl --describe | awk -F '\t' -v c="$command" '$1 == "command" && $2 == c {
		n = split($3, words, " "); for (i = 1; i <= n; i++) if (words[i] !~ /^(\[|-$)/) print "1" }')
	# shellcheck disable=SC2086 # words
	try 64 '' "$command does not take it" gmemctl $command --core=README.md $words
done
try 64 '' 'not in a batch' sh -c "echo 'directmap --core=README.md' | $GMEMCTL batch --simulate"

try 64 '' "with --core only" gmemctl pfns --simulate ino:7

if grep -q '^BPF=. KDUMP=0 ' "$BUILD/flags"; then
	try 2 '' 'built without libkdumpfile \(KDUMP=0\)' gmemctl directmap --core=README.md
	finish
fi
try 2 '' 'none: No such file' gmemctl directmap --core="$scratch/none"
try 2 '' 'tests: it is not a regular file' gmemctl directmap --core=tests
mkfifo "$scratch/fifo"
try 2 '' 'it is not a regular file' gmemctl directmap --core="$scratch/fifo"
try 2 '' 'it is not a dump of a kernel' gmemctl directmap --core=README.md
: > "$scratch/empty"
try 2 '' 'it is not a dump of a kernel' gmemctl directmap --core="$scratch/empty"
printf 'makedumpfile\0\0\0\0' > "$scratch/flat"
head -c 65536 /dev/zero >> "$scratch/flat"
try 2 '' 'makedumpfile -R NEWFILE < FILE' gmemctl directmap --core="$scratch/flat"

# le WORD BYTES: writes a little-endian number. With it the test makes an ELF core file with one segment.
le() {
	n=$1
	for _ in $(seq "$2"); do
		printf '%b' "\\0$(printf %o $((n & 255)))"
		n=$((n >> 8))
	done
}
# core MACHINE FILE-SIZE: writes a core file with this e_machine, and a segment with this size.
core() {
	printf '\177ELF\002\001\001' && le 0 9 && le 4 2 && le "$1" 2 && le 1 4 && le 0 8 && le 64 8 && le 0 8
	le 0 4 && le 64 2 && le 56 2 && le 1 2 && le 0 6
	le 1 4 && le 7 4 && le 4096 8 && le 0 8 && le 0 8 && le "$2" 8 && le "$2" 8 && le 0 8
	head -c $((4096 - 120 + 4096)) /dev/zero
}
core 62 4096 > "$scratch/elf"
try 2 '' 'it has no vmcoreinfo' gmemctl directmap --core="$scratch/elf"
core 62 8192 > "$scratch/elf"
try 2 '' 'it is truncated' gmemctl directmap --core="$scratch/elf"
core 62 4096 > "$scratch/elf"
# e_shoff is behind the end of the file
printf '\377\377\377' | dd of="$scratch/elf" bs=1 seek=40 conv=notrunc 2> "$scratch/dd"
try 2 '' 'it is truncated' gmemctl directmap --core="$scratch/elf"
# libkdumpfile 0.5.1 uses freed memory if it opens this file.
{
	printf 'KDUMP   \006'
	head -c 65536 /dev/zero
} > "$scratch/kdump"
try 2 '' 'it has blocks that are no pages' gmemctl directmap --core="$scratch/kdump"
# kdump BLOCK-SIZE PAGES: writes a compressed dump's headers. Bitmaps of two blocks have 32768 pages each.
kdump() {
	printf 'KDUMP   ' && le 6 4 && head -c $((428 - 12)) /dev/zero
	le "$1" 4 && le 1 4 && le 2 4 && le 100 4 && head -c $((4096 - 444 + 96)) /dev/zero
	le "$2" 8 && head -c $((4096 * 3)) /dev/zero
}
kdump 4096 32769 > "$scratch/kdump"
try 2 '' 'it is truncated, or damaged' gmemctl directmap --core="$scratch/kdump"
kdump 4096 32768 > "$scratch/kdump"
try 2 '' 'it is a damaged dump|it has no vmcoreinfo|it is a dump of' gmemctl directmap --core="$scratch/kdump"
core 183 4096 > "$scratch/elf"
try 2 '' 'it has no vmcoreinfo' gmemctl directmap --core="$scratch/elf"
core 21 4096 > "$scratch/elf" # PowerPC, little-endian
try 2 '' 'it is a dump of ppc64, and only those of x86-64 and arm64' gmemctl directmap --core="$scratch/elf"
try_json 2 '.dump == null and (.error.message | test("ppc64"))' gmemctl directmap --json --core="$scratch/elf"

# A made-up dump of either machine. Without libbpf none can be made, and no types are read.
[ -x "$BUILD/tests/tools/made-dump" ] || finish
made=$scratch/made
# With a sanitizer: the function that tests/lsan.supp names is found in a whole stack only.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}fast_unwind_on_malloc=0"
for machine in x86_64 aarch64; do
	"$(program "$BUILD/tests/tools/made-dump")" $machine "$made"
	try 1 '0x28 +1 +4K +unmapped +guest_memfd of process 7' '*' gmemctl directmap --holes --core="$made"
	try_json 0 '.guest_memfds[0] | .inode == 5 and .pid == 7 and .in_direct_map == 4096 and
		.not_in_direct_map == 4096' gmemctl list --json --core="$made"
	try_json 0 '[.extents[] | .pfn] == [41, 40]' gmemctl pfns ino:5 --json --core="$made"
	try_json 1 '.verdict_now == "faults" and .evidence == "page-tables/dump" and
		([.paths[] | select(.kernel_path == "gup-copy") | .verdict] == ["faults"])' \
		gmemctl check --pfn 0x28 --json --core="$made"
	try_json 0 '.verdict_now == "safe"' gmemctl check --pfn 0x29 --json --core="$made"
	try_json 4 '.frames[0] | .owner == "guest_memfd" and .offset == 4096 and
		(.reason | test("no page flags are read of a dump"))' gmemctl pfn 0x28 --json --core="$made"
	head -c 100000 "$made" > "$scratch/cut"
	try 2 '' 'it is truncated' gmemctl directmap --core="$scratch/cut"
done

# libkdumpfile is not installed. And a dump that changes while it is read: early, and when the tables are read.
if ! can_preload; then
	skip "core: no libkdumpfile; a dump that changes while it is read" \
		"nothing can be preloaded into this program"
	finish
fi
try 2 '' 'libkdumpfile.so.[0-9]+, by which dumps are read, cannot be loaded \(.*No such file.*\); if it is not there, install libkdumpfile' \
	env LD_PRELOAD="$BUILD/tests/preload/no-kdump.so" "$GMEMCTL_FILE" directmap --core="$made"
for how in cut grow touch; do
	for read in 1 30; do
		cp "$made" "$scratch/changing"
		try 2 '' 'the dump changed while it was read' env \
			LD_PRELOAD="$BUILD/tests/preload/dump-reads.so" GMEM_CUT_HOW=$how \
			GMEM_CUT_DUMP="$scratch/changing" GMEM_CUT_AT=$read \
			"$GMEMCTL_FILE" directmap --core="$scratch/changing"
	done
done
finish
