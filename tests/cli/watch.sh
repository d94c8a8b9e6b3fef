# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# gmemctl watch: its options, and how it ends. Nothing changes on a simulated kernel meanwhile.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

watch() {
	gmemctl watch --simulate=plain "$@"
}

try 0 '^looks: +3$' 'watching 0 guest_memfds' watch --interval=0.01 --count=3
try 0 '^looks: +1$' '*' watch -i .01 -c 1 --output=TIME
try 0 '' '' watch -i .01 -c 1 --quiet
try_json 0 '.changes == [] and .looks == 2 and .seen.punch == 0 and .splits_counted' \
	watch --interval=0.01 --count=2 --json
try_json 0 '.changes == [] and .looks == 1' watch --interval=0.01 --count=1 --json --reader=none
try 0 '^TIME EVENT PID ' 'simulated: plain' watch --raw -i 0.01 -c 1
for wrong in x '' 1x 0 -1 0.001 nan inf 86401; do
	try 64 '' 'seconds' watch "--interval=$wrong"
done
for wrong in x '' 0 1.5 -1; do
	try 64 '' '--count=' watch "--count=$wrong"
done

# ends_by SIGNAL: whether the document is complete, and the status is not a failure.
ends_by() {
	# shellcheck disable=SC2086 # words
	$GMEMCTL watch --simulate=plain --json > "$scratch/out" 2> "$scratch/err" &
	watcher=$!
	while ! grep -qs watching "$scratch/err" && kill -0 "$watcher" 2> "$scratch/kill"; do
		sleep 0.05
	done
	kill -s "$1" "$watcher"
	wait "$watcher"
	status=$?
	if [ $status -eq 0 ] && jq -e '.status == 0 and .error == null and .looks == 0' \
		"$scratch/out" > "$scratch/jq" 2>&1; then
		pass "$1 ends it, and the document is whole"
	else
		fail "$1 ends it, and the document is whole" "status $status" "$(cat "$scratch/out")"
	fi
}
# A shell starts background processes with SIGINT ignored.
if command -v timeout > "$scratch/which"; then
	for signal in INT TERM; do
		try_json 0 '.changes == []' timeout --preserve-status -s "$signal" 2 \
			sh -c "exec $GMEMCTL watch --simulate=plain --json"
	done
fi
wrapped || ends_by TERM

# A signal arrives before the first look: the document is complete. The test cannot preload into another
# machine's program, or under valgrind.
early() {
	# shellcheck disable=SC2086 # words
	LD_PRELOAD=$BUILD/tests/preload/early-signal.so $GMEMCTL "$@"
}
if ! can_preload; then
	skip 'a signal before the first look' 'no signal can be put there'
else
	try_json 2 '.changes == [] and .error.code == "interrupted" and .command == "watch"' \
		early watch --simulate=plain --json
	try 2 '^\{"schema_version":1,.*"code":"interrupted"' 'interrupted before the first look' \
		early watch --simulate=plain --jsonl
	try_json 4 '.error.code == "interrupted"' early walk --simulate=plain --json
	echo 'status' > "$scratch/batch"
	try_json 4 '.error.code == "interrupted"' early batch --simulate=plain --json "$scratch/batch"
fi

# Lines of JSON: each is an object, and the last one is the document without the changes.
try 0 '*' 'watching' watch --jsonl -i 0.01 -c 1
if [ "$(wc -l < "$scratch/stdout")" -eq 1 ] && jq -e '.looks == 1 and .error == null and
	.status == 0 and .simulated == "plain" and has("changes") == false' "$scratch/stdout" \
	> "$scratch/jq" 2>&1; then
	pass 'the last line of JSON tells how watch ended'
else
	fail 'the last line of JSON tells how watch ended' "$(cat "$scratch/stdout" "$scratch/jq")"
fi
try 64 '^\{"schema_version":1,.*"code":"usage".*\}$' 'another output format' watch --jsonl --json
try 64 '^\{"schema_version":1,.*"code":"usage".*\}$' 'another output format' watch --raw --jsonl
try 64 '^\{"schema_version":1,.*"code":"usage".*\}$' 'it must be' watch --jsonl -c 0
try 64 '"command":"caps"' "unrecognized option '--jsonl'" gmemctl caps --jsonl

# The reader goes away: watch ends at once, even if it would have nothing to write for hours.
left() {
	{
		watch --interval=3600 "$@"
		echo $? > "$scratch/left"
	} | true
	return "$(cat "$scratch/left")"
}
try 0 '' '*' left
try 0 '' '*' left --json
try 0 '' '*' left --raw
finish
