# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Wrong input to the commands on held VMs: each has its message and status, and changes nothing.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# STATUS | MESSAGE | COMMAND. td is a TD of 4M at 4G, and its launch is not finished. gap is an ordinary VM
# with memory of 4M. Only two parts of it are bound: the first MiB at 1G and the third MiB at 2G.
wrong='
64|NAME is missing|create --simulate=plain
64|a name is a letter or|create 1st --simulate=plain
64|a name is a letter or|create a/b --simulate=plain
64|a name is a letter or|create .. --simulate=plain
64|a name has at most 64 characters|create aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg --simulate=plain
64|.y. is one argument too many|create x y --simulate=plain
2|already, by process|create td --simulate=plain
64|no simulated kernel is named|create x --simulate=nonsense
64|it is not one of best, default|create x --simulate=plain --vm-type=tdxx
2|VM type|create x --simulate=plain --vm-type=tdx
64|flag .secret. is not one of|create x --simulate=plain --flags=secret
2|flag no-direct-map .bit 2. is not|create x --simulate=plain --no-direct-map
64|it must be above 0|create x --simulate=plain --size=0
64|not a multiple of 4096, the smallest page of a kernel|create x --simulate=plain --size=4097
64|it is not a multiple of 4096|create x --simulate=plain --gpa=100
2|65536 MiB are wanted, and the host can spare|create x --simulate=plain --size=64G --populate
2|wraps|create x --simulate=plain --gpa=0xfffffffffffff000 --size=8K
64|from 1 to 64|create x --simulate=plain --slots=0
64|from 1 to 64|create x --simulate=plain --slots=65
2|size 20480 is no multiple of 16384; round it up|create x --simulate=arm64-16k --size=20K
64|not so many parts of whole pages|create x --simulate=plain --slots=3
64|neither --slots nor --gpa|create x --simulate=plain --slot=1G+1M --gpa=2G
64|it needs an end|create x --simulate=plain --slot=1G
64|the offset is not a multiple|create x --simulate=plain --slot=1G+1M@5
64|beyond the memory|create x --simulate=plain --slot=1G+8M
2|File exists.*slot 0|create x --simulate=plain --slot=1G+1M --slot=2G+1M@0
2|File exists.*slot 0|create x --simulate=plain --slot=1G+1M --slot=1G+1M@1M
64|from 1 to 64|create x --simulate=plain --threads=0
64|give seconds above 0|create x --simulate=plain --ttl=0
64|give seconds above 0|create x --simulate=plain --ttl=5y
64|not a process number|create x --simulate=plain --user=0
2|no such process|create x --simulate=plain --user=2147483647
64|RANGE private.shared is missing|convert td
64|private.shared is missing|convert td all
64|.secret. is neither private nor shared|convert td all secret
64|it needs an end|convert td 4096 private
64|it is not of whole pages: 4096 is the smallest page of a kernel|convert td 0+100 private
64|it is empty|convert td 0+0 private
64|its end lies before its start|convert td 8K-4K private
64|the memory of .td. has 4194304 bytes$|convert td 0+8M private
64|the memory of .td. has 4194304 bytes; --by-gpa takes|convert td 4G+1M private
64|it ends beyond 64 bits|convert td 0xfffffffffffff000+8K private
64|0x100400000 is in no memslot|convert td 4G+8M private --by-gpa
64|0x0 is in no memslot of .td.; its first memslot is at 0x100000000|convert td 0+4K private --by-gpa
64|offset 0x100000 of .gap. is bound to no guest-physical address|convert gap 0+2M shared
64|0x40100000 is in no memslot|punch gap 1G+2M --by-gpa
2|no VM is held under the name .nobody.|convert nobody all private
64|a name is a letter or|convert 12 all private
64|kept on the simulated kernel tdx|convert td all private --simulate=plain
64|RANGE is missing|map td
2|No such file|map td 0+4K --from=/nonexistent
2|it is a folder|map td 0+4K --from=/
64|more than the range|map td 0+4K --from=@BIG@
64|it is not one of best|map td 0+4K --method=magic
64|--from and --measure are for a TD or SNP guest|map gap 0+4K --measure
64|--from and --measure are for a TD or SNP guest|map td 0+4K --measure --method=allocate
2|is shared; call .gmemctl convert. first|map td 0+4K
64|has to be spelled out|map td 0+4K --forc
64|has to be spelled out|map td 0+4K --i-know
64|--i-know-this-kernel-will-oops goes with --force|map td 0+4K --i-know-this-kernel-will-oops
64|--i-know-this-kernel-will-oops goes with --force|walk --simulate=plain --i-know-this-kernel-will-oops
64|the memory of .td. has|punch td 0+5M
2|has no launch to end|finalize gap
64|COMMAND... is missing|exec td
2|has no descriptors to pass on|exec td -- true
2|no VM is held under the name .nobody.|status nobody
64|is no column of status|status -o nonsense
64|VMs of all kernels are listed|status --simulate=plain
2|no VM is held under the name .nobody.|destroy nobody
64|.x. is one argument too many|destroy td x
2|no VM is held under the name .nobody.|check nobody
2|No such file|batch /nonexistent
'

gmemctl create td --simulate=tdx > "$scratch/out" 2>&1
gmemctl create gap --simulate=plain --slot=1G+1M --slot=2G+1M@2M > "$scratch/out" 2>&1
head -c 8192 /dev/zero > "$scratch/big"
gmemctl status --json 2> "$scratch/err" | jq 'del(.vms[].age)' > "$scratch/before"

rows=0
echo "$wrong" | sed "/^\$/d; s|@BIG@|$scratch/big|" > "$scratch/rows"
while IFS='|' read -r wanted message words <&3; do
	rows=$((rows + 1))
	# shellcheck disable=SC2086 # words
	gmemctl $words > "$scratch/stdout" 2> "$scratch/both" < /dev/null
	status=$?
	grep -v '^gmemctl: simulated: ' "$scratch/both" > "$scratch/stderr"
	judge "gmemctl $words" $status "$wanted" '' "^gmemctl: [a-z]+: .*($message)"
	# shellcheck disable=SC2086 # words
	try_json "$wanted" '(.error.message | length) > 0' gmemctl --json $words
done 3< "$scratch/rows"
echo "# $rows wrong inputs"

gmemctl status --json 2> "$scratch/err" | jq 'del(.vms[].age)' > "$scratch/after"
if diff "$scratch/before" "$scratch/after" > "$scratch/diff"; then
	pass 'refused commands changed no VM'
else
	fail 'refused commands changed no VM' "$(cat "$scratch/diff")"
fi
if [ "$(find "$GMEMCTL_RUNTIME_DIR/gmemctl" -type f | wc -l)" -eq 2 ]; then
	pass 'refused commands left no file'
else
	fail 'refused commands left no file' "$(ls "$GMEMCTL_RUNTIME_DIR/gmemctl")"
fi
finish
