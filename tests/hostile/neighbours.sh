# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # helper and scratch are set by what is sourced
# Hostile neighbours on the running kernel: how their processes affect list, watch and pfns. Each attack is a
# program of this folder. tests/tools/measure measures the time and the memory that gmemctl takes meanwhile.
# With GMEM_HOSTILE=long the tables are as large as possible.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. "$(dirname "$0")/../host/lib.sh"

attacks=$BUILD/tests/hostile
limit=20 # seconds that each command may take
fds=2000 processes=50
[ "${GMEM_HOSTILE-}" != long ] || fds=19900 processes=1000 limit=300

# attacked NAME ATTACK...: starts an attack. If the attack cannot run here, it skips
# NAME, prints why, and fails.
attacked() {
	what=$1
	shift
	attack=$1
	shift
	if start attack "$attacks/$attack" "$@"; then
		return 0
	fi
	skip "$what" "$(tail -n 1 "$scratch/attack.err")"
	return 1
}

# measured COMMAND...: runs gmemctl, and sends SIGKILL after the limit. Sets status, seconds, kib and cpu. cpu
# is in milliseconds of CPU time, which other load changes only little.
measured() {
	"$tools/measure" "$scratch/time" "$limit" "$BUILD/gmemctl" "$@" \
		> "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	read -r elapsed cpu kib < "$scratch/time"
	seconds=$(awk "BEGIN { printf \"%.2f\", $elapsed / 1000 }")
}

# measured_again COMMAND...: measures three times. cpu is the smallest of the three.
measured_again() {
	measured "$@"
	least=$cpu
	for _ in 2 3; do
		measured "$@"
		[ "$cpu" -ge "$least" ] || least=$cpu
	done
	cpu=$least
}

# bounded NAME PATTERN: whether the command ended in time, within 64 MiB, and printed a
# line that matches PATTERN.
bounded() {
	if [ "$status" -gt 4 ]; then
		fail "$1" "status $status after $seconds s" "$(cat "$scratch/stderr")"
	elif [ "$kib" -gt 65536 ]; then
		fail "$1" "it took $kib KiB"
	elif ! grep -qE "$2" "$scratch/stdout"; then
		fail "$1" "no line like $2" "$(cat "$scratch/stdout" "$scratch/stderr")"
	else
		pass "$1: $seconds s, $kib KiB"
	fi
}

inode_of() {
	column attack inode 2
}

# A file server that does not answer.
mkdir "$scratch/mount"
for how in open gone; do
	if attacked "a silent file server ($how)" silent-server "$scratch/mount" "$how"; then
		measured list
		bounded "list beside a silent file server ($how)" '^processes seen'
		measured pfns "$helper"
		if [ "$status" -le 4 ]; then
			pass "pfns of a process with its file ($how): $seconds s"
		else
			fail "pfns of a process with its file ($how)" "status $status"
		fi
		stop
	fi
done

# A process that is kept in execve(2) makes others wait in the kernel until it ends. gmemctl leaves it
# out, and shows all others.
# another PROGRAM...: runs PROGRAM beside the attack, with its input on descriptor 8. Sets
# beside to its process id.
another() {
	rm -f "$scratch/beside.input"
	mkfifo "$scratch/beside.input"
	"$@" < "$scratch/beside.input" > "$scratch/beside" 2> "$scratch/beside.err" &
	beside=$!
	exec 8> "$scratch/beside.input"
	while ! grep -qs '^ready$' "$scratch/beside"; do
		kill -0 "$beside" 2> "$scratch/err" || return 1
		sleep 0.05
	done
}

without() {
	exec 8>&-
	wait "$beside"
}

# comes_back NAME STATUS PATTERN: whether the command ended soon, with STATUS, and printed
# text that matches PATTERN.
comes_back() {
	if [ "$status" -ne "$2" ] || [ "${seconds%.*}" -ge 6 ]; then
		fail "$1" "status $status, $seconds s" "$(cat "$scratch/stderr")"
	elif ! cat "$scratch/stdout" "$scratch/stderr" | grep -qE "$3"; then
		fail "$1" "nothing like $3" "$(cat "$scratch/stdout" "$scratch/stderr")"
	else
		pass "$1: $seconds s, $kib KiB"
	fi
}

if attacked 'a process kept in execve' silent-server "$scratch/mount" exec; then
	stuck=$(column attack pid 2)
	# To look for leaks LeakSanitizer stops all threads. It would wait for the thread
	# that hangs in the kernel.
	export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"
	named="process $stuck .*it keeps a lock that the kernel waits for"
	measured list --deadline=3 -o pid
	comes_back 'list beside a process kept in execve' 4 "$named"
	measured list --deadline=3 --no-locks --json
	comes_back 'list --no-locks' 4 "\"first_stuck\": *$stuck"
	measured metrics --deadline=3 -O "$scratch/metrics"
	comes_back 'metrics -O' 4 'gmemctl_complete is 0'
	if grep -q '^gmemctl_processes{result="stuck"} 1$' "$scratch/metrics"; then
		pass 'metrics -O writes its file beside such a process'
	else
		fail 'metrics -O writes its file beside such a process' "$(cat "$scratch/metrics")"
	fi
	measured watch --count=1 --interval=0.1
	comes_back 'watch' 4 "$named"
	measured pfn 0x1000 --deadline=3
	if reader_missing; then
		skip 'pfn' "$why"
	else
		comes_back 'pfn' 4 'evidence'
	fi
	measured pfns "$stuck"
	comes_back 'pfns of that process' 2 "$named"
	measured check "$stuck"
	comes_back 'check of that process' 2 "$named"
	# Those that run others: each of these goes on.
	measured report -o "$scratch/report"
	comes_back 'report' 0 'list.json'
	printf 'list --deadline=2\ncaps\n' > "$scratch/lines"
	measured batch --json --keep-going "$scratch/lines"
	comes_back 'batch' 4 'first_stuck'
	if jq -e '[.. | .command? // empty] | index("caps")' "$scratch/stdout" > "$scratch/jq"; then
		pass 'batch runs the next line beside such a process, and its document is complete'
	else
		fail 'batch runs the next line beside such a process, and its document is complete' "$(tail -c 300 "$scratch/stdout")"
	fi
	if another "$tools/own-memory" 65536 0; then
		measured list -o pid,resident
		comes_back 'list shows what another process has' 4 "^ *$beside "
		measured metrics
		comes_back 'metrics shows what another process has' 4 "^gmemctl_guest_memfd_size_bytes{.*pid=\"$beside\".* 65536"
		without
	else
		skip 'list shows what another process has' "$(tail -n 1 "$scratch/beside.err")"
	fi
	if another "$tools/secret-pages" 1; then
		measured directmap --holes
		comes_back 'directmap --holes' 1 "$named"
		without
	else
		skip 'directmap --holes' "$(tail -n 1 "$scratch/beside.err")"
	fi
	export ASAN_OPTIONS="${ASAN_OPTIONS%:detect_leaks=0}"
	stop
fi

# Many processes share one descriptor table. The scan may take twice the time that it takes for one process
# with the table. (The slack is for small tables: runs differ by more than such a table costs.)
slack=30
for kind in null gmem; do
	if attacked "one table ($kind)" share-table 1 "$fds" "$kind"; then
		measured_again list
		one=$cpu
		stop
		attacked "a shared table ($kind)" share-table "$processes" "$fds" "$kind"
		measured_again list
		bounded "list, $processes processes with one table of $fds ($kind)" '^processes seen'
		if [ "$cpu" -le $((2 * one + slack)) ]; then
			pass "list with a shared table takes $cpu ms of a CPU, and $one ms for one process"
		else
			fail 'list with a shared table takes more than twice the CPU time' "$cpu ms of a CPU, and $one ms for one process"
		fi
		measured_again list --no-locks
		if [ "$status" -le 4 ] && [ "$cpu" -le $((2 * one + slack)) ]; then
			pass "list --no-locks looks at a shared descriptor table once: $cpu ms"
		else
			fail 'list --no-locks with a shared table takes more than twice the CPU time' "status $status, $cpu ms of a CPU"
		fi
		stop
	fi
done

# As many descriptor tables as possible that are not shared: gmemctl's memory does not grow with them.
tables=$((fds > 5000 ? 50 : 5))
if attacked "$tables tables of their own" share-table "$tables" "$fds" private; then
	measured list -o inode,owners,processes
	bounded "list, $((tables * fds)) descriptors of one guest_memfd in $tables tables" "^count: +[1-9]"
	stop
fi

# Locks on a file of that name, and on a guest_memfd: fdinfo would print all of them.
if attacked 'many locks' many-locks "$scratch" 50 5000; then
	measured list
	bounded 'list, 50 descriptors of a file with 5000 locks' '^processes seen'
	stop
fi
if attacked 'many locks on a guest_memfd' many-locks "$scratch" 50 5000 gmem; then
	measured list
	bounded 'list, 50 descriptors of a guest_memfd with 5000 locks' '^count: +[1-9]'
	stop
fi

# This maps file is larger than gmemctl's limit for any file that it reads.
if attacked 'long maps' long-maps "$scratch" 17; then
	measured list -o inode,fds
	bounded 'list finds what is mapped behind 17 MB of maps' "^ *$(inode_of) mmap"
	if grep -q security "$scratch/stderr" && ! grep -q 'process 1 the first' "$scratch/stderr"; then
		fail 'list reports a limit on descriptors as missing rights' "$(cat "$scratch/stderr")"
	fi
	stop
fi

# An O_PATH descriptor, which allows no other operation, keeps the memory.
if attacked 'an O_PATH descriptor' keep-memory path; then
	measured list -o inode,resident
	bounded 'list counts who keeps memory by O_PATH' "^ *$(inode_of) "
	measured list -o inode,path_only,resident
	# path_only is more than one if another gmemctl looks at the memory, too.
	bounded 'and says that it is O_PATH' "^ *$(inode_of) +[1-9][0-9]* "
	stop
fi

# No process shows the memory. gmemctl must not report that there is none, or that the
# memory that it sees is all.
# debugfs COMMAND: runs COMMAND with debugfs mounted, in its own mount namespace.
# debugfs shows that a VM exists.
debugfs() {
	unshare -m sh -c "mount -t debugfs none /sys/kernel/debug && [ -d /sys/kernel/debug/kvm ] && exec '$1'"
}
# not_all NAME: whether neither list nor metrics reports a count of 0, or that these are all.
not_all() {
	measured list --json
	count=$(jq .count "$scratch/stdout")
	if [ "$count" = 0 ] || ! jq -e '.unshown | length > 20' "$scratch/stdout" > "$scratch/jq"; then
		fail "list reports that there may be more guest_memfds ($1)" "status $status, count $count"
	elif [ "$count" = null ] && { [ "$status" -ne 3 ] || ! jq -e '.count_reason | length > 20' "$scratch/stdout" > "$scratch/jq"; }; then
		fail "list gives a reason why there may be more ($1)" "status $status"
	else
		pass "list reports that there may be more guest_memfds ($1): count $count, $(jq -r .unshown "$scratch/stdout" | cut -c 1-60)"
	fi
	gmemctl metrics > "$scratch/metrics" 2> "$scratch/stderr"
	if grep -q '^gmemctl_guest_memfds_may_be_unshown 1$' "$scratch/metrics" &&
		! grep -q '^gmemctl_guest_memfds 0' "$scratch/metrics" &&
		grep -q '^gmemctl_processes{' "$scratch/metrics"; then
		pass "metrics reports that there may be more ($1)"
	else
		fail "metrics reports that there may be more ($1)" "$(grep '^gmemctl_[gp]' "$scratch/metrics")" "$(cat "$scratch/stderr")"
	fi
}
for how in socket uring; do
	if attacked "kept where no process shows it ($how)" keep-memory $how; then
		not_all "$how"
		if another "$tools/own-memory" 65536 0; then
			not_all "$how, beside another"
			without
		else
			skip "beside another ($how)" "$(tail -n 1 "$scratch/beside.err")"
		fi
		if ! debugfs true 2> "$scratch/err"; then
			skip "its VM is seen ($how)" "no statistics of KVM in debugfs: $(tail -n 1 "$scratch/err")"
		elif debugfs "$tools/unshown" > "$scratch/stdout" 2>&1 && grep -q '^there are VMs' "$scratch/stdout"; then
			pass "its VM is seen ($how)"
		else
			fail "its VM is seen ($how)" "$(cat "$scratch/stdout")"
		fi
		stop
	fi
done

# A child uses the context of its parent.
"$tools/forked" > "$scratch/stdout" 2> "$scratch/stderr"
case $? in
0) pass 'a context that came by fork() is refused, and its parent goes on' ;;
77) skip 'a context that came by fork()' "$(cat "$scratch/stderr")" ;;
*) fail 'a context that came by fork()' "$(cat "$scratch/stdout" "$scratch/stderr")" ;;
esac

# ended NAME COMMAND...: sends SIGTERM in the middle of a scan that takes seconds. The test measures the time
# from the signal to the end.
ended() {
	what=$1
	shift
	"$BUILD/gmemctl" "$@" > "$scratch/stdout" 2> "$scratch/stderr" &
	scanning=$!
	sleep 0.4
	began=$(date +%s%N)
	if ! kill -TERM "$scanning" 2> "$scratch/err"; then
		wait "$scanning"
		fail "$what" "it was over before the signal, with $?"
		return
	fi
	wait "$scanning"
	took=$((($(date +%s%N) - began) / 1000000))
	if [ "$took" -lt 2000 ]; then
		pass "$what: $took ms after"
	else
		fail "$what" "$took ms after"
	fi
}

# SIGTERM, and the deadline, in the middle of a scan.
if attacked 'a long scan' share-table 100 "$((fds < 5000 ? 5000 : fds))" private; then
	measured list --deadline=0.2
	if [ "$status" -eq 4 ] && grep -q 'left out: the time for the scan' "$scratch/stderr" &&
		[ "$elapsed" -lt 2200 ]; then
		pass "the deadline of 200 ms ends the scan: $((elapsed - 200)) ms after"
	else
		fail 'the deadline ends the scan' "status $status, $elapsed ms" "$(cat "$scratch/stderr")"
	fi
	ended 'SIGTERM ends a look of watch' watch --interval=0.1
	ended 'SIGTERM ends list' list
	ended 'SIGTERM ends metrics' metrics
	stop
fi
finish
