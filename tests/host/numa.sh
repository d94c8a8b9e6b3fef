#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# NUMA nodes of the running kernel: list --nodes shows the same as numactl --hardware.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

# Prints numactl's values: sizes in MiB, such as "node 0 size 7001", and a line for each CPU and distance.
of_numactl() {
	numactl --hardware | awk '
		/^node [0-9]+ (size|free):/ { sub(":", "", $3); print "node", $2, $3, $4 }
		/^node [0-9]+ cpus:/ { for (i = 4; i <= NF; i++) print "node", $2, "cpu", $i }
		/^node +0/ && !/cpus|size|free/ { for (i = 2; i <= NF; i++) to[i] = $i }
		/^ *[0-9]+: / { sub(":", "", $1)
			for (i = 2; i <= NF; i++) print "node", $1, "to", to[i], $i }' | sort
}

of_gmemctl() {
	gmemctl list --nodes --json 2> "$scratch/stderr" | jq -r '.nodes[] | . as $node |
		"node \(.node) size \(.size / 1048576 | floor)",
		"node \(.node) free \(.free / 1048576 | floor)",
		"node \(.node) cpus \(.cpus // "")",
		(.distances[] | "node \($node.node) to \(.node) \(.distance)")' |
		awk '$3 != "cpus" { print; next }
			{ n = split($4, part, ",")
			for (i = 1; i <= n; i++) {
				ends = split(part[i], end, "-")
				for (cpu = end[1] + 0; cpu <= end[ends] + 0; cpu++)
					print "node", $2, "cpu", cpu
			} }' | sort
}

if ! command -v numactl > "$scratch/which"; then
	skip "list --nodes as numactl --hardware" "numactl is not there: packaging/deps check"
	finish
fi
of_numactl > "$scratch/numactl"
of_gmemctl > "$scratch/gmemctl"
# Free memory changes between two looks.
grep -v ' free ' "$scratch/numactl" > "$scratch/wanted"
grep -v ' free ' "$scratch/gmemctl" > "$scratch/found"
if [ -s "$scratch/wanted" ] && diff "$scratch/wanted" "$scratch/found" > "$scratch/diff"; then
	pass "list --nodes agrees with numactl on nodes, sizes, CPUs and distances: $(wc -l < "$scratch/wanted") figures as numactl's"
else
	fail "nodes, sizes, CPUs and distances as numactl's" "$(cat "$scratch/diff")"
fi
# Free memory must lie between two looks of numactl, with room for what other processes take and free.
of_numactl | grep ' free ' > "$scratch/after"
outside=$(grep ' free ' "$scratch/gmemctl" | paste -d ' ' "$scratch/after" - | awk '
	FNR == NR { if ($3 == "free") before[$2] = $4; next }
	{ low = before[$2] < $4 ? before[$2] : $4; high = before[$2] < $4 ? $4 : before[$2]
		if ($2 != $6 || $8 < low - 256 || $8 > high + 256) print }' "$scratch/numactl" -)
if [ -s "$scratch/after" ] && [ -z "$outside" ]; then
	pass "list --nodes agrees with numactl on free memory, within 256 MiB"
else
	fail "list --nodes agrees with numactl on free memory, within 256 MiB" "$outside"
fi

# Which nodes libnuma accepts on the running kernel. libnuma prints no messages of its own.
first=$(numactl --hardware | awk '/^node [0-9]+ size: [1-9]/ { print $2; exit }')
try 2 '' '^gmemctl: create: --numa=bind:1023: there is no node 1023 on this host$' \
	gmemctl create x --numa=bind:1023
try 2 '' "^gmemctl: create: --numa=bind:$first,1000-1001: there is no node 1000" \
	gmemctl create x --numa="bind:$first,1000-1001"
try 2 '' '^gmemctl: create: --numa=.1023: there is no .1023: memory can be taken from [0-9]+ node' \
	gmemctl create x --numa=+1023

# libnuma ends the process if malloc() fails. Each run lets one of libnuma's malloc() calls fail. Before
# main() gmemctl reports that. After it, gmemctl shows the nodes anyway.
short_of_memory() {
	for n in $(seq 24); do
		status=0
		NUMA_NO_MEMORY=$n LD_PRELOAD=$BUILD/tests/preload/numa-no-memory.so $GMEMCTL list \
			--nodes --json > "$scratch/out" 2> "$scratch/err" || status=$?
		if [ $status = 2 ] && [ ! -s "$scratch/out" ] && grep -q 'libnuma: .*not enough memory' "$scratch/err"; then
			echo before
		elif jq -e '.nodes | length > 0' "$scratch/out" > "$scratch/jq" 2>&1; then
			echo after
		else
			echo "call $n: status $status: $(cat "$scratch/err")"
		fi
	done
}
# A sanitized build has the library linked in, and nothing can be preloaded into it.
if ! can_preload; then
	skip 'a command without memory for libnuma' 'nothing can be preloaded there'
else
	short_of_memory > "$scratch/short"
	if grep -qx before "$scratch/short" && grep -qx after "$scratch/short" &&
		! grep -q '^call' "$scratch/short"; then
		pass "a command without memory for libnuma works, or reports the cause"
	else
		fail "a command without memory for libnuma works, or reports the cause" "$(sort "$scratch/short" | uniq -c)"
	fi
fi
finish
