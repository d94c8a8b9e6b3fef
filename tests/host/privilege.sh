#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The capabilities of each command (gmemctl --describe): with exactly those it does what it does as
# root, without each one it does less and says so, and it keeps none besides.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

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
# A process of another user, as a VMM is under libvirt: its folder of /proc is that user's.
: > "$scratch/other"
# Of commands on held VMs, none of which is there.
XDG_RUNTIME_DIR=$scratch
export XDG_RUNTIME_DIR
"$tools/inherit" setpriv --reuid=65534 --regid=65534 --clear-groups sleep 600 \
	> "$scratch/other" 2> "$scratch/other.err" 9>&- &
other=$!
trap 'kill "$other"; rm -rf "$scratch"' EXIT
while ! grep -q ready "$scratch/other" || [ "$(cat "/proc/$other/comm")" != sleep ]; do
	sleep 0.05
done
fd=$(column other memory 3)
ours=[$other,$(awk '$1 != "page" && NF == 3 { print $2 }' "$scratch/host" | sort -u | paste -sd,)]
# A page frame of its memory, and one of memory that is mapped only.
pfns="$("$BUILD/gmemctl" pfns "$other:$fd" -rn -o pfn | head -n 1) \
	$(awk '$1 == "page" && $2 == "mapped" { print $4; exit }' "$scratch/host")"

# A folder of another user, and a file that only that user may read.
install -d -m 755 -o 65534 -g 65534 "$scratch/folder"
chmod 755 "$scratch"
{
	echo "pfns $other:$fd"
	echo "pfn $pfns"
	echo "metrics --output-file=$scratch/folder/file"
} > "$scratch/batch"
chown 65534:65534 "$scratch/batch"
chmod 600 "$scratch/batch"

# What each command is tried with; a command without a line is tried with nothing.
arguments() {
	case $1 in
	pfns | check) echo "$other:$fd" ;;
	pfn) echo "$pfns" ;;
	watch) echo --count=1 --interval=1 ;;
	metrics) echo "--output-file=$scratch/folder/file" ;;
	batch) echo "$scratch/batch" ;;
	create) echo privilege --size=4K ;;
	convert) echo nobody 0+4K private ;;
	map | punch) echo nobody 0+4K ;;
	finalize | status | destroy) echo nobody ;;
	exec) echo nobody -- true ;;
	esac
}

# with 'CAPABILITIES' COMMAND...: root with these only, blanks between
with() {
	sets=-all
	for capability in $1; do
		sets="$sets,+$capability"
	done
	shift
	setpriv --inh-caps="$sets" --bounding-set="$sets" "$@"
}

# The metrics that a file has, for it takes no --json.
answer_in_file() {
	rm -f "$scratch/folder/file"
	# shellcheck disable=SC2046 # words
	with "$1" "$BUILD/gmemctl" metrics $(arguments metrics) 2> "$scratch/said"
	echo "status $?"
	[ ! -e "$scratch/folder/file" ] ||
		sed -n 's/^\(gmemctl_[a-z_]*\).*/\1/p' "$scratch/folder/file" | sort -u
}

# What was seen, without what changes from run to run.
answer() {
	if [ "$1" = metrics ]; then
		answer_in_file "$2"
		return
	fi
	# shellcheck disable=SC2046 # words
	with "$2" "$BUILD/gmemctl" --json "$1" $(arguments "$1") > "$scratch/answer" 2> "$scratch/said"
	case $1 in list | watch) ;; *) echo "status $?" ;; esac
	# Of list only what is ours: others come and go, with their VMs and without; no counts.
	jq -S --argjson ours "$ours" 'if .guest_memfds then
			.guest_memfds |= map(select(.pid | IN($ours[]))) | del(.status, .error)
		else . end |
		walk(if type == "string" then gsub("[0-9]+"; "N") else . end) |
		[.status, .error.message, [.. | objects | to_entries[] |
		select(.key | test("reason$|^state$|^ram$|^owner$|^id$|^result$|^fds$|^message$|^state$")) | .value]]' \
		"$scratch/answer"
}

keeps() {
	# shellcheck disable=SC2046
	"$BUILD/gmemctl" -vv "$1" $(arguments "$1") 2>&1 > "$scratch/out" |
		sed -n 's/.*capabilities: //p' | head -n 1 | tr ',' '\n' | sed 's/^cap_//; s/=.*//' |
		grep -v -e none -e '^$' | sort > "$scratch/kept"
	echo "$2" | tr ' ' '\n' | grep . | sort > "$scratch/wanted"
	if diff "$scratch/wanted" "$scratch/kept" > "$scratch/diff"; then
		pass "$1 keeps: ${2:-nothing}"
	else
		fail "$1 keeps: ${2:-nothing}" "$(cat "$scratch/diff")"
	fi
}

full=$(setpriv --dump | sed -n 's/^Capability bounding set: //p' | tr ',' ' ')
[ -n "$full" ] || fail "capabilities of this process" "setpriv does not tell them"

# hidden COMMAND CAPABILITY: why leaving it out shows nothing here, if so
hidden() {
	case $1 in
	walk | doctor | caps | list | pfns | pfn | check | directmap | metrics | batch) ;;
	*)
		echo "this test does not know what would show it"
		return
		;;
	esac
	case $2 in
	sys_rawio)
		[ -e /proc/kcore ] || echo "there is no /proc/kcore here"
		;;
	bpf | perfmon | checkpoint_restore)
		# bpf_capable() and its like in include/linux/capability.h
		case $1,$2,$capabilities in
		*sys_admin*) echo "CAP_SYS_ADMIN includes it" ;;
		pfns,checkpoint_restore,* | check,checkpoint_restore,*)
			echo "it is for memory that is only mapped"
			;;
		esac
		;;
	dac_read_search)
		case $capabilities in *dac_override*) echo "CAP_DAC_OVERRIDE includes it" ;; esac
		;;
	esac
}

"$BUILD/gmemctl" --describe | awk -F '\t' '$1 == "command" { print $2, $6 }' > "$scratch/commands"
while read -r command capabilities; do
	if [ "$capabilities" = all ]; then
		fail "$command has a row in cli/privilege.c" "it keeps all capabilities"
		continue
	fi
	capabilities=$(echo "$capabilities" | tr "," " " | tr -d - | xargs)
	keeps "$command" "$capabilities"
	answer "$command" "$full" > "$scratch/as-root"
		answer "$command" "$capabilities" > "$scratch/as-told"
	if diff "$scratch/as-root" "$scratch/as-told" > "$scratch/diff"; then
		pass "$command with these answers as root does"
	else
		fail "$command with these answers as root does" "$(head -n 20 "$scratch/diff")"
	fi
	for without in $capabilities; do
		why=$(hidden "$command" "$without")
		if [ -n "$why" ]; then
			skip "$command without $without" "$why"
			continue
		fi
		fewer=$(echo " $capabilities " | sed "s/ $without / /")
		answer "$command" "$fewer" > "$scratch/answered"
		if ! diff -q "$scratch/as-root" "$scratch/answered" > "$scratch/diff"; then
			pass "$command without $without says less"
		else
			fail "$command without $without says less" "it says the same"
		fi
	done
	[ "$command" != create ] || "$BUILD/gmemctl" destroy privilege > "$scratch/out" 2>&1
done < "$scratch/commands"
stop
finish
