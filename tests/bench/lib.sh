# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Functions of the benchmarks. Times are wall times of whole processes, in microseconds.

rounds=41

# median COMMAND...: prints the median of the rounds. Only the process itself counts, without a shell's fork.
median() {
	"$BUILD/tests/tools/bench-spawn" "$rounds" "$@"
}

# peak COMMAND...: prints the largest resident set in KiB.
peak() {
	/usr/bin/time -f %M "$@" 2>&1 > /dev/null | tail -n 1
}

# took COMMAND...: prints how long the command took.
took() {
	begin=$(date +%s%N)
	"$@" > /dev/null 2>&1 || return
	echo $((($(date +%s%N) - begin) / 1000))
}

# middle FILE: prints the median of the file's numbers.
middle() {
	sort -n "$1" | sed -n "$((($(wc -l < "$1") + 1) / 2))p"
}

ratio() {
	awk "BEGIN { printf \"%.2f\", $1 / $2 }"
}
