# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# Clients that break the rules: a holder still serves the others, and keeps its VM.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. tests/host/lib.sh

client=$(program "$tools/holder-client")
gmemctl create vm --simulate=tdx > "$scratch/out" 2>&1
socket=$GMEMCTL_RUNTIME_DIR/gmemctl/vm.sock
pid=$(gmemctl status --json 2> "$scratch/err" | jq '.vms[0].pid')

fds() {
	find "/proc/$pid/fd" -type l | wc -l
}
before=$(fds)

# serves NAME: whether the holder answers so soon that it cannot have waited for other clients.
serves() {
	# shellcheck disable=SC2086 # words
	if timeout 30 $GMEMCTL punch vm all > "$scratch/stdout" 2> "$scratch/stderr"; then
		pass "$1"
	else
		fail "$1" "status $?"
		show stderr
	fi
}

try 0 '' '' "$client" "$socket" garbage 2000
serves 'it answers after 2000 packets of random bytes'
try 0 '^[0-9]+\.[0-9]+\.[0-9]+$' '' "$client" "$socket" version
serves 'it answers after a client of another version'
# A holder runs only commands for its VM. For a client it neither creates other VMs nor looks at the host.
for words in 'create other --user=1' 'batch -' 'list' 'doctor --json' 'pfns 1:3'; do
	# shellcheck disable=SC2086 # words
	try 0 '^64$' '*' "$client" "$socket" run $words
done
try 0 '^0$' 'pages: ' "$client" "$socket" run pfns vm
try 0 '' '' "$client" "$socket" leave 50
serves 'it answers after 50 clients that left before their answer'
start silent "$client" "$socket" silent 100
serves 'it answers beside 100 connections that send nothing'
stop
serves 'it answers when these connections are closed'
if wrapped; then
	skip 'it answers beside a client that does not read' 'under valgrind the wait is longer than the patience'
else
	start deaf "$client" "$socket" deaf
	serves 'it answers beside a client that does not read its answer'
	stop
fi
serves 'it answers when that client is gone'

# A client of a stopped holder: a signal ends the wait, and nothing was done. The holder does not have the
# client's descriptors: a reader of the client's output reaches the end while the holder is stopped.
to_stopped() {
	kill -s STOP "$pid"
	# shellcheck disable=SC2086 # words
	(
		$GMEMCTL punch vm all 2>&1 > "$scratch/out" &
		asking=$!
		await_handler "$asking"
		sleep 1
		kill -s TERM "$asking"
		wait "$asking"
		echo "status $?"
	) | cat > "$scratch/asked"
	cat "$scratch/asked" >&2
	kill -s CONT "$pid"
	return "$(sed -n 's/^status //p' "$scratch/asked")"
}
if wrapped; then
	skip 'a client of a stopped holder' 'a second is not enough there to start'
else
	try 2 '' "interrupted before the holder of 'vm', process $pid, took the command, so that nothing was done: it is stopped" \
		to_stopped
	serves 'it answers after it was stopped'
fi
sleep 0.2
if [ "$(fds)" -eq "$before" ] && [ "$(stat -c %a "$socket")" = 600 ] &&
	[ "$(stat -c %a "$GMEMCTL_RUNTIME_DIR/gmemctl")" = 700 ]; then
	pass 'the holder has no more descriptors than before, and only its user can read its files'
else
	fail 'the holder has no more descriptors than before, and only its user can read its files' \
		"$before before, $(fds) after" "$(ls -la "$GMEMCTL_RUNTIME_DIR/gmemctl")"
fi
try 0 '' 'simulated' gmemctl destroy vm
if [ ! -e "$socket" ]; then
	pass 'the holder ends after destroy'
else
	fail 'the holder ends after destroy'
fi

# A file that the holder cannot remove is in the way. It reports that, and does not try for ever.
mkdir "$GMEMCTL_RUNTIME_DIR/gmemctl/blocked.sock"
# shellcheck disable=SC2086 # words
try 2 '' 'blocked.sock is in the way and cannot be removed: Is a directory' \
	timeout 60 $GMEMCTL create blocked --simulate=plain
rmdir "$GMEMCTL_RUNTIME_DIR/gmemctl/blocked.sock"
try 0 '' 'simulated' gmemctl create blocked --simulate=plain
# The holder's file is one line of fixed length, so a reader never sees a part of it.
for range in 0+4K 4K+8K all; do
	gmemctl punch blocked "$range" > "$scratch/out" 2>&1
	wc -lc < "$GMEMCTL_RUNTIME_DIR/gmemctl/blocked.vm"
done | sort -u > "$scratch/lines"
if [ "$(tr -s ' ' < "$scratch/lines")" = ' 1 511' ]; then
	pass 'the line about a VM always has the same length'
else
	fail 'the line about a VM always has the same length' "$(cat "$scratch/lines")"
fi
try 0 '' 'simulated' gmemctl destroy blocked

# A client that does not read its answer blocks other clients only for a moment, and gets a message. So does a
# client that connected earlier and sends its request later.
gmemctl create unread --simulate=plain --size=16M --populate > "$scratch/out" 2>&1
mkfifo "$scratch/go"
start late timeout 120 "$client" "$GMEMCTL_RUNTIME_DIR/gmemctl/unread.sock" late punch unread 0+4K
{
	gmemctl pfns unread --each --json 2> "$scratch/slow" |
		{ head -c 1 > "$scratch/first"; read -r _ < "$scratch/go"; cat > "$scratch/torso"; }
} 9>&- &
reader=$!
until [ -s "$scratch/first" ]; do sleep 0.05; done
stop
echo > "$scratch/go"
wait $reader
if [ "$(tail -n 1 "$scratch/late")" = 0 ] &&
	grep -q 'was not read for 2 seconds, and another command waits for this VM' "$scratch/slow"; then
	pass 'the holder gives up an answer that no client reads'
else
	fail 'the holder gives up an answer that no client reads'
	show slow
	show late
fi
try 0 '' 'simulated' gmemctl destroy unread
finish
