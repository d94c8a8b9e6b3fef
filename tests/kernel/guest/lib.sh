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
