#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2016 # functions are called by try; jq has variables of its own
# On a host without a usable /dev/kvm each command reports what is missing, and does what it still can.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2> "$scratch/unshare"; then
	skip "a host without /dev/kvm" "needs root and mount namespaces"
	finish
fi

# Runs the command where /dev has no kvm, and where /dev/kvm is another device. Only this one
# process sees these mounts.
without() {
	# shellcheck disable=SC2086 # words
	unshare -m --propagation private sh -c 'mount -t tmpfs none /dev && exec "$@"' sh \
		$GMEMCTL "$@"
}
replaced() {
	# shellcheck disable=SC2086 # words
	unshare -m --propagation private sh -c 'mount --bind /dev/null /dev/kvm && exec "$@"' sh \
		$GMEMCTL "$@"
}

# A node as kmod creates it from modules.devname, without a driver behind it: no driver has minor 250.
# shellcheck disable=SC2016 # arguments of the inner shell
driverless() {
	unshare -m --propagation private sh -c 'mount -t tmpfs none "$1" && mknod "$1/kvm" c 10 250 &&
		mount --bind "$1/kvm" /dev/kvm && shift && exec "$@"' sh "$scratch/runtime" "$@"
}

if [ ! -e /dev/kvm ]; then
	without() {
		gmemctl "$@"
	}
fi
try 2 '' 'open /dev/kvm: No such file' without walk
try_json 2 '.error.message | test("/dev/kvm")' without walk --json
try 2 '' 'open /dev/kvm: No such file' without caps
try_json 2 '.error.message | test("/dev/kvm")' without caps --json
# One cause gives one fail: in a virtual machine without nesting, that is why there is no device.
try_json 1 '(.checks | map({ (.id): .result }) | add) as $is |
	(if $is["machine.virtual"] == "fail" then "skip" else "fail" end) == $is["kvm.device"] and
	([.checks[] | select(.parent == "kvm.device").result] | unique) == ["skip"]' \
	without doctor --json
if [ -e /dev/kvm ]; then
	# walk begins no stage: it must first ask KVM for the VM types, and KVM does not answer.
	try_json 2 '.error.message | test("/dev/kvm leads to is not KVM")' replaced walk --json
	try 2 '' 'what /dev/kvm leads to is not KVM' replaced walk
	try_json 3 '.guest_memfd == "cannot-tell"' replaced doctor --json
	# shellcheck disable=SC2086 # words
	try_json 1 '.guest_memfd == "no" and ([.checks[] | select(.needed and .result == "fail")] | length) == 1' \
		driverless $GMEMCTL doctor --json
	wrapped || try 0 'demo: everything behaved as documented' '*' driverless tests/demo "$BUILD"
else
	skip "another device in the place of /dev/kvm" "there is no /dev/kvm to hide"
fi
finish
