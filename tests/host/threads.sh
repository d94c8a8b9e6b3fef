#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One context in several threads, on the running kernel.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if reader_missing; then
	skip "one context in several threads" "$why"
	finish
fi
"$tools/threads" 50 > "$scratch/threads" 2> "$scratch/threads.err"
case $? in
0) pass "one context in several threads" ;;
77) skip "one context in several threads" "$(cat "$scratch/threads.err")" ;;
*) fail "one context in several threads" "$(cat "$scratch/threads" "$scratch/threads.err")" ;;
esac
finish
