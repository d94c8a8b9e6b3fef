#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# While another process populates and punches the memory, libgmem finds the same page frames in the kernel's
# own nodes as in copies of the nodes.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if reader_missing; then
	skip "both ways to page frames agree" "$why"
	finish
fi

# both NAME KIND: compares them in 500 rounds, on memory of that kind.
both() {
	"$tools/both-ways" 500 "$2" > "$scratch/both" 2> "$scratch/both.err"
	case $? in
	0) pass "both ways to page frames agree on $1 that changes: $(tr '\n' ';' < "$scratch/both")" ;;
	77) skip "both ways to page frames agree on $1 that changes" "$(cat "$scratch/both.err")" ;;
	*) fail "both ways to page frames agree on $1 that changes" "$(cat "$scratch/both" "$scratch/both.err")" ;;
	esac
}

if [ -e /dev/kvm ]; then
	both 'a guest_memfd' guest_memfd
else
	skip "both ways to page frames agree on a guest_memfd that changes" "there is no /dev/kvm"
fi
both 'memory of memfd_create(2)' memfd
finish
