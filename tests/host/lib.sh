# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used by the tests that source it
# Functions for tests on the running kernel. They start programs of tests/tools beside gmemctl.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

tools=$BUILD/tests/tools

# The shell's process id, as /proc shows it.
read -r own_number _ < /proc/self/stat
if [ "$own_number" != $$ ]; then
	skip "${0##*/}" "/proc is that of another PID namespace: mount one of this namespace (unshare --mount-proc)"
	finish
fi

# If this PID namespace is not the initial one, the kernel's process ids differ from those of /proc.
in_pid_namespace() {
	[ "$(readlink /proc/self/ns/pid)" != "pid:[4026531836]" ]
}

# start NAME PROGRAM...: runs PROGRAM with its input on descriptor 9, and waits until it is ready.
# $scratch/NAME has its output, $helper its process id. If PROGRAM ends, start returns its status.
start() {
	name=$1
	shift
	rm -f "$scratch/input"
	mkfifo "$scratch/input"
	: > "$scratch/$name" # an earlier program of that name may have printed "ready"
	"$@" < "$scratch/input" > "$scratch/$name" 2> "$scratch/$name.err" &
	helper=$!
	exec 9> "$scratch/input"
	wait_for ready
}

# wait_for WORD: waits until the program started last has printed WORD.
wait_for() {
	while ! grep -qs "^$1\$" "$scratch/$name"; do
		if ! kill -0 "$helper" 2> /dev/null; then
			wait "$helper"
			return $?
		fi
		sleep 0.05
	done
}

# tell WORD: sends a line to the program, and waits until it has printed WORD.
tell() {
	echo go >&9
	wait_for "$1"
}

# Ends the program started last.
stop() {
	exec 9>&-
	wait "$helper"
}

# column NAME KEY N: prints field N of the lines that begin with KEY.
column() {
	awk -v key="$2" -v n="$3" '$1 == key { print $n }' "$scratch/$1"
}

# Reading kernel memory needs privilege. If that is missing, tests are skipped with that reason.
reader_missing() {
	gmemctl directmap --json > "$scratch/reader" 2> "$scratch/reader.err"
	[ $? -eq 3 ] || return 1
	why=$(jq -r '.error.message' "$scratch/reader")
}

# until_line FILE PATTERN: waits until a line of FILE matches, at most two minutes. (In an emulator one look
# takes longer than the event itself.)
until_line() {
	tries=0
	while ! grep -qs -e "$2" "$1" && [ $tries -lt 480 ]; do
		tries=$((tries + 1))
		sleep 0.25
	done
}

# only CAPABILITY...: prints the options for setpriv that leave root only these capabilities.
only() {
	sets=-all
	for capability; do
		sets="$sets,+$capability"
	done
	echo "--inh-caps=$sets --bounding-set=$sets"
}

# with 'CAPABILITIES' COMMAND...: runs COMMAND as root with only these capabilities, separated by blanks. (The
# shell of busybox runs its own setpriv, which has other options, unless it gets the path of the right one.)
with() {
	capabilities_of_it=$1
	shift
	# shellcheck disable=SC2046,SC2086 # words
	"${SETPRIV:-setpriv}" $(only $capabilities_of_it) "$@"
}
