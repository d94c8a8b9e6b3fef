#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Compares what libgmem says of a page frame with what the kernel's flush did to it: one test for each kind.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

insmod "${KERNEL_MODULES:?}/gmem_flush.ko" || fail "insmod loads gmem_flush.ko"
"$tools/flush-truth" > "$scratch/truth" 2> "$scratch/truth.err"
status=$?
# A line is "KIND PFN VERDICT flushed" or "KIND PFN VERDICT faulted FUNCTION CODE PFN". KIND may have spaces.
awk '
	/ 0x[0-9a-f]+ +(safe|faults|unknown) / {
		match($0, / +0x/)
		kind = substr($0, 1, RSTART - 1)
		sub(/.* 0x[0-9a-f]+ +(safe|faults)/, "&|")
		verdict = $0 ~ /faults\|/ ? "faults" : $0 ~ /safe\|/ ? "safe" : "unknown"
		did = $0 ~ /\| +faulted/ ? "faulted" : "flushed"
		count[kind ": predicted " verdict ", kernel " did]++
	}
	END { for (k in count) print count[k] "|" k }' "$scratch/truth" | sort -t'|' -k2 > "$scratch/kinds"
while IFS='|' read -r count kind; do
	case $kind in
	*'safe, kernel flushed' | *'faults, kernel faulted') pass "$kind, $count page frames" ;;
	*) fail "$kind, $count page frames" ;;
	esac
done < "$scratch/kinds"
if [ $status -eq 0 ] && [ "$(wc -l < "$scratch/kinds")" -ge 8 ]; then
	pass "at least 8 kinds of pages were flushed, and the kernel did what was predicted for each page frame"
else
	fail "at least 8 kinds of pages were flushed, and the kernel did what was predicted for each page frame" "status $status" "$(cat "$scratch/truth.err")" \
		"$(tail -n 3 "$scratch/truth")"
fi
# The command gives the same answer as the library, for pages that are still out of the direct map.
sed -n 1,3p /sys/kernel/debug/gmem_flush/poison > "$scratch/poisoned"
while read -r pfn; do
	try 1 'verdict now: +faults' '' gmemctl check --pfn "$(printf 0x%x "$pfn")"
done < "$scratch/poisoned"
sed -n 's/^[0-9]* page frames, .* missed$/# &/p' "$scratch/truth"
finish
