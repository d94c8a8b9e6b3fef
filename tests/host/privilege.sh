#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The capabilities of each command (gmemctl --describe): with exactly these it does the same as root, without
# each one of them it does less and reports that, and it keeps no others. If a row has a capability that
# includes another one of the row, the smaller one is for processes that lack the larger: it is left out only
# where the larger is missing.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh
# shellcheck source=tests/host/privilege/answers.sh
. tests/host/privilege/answers.sh
# shellcheck source=tests/cli/screen/lib.sh
. tests/cli/screen/lib.sh

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv > "$scratch/which"; then
	skip "capabilities" "this needs root and setpriv"
	finish
fi
if wrapped; then
	skip "capabilities" "the command runs under a tool that needs some itself"
	finish
fi
if reader_missing; then
	skip "capabilities" "root cannot read kernel memory either: $why"
	finish
fi
start host "$tools/host-memory"
case $? in
0) ;;
77)
	skip "capabilities" "$(cat "$scratch/host.err")"
	finish
	;;
*)
	fail "host-memory" "$(cat "$scratch/host.err")"
	finish
	;;
esac

# inheritor NAME OPTION...: starts a process that has a guest_memfd and runs under setpriv with these options.
inheritor() {
	inherited=$scratch/$1
	shift
	: > "$inherited"
	"$tools/inherit" setpriv "$@" sleep 7200 > "$inherited" 2> "$inherited.err" 9>&- &
	inheritor=$!
	while read -r comm < "/proc/$inheritor/comm" && [ "$comm" != sleep ]; do
		sleep 0.1
	done
}

# end PID: ends the process. Sets $ended to its status.
end() {
	kill -s TERM "$1"
	wait "$1" 2> "$scratch/terminated"
	ended=$?
}

# A process of another user, as libvirt runs a VMM. Its folder in /proc belongs to that user.
as_vmm="--reuid=65534 --regid=65534 --clear-groups"
# shellcheck disable=SC2086 # words
inheritor other $as_vmm
other=$inheritor
trap 'end_screens; end_holders; kill "$other"; rm -rf "$scratch"' EXIT
fd=$(column other memory 3)
mapped=$(column host mapped 2)
ours=$other$(awk '$1 != "page" && NF == 3 { print "|" $2 }' "$scratch/host" | sort -u | tr -d '\n')
# A page frame of its memory, and a page frame of memory that has no descriptor, only a mapping.
other_pfn=$("$BUILD/gmemctl" pfns "$other:$fd" -rn -o pfn | head -n 1)
mapped_pfn=$(awk '$1 == "page" && $2 == "mapped" { print $4; exit }' "$scratch/host")

# Folders of another user. Only that user may enter the second one, like a runtime folder. And a file.
chmod 755 "$scratch"
install -d -o 65534 -g 65534 -m 755 "$scratch/folder"
install -d -o 65534 -g 65534 -m 700 "$scratch/theirs" "$scratch/theirs/gmemctl"
{
	echo "pfns $other:$fd"
	echo "pfns $mapped:mmap"
	echo "pfn $other_pfn $mapped_pfn"
	echo "metrics --output-file=$scratch/folder/file"
} > "$scratch/batch"
chown 65534:65534 "$scratch/batch"
chmod 600 "$scratch/batch"
mkdir "$scratch/answers"

# has WORDS WORD: whether WORD is one of WORDS.
has() {
	case " $1 " in
	*" $2 "*) true ;;
	*) false ;;
	esac
}

# but WORDS WORD: prints WORDS without WORD.
but() {
	rest=
	for word in $1; do
		[ "$word" = "$2" ] || rest="$rest${rest:+ }$word"
	done
	echo "$rest"
}

# Arguments that each command needs to begin. When it begins, it has given up what it does not keep.
arguments() {
	case $1 in
	pfns | finalize | status | destroy) echo nobody ;;
	check) echo --pfn=0 ;;
	directmap) echo --holes ;;
	pfn) echo 0 ;;
	report) echo -o "$(mktemp -u -p "$scratch")" ;;
	watch) echo --count=1 --interval=0.1 ;;
	batch) echo /dev/null ;;
	oops) echo --dmesg ;; # to read a file needs no capability
	create) echo / ;; # not a valid name
	convert) echo nobody 0+4K private ;;
	map | punch) echo nobody 0+4K ;;
	exec) echo nobody -- true ;;
	esac
}

# same_words WORDS WORDS: whether both have the same words, in any order.
same_words() {
	for word in $1; do
		has "$2" "$word" || return 1
	done
	for word in $2; do
		has "$1" "$word" || return 1
	done
}

keeps() {
	# shellcheck disable=SC2046 # words
	kept=$("$BUILD/gmemctl" -vv "$1" $(arguments "$1") 2>&1 > "$scratch/out" |
		sed -n '/.*capabilities: /{s///; s/=.*//; s/cap_//g; s/none//; s/,/ /g; p; q;}')
	if same_words "$2" "$kept"; then
		pass "$1 keeps only these capabilities: ${2:-none}"
	else
		fail "$1 keeps only these capabilities: ${2:-none}" "$kept"
	fi
}

full=$(setpriv --dump | sed -n 's/^Capability bounding set: //p' | tr ',' ' ')
[ -n "$full" ] || fail "capabilities of this process" "setpriv does not tell them"

# Finds the readers that work on this kernel. Keeps the reason why another does not.
readers=
for reader in bpf kcore; do
	if gmemctl "--reader=$reader" directmap --json > "$scratch/no-$reader" 2> "$scratch/said"; then
		readers=${readers:+$readers }$reader
	fi
done

# as_root COMMAND CAPABILITIES READER: whether the command answers the same with these
# capabilities as root does.
as_root() {
	answer "$1" "$3" "$full"
	root=$answered
	answer "$1" "$3" "$2"
	if diff "$root" "$answered" > "$scratch/diff"; then
		pass "$1${3:+ by $3} with exactly these answers as root does"
	else
		fail "$1${3:+ by $3} with exactly these answers as root does" \
			"$(head -n 20 "$scratch/diff")"
	fi
}

# Prints the larger capability that includes this one: see bpf_capable() and similar functions in
# include/linux/capability.h, and generic_permission() in fs/namei.c.
larger() {
	case $1 in
	bpf | perfmon | checkpoint_restore) echo sys_admin ;;
	dac_read_search) echo dac_override ;;
	esac
}

# Prints the reader that uses this capability. For other capabilities any reader does.
reader_of() {
	case $1 in
	bpf | perfmon) echo bpf ;;
	sys_rawio) echo kcore ;;
	*) echo "$2" ;;
	esac
}

# is_less COMMAND CAPABILITIES READER CAPABILITY: whether the command reports less without
# CAPABILITY, and admits it.
is_less() {
	by=$(reader_of "$4" "$3") larger=$(larger "$4") row=$2
	what="$1 without $4"
	if [ -n "$3" ] && ! has "$readers" "$by"; then
		skip "$what" "$(jq -r .error.message "$scratch/no-$by")"
		return
	fi
	if [ "$1" = oops ] && [ "$4" != syslog ]; then
		skip "$what" "this kernel's log names no page frame that it would look up"
		return
	fi
	if [ "$1" = oops ] && [ "$(cat /proc/sys/kernel/dmesg_restrict)" = 0 ]; then
		skip "$what" "kernel.dmesg_restrict is 0: everybody may read the log"
		return
	fi
	if [ -n "$larger" ] && has "$row" "$larger"; then
		row=$(but "$row" "$larger")
		what="$what, nor $larger, which includes it,"
	fi
	if [ "$1 $4" = 'directmap checkpoint_restore' ]; then
		skip "$what" "without sys_admin, which includes it, directmap answers nothing"
		return
	fi
	answer "$1" "$by" "$row"
	more=$answered
	answer "$1" "$by" "$(but "$row" "$4")"
	if cmp -s "$more" "$answered"; then
		fail "$what answers less, and reports that" "the answer is the same as with it"
	elif ! admits; then
		fail "$what answers less, and reports that" "standard error does not report that" "$(diff "$more" "$answered" | head -n 20)"
	else
		pass "$what answers less, and reports that"
	fi
}

# judge_row COMMAND CAPABILITIES: runs all tests for one command.
judge_row() {
	keeps "$1" "$2"
	if [ "$1" = top ] && ! can_show_screens; then
		skip "top with its capabilities" "$why"
		return
	fi
	if has "$2" bpf || has "$2" sys_rawio; then
		for reader in $readers; do
			as_root "$1" "$2" "$reader"
		done
		reader=${readers%% *}
	else
		reader=
		as_root "$1" "$2" ''
	fi
	for capability in $2; do
		is_less "$1" "$2" "$reader" "$capability"
	done
}

"$BUILD/gmemctl" --describe | awk -F '\t' '$1 == "command" { gsub(/,/, " ", $6); print $2, $6 }' \
	> "$scratch/commands"
while read -r command capabilities; do
	case $capabilities in
	-) judge_row "$command" '' ;;
	*) judge_row "$command" "$capabilities" ;;
	esac
done < "$scratch/commands"
kill -0 "$other" || fail "capabilities" "the process that was looked at ended meanwhile"
stop
finish
