# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the tests on crash dumps share: what gmemctl reads from a dump is held against what it said of
# the host before, which tests/kernel/guest printed in lines "#live NAME JSON".
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

# needs NAME TOOL...: ends the test where a tool is missing, or the command cannot read dumps.
needs() {
	needed_by=$1
	shift
	for tool; do
		command -v "$tool" > "$scratch/which" && continue
		skip "$needed_by" "there is no $tool: packaging/deps kernel"
		finish
	done
	gmemctl directmap --core=README.md > "$scratch/stdout" 2> "$scratch/stderr"
	grep -q 'without libkdumpfile' "$scratch/stderr" || return
	skip "$needed_by" "$(cat "$scratch/stderr")"
	finish
}

# take_live FILE: the documents of its lines, a file each in $live.
take_live() {
	live=$scratch/live
	mkdir -p "$live"
	awk -v folder="$live" '/^#live / {
		file = folder "/" $2
		sub(/^#live [^ ]* /, "")
		print > file
		close(file)
	}' "$1"
}

# The kernel paths about which a dump knows all: here those of ordinary VMs. Which other types of VM a
# kernel has stands in a variable of KVM's, which has a symbol with CONFIG_KALLSYMS_ALL only.
paths='^(gmem|kvm|gup)-'

# What both know, a line each: of page frames, the pages in holes, guest_memfds and their pages, and what
# kernel paths would do. Who made a hole a live host knows better. $dead is the process that an oops ended.
# shellcheck disable=SC2016 # jq's variables
what_both_know='
	def directmap: {ram, in_direct_map, outside, holes, direct_map_unknown},
		(.hole_list[] as $hole | range($hole.pages) | {pfn: ($hole.pfn + .)} + ($hole | {direct_map}));
	def owners: if .pid == null or .pid == $dead then {}
		else {pid, command, owner_uid, fds, processes, owners} end;
	def list: .guest_memfds | sort_by(.inode)[] | {inode, size, resident, flags, initial, nodes,
		direct_map, in_direct_map, not_in_direct_map, direct_map_unknown, slots, vm_type, vm_pid} + owners;
	def pfns: {pages, resident}, (.extents[] | {inode, offset, gpa, pfn, pages, node, order, level,
		direct_map, writable});
	def pfn: .frames[] | {pfn, ram, node, zone, direct_map, level, writable};
	def check: {verdict_now, pages, in_direct_map, not_in_direct_map, direct_map_unknown},
		(.paths[] | select(.kernel_path | test($paths)) | {kernel_path, verdict, faulting, reason});
	if .command == "directmap" then directmap
	elif .command == "list" then list
	elif .command == "pfns" then pfns
	elif .command == "pfn" then pfn
	else check end'

# read_dump NAME DUMP COMMAND...: what it says in $scratch/told, what was said live in $scratch/wanted,
# and both statuses.
read_dump() {
	name=$1 dump_read=$2
	shift 2
	gmemctl "$@" --json --core="$dump_read" > "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	keep_json "$scratch/stdout"
	wanted=$(jq .status "$live/$name")
	# A dump has no /proc/kpageflags.
	[ "$name" != pfn ] || wanted=4
	both() {
		jq -c --argjson dead "${dead:-0}" --arg paths "$paths" "$what_both_know" "$1"
	}
	both "$live/$name" > "$scratch/wanted"
	both "$scratch/stdout" > "$scratch/told" 2> "$scratch/jq"
}

# A command as the title of a test shows it: pfn has a page frame per word.
shortened() {
	echo "$*" | cut -c 1-40
}

# as_live COMMAND...: passes where it is the same, with the same status.
as_live() {
	[ "$status" -eq "$wanted" ] && [ -s "$scratch/wanted" ] &&
		cmp -s "$scratch/wanted" "$scratch/told" || return
	pass "$(shortened "$@"): the dump gives the same answer as the live host, $(wc -l < "$scratch/wanted") lines"
}

# compare NAME DUMP COMMAND...: the dump tells all that was said live.
compare() {
	read_dump "$@"
	shift 2
	as_live "$@" || fail "$(shortened "$@"): the dump gives the same answer as the live host" "status $status, wanted $wanted" \
		"$(cat "$scratch/stderr")" "$(diff "$scratch/wanted" "$scratch/told" | head -n 10)"
}

# compare_known NAME DUMP COMMAND...: of a dump that lacks what it should have. What it tells is as it
# was said live; the rest is unknown, or all is refused, and why is said.
compare_known() {
	read_dump "$@"
	shift 2
	as_live "$@" && return
	grep -vxFf "$scratch/wanted" "$scratch/told" |
		grep -vE '"(direct_map(_unknown)?|verdict)":("unknown"|[1-9])|"pages":null' > "$scratch/wrong"
	# The verdict on a page that is not in the direct map is faults, whatever is not known of paths.
	[ "$status" -eq "$wanted" ] || { [ "$status" -ge 2 ] && [ "$status" -le 4 ]; } ||
		echo "status $status" >> "$scratch/wrong"
	if [ -s "$scratch/wrong" ]; then
		fail "$(shortened "$@"): the dump gives the same answer as the live host, or unknown" "status $status, live $wanted" \
			"$(cat "$scratch/stderr")" "$(head -n 10 "$scratch/wrong")"
	elif cat "$scratch/stdout" "$scratch/stderr" | grep -qE 'left out of|not in the dump'; then
		pass "$(shortened "$@"): status $status, unknown parts with their reason: $(sed -n 1p "$scratch/stderr" | cut -c 1-160)"
	else
		fail "$(shortened "$@"): the message gives a reason for what is unknown" "$(cat "$scratch/stderr")"
	fi
}

# each_frame COMPARE DUMP: everything that was said live of page frames.
each_frame() {
	$1 directmap "$2" directmap --holes
	# shellcheck disable=SC2046 # numbers
	$1 pfn "$2" pfn $(printf '0x%x ' $(jq '.frames[].pfn' "$live/pfn"))
	for file in "$live"/check-*; do
		frame=${file##*/check-}
		$1 "check-$frame" "$2" check --pfn "$frame"
	done
}

# each_memory COMPARE DUMP: the same of guest_memfds.
each_memory() {
	$1 list "$2" list
	for file in "$live"/pfns-*; do
		inode=${file##*/pfns-}
		$1 "pfns-$inode" "$2" pfns "ino:$inode" --each
	done
}

# never_absent DUMP: of a dump that lacks what it should have, no guest_memfd is said not to be there.
never_absent() {
	for file in "$live"/pfns-*; do
		inode=${file##*/pfns-}
		gmemctl pfns "ino:$inode" --core="$1" > "$scratch/stdout" 2> "$scratch/stderr"
		status=$?
		case $status in
		0 | 3 | 4) pass "pfns ino: does not report a guest_memfd as absent: status $status $(head -n 1 "$scratch/stderr" | cut -c 1-120)" ;;
		*) fail "pfns ino:$inode does not report a guest_memfd as absent" "status $status" "$(cat "$scratch/stderr")" ;;
		esac
	done
}

# mend [--tails] DUMP: as tests/kernel/mend-dump.
mend() {
	tests/kernel/mend-dump "$@" 2> "$scratch/err" && return
	fail "mend-dump repairs the header of QEMU's dump" "$(cat "$scratch/err")"
	finish
}

# unfiltered DUMP: as QEMU wrote it, mended.
unfiltered() {
	mend "$1"
	each_frame compare "$1"
	each_memory compare "$1"
}

# both_filters DUMP FILTERED: compares two filtered dumps. A makedumpfile that does not know this kernel
# makes the first one. DUMP is then changed so that it knows the kernel, and filters it again.
both_filters() {
	filter -c "$1" "$2"
	each_frame compare_known "$2"
	never_absent "$2"
	mend --tails "$1"
	filter -c "$1" "$2"
	each_frame compare "$2"
	each_memory compare "$2"
}

# filter FORMAT DUMP FILE: as a distribution's kdump does it.
filter() {
	rm -f "$3"
	makedumpfile --message-level 0 "$1" -d 31 "$2" "$3" > "$scratch/filter" 2>&1 && return
	fail "makedumpfile $1 -d 31 filters the dump" "$(cat "$scratch/filter")"
	finish
}

# bad_dumps DUMP FILTERED...: what is made of them is refused.
bad_dumps() {
	makedumpfile --message-level 0 -F -c -d 31 "$1" > "$scratch/flat" 2> "$scratch/filter"
	shift
	try 2 '' 'flattened dump: .makedumpfile -R ' gmemctl directmap --core="$scratch/flat"
	for file; do
		head -c "$(($(stat -c %s "$file") / 2))" "$file" > "$scratch/cut"
		try 2 '' 'truncated|cut off' gmemctl directmap --core="$scratch/cut"
		# It is cut off while it is read.
		for read in 1 40; do
			cp "$file" "$scratch/cut"
			try 2 '' 'changed|truncated' env LD_PRELOAD="$BUILD/tests/preload/dump-reads.so" \
				GMEM_CUT_DUMP="$scratch/cut" GMEM_CUT_AT=$read \
				"$GMEMCTL" directmap --core="$scratch/cut"
		done
	done
}
