#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A stock kernel: what it lacks is told by caps and doctor, and what it has works. KVM is a module,
# its BTF is split, and it has no software-protected VMs.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

release=$(uname -r)
# No reader proves itself without memfd_secret; all of these kernels have it.
try_json 0 '.evidence == "page-tables/bpf" and (.mapped | add) > 0' gmemctl directmap --json
try 1 'verdict: +faults' '' gmemctl check --pfn "$(awk '/: PCI Bus/ { split($1, r, "-")
	if (r[1] !~ /^000/) { print "0x" substr(r[1], 1, length(r[1]) - 3); exit } }' /proc/iomem)"
case $release in
6.1.*)
	# Before guest_memfd (6.8).
	try_json 1 '[.checks[] | select(.result == "fail" and .needed) | .id] |
		index("gmem.capability") != null' gmemctl doctor --json
	try 0 '*' '' gmemctl caps
	try 2 'KVM_CREATE_GUEST_MEMFD' '' gmemctl walk
	;;
6.12.*)
	# guest_memfd, and no VM type that this kernel offers takes one: KVM_SW_PROTECTED_VM is off.
	try 0 '*' '' gmemctl caps
	try_json 0 '[.. | .name? // empty] | length > 0' gmemctl caps --json
	try '[0-9]*' '*' '*' gmemctl walk
	;;
*)
	try_json 0 '.verdict == "safe" and .vm_type == "default" and .proven == true' gmemctl walk --json
	start memory "$tools/own-memory" 4194304 3 bind
	try_json 0 '([.extents[].pages] | add) == 1024' \
		gmemctl pfns "$helper:$(column memory fd 2)" --json
	gmemctl pfns "$helper:$(column memory fd 2)" --each --raw -n -b -o OFFSET,PFN > "$scratch/ours"
	awk '$1 == "page" { printf "0x%x 0x%x\n", $2, $3 }' "$scratch/memory" > "$scratch/pagemap"
	same "1024 page frames equal pagemap's" "$scratch/ours" "$scratch/pagemap"
	try_json 0 '.verdict == "safe"' gmemctl check "$helper:$(column memory fd 2)" --json
	try_json 0 '[.memories[]? // .guest_memfds[]? | .pid] | length >= 0' gmemctl list --json
	stop
	try_json 0 'true' gmemctl caps --json
	;;
esac
finish
