#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict on the running kernel: a page of memfd_secret faults, an ordinary page does not.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

sum='.in_direct_map | add'

if reader_missing; then
	skip "verdict of memfd_secret pages" "$why"
	finish
fi
before=$(gmemctl directmap --json | jq -c "[($sum), .holes]")
start secret "$tools/secret-pages" 5
status=$?
if [ $status -eq 77 ]; then
	skip "verdict of memfd_secret pages" "$(cat "$scratch/secret.err")"
	finish
elif [ $status -ne 0 ]; then
	fail "secret-pages" "$(cat "$scratch/secret.err")"
	finish
fi
during=$(gmemctl directmap --json | jq -c "[($sum), .holes]")
for pfn in $(column secret secret 2); do
	# In hexadecimal: if a number has no letter in it, a note may name both readings.
	try 1 'verdict now: +faults' '' gmemctl check --pfn "$(printf 0x%x "$pfn")" --control
	try_json 1 '.verdict_now == "faults" and .evidence == "page-tables/bpf" and .not_in_direct_map == 1' \
		gmemctl --reader=bpf check --json --pfn "$pfn"
	try_json 1 "[.hole_list[] | select(.pfn <= $pfn and $pfn < .pfn + .pages)] | length == 1" \
		gmemctl directmap --holes --json
done
for pfn in $(column secret ordinary 2); do
	try 0 'verdict now: +safe' '' gmemctl check --pfn "$(printf 0x%x "$pfn")"
	try_json 0 '.verdict_now == "safe" and .evidence == "page-tables/bpf" and .in_direct_map == 1' \
		gmemctl --reader=bpf check --json --pfn "$pfn"
done
tell freed
after=$(gmemctl directmap --json | jq -c "[($sum), .holes]")
stop

# moved FROM TO BYTES: whether BYTES changed from mapped to holes.
moved() {
	[ "$(jq -nc --argjson a "$1" --argjson b "$2" '[$a[0] - $b[0], $b[1] - $a[1]]')" = "[$3,$3]" ]
}
if moved "$before" "$during" 20480; then
	pass "directmap shows five secret pages as 20480 bytes of holes"
else
	fail "directmap shows five secret pages as 20480 bytes of holes" "before $before, during $during"
fi
if moved "$during" "$after" -20480; then
	pass "directmap shows secret pages that were freed as mapped"
else
	fail "directmap shows secret pages that were freed as mapped" "during $during, after $after"
fi
finish
