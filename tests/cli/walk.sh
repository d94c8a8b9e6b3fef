# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# walk on simulated kernels: what is offered, what is refused, and the verdict.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

stage() {
	echo "[.stages[] | select(.stage == \"$1\").result] == [\"$2\"]"
}

has_model() {
	models | grep -qx "$1"
}

try_json 0 "$(stage convert not-offered) and $(stage release ok) and .verdict_now == \"safe\"
	and .reader_proven == true and .pages == 1024" gmemctl walk --simulate=plain --json
try_json 0 '.pages == 16 and .size == 65536' gmemctl walk --simulate=plain --size=64K --json
try_json 1 "$(stage memory failed) and $(stage release ok)" \
	gmemctl walk --simulate=plain --no-direct-map --json
try_json 1 "$(stage memory refused)" \
	gmemctl walk --simulate=plain --no-direct-map --dry-run --json
try_json 1 "$(stage vm failed) and $(stage release skipped)" \
	gmemctl walk --simulate=plain --vm-type=tdx --json
try_json 0 '[.stages[].result] - ["planned","not-offered","skipped"] == []' \
	gmemctl walk --simulate=plain --dry-run --json
# If KVM does not answer, that is not a "no", and walk does not take another VM type.
try 2 '' 'KVM_CAP_VM_TYPES.: Inappropriate ioctl for device: what /dev/kvm leads to is not KVM; .gmemctl doctor' \
	gmemctl walk --dry-run --simulate=tdx,fail=ioctl@1+:ENOTTY
try 2 '' 'KVM_CHECK_EXTENSION.KVM_CAP_VM_TYPES.: Operation not permitted' \
	gmemctl walk --simulate=tdx,fail=ioctl@1:EPERM
try 3 '^KVM_CAP' 'of [0-9]+ questions were not answered' gmemctl caps --simulate=tdx,fail=ioctl@1+:ENOTTY
try 4 '^KVM_CAP' 'questions were not answered' gmemctl caps --simulate=tdx,fail=ioctl@5:EPERM

# A plan has no pages: the verdict comes from the creation flags, as that of check for memory without pages.
try_json 0 '.verdict_on_map == "safe" and .verdict_now == "not-applicable" and .pages == 0' \
	gmemctl walk --simulate=tdx --dry-run --json
# So has check of a VM that has no page.
printf 'create vm --size=64K\nconvert vm all private\ncheck vm\nmap vm 0+4K\ncheck vm\n' > "$scratch/empty"
try_json 0 '[.commands[].document | select(.command == "check") | [.pages, .evidence]] ==
	[[0, "inferred"], [1, "page-tables/bpf"]]' gmemctl batch --simulate=tdx --json "$scratch/empty"
try_json 1 '.verdict_on_map == "faults" and .inferred == "faults"' \
	gmemctl walk --simulate=tdx-no-direct-map --no-direct-map --dry-run --json
try_json 1 '.verdict_now == "faults" and (.verdict_now_reason | contains("inferred"))' \
	gmemctl walk --simulate=no-direct-map --no-direct-map --dry-run --json
try_json 0 '.flags == [] and .verdict_now == "safe"' gmemctl walk --simulate=plain --flags= --json
try_json 0 '.flags == ["mmap"]' gmemctl walk --simulate=plain --mmap --json

try_json 0 '.verdict_now == "safe"' gmemctl walk --simulate=no-direct-map --json
try_json 1 '.verdict_now == "faults" and .verdict_on_map == "not-applicable" and .not_in_direct_map == .pages and .reader_proven == true
	and (.flags | contains(["no-direct-map"]))' \
	gmemctl walk --simulate=no-direct-map --no-direct-map --json
# Each stage says which of the two verdicts it means.
try 0 '^flush +ok +a flush of the pages as they are: safe .verdict now.; .*: safe .verdict on map.' '' \
	gmemctl walk --simulate=tdx
try 1 '^flush +ok .*: safe .verdict now.; bringing them into the guest: faults .verdict on map.' '' \
	gmemctl walk --simulate=tdx-no-direct-map --no-direct-map
try 1 '^verdict now: +faults$' '' gmemctl walk --simulate=no-direct-map --no-direct-map

# Without a reader walk claims only what it has seen.
try_json 3 '.verdict_now == "unknown" and .evidence == "inferred" and .inferred == "safe"
	and .reader_proven == null and (.reader_proven_reason | length) > 0' \
	gmemctl walk --simulate=plain --reader=none --json
try_json 3 '.inferred == "faults" and .verdict_now == "unknown" and .verdict_on_map == "unknown"' \
	gmemctl walk --simulate=no-direct-map --no-direct-map --reader=none --json
try 3 '' 'reader=none' gmemctl directmap --simulate=plain --reader=none -q
try_json 3 '.error.status == 3' gmemctl directmap --simulate=plain --reader=none --json
try_json 3 '.error.status == 3' gmemctl check --pfn=1 --simulate=plain --reader=none --json
try_json 0 '.evidence == "page-tables/kcore"' \
	gmemctl walk --simulate=plain --reader=kcore --json

if has_model sw-protected; then
	try_json 0 "$(stage convert ok) and .vm_type == \"sw-protected\"" \
		gmemctl walk --simulate=sw-protected --json
	try_json 0 '.vm_type == "default"' \
		gmemctl walk --simulate=sw-protected --vm-type=default --json
else
	skip 'walk on sw-protected' 'this build has no such model'
fi
# The launch of a TD, from nothing to pages that KVM augments.
launched="$(stage init ok) and $(stage vcpu ok) and $(stage add ok) and $(stage finalize ok)
	and $(stage map ok) and $(stage release ok)"
try_json 0 "$launched and $(stage convert ok) and .vm_type == \"tdx\" and .verdict_now == \"safe\"
	and .simulated == \"tdx\"" gmemctl walk --simulate=tdx --json
try_json 0 "$launched and .pages == 1 and .evidence == \"page-tables/bpf\"" \
	gmemctl walk --simulate=tdx --size=4K --json
try_json 0 "$launched and .vm_type == \"snp\" and .verdict_now == \"safe\"" \
	gmemctl walk --simulate=snp --json
# A plan has looked at no page, although it has a reader.
try_json 0 '[.stages[].result] - ["planned","skipped"] == [] and .pages == 0 and .evidence == "inferred"' \
	gmemctl walk --simulate=tdx --dry-run --json
try_json 0 '[.stages[].stage] | index("init") == null' gmemctl walk --simulate=plain --json
try_json 0 "$(stage convert ok)" gmemctl walk --simulate=no-direct-map --vm-type=tdx --json

# The authors of the series exclude TDX from removal. The what-if kernel allows it.
try 1 'memory +failed .*flag no-direct-map .*for a tdx VM.*excludes tdx and snp' '' \
	gmemctl walk --simulate=no-direct-map --vm-type=tdx --no-direct-map
try_json 0 '.vm_type == "tdx"' gmemctl walk --simulate=tdx-no-direct-map --json
path_faults() {
	echo "[.paths[] | select(.kernel_path == \"$1\").verdict] == [\"faults\"]"
}
# Pages that are only allocated are still mapped. The flush comes when they are not mapped any more.
try_json 1 "$(stage pre-flight refused) and $(stage add skipped) and $(stage map skipped)
	and $(path_faults tdx-page-add) and $(path_faults tdx-page-aug)
	and .verdict_on_map == \"faults\" and .verdict_now == \"safe\" and .inferred == \"faults\"" \
	gmemctl walk --simulate=tdx-no-direct-map --no-direct-map --json
# The refusal does not need a reader.
try_json 1 "$(stage pre-flight refused) and $(stage add skipped) and .evidence == \"inferred\"
	and .verdict_now == \"unknown\" and .verdict_on_map == \"faults\"
	and (.verdict_on_map_reason | contains(\"inferred\"))" \
	gmemctl walk --simulate=tdx-no-direct-map --no-direct-map --reader=none --json
# A simulated kernel may oops here, as the real one would.
try 1 'add +failed .*Kernel oops' 'unable to handle page fault for address' \
	gmemctl walk --simulate=tdx-no-direct-map --no-direct-map --force
try 1 '*' 'tdh_mem_page_add' \
	gmemctl walk --simulate=tdx-no-direct-map --no-direct-map --force

# No released kernel has in-place conversion: it is off unless the user asks for it.
try_json 1 "$(stage convert not-offered) and $(stage add skipped)" \
	gmemctl walk --simulate=in-place --json
try 1 'not-offered .* --allow-unreleased does that' '' gmemctl walk --simulate=in-place
try_json 0 "$(stage convert ok) and $launched" \
	gmemctl walk --simulate=in-place --allow-unreleased --json
# A question that KVM does not answer is not a "no": four questions, and the one for the VM.
unanswered=0
for n in $(seq 1 60); do
	gmemctl walk --simulate=tdx,fail=ioctl@"$n":ENOMEM > "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	grep -q 'KVM_CHECK_EXTENSION(.* on a tdx VM: Cannot allocate memory' "$scratch/stderr" || continue
	[ "$status" -eq 2 ] && unanswered=$((unanswered + 1))
done
if [ "$unanswered" -eq 5 ]; then
	pass 'each capability question that fails ends the walk'
else
	fail 'each capability question that fails ends the walk' "$unanswered of them did"
fi

# --output=+COLUMN adds columns of both tables, whichever has them. Without '+' it chooses those of the first.
try 0 '^KERNEL-PATH .* REASON +TRIGGER *$' '' gmemctl walk --simulate=tdx --output=+trigger
try 0 '^KERNEL-PATH .* FIRST-PFN REASON *$' '' gmemctl walk --simulate=tdx --output=+reason
try 0 '^KERNEL-PATH .* FIRST-PFN REASON *$' '' gmemctl walk --simulate=tdx --output=stage
try_json 0 '(.paths | all(has("trigger"))) and (.stages | all(has("detail")))' \
	gmemctl walk --simulate=tdx --output=+TRIGGER,stage --json
second="'trigger' is a column of the paths of walk: --output=.trigger adds it"
try 64 '' "$second" gmemctl walk --simulate=tdx --output=trigger
try 64 '' "$second" gmemctl walk --simulate=tdx --output=+trigger --raw
try 64 '' "'nonsense' is no column of walk" gmemctl walk --simulate=tdx --output=+trigger,nonsense
# A list without a flag is known to be empty. "-" would mean that it is unknown.
try 0 '^memory .*, flags none$' '' gmemctl walk --simulate=plain --flags=
try 0 '^flags: +none$' '' gmemctl walk --simulate=plain --flags=
try 0 '^# flags none$' '*' gmemctl walk --simulate=plain --flags= --raw
try 0 '^FACT_FLAGS="none"$' '*' gmemctl walk --simulate=plain --flags= --pairs
try_json 0 '.flags == []' gmemctl walk --simulate=plain --flags= --json
finish
