#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# TDs, by KVM's own code on the software TDX module: the whole path, what doctor and caps say of it,
# and what happens where the module refuses.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

module=/sys/module/tdx_soft/parameters

# refuse LEAF STATUS: the next SEAMCALL of that leaf answers so.
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
# Excluded by the series, and refused where the memory is made.
try 1 'excludes tdx and snp' '' gmemctl walk --vm-type=tdx --no-direct-map --size=64K

# 31 KeyIDs: the next TD gets none, until one is given back.
# shellcheck disable=SC2016 # names of the script's
{
	printf 'title: more TDs than KeyIDs\nvm-types: tdx\nsource: tdx_guest_keyid_alloc()\n\n'
	for i in $(seq 31); do
		printf '$vm%d = vm\ntdx-init-vm $vm%d -> ok\n' "$i" "$i"
	done
	printf '$last = vm\ntdx-init-vm $last -> ENOSPC\nclose $vm7 -> ok\ntdx-init-vm $last -> ok\n'
} > "$scratch/keyids.gmt"
try 0 '^ok 1 - keyids.gmt, tdx VM' '' "$BUILD/tests/conformance-runner" "$scratch/keyids.gmt"

# MR.FINALIZE (17) busy, and too little entropy for MNG.CREATE (9): tried again.
refuse 17 0x8000020000000000
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=tdx --size=64K --json
refuse 9 0x8000020300000000
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=tdx --size=64K --json
# MNG.INIT (21) with an operand that the module names.
refuse 21 0xc000010000000040
try 1 'TDX_OPERAND_INVALID .*ATTRIBUTES of TD_PARAMS' '' gmemctl walk --vm-type=tdx --size=64K
# PAGE.ADD (2) refused for the page: KVM bugs the VM and says EIO, and the next VM is not touched.
refuse 2 0xc000030000000000
try 1 '^add +failed +KVM_TDX_INIT_MEM_REGION: Input/output error' '' \
	gmemctl walk --vm-type=tdx --size=64K
try_json 0 '.verdict_now == "safe"' gmemctl walk --vm-type=tdx --size=64K --json

# Content of a file that only another user may read: the client opens it, whatever its holder may.
echo content > "$scratch/theirs"
chown 65534 "$scratch/theirs"
chmod 600 "$scratch/theirs"
# row COMMAND: the capabilities that the command's row names
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
