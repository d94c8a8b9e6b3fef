# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # scratch is set by what is sourced
# A command gave up capabilities. If an attacker makes it run a program, execve(2) does not bring them back.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. "$(dirname "$0")/../host/lib.sh"

# given_up NAME PID: whether no execve() of this process gains a capability.
given_up() {
	why=$(grep -E '^(NoNewPrivs|CapBnd|CapInh|CapAmb)' "/proc/$2/status")
	if echo "$why" | awk '$1 == "NoNewPrivs:" { if ($2 != 1) exit 1; next } $2 !~ /^0+$/ { exit 1 }'; then
		pass "$1"
	else
		fail "$1" "$why"
	fi
}

if [ "$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)" = 0000000000000000 ] ||
	! with setpcap true 2> "$scratch/err"; then
	skip 'capabilities that a command gave up' 'this process may not change its capabilities'
	finish
fi
"$GMEMCTL" watch --simulate=plain --interval=60 > "$scratch/watch" 2>&1 &
watch=$!
until_line "$scratch/watch" .
given_up 'watch gains nothing by execve(2)' $watch
kill $watch
wait $watch
try 0 '' 'simulated' gmemctl create held --simulate=plain --size=1M
given_up 'a holder gains nothing by execve(2)' "$(gmemctl status --json 2> "$scratch/err" | jq '.vms[0].pid')"
try 0 '' 'simulated' gmemctl destroy held

# exec leaves the caller's capabilities to the command that it runs, in a batch, too.
if gmemctl create held --size=1M > "$scratch/stdout" 2>&1; then
	mine=$(grep -E '^(NoNewPrivs|CapBnd)' /proc/self/status)
	its=$(gmemctl exec held -- grep -E '^(NoNewPrivs|CapBnd)' /proc/self/status)
	if [ "$mine" = "$its" ]; then
		pass 'the command that exec runs has the capabilities of the caller'
	else
		fail 'the command that exec runs has the capabilities of the caller' "$its" "and not" "$mine"
	fi
	try 0 '' '' gmemctl destroy held
else
	skip 'the command that exec runs has the capabilities of the caller' "$(tail -n 1 "$scratch/stdout")"
fi
finish
