# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # helper and scratch are set by what is sourced
# Hostile neighbours on the running kernel: what their processes do to list, watch and pfns. Each attack is
# a program of this folder; how long gmemctl took, and how much memory, is measured around it.
# With GMEM_HOSTILE=long the tables are as large as they may be.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. "$(dirname "$0")/../host/lib.sh"

attacks=$BUILD/tests/hostile
limit=20 # seconds that no command may take here
fds=2000 processes=50
[ "${GMEM_HOSTILE-}" != long ] || fds=19900 processes=1000 limit=300

# attacked NAME ATTACK...: begins an attack; fails where it cannot run here, and says why.
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

# measured COMMAND...: runs gmemctl, ended by SIGKILL after the limit. Leaves status, seconds, and kib.
measured() {
	/usr/bin/time -f '%e %M' -o "$scratch/time" timeout -s KILL "$limit" "$BUILD/gmemctl" "$@" \
		> "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	read -r seconds kib <<-END
		$(tail -n 1 "$scratch/time")
	END
}

# bounded NAME PATTERN: it came back, within 64 MiB, and its output has a line of the pattern.
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

if [ ! -x /usr/bin/time ]; then
	skip 'hostile neighbours' 'there is no time(1) to measure with'
	finish
fi

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

# A process that is kept in execve(2) has the kernel wait, until this process ends.
if attacked 'a process kept in execve' silent-server "$scratch/mount" exec; then
	measured list --deadline=2
	if [ "$status" -le 4 ] && [ "${seconds%.*}" -lt 6 ]; then
		pass "list --deadline=2 beside a process kept in execve: $seconds s, status $status"
	else
		fail 'list --deadline=2 beside a process kept in execve' "status $status, $seconds s"
	fi
	stop
fi

# One table of descriptors, many processes.
for kind in null gmem; do
	if attacked "one table ($kind)" share-table 1 "$fds" "$kind"; then
		measured list
		one=$seconds
		stop
		attacked "a shared table ($kind)" share-table "$processes" "$fds" "$kind"
		measured list
		bounded "list, $processes processes with one table of $fds ($kind)" '^processes seen'
		if awk "BEGIN { exit !($seconds <= 2 * $one + 0.5) }"; then
			pass "it takes $seconds s, and $one s for one process"
		else
			fail "a shared table costs more than one" "$seconds s, and $one s for one"
		fi
		stop
	fi
done

# Locks on a file of that name, and on a guest_memfd: fdinfo would print them all.
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

# A maps file that is larger than what is read of any file.
if attacked 'long maps' long-maps "$scratch" 17; then
	measured list -o inode,fds
	bounded 'list finds what is mapped behind 17 MB of maps' "^ *$(inode_of) mmap"
	if grep -q security "$scratch/stderr" && ! grep -q 'process 1 the first' "$scratch/stderr"; then
		fail 'a limit is taken for a denial' "$(cat "$scratch/stderr")"
	fi
	stop
fi

# Memory that is kept by a descriptor that can do nothing else.
if attacked 'an O_PATH descriptor' keep-memory path; then
	measured list -o inode,resident
	bounded 'list counts who keeps memory by O_PATH' "^ *$(inode_of) "
	measured list -o inode,path_only,resident
	bounded 'and says that it is O_PATH' "^ *$(inode_of) +1 "
	stop
fi

# A child that has its parent's context.
"$tools/forked" > "$scratch/stdout" 2> "$scratch/stderr"
case $? in
0) pass 'a context that came by fork() is refused, and its parent goes on' ;;
77) skip 'a context that came by fork()' "$(cat "$scratch/stderr")" ;;
*) fail 'a context that came by fork()' "$(cat "$scratch/stdout" "$scratch/stderr")" ;;
esac

# A signal, and the deadline, in the middle of a scan.
if attacked 'a long scan' share-table "$processes" 2000 private; then
	measured list --deadline=0.1
	if [ "$status" -eq 4 ] && grep -q 'left out: the time for the scan' "$scratch/stderr"; then
		pass "the deadline of 0.1 s ends the scan: $seconds s"
	elif [ "$status" -le 4 ]; then
		pass "the scan was over before its deadline: $seconds s"
	else
		fail 'the deadline ends the scan' "status $status" "$(cat "$scratch/stderr")"
	fi
	"$BUILD/gmemctl" watch --interval=0.1 > "$scratch/stdout" 2> "$scratch/stderr" &
	watching=$!
	sleep 1
	began=$(date +%s%N)
	kill -TERM "$watching"
	wait "$watching"
	took=$((($(date +%s%N) - began) / 1000000))
	if [ "$took" -lt 2000 ]; then
		pass "SIGTERM ends watch: $took ms after"
	else
		fail 'SIGTERM ends watch' "$took ms after"
	fi
	stop
fi
finish
