#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Owners of guest_memfds on the running kernel: list, pfns and pfn report what the test programs did.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

# holds NAME FILTER: whether jq's FILTER is true of the last list.
holds() {
	if jq --slurpfile list "$scratch/list" -e "$2" "$scratch/list" > "$scratch/answer" 2>&1; then
		pass "$1"
	else
		fail "$1" "not true: $2" "$(cat "$scratch/answer")" "$(jq -c . "$scratch/list")"
	fi
}

# Without a reader of kernel memory list shows the rows, with what the scan of processes finds.
start host "$tools/host-memory"
case $? in
0) ;;
77)
	skip "guest_memfds of several processes" "$(cat "$scratch/host.err")"
	finish
	;;
*)
	fail "host-memory" "$(cat "$scratch/host.err")"
	finish
	;;
esac

gmemctl list --json > "$scratch/list" 2> "$scratch/list.err"
# If root may not look at some process, the answer is a partial one. This test does not cause that.
complete=$(jq 'if .processes.denied > 0 or .processes.hidden or .processes.contained or
	any(.guest_memfds[]; .reason != null) then 4 else 0 end' "$scratch/list")
first=$(column host private 2) second=$(column host slots 2)
third=$(column host other 2) fourth=$(column host mapped 2)
ours="$first, $second, $third, $fourth"

# row NAME: prints jq's filter for the guest_memfd that host-memory calls NAME.
row() {
	if [ "$1" = mapped ]; then
		echo "(.guest_memfds[] | select(.pid == $fourth and .fds == [\"mmap\"]))"
	else
		echo "(.guest_memfds[] | select(.pid == $(column host "$1" 2) and
			(.fds | index(\"$(column host "$1" 3)\"))))"
	fi
}

try_json 4 "[.guest_memfds[] | select(.pid | IN($ours))] | length == 6 and
	all(.resident == null and .size == 262144 and (.reason | contains(\"--reader=none\")))" \
	gmemctl list --json --reader=none
holds "list shows each of six guest_memfds once" \
	"[.guest_memfds[] | select(.pid | IN($ours)) | .inode] | length == 6 and
	(unique | length) == 6"
holds "a guest_memfd of two processes is counted once" \
	"$(row shared) | .processes == 2 and [.owners[] | [.pid, .fd]] ==
	[[$first, 100], [$second, 100]] and ([.owners[].command] | unique) == [\"host-memory\"]"
holds "list shows the guest_memfd of another user" "$(row other) | .owner_uid == 65534 and .processes == 1"
holds "list shows a guest_memfd that is mapped and has no descriptor" "$(row mapped) | .processes == 1 and
	.owners == [{pid: $fourth, command: \"host-memory\", uid: 0, fd: null, mmap: 262144, path_only: false}]"
holds "list counts processes with a VM" '.processes.with_vm >= 4'
try_json "$complete" "[.guest_memfds[] | select(.pid == $fourth)] == [] and $(row slots).shared == null" \
	gmemctl list --json --no-locks
try_json "$complete" '[.guest_memfds[].inode] | . == sort' gmemctl list --json --sort inode
try_json "$complete" '[.guest_memfds[].size] | . == (sort | reverse)' \
	gmemctl list --json --sort=size,pid
try "$complete" "^ *$second host-memory +- +$(column host slots 3) " '*' gmemctl list

if reader_missing; then
	skip "what list shows of guest_memfds" "$why"
	stop
	finish
fi

# bytes NAME RESIDENT SLOTS SHARED FLAGS: whether list shows these values. In a PID namespace gmemctl cannot
# tell which process has the shared side of a memslot.
bytes() {
	if [ "$3" -gt 0 ] && in_pid_namespace; then
		shared='.shared == null and .total == null and (.reason | contains("initial PID namespace"))'
	else
		shared=".shared == $4 and .total == $2 + $4 and .reason == null"
	fi
	holds "$1: resident, slots, shared side, flags" "$(row "$1") | .size == 262144 and
		.resident == $2 and .in_direct_map == $2 and .not_in_direct_map == 0 and .direct_map_unknown == 0 and
		([.nodes[].bytes] | add) == $2 and .slots == $3 and $shared and .flags == $5 and
		.initial == (if .flags == [] then \"private\" else \"shared\" end) and .direct_map == \"mapped\" and
		.vm_type == \"default\""
}

cp "$scratch/list" "$scratch/all"
bytes shared 20480 0 0 '[]'
bytes private 4096 0 0 '[]'
bytes punched 196608 0 0 '[]'
bytes slots 262144 2 40960 '[]'
bytes other 262144 0 0 '["mmap", "init-shared"]'
# The process has the guest_memfd itself mapped at userspace_addr. These pages count only once.
bytes mapped 262144 1 0 '["mmap", "init-shared"]'
# With few descriptors list looks at each guest_memfd alone, else at several together.
# rows FILE: prints the rows of our guest_memfds.
rows() {
	jq -S "[.guest_memfds[] | select(.pid | IN($ours))] | sort_by(.inode)" "$1"
}
same="list shows the same of guest_memfds that it looks at alone and together"
if wrapped; then
	skip "$same" "valgrind needs more descriptors"
else
	prlimit --nofile=15 "$GMEMCTL" list --json > "$scratch/alone" 2> "$scratch/alone.err"
	if [ "$(rows "$scratch/alone")" = "$(rows "$scratch/list")" ]; then
		pass "$same"
	else
		fail "$same" "$(cat "$scratch/alone.err")" "$(rows "$scratch/alone")" "$(rows "$scratch/list")"
	fi
fi
# The sums of the whole host. Other processes may have guest_memfds with unknown values.
# shellcheck disable=SC2016 # jq's variables
holds "the sums of list are those of its rows" '.count == (.guest_memfds | length) and all("resident", "shared", "total";
	. as $sum | $list[0] | [.guest_memfds[][$sum]] as $values |
	.[$sum] == if $values | any(. == null) then null else $values | add end)'

# pages NAME OFFSETS: whether pfns shows pages at these offsets, and nowhere else.
pages() {
	try_json 0 "[.extents[].offset / 4096] == $2" gmemctl pfns --each --json \
		"$(column host "$1" 2):$(column host "$1" 3)"
}

pages shared '[range(5)]'
pages private '[1]'
pages punched '[range(16), range(32; 64)]'
pages slots '[range(64)]'
pages other '[range(64)]'
slots=$second:$(column host slots 3)
try_json 0 '[.extents[].gpa] == ["0x10001f000", "0x200000000"]' \
	gmemctl pfns "$slots" --each --json --gpa-range 0x10001f000-0x200001000
try_json 0 '[.extents[].offset] == [126976]' \
	gmemctl pfns "$slots" --each --json --gpa-range 0x10001f000-0x200001000 --offset 64K-128K
try_json 0 '.extents == [] and .resident == 262144' gmemctl pfns "$slots" --json --gpa-range 0+4G
try_json 0 '.pages == 0' gmemctl pfns "$slots" --summary --json --node 1023
try 0 'pages: +0' 'no page of it was found on node 1023' gmemctl pfns "$slots" --summary --node 1023
try 0 'pages: +0' 'no memslot binds addresses from 0x0 to 0xfff' gmemctl pfns "$slots" --gpa-range 0+4K
try 0 'pages: +0' '--offset: 0x1000000000 is past the end' gmemctl pfns "$slots" --offset 64G+4K
try 64 '' 'each and --summary' gmemctl pfns "$slots" --each --summary
node=$(gmemctl pfns "$slots" --json | jq '.extents[0].node')
try_json 0 "(.extents | length) > 0 and all(.extents[]; .node == $node)" \
	gmemctl pfns "$slots" --json --node "$node"

# pagemap has the same page frames: pfn finds their offsets, and pfns finds the frames.
for name in other mapped; do
	awk -v name="$name" '$1 == "page" && $2 == name { print $4 }' "$scratch/host" \
		> "$scratch/frames"
	# shellcheck disable=SC2046 # numbers
	gmemctl pfn --json $(cat "$scratch/frames") > "$scratch/list" 2> "$scratch/list.err"
	holds "$name: pfn finds 64 frames, their owner and offsets" \
		"[.frames[].offset / 4096] == [range(64)] and (.frames | all(.owner == \"guest_memfd\"
		and .pid == $(column host "$name" 2) and .ram and .direct_map == \"mapped\"))"
done
holds "a guest_memfd that is only mapped has no descriptor, but a guest-physical address" \
	'(.frames | all(.fd == null)) and .frames[1].gpa == "0x100001000"'
awk '$1 == "page" && $2 == "other" { printf "0x%x 0x%x\n", $3, $4 }' "$scratch/host" \
	> "$scratch/pagemap"
gmemctl pfns "$third:$(column host other 3)" --each --raw -n -b -o OFFSET,PFN \
	> "$scratch/ours" 2> "$scratch/ours.err"
if cmp -s "$scratch/pagemap" "$scratch/ours"; then
	pass "64 page frames are those of /proc/PID/pagemap"
else
	fail "64 page frames are those of /proc/PID/pagemap" "$(diff "$scratch/pagemap" "$scratch/ours" | head -5)"
fi
# This target has no descriptor, only a mapping. It is named by its process, then with the word mmap.
inode=$(jq "$(row mapped).inode" "$scratch/all")
awk '$1 == "page" && $2 == "mapped" { printf "0x%x 0x%x\n", $3, $4 }' "$scratch/host" \
	> "$scratch/pagemap"
for target in "$fourth" "$fourth:mmap"; do
	gmemctl pfns "$target" --each --raw -n -b -o OFFSET,PFN \
		> "$scratch/ours" 2> "$scratch/ours.err"
	if cmp -s "$scratch/pagemap" "$scratch/ours"; then
		pass "pfns $target, mapped only: 64 page frames are those of /proc/PID/pagemap"
	else
		fail "pfns $target, mapped only: 64 page frames are those of /proc/PID/pagemap" \
			"$(cat "$scratch/ours.err")" \
			"$(diff "$scratch/pagemap" "$scratch/ours" | head -5)"
	fi
done
try_json 0 ".pages == 64 and all(.extents[]; .fd == null and .inode == $inode)" \
	gmemctl pfns "$fourth" --json
try_json 0 ".pages == 64 and .verdict_now == \"safe\" and
	all(.paths[]; .fd == null and .pid == $fourth and .inode == $inode)" \
	gmemctl check "$fourth" --json
try 2 '' 'no guest_memfd mapped that it has no descriptor of' gmemctl check "$second:mmap"
try 2 '' 'no guest_memfd open or mapped' gmemctl pfns $$
frame=$(gmemctl pfns "$slots" --each --json | jq '.extents[40].pfn')
try_json 0 ".frames == [.frames[0], .frames[0]] and (.frames[0] | .pid == $second and
	.offset == 163840 and .gpa == \"0x200008000\" and .zone != null)" \
	gmemctl pfn --json "$frame" "0x$(printf %x "$frame")" -o +gpa
stop
gmemctl list --json > "$scratch/list" 2> "$scratch/list.err"
holds "list shows no guest_memfd of a process that ended" "[.guest_memfds[] | select(.pid | IN($ours))] == []"

# Threads: which process has a guest_memfd that a thread created, has in its own table, or left mapped.
start threads "$tools/thread-memory"
gmemctl list --json > "$scratch/list" 2> "$scratch/list.err"
made=$(column threads made 2) broker=$(column threads broker 2)
of_made="(.guest_memfds[] | select(.processes == 2 and .vm_pid == $(column threads made 3)))"
if in_pid_namespace; then
	skip "list names the process first in which a thread made the VM" \
		"the kernel names that thread by its PID in the initial PID namespace"
else
	holds "list names the process first in which a thread made the VM" "$of_made |
		.pid == $made and .fds == [\"$(column threads made 4)\"] and
		([.owners[].pid] | sort) == ([$made, $broker] | sort) and .shared == 0"
	frame=$(gmemctl pfns "$made:$(column threads made 4)" --json | jq '.extents[0].pfn')
	try_json 0 ".frames[0] | .pid == $made and .fd == $(column threads made 4)" \
		gmemctl pfn --json "$frame"
fi
if grep -qx kcmp "$scratch/threads"; then
	holds "list finds descriptors in a thread's own table" \
		"[.guest_memfds[] | select(.pid == $(column threads own 3))] | length == 1 and
		.[0].processes == 1 and .[0].fds == [\"$(column threads own 4)\"] and
		.[0].resident == 65536"
else
	skip "list finds descriptors in a thread's own table" "this kernel has no kcmp(2)"
fi
holds "list counts a process once whose threads all map the memory" \
	"[.guest_memfds[] | select(.pid == $(column threads closed 2))] | length == 1 and
	.[0].processes == 1 and (.[0].owners | length) == 1 and .[0].fds == [\"mmap\"]"
stop

# A process creates and closes guest_memfds all the time. The library looks at it, and so does the command.
"$tools/churn-owners" 10000 > "$scratch/churn" 2> "$scratch/churn.err" &
churn=$!
runs=0
wrong=
while kill -0 "$churn" 2> "$scratch/kill"; do
	gmemctl list --json > "$scratch/list" 2> "$scratch/list.err"
	case $? in 0 | 3 | 4) ;; *) wrong="exit status: $(cat "$scratch/list.err")" ;; esac
	jq -e '[.guest_memfds[] | select(.command == "churn-owners")] | all(.size == 262144 and (.resident == null or .resident <= .size) and
		(.in_direct_map == null or .in_direct_map + .not_in_direct_map + .direct_map_unknown == .resident) and
		(.nodes == null or ([.nodes[].bytes] | add + 0) == .resident) and
		(.slots == null or .slots <= 1) and (.shared == null or .shared == 0))' \
		"$scratch/list" > "$scratch/answer" || wrong=$(jq -c . "$scratch/list")
	runs=$((runs + 1))
done
wait "$churn"
status=$?
if [ $status -eq 0 ]; then
	pass "10000 guest_memfds come and go: $(cat "$scratch/churn")"
else
	fail "10000 guest_memfds come and go" "status $status" "$(cat "$scratch/churn.err")"
fi
if [ $runs -gt 0 ] && [ -z "$wrong" ]; then
	pass "list meanwhile, $runs times: every row possible"
else
	fail "list meanwhile, $runs times: every row possible" "$wrong"
fi
finish
