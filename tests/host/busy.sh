#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Owners on a host that changes, or that does not show everything: processes that start and end, VMs that are
# stopped or killed, PID namespaces, /proc with hidepid, thousands of descriptors.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

# rows PID...: prints how many guest_memfds of these processes the last list has.
rows() {
	jq --argjson pids "[$(echo "$@" | tr ' ' ,)]" \
		'[.guest_memfds[] | select(.pid | IN($pids[]))] | length' "$scratch/list"
}

start first "$tools/own-memory" 1048576 0 bind
if [ $? -eq 77 ]; then
	skip "list on a busy host" "$(cat "$scratch/first.err")"
	finish
fi
fd=$(column first fd 2)

# A stopped VM handles no signal and releases no lock. gmemctl needs neither to look at it.
kill -s STOP "$helper"
while ! grep -q '^State:.*T (stopped)' "/proc/$helper/status"; do
	sleep 0.05
done
timeout 60 sh -c "$GMEMCTL list --json" > "$scratch/list" 2> "$scratch/err"
status=$?
if { [ $status -eq 0 ] || [ $status -eq 3 ] || [ $status -eq 4 ]; } && [ "$(rows "$helper")" = 1 ]; then
	pass "list shows a VM that is stopped"
else
	fail "list shows a VM that is stopped" "status $status" "$(cat "$scratch/list" "$scratch/err")"
fi
if reader_missing; then
	skip "pfns of a stopped VM" "$why"
else
	try_json 0 '.pages == 256' timeout 60 sh -c "$GMEMCTL pfns --summary --json $helper:$fd"
	try 0 'verdict now: +safe' '' timeout 60 sh -c "$GMEMCTL check $helper"
fi
kill -s CONT "$helper"

# The host sees the processes of another PID namespace, under the host's process ids.
inner=
if unshare --pid --fork true 2> "$scratch/unshare"; then
	stop
	start inner unshare --pid --fork --kill-child "$tools/own-memory" 1048576 0 bind
	gmemctl list --json > "$scratch/list" 2> "$scratch/err"
	inner=$(jq "[.guest_memfds[] | select(.command == \"own-memory\" and .pid > $helper)][0].pid" \
		"$scratch/list")
	if [ "$(awk '$1 == "PPid:" { print $2 }' "/proc/$inner/status")" = "$helper" ]; then
		pass "a VM in another PID namespace is shown with the host's process id"
	else
		fail "a VM in another PID namespace is shown with the host's process id" "$(cat "$scratch/list")"
	fi
	# A command in the inner namespace sees nothing of the host, and reports that.
	try 3 '*' 'only the processes of this PID namespace' \
		unshare --pid --fork --mount-proc "$(command -v sh)" -c "$GMEMCTL list"
	if ! reader_missing; then
		inside="$tools/own-memory 1048576 0 bind < '$scratch/input2' > '$scratch/second' &"
		inside="$inside exec 8> '$scratch/input2'; until grep -qs ready '$scratch/second'; do"
		inside="$inside sleep 0.05; done; $GMEMCTL list --json; status=\$?; exec 8>&-; wait"
		mkfifo "$scratch/input2"
		try_json 4 '.count == 1 and .processes.contained and (.guest_memfds[0] |
			.command == "own-memory" and .resident == 1048576 and .slots == 2 and
			.shared == null and (.reason | contains("initial PID namespace")))' \
			unshare --pid --fork --mount-proc "$(command -v sh)" -c "$inside; exit \$status"
	fi
else
	skip "PID namespaces" "$(cat "$scratch/unshare")"
fi

# hidepid: root with CAP_SYS_PTRACE sees everything anyway. Other users do not, and gmemctl tells them.
hidden() {
	unshare --mount sh -c "mount -t proc -o hidepid=$1 proc /proc && $2"
}
if hidden invisible true 2> "$scratch/unshare"; then
	vm=${inner:-$helper}
	for mode in invisible ptraceable; do
		hidden $mode "$GMEMCTL list --json" > "$scratch/list" 2> "$scratch/err"
		if [ "$(rows "$vm")" = 1 ]; then
			pass "hidepid=$mode hides nothing from root"
		else
			fail "hidepid=$mode hides nothing from root" "$(cat "$scratch/list")"
		fi
	done
	chmod 755 "$scratch"
	# That user may have guest_memfds. Then the answer is a partial one.
	hidden invisible "exec setpriv --reuid=65534 --regid=65534 --clear-groups $GMEMCTL list --json" \
		> "$scratch/list" 2> "$scratch/err"
	status=$?
	if [ $status -ge 3 ] && jq -e --argjson status $status '.processes.hidden and
		.status == $status and all(.guest_memfds[]; .owner_uid == 65534) and
		(.count > 0 or .error != null)' "$scratch/list" > "$scratch/jq"; then
		pass "with hidepid list shows only guest_memfds of the user, and reports that"
	else
		fail "with hidepid list shows only guest_memfds of the user, and reports that" "status $status" \
			"$(cat "$scratch/list" "$scratch/err")"
	fi
else
	skip "hidepid" "$(cat "$scratch/unshare")"
fi
stop

# VMs are killed at any moment, and processes start and end all the time.
(
	while [ ! -e "$scratch/enough" ]; do
		"$tools/own-memory" 1048576 0 bind < /dev/zero > "$scratch/third" 2>&1 &
		vm=$!
		(true) &
		(true) &
		sleep 0.02
		kill -s KILL $vm
		wait
	done
) 2> "$scratch/storm" &
storm=$!
wrong=
i=0
while [ $i -lt 25 ]; do
	gmemctl list --json > "$scratch/list" 2> "$scratch/err"
	case $? in 0 | 3 | 4) ;; *) wrong="status: $(cat "$scratch/err")" ;; esac
	jq -e 'all(.guest_memfds[] | select(.command == "own-memory");
		.size == 1048576 and (.resident == null or .resident <= .size) and
		(.slots == null or .slots <= 2) and
		(.in_direct_map == null or .in_direct_map + .not_in_direct_map + .direct_map_unknown == .resident))' \
		"$scratch/list" > "$scratch/jq" || wrong=$(jq -c .guest_memfds "$scratch/list")
	i=$((i + 1))
done
touch "$scratch/enough"
wait $storm
if [ -z "$wrong" ]; then
	pass "every row of 25 lists is plausible while VMs are killed"
else
	fail "every row of 25 lists is plausible while VMs are killed" "$wrong"
fi

# Many processes and descriptors. A few of the descriptors are guest_memfds.
start crowd "$tools/busy-host" 300 20 10
if gmemctl list --json > "$scratch/list" 2> "$scratch/err"; [ $? -ne 2 ] &&
	[ "$(jq '[.guest_memfds[] | select(.command == "busy-host" and .size == 65536 and
		(.resident == null or .resident == 65536))] | length' "$scratch/list")" = 10 ] &&
	[ "$(jq '.processes.seen >= 300' "$scratch/list")" = true ]; then
	pass "list finds ten guest_memfds among 300 processes and 6000 descriptors"
else
	fail "list finds ten guest_memfds among 300 processes and 6000 descriptors" "$(cat "$scratch/err")"
fi
stop
finish
