# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# gmemctl list on the VMs of a batch, on a simulated kernel: what is looked at for which columns.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Two that are empty, and two of which one has what the other has not.
printf '%s\n' 'create a --size=8M' 'create b --size=2M --populate' \
	'create c --size=4M --no-direct-map --mmap --init-shared' 'map c all --method=host' \
	'create d --size=16M' > "$scratch/vms"

# list OPTION...: what list prints after these, alone.
list() {
	{ cat "$scratch/vms" && echo "list $*"; } |
		gmemctl batch --simulate=no-direct-map --keep-going
}

# sizes WANTED OPTION...: its rows by their sizes, in MiB.
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

# The column that is sorted by need not be one that is shown.
sizes '4 2 8 16' -o size
sizes '2 8 4 16' -o size --sort=in-direct-map
sizes '4 8 2 16' -o size --sort=not-in-direct-map
sizes '8 16 2 4' -o size --sort=nodes
sizes '8 16 2 4' -o size --sort=direct-map
sizes '4 2 8 16' -o size --sort=total
sizes '16 8 2 4' -o size --sort=direct-map,size

# The sums are of all that there is, whichever columns are shown.
try 0 '^total: +6M$' 'simulated' list -o size
try 0 '^not in direct map: +4M$' 'simulated' list -o pid
{ cat "$scratch/vms" && echo 'list --output=pid'; } > "$scratch/batch"
try_json 0 '.commands[-1].document | .total == 6291456 and .in_direct_map == 2097152 and
	.not_in_direct_map == 4194304 and .direct_map_unknown == 0 and .shared == 0 and .total_reason == null and
	([.guest_memfds[] | keys] | unique) == [["pid"]]' \
	gmemctl batch --simulate=no-direct-map --json "$scratch/batch"
# What is not to be looked at is said to be that.
echo 'list -o pid --no-locks' >> "$scratch/batch"
try_json 0 '.commands[-1].document | .total == null and .total_reason == "not looked at (--no-locks)"
	and .shared_reason == .total_reason and .in_direct_map == 2097152' \
	gmemctl batch --simulate=no-direct-map --json "$scratch/batch"
finish
