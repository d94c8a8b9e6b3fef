# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used by the tests that source it
# What the tests on the running kernel share: programs of tests/tools that run beside gmemctl.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

tools=$BUILD/tests/tools

# The shell's own number, as /proc has it.
read -r own_number _ < /proc/self/stat
if [ "$own_number" != $$ ]; then
	skip "${0##*/}" "/proc is that of another PID namespace: mount one of this namespace (unshare --mount-proc)"
	finish
fi

# Where it is not the initial one, the kernel's numbers of processes are not those of /proc.
in_pid_namespace() {
	[ "$(readlink /proc/self/ns/pid)" != "pid:[4026531836]" ]
}

# start NAME PROGRAM...: runs it with its input on descriptor 9 and waits until it is ready. Its
# output is in $scratch/NAME, its process id in $helper. Fails with its status where it ends.
start() {
	name=$1
	shift
	rm -f "$scratch/input"
	mkfifo "$scratch/input"
	: > "$scratch/$name" # an earlier program of that name may have said that it is ready
	"$@" < "$scratch/input" > "$scratch/$name" 2> "$scratch/$name.err" &
	helper=$!
	exec 9> "$scratch/input"
	wait_for ready
}

# wait_for WORD: until the program started last has printed it.
wait_for() {
	while ! grep -qs "^$1\$" "$scratch/$name"; do
		if ! kill -0 "$helper" 2> /dev/null; then
			wait "$helper"
			return $?
		fi
		sleep 0.05
	done
}

# tell WORD: sends a line and waits for the answer.
tell() {
	echo go >&9
	wait_for "$1"
}

# Ends the program started last.
stop() {
	exec 9>&-
	wait "$helper"
}

# column NAME KEY N: the N-th field of the lines that begin with KEY.
column() {
	awk -v key="$2" -v n="$3" '$1 == key { print $n }' "$scratch/$1"
}

# Reading kernel memory needs privilege. If that is missing, tests are skipped with that reason.
reader_missing() {
	gmemctl directmap --json > "$scratch/reader" 2> "$scratch/reader.err"
	[ $? -eq 3 ] || return 1
	why=$(jq -r '.error.message' "$scratch/reader")
}

# until_line FILE PATTERN: a line of it matches, or two minutes have passed. (In an emulator to ask
# takes longer than what is waited for.)
until_line() {
	tries=0
	while ! grep -qs -e "$2" "$1" && [ $tries -lt 480 ]; do
		tries=$((tries + 1))
		sleep 0.25
	done
}

# only CAPABILITY...: options of setpriv that leave root these.
only() {
	sets=-all
	for capability; do
		sets="$sets,+$capability"
	done
	echo "--inh-caps=$sets --bounding-set=$sets"
}

# with 'CAPABILITIES' COMMAND...: root with these only, blanks between. (A shell of busybox's takes
# its own setpriv, whose options are others, unless it is given the path of the one that is meant.)
with() {
	capabilities_of_it=$1
	shift
	# shellcheck disable=SC2046,SC2086 # words
	"${SETPRIV:-setpriv}" $(only $capabilities_of_it) "$@"
}
