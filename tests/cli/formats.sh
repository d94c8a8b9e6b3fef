# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Every command on every simulated kernel, in every format: well-formed output, and the same status.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# pairs_are_shell FILE: whether each line consists of assignments that a shell can read.
pairs_are_shell() {
	! grep -qvE '^([A-Z][A-Z0-9_]*="[^"]*" ?)+$' "$1"
}

# same_width FILE: whether each row of a raw table has as many values as the heading.
same_width() {
	awk '/^# / { next } NR == 1 { n = NF } NF != n { exit 1 }' "$1"
}

# formats MODEL COMMAND...: runs the command in every format, and checks each output.
formats() {
	model=$1
	shift
	gmemctl "$@" "--simulate=$model" > "$scratch/stdout" 2> "$scratch/stderr"
	status=$?
	if [ "$status" -gt 4 ]; then
		fail "$model: $*" "exit status $status"
		show stderr
		return
	fi
	if [ "$(head -n 1 "$scratch/stdout")" = "simulated: $model" ]; then
		pass "$model: $*: the output tells that the kernel is simulated"
	else
		fail "$model: $*: the output tells that the kernel is simulated" "$(head -n 1 "$scratch/stdout")"
	fi
	try_json "$status" ".simulated == \"$model\" and (.command | length) > 0" \
		gmemctl "$@" "--simulate=$model" --json
	if wrapped; then
		return
	fi
	try "$status" '^[A-Z]|^[a-z_0-9A-Z]+ ' "simulated: $model" \
		gmemctl "$@" "--simulate=$model" --raw
	if [ "$(head -c 4 "$scratch/stdout")" = "ram " ] || same_width "$scratch/stdout"; then
		pass "$model: $*: every line of --raw has the same number of columns"
	else
		fail "$model: $*: every line of --raw has the same number of columns"
		show stdout
	fi
	try "$status" '*' "simulated: $model" gmemctl "$@" "--simulate=$model" --pairs
	if pairs_are_shell "$scratch/stdout"; then
		pass "$model: $*: a shell can evaluate every line of --pairs"
	else
		fail "$model: $*: a shell can evaluate every line of --pairs"
		show stdout
	fi
	try "$status" '' '*' gmemctl "$@" "--simulate=$model" --quiet
}

# ways COMMAND: prints ways to run it, one on each line, without a VM and so that it ends by itself. A command
# that is not here runs without arguments. If a command needs a VM, the named script must test it.
ways() {
	case $1 in
	walk) printf 'walk\nwalk --dry-run\n' ;;
	directmap) printf 'directmap\ndirectmap --holes\n' ;;
	check) printf 'check --pfn=0x100+16\ncheck --pfn=0x100 --control\n' ;;
	pfn) echo 'pfn 0x100 0x101' ;;
	list) echo "in list.sh" ;;
	watch) echo "in watch.sh" ;;
	top) echo "in top.sh" ;;
	metrics) echo "in metrics.sh" ;;
	report) echo "in report.sh" ;;
	batch) echo "in batch.sh" ;;
	oops) echo "in oops.sh" ;;
	pfns | create | convert | map | finalize | punch | status | exec | destroy) echo "in held.sh" ;;
	*) echo "$1" ;;
	esac
}

# tested_in SCRIPT COMMAND: whether the script tests the command.
tested_in() {
	if grep -qE "(^|[ 'n])$2( |\$)" "$(dirname "$0")/$1"; then
		pass "$2 has its tests in $1"
	else
		fail "$2 has its tests in $1" "there is no line with it"
	fi
}

for command in $(commands); do
	ways "$command" > "$scratch/ways"
	while read -r first rest; do
		if [ "$first" = in ]; then
			tested_in "$rest" "$command"
			continue
		fi
		for model in $(models); do
			# shellcheck disable=SC2086 # words
			formats "$model" "$first" $rest
		done
	done < "$scratch/ways"
done

# Columns.
try 0 '^CAPABILITY NUMBER$' '*' gmemctl caps --simulate=plain -r -o capability,number
try 0 '^KVM_CAP_GUEST_MEMFD 234$' '*' gmemctl caps --simulate=plain -rn -o Capability,NUMBER
try 0 ' NUMBER$' '*' gmemctl caps --simulate=plain -r -o +number
try 0 'ASKED-ON.*REASON' '*' gmemctl caps --simulate=plain -r --output-all
try 0 '^ASKED_ON="/dev/kvm"$' '*' gmemctl caps --simulate=plain -P -o asked-on
try_json 0 '.capabilities[0] | keys == ["capability","number"]' \
	gmemctl caps --simulate=plain -J -o number,capability
try_json 0 '[.capabilities[] | select(.capability == "KVM_CAP_VM_TYPES") | .flags | type]
	| all(. == "array")' gmemctl caps --simulate=plain --json
try 0 '^ram +[0-9]+$' '*' gmemctl directmap --simulate=plain -rb
try 0 '^RAM="[0-9]+"$' '*' gmemctl directmap --simulate=plain -Pb
try_json 0 '(.ram | type) == "number" and (.in_direct_map | keys == ["1G","2M","4K"])' \
	gmemctl directmap --simulate=plain --json
try_json 0 '.ram == ([.in_direct_map[]] | add) + .holes + .direct_map_unknown' \
	gmemctl directmap --simulate=plain --json
# Facts beside a table: no reader can take these lines for rows. With chosen columns there are none.
try 0 '^# verdict_now safe$' '*' gmemctl check --pfn=0x100 --simulate=plain --raw
try 0 '^FACT_VERDICT_NOW="safe"$' '*' gmemctl check --pfn=0x100 --simulate=plain --pairs
try 0 '^FACT_READER_PROVEN_REASON="not asked for' '*' gmemctl check --pfn=0x100 --simulate=plain --pairs
try 0 '^# verdict_now safe$' '*' gmemctl check --pfn=0x100 --simulate=plain -r -o +source
try 0 '^# size 4194304$' '*' gmemctl walk --simulate=plain -rb
for format in r P; do
	gmemctl check --pfn=0x100 --simulate=plain "-$format" -o access > "$scratch/stdout" \
		2> "$scratch/stderr"
	if [ -s "$scratch/stdout" ] && ! grep -qE '^(#|FACT_)' "$scratch/stdout"; then
		pass "-$format -o: the output has only the rows of these columns"
	else
		fail "-$format -o: the output has only the rows of these columns"
		show stdout
	fi
done

# A shell that evaluates pairs is not disturbed: no pair sets a variable that the shell or its commands use.
# keeps COMMAND...
keeps() {
	gmemctl "$@" > "$scratch/pairs" 2> "$scratch/stderr"
	# shellcheck disable=SC2016 # for the other shell
	look='for v in PATH IFS HOME PWD UID EUID PPID GROUPS USERNAME; do
		eval "echo $v=\${$v-}"; done'
	for shell in dash bash zsh ksh; do
		command -v "$shell" > "$scratch/which" || continue
		"$shell" -c "$look" > "$scratch/before" 2>&1
		"$shell" -c ". '$scratch/pairs'; $look" > "$scratch/after" 2>&1
		if [ -s "$scratch/pairs" ] && cmp -s "$scratch/before" "$scratch/after"; then
			pass "$shell: no variable of the shell changes by the output of $*"
		else
			fail "$shell: no variable of the shell changes by the output of $*" "$(diff "$scratch/before" "$scratch/after")"
		fi
	done
}
printf 'create v --populate\nlist --pairs --output-all\n' > "$scratch/batch"
keeps batch --simulate=plain "$scratch/batch"
for command in 'check --pfn=0x100' 'pfn 0x100' walk doctor directmap; do
	# shellcheck disable=SC2086 # words
	keeps $command --simulate=plain --output-all --pairs
done

# --bytes also changes sizes inside a text.
printf 'create v --populate\nlist -rn -o nodes,resident --bytes\n' > "$scratch/batch"
try 0 '^[0-9]+:4194304 4194304$' '*' gmemctl batch --simulate=plain "$scratch/batch"
printf 'create v --populate\nlist -rn -o nodes,resident\n' > "$scratch/batch"
try 0 '^[0-9]+:4M 4M$' '*' gmemctl batch --simulate=plain "$scratch/batch"

# Without headings the word "simulated" is on standard error.
try 0 '*' '^gmemctl: simulated: plain$' gmemctl caps --simulate=plain -n
finish
