#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A stock kernel: caps and doctor tell what it lacks, and what it has works. KVM is a module, its BTF is
# split, and there are no software-protected VMs.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

release=$(uname -r)
# A page frame in a hole of RAM.
hole=$(awk '/: PCI Bus/ { split($1, r, "-")
	if (r[1] !~ /^000/) { print "0x" substr(r[1], 1, length(r[1]) - 3); exit } }' /proc/iomem)
try_json 0 '.evidence == "page-tables/bpf" and (.in_direct_map | add) > 0' gmemctl directmap --json
try 3 'verdict now: +not-applicable' 'is not RAM' gmemctl check --pfn "$hole"
case $release in
6.1.*)
	# A kernel older than guest_memfd.
	try_json 1 '.checks[] | select(.id == "kernel.version") | .result == "fail" and .needed and
		(.detail | test("6.8"))' gmemctl doctor --json
	try 0 '^KVM_CAP_GUEST_MEMFD +/dev/kvm +0 ' '' gmemctl caps
	try 1 '^memory +failed +KVM_CREATE_GUEST_MEMFD: .*has no guest_memfd; use Linux 6.8' '' \
		gmemctl walk
	;;
6.12.*)
	# At first, guest_memfd was for private memory only. No VM type that this kernel offers here has it.
	try 0 '^KVM_CAP_VM_TYPES +/dev/kvm ' '' gmemctl caps
	try_json 0 '[.capabilities[] | select(.capability == "KVM_CAP_GUEST_MEMFD") | .value] ==
		[0, 0]' gmemctl caps --json
	gmemctl walk > "$scratch/walk" 2>&1
	status=$?
	sed -n '1,12s/^/# /p' "$scratch/walk"
	if [ $status -eq 1 ] && grep -qE '^(memory|memslot) +failed ' "$scratch/walk"; then
		pass "walk reports which stage fails on this kernel"
	else
		fail "walk reports which stage fails on this kernel" "status $status" \
			"$(cat "$scratch/walk")"
	fi
	;;
*)
	try_json 0 '.verdict_now == "safe" and .vm_type == "default" and .reader_proven == true' gmemctl walk --json
	start memory "$tools/own-memory" 4194304 3 bind
	try_json 0 '([.extents[].pages] | add) == 1024' \
		gmemctl pfns "$helper:$(column memory fd 2)" --json
	gmemctl pfns "$helper:$(column memory fd 2)" --each --raw -n -b -o OFFSET,PFN > "$scratch/ours"
	awk '$1 == "page" { printf "0x%x 0x%x\n", $2, $3 }' "$scratch/memory" > "$scratch/pagemap"
	same "pfns shows the same 1024 page frames as /proc/PID/pagemap" "$scratch/ours" "$scratch/pagemap"
	try_json 0 '.verdict_now == "safe"' gmemctl check "$helper:$(column memory fd 2)" --json
	try 0 "^$helper " '' gmemctl list -n -o PID,SIZE
	stop
	try_json 0 'true' gmemctl caps --json
	;;
esac
finish
