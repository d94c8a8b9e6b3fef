# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # helper and scratch are set by what is sourced
# No client blocks a holder: not with a stopped terminal, a pipe that nobody reads, or a FIFO that nobody
# writes. The holder serves others, and --ttl, --user and SIGTERM end it.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. "$(dirname "$0")/../host/lib.sh"

attacks=$BUILD/tests/hostile
tools=$BUILD/tests/tools
silent=$scratch/silent
mkfifo "$silent"

# create NAME OPTION...: creates a VM. Its page frames, one on each line, are more than
# any pipe or terminal takes.
create() {
	# shellcheck disable=SC2086 # words
	gmemctl create "$@" ${model:---simulate=plain --size=16M --populate} > "$scratch/out" 2>&1
	holder=$(gmemctl status --json 2> "$scratch/err" | jq ".vms[] | select(.name == \"$1\") | .pid")
	[ -n "$holder" ] || fail "create $1" "$(cat "$scratch/out")"
}

# gone_within SECONDS NAME: whether the holder ends in that time.
gone_within() {
	tries=0
	while [ -e "/proc/$holder/fd/0" ] && [ $tries -lt $(($1 * 20)) ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	if [ -e "/proc/$holder/fd/0" ]; then
		fail "$2" "process $holder is there after $1 seconds"
		kill -s KILL "$holder"
	else
		pass "$2: within $((tries * 50)) ms"
	fi
}

# stuck KIND NAME: starts a client that has an output nobody reads.
stuck() {
	start stuck "$attacks/stuck-terminal" "$1" "$GMEMCTL" pfns "$2" --each --json || return 1
	sleep 0.5
}

for kind in stopped unread pipe socket; do
	create vm
	if ! stuck $kind vm; then
		skip "a client whose output is $kind" "$(tail -n 1 "$scratch/stuck.err")"
		gmemctl destroy vm > "$scratch/out" 2>&1
		continue
	fi
	"$tools/measure" "$scratch/time" 30 "$GMEMCTL" punch vm 0+4K > "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	read -r elapsed _ < "$scratch/time"
	if [ $status -eq 0 ]; then
		pass "beside a client whose output is $kind, another is served: $elapsed ms"
	else
		fail "beside a client whose output is $kind, another is served" "status $status" "$(cat "$scratch/stderr")"
	fi
	stop
	stuck $kind vm
	kill -s TERM "$holder"
	gone_within 5 "SIGTERM ends a holder, output $kind"
	stop
	create mortal --ttl=3s
	stuck $kind mortal
	gone_within 10 "--ttl ends a holder, output $kind"
	stop
	sleep 60 &
	user=$!
	create used --user=$user
	stuck $kind used
	kill "$user"
	gone_within 5 "the end of the --user process ends a holder, output $kind"
	stop
done

# The holder reads from a FIFO that nobody writes. (The shell keeps the FIFO open.)
exec 8<> "$silent"
model='--simulate=tdx --size=1M'
for how in ttl user; do
	sleep 60 &
	user=$!
	case $how in
	ttl) create reading --ttl=2s ;;
	user) create reading --user=$user ;;
	esac
	gmemctl convert reading all private > "$scratch/out" 2>&1
	"$GMEMCTL" map reading 0+4K --from="$silent" > "$scratch/stdout" 2> "$scratch/stderr" &
	mapping=$!
	sleep 0.5
	kill "$user"
	gone_within 10 "map --from of a silent FIFO: --$how ends the holder"
	wait $mapping
	status=$?
	if { [ $status -eq 2 ] || [ $status -eq 4 ]; } && grep -q interrupted "$scratch/stderr"; then
		pass 'the client of that map gets the message "interrupted"'
	else
		fail 'the client of that map gets the message "interrupted"' "status $status" "$(cat "$scratch/stderr")"
	fi
done
exec 8>&-
model=

# The holder has no descriptor for a connection. It tells its client, and does not spin.
create full
open=$(find "/proc/$holder/fd" -mindepth 1 | wc -l)
ticks() {
	awk '{ print $14 + $15 }' "/proc/$holder/stat"
}
if prlimit --pid "$holder" --nofile="$open:4096" 2> "$scratch/err"; then
	try 2 '' 'has no room for another descriptor' timeout 20 "$GMEMCTL" pfns full
	# Now even the spare descriptor of the holder is of no use.
	prlimit --pid "$holder" --nofile=0:4096
	timeout 3 "$GMEMCTL" pfns full > "$scratch/stdout" 2> "$scratch/stderr" &
	before=$(ticks)
	sleep 2
	after=$(ticks)
	wait $!
	if [ $((after - before)) -lt 20 ]; then
		pass "a connection that a holder cannot accept does not make it run in a loop: $((after - before)) ticks in 2 seconds"
	else
		fail 'a connection that a holder cannot accept does not make it run in a loop' "$((after - before)) ticks in 2 seconds"
	fi
	prlimit --pid "$holder" --nofile=1024:4096
	try 0 '*' '' gmemctl pfns full
else
	skip 'a holder without descriptors for a connection' "$(tail -n 1 "$scratch/err")"
fi
try 0 '' 'simulated' gmemctl destroy full
finish
