# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The walk on simulated kernels: what is offered, what is refused, and the verdict.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

stage() {
	echo "[.stages[] | select(.stage == \"$1\").result] == [\"$2\"]"
}

has_model() {
	models | grep -qx "$1"
}

try_json 0 "$(stage convert not-offered) and $(stage release ok) and .verdict == \"safe\"
	and .proven == true and .pages == 1024" gmemctl walk --simulate=plain --json
try_json 0 '.pages == 16 and .size == 65536' gmemctl walk --simulate=plain --size=64K --json
try_json 1 "$(stage memory failed) and $(stage release ok)" \
	gmemctl walk --simulate=plain --no-direct-map --json
try_json 1 "$(stage memory refused)" \
	gmemctl walk --simulate=plain --no-direct-map --dry-run --json
try_json 1 "$(stage vm failed) and $(stage release skipped)" \
	gmemctl walk --simulate=plain --vm-type=tdx --json
try_json 0 '[.stages[].result] - ["planned","not-offered","skipped"] == []' \
	gmemctl walk --simulate=plain --dry-run --json
try_json 0 '.flags == [] and .verdict == "safe"' gmemctl walk --simulate=plain --flags= --json
try_json 0 '.flags == ["mmap"]' gmemctl walk --simulate=plain --mmap --json

try_json 0 '.verdict == "safe"' gmemctl walk --simulate=no-direct-map --json
try_json 1 '.verdict == "faults" and .unmapped == .pages and .proven == true
	and (.flags | contains(["no-direct-map"]))' \
	gmemctl walk --simulate=no-direct-map --no-direct-map --json
try 1 '^verdict: +faults$' '' gmemctl walk --simulate=no-direct-map --no-direct-map

# Without a reader nothing is claimed that was not seen.
try_json 3 '.verdict == "unknown" and .evidence == "inferred" and .inferred == "safe"
	and .proven == null and (.proven_reason | length) > 0' \
	gmemctl walk --simulate=plain --reader=none --json
try_json 3 '.inferred == "faults"' \
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
if has_model tdx; then
	try_json 0 "$(stage convert ok) and .vm_type == \"tdx\"" gmemctl walk --simulate=tdx --json
else
	skip 'walk on tdx' 'this build has no such model'
fi
if has_model tdx-no-direct-map; then
	try_json 0 '.vm_type == "tdx"' gmemctl walk --simulate=tdx-no-direct-map --json
	# Only allocated, the pages are still mapped; the flush comes when they no longer are.
	try_json 1 "$(stage pre-flight refused) and .verdict != \"safe\" and .inferred == \"faults\"" \
		gmemctl walk --simulate=tdx-no-direct-map --no-direct-map --json
else
	skip 'walk on tdx-no-direct-map' 'this build has no such model'
fi
finish
