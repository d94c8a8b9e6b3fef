#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# gmemctl on the stock kernel of a Debian suite: tests/kernel/stock.sh SUITE
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

suite=$1
kernel=$(tests/kernel/stock "$suite" 2> "$scratch/stock.err")
case $? in
0) ;;
77) skip "gmemctl on the stock kernel of $suite" "$(tail -n 1 "$scratch/stock.err")"; finish ;;
*) fail "the stock kernel of $suite can be fetched" "$(cat "$scratch/stock.err")"; finish ;;
esac
files=
for file in "$BUILD/gmemctl" "$PWD/tests/host" "$PWD/tests/cli" "$PWD/tests/kernel/guest" \
	"$PWD/tests/conformance" "$BUILD/tests/conformance-runner" "$(command -v jq)" \
	"$BUILD/tests/tools/own-memory"; do
	files="$files --file $(readlink -f "$file")"
done
# shellcheck disable=SC2086 # words
tests/kernel/run-qemu --timeout 600 --kernel "$kernel/vmlinuz" --modules "$kernel/modules" $files -- \
	env BUILD="$BUILD" GMEMCTL="$BUILD/gmemctl" sh tests/kernel/guest/stock.sh
