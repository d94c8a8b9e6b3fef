#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A part of this host cannot be seen. gmemctl reports it once, and with --accept it ends with 0 anyway.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

gmemctl list --json > "$scratch/document" 2> "$scratch/list"
denied=$(jq .processes.denied "$scratch/document")
contained=$(jq .processes.contained "$scratch/document")

# said WHAT: whether standard error has exactly one such line, if gmemctl may not look at some process.
said() {
	if [ "$denied" -eq 0 ]; then
		skip "$1 reports once that it may not look at some processes" "here it may look at every process"
	elif [ "$(grep -c 'may not be looked at' "$scratch/stderr")" -eq 1 ]; then
		pass "$1 reports once that it may not look at some processes"
	else
		fail "$1 reports once that it may not look at some processes" "$(cat "$scratch/stderr")"
	fi
}

try 0 '*' '*' gmemctl list --accept=3,4
said list
try 0 '*' '*' gmemctl watch --interval=0.01 --count=2 --accept=3,4
said watch
try 0 '*' '*' gmemctl pfn 1 2 3 --accept=3,4
if reader_missing; then
	skip "pfn reports once that it may not look at some processes" "$why"
else
	said pfn
fi
if [ "$denied" -gt 0 ] || [ "$contained" = true ]; then
	try_json 0 '.accepted == 3 or .accepted == 4' gmemctl list --json --accept=3,4
else
	try_json 0 '.accepted == null' gmemctl list --json --accept=3,4
fi
finish
