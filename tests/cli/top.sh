# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# gmemctl top on a terminal of tmux: what the screen shows, what keys do, and that the terminal is afterwards
# as it was, whatever ended top. And what top refuses without a terminal.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=screen/lib.sh
. "$(dirname "$0")/screen/lib.sh"

try 2 '' "standard input is not a terminal; 'gmemctl watch'" gmemctl top --simulate=tdx
try 64 '' 'a screen is for people' gmemctl top --raw --simulate=tdx
try_json 64 '.command == "top" and .error.code == "usage"' gmemctl top --json --simulate=tdx
try 64 '' 'sort=nodes: it is not one of resident\|rate' gmemctl top --sort=nodes
try 64 '' 'seconds' gmemctl top --interval=0
try 64 '' 'above 0' gmemctl top --count=0
try 64 '' 'has no columns' gmemctl top --output=pid
try_json 64 '[.commands[].document.command] == ["top"]' gmemctl batch --json --simulate=tdx "$(
	echo top > "$scratch/lines"
	echo "$scratch/lines"
)"
printf 'create vm --vm-type=sw-protected --size=64M\nmap vm 0+40M\ncreate other --size=8M\ntop --interval=0.1\n' \
	> "$scratch/lines"
batch="batch --simulate=tdx $scratch/lines"
try 2 '' 'lines:4: .*is not a terminal' gmemctl batch --simulate=tdx "$scratch/lines"

if grep -q ' TOP=0 ' "$BUILD/flags" && command -v script > "$scratch/which"; then
	script -qec "'$GMEMCTL_FILE' top --simulate=tdx" /dev/null < /dev/null > "$scratch/screen"
	has 'it says that it was built without' 'built without ncurses \(TOP=0\)'
fi
if ! can_show_screens; then
	skip 'screens of top' "$why"
	finish
fi

screen 100 20 "$batch"
shows_line 'both VMs are on the screen' '^ *[0-9]+ gmemctl +64M +40M +0B/s █+·+ +0B +0B 0:40M vm '
has 'and the other' '^ *[0-9]+ gmemctl +8M +0B +0B/s ·+ .* other '
has 'the sums' '^2 guest_memfds  resident 40M of 72M  0B/s'
has 'what it is of' 'simulated: tdx'
press s
shows_line 's sorts by the next key' 'by rate '
press S
shows_line 'S by the one before' 'by resident '
press r
shows_line 'r reverses' 'by resident reversed'
# Whether this VM has the first row, below the headings.
on_top() {
	tr '\n' '|' < "$scratch/screen" | grep -qE "AGE *\|[^|]* $1 "
}
for _ in $(seq 50); do
	! look || ! on_top other || break
	sleep 0.1
done
if on_top other; then
	pass 'and the order is the other'
else
	fail 'and the order is the other'
	show screen
fi
press p
shows_line 'p pauses' 'PAUSED'
press m
shows_line 'a map is drawn in a pause too' '^ *0x0 '
press q
shows_line 'which lasts' 'PAUSED'
press p
shows_no_line 'and goes on' 'PAUSED'
press + -
press h
shows_line 'h shows the keys' 'Enter, m   draw'
press x
shows_line 'any key leads back' '^2 guest_memfds'
press r
press Enter
shows_line 'Enter draws the map' '^ *0x0 █+$'
has 'with its name' '^vm, its pages in the direct map, read [0-9]+ s ago: '
press h
shows_line 'h shows the keys there too' 'Enter, m   draw'
press Down
shows_line 'and any key leads back' '^ *0x0 █+$'
has 'with its legend' '█ 1G 40M  · not resident'
press v
shows_line 'v: what is resident' '█ all  · not resident'
press n
shows_line 'n: the nodes' '0 node 0  · not resident'
press d
shows_line 'd: the direct map' '█ 1G 40M'
resize 60 15
shows_line 'a map fits a screen that got narrow' 'a cell is (64|128)K'
press q
shows_line 'q leads back' '^2 guest_memfds'
fits 'no line is wider than 60 columns' 60
has 'what changes fast is there' 'SIZE RESIDENT +RATE DIRECT-MAP'
press Right Right Right Right
shows_line 'Right shows other columns' 'COMMAND.* PRIVATE +SHARED NODES NAME'
press Left Left Left Left
shows_line 'Left goes back' 'SIZE RESIDENT'
resize 20 3
press x
resize 100 20
shows_line 'it lives through a tiny screen' '^2 guest_memfds'
press q
ended 'q ends it' 0

# Colours, characters, and kinds of terminal.
screen 100 20 "$batch" TERM=screen
shows_line 'eight colours' '█'
colors 'no others than those' '^(31|32|33|34|35|36)$' 32
press q
ended 'with eight colours' 0
for without in NO_COLOR=1 TERM=vt100; do
	screen 100 20 "$batch" $without
	shows_line "$without: a screen" '█'
	colors "$without: no colour" '^$' ''
	has "$without: > marks the first row, which is chosen" '^ *[0-9]+>gmemctl +64M .* vm '
	press Down
	shows_line "$without: Down moves the mark" '^ *[0-9]+>gmemctl +8M .* other '
	has "$without: only one row has the mark" '^ *[0-9]+ gmemctl +64M .* vm '
	press q
	ended "$without" 0
done
screen 80 12 'top --simulate=tdx --reader=none'
shows_line 'without a reader' 'not all can be seen: --reader=none forbids'
press q
ended 'without a reader, and without a guest_memfd' 3
screen 60 12 "$batch" LC_ALL=C
shows_line 'ASCII where the locale is' '^ *[0-9]+ gmemctl +64M +40M +0B/s #+\.+'
if LC_ALL=C tr -d '\n -~' < "$scratch/screen" | grep -q .; then
	fail 'and nothing else' "$(LC_ALL=C tr -d '\n -~' < "$scratch/screen" | od -c | head -3)"
else
	pass 'and nothing else'
fi
press q
ended 'in ASCII' 0
screen 80 10 'top --simulate=tdx' TERM=dumb
ended 'TERM=dumb' 2
has 'it says why' "cannot place its cursor .*'gmemctl watch'"
screen 80 10 'top --simulate=tdx' TERM=nothing-like-it
ended 'an unknown terminal' 2
has 'it says why' 'kind of terminal is not known'
screen 80 10 'top --simulate=tdx --verbose'
ended '--verbose on the same terminal' 64
screen 80 10 "top --simulate=tdx > $scratch/file"
ended 'a file' 2
has 'it names the other command' "output is not a terminal; 'gmemctl watch'"

# The terminal is restored, whatever ends top.
screen 80 10 'top --simulate=tdx --interval=0.05 --count=3'
ended '--count' 0
for signal in TERM INT HUP; do
	screen 80 10 'top --simulate=tdx'
	shows_line "$signal: begun" '^0 guest_memfds'
	send_signal $signal
	ended "SIG$signal" 0
done
screen 80 10 'top --simulate=tdx'
shows_line 'Control-C: begun' '^0 guest_memfds'
press C-c
ended 'Control-C' 0
screen 80 10 'top --simulate=tdx,fail=list-directory@9+:EIO --interval=0.05'
ended 'an error' 2
has 'it says which' 'Input/output error'
screen 80 10 'top --simulate=tdx'
shows_line 'Control-Z: begun' '^0 guest_memfds'
press C-z
ended 'Control-Z stops it' 148
finish
