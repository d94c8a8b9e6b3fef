#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Page frames of guest_memfds of another process, on the running kernel.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if reader_missing; then
	skip "page frames of another process's guest_memfd" "$why"
	finish
fi

# Private memory, which no mapping shows: pfns shows each page once, in RAM, bound to two memslots.
start private "$tools/own-memory" 67108864 0 bind
if [ $? -eq 77 ]; then
	skip "page frames of another process's guest_memfd" "$(cat "$scratch/private.err")"
	finish
fi
fd=$(column private fd 2)
try_json 0 '.pages == 16384 and .resident == 67108864' gmemctl pfns "$helper:$fd" --summary --json
try_json 0 '[.extents[].pages] | add == 16384' gmemctl pfns "$helper:$fd" --json
gmemctl pfns "$helper:$fd" --each --json > "$scratch/each"
if jq -e '(.extents | length) == 16384 and
	([.extents[].pfn] | unique | length) == 16384 and
	([.extents[].offset] | to_entries | all(.value == .key * 4096))' \
	"$scratch/each" > "$scratch/answer"; then
	pass "pfns shows 16384 pages with 16384 different page frames"
else
	fail "pfns shows 16384 pages with 16384 different page frames"
fi
outside=$(jq -r '.extents[].pfn' "$scratch/each" | awk '
	function hex(s,  i, n) {
		for (i = 1; i <= length(s); i++)
			n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
		return n
	}
	FILENAME != "-" {
		if (/: System RAM/) {
			split($1, r, "-")
			first[++n] = int(hex(r[1]) / 4096); last[n] = int(hex(r[2]) / 4096)
		}
		next
	}
	{
		for (i = 1; i <= n && !($1 >= first[i] && $1 <= last[i]); i++)
			;
		if (i > n) bad++
	}
	END { print bad + 0 }' /proc/iomem -)
if [ "$outside" = 0 ]; then
	pass "every page frame is in System RAM"
else
	fail "every page frame is in System RAM" "$outside are not"
fi
try_json 0 '[.extents[] | select(.offset == 0)][0].gpa == "0x100000000" and
	[.extents[] | select(.offset == 33554432)][0].gpa == "0x200000000"' \
	gmemctl pfns "$helper:$fd" --json
tell punched
try_json 0 '([.extents[].pages] | add) == 12288' gmemctl pfns "$helper:$fd" --json
try_json 0 '.extents == []' gmemctl pfns "$helper:$fd" --offset 16M+16M --json
try 0 'verdict now: +safe' '' gmemctl check "$helper:$fd"
try 2 '' 'no guest_memfd' gmemctl pfns "$helper:1"
try 2 '' 'no descriptor' gmemctl pfns "$helper:777"
stop

# Mapped memory: pfns shows the same page frame as pagemap for each page.
start shared "$tools/own-memory" 8388608 3
status=$?
if [ $status -eq 77 ]; then
	skip "page frames are those of /proc/PID/pagemap" "$(cat "$scratch/shared.err")"
	finish
fi
gmemctl pfns "$helper:$(column shared fd 2)" --each --raw -n -b -o OFFSET,PFN \
	> "$scratch/ours" 2> "$scratch/ours.err"
awk '$1 == "page" { printf "0x%x 0x%x\n", $2, $3 }' "$scratch/shared" > "$scratch/pagemap"
if [ "$(wc -l < "$scratch/pagemap")" -eq 2048 ] && cmp -s "$scratch/pagemap" "$scratch/ours"; then
	pass "2048 page frames are those of /proc/PID/pagemap"
else
	fail "2048 page frames are those of /proc/PID/pagemap" "$(diff "$scratch/pagemap" "$scratch/ours" | head -5)"
fi
stop
finish
