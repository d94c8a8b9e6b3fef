# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# The running kernel: what must be true on any host with /dev/kvm if root can read page tables.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ] || [ "$(id -u)" -ne 0 ]; then
	skip 'the running kernel' 'needs root and /dev/kvm'
	finish
fi
if [ -n "${EMULATOR-}" ]; then
	skip 'the running kernel' 'it is another machine than the command'
	finish
fi
try_json 0 '.simulated == null and (.capabilities | length) > 0' gmemctl caps --json
if ! gmemctl directmap --quiet 2> "$scratch/why"; then
	skip 'page tables of the running kernel' "$(head -n 1 "$scratch/why")"
	finish
fi

try_json 0 '.ram == ([.in_direct_map[]] | add) + .holes + .direct_map_unknown and .ram > 0' gmemctl directmap --json
try_json 0 '.evidence == "page-tables/bpf"' gmemctl directmap --json --reader=bpf
if [ -r /proc/kcore ]; then
	try_json 0 '.evidence == "page-tables/kcore"' gmemctl directmap --json --reader=kcore
else
	try 3 '' 'kcore' gmemctl directmap --reader=kcore
	skip 'directmap --reader=kcore' 'this kernel has no /proc/kcore'
fi
try 0 '^verdict now: +safe$' '' gmemctl check --pfn=0x100 --control
if wrapped; then
	skip 'the reader proves itself' 'valgrind does not know memfd_secret'
else
	try 0 '^reader proven: +yes$' '' gmemctl check --pfn=0x100 --control
	try_json 0 '[.checks[] | select(.id == "reader.control").result] == ["pass"]' \
		gmemctl doctor --json
fi
try_json 0 '.verdict_now == "safe" and .not_in_direct_map == 0' gmemctl walk --json
try_json 0 '.pages == 4096 and .in_direct_map == 4096' gmemctl walk --size=16M --json
try 1 'no-direct-map.*is not offered' '' gmemctl walk --no-direct-map
try 2 '' 'has no guest_memfd' gmemctl pfns $$
try 2 '*' '*' gmemctl pfns 2
try 2 '' 'is no guest_memfd' gmemctl check $$:0
try 2 '' 'gmemctl: check: ' gmemctl check $$:1000

# A signal in the middle: walk releases what it has created, and reports that. The test sends the signal when
# the memory is there. Populating it takes long enough.
interrupt() {
	# shellcheck disable=SC2086 # words; through gmemctl() $! would be a shell's
	$GMEMCTL walk --json --size=1G &
	child=$!
	await_guest_memfd "$child"
	kill -TERM "$child"
	wait "$child"
}
interrupt > "$scratch/stdout" 2> "$scratch/stderr"
status=$?
if [ "$status" -eq 0 ]; then
	skip 'SIGTERM ends walk, which releases all that it made' 'it had ended before the signal came'
elif [ "$status" -ne 4 ] || ! jq -e '[.stages[] | select(.stage == "release").result] == ["ok"]' \
	"$scratch/stdout" > /dev/null; then
	fail 'SIGTERM ends walk, which releases all that it made' "exit status $status"
	show stdout
	show stderr
else
	pass 'SIGTERM ends walk, which releases all that it made'
fi
finish
