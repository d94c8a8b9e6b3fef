# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# gmemctl top on a terminal of tmux: what the screen shows, what keys do, and that the terminal is afterwards
# as it was, whatever ended top. And what top refuses without a terminal.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=screen/lib.sh
. "$(dirname "$0")/screen/lib.sh"

try 2 '' "standard input is not a terminal; 'gmemctl watch'" gmemctl top --simulate=tdx
try 64 '' 'draws on a terminal only' gmemctl top --raw --simulate=tdx
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
	has 'top says that it was built without ncurses' 'built without ncurses \(TOP=0\)'
fi
if ! can_show_screens; then
	skip 'top on a terminal' "$why"
	finish
fi

screen 100 20 "$batch"
shows_line 'top shows the first VM' '^ *[0-9]+ gmemctl +64M +40M +0B/s █+·+ +0B +0B 0:40M vm '
has 'top shows the other VM' '^ *[0-9]+ gmemctl +8M +0B +0B/s ·+ .* other '
has 'the second line has the sums' '^2 guest_memfds  resident 40M of 72M  0B/s'
has 'the first line names the simulated kernel' 'simulated: tdx'
press s
shows_line 's sorts by the next key' 'by rate$'
press S
shows_line 'S sorts by the key before' 'by resident$'
press r
shows_line 'after r the first line says reversed' 'by resident reversed$'
# Whether this VM has the first row, below the headings.
on_top() {
	tr '\n' '|' < "$scratch/screen" | grep -qE "AGE *\|[^|]* $1 "
}
for _ in $(seq 50); do
	! look || ! on_top other || break
	sleep 0.1
done
if on_top other; then
	pass 'r moves the other VM to the first row'
else
	fail 'r moves the other VM to the first row'
	show screen
fi
press p
shows_line 'p pauses' 'PAUSED'
press m
shows_line 'm draws a map during a pause' '^ *0x0 '
press q
shows_line 'q leads back from the map, and the pause goes on' 'PAUSED'
press p
shows_no_line 'p ends the pause' 'PAUSED'
press + -
press h
shows_line 'h shows the keys' 'Enter, m   draw'
press x
shows_line 'any key leads back from the keys to the table' '^2 guest_memfds'
press r
press Enter
shows_line 'Enter draws the map' '^ *0x0 █+$'
has 'the map names its VM' '^vm, its pages in the direct map, read [0-9]+ s ago: '
press h
shows_line 'h shows the keys there too' 'Enter, m   draw'
press Down
shows_line 'any key leads back from the keys to the map' '^ *0x0 █+$'
has 'the map has a legend' '█ 1G 40M  · not resident'
press v
shows_line 'v shows what is resident' '█ all  · not resident'
press n
shows_line 'n shows the NUMA nodes' '0 node 0  · not resident'
press d
shows_line 'd shows the direct map' '█ 1G 40M'
resize 60 15
shows_line 'the map fits a terminal that became narrow' 'a cell is (64|128)K'
press q
shows_line 'q leads back from the map' '^2 guest_memfds'
fits 'no line is wider than 60 columns' 60
has '60 columns have what changes fast' 'SIZE RESIDENT +RATE DIRECT-MAP'
press Right Right Right Right
shows_line 'Right shows other columns' 'COMMAND.* PRIVATE +SHARED NODES NAME'
press Left Left Left Left
shows_line 'Left goes back' 'SIZE RESIDENT'
resize 20 3
press x
resize 100 20
shows_line 'top goes on after a terminal of 20 columns and 3 lines' '^2 guest_memfds'
press q
ended 'q ends top' 0

# Colours, characters, and kinds of terminal.
screen 100 20 "$batch" TERM=screen
shows_line 'top draws on a terminal of eight colours' '█'
colors 'top uses only the eight colours' '^(31|32|33|34|35|36)$' 32
press q
ended 'q ends top, eight colours' 0
for without in NO_COLOR=1 TERM=vt100; do
	screen 100 20 "$batch" $without
	shows_line "$without: top draws" '█'
	colors "$without: no colour" '^$' ''
	has "$without: > marks the first row, which is chosen" '^ *[0-9]+>gmemctl +64M .* vm '
	press Down
	shows_line "$without: Down moves the mark" '^ *[0-9]+>gmemctl +8M .* other '
	has "$without: only one row has the mark" '^ *[0-9]+ gmemctl +64M .* vm '
	press q
	ended "$without: q ends top" 0
done
screen 80 12 'top --simulate=tdx --reader=none'
shows_line 'without a reader of kernel memory top says what is unknown' 'incomplete: --reader=none forbids'
press q
ended 'q ends top, without a reader and without a guest_memfd' 3
screen 60 12 "$batch" LC_ALL=C
shows_line 'top draws in ASCII where the locale is ASCII' '^ *[0-9]+ gmemctl +64M +40M +0B/s #+\.+'
if LC_ALL=C tr -d '\n -~' < "$scratch/screen" | grep -q .; then
	fail 'the screen has only ASCII' "$(LC_ALL=C tr -d '\n -~' < "$scratch/screen" | od -c | head -3)"
else
	pass 'the screen has only ASCII'
fi
press q
ended 'q ends top, in ASCII' 0
screen 80 10 'top --simulate=tdx' TERM=dumb
ended 'top refuses TERM=dumb' 2
has 'the message says why' "cannot place its cursor .*'gmemctl watch'"
screen 80 10 'top --simulate=tdx' TERM=nothing-like-it
ended 'top refuses an unknown terminal' 2
has 'the message says why' 'kind of terminal is not known'
screen 80 10 'top --simulate=tdx --verbose'
ended 'top refuses --verbose on its own terminal' 64
screen 80 10 "top --simulate=tdx > $scratch/file"
ended 'top refuses to write a screen into a file' 2
has 'the message names watch' "output is not a terminal; 'gmemctl watch'"

# The terminal is restored, whatever ends top.
screen 80 10 'top --simulate=tdx --interval=0.05 --count=3'
ended '--count ends top' 0
for signal in TERM INT HUP; do
	screen 80 10 'top --simulate=tdx'
	shows_line "$signal: top has begun" '^0 guest_memfds'
	send_signal $signal
	ended "SIG$signal ends top" 0
done
screen 80 10 'top --simulate=tdx'
shows_line 'Control-C: top has begun' '^0 guest_memfds'
press C-c
ended 'Control-C ends top' 0
screen 80 10 'top --simulate=tdx,fail=list-directory@9+:EIO --interval=0.05'
ended 'an error of the kernel ends top' 2
has 'the message names the error' 'Input/output error'
screen 80 10 'top --simulate=tdx'
shows_line 'Control-Z: top has begun' '^0 guest_memfds'
press C-z
ended 'Control-Z stops it' 148
finish
