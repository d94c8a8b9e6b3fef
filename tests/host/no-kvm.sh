#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2016 # functions are called by try; jq has variables of its own
# A host without a usable /dev/kvm: each command says what is missing, and what it can.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2> "$scratch/unshare"; then
	skip "a host without /dev/kvm" "needs root and mount namespaces"
	finish
fi

# The same command where /dev has no kvm, and where /dev/kvm is some other device. Mounts are seen
# by this one process only.
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

# A node as kmod makes it of modules.devname, with no driver behind it: 250 is given to none.
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
# One cause is one fail: in a virtual machine that may not nest that is why there is no device.
try_json 1 '(.checks | map({ (.id): .result }) | add) as $is |
	(if $is["machine.virtual"] == "fail" then "skip" else "fail" end) == $is["kvm.device"] and
	([.checks[] | select(.parent == "kvm.device").result] | unique) == ["skip"]' \
	without doctor --json
if [ -e /dev/kvm ]; then
	# No stage begins: which VM types there are is asked first, and nobody answers.
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
