#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# TDs, made by KVM's own code on the software TDX module: the whole path, the answers of doctor and caps,
# and what happens when the module refuses a call.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

module=/sys/module/tdx_soft/parameters

# refuse LEAF STATUS: the next SEAMCALL of that leaf ends with STATUS.
refuse() {
	echo "$1" > $module/fail_leaf
	echo "$2" > $module/fail_status
	echo 1 > $module/fail_after
}

insmod "${KERNEL_MODULES:?}/tdx-host.ko" 2> "$scratch/insmod"
try_json 0 '.verdict_now == "safe" and .vm_type == "tdx" and .pages == 1024 and
	([.stages[] | select(.result != "ok" and .result != "skipped")] == [])' \
	gmemctl walk --vm-type=tdx --json
try_json 0 '.vm_type == "tdx"' gmemctl walk --size=64K --json
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=sw-protected --size=64K --json
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=default --size=64K --json
try 0 'tdx' '' gmemctl caps
gmemctl doctor --json > "$scratch/doctor"
for check in tdx.cpu tdx.kernel tdx.bios tdx.kvm-parameter tdx.keyids tdx.vm-type tdx.module; do
	if jq -e --arg id "$check" '.checks[] | select(.id == $id) | .result == "pass"' \
		"$scratch/doctor" > "$scratch/answer"; then
		pass "doctor: $check passes"
	else
		fail "doctor: $check passes" "$(jq -c --arg id "$check" \
			'.checks[] | select(.id == $id)' "$scratch/doctor")"
	fi
done
# The series excludes this, so creating the memory is refused.
try 1 'excludes tdx and snp' '' gmemctl walk --vm-type=tdx --no-direct-map --size=64K

# There are 31 KeyIDs. The next TD gets none until a TD gives one back.
# shellcheck disable=SC2016 # names of the script's
{
	printf 'title: more TDs than KeyIDs\nvm-types: tdx\nsource: tdx_guest_keyid_alloc()\n\n'
	for i in $(seq 31); do
		printf '$vm%d = vm\ntdx-init-vm $vm%d -> ok\n' "$i" "$i"
	done
	printf '$last = vm\ntdx-init-vm $last -> ENOSPC\nclose $vm7 -> ok\ntdx-init-vm $last -> ok\n'
} > "$scratch/keyids.gmt"
try 0 '^ok 1 - keyids.gmt, tdx VM' '' "$BUILD/tests/conformance-runner" "$scratch/keyids.gmt"

# MR.FINALIZE (17) answers busy, MNG.CREATE (9) that there is too little entropy: both are tried again.
refuse 17 0x8000020000000000
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=tdx --size=64K --json
refuse 9 0x8000020300000000
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=tdx --size=64K --json
# MNG.INIT (21) is refused, and the module names the operand.
refuse 21 0xc000010000000040
try 1 'TDX_OPERAND_INVALID .*ATTRIBUTES of TD_PARAMS' '' gmemctl walk --vm-type=tdx --size=64K
# PAGE.ADD (2) refuses the page: KVM marks the VM as bugged and returns EIO. The next VM is not affected.
refuse 2 0xc000030000000000
try 1 '^add +failed +KVM_TDX_INIT_MEM_REGION: Input/output error' '' \
	gmemctl walk --vm-type=tdx --size=64K
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=tdx --size=64K --json

# Only another user may read this file. The client opens it, whatever its holder may read.
echo content > "$scratch/theirs"
chown 65534 "$scratch/theirs"
chmod 600 "$scratch/theirs"
# row COMMAND: prints the capabilities in the command's row.
row() {
	"$BUILD/gmemctl" --describe |
		awk -F '\t' -v name="$1" '$1 == "command" && $2 == name { gsub(/,/, " ", $6); print $6 }'
}
try 0 '' '' with "$(row create | sed 's/dac_read_search//')" \
	"$BUILD/gmemctl" create td --vm-type=tdx --size=64K
try 0 '' '' gmemctl convert td 0+64K private
row=$(row map)
try 2 '' 'theirs: Permission denied' with "$(echo "$row" | sed 's/dac_read_search//')" \
	"$BUILD/gmemctl" map td 0+64K --from="$scratch/theirs"
try 0 '' '' with "$row" "$BUILD/gmemctl" map td 0+64K --from="$scratch/theirs"
try 0 '' '' gmemctl destroy td
finish
