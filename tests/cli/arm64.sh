#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The simulated kernels of arm64: pages of 4K and 16K, three geometries of page tables, what KVM lacks there,
# and verdicts that depend on how the CPU handles its caches.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

# The direct map has all of the model's RAM, and the reader proves itself on a page of memfd_secret.
for model in arm64 arm64-no-direct-map arm64-16k; do
	try_json 0 '.holes == 0 and .direct_map_unknown == 0 and .meminfo_agrees == null and
		(.in_direct_map | add) == .ram' gmemctl directmap --json "--simulate=$model"
	try_json 0 '.verdict_now == "safe" and .reader_proven and .vm_type == "default" and
		([.stages[] | select(.result == "failed")] | length) == 0 and
		([.stages[] | select(.result == "not-offered") | .stage] == ["convert", "map"])' \
		gmemctl walk --json "--simulate=$model"
	try_json 0 '[.checks[] | select(.id | startswith("tdx.", "snp.")) | .result] |
		unique == ["skip"]' gmemctl doctor --for=guest-memfd --json "--simulate=$model"
done
try_json 0 '.in_direct_map | keys == ["16K", "32M", "64G"]' \
	gmemctl directmap --json --simulate=arm64-16k

# With Force Write-Back and DIC there is no cache maintenance. If neither is known, the rows say that. If DIC
# is known to be missing, memory that leaves the direct map faults when the guest first executes it.
rows='[.paths[] | select(.kernel_path | startswith("stage2-")) | .verdict]'
try_json 0 "$rows"' | unique == ["not-applicable"]' gmemctl walk --json --simulate=arm64
try_json 0 "$rows"' | unique == ["safe"]' gmemctl walk --json --simulate=arm64-16k
try_json 1 "$rows"' == ["unknown", "faults", "safe", "safe"] and .verdict_on_map == "faults"' \
	gmemctl walk --no-direct-map --json --simulate=arm64-no-direct-map
try 1 'pre-flight refused +stage2-map-exec would take a page fault' '*' \
	gmemctl walk --no-direct-map --simulate=arm64-no-direct-map
try 0 '^map +not-offered .*KVM on arm64 does not have it' '' gmemctl walk --simulate=arm64
printf 'create vm --size=1M\nmap vm all --method=pre-fault\n' > "$scratch/lines"
try 2 '' 'KVM_PRE_FAULT_MEMORY.*KVM on arm64 does not have it' gmemctl batch --simulate=arm64 "$scratch/lines"
# No row comes from the kernel of another machine.
try_json 0 '[.paths[] | select(.source | contains("x86"))] == []' gmemctl walk --json --simulate=arm64

# The type of the VM tells who may access a page, and so do the holes of the direct map.
# shellcheck disable=SC2317 # called by try
holes() {
	printf '%s\n' 'create vm --size=1M --flags=no-direct-map --vm-type=sw-protected' \
		'convert vm all private' 'map vm all' 'directmap --holes' > "$scratch/lines"
	gmemctl batch --keep-going --json --simulate=no-direct-map "$scratch/lines" |
		jq -c '[.commands[3].document.hole_list[].access_owner]'
}
# shellcheck disable=SC2317 # called by try
access() {
	printf '%s\n' "create vm --size=1M --vm-type=$2" 'map vm all --method=allocate' 'pfns vm' 'check vm' \
		> "$scratch/lines"
	gmemctl batch --keep-going --json "--simulate=$1" "$scratch/lines" |
		jq -c '[.commands[2:4][].document | (.extents // .paths)[] | .access_owner] | unique'
}
try 0 '^\["guest"\]$' '' access tdx tdx
try 0 '^\["host"\]$' '' access tdx default
try 0 '^\["host"\]$' '' access arm64 default
try 0 '^\["host"\]$' '' access arm64-16k default
try_json 0 '[.frames[].access_owner] == ["unknown"]' gmemctl pfn --json phys:90000000 --simulate=arm64
try_json 0 '[.frames[].access_owner] == ["host"]' gmemctl pfn --json phys:90000000 --simulate=arm64-16k
try_json 0 '[.paths[].access_owner] | unique == ["unknown"]' \
	gmemctl check --json --pfn=0x1000 --simulate=tdx
try 0 '^\["host"\]$' 'the answer is no' holes

# Sizes are multiples of the kernel's page size.
cat > "$scratch/lines" << 'EOT'
create vm --size=4M
map vm 0+1M
punch vm 0+16K
pfns vm --each
punch vm 0+4K
EOT
# shellcheck disable=SC2317 # called by try_json
steps() {
	gmemctl batch --keep-going --json --simulate=arm64-16k "$scratch/lines"
}
try_json 2 '.commands[3].document | (.extents | length) == 63 and
	all(.extents[]; .pages == 1 and .level == "16K" and .direct_map == "mapped")' steps
try_json 2 '.commands[4].message | contains("length 4096 is no multiple of 16384; take a multiple of it")' steps

# gmemctl names what KVM on arm64 does not have.
cat > "$scratch/lines" << 'EOT'
create vm --size=4M --flags=init-shared
convert vm all private
create other --size=4M
convert other all private
EOT
try 2 '' 'KVM on arm64 takes a guest_memfd into a slot only if it was created with the flag mmap' \
	gmemctl batch --keep-going --simulate=arm64 "$scratch/lines"
try 2 '' 'convert: .*private memory' gmemctl batch --keep-going --simulate=arm64 "$scratch/lines"
try_json 0 '[.capabilities[] | select(.capability == "KVM_CAP_VM_TYPES") | .value] == [0, 0]' \
	gmemctl caps --json --simulate=arm64

# A protected VM is made, looked at, and never touched.
printf '%s\n' 'create vm --vm-type=protected --size=64K --populate' 'status vm' 'list' 'pfns vm' 'check vm' \
	'map vm all --method=host' > "$scratch/lines"
try_json 2 '[.commands[].document] | .[0].vm_type == "protected" and .[1].vms[0].vm_type == "protected" and
	[.[2].guest_memfds[].vm_type] == ["protected"] and
	([.[3].extents[] | .direct_map + " " + .access_owner] | unique) == ["mapped guest"] and
	([.[4].paths[] | select(.verdict != "not-applicable") | .kernel_path]) == ["gmem-user-clear", "gup-copy"]' \
	gmemctl batch --keep-going --json --simulate=arm64 "$scratch/lines"
try 2 '^vm +[0-9]+ protected ' 'memory of a protected VM is not the host.s to touch; allocate it instead' \
	gmemctl batch --keep-going --simulate=arm64 "$scratch/lines"
try 2 '^vm +[0-9]+ protected ' 'create: Linux 7.3 calls itself tainted from the first protected VM on' \
	gmemctl batch --keep-going --simulate=arm64 "$scratch/lines"
for model in arm64-16k arm64-no-direct-map; do
	try 2 '' 'KVM_CREATE_VM: Invalid argument: only protected KVM .*kvm-arm.mode=protected' \
		gmemctl batch --simulate=$model "$scratch/lines"
done
try 2 '' 'protected VMs are of KVM on arm64, .*another machine; take an offered type \(default\)' \
	gmemctl batch --simulate=plain "$scratch/lines"
echo 'create vm --vm-type=sw-protected' > "$scratch/lines"
try 2 '' 'VM type sw-protected is not offered by KVM' gmemctl batch --simulate=arm64 "$scratch/lines"
try 64 '' 'a walk touches its pages.*gmemctl create' gmemctl walk --vm-type=protected --simulate=arm64
# Nobody asks KVM whether it makes one.
try_json 0 '[.capabilities[].asked_on] | unique == ["/dev/kvm", "default"]' gmemctl caps --json --simulate=arm64
try_json 0 '[.checks[] | select(.id == "kvm.vm-types") | .detail] == ["default"]' \
	gmemctl doctor --json --simulate=arm64
finish
