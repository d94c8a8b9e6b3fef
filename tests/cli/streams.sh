# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# Standard output that is closed, or full, or has no reader any more; and colour.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

caps() {
	gmemctl caps --simulate=plain "$@"
}

# Sub-shells, so that the command starts with exactly this stream.
closed() {
	(caps "$@" >&-)
}
full() {
	caps "$@" > /dev/full
}
version_to_full() {
	gmemctl --version > /dev/full
}
all_closed() {
	(caps >&- 2>&- <&-)
}

# The reader goes away: gmemctl does not print many messages, whether SIGPIPE is ignored or not.
left() {
	{
		caps --json
		echo $? > "$scratch/left"
	} | true
	status=$(cat "$scratch/left")
	# A shell reports a death by SIGPIPE as 141.
	[ "$status" -eq 0 ] || [ "$status" -eq 141 ]
}
left_ignored() {
	(trap '' PIPE && left)
}

doctor_color() {
	gmemctl doctor --simulate=plain "$@"
}

if wrapped; then
	skip 'standard output closed' 'valgrind puts a file of its own in its place'
else
	try 2 '' 'writing to standard output: Bad file descriptor' closed
	try 2 '' 'writing to standard output: Bad file descriptor' closed --json
fi
try 2 '' 'writing to standard output: No space left on device' full
try 2 '' 'writing to standard output: No space left on device' full --json
try 2 '' 'writing to standard output: No space left on device' full --raw
try 2 '' 'writing to standard output' version_to_full
try 2 '' '' all_closed
try 0 '' '' left
try 0 '' '' left_ignored
# The same of an answer that no pipe holds, which a holder writes: it ignores SIGPIPE.
gmemctl create left --simulate=plain --size=64M --populate 2> "$scratch/out"
held_left() {
	{
		gmemctl pfns left --each 2> "$scratch/left-errors"
		echo $? > "$scratch/left"
	} | true
	cat "$scratch/left-errors"
	return "$(cat "$scratch/left")"
}
try 0 '' '' held_left
gmemctl destroy left 2> "$scratch/out"

# If create cannot write its answer, it has failed: it ends, and leaves no VM.
create_full() {
	# shellcheck disable=SC2086 # words
	timeout 60 $GMEMCTL create lost --simulate=plain "$@" > /dev/full
}
try 2 '' 'writing to standard output: No space left on device' create_full --json
try 2 '' 'no VM is held under the name .lost' gmemctl status lost
try 2 '' 'writing to standard output: No space left on device' create_full --verbose
try 2 '' 'no VM is held under the name .lost' gmemctl status lost

escape=$(printf '\033')
colored() {
	grep -q "$escape" "$scratch/stdout"
}
# want_color yes|no NAME COMMAND...: whether the command's output has colour.
want_color() {
	want=$1 name=$2
	shift 2
	"$@" > "$scratch/stdout" 2> "$scratch/stderr" < /dev/null
	status=$?
	if colored; then got=yes; else got=no; fi
	if [ "$status" -ne 0 ]; then
		fail "$name" "exit status $status"
		show stderr
	elif [ "$got" = "$want" ]; then
		pass "$name"
	else
		fail "$name" "colour: $got"
		show stdout
	fi
}
want_color no 'no colour where it is no terminal' doctor_color
want_color yes 'colour always' doctor_color --color=always
want_color yes 'colour without a word is always' doctor_color --color
want_color no 'colour never' doctor_color --color=never
want_color no 'no colour in raw' doctor_color --color=always --raw
want_color no 'no colour in JSON' doctor_color --color=always --json
on_terminal() {
	script -qec "$GMEMCTL doctor --simulate=plain; :" /dev/null
}
no_color() {
	(export NO_COLOR="$1" && on_terminal)
}
dumb_terminal() {
	(export TERM=dumb && on_terminal)
}
if command -v script > /dev/null; then
	want_color yes 'colour on a terminal' on_terminal
	want_color no 'NO_COLOR' no_color 1
	want_color yes 'empty NO_COLOR' no_color ''
	want_color no 'TERM=dumb' dumb_terminal
else
	skip 'colour on a terminal' 'script(1) is not installed'
fi
finish
