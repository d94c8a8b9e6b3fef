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
finish
