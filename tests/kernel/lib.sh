# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what is set here is used by the runners that source it, and here by them
# Functions for the runners: their options, the folder of a run, and the check of the kernel's log.

cache=${GMEM_KERNEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gmemctl/kernel}

fail_run() {
	echo "${0##*/}: $1" >&2
	exit 125
}

usage_run() {
	sed -n '3,/^set/{/^#/s/^# \{0,1\}//p;}' "$0" >&2
	exit 64
}

# parse_run ARGUMENTS...: sets the options, and OPTIND_RUN to the number of arguments that they take.
parse_run() {
	kernel='' append='' files='' modules='' keep_log='' dies=''
	gdb='' dump='' arch=x86_64 cpu='' foreign_root=''
	levels=4 limit=300 console=ttyS0 cpus=1 memory=1024
	OPTIND_RUN=$#
	while [ $# -gt 0 ]; do
		case $1 in
		--arch=*) arch=${1#*=}; shift; continue ;;
		--cpu) cpu=${2-} ;;
		--kernel) kernel=${2-} ;;
		--file) files="$files ${2-}" ;;
		--append) append="$append ${2-}" ;;
		--console) console=${2-} ;;
		--modules) modules=${2-} ;;
		--dies) dies=${2-} ;;
		--cpus) cpus=${2-} ;;
		--gdb) gdb=${2-} ;;
		--dump) dump=${2-} ;;
		--levels) levels=${2-} ;;
		--memory) memory=${2-} ;;
		--timeout) limit=${2-} ;;
		--log) keep_log=${2-} ;;
		--expect) expected="$expected${expected:+|}${2-}" ;;
		--) shift; break ;;
		-*) usage_run ;;
		*) break ;;
		esac
		[ $# -ge 2 ] || usage_run
		shift 2
	done
	[ $# -gt 0 ] || usage_run
	OPTIND_RUN=$((OPTIND_RUN - $#))
	kernel=${kernel:-$cache/current/bzImage}
	[ -r "$kernel" ] || fail_run "no kernel at $kernel: make test-kernel"
}

# unexpected LOG PATTERN: prints the first lines of each complaint of the kernel that was not expected. A
# complaint ends with its trace. It is expected if PATTERN matches any of its lines.
unexpected() {
	tr -d '\r' < "$1" | awk -v expected="$2" '
		function judge() {
			if (text != "" && (expected == "" || text !~ expected))
				printf "%s", substr(text, 1, 2000)
			text = ""
		}
		/WARNING: (CPU: |[a-z0-9_\/.-]+\.[ch]:)|BUG: |Oops: |Kernel panic|general protection|INFO: task .* blocked|INFO: rcu/ {
			if (text == "" || !open)
				judge()
			open = 1
		}
		/Call Trace:/ && !open { open = 1 }
		open { text = text $0 "\n" }
		/---\[ end / { judge(); open = 0 }
		END { judge() }
	'
}

# Quotes a command with its arguments for a shell.
quote() {
	for word; do
		printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")"
	done
}

# prepare_run COMMAND...: makes a folder for the run, and writes the command into it.
prepare_run() {
	mkdir -p "$cache/runs"
	run=$(mktemp -d "$cache/runs/XXXXXX") || fail_run "no folder for the run"
	trap 'rm -rf "$run"' EXIT
	trap 'exit 130' INT TERM
	printf 'cd %s && exec %s\n' "$(quote "$PWD")" "$(quote "$@")" > "$run/command"
	[ -z "$modules" ] || cp "$modules" "$run/modules"
	# A kernel that must die panics at the first oops, before anything waits for the dead thread's locks.
	[ -z "$dies" ] || append="$append oops=panic"
}

# make_initramfs FILE: makes an initramfs of what the run needs.
make_initramfs() {
	# shellcheck disable=SC2086,SC2046 # a word a file
	"$here/make-initramfs" ${foreign_root:+--root "$foreign_root"} "$1" "$here/init" "$run/command" $files \
		$([ -z "$modules" ] || { echo "$run/modules"; cat "$modules"; }) ||
		fail_run "no initramfs"
}

# finish_run STATUS: takes the emulator's status. Ends with the command's status, or says why there is none.
finish_run() {
	[ -z "$keep_log" ] || cp "$run/log" "$keep_log"
	if [ -n "$dies" ]; then
		[ -z "$(unexpected "$run/log" "$expected${expected:+|}$dies|Kernel panic - not syncing: Fatal")" ] ||
			fail_run "the kernel complained of something else, too: $(unexpected "$run/log" "$dies")"
		tr '\r\n' '  ' < "$run/log" | grep -qE "$dies" && exit 0
		tail -n 20 "$run/log" >&2
		fail_run "the kernel did not die of $dies"
	fi
	found=$(unexpected "$run/log" "$expected")
	if [ -n "$found" ]; then
		echo "${0##*/}: the kernel's log has:" >&2
		echo "$found" | head -n 20 >&2
	fi
	if [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
		tail -n 5 "$run/log" >&2
		echo "${0##*/}: ended after $limit seconds" >&2
		exit 124
	fi
	if ! grep -q '^[0-9]' "$run/status"; then
		cat "$run/emulator" >&2
		tail -n 20 "$run/log" >&2
		fail_run "the command did not come to its end"
	fi
	[ -z "$found" ] || exit 125
	exit "$(tr -cd 0-9 < "$run/status")"
}
