# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # scratch is set by what is sourced
# The name of a process has bytes that a terminal would obey: ESC, the one character that stands for ESC [,
# and a byte that belongs to no character. No output of gmemctl contains them.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. "$(dirname "$0")/../host/lib.sh"

# calm NAME PATTERN: whether the output has none of these bytes, but has PATTERN, the name in another form.
calm() {
	if LC_ALL=C grep -aq "$(printf '\033\\|\302[\200-\237]\\|\377')" "$scratch/stdout" "$scratch/stderr"; then
		fail "$1" "$(cat -v "$scratch/stdout" "$scratch/stderr")"
	elif ! grep -aqF -e "$2" "$scratch/stdout" "$scratch/stderr"; then
		fail "$1" "no $2 in it" "$(cat "$scratch/stdout" "$scratch/stderr")"
	else
		pass "$1"
	fi
}

# written COMMAND...: keeps the command's output and messages.
written() {
	gmemctl "$@" > "$scratch/stdout" 2> "$scratch/stderr"
}

odd=$(printf 'a\033[2J\302\233b\377')
cp "$BUILD/tests/hostile/keep-memory" "$scratch/$odd"
if start odd "$scratch/$odd" path; then
	written list -o command
	calm 'a name in a table' 'a\x1b[2J'
	written list --raw -o command
	calm 'a name in --raw' 'a\x1b[2J\xc2\x9bb\xff'
	written list --pairs -o command
	calm 'a name in --pairs' 'COMMAND="a\x1b[2J\xc2\x9bb\xff"'
	written list --json
	calm 'a name in --json' 'a\u001b[2J\u009bb'
	written metrics
	calm 'a name in metrics' 'command="a\\x1b[2J\\xc2\\x9bb'
	written metrics --format=prometheus
	calm 'a name in metrics for Prometheus' 'command="a\\x1b[2J\\xc2\\x9bb'
	written metrics --raw
	calm 'a name in the rows of metrics' 'x1b[2J'
	stop
else
	skip 'a name with control sequences' "$(tail -n 1 "$scratch/odd.err")"
fi

# The same bytes in the command line, in the name of a folder, and in a log.
written "$odd"
calm 'a word of the command line' "a?[2J??b?"
written check --sysroot="$scratch/$odd"
calm 'the name of a folder' '?[2J??b?'
log=tests/cli/oops/x86-page-add
{
	printf 's/Comm: vmm/Comm: '
	printf '%s' "$odd" | sed 's/[[]/\\[/'
	echo /
} > "$scratch/edit"
LC_ALL=C sed -f "$scratch/edit" "$log" > "$scratch/log"
for style in '' --raw --pairs; do
	written oops $style "$scratch/log"
	calm "a name in a log, oops $style" '\xc2\x9bb\xff'
done
finish
