#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# While another process populates and punches the memory, libgmem finds the page frames that this process sees.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if reader_missing; then
	skip "page frames of memory that changes" "$why"
	finish
fi

# changing NAME KIND: compares them in 500 rounds, on memory of that kind.
changing() {
	"$tools/changing" 500 "$2" > "$scratch/changing" 2> "$scratch/changing.err"
	case $? in
	0) pass "page frames of $1 that changes: $(cat "$scratch/changing")" ;;
	77) skip "page frames of $1 that changes" "$(cat "$scratch/changing.err")" ;;
	*) fail "page frames of $1 that changes" "$(cat "$scratch/changing" "$scratch/changing.err")" ;;
	esac
}

if [ -e /dev/kvm ]; then
	changing 'a guest_memfd' guest_memfd
else
	skip "page frames of a guest_memfd that changes" "there is no /dev/kvm"
fi
changing 'memory of memfd_create(2)' memfd
finish
