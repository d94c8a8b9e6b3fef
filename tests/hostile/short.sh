# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2317 # scratch is set by what is sourced; functions are called by try
# gmemctl reports it when a resource runs short: it reads a line without an end, a folder is full, a holder
# has no descriptors left.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. "$(dirname "$0")/../host/lib.sh"

# The length of a batch line is bounded. (Once, a line without an end ran into the limit of memory.)
zeros() {
	head -c "$1" /dev/zero | tr '\0' '#'
}
long() {
	{
		echo caps
		zeros 65537
	} | gmemctl batch --simulate=plain --keep-going "$@"
}
try 2 '[a-z]' 'standard input:2: the line is longer than 65536 bytes' long
try_json 2 '.status == 2 and (.commands | length) == 1' long --json
endless() {
	zeros 1000000000 | prlimit --as=268435456 "$GMEMCTL" batch --json
}
try_json 2 '.status == 2 and (.error.message | test("longer than 65536 bytes"))' endless
fits() {
	zeros 65536 | gmemctl batch
}
try 0 '' '' fits

# A full folder: the name's file can be created, but nothing can be written into it.
mkdir "$scratch/full"
if mount -t tmpfs -o size=4k,mode=700 none "$scratch/full" 2> "$scratch/err"; then
	mkdir -m 700 "$scratch/full/gmemctl"
	echo full > "$scratch/full/gmemctl/other"
	full() {
		GMEMCTL_RUNTIME_DIR="$scratch/full" gmemctl create held --simulate=plain "$@"
	}
	try 2 '' 'gmemctl/held.vm: No space left on device' full
	try_json 2 '.status == 2 and (.error.message | test("No space left"))' full --json
	if [ "$(ls "$scratch/full/gmemctl")" = other ]; then
		pass 'a failed create leaves no file in the full folder'
	else
		fail 'a failed create leaves no file in the full folder' "$(ls -l "$scratch/full/gmemctl")"
	fi
	umount "$scratch/full"
else
	skip 'a full folder of holders' "$(tail -n 1 "$scratch/err")"
fi

# The holder has a descriptor for a connection, but none for those that the client passes.
try 0 '' 'simulated' gmemctl create held --simulate=plain --size=1M
holder=$(gmemctl status --json 2> "$scratch/err" | jq '.vms[0].pid')
open=$(find "/proc/$holder/fd" -mindepth 1 | wc -l)
if prlimit --pid "$holder" --nofile=$((open + 3)):4096 2> "$scratch/err"; then
	try 2 '' "process $holder, has no room for another descriptor: .*prlimit --pid $holder" \
		gmemctl pfns held
	prlimit --pid "$holder" --nofile=1024
	try 0 '*' '' gmemctl pfns held
else
	skip 'a holder without descriptors' "$(tail -n 1 "$scratch/err")"
fi
try 0 '' 'simulated' gmemctl destroy held
finish
