# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the benchmarks share. Times are wall times of whole processes, in microseconds.

rounds=41

# median COMMAND...: of the rounds; nothing but the process is in it, no fork of a shell's.
median() {
	"$BUILD/tests/tools/bench-spawn" "$rounds" "$@"
}

# peak COMMAND...: largest resident set, KiB.
peak() {
	/usr/bin/time -f %M "$@" 2>&1 > /dev/null | tail -n 1
}

# took COMMAND...: how long that took.
took() {
	begin=$(date +%s%N)
	"$@" > /dev/null 2>&1 || return
	echo $((($(date +%s%N) - begin) / 1000))
}

# middle FILE: the median of its numbers.
middle() {
	sort -n "$1" | sed -n "$((($(wc -l < "$1") + 1) / 2))p"
}

ratio() {
	awk "BEGIN { printf \"%.2f\", $1 / $2 }"
}
