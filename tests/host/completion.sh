#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each shell offers processes with a guest_memfd, and their descriptors, as a TARGET.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

start host "$tools/host-memory"
case $? in
0) ;;
77)
	skip "targets that completions offer" "$(cat "$scratch/host.err")"
	finish
	;;
*)
	fail "host-memory" "$(cat "$scratch/host.err")"
	finish
	;;
esac
mkdir "$scratch/bin" "$scratch/home"
ln -s "$(realpath "$BUILD/gmemctl")" "$scratch/bin/gmemctl"
pid=$(column host private 2) fd=$(column host private 3)

# offers SHELL COMMAND...: whether the shell offers both for the line "gmemctl pfns PID".
offers() {
	shell=$1
	shift
	if ! command -v "$shell" > "$scratch/which"; then
		skip "$shell offers a process and its descriptor" "there is no $shell"
		return
	fi
	HOME=$scratch/home PATH=$scratch/bin:$PATH TERM=xterm "$@" "gmemctl pfns $pid" \
		> "$scratch/stdout" 2> "$scratch/stderr"
	if grep -qx "$pid" "$scratch/stdout" && grep -qx "$pid:$fd" "$scratch/stdout"; then
		pass "$shell offers a process and its descriptor"
	else
		fail "$shell offers a process and its descriptor" "wanted: $pid and $pid:$fd"
		show stdout
		show stderr
	fi
}

offers bash bash tests/completion/offered.bash
offers zsh zsh -f tests/completion/offered.zsh
offers fish fish --no-config tests/completion/offered.fish
stop
finish
