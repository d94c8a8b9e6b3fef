#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A real oops of a stock kernel of Debian, without a patch: tests/kernel/guest/oops.sh runs inside and
# names a page frame, which QEMU's gdb stub then takes out of the direct map: tests/kernel/oops.sh [arm64]
# Then the guest is dumped, and the dump of x86-64 filtered as Debian's kdump does it.
# shellcheck source=tests/kernel/dump-lib.sh
. tests/kernel/dump-lib.sh

suffix=${1:+-$1}
kept=$BUILD/test-results-kernel
mkdir -p "$kept"
if [ "${1-}" = arm64 ]; then
	kernel=$(tests/kernel/stock-arm64 trixie-backports 2> "$scratch/stock.err")
else
	kernel=$(tests/kernel/stock trixie-backports 2> "$scratch/stock.err")
fi
case $? in
0) ;;
77) skip "an oops of a stock kernel" "$(tail -n 1 "$scratch/stock.err")"; finish ;;
*) fail "the stock kernel can be fetched" "$(cat "$scratch/stock.err")"; finish ;;
esac
if ! command -v python3 > "$scratch/which"; then
	skip "an oops of a stock kernel" "there is no python3 to talk to the emulator"
	finish
fi
files=
for file in "$BUILD/gmemctl" "$PWD/tests/host" "$PWD/tests/cli" "$PWD/tests/kernel/guest" \
	"$(command -v jq)" "$BUILD/tests/tools/read-back" \
	"$BUILD/tests/tools/secret-pages" "$BUILD/tests/tools/own-memory"; do
	files="$files --file $(readlink -f "$file")"
done

dump=$scratch/dump.elf
machine="--modules $kernel/modules --dump $dump --memory 512"
[ "${1-}" != arm64 ] || machine="--arch=arm64 --cpu neoverse-n1 --dump $dump --memory 512"

# Waits for the line that names the page frame, and what else it takes to find its entry.
hole() {
	tries=0
	until pfn=$(sed -n 's/^# hole \(0x[0-9a-fx ]*\)$/\1/p' "$scratch/tap") && [ -n "$pfn" ]; do
		[ $tries -lt 1200 ] && [ ! -e "$scratch/ended" ] || return
		tries=$((tries + 1))
		sleep 0.25
	done
	# shellcheck disable=SC2086 # words
	tests/kernel/make-hole "$scratch/gdb" $pfn
}

: > "$scratch/tap"
hole > "$scratch/hole" 2>&1 &
# shellcheck disable=SC2086 # words
tests/kernel/run-qemu $machine --timeout 240 --kernel "$kernel/vmlinuz" $files \
	--gdb "$scratch/gdb" --log "$kept/oops-stock$suffix.log" --expect __access_remote_vm -- \
	env BUILD="$BUILD" GMEMCTL="$BUILD/gmemctl" sh tests/kernel/guest/oops.sh \
	> "$scratch/tap" 2> "$scratch/err"
status=$?
touch "$scratch/ended"
wait
grep -vE '^(#live|1\.\.)' "$scratch/tap"
tests_run=$(grep -c '^ok\|^not ok' "$scratch/tap")
sed 's/^/# hole: /' "$scratch/hole"
take_live "$scratch/tap"
if [ $status -ne 0 ] || [ ! -e "$live/pfn" ]; then
	fail "the tests in the guest pass before its dump" "status $status" "$(cat "$scratch/err")"
	finish
fi

paths=. # Debian's kernels have CONFIG_KALLSYMS_ALL
dead=$(sed -n 's/^.*CPU: .* PID: \([0-9]*\) Comm: read-back .*/\1/p' "$kept/oops-stock$suffix.log" | head -n 1)
# An emulator of programs runs a gmemctl of arm64, which reads the dump as QEMU wrote it: no makedumpfile
# filters one of arm64.
if [ "${1-}" = arm64 ]; then
	GMEMCTL="prlimit --as=8000000000 qemu-aarch64-static -L $(packaging/cached arm64) $BUILD/gmemctl"
	needs "the dump after the oops" python3 qemu-aarch64-static
	unfiltered "$dump"
	finish
fi
needs "the dump after the oops" makedumpfile
compare directmap "$dump" directmap --holes # as QEMU wrote it
mend "$dump"
both_filters "$dump" "$scratch/dump.kdump"
gmemctl oops "$kept/oops-stock.log" --json > "$scratch/oops"
gmemctl directmap --holes --json --core="$scratch/dump.kdump" > "$scratch/holes"
if jq --slurpfile dump "$scratch/holes" -e '.faults[0].pfn as $pfn |
	any($dump[0].hole_list[]; .pfn == $pfn and .pages == 1)' "$scratch/oops" > "$scratch/jq" 2>&1; then
	pass "the page frame that oops reads in the log is a hole in the direct map of the dump"
else
	fail "the page frame that oops reads in the log is a hole in the direct map of the dump" \
		"$(jq -c '.faults' "$scratch/oops")" "$(jq -c .hole_list "$scratch/holes")"
fi
du -k --apparent-size "$dump" "$scratch/dump.kdump" | sed 's/^/# kB: /'
finish
