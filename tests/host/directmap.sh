#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The direct map of the running kernel adds up to the RAM of /proc/iomem.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if reader_missing; then
	skip "directmap adds up to System RAM" "$why"
	finish
fi

# Adds up whole pages of System RAM from 1 MiB on, by /proc/iomem alone.
high=$(awk '
	function hex(s,  i, n) {
		for (i = 1; i <= length(s); i++)
			n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
		return n
	}
	/: System RAM/ {
		split($1, range, "-")
		first = hex(range[1]); end = hex(range[2]) + 1
		if (first < 1048576) first = 1048576
		first = int((first + 4095) / 4096); end = int(end / 4096)
		if (end > first) sum += (end - first) * 4096
	}
	END { printf "%.0f\n", sum }' /proc/iomem)
if [ "$high" = 0 ]; then
	skip "directmap adds up to System RAM" "/proc/iomem hides its addresses"
	finish
fi

# The kernel maps 1 MiB of low memory on x86, or less.
try_json 0 "(.in_direct_map | add) + .holes + .direct_map_unknown == .ram and
	.ram >= $high and .ram - $high <= 1048576" gmemctl directmap --json
# The levels must agree, too: a kernel may have the right sum and the wrong levels.
try_json 0 '.meminfo_agrees == ([.meminfo, .in_direct_map, .outside | to_entries | map(.value)] |
	.[0] == [.[1:] | transpose[] | add])' gmemctl directmap --json
if gmemctl directmap --json | jq -e '.meminfo_agrees' > "$scratch/agrees"; then
	try 0 'meminfo agrees: +yes' '' gmemctl directmap
else
	try 0 'by the DirectMap lines and by the page tables: 4K [0-9]+ and [0-9]+, 2M' '' gmemctl directmap
	# shellcheck disable=SC2016 # jq has variables of its own
	# If the page tables add up to RAM, and the lines of /proc/meminfo add up to more,
	# the lines cannot be right. The reason is the one that the sums show.
	try_json 0 '([.meminfo, .in_direct_map, .outside] | map(add)) as [$lines, $ram, $outside] |
		if $lines == $ram + $outside then .meminfo_agrees_reason | test("splits of its image")
		elif $lines < $ram + $outside + .holes or .direct_map_unknown > 0
		then .meminfo_agrees_reason | test("the cause is not known")
		elif $lines == $ram + $outside + .holes
		then .meminfo_agrees_reason | test("still count the holes") and (test("more than once") | not)
		else .meminfo_agrees_reason | test("mappings more than once") end' gmemctl directmap --json
fi

# Beyond RAM, in a hole of RAM, and beyond the addresses of the CPU.
limit=$(sed -n 's/^address sizes.*: \([0-9]*\) bits physical.*/\1/p' /proc/cpuinfo | sed -n 1p)
try 64 '' 'end before page frame' gmemctl check --pfn $((1 << (limit - 12)))
try 3 'verdict now: +not-applicable' 'is not RAM' \
	gmemctl check --pfn $(((1 << (limit - 12)) - 1))
# Not the hole in the low megabyte, as the kernel maps that one.
hole=$(awk '/: PCI Bus/ { split($1, r, "-")
	if (length(r[1]) > 5 && r[1] !~ /^000/) {
		print "0x" substr(r[1], 1, length(r[1]) - 3)
		exit
	} }' \
	/proc/iomem)
if [ -n "$hole" ]; then
	try 3 'verdict now: +not-applicable' 'is not RAM' gmemctl check --pfn "$hole"
else
	skip "a hole in RAM" "/proc/iomem has no PCI Bus window"
fi
finish
