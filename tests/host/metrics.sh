#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Metrics of the running kernel: they have the numbers of list, and the unit's capabilities suffice.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

start host "$tools/host-memory"
case $? in
0) ;;
77)
	skip "metrics of guest_memfds" "$(cat "$scratch/host.err")"
	finish
	;;
*)
	fail "host-memory" "$(cat "$scratch/host.err")"
	finish
	;;
esac
ours=$(awk '/^(shared|private|punched|slots|other|mapped) / { print $2 }' "$scratch/host" |
	sort -un | paste -sd , -)

# Writes the values of list and of metrics for this test's guest_memfds in one form: a line for each value.
gmemctl metrics --json > "$scratch/metrics" 2> "$scratch/metrics.err"
status=$?
gmemctl list --json > "$scratch/list" 2> "$scratch/list.err"
jq -r --argjson ours "[$ours]" '.guest_memfds[] | select(.pid | IN($ours[])) |
	(.inode | tostring) as $inode | (["size", "resident", "shared"][] as $key |
	select(.[$key] != null) | "\($inode) \($key) \(.[$key])"),
	({mapped: .in_direct_map, unmapped: .not_in_direct_map, unknown: .direct_map_unknown} |
	to_entries[] | select(.value != null) | "\($inode) \(.key) \(.value)"),
	(.nodes[]? | "\($inode) node\(.node) \(.bytes)"),
	"\($inode) processes \(.processes)", (select(.slots != null) | "\($inode) memslots \(.slots)")' \
	"$scratch/list" | sort > "$scratch/wanted"
jq -r '.samples[] | select(.name | startswith("gmemctl_guest_memfd_")) |
	.labels as $of |
	select($of.pid | tonumber | IN('"$ours"')) |
	"\($of.inode) \($of.direct_map // ("node" + ($of.node // "")) as $other |
	if $other == "node" then .name | sub("gmemctl_guest_memfd_"; "") | sub("_bytes"; "")
	else $other end) \(.value)"' "$scratch/metrics" | sort > "$scratch/found"
if [ -s "$scratch/wanted" ] && cmp -s "$scratch/wanted" "$scratch/found"; then
	pass "$(wc -l < "$scratch/found") values of six guest_memfds are those of list"
else
	fail "values of six guest_memfds are those of list" \
		"$(diff "$scratch/wanted" "$scratch/found" | head -5)"
fi
complete=$(jq '.samples[] | select(.name == "gmemctl_complete").value' "$scratch/metrics")
case $status-$complete in
0-1 | 4-0) pass "the status agrees with gmemctl_complete" ;;
*) fail "the status agrees with gmemctl_complete" "status $status, gmemctl_complete $complete" ;;
esac

gmemctl metrics --no-locks --json > "$scratch/text" 2> "$scratch/err"
if jq -e --argjson pid "$(column host mapped 2)" '[.samples[] | select((.name | test("shared")) or
	.labels.pid == "\($pid)")] == []' "$scratch/text" > "$scratch/jq"; then
	pass "metrics --no-locks leaves out the shared side and memory that is only mapped"
else
	fail "metrics --no-locks leaves out the shared side and memory that is only mapped" "$(cat "$scratch/text")"
fi

gmemctl metrics > "$scratch/text" 2> "$scratch/err"
if /usr/bin/python3 -c 'import prometheus_client.openmetrics.parser' 2> "$scratch/why"; then
	if tests/tools/parse-openmetrics.py < "$scratch/text" > "$scratch/families" 2> "$scratch/err" &&
		grep -qx 'gauge gmemctl_guest_memfd_resident_bytes bytes' "$scratch/families"; then
		pass "OpenMetrics with guest_memfds"
	else
		fail "OpenMetrics with guest_memfds" "$(cat "$scratch/err" "$scratch/families")"
	fi
else
	skip "OpenMetrics with guest_memfds" "there is no python3-prometheus-client: run make deps"
fi
gmemctl metrics --format=prometheus > "$scratch/text" 2> "$scratch/err"
if promtool=$(packaging/cached promtool 2> "$scratch/why") || promtool=$(command -v promtool); then
	if "$promtool" check metrics < "$scratch/text" > "$scratch/out" 2>&1; then
		pass "promtool check metrics with guest_memfds"
	else
		fail "promtool check metrics with guest_memfds" "$(cat "$scratch/out")"
	fi
else
	skip "promtool check metrics with guest_memfds" "there is no promtool: run make deps"
fi

# The unit's capabilities suffice: with them metrics sees as much as root. A control without them sees less,
# which shows that setpriv took the others away.
caps=$(sed -n 's/^CapabilityBoundingSet=//p' packaging/systemd/gmemctl-metrics.service.in |
	tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
with_caps() {
	# shellcheck disable=SC2086 # words
	setpriv --bounding-set "-all$1" --no-new-privs $GMEMCTL metrics --json 2> "$scratch/err"
}
names() {
	jq -r '.samples[] | select(.name | contains("guest_memfd_") | not) |
		select(.name | contains("process") | not) | "\(.name) \(.labels)"' | sort
}
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv > "$scratch/which"; then
	skip "metrics with the capabilities of its unit answers as root does" "root and setpriv are needed"
elif reader_missing; then
	skip "metrics with the capabilities of its unit answers as root does" "$why"
else
	names < "$scratch/metrics" > "$scratch/wanted"
	with_caps ",$caps" > "$scratch/limited"
	names < "$scratch/limited" > "$scratch/found"
	now=$(jq '.samples[] | select(.name == "gmemctl_complete").value' "$scratch/limited")
	if cmp -s "$scratch/wanted" "$scratch/found" && [ "$now" = "$complete" ]; then
		pass "metrics with the capabilities of its unit answers as root does"
	else
		fail "metrics with the capabilities of its unit answers as root does" "complete: $now" "$(cat "$scratch/err")" \
			"$(diff "$scratch/wanted" "$scratch/found")"
	fi
	with_caps "" > "$scratch/limited"
	if jq -e '.samples[] | select(.name == "gmemctl_complete").value == 0' \
		"$scratch/limited" > "$scratch/jq"; then
		pass "metrics without capabilities sees less, and reports that"
	else
		fail "metrics without capabilities sees less, and reports that" "$(cat "$scratch/limited")"
	fi
fi
stop
finish
