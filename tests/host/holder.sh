#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2016 # functions are called by try; $GMEM_... are for the inner shell
# Holders on the running kernel: many rounds, kills at any moment, two users, and exec. They leave nothing: no
# process, no file, no memory.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if ! gmemctl create probe --size=64K --flags= > "$scratch/out" 2> "$scratch/err"; then
	skip "holders on the running kernel" "$(tail -n 1 "$scratch/err")"
	finish
fi
gmemctl destroy probe > "$scratch/out" 2>&1
folder=$GMEMCTL_RUNTIME_DIR/gmemctl
rounds=1000 kills=200
if wrapped; then
	rounds=3 kills=2
fi

# Prints the processes that run this gmemctl. A zombie has no exe, so it is not counted.
processes() {
	for link in /proc/[0-9]*/exe; do
		[ "$(readlink "$link" 2> "$scratch/link")" = "$(readlink -f "$GMEMCTL_FILE")" ] || continue
		echo "${link%/exe} $(tr '\0' ' ' < "${link%/exe}/cmdline") $(grep State "${link%/exe}/status")"
	done
}
available() {
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}
# left NAME MIB: whether nothing is left. A leak would have been MIB large. Half of that counts as noise.
left() {
	now=$(available)
	if [ -n "$(processes)" ]; then
		fail "$1: nothing is left" "processes: $(processes)"
	elif [ -n "$(ls "$folder")" ]; then
		fail "$1: nothing is left" "files: $(ls "$folder")"
	elif ! wrapped && [ $((before - now)) -gt $(($2 * 1024 / 2)) ]; then
		fail "$1: nothing is left" "$before kB were available before, $now are after"
	else
		pass "$1: no process, no file, no memory is left"
	fi
}

touchable=--flags=mmap,init-shared
gmemctl create probe --size=64K $touchable > "$scratch/out" 2>&1 || touchable=--flags=
gmemctl destroy probe > "$scratch/out" 2>&1

before=$(available)
done_rounds=0
while [ $done_rounds -lt $rounds ]; do
	gmemctl create vm$done_rounds --size=4M $touchable --populate > "$scratch/out" 2>&1 || break
	gmemctl destroy vm$done_rounds > "$scratch/out" 2>&1 || break
	done_rounds=$((done_rounds + 1))
done
if [ $done_rounds -eq $rounds ]; then
	pass "$rounds rounds of create and destroy"
else
	fail "$rounds rounds of create and destroy" "round $done_rounds" "$(cat "$scratch/out")"
fi
left "$rounds rounds" $((4 * rounds))

# Kills holders at any moment: while they start, between commands, and while they work.
holder_of() {
	cat "/proc/$1/task/$1/children" 2> "$scratch/children"
}
before=$(available)
killed=0 said=0
awk -v n=$kills 'BEGIN { srand(7); for (i = 0; i < n; i++) printf "%.4f\n", rand() * 0.03 }' \
	> "$scratch/moments"
while read -r moment <&3; do
	# shellcheck disable=SC2086 # words
	$GMEMCTL create k --size=64M $touchable --populate --threads=1 > "$scratch/out" 2>&1 < /dev/null &
	creator=$!
	sleep "$moment"
	holder=$(holder_of $creator)
	[ -n "$holder" ] || holder=$(cut -d ' ' -f 2 "$folder/k.vm" 2> "$scratch/cut")
	if [ $((killed % 2)) -eq 1 ]; then
		wait $creator
		# shellcheck disable=SC2086
		$GMEMCTL map k all > "$scratch/map" 2>&1 < /dev/null &
		sleep "$moment"
		holder=$(cut -d ' ' -f 2 "$folder/k.vm" 2> "$scratch/cut")
	fi
	holder=${holder%% *}
	[ -n "$holder" ] && kill -9 "$holder" 2> "$scratch/kill"
	wait
	[ -n "$holder" ] && await_end "$holder"
	gmemctl status > "$scratch/status" 2>&1
	grep -q 'was killed' "$scratch/out" "$scratch/map" "$scratch/status" 2> "$scratch/grep" &&
		said=$((said + 1))
	: > "$scratch/map"
	# If it was killed before it began, the creator has made no VM.
	[ ! -e "$folder/k.vm" ] || gmemctl destroy k > "$scratch/out" 2>&1
	killed=$((killed + 1))
done 3< "$scratch/moments"
if [ $killed -eq $kills ] && [ $((said * 4)) -ge $kills ]; then
	pass "$kills holders killed at random moments, of $said the next command said so"
else
	fail "$kills holders killed at random moments" "$killed were, $said times it was said"
fi
left "$kills kills" $((64 * kills))

# What the commands do, seen from outside.
gmemctl create vm --size=8M $touchable --populate > "$scratch/out" 2>&1
pid=$(cut -d ' ' -f 2 "$folder/vm.vm")
if ! reader_missing; then
	try_json 0 ".pages == 2048 and .evidence == \"page-tables/bpf\"" gmemctl pfns vm --json
	try_json 0 ".pages == 2048" gmemctl pfns "$pid" --json
	try_json 0 '.verdict_now == "safe"' gmemctl check vm --json
	try 0 '' '' gmemctl punch vm 1M+3M
	try_json 0 '.pages == 1280' gmemctl pfns vm --json
else
	skip 'pages of a held VM' "$why"
fi
# No process's RSS has the holder's memory. The OOM killer takes the holder first, but
# not the command of exec.
try 0 '^1000$' '' cat "/proc/$pid/oom_score_adj"
try 0 "^$(cat /proc/self/oom_score_adj)$" '' gmemctl exec vm -- cat /proc/self/oom_score_adj
# gmemctl refuses more memory than the host has, before it creates the VM.
try 2 '' 'MiB are wanted, and the host can spare' gmemctl create vast --size=4T --populate
try 2 '' 'no VM' gmemctl status vast
if [ ! -e /sys/devices/system/node/node63 ]; then
	try 2 '' 'there is no node 63 on this host' gmemctl create vast --populate --numa=63
fi
try 0 'kvm-vm' '' gmemctl exec vm -- sh -c 'readlink /proc/self/fd/$GMEM_VM_FD'
try 0 'kvm-gmem' '' gmemctl exec vm -- sh -c 'readlink /proc/self/fd/$GMEM_MEMORY_FD'
try 0 '^vm$' '' gmemctl exec vm -- printenv GMEM_NAME
try 77 '' '' gmemctl exec vm -- sh -c 'exit 77'
try 127 '' 'gmemctl: exec: no-such-command: No such file' gmemctl exec vm -- no-such-command
try 126 '' 'gmemctl: exec: /: Permission denied' gmemctl exec vm -- /
try_json 64 '.error.message | contains("standard output is for ls")' gmemctl exec --json vm -- ls
# A status that gmemctl itself does not use is not a success.
printf 'create b --size=64K\nexec b -- sh -c "exit 7"\n' > "$scratch/seven"
try 2 '' 'seven:2: exec: the command ended with status 7' gmemctl batch "$scratch/seven"
try_json 2 '.commands[1].status == 7 and (.error.message | endswith(":2: the command ended with status 7"))' \
	gmemctl batch --json "$scratch/seven"
echo 'create b
exec b -- sh -c "exit 3"' > "$scratch/batch"
try 3 '' ':2: exec: the command ended with status 3' gmemctl batch "$scratch/batch"
printf 'create b\nexec b -- echo more\n' > "$scratch/batch"
try 0 '^more$' '' gmemctl batch "$scratch/batch"
try_json 0 '.commands | length == 2' gmemctl batch --json "$scratch/batch"
# The command of exec cannot read the lines that follow in the batch.
printf 'create b\nexec b -- cat\nstatus b --raw --noheadings --output=name\n' > "$scratch/lines"
from_stdin() {
	gmemctl batch - < "$scratch/lines"
}
try 0 '^b$' '' from_stdin
# A process with the memory's descriptor keeps the memory, not the VM.
try 0 '' '' gmemctl destroy vm

# Two users: one cannot see the VMs of the other, and cannot use them.
if [ "$(id -u)" -ne 0 ] || wrapped; then
	skip 'a VM of another user' 'the tests must run as root, without a wrapper, to become another user'
else
	install -d -m 755 "$scratch/bin"
	chmod 755 "$scratch"
	install -m 755 "$GMEMCTL_FILE" "$scratch/bin/gmemctl"
	install -d -m 700 -o 65534 -g 65534 "$scratch/nobody"
	as_nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
			env GMEMCTL_RUNTIME_DIR="$where" "$scratch/bin/gmemctl" "$@"
	}
	gmemctl create mine --size=64K > "$scratch/out" 2>&1
	where=$scratch/nobody
	try 0 '' '' as_nobody status
	try 2 '' "no VM is held under the name 'mine'" as_nobody destroy mine
	where=$GMEMCTL_RUNTIME_DIR
	try 2 '' 'Permission denied' as_nobody status
	try 2 '' 'Permission denied' as_nobody destroy mine
	# Nor can it if somebody changes the modes of the folder and its files.
	chmod 711 "$GMEMCTL_RUNTIME_DIR"
	chmod 777 "$folder" "$folder"/*
	try 2 '' 'belongs to user 0, this is user 65534' as_nobody destroy mine
	try 2 '' 'has mode 0777, and others may have been in it' gmemctl status
	try 2 '' '' setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$tools/holder-client" "$folder/mine.sock" version
	chmod 700 "$folder"
	chmod 600 "$folder"/*
	# Root does not use the VMs of the other user, and does not trust that user's folder.
	where=$scratch/nobody
	if as_nobody create theirs --simulate=plain > "$scratch/out" 2>&1; then
		try 0 '^theirs ' '' as_nobody status
		try 2 '' 'belongs to user 65534, this is user 0' \
			env GMEMCTL_RUNTIME_DIR="$where" "$GMEMCTL_FILE" status
		try 0 '' simulated as_nobody destroy theirs
	else
		fail 'a holder of another user' "$(cat "$scratch/out")"
	fi
	try 0 '' '' gmemctl destroy mine
fi

# Under valgrind no process is as far as expected after a given time.
if wrapped; then
	skip 'a signal in the middle of a command' 'under valgrind a process takes seconds to begin'
	finish
fi

# A signal in the middle: gmemctl reports what it has done. The memory stays until the VM is destroyed.
# shellcheck disable=SC2086 # words
$GMEMCTL create big --size=8G $touchable --populate --threads=1 < /dev/null > "$scratch/stdout" \
	2> "$scratch/stderr" &
creator=$!
await_guest_memfd $creator
kill -TERM $creator
wait $creator
status=$?
if [ $status -eq 0 ]; then
	skip 'a populate that a signal interrupts' 'this machine was faster than the signal'
else
	judge 'a populate that a signal interrupts' $status 4 '' 'interrupted: .* of 8G were done'
fi
before=$(available)
gmemctl destroy big > "$scratch/out" 2>&1
left 'a populate that a signal interrupts' 8192

# The creator of a VM dies before the VM is ready. No other process knows of the VM, so the holder ends.
# shellcheck disable=SC2086 # words
$GMEMCTL create big --size=8G $touchable --populate --threads=1 < /dev/null > "$scratch/stdout" \
	2> "$scratch/stderr" &
creator=$!
await_guest_memfd $creator
holder=$(holder_of $creator)
kill -9 $creator
wait $creator 2> "$scratch/wait"
[ -n "$holder" ] && await_end "${holder%% *}"
left 'a create that is killed' 8192
finish
