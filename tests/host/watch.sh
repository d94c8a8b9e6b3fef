#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Changes on the running kernel: watch reports what a test program did.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if reader_missing; then
	skip "changes of another process's guest_memfd" "$why"
	finish
fi

# shellcheck disable=SC2086 # words
$GMEMCTL watch --interval=0.1 --pairs -b -o+offset,size > "$scratch/changes" 2> "$scratch/watch.err" &
watcher=$!
until_line "$scratch/watch.err" watching
start memory "$tools/own-memory" 67108864 0 bind
if [ $? -eq 77 ]; then
	kill "$watcher"
	wait "$watcher"
	skip "changes of another process's guest_memfd" "$(cat "$scratch/memory.err")"
	finish
fi
pid=$helper
until_line "$scratch/changes" "EVENT=\"new\" PID=\"$pid\""
# watch may see the pages together with the file, or in a later look.
until_line "$scratch/changes" "PID=\"$pid\".*RESIDENT=\"67108864\""
tell punched
# On a busy machine watch may look in the middle of the punch. Its next look reports the rest.
until_line "$scratch/changes" "EVENT=\"punch\" PID=\"$pid\".*RESIDENT=\"50331648\""
stop
until_line "$scratch/changes" "EVENT=\"gone\" PID=\"$pid\""
kill -s TERM "$watcher"
wait "$watcher"
status=$?

# seen NAME PATTERN: whether exactly one line matches.
seen() {
	if [ "$(grep -c "$2" "$scratch/changes")" -eq 1 ]; then
		pass "$1"
	else
		fail "$1" "$(grep "PID=\"$pid\"" "$scratch/changes")"
	fi
}
ours="PID=\"$pid\" COMMAND=\"own-memory\""
seen "watch reports a new guest_memfd" "EVENT=\"new\" $ours"
seen "watch reports the end of a guest_memfd" "EVENT=\"gone\" $ours.* RESIDENT=\"50331648\""

# told_once NAME EVENTS BYTES: whether these events of our memory add up to BYTES.
told_once() {
	sum=$(grep "EVENT=\"\($2\)\" $ours" "$scratch/changes" |
		sed 's/.* BYTES="\([0-9]*\)".*/\1/' | awk '{ n += $1 } END { print n }')
	if [ "$sum" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "$sum" "$(grep "$ours" "$scratch/changes")"
	fi
}
told_once "watch reports 64 MiB of new pages once" 'new\|populate' 67108864
told_once "watch reports a punch of 16 MiB once" punch 16777216
seen "watch reports where the punch begins" "EVENT=\"punch\" $ours.* OFFSET=\"0x1000000\" SIZE=\"67108864\""
case $status in
0 | 4) pass "SIGTERM ends watch" ;; # 4: processes that nobody may look at
*) fail "SIGTERM ends watch" "status $status" "$(cat "$scratch/watch.err")" ;;
esac

# In a table each column starts at the same place in all lines, whatever comes first.
# shellcheck disable=SC2086 # words
$GMEMCTL watch --interval=0.1 > "$scratch/changes" 2> "$scratch/watch.err" &
watcher=$!
until_line "$scratch/watch.err" watching
gmemctl create held --size=64K > "$scratch/out" 2>&1
pid=$(gmemctl status held --json | jq '.vms[0].pid')
until_line "$scratch/changes" " new .* $pid "
gmemctl map held 0+8K > "$scratch/out" 2>&1
until_line "$scratch/changes" " populate .* $pid "
gmemctl destroy held > "$scratch/out" 2>&1
until_line "$scratch/changes" " gone .* $pid "
kill -s TERM "$watcher"
wait "$watcher"
ends=$(awk -v pid="$pid" '/^TIME/ { print index($0, " PID ") + 3 }
	$3 == pid { print index($0, " " pid " ") + length(pid) }' "$scratch/changes" | uniq -c)
if [ "$(echo "$ends" | awk '{ print ($1 >= 4), $2 }')" = '1 37' ]; then
	pass "every row of watch has its columns at the same places"
else
	fail "every row of watch has its columns at the same places" "$ends" "$(cat "$scratch/changes")"
fi

gmemctl watch --interval=0.1 --count=3 --json --no-locks > "$scratch/watch.json" 2> "$scratch/watch.err"
if jq -e '.looks == 3 and .splits_counted' "$scratch/watch.json" > "$scratch/jq"; then
	pass "watch --no-locks looks three times"
else
	fail "watch --no-locks looks three times" "$(cat "$scratch/watch.json" "$scratch/watch.err")"
fi

# watch prints a line for each change as it happens. The last line says how it ended.
# shellcheck disable=SC2086 # words
$GMEMCTL watch --interval=0.1 --jsonl > "$scratch/lines" 2> "$scratch/watch.err" &
watcher=$!
until_line "$scratch/watch.err" watching
gmemctl create held --size=64K --populate > "$scratch/out" 2>&1
pid=$(gmemctl status held --json | jq '.vms[0].pid')
until_line "$scratch/lines" "\"event\":\"new\",\"pid\":$pid,"
kill -0 "$watcher" && gmemctl destroy held > "$scratch/out" 2>&1
until_line "$scratch/lines" "\"event\":\"gone\",\"pid\":$pid,"
kill -s TERM "$watcher"
wait "$watcher"
status=$?
if [ "$(jq -s length "$scratch/lines")" = "$(wc -l < "$scratch/lines")" ] &&
	[ "$(tail -n 1 "$scratch/lines" | jq -c '[.schema_version, .status]')" = "[1,$status]" ] &&
	[ "$(jq -s 'map(select(.schema_version)) | length' "$scratch/lines")" = 1 ]; then
	pass "watch --json writes lines of JSON, and the document in the last one"
else
	fail "watch --json writes lines of JSON, and the document in the last one" "status $status" "$(cat "$scratch/lines")"
fi
finish
