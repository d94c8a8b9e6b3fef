#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A host whose memory is dumped at the end (tests/kernel/dump.sh). While it runs, each document of
# gmemctl becomes a line "#live NAME JSON". The script leaves its processes running.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

leave secret "$tools/secret-pages" 20
leave removed "$tools/own-memory" 1048576 7
leave host "$tools/host-memory"
# From here on nothing changes. The page frames below are of every kind.
frames() {
	for of in "secret secret 2" "secret ordinary 2" "removed page 3" "host page 4"; do
		# shellcheck disable=SC2086 # words
		column $of | head -n "$1"
	done
}
live_all "$(frames 64)" "$(frames 2)"
for key in secret ordinary; do
	echo "#made $key $(column secret $key 2 | tr '\n' ' ')"
done
echo "#made removed $(column removed page 3 | tr '\n' ' ')"
echo "#made vmcoreinfo $(cat /sys/kernel/vmcoreinfo)"
finish
