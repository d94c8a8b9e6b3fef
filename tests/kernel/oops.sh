#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A real oops of a stock kernel of Debian, without a patch: tests/kernel/guest/oops.sh runs inside and
# names a page frame, which QEMU's gdb stub then takes out of the direct map.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

kept=$BUILD/test-results-kernel
mkdir -p "$kept"
kernel=$(tests/kernel/stock trixie-backports 2> "$scratch/stock.err")
case $? in
0) ;;
77) skip "an oops of a stock kernel" "$(tail -n 1 "$scratch/stock.err")"; finish ;;
*) fail "the stock kernel" "$(cat "$scratch/stock.err")"; finish ;;
esac
if ! command -v python3 > "$scratch/which"; then
	skip "an oops of a stock kernel" "there is no python3 to talk to the emulator's gdb stub"
	finish
fi
files=
for file in "$BUILD/gmemctl" "$PWD/tests/host" "$PWD/tests/cli" "$PWD/tests/kernel/guest" \
	"$(command -v jq)" "$BUILD/tests/tools/read-back"; do
	files="$files --file $(readlink -f "$file")"
done

# Waits for the line that names the page frame.
hole() {
	tries=0
	until pfn=$(sed -n 's/^# hole \(0x[0-9a-f]*\).*/\1/p' "$scratch/tap") && [ -n "$pfn" ]; do
		[ $tries -lt 1200 ] && [ ! -e "$scratch/ended" ] || return
		tries=$((tries + 1))
		sleep 0.25
	done
	tests/kernel/make-hole "$scratch/gdb" "$pfn"
}

: > "$scratch/tap"
hole > "$scratch/hole" 2>&1 &
# shellcheck disable=SC2086 # words
tests/kernel/run-qemu --timeout 240 --kernel "$kernel/vmlinuz" --modules "$kernel/modules" $files \
	--gdb "$scratch/gdb" --log "$kept/oops-stock.log" --expect __access_remote_vm -- \
	env BUILD="$BUILD" GMEMCTL="$BUILD/gmemctl" sh tests/kernel/guest/oops.sh \
	> "$scratch/tap" 2> "$scratch/err"
status=$?
touch "$scratch/ended"
wait
cat "$scratch/tap"
sed 's/^/# hole: /' "$scratch/hole"
[ $status -eq 0 ] || sed 's/^/# /' "$scratch/err"
exit $status
