# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2016,SC2317 # of jq; called by name
# One word for one thing. For each word that readers misunderstood, table, JSON, man page and schema must
# agree, and the old name must be gone.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# KIND COMMAND KEY WHERE: a column of the table WHERE, or a fact. A table shows a fact with blanks instead of
# underscores, and a column in capitals with "-". A page names both as a table does.
words='
column pfns direct_map extents
column pfn direct_map frames
column list direct_map guest_memfds
column list in_direct_map guest_memfds
column list not_in_direct_map guest_memfds
column list direct_map_unknown guest_memfds
column directmap direct_map hole_list
column status private vms
column check faulting paths
column check verdict paths
column walk faulting paths
column walk verdict paths
fact check in_direct_map
fact check not_in_direct_map
fact check direct_map_unknown
fact check verdict_now
fact check verdict_on_map
fact check reader_proven
fact walk in_direct_map
fact walk not_in_direct_map
fact walk direct_map_unknown
fact walk verdict_now
fact walk verdict_on_map
fact walk reader_proven
fact walk inferred
fact list in_direct_map
fact list not_in_direct_map
fact list direct_map_unknown
fact directmap in_direct_map
fact directmap direct_map_unknown
fact map populated
fact map in_guest
fact convert private
'

# The old words: KEY, and the commands that keep it, because it means something else there.
old='
state status finalize
mapped
unmapped
unknown
reachable
proven
private_bytes
'

# A document and a table of each command, each with a row. list and directmap see only what their own process
# created, so they run in a batch.
arguments() {
	case $1 in
	pfn) echo pfn 0x100 --simulate=tdx ;;
	walk) echo walk --size=64K --simulate=tdx ;;
	convert) echo convert vm all private --verbose ;;
	map) echo "map vm $2+16K --verbose" ;;
	*) echo "$1" vm ;;
	esac
}
batch() {
	printf '%s\n' 'create vm --flags=mmap,init-shared,no-direct-map --vm-type=default --populate' "$1" |
		gmemctl batch --simulate=no-direct-map "$2"
}
gmemctl create vm --simulate=tdx 2> "$scratch/err"
for command in convert map pfns pfn status check walk; do
	# shellcheck disable=SC2046 # words
	gmemctl $(arguments $command 0) --json > "$scratch/$command.json" 2> "$scratch/err"
	# shellcheck disable=SC2046 # words
	gmemctl $(arguments $command 16K) > "$scratch/$command.table" 2> "$scratch/err"
done
for command in 'list --output-all' 'directmap --holes'; do
	batch "$command" --json 2> "$scratch/err" | jq '.commands[-1].document' > "$scratch/${command%% *}.json"
	batch "$command" --verbose > "$scratch/${command%% *}.table" 2> "$scratch/err"
done
gmemctl --describe > "$scratch/describe"

# asks FILE FILTER ARGUMENTS...: whether jq prints true. For an empty file jq -e would succeed without output.
asks() {
	file=$1 filter=$2
	shift 2
	[ "$(jq "$@" "$filter" "$file")" = true ]
}

# Prints the names as a reader of the page sees them.
page() {
	awk -f cli/man/page.awk "$scratch/describe" "cli/man/gmemctl-$1.8.scd" | sed 's/\\_/_/g'
}

# Prints where a word is missing. The rows of paths are in the page of check, which
# describes them for walk too.
missing_column() {
	header=$(echo "$2" | tr a-z_ A-Z-)
	of=$1
	[ "$3" != paths ] || of=check
	asks "$scratch/$1.json" '.[$rows] | length > 0 and all(has($key))' --arg key "$2" --arg rows "$3" ||
		echo JSON
	grep -qE "(^| )$header( |\$)" "$scratch/$1.table" || echo table
	grep -qP "^column\t$of\t[^\t]*\t$2\t" "$scratch/describe" || echo help
	asks "cli/schema/$of.json" '.properties[$rows].items.properties | has($key)' --arg key "$2" \
		--arg rows "$3" || echo schema
	asks "cli/schema/$1.json" '.properties | has($rows)' --arg rows "$3" || echo schema
	grep -qx @columns "cli/man/gmemctl-$of.8.scd" || echo page
}

missing_fact() {
	label=$(echo "$2" | tr _ ' ')
	asks "$scratch/$1.json" 'has($key)' --arg key "$2" || echo JSON
	grep -qE "^$label( (4K|2M|1G))?:" "$scratch/$1.table" || echo table
	asks "cli/schema/$1.json" '(.properties | has($key)) and
		(.then.required | index($key) != null)' --arg key "$2" || echo schema
	page "$1" | grep -qF "*$label*" || echo page
}

echo "$words" | grep . > "$scratch/words"
while read -r kind command key rows; do
	where=$("missing_$kind" "$command" "$key" "${rows-}" | tr '\n' ' ')
	if [ -z "$where" ]; then
		pass "$command: the $kind $key is in table, JSON, man page and schema"
	else
		fail "$command: the $kind $key is in table, JSON, man page and schema" "not in: $where"
	fi
done < "$scratch/words"

# labels COMMAND: prints what CLOSING LINES of its page explains, in this order. told() prints the lines
# below the rows in a table.
labels() {
	page "$1" | sed -n '/^# CLOSING LINES$/,/^# EXIT/s/^\*\(.*\)\*$/\1/p'
}
told() {
	gmemctl "$@" 2> "$scratch/err" | awk -v RS= '{ last = $0 } END { print last }' |
		sed -n '/^simulated: /d; /^snapshot: /d; s/^\([A-Za-z]*\( [A-Za-z]\+\)*\):.*/\1/p'
}
for arguments in 'doctor --simulate=tdx' 'doctor --for=snp --simulate=plain' 'list --simulate=tdx' \
	'list --nodes --simulate=tdx' 'list --reader=none --simulate=plain' 'walk --simulate=tdx' \
	'walk --simulate=tdx-no-direct-map --no-direct-map' 'walk --dry-run --simulate=old' \
	'walk --reader=none --simulate=plain'; do
	labels "${arguments%% *}" > "$scratch/labels"
	# shellcheck disable=SC2086 # words
	told $arguments > "$scratch/told"
	if [ -s "$scratch/told" ] && diff "$scratch/labels" "$scratch/told" > "$scratch/diff"; then
		pass "$arguments: its page explains its $(wc -l < "$scratch/told") closing lines"
	else
		fail "$arguments: its page explains its closing lines" "< in the page, > told:" \
			"$(cat "$scratch/diff")"
	fi
done

# Looks for old names: as a column, in a schema or a document, at its top or in a row.
commands='pfns pfn list directmap status check walk map convert'
has_key='any(.. | objects; has($key))'
echo "$old" | grep . > "$scratch/old"
while read -r key but; do
	for name in $commands; do
		[ -s "$scratch/$name.json" ] || echo "$name has no document"
		! asks "$scratch/$name.json" "$has_key" --arg key "$key" || echo "$name"
		! grep -qP "^column\t$name\t[^\t]*\t$key\t" "$scratch/describe" || echo "$name"
	done > "$scratch/found"
	for schema in cli/schema/*.json; do
		! asks "$schema" 'any(.. | objects | .properties? | objects; has($key))' --arg key "$key" ||
			basename "$schema" .json
	done >> "$scratch/found"
	for name in $but; do
		sed -i "/^$name\$/d" "$scratch/found"
	done
	if [ -s "$scratch/found" ]; then
		fail "nothing is called $key${but:+ but in $but}" "$(sort -u "$scratch/found")"
	else
		pass "nothing is called $key${but:+ but in $but}"
	fi
done < "$scratch/old"

# An option of one name takes the same kind of value in all commands.
twice=$(awk -F '\t' '$1 == "option" && $2 != "-" { print $3 "\t" $6 "\t" ($5 == "RANGE" ? "RANGE" : "") }' \
	"$scratch/describe" | sort -u | cut -f 1 | uniq -d)
if [ -z "$twice" ]; then
	pass 'an option of one name takes the same kind of value in every command'
else
	fail 'an option of one name takes the same kind of value in every command' "$twice"
fi

# Alerts and dashboard use labels that metrics writes.
gmemctl metrics --simulate=tdx > "$scratch/metrics" 2> "$scratch/err"
for file in packaging/prometheus/gmemctl.rules.yml packaging/grafana/gmemctl.json; do
	if grep -q 'direct_map=' $file && ! grep -qE '[{,( ]state[=)}]|\{\{state' $file &&
		grep -q 'direct_map="unmapped"' "$scratch/metrics"; then
		pass "$file: the label is direct_map"
	else
		fail "$file: the label is direct_map" "$(grep -nE 'direct_map=|state' $file)"
	fi
done
finish
