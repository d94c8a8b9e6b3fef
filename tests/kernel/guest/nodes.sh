#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two NUMA nodes: memory allocated by a process of each is told to be on its node, and lies there.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

# First and last page frame of a node, by its memory blocks in /proc/zoneinfo.
node_range() {
	awk -v node="$1" '
		/^Node/ { inside = $2 == node "," }
		inside && $1 == "spanned" { spanned = $2 }
		inside && $1 == "start_pfn:" && spanned {
			if (first == "" || $2 < first) first = $2
			if ($2 + spanned > end) end = $2 + spanned
		}
		END { print first, end }' /proc/zoneinfo
}

for node in 0 1; do
	start "node$node" taskset -c $node "$tools/own-memory" 4194304 0
	target=$helper:$(column "node$node" fd 2)
	try_json 0 "([.extents[].node] | unique) == [$node]" gmemctl pfns "$target" --json
	try_json 0 "(.extents | length > 0)" gmemctl pfns "$target" --node $node --json
	try_json 0 '.extents == []' gmemctl pfns "$target" --node $((1 - node)) --json
	gmemctl pfns "$target" --json | jq -r '.extents[] | "\(.pfn) \(.pages)"' > "$scratch/extents"
	outside=$(node_range $node | awk 'FNR == NR { first = $1; end = $2; next }
		$1 < first || $1 + $2 > end { n++ } END { print n + 0 }' - "$scratch/extents")
	if [ -s "$scratch/extents" ] && [ "$outside" = 0 ]; then
		pass "node $node: every page frame lies in it, by /proc/zoneinfo"
	else
		fail "node $node: every page frame lies in it, by /proc/zoneinfo" "$outside do not"
	fi
	stop
done
finish
