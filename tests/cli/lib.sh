# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Functions of the command-line tests. GMEMCTL is the command under test, as words: tests/run puts valgrind in
# front. Each script sources this file, runs its tests, and ends with finish.
set -u

: "${GMEMCTL:?run me through tests/run}"
: "${BUILD:?run me through tests/run}"
scratch=$(mktemp -d) || exit 2
trap 'end_holders; rm -rf "$scratch"' EXIT
trap 'exit 143' HUP INT TERM # with this a timeout, too, runs the EXIT trap
tests_run=0
tests_failed=0

# A test's VMs are held in the test's own folder. Their holders end when the test ends.
mkdir -m 700 "$scratch/runtime"
export GMEMCTL_RUNTIME_DIR="$scratch/runtime"
end_holders() {
	for held in "$scratch"/runtime/gmemctl/*.vm; do
		[ -s "$held" ] && kill "$(cut -d ' ' -f 2 "$held")" 2> "$scratch/kill"
	done
}

# No variable of the environment may change an output.
unset NO_COLOR COLUMNS
export LC_ALL=C.UTF-8 TERM=xterm

is_running() {
	[ -e "/proc/$1" ] && ! grep -qs '^State:.Z' "/proc/$1/status"
}

# Waits until a process has ended. The process that adopted it may need some time to reap it.
await_end() {
	while is_running "$1"; do
		sleep 0.01
	done
}

# Waits until a process or its child has a guest_memfd, or has ended. A test that interrupts a process needs
# this: after a fixed time, a busy machine may not even have started the process.
await_guest_memfd() {
	while is_running "$1"; do
		for process in "$1" $(cat "/proc/$1/task/$1/children" 2> "$scratch/await"); do
			readlink "/proc/$process/fd/"* 2> "$scratch/await" | grep -q kvm-gmem && return
		done
		sleep 0.01
	done
}

# Waits until a process catches SIGTERM. Before that the signal ends it without a message.
await_handler() {
	while is_running "$1"; do
		caught=$(sed -n 's/^SigCgt:.*\(.\)...$/\1/p' "/proc/$1/status")
		case $caught in [4-7c-f]) return ;; esac
		sleep 0.01
	done
}

# program FILE: prints FILE, or, for another machine's program, a script that runs it in the emulator.
program() {
	[ -n "${EMULATOR-}" ] || { echo "$1"; return; }
	mkdir -p "$scratch/emulated"
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$EMULATOR" "$(realpath "$1")" \
		> "$scratch/emulated/${1##*/}"
	chmod +x "$scratch/emulated/${1##*/}"
	echo "$scratch/emulated/${1##*/}"
}

# The command as one file, for uses in which it cannot be words of this shell.
# shellcheck disable=SC2034 # used by tests
GMEMCTL_FILE=$(program "${GMEMCTL##* }")

gmemctl() {
	# shellcheck disable=SC2086 # words
	$GMEMCTL "$@"
}

# Whether valgrind runs the command: a run takes seconds, and lacks system calls that valgrind does not know.
wrapped() {
	case $GMEMCTL in
	*' '*) true ;;
	*) false ;;
	esac
}

# Whether a library can be preloaded. A sanitizer's libraries must come first, and programs of
# another machine cannot load it.
can_preload() {
	! wrapped && [ -z "${EMULATOR-}" ] && ! ldd "$GMEMCTL_FILE" | grep -q 'lib[at]san'
}

# Whether --sysroot is missing: without openat2(2), as in an emulator of processes, gmemctl refuses it.
sysroot_missing() {
	gmemctl doctor --sysroot=tests/hosts/el9 > "$scratch/stdout" 2> "$scratch/stderr"
	grep -q 'no openat2(2)' "$scratch/stderr"
}

pass() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1"
}

# fail NAME REASON...: counts and prints a failed test.
fail() {
	tests_run=$((tests_run + 1))
	tests_failed=$((tests_failed + 1))
	echo "not ok $tests_run - $1"
	shift
	printf '#   %s\n' "$@"
}

skip() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1 # SKIP $2"
}

finish() {
	echo "1..$tests_run"
	exit $((tests_failed > 0))
}

# matches FILE PATTERN: whether a line matches the extended regular expression. '' wants an
# empty file, '*' accepts any.
matches() {
	case $2 in
	'') [ ! -s "$1" ] ;;
	'*') true ;;
	*) grep -qE -e "$2" "$1" ;;
	esac
}

# Prints the part of an output that a failed test shows.
show() {
	sed -n "1,20{s/^/#   $1: /;p;}" "$scratch/$1"
}

# judge NAME STATUS WANTED_STATUS STDOUT STDERR: checks $scratch/stdout and stderr against the patterns.
judge() {
	if [ "$2" -ne "$3" ]; then
		fail "$1" "the exit status is $2, and should be $3"
	elif [ -z "$4" ] && [ -s "$scratch/stdout" ]; then
		fail "$1" "standard output should be empty"
	elif ! matches "$scratch/stdout" "$4"; then
		fail "$1" "no line of standard output matches '$4'"
	elif [ -z "$5" ] && [ -s "$scratch/stderr" ]; then
		fail "$1" "standard error should be empty"
	elif ! matches "$scratch/stderr" "$5"; then
		fail "$1" "no line of standard error matches '$5'"
	else
		pass "$1"
		return
	fi
	show stdout
	show stderr
}

# try STATUS STDOUT STDERR COMMAND...: runs the command, and checks all three.
try() {
	wanted=$1 out=$2 err=$3
	shift 3
	"$@" > "$scratch/stdout" 2> "$scratch/stderr" < /dev/null
	judge "$*" $? "$wanted" "$out" "$err"
}

# Keeps a document. At the end, all documents of the tests are checked against the schemas.
keep_json() {
	documents=$BUILD/test-results/json
	if mkdir -p "$documents"; then
		cp "$1" "$documents/${0##*/}-$tests_run.json"
	fi
}

# try_json STATUS FILTER COMMAND...: whether standard output is one JSON document, FILTER is true of it, and
# its status is the exit status.
try_json() {
	wanted=$1 filter=$2
	shift 2
	"$@" > "$scratch/stdout" 2> "$scratch/stderr" < /dev/null
	status=$?
	keep_json "$scratch/stdout"
	if [ "$(jq -s length "$scratch/stdout" 2> "$scratch/jq")" != 1 ]; then
		fail "$*" "standard output is not one JSON document" "$(cat "$scratch/jq")"
		show stdout
	elif grep -oE '^	"[^"]*":' "$scratch/stdout" | sort | uniq -d | grep -q .; then
		fail "$*" "a key of the document is there twice" \
			"$(grep -oE '^	"[^"]*":' "$scratch/stdout" | sort | uniq -d)"
	elif ! jq -e ".schema_version == 1 and .tool == \"gmemctl\" and .status == $status" \
		"$scratch/stdout" > /dev/null; then
		fail "$*" "the document's header or status is wrong"
		show stdout
	elif ! jq -e "$filter" "$scratch/stdout" > /dev/null 2> "$scratch/jq"; then
		fail "$*" "this is not true of the document: $filter" "$(cat "$scratch/jq")"
		show stdout
		show stderr
	else
		judge "$*" "$status" "$wanted" '*' '*'
	fi
}

# shows WANTED GOT: whether the lines of WANTED between two "..." are in GOT, in this order.
shows() {
	awk '
		FNR == NR { wanted[++n] = $0; next }
		{ got[++m] = $0 }
		function fits(i, k) {
			while (i <= n && wanted[i] != "...") {
				if (k > m || wanted[i] != got[k])
					return 0
				i++
				k++
			}
			if (i > n)
				return k > m
			for (; k <= m + 1; k++)
				if (fits(i + 1, k))
					return 1
			return 0
		}
		END { exit !fits(1, 1) }
	' "$1" "$2"
}

# Prints every command, in the order of the table.
commands() {
	gmemctl --describe | awk -F '\t' '$1 == "command" { print $2 }'
}

models() {
	gmemctl --simulate=help | sed -n 's/^  \([a-z0-9-]*\) .*/\1/p'
}
