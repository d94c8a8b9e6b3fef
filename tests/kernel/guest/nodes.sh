#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two NUMA nodes: gmemctl reports that memory of a process on one node is on that node, and it is there.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

# Prints the first and the last page frame of a node, by its zones in /proc/zoneinfo.
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
		pass "every page frame that pfns shows on node $node is in its range of /proc/zoneinfo"
	else
		fail "every page frame that pfns shows on node $node is in its range of /proc/zoneinfo" "$outside do not"
	fi
	stop
done

# on WANTED NODES: whether the 8M of a VM are on these nodes, each "node:pages".
on() {
	try 0 '' '' gmemctl create placed --vm-type=default --flags=mmap,init-shared --size=8M \
		--populate "--numa=$2"
	gmemctl pfns placed --summary > "$scratch/summary" 2> "$scratch/stderr"
	found=$(awk '$1 == "node" { print $2 ":" $3 }' "$scratch/summary" | sort | paste -sd ' ' -)
	if [ "$found" = "$1" ]; then
		pass "create --numa=$2 puts the pages on node:pages $1"
	else
		fail "create --numa=$2 puts the pages on node:pages $1" "they are on $found" "$(cat "$scratch/stderr")"
	fi
	try_json 0 ".nodes | map(.resident) == [${1:+$(resident "$1")}]" gmemctl list --nodes --json
	try 0 '' '' gmemctl destroy placed
}

# Prints the bytes on node 0 and on node 1, from text such as "0:1024 1:1024".
resident() {
	echo "$1" | tr ' ' '\n' | awk -F : '{ bytes[$1] = $2 * 4096 }
		END { printf "%d,%d", bytes[0], bytes[1] }'
}
on '0:2048' bind:0
on '1:2048' bind:1
on '1:2048' 1
on '1:2048' 'bind:!0'
on '0:1024 1:1024' interleave:all
on '0:1024 1:1024' 0-1
on '1:2048' preferred:1
on '1:2048' preferred-many:+1
on '0:1024 1:1024' weighted-interleave:0,1
more=$(($(gmemctl list --nodes --json 2> "$scratch/stderr" | jq '.nodes[1].size') / 1048576 + 64))M
try 2 '' 'to be populated from node 1 alone, with .* free' gmemctl create placed \
	--vm-type=default --flags=mmap,init-shared --size=$more --populate --numa=bind:1
try 2 '' 'there is no node 2 on this host' gmemctl create placed --vm-type=default --numa=bind:1-2
finish
