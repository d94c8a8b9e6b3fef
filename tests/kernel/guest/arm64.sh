#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A stock arm64 kernel: what its direct map contains, a page that has left it, and the page frames of a
# guest_memfd. Three variables describe the machine: PAGE (bytes of a page), LEVELS (of its tables) and
# BLOCKS (yes if the direct map has leaves larger than a page). With CONFORMANCE=yes the scripts of
# tests/conformance run, too.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh
: "${PAGE:?}" "${LEVELS:?}" "${BLOCKS:?}"

# Adds up the ranges of /proc/iomem that have a name beginning with $1: bytes of whole pages.
iomem_bytes() {
	awk -v name="$1" -v page="$PAGE" '
		function hex(s,  i, n) {
			for (i = 1; i <= length(s); i++)
				n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
			return n
		}
		{ line = $0; sub(/^[^:]*: /, "", line) }
		index(line, name) == 1 {
			split($1, range, "-")
			first = int((hex(range[1]) + page - 1) / page)
			sum += (int((hex(range[2]) + 1) / page) - first) * page
		}
		END { printf "%.0f\n", sum }' /proc/iomem
}

ram=$(iomem_bytes 'System RAM')
kernel_data=$(iomem_bytes 'Kernel data')
gmemctl directmap -v > "$scratch/verbose" 2>&1
if grep -q "page tables of $LEVELS levels" "$scratch/verbose"; then
	pass "directmap -v reports page tables of $LEVELS levels"
else
	fail "directmap -v reports page tables of $LEVELS levels" "$(grep 'page tables' "$scratch/verbose")"
fi

# Linux 7.3 takes only the kernel's own data out of the linear map. The mapping of its image has it.
blocks='map_values(select(. > 0)) | length == 1'
[ "$BLOCKS" = no ] || blocks='map_values(select(. > 0)) | length > 1'
try_json 0 ".evidence == \"page-tables/bpf\" and .ram == $ram and .direct_map_unknown == 0 and
	(.in_direct_map | add) + .holes == $ram and .holes <= $kernel_data and
	(.outside | add) == 0 and .meminfo_agrees == null and (.in_direct_map | $blocks)" \
	gmemctl directmap --json
gmemctl directmap --holes --raw -n -b -o PFN,PAGES > "$scratch/before" 2> "$scratch/before.err"
gmemctl --reader=kcore directmap --holes --raw -n -b -o PFN,PAGES > "$scratch/kcore" \
	2> "$scratch/kcore.err"
same "directmap --holes by /proc/kcore shows the same holes as by BPF" "$scratch/before" "$scratch/kcore"

start secret "$tools/secret-pages" 2
secret=$(column secret secret 2 | sed -n 1p) ordinary=$(column secret ordinary 2 | sed -n 1p)
# No CPU of QEMU has CTR_EL0.DIC. So KVM does not report Force Write-Back, and kernel memory has to tell it. The
# kernel's log tells it, too.
rows='[.paths[] | select(.kernel_path | startswith("stage2-")) | .verdict]'
if dmesg | grep -q 'CPU features: detected: Stage-2 Force Write-Back$'; then
	fwb=pass outside='["not-applicable", "faults", "not-applicable", "not-applicable"]'
	inside='["not-applicable", "safe", "not-applicable", "not-applicable"]'
else
	fwb=skip outside='["faults", "faults", "faults", "faults"]' inside='["safe", "safe", "safe", "safe"]'
fi
try_json 0 '[.checks[] | select(.id == "arm64.fwb" or .id == "arm64.dic") | .result] == ["'$fwb'", "skip"]' \
	gmemctl doctor --json
try_json 1 ".not_in_direct_map == 1 and .reader_proven == true and
	$rows == $outside and
	([.paths[] | select(.source | contains(\"x86\"))] | length) == 0" \
	gmemctl check --pfn "$(printf 0x%x "$secret")" --control --json
try_json 0 ".in_direct_map == 1 and .reader_proven == true and
	$rows == $inside" \
	gmemctl check --pfn "$(printf 0x%x "$ordinary")" --control --json
try_json 1 "(.in_direct_map | add) + .holes == $ram and .direct_map_unknown == 0 and
	([.hole_list[] | select(.pfn <= $secret and $secret < .pfn + .pages)] | length) == 1" \
	gmemctl directmap --holes --json
tell freed
gmemctl directmap --holes --raw -n -b -o PFN,PAGES > "$scratch/after" 2> "$scratch/after.err"
stop
same "after pages of memfd_secret are freed, directmap shows the same holes as before" "$scratch/before" "$scratch/after"

start memory "$tools/own-memory" 4194304 3 bind
target="$helper:$(column memory fd 2)"
gmemctl pfns "$target" --each --raw -n -b -o OFFSET,PFN,DIRECT-MAP > "$scratch/ours"
awk '$1 == "page" { printf "0x%x 0x%x mapped\n", $2, $3 }' "$scratch/memory" > "$scratch/pagemap"
same "pfns shows the same $((4194304 / PAGE)) page frames as /proc/PID/pagemap, all in the direct map" \
	"$scratch/ours" "$scratch/pagemap"
try 0 "^$helper " '' gmemctl list -n -o PID,SIZE
stop
try_json 0 '.verdict_now == "safe" and .vm_type == "default" and .reader_proven == true' \
	gmemctl walk --json

# KVM's mode, as the kernel's log has it.
mode=$(dmesg | sed -n 's/.*kvm \[1\]: \(.*\) mode initialized successfully$/\1/p')
case $mode in
VHE) words='^VHE:' ;;
'Hyp nVHE') words='^nVHE:' ;;
Protected*) words='^protected KVM:' ;;
*) words="no mode in the kernel's log" ;;
esac
try_json 0 "[.checks[] | select(.id == \"arm64.kvm-mode\" and .result == \"pass\") | .detail |
	test(\"$words\")] == [true]" gmemctl doctor --json

# A protected VM: gmemctl makes it with its memory, and never runs it.
printf '%s\n' 'create vm --vm-type=protected --size=64K' 'map vm all' 'list' 'pfns vm' 'check vm' \
	> "$scratch/protected"
user_tainted() {
	echo $(($(cat /proc/sys/kernel/tainted) >> 6 & 1))
}
case $mode in
Protected*)
	before=$(user_tainted)
	try_json 0 "[.commands[].document] | .[0].vm_type == \"protected\" and .[1].method == \"allocate\" and
		[.[2].guest_memfds[].vm_type] == [\"protected\"] and
		([.[3].extents[].pages] | add) == $((65536 / PAGE)) and
		([.[3].extents[] | .direct_map + \" \" + .access_owner] | unique) == [\"mapped guest\"] and
		.[4].verdict_now == \"safe\" and
		([.[4].paths[] | select(.kernel_path | startswith(\"stage2-\")) | .verdict] | unique) == [\"not-applicable\"]" \
		gmemctl batch --json "$scratch/protected"
	if [ "$before $(user_tainted)" = "0 1" ]; then
		pass "the first protected VM, and nothing before it, taints the kernel"
	else
		fail "the first protected VM taints the kernel" "$before before, $(user_tainted) after"
	fi
	;;
*)
	try 2 '' 'KVM_CREATE_VM: Invalid argument: only protected KVM .*kvm-arm.mode=protected' \
		gmemctl batch "$scratch/protected"
	;;
esac

# The kernel gives the same answers as the simulated kernels of arm64.
if [ "${CONFORMANCE:-no}" = no ]; then
	:
elif "$BUILD/tests/conformance-runner" tests/conformance/*.gmt > "$scratch/conformance" \
	2> "$scratch/conformance.err"; then
	pass "conformance scripts: $(sed -n 's/^# \(.* operations\)/\1/p' "$scratch/conformance"), $(grep -c '^ok' \
		"$scratch/conformance") scripts, $(grep -c SKIP "$scratch/conformance") of them skipped"
else
	fail "conformance scripts" "$(grep -A 6 '^not ok' "$scratch/conformance")" "$(cat "$scratch/conformance.err")"
fi
finish
