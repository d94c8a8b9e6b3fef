#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Both readers of kernel memory give the same answers as the kernel's own dump of its page tables
# (CONFIG_PTDUMP_DEBUGFS): levels, holes, and page frames of a guest_memfd.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

dump=/sys/kernel/debug/page_tables/kernel

# Prints the direct map of that dump, a line for each run: "PFN PAGES LEVEL|-". It uses the low 52 bits of
# an address, as a number of awk holds no more. The section begins at the base of the direct map.
direct_map() {
	awk '
		function number(s,  i, n) {
			s = substr(s, 6)
			for (i = 1; i <= length(s); i++)
				n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
			return n
		}
		/^---\[/ { inside = /Low Kernel Mapping/; next }
		inside {
			split($1, ends, "-")
			start = number(ends[1]); end = number(ends[2])
			if (!seen++) base = start
			# A present entry has flags between the size and the level.
			level = $3 == $NF ? "-" : $NF
			printf "%d %d %s\n", (start - base) / 4096, (end - start) / 4096, level
		}' $dump
}

try_json 0 '.evidence == "page-tables/bpf"' gmemctl --reader=bpf directmap --json
try_json 0 '.evidence == "page-tables/kcore"' gmemctl --reader=kcore directmap --json

start secret "$tools/secret-pages" 20
start_status=$?
if [ $start_status -ne 0 ]; then
	fail "the helper secret-pages starts" "$(cat "$scratch/secret.err")"
	finish
fi
for reader in bpf kcore; do
	gmemctl --reader=$reader directmap --holes --json |
		jq '{ram, in_direct_map, outside, holes, direct_map_unknown, hole_list}' > "$scratch/map-$reader"
done
same "directmap by BPF and by /proc/kcore gives the same answer" "$scratch/map-bpf" "$scratch/map-kcore"
direct_map > "$scratch/dump"
awk '{ bytes[$3] += $2 * 4096 } END { printf "%d %d %d\n", bytes["pte"], bytes["pmd"], bytes["pud"] }' \
	"$scratch/dump" > "$scratch/dump-levels"
jq -r '[.in_direct_map, .outside] | [.[0]["4K"] + .[1]["4K"], .[0]["2M"] + .[1]["2M"],
	.[0]["1G"] + .[1]["1G"]] | @tsv' "$scratch/map-bpf" | tr '\t' ' ' > "$scratch/our-levels"
same "directmap shows the same bytes per level as the kernel's page_tables file in debugfs" "$scratch/our-levels" "$scratch/dump-levels"
# In each hole in RAM the dump has nothing present.
jq -r '.hole_list[] | "\(.pfn) \(.pages)"' "$scratch/map-bpf" > "$scratch/our-holes"
awk 'FNR == NR { if ($3 == "-") { first[++n] = $1; end[n] = $1 + $2 } next }
	{ for (i = 1; i <= n && !($1 >= first[i] && $1 + $2 <= end[i]); i++)
		;
	if (i <= n) print }' "$scratch/dump" "$scratch/our-holes" > "$scratch/dump-holes"
same "directmap shows the same holes as the kernel's page_tables file in debugfs" "$scratch/our-holes" "$scratch/dump-holes"
for pfn in $(column secret secret 2); do
	awk -v pfn="$pfn" '$1 <= pfn && pfn < $1 + $2 && $3 == "-" { found = 1 } END { exit !found }' \
		"$scratch/dump" || fail "page frame $pfn of memfd_secret is not present in the kernel's page_tables file"
	for reader in bpf kcore; do
		gmemctl --reader=$reader check --pfn "$pfn" > "$scratch/verdict"
		[ $? -eq 1 ] || fail "check by $reader reports faults for page frame $pfn of memfd_secret" "$(cat "$scratch/verdict")"
	done
done
pass "20 pages of memfd_secret are not present in the page_tables file, and check reports faults by both readers"
stop

# The library finds the files of a process from any of its threads, not only from the first.
for reader in bpf kcore; do
	if "$tools/threads" 5 $reader > "$scratch/threads" 2> "$scratch/threads.err"; then
		pass "five threads get right answers from one context, by $reader"
	else
		fail "five threads get right answers from one context, by $reader" \
			"$(cat "$scratch/threads" "$scratch/threads.err")"
	fi
done

for flags in 0 3; do
	start memory "$tools/own-memory" 4194304 $flags bind
	for reader in bpf kcore; do
		gmemctl --reader=$reader pfns "$helper:$(column memory fd 2)" --json |
			jq '.extents' > "$scratch/extents-$reader"
	done
	same "pfns by BPF and by /proc/kcore shows the same extents of a guest_memfd with creation flags $flags" \
		"$scratch/extents-bpf" "$scratch/extents-kcore"
	stop
done
finish
