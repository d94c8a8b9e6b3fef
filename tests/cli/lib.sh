# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the command-line tests share. GMEMCTL is the command under test, as words: tests/run puts
# valgrind in front. Each script sources this, tries, and ends with finish.
set -u

: "${GMEMCTL:?run me through tests/run}"
: "${BUILD:?run me through tests/run}"
scratch=$(mktemp -d) || exit 2
trap 'end_holders; rm -rf "$scratch"' EXIT
trap 'exit 143' HUP INT TERM # a timeout ends it in order too
tests_run=0
tests_failed=0

# VMs that a test holds are held in a folder of its own, and end with it.
mkdir -m 700 "$scratch/runtime"
export GMEMCTL_RUNTIME_DIR="$scratch/runtime"
end_holders() {
	for held in "$scratch"/runtime/gmemctl/*.vm; do
		[ -s "$held" ] && kill "$(cut -d ' ' -f 2 "$held")" 2> "$scratch/kill"
	done
}

# An environment that changes no output.
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

# Waits until a process or its child has a guest_memfd, or has ended. A test that interrupts it needs
# that: after a mere time, a busy machine may not even have started the process.
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

# program FILE: one to run in its place where it is another machine's.
program() {
	[ -n "${EMULATOR-}" ] || { echo "$1"; return; }
	mkdir -p "$scratch/emulated"
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$EMULATOR" "$(realpath "$1")" \
		> "$scratch/emulated/${1##*/}"
	chmod +x "$scratch/emulated/${1##*/}"
	echo "$scratch/emulated/${1##*/}"
}

# The command alone, for places where it is not a word of this shell.
# shellcheck disable=SC2034 # used by tests
GMEMCTL_FILE=$(program "${GMEMCTL##* }")

gmemctl() {
	# shellcheck disable=SC2086 # words
	$GMEMCTL "$@"
}

# Under valgrind a run takes seconds, and system calls that it does not know are not there.
wrapped() {
	case $GMEMCTL in
	*' '*) true ;;
	*) false ;;
	esac
}

# Not together with the libraries of a sanitizer, which have to come first, and not into programs of others.
can_preload() {
	! wrapped && [ -z "${EMULATOR-}" ] && ! ldd "$GMEMCTL_FILE" | grep -q 'lib[at]san'
}

# Without openat2(2), as in an emulator of processes, no files of another host are looked at.
sysroot_missing() {
	gmemctl doctor --sysroot=tests/hosts/el9 > "$scratch/stdout" 2> "$scratch/stderr"
	grep -q 'no openat2(2)' "$scratch/stderr"
}

pass() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1"
}

# fail NAME REASON...
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

# matches FILE PATTERN: some line matches the extended regular expression; '' wants no output,
# '*' takes any.
matches() {
	case $2 in
	'') [ ! -s "$1" ] ;;
	'*') true ;;
	*) grep -qE -e "$2" "$1" ;;
	esac
}

# The part of an output that a failed test shows.
show() {
	sed -n "1,20{s/^/#   $1: /;p;}" "$scratch/$1"
}

# judge NAME STATUS WANTED_STATUS STDOUT STDERR, on $scratch/stdout and stderr
judge() {
	if [ "$2" -ne "$3" ]; then
		fail "$1" "exit status $2, not $3"
	elif ! matches "$scratch/stdout" "$4"; then
		fail "$1" "standard output does not match '$4'"
	elif ! matches "$scratch/stderr" "$5"; then
		fail "$1" "standard error does not match '$5'"
	else
		pass "$1"
		return
	fi
	show stdout
	show stderr
}

# try STATUS STDOUT STDERR COMMAND...: runs it, and checks all three.
try() {
	wanted=$1 out=$2 err=$3
	shift 3
	"$@" > "$scratch/stdout" 2> "$scratch/stderr" < /dev/null
	judge "$*" $? "$wanted" "$out" "$err"
}

# Keeps a document. At the end, all documents that the tests saw are checked against the schemas.
keep_json() {
	documents=$BUILD/test-results/json
	if mkdir -p "$documents"; then
		cp "$1" "$documents/${0##*/}-$tests_run.json"
	fi
}

# try_json STATUS FILTER COMMAND...: standard output is one JSON document, the filter is true of
# it, and its status is the exit status.
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
		fail "$*" "not true: $filter" "$(cat "$scratch/jq")"
		show stdout
		show stderr
	else
		judge "$*" "$status" "$wanted" '*' '*'
	fi
}

# shows WANTED GOT: the lines of WANTED between two "..." stand in GOT, in this order.
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

# Every command, in the order of the table.
commands() {
	gmemctl --describe | awk -F '\t' '$1 == "command" { print $2 }'
}

models() {
	gmemctl --simulate=help | sed -n 's/^  \([a-z0-9-]*\) .*/\1/p'
}
