#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A dump of the test kernel, unfiltered and filtered: tests/kernel/guest/dump.sh runs inside.
# shellcheck source=tests/kernel/dump-lib.sh
. tests/kernel/dump-lib.sh

needs "a dump of the test kernel" python3 makedumpfile
kept=$BUILD/test-results-kernel
mkdir -p "$kept"
dump=$scratch/dump.elf
tests/kernel/run-qemu --timeout 240 --memory 512 --dump "$dump" --log "$kept/dump.log" -- \
	env BUILD="$BUILD" GMEMCTL="$BUILD/gmemctl" sh tests/kernel/guest/dump.sh \
	> "$scratch/tap" 2> "$scratch/err"
status=$?
take_live "$scratch/tap"
if [ $status -ne 0 ]; then
	fail "the tests in the guest pass before its dump" "$(grep -v '^#' "$scratch/tap")" "$(cat "$scratch/err")"
	finish
fi
pass "the tests in the guest pass before its dump: $(grep -c '^ok' "$scratch/tap") of them"

# As QEMU wrote it: the test kernel has no driver for the vmcoreinfo device.
try 2 '' 'no vmcoreinfo.*qemu_fw_cfg' gmemctl directmap --core="$dump"
unfiltered "$dump"
both_filters "$dump" "$scratch/dump.kdump"
filter -E "$dump" "$scratch/filtered.elf"
compare directmap "$scratch/filtered.elf" directmap --holes
bad_dumps "$dump" "$scratch/dump.kdump" "$scratch/filtered.elf"
finish
