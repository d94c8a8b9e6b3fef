# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# --numa: policies have numactl's names, node strings follow its rules, and errors are explained.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

shared='--vm-type=default --flags=mmap,init-shared'

# STATUS | MESSAGE | NODES. The model plain has node 0, tdx has nodes 0 and 1. gmemctl must ask the
# model, and not this host.
wrong='
64|the list of nodes is empty|plain|
64|the list of nodes is empty|plain|bind:
64|the nodes are missing, such as bind:0|plain|bind
64|the nodes are missing, such as preferred-many:0|plain|preferred-many
64|the nodes are missing, such as weighted-interleave:0|plain|weighted-interleave
64|.membind. is no policy: take bind, interleave, preferred|plain|membind:0
64|.BIND. is no policy|plain|BIND:0
64|.local. is no policy|plain|local:0
64|.default. is no policy|plain|default:0
64|.netdev. is no policy|plain|netdev:lo
64|.file. is no policy|plain|file:/etc/passwd
64|.ip. is no policy|plain|ip:127.0.0.1
64|.block. is no policy|plain|block:vda
64|.pci. is no policy|plain|pci:0:0.0
64|a list of nodes has no colon|plain|bind:netdev:lo
64|a list of nodes has no colon|plain|bind:file:/etc/passwd
64|a list of nodes has no colon|plain|bind:0:1
64|a list of nodes has no colon|plain|0:1
64|a list of nodes has no colon|plain|:0
64|all nodes except all of them leaves no node|tdx|bind:!all
64|it is not a list of nodes|plain|x
64|it is not a list of nodes|plain|bind:ALL
64|it is not a list of nodes|plain|all,0
64|it is not a list of nodes|plain|0,all
64|it is not a list of nodes|plain|0,
64|it is not a list of nodes|plain|,0
64|it is not a list of nodes|plain|0,,0
64|it is not a list of nodes|plain|0;1
64|it is not a list of nodes|plain|0x0
64|it is not a list of nodes|plain|-1
64|it is not a list of nodes|plain|0-
64|it is not a list of nodes|plain|0--0
64|it is not a list of nodes|plain|0-0-0
64|it is not a list of nodes|plain|!
64|it is not a list of nodes|plain|!!0
64|it is not a list of nodes|plain|+!0
64|it is not a list of nodes|plain|+
64|it is not a list of nodes|plain| 0
64|without leading zeros|plain|bind:00
64|without leading zeros|plain|010
64|1-0 runs downwards|tdx|bind:1-0
64|numbers of nodes go from 0 to 1023|plain|1024
64|numbers of nodes go from 0 to 1023|plain|bind:0-4294967296
64|numbers of nodes go from 0 to 1023|plain|18446744073709551616
64|preferred takes one node, and these are 2; preferred-many|tdx|preferred:all
2|there is no node 1 on this host|plain|bind:1
2|there is no node 1023 on this host|plain|1023
2|there is no node 64 on this host|tdx|interleave:0-64
2|there is no node 2 on this host|tdx|0,2
2|there is no .1: memory can be taken from 1 node here|plain|bind:+1
2|there is no .2: memory can be taken from 2 nodes here|tdx|+0-2
2|names no node that memory can be taken from|plain|bind:!0
2|names no node that memory can be taken from|tdx|!0,1
'
tried=0
while IFS='|' read -r status message model nodes; do
	[ -n "$status" ] || continue
	tried=$((tried + 1))
	# shellcheck disable=SC2086 # words
	try "$status" '' "$message" gmemctl create x --simulate="$model" $shared "--numa=$nodes"
done <<END
$wrong
END
if [ $tried -ge 40 ]; then
	pass "all $tried wrong lists and policies are refused"
else
	fail "all $tried wrong lists and policies are refused" "40 are wanted"
fi
try_json 64 '.error | .code == "usage" and (.message | contains("no policy"))' gmemctl create x --simulate=plain --numa=a:0 --json
try 2 '' 'no VM is held under the name' gmemctl status x

# on WANTED NODES [OPTION...]: whether the pages of 4M are on these nodes, each "node:pages".
on() {
	wanted=$1 nodes=$2
	shift 2
	# shellcheck disable=SC2086 # words
	printf '%s\n' "create x $shared --populate --numa=$nodes $*" 'pfns x --summary' |
		gmemctl batch --simulate=tdx > "$scratch/stdout" 2> "$scratch/stderr"
	found=$(awk '$1 == "node" { print $2 ":" $3 }' "$scratch/stdout" | paste -sd ' ')
	if [ "$found" = "$wanted" ]; then
		pass "$nodes: pages on $wanted"
	else
		fail "$nodes: pages on $wanted" "they are on $found" "$(cat "$scratch/stderr")"
	fi
}
on '0:1024' bind:0
on '1:1024' bind:1
on '1:1024' 1
on '1:1024' '!0'
on '1:1024' bind:+1
on '1:1024' bind:1,1-1,1
on '0:512 1:512' interleave:all
on '0:512 1:512' 0-1
on '0:512 1:512' +0,1
on '0:512 1:512' weighted-interleave:all
on '1:1024' interleave:1
on '1:1024' preferred:1
on '1:1024' preferred-many:1
on '0:1024' preferred-many:all

# gmemctl must not ignore a policy: it refuses memory that cannot have one.
try 2 '' 'without flag mmap' gmemctl create x --simulate=tdx --numa=bind:1 --populate
try 2 '' 'without flag mmap' gmemctl create x --simulate=tdx --numa=1 --populate

# Not enough room on the nodes: bind fails, and the message names its node.
# shellcheck disable=SC2086 # words
node1=$(gmemctl list --nodes --simulate=tdx --json 2> "$scratch/stderr" | jq '.nodes[1].free')
over=$((node1 / 1048576 + 64))M
# shellcheck disable=SC2086 # words
{
	if wrapped; then
		skip "more memory than a node has" "a tool that runs the command leaves less address space"
	else
		try 2 '' 'to be populated from node 1 alone, with .* free and 0B that can be reclaimed' \
			gmemctl create x --simulate=tdx $shared --size=$over --numa=bind:1 --populate
	fi
	try_json 2 '.error.code == "no-memory"' \
		gmemctl create x --simulate=tdx $shared --size=$over --numa=bind:1 --populate --json
	try_json 2 '.error.code == "not-found"' gmemctl create x --simulate=tdx $shared --numa=bind:2 --json
}
finish
