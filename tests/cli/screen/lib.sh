# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # scratch is lib.sh's, why is for those who source this
# A terminal of tmux for one command after the other: its screen, keys and size, and its state afterwards.

# Each terminal has its own tmux server: a server that is about to end takes no new terminal.
screens=0
tmux_() {
	env -u TMUX tmux -L "gmemctl-test-$$-$screens" -f /dev/null "$@"
}

can_show_screens() {
	why='it was built without ncurses'
	! grep -q ' TOP=0 ' "$BUILD/flags" || return 1
	why='there is no tmux'
	command -v tmux > "$scratch/which" || return 1
	why='a run under valgrind or an emulator is too slow to wait for'
	! wrapped && [ -z "${EMULATOR-}" ] || return 1
	tmux_ new-session -d sleep 600 9>&- 2> "$scratch/tmux"
	made=$?
	why="tmux makes no terminal here: $(head -n 1 "$scratch/tmux")"
	end_screens
	return $made
}

end_screens() {
	tmux_ kill-server 2> "$scratch/kill"
}
trap 'end_screens; end_holders; rm -rf "$scratch"' EXIT

# terminal WIDTH HEIGHT SCRIPT: opens a new terminal, in which a shell runs SCRIPT.
terminal() {
	end_screens
	screens=$((screens + 1))
	# The terminal must not keep the input of a helper program open.
	tmux_ new-session -d -x "$1" -y "$2" sh "$3" 9>&-
}

# screen WIDTH HEIGHT ARGUMENTS [NAME=VALUE]...: runs gmemctl in a new terminal, and
# writes its process id to pid.
screen() {
	rm -f "$scratch/before" "$scratch/after" "$scratch/status" "$scratch/pid"
	width=$1 height=$2 arguments=$3
	shift 3
	cat > "$scratch/run" << EOT
set -m
stty -g > '$scratch/before'
env $* sh -c 'echo \$\$ > "$scratch/pid"; exec $GMEMCTL_FILE $arguments'
echo \$? > '$scratch/left'
stty -g > '$scratch/after'
mv '$scratch/left' '$scratch/status'
sleep 600
EOT
	terminal "$width" "$height" "$scratch/run"
}

press() {
	tmux_ send-keys "$@"
}

resize() {
	tmux_ resize-window -x "$1" -y "$2"
}

send_signal() {
	kill -s "$1" "$(cat "$scratch/pid")"
}

look() {
	tmux_ capture-pane -p > "$scratch/screen" 2> "$scratch/tmux"
}

line_matches() {
	look
	grep -qE -e "$1" "$scratch/screen"
}

# shows_line NAME PATTERN: whether a line of the screen matches within ten seconds. It must match twice, as a
# terminal draws a screen piece by piece.
shows_line() {
	for _ in $(seq 100); do
		if line_matches "$2" && sleep 0.2 && line_matches "$2"; then
			pass "$1"
			return
		fi
		sleep 0.1
	done
	fail "$1" "no line matches '$2'"
	show screen
}

shows_no_line() {
	for _ in $(seq 100); do
		look
		if ! grep -qE -e "$2" "$scratch/screen"; then
			pass "$1"
			return
		fi
		sleep 0.1
	done
	fail "$1" "a line matches '$2'"
	show screen
}

# has NAME PATTERN: whether a line of the last look matches.
has() {
	if grep -qE -e "$2" "$scratch/screen"; then
		pass "$1"
	else
		fail "$1" "no line matches '$2'"
		show screen
	fi
}

fits() {
	widest=$(LC_ALL=C.UTF-8 wc -L < "$scratch/screen")
	if [ "$widest" -le "$2" ]; then
		pass "$1"
	else
		fail "$1" "a line has $widest columns"
		show screen
	fi
}

# colors NAME PATTERN WANTED: whether each colour on the screen matches PATTERN, and WANTED is one of them.
colors() {
	tmux_ capture-pane -pe | grep -oE "$(printf '\033')\[[0-9;]*m" | tr -cs '0-9\n' '\n' |
		grep -E '^(3|4|9|10)[0-9]$' | grep -vE '^[34]9$' | sort -u > "$scratch/colors"
	if ! grep -qvE "$2" "$scratch/colors" && { [ -z "$3" ] || grep -qx "$3" "$scratch/colors"; }; then
		pass "$1"
	else
		fail "$1" "$(tr '\n' ' ' < "$scratch/colors")"
	fi
}

# Waits until the command has ended and its status is written, ten seconds at most.
await_status() {
	for _ in $(seq 100); do
		[ ! -e "$scratch/status" ] || break
		sleep 0.1
	done
}

# ended NAME STATUS: whether it ended with STATUS, and the terminal has its old settings, screen and cursor.
ended() {
	await_status
	look
	got=$(cat "$scratch/status" 2>&1)
	if [ "$got" != "$2" ]; then
		fail "$1" "exit status $got, not $2"
		show screen
	elif ! cmp -s "$scratch/before" "$scratch/after"; then
		fail "$1" "stty: $(cat "$scratch/before") became $(cat "$scratch/after")"
	elif [ "$(tmux_ display-message -p '#{alternate_on} #{cursor_flag}')" != '0 1' ]; then
		fail "$1" "the screen or the cursor: $(tmux_ display-message -p '#{alternate_on} #{cursor_flag}')"
	else
		pass "$1: status $2, and the terminal is what it was"
	fi
}
