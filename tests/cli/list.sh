# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# gmemctl list on the VMs of a batch, on a simulated kernel: it looks only at what the columns need.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Two VMs are empty. Of the other two, one is in the direct map and one is not.
printf '%s\n' 'create a --size=8M' 'create b --size=2M --populate' \
	'create c --size=4M --no-direct-map --mmap --init-shared' 'map c all --method=host' \
	'create d --size=16M' > "$scratch/vms"

# list OPTION...: prints only the output of list with these options.
list() {
	{ cat "$scratch/vms" && echo "list $*"; } |
		gmemctl batch --simulate=no-direct-map --keep-going
}

# sizes WANTED OPTION...: whether the rows have these sizes, in MiB, in this order.
sizes() {
	wanted=$1
	shift
	found=$(list --raw --noheadings --bytes "$@" 2> "$scratch/stderr" |
		awk '{ print $NF / 1048576 }' | paste -sd ' ')
	if [ "$found" = "$wanted" ]; then
		pass "list $*: $wanted"
	else
		fail "list $*" "$found, not $wanted" "$(cat "$scratch/stderr")"
	fi
}

# list can sort by a column that it does not show.
sizes '4 2 8 16' -o size
sizes '2 8 4 16' -o size --sort=in-direct-map
sizes '4 8 2 16' -o size --sort=not-in-direct-map
sizes '8 16 2 4' -o size --sort=nodes
sizes '8 16 2 4' -o size --sort=direct-map
sizes '4 2 8 16' -o size --sort=total
sizes '16 8 2 4' -o size --sort=direct-map,size

# list shows the names from the batch.
names=$(list --raw --noheadings --output=name --sort=name 2> "$scratch/stderr" | paste -sd ' ')
if [ "$names" = "a b c d" ]; then
	pass "list shows the names of the VMs of a batch"
else
	fail "list shows the names of the VMs of a batch" "$names" "$(cat "$scratch/stderr")"
fi

# The sums are those of all memory, whichever columns are shown.
try 0 '^total: +6M$' 'simulated' list -o size
try 0 '^not in direct map: +4M$' 'simulated' list -o pid
{ cat "$scratch/vms" && echo 'list --output=pid'; } > "$scratch/batch"
try_json 0 '.commands[-1].document | .total == 6291456 and .in_direct_map == 2097152 and
	.not_in_direct_map == 4194304 and .direct_map_unknown == 0 and .shared == 0 and .total_reason == null and
	([.guest_memfds[] | keys] | unique) == [["pid"]]' \
	gmemctl batch --simulate=no-direct-map --json "$scratch/batch"
# If list must not look at something, the document gives that reason.
echo 'list -o pid --no-locks' >> "$scratch/batch"
try_json 0 '.commands[-1].document | .total == null and .total_reason == "not looked at (--no-locks)"
	and .shared_reason == .total_reason and .in_direct_map == 2097152' \
	gmemctl batch --simulate=no-direct-map --json "$scratch/batch"
# Private memory by the VM's attributes, and private pages that a conversion to shared
# leaves until they are punched.
# private MODEL TYPE WANTED: checks both sizes after each step, in MiB.
private() {
	printf '%s\n' "create a --size=8M --vm-type=$2 --populate" 'convert a 0+8M private' \
		'convert a 2M+4M shared' 'list' 'punch a 2M+1M' 'list' 'convert a 0+8M private' \
		'list' > "$scratch/batch"
	try_json 0 "[.commands[].document | select(.command == \"list\") |
		select([.private, .stale_private] == [.guest_memfds[0] | .private, .stale_private]) |
		[.private, .stale_private, .resident | . / 1048576]] == $3" \
		gmemctl batch --simulate="$1" --json "$scratch/batch"
}
private sw-protected sw-protected '[[4, 4, 8], [4, 3, 7], [8, 0, 7]]'
private tdx tdx '[[4, 4, 8], [4, 3, 7], [8, 0, 7]]'
private snp snp '[[4, 4, 8], [4, 3, 7], [8, 0, 7]]'
# A VM of a type without private memory has none, on any kernel.
printf '%s\n' 'create a --size=8M --vm-type=default --populate' 'list' > "$scratch/batch"
for model in plain tdx; do
	try_json 0 '.commands[-1].document | .private == 0 and .stale_private == 0 and
		.private_reason == null and .resident == 8388608' \
		gmemctl batch --simulate=$model --json "$scratch/batch"
done
# With conversion in place, and without a reader, both sizes are unknown, and not 0.
try_json 4 '.commands[-1].document | .private == null and .stale_private == null and
	.resident == 8388608 and (.guest_memfds[0] | .private == null and .stale_private == null and
	(.reason | contains("in place")))' \
	gmemctl batch --simulate=in-place --json "$scratch/batch"
printf '%s\n' 'create a --size=8M --populate' 'list --reader=none' > "$scratch/batch"
try_json 4 '.commands[-1].document | .private == null and .stale_private == null and
	(.stale_private_reason | contains("REASON"))' \
	gmemctl batch --simulate=tdx --json "$scratch/batch"
# Nodes, with the guest memory on each. They are the model's nodes, and not those of the host.
printf '%s\n' 'create a --size=8M --vm-type=default --mmap --init-shared --numa=interleave:all --populate' \
	'create b --size=2M --vm-type=default --mmap --init-shared --numa=bind:1 --populate' \
	'list --nodes' > "$scratch/batch"
try_json 0 '.commands[-1].document | [.nodes[] | [.node, .guests, .resident]] ==
	[[0, 1, 4194304], [1, 2, 6291456]] and .resident == 10485760 and
	(.nodes | all(.size > 1073741824 and .free < .size and .allowed and .reason == null)) and
	[.nodes[].distances[].distance] == [10, 21, 21, 10] and
	([.nodes[].distances[].node] == [0, 1, 0, 1]) and (has("guest_memfds") | not)' \
	gmemctl batch --simulate=tdx --json "$scratch/batch"
try 0 '^ *0 [0-9]+-[0-9]+ +[0-9.]+G +[0-9.]+G +0 +0B 0:10$' 'no guest_memfd' \
	gmemctl list --nodes --simulate=plain
try 0 '^1 0B 0:21,1:10$' '*' gmemctl list --nodes --simulate=tdx -o node,resident,distances -rn
try 0 '^NODE="1" REASON=""$' '*' gmemctl list --nodes --simulate=tdx -o node,reason -P
try 64 '' 'nodes are sorted by their numbers' gmemctl list --nodes --sort=size --simulate=tdx
try 64 '' 'is no column' gmemctl list --nodes -o inode --simulate=tdx
try 2 '' 'is built without CONFIG_NUMA' \
	gmemctl list --nodes --simulate=tdx,fail=list-directory@1:ENOENT
# Without a reader of kernel memory the nodes are known, but not the guest memory on them.
printf '%s\n' 'create a' 'list --nodes --reader=none' > "$scratch/batch"
try_json 4 '.commands[-1].document | .nodes | all(.size > 0 and .resident == null and
	.guests == null and (.reason | contains("not known of every guest_memfd")))' \
	gmemctl batch --simulate=tdx --json "$scratch/batch"
finish
