# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Every call to the kernel fails once, in every command. The status must be one of the table, one document
# must agree with it, and the failure must be reported. Each call fails in two runs: with ENOMEM in a run that
# writes JSON, and with EIO or EINTR in a run that writes a table. With sanitizers, where a run takes three
# times as long, it fails in one of the two, by turns. Of the reads of single ranges of kernel memory only a
# sample fails. Under valgrind, where a run takes a second, only a sample of all calls fails.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Prints a document's name, its status, and whether it tells why the answer is not a plain yes. If the status
# is 0, no stage may have failed.
look='
	def says: . != null and length > 0;
	def told: .error.message // .verdict_now_reason // .verdict_on_map_reason // .complete_reason
		// ([.stages[]?, .checks[]? | select(.result | IN("failed", "refused", "fail",
			"cannot-tell")) | .detail] | first)
		// ([.paths[]? | select(.verdict == "faults") | .reason] | first)
		// ([.frames[]?.reason | values] | first);
	[(input_filename | sub(".*/"; "") | sub(".out$"; "")), .status,
	 if .status == 0 then [.stages[]? | select(.result == "failed")] == []
	 else told | says end]
	| join(" ")'

errno_words='(Cannot allocate memory|Input/output error|Interrupted system call|Bad address)'

# go_wrong KIND N ERRNO [--json]: runs $command on $model once, and keeps its output in files.
go_wrong() {
	name=$1@$2:$3
	# shellcheck disable=SC2086 # words
	gmemctl $command "--simulate=$model,fail=$1@$2:$3" ${4-} \
		> "$runs/$name.out" 2> "$runs/$name.err" < /dev/null
	echo "$name $?" >> "$runs/statuses"
}

# calls KIND: prints how many calls the command makes if none fails.
calls() {
	# shellcheck disable=SC2086
	gmemctl $command "--simulate=$model,count" 2>&1 > "$scratch/stdout" < /dev/null |
		sed -n "s/.* calls: $1 //p"
}

fail_each() {
	total=$(calls any)
	ranges=$(calls kmem-request)
	: "${total:=0}" "${ranges:=0}"
	step=1
	range_step=$((ranges / 12 + 1))
	if wrapped; then
		step=$((total / 2 + 1))
		range_step=$((ranges + 1))
	fi
	n=1
	while [ "$n" -le "$total" ]; do
		turn=${ASAN_OPTIONS:+$((n % 2))}
		[ $((n % 4)) -lt 2 ] && other=EIO || other=EINTR
		[ "$turn" = 1 ] || go_wrong any "$n" ENOMEM --json
		[ "$turn" = 0 ] || go_wrong any "$n" "$other"
		n=$((n + step))
	done
	n=1
	while [ "$n" -le "$ranges" ]; do
		go_wrong kmem-request "$n" EFAULT --json
		n=$((n + range_step))
	done
}

# Prints a line for each mistake in the runs, and nothing if there is none.
find_faults() {
	sed -n '/ [01234]$/!s/^/exit status: /p' "$runs/statuses"
	# A run that wrote a table has no document. Only its status can be checked.
	sed -n '/^any@[0-9]*:E[OI]/d; p' "$runs/statuses" | grep -v ':EI' | sort > "$scratch/wanted"
	find "$runs" -name '*:ENOMEM.out' -o -name '*:EFAULT.out' | sort | xargs jq -r "$look" \
		2> "$scratch/jq" | sort > "$scratch/documents"
	sed 's/^/not JSON: /' "$scratch/jq"
	sed -n '/ false$/s/^/does not tell why: /p' "$scratch/documents"
	sed 's/ [a-z]*$//' "$scratch/documents" | diff "$scratch/wanted" - |
		sed -n 's/^[<>]/document and status: &/p'
	# A failure must be reported on standard error, too. An answer must be on standard output.
	grep ' 2$' "$runs/statuses" | while read -r name _; do
		[ -s "$runs/$name.err" ] || echo "$name: nothing on standard error"
	done
	find "$runs" -name '*.out' -empty | while read -r file; do
		[ -s "${file%.out}.err" ] || echo "$file: nothing is said at all"
	done
	grep -rlE 'Success|Unknown error' "$runs" | sed 's/^/no error, but called one: /'
	grep -rE "^gmemctl: ([a-z]+: )?$errno_words\$|\"$errno_words\"" "$runs" |
		sed 's/^/an errno alone: /'
}

# faults MODEL COMMAND...: lets each call of the command fail, and checks the runs.
faults() {
	model=$1
	shift
	command=$*
	runs=$scratch/runs
	rm -rf "$runs"
	mkdir "$runs"
	: > "$runs/statuses"
	fail_each
	find_faults > "$scratch/found"
	count=$(wc -l < "$runs/statuses")
	if [ "$count" -lt 4 ]; then
		fail "$model: $command" "$count runs: its calls are not counted"
	elif [ -s "$scratch/found" ]; then
		fail "$model: $command" "$(wc -l < "$scratch/found") things are wrong, the first are"
		show found
	else
		pass "$model: $command: each of $total calls fails, in $count runs"
	fi
	runs_done=$((runs_done + count))
}

runs_done=0
faults plain walk
faults tdx walk
faults snp walk
faults sw-protected walk --mmap
faults no-direct-map walk --no-direct-map
faults tdx walk --dry-run
faults plain doctor
faults tdx doctor
faults snp caps
faults old caps
faults tdx directmap
faults plain directmap --holes
faults tdx check --pfn=0x1000+64
faults plain check --pfn=0x100000
faults plain pfns 1:3
faults plain check 1:3
faults plain list
faults tdx list --sort=size
faults plain pfn 0x100 0x2000
faults plain watch --count=1 --interval=0.01
faults tdx metrics
faults snp metrics --format=nfd
faults arm64-no-direct-map walk --no-direct-map
faults arm64-no-direct-map doctor
faults arm64-no-direct-map check --pfn=0x90000+64
# The commands on held VMs, as a batch: a call that fails belongs to the command that makes the call.
steps() {
	printf '%s\n' "$@" > "$scratch/steps"
}
steps 'create a --size=64K' 'convert a all private' 'map a 0+16K --measure' 'finalize a' \
	'map a 16K+16K' 'punch a 0+8K' 'convert a 8K+8K shared' 'status' 'destroy a'
faults tdx batch "$scratch/steps"
faults snp batch "$scratch/steps"
steps 'create a --size=64K --slots=2' 'convert a all private' 'map a 0+16K' 'check a' 'destroy a'
faults sw-protected batch "$scratch/steps"
steps 'create a --size=64K --populate' 'map a all --method=host' 'pfns a' 'punch a all' 'destroy a'
faults plain batch "$scratch/steps"
steps 'create a --size=64K --no-direct-map' 'map a all --method=allocate' 'map a all'
faults no-direct-map batch "$scratch/steps"

# If a holder cannot be created, it leaves nothing: no process, no file.
left=
for n in $(seq 1 "$(if wrapped; then echo 3; else echo 150; fi)"); do
	gmemctl create held --populate "--simulate=tdx,fail=any@$n:ENOMEM" > "$scratch/out" \
		2> "$scratch/err" < /dev/null
	status=$?
	if [ $status -eq 0 ]; then
		gmemctl destroy held > "$scratch/out" 2>&1 || left="destroy failed"
	elif ! grep -q '^gmemctl: create: .' "$scratch/err"; then
		left="nothing was said"
	fi
	[ -z "$(ls "$GMEMCTL_RUNTIME_DIR/gmemctl")" ] || left=$(ls "$GMEMCTL_RUNTIME_DIR/gmemctl")
	[ -z "$left" ] || break
done
if [ -z "$left" ]; then
	pass 'a create whose holder fails leaves nothing behind'
else
	fail 'a create whose holder fails leaves nothing behind' "call $n, status $status" \
		"$left" "$(cat "$scratch/err")"
fi
echo "# $runs_done runs with a failing call"

# If gmemctl could not read something about a page, its answer is not complete. In each run it loses kernel
# memory earlier, until a page table is missing.
printf 'create v --populate\npfns v --raw\n' > "$scratch/batch"
unknown=0 wrong=
n=320
while [ $n -gt 240 ] && [ $unknown -lt 2 ]; do
	gmemctl batch "--simulate=plain,fail=kmem-request@$n+:EFAULT" "$scratch/batch" \
		> "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	if grep -q ' unknown$' "$scratch/stdout"; then
		unknown=$((unknown + 1))
		[ $status -eq 4 ] || wrong="$wrong $n: $status;"
	fi
	n=$((n - 1))
done
if [ $unknown -gt 0 ] && [ -z "$wrong" ]; then
	pass 'pfns with a page of unknown state has status 4'
else
	fail 'pfns with a page of unknown state has status 4' "$unknown runs with one;$wrong"
fi
finish
