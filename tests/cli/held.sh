# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317,SC2016 # functions are called by try; $0 is the inner shell's
# VMs that holders keep under names, on simulated kernels: each step with its output and status.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# held STATUS STDERR COMMAND...: runs a step. It prints only errors, and that the kernel is a simulated one.
held() {
	wanted=$1 err=$2
	shift 2
	gmemctl "$@" > "$scratch/stdout" 2> "$scratch/both" < /dev/null
	status=$?
	grep -v '^gmemctl: simulated: ' "$scratch/both" > "$scratch/stderr"
	judge "gmemctl $*" $status "$wanted" '' "$err"
}

state() {
	echo "(.vms | map(select(.name == \"$1\")) | length == 1 and .[0].$2)"
}

# A TD from its creation to augmented pages, and its release.
held 0 '' create td --simulate=tdx --size=8M
try_json 0 "$(state td 'state == "launching"') and .vms[0].vm_type == \"tdx\"
	and .vms[0].simulated == \"tdx\" and .vms[0].gpa == \"0x100000000\"" gmemctl status --json
held 2 'already, by process [0-9]+' create td --simulate=tdx
held 0 '' convert td 0+4M private
try_json 0 "$(state td 'private == 4194304')" gmemctl status td --json
held 0 '' convert td 0x100000000-0x100100000 shared --by-gpa
try_json 0 "$(state td 'private == 3145728')" gmemctl status td --json
held 0 '' convert td 0+1M private
printf 'content' > "$scratch/content"
held 0 '' map td 0+64K --from="$scratch/content" --measure
# A relative file name starts in the caller's folder, not in the holder's.
before=$PWD
cd "$scratch" || exit 2
held 0 '' map td 64K+64K --from=content
cd "$before" || exit 2
held 2 'was added before' map td 0+4K
held 64 'are more than the range' map td 1M+4K --from="$BUILD/gmemctl"
held 2 'No such file' map td 1M+4K --from=none
held 0 '' map td 1M+64K
try_json 0 '.pages == 48 and .simulated == "tdx"' gmemctl pfns td --json
try_json 0 '.verdict_now == "safe" and (.paths | length) > 0 and .paths[0].pid != null' \
	gmemctl check td --json
held 0 '' finalize td
try_json 0 "$(state td 'state == "final"')" gmemctl status --json
held 2 'finali[sz]ed' finalize td
held 64 'before its launch is finished' map td 0+4K --measure
held 0 '' map td 2M+1M
try_json 0 '.in_guest == 4096 and .populated == 4096 and .method == "pre-fault"' gmemctl map td 3M+4K --json
# Shared memory of a TD is what userspace_addr has, so that these pages are in no page table of the guest.
try_json 0 '.in_guest == 0 and .populated == 4096 and .method == "allocate"' gmemctl map td 4M+4K --json
held 0 '' punch td 4M+4K
try_json 0 '.punched_range == 65536' gmemctl punch td 0+64K --json
# The pages of this range are gone already: the line is about the range.
try 0 '^punched range: +64K$' '*' gmemctl punch td 0+64K --verbose
try_json 0 '.pages == 289' gmemctl pfns td --json
try 0 '^td .* none +0x' '' gmemctl status td --noheadings
try_json 0 '.released_size == 8388608' gmemctl destroy td --json
try 2 '' "no VM is held under the name 'td'" gmemctl status td
try_json 0 '.vms == []' gmemctl status --json
# No VM is held: all commands that take a name have the same status, unless the name is taken.
for command in 'status td' 'destroy td' 'finalize td' 'convert td all private' 'map td all' 'punch td all' \
	'exec td -- true' 'check td' 'pfns td'; do
	# shellcheck disable=SC2086 # words
	try 2 '' "no VM is held under the name 'td'" gmemctl $command
done
held 0 '' destroy td --if-exists
try_json 0 '.released_size == 0 and .error == null' gmemctl destroy td --if-exists --json
held 64 'a name is' destroy 12 --if-exists
if [ -z "$(ls "$GMEMCTL_RUNTIME_DIR/gmemctl")" ]; then
	pass 'no file is left in the folder of holders'
else
	fail 'no file is left in the folder of holders' "$(ls "$GMEMCTL_RUNTIME_DIR/gmemctl")"
fi

# An SNP guest, and ordinary ones.
held 0 '' create snp1 --simulate=snp
held 0 '' convert snp1 all private
held 0 '' map snp1 0+16K --measure
held 0 '' finalize snp1
held 0 '' map snp1 all
held 0 '' destroy snp1
held 0 '' create _p.1-x --simulate=sw-protected --slots=4 --gpa=1G
try_json 0 "$(state _p.1-x 'slots == 4') and .vms[0].gpa == \"0x40000000\"" gmemctl status --json
held 0 '' convert _p.1-x 1G+2M private --by-gpa
held 0 '' map _p.1-x all --method=allocate
held 0 '' map _p.1-x 0+2M
held 0 '' destroy _p.1-x
held 0 '' create plain1 --simulate=plain --populate --threads=2
try_json 0 '.pages == 1024' gmemctl pfns plain1 --json
held 2 'no private memory|no memory attributes' convert plain1 all private
held 2 'has no launch to end' finalize plain1
held 2 'has no descriptors' exec plain1 -- true
held 0 '' destroy plain1

held 0 '' create numa --simulate=tdx --vm-type=default --flags=mmap,init-shared --numa=1 --populate
try_json 0 '.extents | all(.node == 1)' gmemctl pfns numa --json
held 0 '' destroy numa
held 2 'there is no node 5 on this host' create numa --simulate=plain --numa=5
held 2 'without flag mmap .*, and a policy is set through a mapping' \
	create numa --simulate=tdx --numa=1 --populate

# The name selects the VM, and so its kernel. --simulate must not name another kernel.
held 0 '' create a --simulate=tdx
held 0 '' create b --simulate=plain
try 0 '^a +[0-9]+ tdx ' '' gmemctl status
try 0 '^b +[0-9]+ default ' '' gmemctl status
held 64 'kept on the simulated kernel plain' convert b all private --simulate=tdx
held 0 '' convert a all private --simulate=tdx
held 0 '' destroy a
held 0 '' destroy b

# The message names what is missing: the call, and not a vCPU for it.
held 0 '' create a --simulate=arm64
held 2 'this kernel does not offer it to a default VM' map a all --method=pre-fault
held 0 '' destroy a

# gmemctl asks the table about the flush before the kernel does it.
held 0 '' create oops --simulate=tdx-no-direct-map --no-direct-map
held 0 '' convert oops all private
held 1 'tdx-page-add would take a page fault on 16 of these pages, the first at PFN 0x[0-9a-f]+' \
	map oops 0+64K
held 1 'take a page fault .*inferred' map oops 0+64K --reader=none
# Memory that was allocated before stays. The message has the right number, and its advice works.
try_json 1 '.error.code == "would-fault" and .error.errno == null and .resident == 65536' \
	gmemctl map oops 0+64K --json
held 1 "64K of the range stay resident; 'gmemctl punch oops 0.64K' frees them, also those that were there before" \
	map oops 0+64K
try_json 0 '.resident == 65536' gmemctl pfns oops --json
held 0 '' punch oops 0+64K
try_json 0 '.resident == 0' gmemctl pfns oops --json
held 64 'the order is NAME RANGE private.shared: gmemctl convert oops 0.64K private' convert oops private 0+64K
held 1 'take a page fault .*inferred' map oops 0+64K --reader=none
held 64 'spelled out' map oops 0+64K --forc
try 2 '' 'Kernel oops' gmemctl map oops 0+64K --force
# The page that the map took out of the direct map would fault on its way back, too.
held 1 'PUNCH_HOLE: not called: tdx-reclaim .* 1 of these pages.* go on anyway with --force' \
	punch oops 0+64K
held 1 'MEMORY_ATTRIBUTES: not called: tdx-reclaim .* 1 of these pages' convert oops all shared
held 64 'goes with --force' punch oops all --i-know-this-kernel-will-oops
held 64 'spelled out' convert oops all shared --forc
try 2 '' 'Kernel oops' gmemctl punch oops 0+64K --force
try 2 '' 'Kernel oops' gmemctl convert oops all shared --force
held 0 '' destroy oops

# The end of a VM: after a time, or together with a process.
held 0 '' create short --simulate=plain --ttl=1
try_json 0 "$(state short 'ttl <= 1')" gmemctl status --json
sleep 60 &
sleeper=$!
if wrapped; then
	skip 'a VM is released with its user' 'valgrind does not know pidfd_open'
else
	held 0 '' create used --simulate=plain --user=$sleeper
	held 2 'there is no such process' create unused --simulate=plain --user=2147483647
fi
kill $sleeper
wait $sleeper 2> "$scratch/wait"
gone() {
	for _ in $(seq 100); do
		gmemctl status "$1" > "$scratch/gone" 2>&1 || return 0
		sleep 0.1
	done
	return 1
}
for name in short used; do
	if gone $name; then
		pass "$name is released without a command"
	else
		fail "$name is released without a command" 'it is still there after 10 seconds'
	fi
done

# After SIGTERM the holder releases everything. After SIGKILL the next command reports it and cleans up.
pid_of() {
	gmemctl status "$1" --json 2> "$scratch/err" | jq '.vms[0].pid'
}
held 0 '' create ends --simulate=plain
kill "$(pid_of ends)"
if gone ends && [ ! -e "$GMEMCTL_RUNTIME_DIR/gmemctl/ends.sock" ]; then
	pass 'a holder that gets SIGTERM releases its VM and its files'
else
	fail 'a holder that gets SIGTERM releases its VM and its files'
fi
killed="the holder of 'dies', process [0-9]+, was killed; the kernel has released its VM"
for command in 'convert dies all private' 'status dies' 'destroy dies'; do
	held 0 '' create dies --simulate=plain
	pid=$(pid_of dies)
	kill -9 "$pid"
	await_end "$pid"
	# shellcheck disable=SC2086 # words
	gmemctl $command > "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	if [ $status -ne 0 ] && grep -qE "$killed" "$scratch/stderr" &&
		[ -z "$(ls "$GMEMCTL_RUNTIME_DIR/gmemctl")" ]; then
		pass "after SIGKILL, $command"
	else
		fail "after SIGKILL, $command" "status $status"
		show stderr
	fi
done
held 0 '' create dies --simulate=plain
pid=$(pid_of dies)
kill -9 "$pid"
await_end "$pid"
held 0 "$killed" create dies --simulate=plain
held 0 '' destroy dies
held 0 '' create dies --simulate=plain
pid=$(pid_of dies)
kill -9 "$pid"
await_end "$pid"
held 0 "$killed" destroy dies --if-exists
held 0 '' create dies --simulate=plain
try_json 0 '.released_size == 4194304' gmemctl destroy dies --if-exists --json

# A holder that was killed does not hide another one.
held 0 '' create dies --simulate=plain
held 0 '' create lives --simulate=plain
pid=$(pid_of dies)
kill -9 "$pid"
await_end "$pid"
try 4 '^lives ' "$killed" gmemctl status
held 0 '' destroy lives

# While there is no page, the verdict comes from the creation flags.
held 0 '' create flagged --simulate=tdx-no-direct-map --vm-type=tdx --no-direct-map --size=64K
try_json 1 '.verdict_on_map == "faults" and (.verdict_on_map_reason | contains("inferred"))' \
	gmemctl check flagged --json
held 0 '' destroy flagged
held 0 '' create unflagged --simulate=tdx --vm-type=tdx --size=64K
try_json 0 '.verdict_on_map == "safe" and (.verdict_on_map_reason | contains("inferred"))' \
	gmemctl check unflagged --json
held 0 '' destroy unflagged
held 0 '' create other --simulate=no-direct-map --flags=mmap,init-shared,no-direct-map --size=64K
try_json 1 '.verdict_now == "faults" and (.verdict_now_reason | contains("inferred"))' \
	gmemctl check other --json
held 0 '' map other 0+64K
try_json 1 '.verdict_now == "faults" and .not_in_direct_map == 16' gmemctl check other --json
held 0 '' destroy other

# The folder must belong to this user, and others must have no access.
mkdir -m 755 "$scratch/open" "$scratch/open/gmemctl"
try 2 '' 'has mode 0755, and others may have been in it' \
	env GMEMCTL_RUNTIME_DIR="$scratch/open" "$GMEMCTL_FILE" create x --simulate=plain
try 2 '' 'making .*/none/gmemctl: No such file' \
	env GMEMCTL_RUNTIME_DIR="$scratch/none" "$GMEMCTL_FILE" create x --simulate=plain
try 0 '' '' env GMEMCTL_RUNTIME_DIR="$scratch/none" "$GMEMCTL_FILE" status

# The folder is deleted under a holder: commands still find the holder, and it makes its files anew.
# deleted NAME: creates a VM of that name, and removes its files so that it cannot make them anew.
deleted() {
	[ -d "$GMEMCTL_RUNTIME_DIR" ] || mkdir -m 700 "$GMEMCTL_RUNTIME_DIR"
	gmemctl create "$1" --simulate=plain --size=64K > "$scratch/out" 2>&1
	pid=$(pid_of "$1")
	rm -rf "$GMEMCTL_RUNTIME_DIR"
}
deleted lost
try 0 '^lost +[0-9]+ ' "the files of 'lost' were deleted; its holder, process $pid" gmemctl status
try_json 0 ".vms == [{name: \"lost\", pid: $pid, socket: false}]" \
	gmemctl status lost -o name,pid,socket --json
try 2 '*' "no VM is held under the name 'other'" gmemctl status other
try_json 2 '.error.code == "holder-lost"' gmemctl punch lost 0+4K --json
try_json 0 '.released_size == 65536 and .command == "destroy"' gmemctl destroy lost --json
if [ ! -e "/proc/$pid" ] || grep -qs '^State:.Z' "/proc/$pid/status"; then
	pass 'destroy ended the process of the holder'
else
	fail 'destroy ended the process of the holder' "$(cat "/proc/$pid/status")"
fi
deleted again
held 0 "its holder, process $pid, was ended by a signal" destroy again
deleted again
held 0 'was ended by a signal' destroy again --if-exists
deleted returns
try 0 "^returns $pid no$" '*' gmemctl status -rn -o name,pid,socket
mkdir -m 700 "$GMEMCTL_RUNTIME_DIR"
tries=0
until [ -S "$GMEMCTL_RUNTIME_DIR/gmemctl/returns.sock" ] || [ $tries -gt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
try 0 "^returns $pid yes$" '' gmemctl status -rn -o name,pid,socket
held 0 '' punch returns 0+4K
# Only the socket is removed. The file beside it is still the holder's.
rm "$GMEMCTL_RUNTIME_DIR/gmemctl/returns.sock"
tries=0
until [ -S "$GMEMCTL_RUNTIME_DIR/gmemctl/returns.sock" ] || [ $tries -gt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
held 0 '' destroy returns
# Another holder has the name now. When the first holder ends, it removes only its own files.
deleted twice
first=$pid
kill -s STOP "$first"
mkdir -m 700 "$GMEMCTL_RUNTIME_DIR"
gmemctl create twice --simulate=plain > "$scratch/out" 2>&1
kill "$first"
kill -s CONT "$first"
await_end "$first"
try 0 '^twice [0-9]+ yes$' '' gmemctl status twice -rn -o name,pid,socket
held 0 '' destroy twice
# Root has its own folder. XDG_RUNTIME_DIR matters only for other users.
if [ "$(id -u)" -eq 0 ]; then
	try '2' '' 'making /none/gmemctl: No such file' \
		env GMEMCTL_RUNTIME_DIR=/none XDG_RUNTIME_DIR="$scratch" "$GMEMCTL_FILE" create x --simulate=plain
	try 0 '*' '*' env -u GMEMCTL_RUNTIME_DIR XDG_RUNTIME_DIR=/none "$GMEMCTL_FILE" status
fi

# Two creates of one name at once: one gets it.
for _ in 1 2 3 4 5; do
	gmemctl create race --simulate=plain 2> "$scratch/one" &
	first=$!
	gmemctl create race --simulate=plain 2> "$scratch/two"
	two=$?
	wait $first
	one=$?
	[ $((one + two)) -eq 2 ] || break
	gmemctl destroy race > "$scratch/out" 2>&1
done
if [ $((one + two)) -eq 2 ]; then
	pass 'if two creates use the same name, one of them succeeds'
else
	fail 'if two creates use the same name, one of them succeeds' "statuses $one and $two" "$(cat "$scratch/one" "$scratch/two")"
fi

# The holder does not keep the caller's open files: a pipe ends when the creator ends.
try 0 '' '' timeout 20 sh -c '"$0" create pipe --simulate=plain 2>&1 | cat > /dev/null' "$GMEMCTL_FILE"
try 0 '' '' timeout 20 sh -c '{ "$0" create pipe2 --simulate=plain 9>&1 2> /dev/null; } | cat' \
	"$GMEMCTL_FILE"
held 0 '' destroy pipe
held 0 '' destroy pipe2

# Only on a terminal, standard error shows the progress: of create, and of the holder.
on_terminal() {
	script -qec "$*" /dev/null < /dev/null | tr '\r' '\n' > "$scratch/terminal"
	grep -qE '^\[=* *\] +[0-9]+%  [0-9.]+[KMG] of 8G  [0-9.]+[KMG]/s  [0-9]+:[0-9]+ left' \
		"$scratch/terminal"
}
if wrapped || ! command -v script > "$scratch/which"; then
	skip 'progress on a terminal' 'it needs script(1), and time that a run under valgrind hides'
else
	for step in "create bar --simulate=plain --size=8G --populate" "map bar all --method=host"; do
		if on_terminal "$GMEMCTL_FILE" "$step"; then
			pass "progress on a terminal: $step"
		else
			fail "progress on a terminal: $step" "$(cat "$scratch/terminal")"
		fi
		gmemctl punch bar all > "$scratch/out" 2>&1
	done
	held 0 '' map bar all --method=host
	held 0 '' destroy bar
fi

# A pipe has more content than the range: gmemctl did not use all of it, and reports that.
held 0 '' create long --simulate=tdx
held 0 '' convert long all private
through_pipe() {
	head -c "$1" /dev/zero | gmemctl map long "$2" --from=/dev/stdin
}
try 4 '' 'it goes on behind the range: 16384 bytes of it were added' through_pipe 65536 0+16K
try 0 '' 'simulated' through_pipe 16384 16K+16K
held 0 '' destroy long

# A signal in the middle (a script's background ignores SIGINT): gmemctl reports what it has done, and the VM
# stays. The content comes from a pipe that has 256K and then nothing, so the progress is known.
held 0 '' create slow --simulate=tdx
held 0 '' convert slow all private
mkfifo "$scratch/silent"
exec 8<> "$scratch/silent"
head -c 262144 /dev/zero >&8 &
writer=$!
# Not run through a function, so that $! is the command itself.
# shellcheck disable=SC2086 # words
$GMEMCTL map slow 0+1M --from="$scratch/silent" < /dev/null > "$scratch/stdout" 2> "$scratch/stderr" &
client=$!
wait $writer
sleep 0.5
kill -TERM $client
wait $client
judge 'SIGTERM ends map, which tells how much was done' $? 4 '' 'interrupted: 256K of 1M were done'
try_json 0 '.pages == 256' gmemctl pfns slow --json
# For the holder, a client that dies in the middle is the same.
# shellcheck disable=SC2086 # words
$GMEMCTL map slow 1M+1M --from="$scratch/silent" < /dev/null > "$scratch/stdout" 2> "$scratch/stderr" &
client=$!
sleep 0.5
kill -9 $client
exec 8>&-
held 0 '' punch slow all
held 0 '' destroy slow
finish
