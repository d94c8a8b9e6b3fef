# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Help, version and wrong usage: the stream that each goes to, and the status.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

commands=$(commands)

try 0 '^gmemctl [0-9]+\.[0-9]+\.[0-9]+ ' '' gmemctl --version
try 0 '^gmemctl [0-9]' '' gmemctl -V
try 0 '^Usage: gmemctl' '' gmemctl --help
try 0 '^Usage: gmemctl' '' gmemctl -h
try 0 '^Usage: gmemctl' '' gmemctl --usage
try 0 '^command	walk	-	' '' gmemctl --describe
try 0 '^option	-	--json	-J	-	none	' '' gmemctl pfns --describe
try 0 '^column	pfns	PFN	pfn	hex	shown	' '' gmemctl --describe
try 0 'Exit status: 0' '' gmemctl --help
try 0 '^  no-direct-map ' '' gmemctl --simulate=help
# laid_out COMMAND: prints mistakes of its help. No line may be broken or too long. Each option begins a line,
# and its description is in a column of its own, on that line or below.
laid_out() {
	gmemctl "$1" --help > "$scratch/help"
	gmemctl --describe | awk -F '\t' -v command="$1" '
		FNR == NR { if ($1 == "option" && ($2 == "-" || $2 == command)) wanted[$3]; next }
		length($0) > 79 { print "too long: " $0 }
		/^ Options of this command:$|^ Common options:$/ { inside = 1; next }
		/^Columns|^Exit status/ { inside = 0 }
		!inside || $0 == "" { next }
		match($0, /^(  -[a-zA-Z],|     ) --[a-z-]+/) {
			name = substr($0, 7, RLENGTH - 6)
			if (!(name in wanted)) print "no option, or twice: " $0
			delete wanted[name]
			rest = substr($0, RLENGTH + 1)
			sub(/^\[?=[^ ]+/, "", rest)
			if (rest == "" || (substr($0, 29, 1) == " " && substr($0, 30, 1) != " ")) next
		}
		match($0, /^ +/) && RLENGTH == 29 { next }
		{ print "out of place: " $0 }
		END { for (name in wanted) print "not there: " name }' - "$scratch/help"
}

# If an argument needs an explanation, the help of each command that takes it has one.
gmemctl --describe | awk -F '\t' '$1 == "command" { print $2 "\t" $3 }' | tr -d '[].' > "$scratch/takes"
for argument in TARGET RANGE NAME FRAME; do
	takers=$(awk -F '\t' -v word=$argument '(" " $2 " ") ~ (" " word " ") { print $1 }' "$scratch/takes")
	[ -n "$takers" ] || fail "some command takes $argument"
	for command in $takers; do
		try 0 "^  $argument +[a-z]" '' gmemctl "$command" --help
	done
done
for command in $commands; do
	laid_out "$command" > "$scratch/stdout"
	if [ ! -s "$scratch/stdout" ]; then
		pass "lines of $command --help fit 80 columns"
	else
		fail "lines of $command --help fit 80 columns" 'its lines:'
		show stdout
	fi
	try 0 "^  $command " '' gmemctl --help
	try 0 "^Usage: gmemctl $command" '' gmemctl "$command" --help
	try 0 "^Usage: gmemctl $command" '' gmemctl --help "$command"
	try 0 "^Usage: gmemctl $command" '' gmemctl "$command" --usage
	try 64 '' 'unrecognized option' gmemctl "$command" --no-such-option
	try 64 '' "Try 'gmemctl $command --help'" gmemctl "$command" --output=nonsense
done

try 64 '' "no command given" gmemctl
try 64 '' "there is no command 'wal'" gmemctl wal
try 64 '' '--output: create has no columns' gmemctl create x -o name --simulate=plain
try 64 '' '--output: destroy has no columns' gmemctl destroy x --output=NAME
try 64 '' "Try 'gmemctl --help'" gmemctl nonsense
try 64 '' 'unrecognized option' gmemctl --no-such-option
try 64 '' 'invalid option' gmemctl -Z
try 64 '' 'requires an argument' gmemctl walk --size
try 64 '' "'extra' is one argument too many" gmemctl walk extra
try 64 '' 'TARGET is missing' gmemctl pfns
try 64 '' 'FRAME... is missing' gmemctl pfn
try 64 '' "'x' is one argument too many" gmemctl list x
try 64 '' "'2' is one argument too many" gmemctl pfns 1 2
try 64 '' 'another output format' gmemctl --raw --pairs caps
try_json 64 '.error != null' gmemctl --json --raw caps
try 64 '' 'one of auto\|always\|never' gmemctl --color=blue caps
try 64 '' 'one of bpf\|kcore\|none' gmemctl --reader=magic caps

# For debugging there is -v, and -vv for more. Neither shows a kernel address.
try 0 '*' 'reader bpf: open' gmemctl directmap --simulate=plain -v
try 0 '*' 'page tables of 4 levels' gmemctl directmap --simulate=plain --verbose
try 0 '*' 'KVM_CREATE_GUEST_MEMFD on fd [0-9]+: [0-9]+' gmemctl walk --simulate=tdx -vv
try 0 '*' 'KVM_TDX_INIT_VM on fd [0-9]+: 0' gmemctl walk --simulate=tdx -v -v
gmemctl walk --simulate=tdx -v > "$scratch/stdout" 2> "$scratch/stderr"
if ! grep -q ' on fd ' "$scratch/stderr"; then
	pass "-v does not print single ioctls"
else
	fail "-v does not print single ioctls"
	show stderr
fi
gmemctl walk --simulate=tdx -vv > "$scratch/stdout" 2> "$scratch/stderr"
if ! grep -qE 'ffff[0-9a-f]{12}' "$scratch/stderr"; then
	pass "-vv prints no kernel address"
else
	fail "-vv prints no kernel address"
	show stderr
fi

# gmemctl prints a document even if the command line is wrong.
try_json 64 '.command == null and .error.status == 64' gmemctl --json
try_json 64 '.command == null and (.error.message | length) > 0' gmemctl nonsense --json
try_json 64 '.command == "walk"' gmemctl walk --no-such-option -J
try_json 64 '.command == "walk"' gmemctl -j walk --size=0
# The document has argp's message, too, not only standard error.
try_json 64 '.error == {message: "unrecognized option '"'--no-such'"'", code: "usage", errno: null, status: 64}' \
	gmemctl walk --no-such --json
try_json 64 '.error.message == "invalid option -- '"'Z'"'"' gmemctl -J -Z walk
try_json 64 '.error.message == "option '"'--size'"' requires an argument"' gmemctl walk --json --size
try_json 64 '.error.message | startswith("option '"'--json'"' doesn")' gmemctl walk --json=yes
try_json 64 '.error.message == "option '"'--o'"' is ambiguous: it begins --output, --output-all"' \
	gmemctl walk --json --o=stage
# The option for JSON may be abbreviated, or stand among other letters.
try_json 64 '.command == null' gmemctl nonsense --js
try_json 64 '.command == "caps"' gmemctl caps extra -qJ
try_json 64 '.command == "caps"' gmemctl caps -rZj
try 64 '' "'J' is no column of caps" gmemctl caps -oJ
# The user forgot a value, and another option follows.
try_json 64 '.error.message | startswith("--size: its SIZE is missing: '"'--json'"' is an option")' \
	gmemctl create x --size --json
try 64 '' '--output: its COLUMNS is missing: .-r. is an option' gmemctl caps -o -r
try 64 '' '--reader: its bpf.kcore.none is missing: .--simulate=tdx. is an option' \
	gmemctl --reader --simulate=tdx caps
try 64 '' '--output: .--raw. is no column' gmemctl caps --output=--raw
# Error codes.
try_json 2 '.error.code == "no-process" and .error.errno == "ESRCH"' \
	gmemctl pfns 1000 --simulate=plain --json
try_json 2 '.error.code == "not-held" and .error.errno == null' gmemctl punch none 0+4K --json
try_json 3 '.error.code == "cannot-tell"' gmemctl check --pfn=1 --simulate=plain --reader=none --json
# A message about a very long name still has the cause at its end, and no part of a character.
name=$(printf '%01000d' 0 | sed 's/0/é/g')
try 2 '' '^gmemctl: oops: é+\.\.\.é+: File name too long$' gmemctl oops "$name"
try_json 2 '.error.message | test("^x?é+[.][.][.]é+: File name too long$")' gmemctl oops "x$name" --json
try 64 '' "^gmemctl: there is no command 'é+\.\.\.é+'\$" gmemctl "$name"
# JSON is UTF-8, whatever bytes the arguments have.
try_json 64 '.error.message | contains("\ufffd")' \
	gmemctl --json caps "--simulate=$(printf '\377')"
finish
