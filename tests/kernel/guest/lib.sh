# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Functions for the tests inside a test kernel, in addition to those for tests on the running kernel.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

# same NAME FILE FILE: whether the two files have the same content, and are not empty.
same() {
	if [ -s "$2" ] && cmp -s "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "$(diff "$2" "$3" | head -n 10)"
	fi
}

# live NAME COMMAND...: prints the command's document as a line "#live NAME JSON".
live() {
	live=$1
	shift
	gmemctl "$@" --json > "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	if jq -e ".status == $status" "$scratch/stdout" > "$scratch/jq" 2>&1; then
		pass "gmemctl $* works before the dump"
		printf '#live %s %s\n' "$live" "$(jq -c . "$scratch/stdout")"
	else
		fail "gmemctl $* works before the dump" "status $status" "$(cat "$scratch/stderr")"
	fi
}

# leave NAME HELPER...: starts a helper that stays. The process that keeps its input open stays, too.
leave() {
	start "$@" || fail "$1" "$(cat "$scratch/$1.err")"
	sleep 100000 > "$scratch/sleep" 2>&1 &
	exec 9>&-
}

# live_all FRAMES CHECKED: prints what gmemctl reports of this host. The answers from its dump are later
# compared with that. `pfn` looks at FRAMES, and `check` at CHECKED.
live_all() {
	live directmap directmap --holes
	live list list
	jq -r '.guest_memfds[] | "\(.inode) \(.pid):\(.fds[0])"' "$scratch/stdout" > "$scratch/targets"
	while read -r inode target; do
		live "pfns-$inode" pfns "$target" --each
	done < "$scratch/targets"
	# shellcheck disable=SC2086 # numbers
	live pfn pfn $1
	for frame in $2; do
		live "check-$frame" check --pfn "$frame"
	done
}
