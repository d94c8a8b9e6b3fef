#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A VMM from outside this project: QEMU of Debian's backports, unpacked in the cache (packaging/deps vmm),
# started paused. QEMU 11 uses guest_memfd only for TDs and SNP guests. So tests/preload/tdx-host.c gives the
# answers that only KVM with TDX has. The running kernel provides the guest_memfds and memslots.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

name="guest_memfds of QEMU"
if [ "$(uname -m)" != x86_64 ]; then
	skip "$name" "the QEMU of packaging/cached is one for x86-64"
	finish
fi
if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ] || [ "$(id -u)" -ne 0 ]; then
	skip "$name" "root and /dev/kvm are needed"
	finish
fi
if ! root=$(packaging/cached vmm 2> "$scratch/why"); then
	skip "$name" "there is none in the cache: run packaging/deps vmm"
	finish
fi
preload=$BUILD/tests/preload/tdx-host.so

# qemu NAME OPTION...: starts QEMU paused, with the loader and the libraries of its own folder.
qemu() {
	name=$1
	shift
	"$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" \
		--preload "$preload" "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" \
		-name "guest,process=qemu-system-x86" -accel kvm -cpu host -m 256 -S -nodefaults \
		-display none -qmp "unix:$scratch/$name.qmp,server=on,wait=off" "$@" \
		> "$scratch/$name" 2>&1 < /dev/null &
	vmm=$!
	# QEMU listens when its machine is complete.
	tries=0
	while ! grep -qs "$scratch/$name.qmp" /proc/net/unix && kill -0 "$vmm" 2> "$scratch/kill" &&
		[ $tries -lt 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	sleep 1
	kill -0 "$vmm" 2> "$scratch/kill"
}
quit() {
	kill "$vmm" 2> "$scratch/kill"
	wait "$vmm" 2> "$scratch/kill"
}
version=$("$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" \
	"$root/usr/bin/qemu-system-x86_64" --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p')
echo "# ${version%%.*} is QEMU's major version ($version)"

if qemu plain -machine q35; then
	gmemctl list --json > "$scratch/list" 2> "$scratch/err"
	if jq -e ".processes.vm_only >= 1 and all(.guest_memfds[]; .pid != $vmm)" \
		"$scratch/list" > "$scratch/jq"; then
		pass "list counts QEMU $version without a guest_memfd, and shows no row"
	else
		fail "list counts QEMU $version without a guest_memfd, and shows no row" "$(cat "$scratch/list")"
	fi
	quit
else
	skip "QEMU $version without guest_memfd" "it does not start: $(tail -n 1 "$scratch/plain")"
fi

if ! qemu td -object tdx-guest,id=td -machine q35,kernel-irqchip=split,confidential-guest-support=td \
	-bios "$root/usr/share/ovmf/OVMF.fd"; then
	skip "guest_memfds of QEMU $version" "it does not start: $(tail -n 1 "$scratch/td")"
	finish
fi
firmware=$(stat -Lc %s "$root/usr/share/ovmf/OVMF.fd")
gmemctl list --json > "$scratch/list" 2> "$scratch/err"
# holds NAME FILTER: whether FILTER is true of QEMU's rows, which are $rows.
holds() {
	if jq -e "[.guest_memfds[] | select(.pid == $vmm)] as \$rows | $2" "$scratch/list" \
		> "$scratch/jq" 2>&1; then
		pass "$1"
	else
		fail "$1" "not true: $2" "$(jq -c .guest_memfds "$scratch/list")" "$(tail -n 3 "$scratch/td")"
	fi
}
# shellcheck disable=SC2016 # jq's variables
{
	holds "list shows QEMU $version by its name" '$rows | length >= 2 and
		all(.command == "qemu-system-x86" and .processes == 1 and (.fds | length) == 1)'
	holds "list shows the RAM of QEMU" '$rows | any(.size == 268435456)'
	holds "list shows the firmware of QEMU" "\$rows | any(.size == $firmware)"
}
if reader_missing; then
	skip "what QEMU $version has in its guest_memfds" "$why"
	quit
	finish
fi
# shellcheck disable=SC2016
holds "each guest_memfd is private, bound to its VM, and in the direct map" '$rows | all(.flags == [] and .slots >= 1 and
	.vm_pid == .pid and .reason == null and (.direct_map == "mapped" or .direct_map == "empty"))'
# QEMU adds all of TDVF, at the end of the first 4 GiB. Of RAM it adds the parts that TDVF asks for.
holds "pages of the firmware and of the RAM are resident" "\$rows |
	any(.size == $firmware and .resident == $firmware) and
	any(.size == 268435456 and .resident > 0 and .resident < 16777216)"
fd=$(jq -r "[.guest_memfds[] | select(.pid == $vmm and .size == $firmware)][0].fds[0]" "$scratch/list")
gpa=$(printf '0x%x' $((0x100000000 - firmware)))
try_json 0 "(.extents | length) == $((firmware / 4096)) and .extents[0].gpa == \"$gpa\" and
	.extents[-1].gpa == \"0xfffff000\"" gmemctl pfns "$vmm:$fd" --each --json
try_json 0 '.verdict_now == "safe" and .not_in_direct_map == 0' gmemctl check "$vmm" --json
quit
gmemctl list --json > "$scratch/list" 2> "$scratch/err"
# shellcheck disable=SC2016
holds "list shows no row after QEMU ended" '$rows == []'
finish
