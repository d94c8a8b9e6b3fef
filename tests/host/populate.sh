#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Populating with threads, on the running kernel.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

"$tools/populate" 128 > "$scratch/populate" 2> "$scratch/populate.err"
case $? in
0) pass "gmem_populate with 1 to 64 threads" ;;
77) skip "gmem_populate with 1 to 64 threads" "$(cat "$scratch/populate.err")" ;;
*) fail "gmem_populate with 1 to 64 threads" "$(cat "$scratch/populate" "$scratch/populate.err")" ;;
esac

# Page faults populate memory outside the direct map. If one fails, gmemctl reports it, and no process dies.
dark='pages outside the direct map that the host may not touch'
if gmemctl create dark --size=64K --flags=mmap,no-direct-map > "$scratch/out" 2> "$scratch/why"; then
	try 2 '' 'a page fault in a mapping: Bad address: .* without flag init-shared' \
		gmemctl map dark all --method=host
	try 0 '^dark' '' gmemctl status dark
	try 0 '' '' gmemctl destroy dark
else
	skip "$dark" "$(cat "$scratch/why")"
fi
finish
