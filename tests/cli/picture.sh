# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317,SC2086 # functions are called by try; GMEMCTL is words
# --map of directmap and pfns: the cells agree with the rows of the same memory, and the legend with the
# totals. Widths, colours, ASCII, and options that cannot be combined with it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

widest() {
	LC_ALL=C.UTF-8 wc -L < "$1"
}

# fits NAME WIDTH COMMAND...: whether no line of the picture is longer than WIDTH. The
# facts below do not count.
fits() {
	name=$1 width=$2
	shift 2
	"$@" > "$scratch/stdout" 2> "$scratch/stderr"
	sed '/^$/,$d' "$scratch/stdout" > "$scratch/picture"
	got=$(widest "$scratch/picture")
	if [ "$(wc -l < "$scratch/picture")" -lt 4 ]; then
		fail "$name" "there is no picture"
		show stdout
		show stderr
	elif [ "$got" -gt "$width" ]; then
		fail "$name" "a line has $got columns"
		show picture
	else
		pass "$name"
	fi
}

for width in 40 60 80 200; do
	fits "directmap --map --width=$width" $width gmemctl directmap --map --width=$width --simulate=tdx
	fits "directmap --map in $width COLUMNS" $width env COLUMNS=$width $GMEMCTL directmap --map --simulate=tdx
done
# A wide picture uses the width.
gmemctl directmap --map --width=200 --simulate=tdx > "$scratch/wide"
if [ "$(widest "$scratch/wide")" -gt 180 ]; then
	pass "--width=200 makes a picture wider than 80 columns"
else
	fail "--width=200 makes a picture wider than 80 columns" "$(widest "$scratch/wide") columns"
fi

# Characters: blocks in UTF-8, ASCII in other locales, without a byte above 0x7f or an escape.
try 0 '█' '' gmemctl directmap --map --simulate=plain
ascii() {
	LC_ALL=C gmemctl "$@" | LC_ALL=C tr -d '\n -~' | od -An -tx1
}
try 0 '' '' ascii directmap --map --simulate=plain
try 0 '^0x100000000 #{64}$' '' env LC_ALL=C $GMEMCTL directmap --map --simulate=plain
# Colours: none without a terminal or if the user refuses them. Otherwise the eight of every terminal.
escape=$(printf '\033')
try 0 "^  $escape\[32m#$escape\[0m 1G 14G  $escape\[36m=" '' \
	env LC_ALL=C $GMEMCTL directmap --map --color=always --simulate=plain
sequences() {
	gmemctl "$@" --color=always | grep -oE "$escape\[[0-9;]*m" | sort -u | tr -d "$escape\n"
}
try 0 '^(\[(0|2|3[1-6])m)+$' '' sequences directmap --map --simulate=plain
colorless() {
	gmemctl "$@" | grep -c "$escape"
}
try 1 '^0$' '' colorless directmap --map --color=never --simulate=plain

# Options that can be combined with --map, and options that cannot.
for option in --json --raw --pairs; do
	try 64 '*' 'a picture is for people' gmemctl directmap --map $option --simulate=tdx
	try 64 '*' 'a picture is for people' gmemctl pfns 1 --map $option --simulate=tdx
done
try 64 '' 'a picture has no columns' gmemctl directmap --map --output=pfn --simulate=tdx
try 64 '' 'a picture has no columns' gmemctl pfns 1 --map --output-all --simulate=tdx
try 64 '' 'map and --holes' gmemctl directmap --map --holes --simulate=tdx
for option in each summary gpa-range=0+4K node=0 direct-map=mapped; do
	try 64 '' "map and --${option%=*}: " gmemctl pfns 1 --map --$option --simulate=tdx
done
try 64 '' 'width: give it with --map' gmemctl directmap --width=60 --simulate=tdx
try 64 '' 'width=39: it is not a number from 40 to 1000' gmemctl directmap --map --width=39 --simulate=tdx
try 64 '' 'width=60x: ' gmemctl directmap --map --width=60x --simulate=tdx
try 64 '' 'shade=zone: it is not one of direct-map' gmemctl pfns 1 --map --shade=zone --simulate=tdx
try 0 '' '' gmemctl directmap --map --quiet --simulate=tdx
try 0 '^ram:' 'simulated: tdx' gmemctl directmap --map --noheadings --simulate=tdx
try 3 '' 'reader' gmemctl directmap --map --reader=none --simulate=tdx

# Cell by cell: memory with holes in the file, with pages that are not in the direct map, and other memory.
cat > "$scratch/make" << 'EOT'
create vm --vm-type=sw-protected --flags=no-direct-map --size=64M
convert vm 0+40M private
map vm 0+40M
punch vm 3M+5M
punch vm 9M+4K
punch vm 10M+800K
create plain --vm-type=sw-protected --size=64M
convert plain all private
map plain 1M+20M
punch plain 2M+300K
EOT
look() {
	{ cat "$scratch/make"; echo "$1"; } > "$scratch/lines"
	LC_ALL=C gmemctl batch --simulate=no-direct-map --keep-going "$scratch/lines" 2> "$scratch/stderr"
}

# Draws the picture again from the extents: its START and LENGTH, the bytes of a cell, and what it shows.
redraw() {
	awk -v start="$2" -v length_="$3" -v step="$4" -v of="$5" '
		function least(a, b) { return a < b ? a : b }
		NF == 5 {
			at = $1 - start
			end = least(at + $2, length_)
			for (at = at < 0 ? 0 : at; at < end; at = next_) {
				cell = int(at / step)
				next_ = least((cell + 1) * step, end)
				pages[cell] += next_ - at
				if ($4 == "unmapped")
					holes[cell] += next_ - at
				else if (index(levels[cell], $3) == 0)
					levels[cell] = levels[cell] $3
				node[cell] = node[cell] == "" || node[cell] == $5 ? $5 : "+"
			}
		}
		END {
			for (cell = 0; cell * step < length_; cell++) {
				room = least(step, length_ - cell * step)
				if (!pages[cell])
					c = "."
				else if (of == "resident")
					c = pages[cell] == room ? "#" : pages[cell] <= int(room / 3) ? "-" \
						: pages[cell] <= int(room / 3) * 2 ? "=" : "%"
				else if (of == "node")
					c = node[cell]
				else if (holes[cell])
					c = holes[cell] == pages[cell] ? "X" : "x"
				else
					c = levels[cell] == "4K" ? "-" : levels[cell] == "2M" ? "=" \
						: levels[cell] == "1G" ? "#" : "+"
				printf "%s", c
			}
			print ""
		}' "$1"
}

number() {
	case $1 in
	*G) echo $((${1%G} << 30)) ;;
	*M) echo $((${1%M} << 20)) ;;
	*K) echo $((${1%K} << 10)) ;;
	*) echo "$1" ;;
	esac
}

# compare VM PICTURE START LENGTH RANGE WIDTH: the cells of pfns --map are those of its rows.
compare() {
	name="pfns $1 --map --shade=$2 $5 --width=$6"
	look "pfns $1 $5 --bytes --raw --noheadings --output=offset,size,level,direct-map,node" > "$scratch/rows"
	grep -E '^0x[0-9a-f]+ ' "$scratch/rows" | while read -r offset rest; do
		echo "$((offset)) $rest"
	done > "$scratch/extents"
	look "pfns $1 --map --shade=$2 $5 --width=$6" > "$scratch/picture"
	step=$(number "$(sed -n 's/^.*a cell is \([0-9A-Z]*\),.*/\1/p' "$scratch/picture")")
	grep -E '^ *0x[0-9a-f]+ ' "$scratch/picture" | awk '{ printf "%s", $2 } END { print "" }' > "$scratch/got"
	redraw "$scratch/extents" "$3" "$4" "$step" "$2" > "$scratch/wanted"
	if [ -s "$scratch/extents" ] && cmp -s "$scratch/wanted" "$scratch/got"; then
		pass "$name"
	else
		fail "$name" "$(cat "$scratch/wanted")" "$(cat "$scratch/got")"
		show stderr
	fi
}

all=$((64 << 20))
for width in 40 60 80 200; do
	for picture in direct-map resident node; do
		compare vm $picture 0 $all '' $width
		compare plain $picture 0 $all '' $width
	done
done
compare vm direct-map $((2 << 20)) $((9 << 20)) --offset=2M+9M 60
compare vm resident $((2 << 20)) $((9 << 20)) --offset=2M+9M 80

# The legend says what the rows add up to.
look 'pfns vm --summary --bytes --raw --noheadings --output=property,value,size' > "$scratch/rows"
look 'pfns vm --map --bytes' > "$scratch/picture"
holes=$(awk '$1 == "direct-map" && $2 == "unmapped" { print $3 }' "$scratch/rows")
if [ -n "$holes" ] && grep -q "^  X hole $holes  \. not resident\$" "$scratch/picture"; then
	pass "the legend of pfns --map has the sum of the rows"
else
	fail "the legend of pfns --map has the sum of the rows" "$holes" "$(cat "$scratch/picture")"
fi
# That of RAM, the totals below it.
look 'directmap --map --bytes' > "$scratch/picture"
legend=$(awk '/^in direct map 4K/ { small = $NF } /^in direct map 2M/ { large = $NF } /^in direct map 1G/ { huge = $NF }
	/^holes/ { holes = $NF } END { print "# 1G " huge "  = 2M " large "  - 4K " small "  + mixed sizes  X hole " holes }' \
	"$scratch/picture")
if tr '\n' ' ' < "$scratch/picture" | sed 's/  */ /g' | grep -qF "$(echo "$legend" | sed 's/  */ /g')"; then
	pass "the legend of directmap --map has the totals"
else
	fail "the legend of directmap --map has the totals" "$legend" "$(cat "$scratch/picture")"
fi

# A range past the end has no picture, and says so.
if look 'pfns vm --map --offset=1G+4K' | grep -q 'a cell is' || ! grep -q 'is past the end' "$scratch/stderr"; then
	fail "--map of a range past the end says that the range is past the end" "$(cat "$scratch/stderr")"
else
	pass "--map of a range past the end says that the range is past the end"
fi
finish
