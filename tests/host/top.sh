#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# gmemctl top on the running kernel: it shows the rates of a process that fills and punches its memory at a
# steady pace. A hostile name does nothing to the terminal.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh
# shellcheck source=tests/cli/screen/lib.sh
. tests/cli/screen/lib.sh

if ! can_show_screens; then
	skip 'top on the running kernel' "$why"
	finish
fi
if reader_missing; then
	skip 'top on the running kernel' "$why"
	finish
fi
up=$((20 << 20))
down=$((12 << 20))
start memory "$tools/paced-memory" $((512 << 20)) $up $down
if [ $? -eq 77 ]; then
	skip 'top on the running kernel' "$(cat "$scratch/memory.err")"
	finish
fi
pid=$helper

# Per cent that a rate may be off. A busy machine keeps the process from its pace, so the narrow margin
# is for make bench.
margin=${GMEM_RATE_MARGIN-50}

# rates NAME BYTES: the RATE of that process, in ten looks a second apart, and their median beside BYTES a
# second. One look or another may be late on a busy machine.
rates() {
	: > "$scratch/rates"
	sleep 2 # what the last phase left
	for _ in $(seq 10); do
		sleep 1
		look
		awk -v pid="$pid" '$1 == pid { print $5 }' "$scratch/screen" >> "$scratch/rates"
	done
	sed 's|M/s||' "$scratch/rates" | sort -g > "$scratch/sorted"
	median=$(awk '{ at[NR] = $1 } END { print at[int((NR + 1) / 2)] }' "$scratch/sorted")
	if awk -v got="$median" -v wanted="$2" -v margin="$margin" 'BEGIN {
			off = got * 1048576 / wanted - 1
			exit !(off > -margin / 100 && off < margin / 100)
		}'; then
		pass "$1: $median MiB a second"
	else
		fail "$1" "$(tr '\n' ' ' < "$scratch/rates")"
		show screen
	fi
}

screen 100 20 'top --interval=1'
shows_line 'top shows the row of the process' "^ *$pid paced-memory +512M +0B +0B/s ·+ "
echo go >&9
rates 'populated at 20 MiB a second' $up
echo go >&9
rates 'punched at 12 MiB a second' -$down
press m
shows_line 'm draws the map of the chosen guest_memfd' "^$pid:[0-9]*, its pages in the direct map, read [0-9]* s ago: a cell is"
press q q
await_status
case $(cat "$scratch/status") in
0 | 4) pass 'q ends top' ;; # 4: processes that nobody may look at
*) fail 'q ends top' "$(cat "$scratch/status")" ;;
esac
stop

# A name that would clear the screen, and one that is no UTF-8.
hostile=$(printf 'a\033[2Jb\377')
cp "$tools/own-memory" "$scratch/$hostile"
start memory "$scratch/$hostile" 65536 0
screen 100 20 'top --interval=1'
shows_line 'top escapes the control characters of a name' "^ *$helper a.x1b\[2Jb.xff +64K +64K "
press q
stop
finish
