#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# caps and doctor on a kernel with software-protected VMs and the flag no-direct-map.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

# flags ASKED-ON: the creation flags that the kernel offers there.
flags() {
	jq -c --arg on "$1" '[.capabilities[] | select(.asked_on == $on and
		.capability == "KVM_CAP_GUEST_MEMFD_FLAGS") | .flags][0]' "$scratch/caps"
}

try 0 '^KVM_CAP_VM_TYPES +/dev/kvm +3 +default,sw-protected ' '' gmemctl caps
gmemctl caps --json > "$scratch/caps"
for row in '/dev/kvm ["mmap","init-shared","no-direct-map"]' \
	'default ["mmap","init-shared","no-direct-map"]' 'sw-protected ["mmap","no-direct-map"]'; do
	if [ "$(flags "${row%% *}")" = "${row#* }" ]; then
		pass "caps shows the creation flags ${row#* } on ${row%% *}"
	else
		fail "caps shows the creation flags ${row#* } on ${row%% *}" "$(flags "${row%% *}")"
	fi
done
gmemctl doctor --json > "$scratch/doctor"
status=$?
if [ $status -eq 0 ] && jq -e '[.checks[] | select(.needed and .result != "pass")] == []' \
	"$scratch/doctor" > "$scratch/answer"; then
	pass "doctor: every check that is needed passes"
else
	fail "doctor: every check that is needed passes" "status $status" "$(jq -c \
		'.checks[] | select(.needed and .result != "pass")' "$scratch/doctor")"
fi
finish
