#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The creation flag that takes pages out of the direct map, on a kernel that has it. Pages leave the direct
# map when the host or the guest first maps them. They come back when they are freed.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

holes() {
	gmemctl directmap --json | jq .holes
}

none=$(holes)
try_json 1 '.verdict_now == "faults" and .not_in_direct_map == .pages and .pages == 1024 and
	.evidence == "page-tables/bpf" and .reader_proven == true' gmemctl walk --no-direct-map --json
try_json 0 '.verdict_now == "safe" and .in_direct_map == .pages' gmemctl walk --json
try_json 1 '.not_in_direct_map == 1024' gmemctl walk --vm-type=default --mmap --init-shared --no-direct-map --json

# Allocated, but not mapped yet: the pages are in the direct map, and the verdict tells that they will leave.
start allocated "$tools/own-memory" 1048576 4
try_json 0 '[.extents[] | .direct_map] | unique == ["mapped"]' \
	gmemctl pfns "$helper:$(column allocated fd 2)" --json
stop

# The host maps them: each page frame in pagemap has left the direct map. A punched quarter comes back.
start mapped "$tools/own-memory" 1048576 7
target=$helper:$(column mapped fd 2)
try_json 0 '([.extents[] | select(.direct_map == "unmapped") | .pages] | add) == 256' \
	gmemctl pfns "$target" --json
try_json 1 '.verdict_now == "faults" and .not_in_direct_map == 256' gmemctl check "$target" --json
gmemctl pfns "$target" --each --raw -n -b -o OFFSET,PFN > "$scratch/ours"
awk '$1 == "page" { printf "0x%x 0x%x\n", $2, $3 }' "$scratch/mapped" > "$scratch/pagemap"
same "pfns shows the same 256 page frames as /proc/PID/pagemap" "$scratch/ours" "$scratch/pagemap"
during=$(holes)
tell punched
try_json 1 '.not_in_direct_map == 192 and .pages == 192' gmemctl check "$target" --json
punched=$(holes)
stop
if [ $((during - none)) -eq 1048576 ] && [ $((during - punched)) -eq 262144 ]; then
	pass "the direct map has 1 MiB more holes while the memory is mapped, and 256 KiB fewer after the punch"
else
	fail "the direct map has 1 MiB more holes while the memory is mapped, and 256 KiB fewer after the punch" "$none, $during, $punched"
fi
after=$(holes)
if [ "$after" = "$none" ]; then
	pass "all pages are back in the direct map when the memory is freed"
else
	fail "all pages are back in the direct map when the memory is freed" "$none before, $after after"
fi
try_json 0 '.restored >= 1048576' gmemctl directmap --json
finish
