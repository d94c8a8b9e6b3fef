# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the tests inside a test kernel share, beside what those on the running kernel do.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

# same NAME FILE FILE: the two files have the same, and something.
same() {
	if [ -s "$2" ] && cmp -s "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "$(diff "$2" "$3" | head -n 10)"
	fi
}

# live NAME COMMAND...: prints what it says.
live() {
	live=$1
	shift
	gmemctl "$@" --json > "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	if jq -e ".status == $status" "$scratch/stdout" > "$scratch/jq" 2>&1; then
		pass "$live: $*"
		printf '#live %s %s\n' "$live" "$(jq -c . "$scratch/stdout")"
	else
		fail "$live: $*" "status $status" "$(cat "$scratch/stderr")"
	fi
}

# A helper that is to stay: what keeps its input open stays, too.
leave() {
	start "$@" || fail "$1" "$(cat "$scratch/$1.err")"
	sleep 100000 > "$scratch/sleep" 2>&1 &
	exec 9>&-
}

# live_all FRAMES CHECKED: what gmemctl says of the host, for what is read from its dump to be held
# against. Of each page frame what it is, and of those that are CHECKED the verdict.
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
