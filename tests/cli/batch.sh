# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317,SC2016,SC1003 # called by try; $0 is the inner shell's
# Batches: many commands in one process, which of them failed, and how lines are read.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# batch STATUS STDOUT STDERR MODEL TEXT [OPTION...]: runs TEXT as a batch, and checks status and output.
batch() {
	wanted=$1 out=$2 err=$3 model=$4
	printf '%b' "$5" > "$scratch/batch"
	shift 5
	gmemctl batch "--simulate=$model" "$scratch/batch" "$@" > "$scratch/stdout" \
		2> "$scratch/both" < /dev/null
	status=$?
	grep -v '^gmemctl: simulated: ' "$scratch/both" > "$scratch/stderr"
	judge "batch: $(head -c 60 "$scratch/batch" | tr '\n\0' ';?')" $status "$wanted" "$out" "$err"
}

td='create td --size=2M\nconvert td all private\nmap td 0+64K --measure\nfinalize td\nmap td all\n'
batch 0 '' '' tdx "${td}punch td 0+1M\ndestroy td\n"
batch 0 '^td ' '' tdx "${td}status\n"
batch 0 '^verdict now: +safe' '' tdx "${td}check td\n"
batch 0 '^vms|^a ' '' plain 'create a\ncreate b --populate\nstatus\npfns b\n'
batch 2 '' 'batch:2: convert: .*no memory attributes' plain 'create a\nconvert a all private\nwalk\n'
batch 2 '^vm  +ok' 'batch:2: convert: ' plain 'create a\nconvert a all private\nwalk\n' --keep-going
batch 64 '' "batch:1: there is no command 'nonsense'" plain 'nonsense\ncreate a\n'
batch 64 '' "batch:3: convert: 'x' is neither" plain '# a comment\n\nconvert a all x # one\n'
batch 2 '' "batch:1: punch: no VM has the name 'other' here" plain 'punch other all\n'
batch 0 '' '' plain 'destroy other --if-exists\ncreate a\ndestroy a --if-exists\n'
batch 2 '' "batch:1: status: no VM is held" plain 'status other\n'
batch 2 '' "batch:2: create: there is a VM 'a' already" plain 'create a\ncreate a\n'
batch 1 '' 'batch:3: map: tdx-page-add would take a page fault' tdx-no-direct-map \
	'create a --no-direct-map\nconvert a all private\nmap a all\nfinalize a\n'
batch 1 '^verdict on map: +faults' 'batch:2: check: the answer is no' tdx-no-direct-map \
	'create a --no-direct-map --populate\ncheck a\nstatus\n'
batch 64 '' 'batch:1: batch: a batch cannot run another' plain 'batch x\n'
batch 64 '' 'batch:1: create: --simulate=tdx: the whole batch is on the simulated kernel plain' plain 'create --simulate=tdx a\n'
batch 64 '' 'batch:1: create: --ttl and --user are for a VM that a holder' plain 'create a --ttl=9\n'
batch 64 '' 'batch:1: a " is not closed' plain 'create "a\n'
batch 64 '' "batch:1: a ' is not closed" plain "create 'a\n"
batch 64 '' 'batch:1: a backslash ends the line' plain 'create a\\'
batch 64 '' 'batch:1: it has a NUL character' plain 'create a\0000b\n'
batch 0 '' '' plain "create 'a'\npunch \"a\" 0\\\\+4K\ncreate b'c'\"d\"\ndestroy bcd\n"
batch 0 '' '' plain 'create a --populate'
batch 0 '' '' plain ''
batch 0 '' '' plain '\n  \t\n#\n'
try 0 '^Usage: gmemctl walk' '' sh -c 'echo "walk --help" | "$0" batch' "$GMEMCTL_FILE"
try 2 '' '/nothing: No such file' gmemctl batch "$scratch/nothing"
try 2 '' 'Is a directory' gmemctl batch "$scratch"

printf 'create a\nconvert a all private\nstatus\n' > "$scratch/batch"
try_json 2 '.simulated == "plain" and (.commands | length) == 2 and .commands[0].status == 0
	and .commands[1].line == 2 and (.commands[1].message | length) > 0
	and (.error.message | contains("batch:2: "))' \
	gmemctl batch --simulate=plain "$scratch/batch" --json
try_json 2 '[.commands[].status] == [0, 2, 0]' \
	gmemctl batch --simulate=plain "$scratch/batch" --json --keep-going

# The batch reports the error of the line with the worst status, and of several such lines the first. Each row
# of a line that failed says why.
printf 'create v --no-direct-map\npfns v\nwalk --reader=none\nbogus\nfoo\n' > "$scratch/batch"
try_json 64 '.error.status == 64 and (.error.message | endswith("batch:4: there is no command '"'bogus'"'"))
	and [.commands[].status] == [0, 0, 3, 64, 64] and .commands[2].message == "it cannot be told"
	and ([.commands[] | select(.status != 0 and .message == null)] == [])' \
	gmemctl batch --simulate=no-direct-map --json --keep-going "$scratch/batch"
printf 'bogus\ncreate v\ncheck v\n' > "$scratch/batch"
try_json 64 '.error.message | endswith("batch:1: there is no command '"'bogus'"'")' \
	gmemctl batch --simulate=plain --json --keep-going "$scratch/batch"
printf 'create v --no-direct-map\nwalk --reader=none\n' > "$scratch/batch"
try_json 3 '.error.message | endswith("batch:2: it cannot be told")' \
	gmemctl batch --simulate=no-direct-map --json "$scratch/batch"
printf 'create v --no-direct-map --populate\ncheck v\n' > "$scratch/batch"
try_json 1 '.commands[1].message == "the answer is no"
	and (.error.message | endswith("batch:2: the answer is no"))' \
	gmemctl batch --simulate=tdx-no-direct-map --json "$scratch/batch"
printf 'create v\ncheck v\ncreate "v\n' > "$scratch/batch"
try_json 64 '.error.message | endswith("batch:3: a \" is not closed")' \
	gmemctl batch --simulate=plain --json --keep-going "$scratch/batch"

# A wrong option in a line is reported like other messages of the batch, and in the line's document.
printf 'create v\npfns v --no-such\n' > "$scratch/batch"
try 64 '' "^gmemctl: $scratch/batch:2: pfns: unrecognized option '--no-such'" \
	gmemctl batch --simulate=plain "$scratch/batch"
try_json 64 '.error.code == "usage" and (.error.message | endswith("--no-such'"'"'"))
	and .commands[1].message == "unrecognized option '"'--no-such'"'"' \
	gmemctl batch --simulate=plain --json "$scratch/batch"
printf 'punch other all\n' > "$scratch/batch"
try_json 2 '.error.code == "not-held"' gmemctl batch --simulate=plain --json "$scratch/batch"

# The batch leaves out output that is not a line's document: other formats, documents of other commands, help.
printf '%s\n' 'list --json' 'caps --help' 'doctor -P' '--version' 'metrics' 'nonsense --json' \
	> "$scratch/batch"
try_json 64 '[.commands[].status] == [0, 0, 0, 0, 0, 64]' \
	gmemctl batch --simulate=plain --json --keep-going "$scratch/batch"

# Each line has its document, unless the line prints none or chose another format.
printf '%s\n' 'create v --populate' 'map v 0+4K' 'pfns v' 'pfns v -o pfn' 'status' 'list --help' \
	'doctor -P' 'check v --json' 'punch other all' 'batch x' '--quiet' 'destroy v' 'metrics' \
	'metrics --json' 'bogus' 'punch v "' > "$scratch/batch"
try_json 64 '[.commands[] | .document.command] == ["create", "map", "pfns", "pfns", "status", null,
	null, "check", "punch", "batch", null, "destroy", null, "metrics", null]
	and .commands[0].document.name == "v" and (.commands[2].document.extents | length) > 0
	and (.commands[3].document.extents[0] | keys) == ["pfn"] and .commands[8].document.error.status == 2
	and ([.commands[] | select(.document) | .status == .document.status] | all)' \
	gmemctl batch --simulate=plain --json --keep-going "$scratch/batch"

# --output of a summary is about the summary's own columns.
summary='create v --populate\npfns v --summary -n'
batch 0 '^direct-map mapped$' '' plain "$summary -o property,value\n" --raw
batch 0 '^direct-map +mapped +4194304$' '' plain "$summary -o property,value,size -b\n"
batch 0 '^direct-map mapped 1024 4M$' '' plain "$summary --output-all\n" --raw
batch 64 '' "'pfn' is no column of the summary of pfns" plain "$summary -o pfn\n"
printf 'create v --populate\npfns v --summary -o pages\n' > "$scratch/batch"
try_json 0 '.commands[1].document.summary[0] == {pages: 1024}' \
	gmemctl batch --simulate=plain --json "$scratch/batch"

# The resident size does not depend on which pages are listed.
printf '%s\n' 'create v --populate' 'pfns v' 'pfns v --direct-map=unmapped' 'pfns v --node=1' \
	'pfns v --offset=1M+64K' 'pfns v --gpa-range=4G+8K' 'pfns v --gpa-range=0+4K --summary' > "$scratch/batch"
try_json 0 '[.commands[1:][].document | [.resident, .resident_reason, .pages]] ==
	([1024, 0, 0, 16, 2, 0] | map([4194304, null, .]))' \
	gmemctl batch --simulate=plain --json "$scratch/batch"

# A long table is drawn in parts: a column keeps its width, even if all values are "-" now.
printf 'create v --size=32M --populate --slot=4G+8M\npfns v --each -o gpa,pfn\n' > "$scratch/batch"
gmemctl batch --simulate=plain "$scratch/batch" 2> "$scratch/err" |
	awk '/ 0x1/ { print length($0) }' | uniq -c > "$scratch/widths"
if [ "$(awk '{ print $1, $2 }' "$scratch/widths")" = '8192 20' ]; then
	pass "every row of a long table has its columns at the same places"
else
	fail "every row of a long table has its columns at the same places" "$(cat "$scratch/widths")"
fi

# The batch's format applies to its lines, unless a line chooses its own. Columns belong to each command.
formats='create a --populate\nstatus a\n'
batch 0 '^a [0-9]+ default ready ' '' plain "$formats" --raw --noheadings
batch 0 '^NAME="a" PID=' '' plain "$formats" --pairs
batch 0 '^NAME="a" PID=' '' plain 'create a\nstatus a --pairs\n' --raw
batch 0 '^a +[0-9]+ default ready ' '' plain "$formats" --noheadings
batch 0 '^# HELP' '' plain 'metrics\n' --raw
batch 64 '' '--output: .* give it to the command' plain "$formats" --output=line
try_json 0 '.commands | map(keys) | unique == [["document","line"]]' \
	gmemctl batch --simulate=plain --json --output=line "$scratch/batch"

# exec is only for VMs of the running kernel: see tests/host. Here one process runs a thousand lines.
{
	echo 'create td --size=4M'
	seq 500 | sed 's/.*/convert td 0+1M private\nconvert td 0+1M shared/'
} > "$scratch/long"
try_json 0 '.commands | length == 1001' gmemctl batch --simulate=tdx --json "$scratch/long"
finish
