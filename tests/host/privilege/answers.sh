# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # the runtime folder is another for one command; tests/host/privilege.sh
# has made what is looked at here
# Runs each command, and prints those parts of its answer that are the same each time.

# note_status STATUS: prints the status. Also keeps it beside the answer, for admits().
note_status() {
	echo "$1" >> "$answered.statuses"
	echo "status $1"
}

# Replaces numbers, which differ in each run.
steady() {
	sed -E 's/[0-9]+/N/g' "$@"
}

# Prints words and reasons of the document, and values that are known or unknown depending on capabilities.
words() {
	awk '{
		gsub(/[0-9]+/, "N")
		while (match($0, /"[a-z_]*(reason|state|ram|owner|id|result|message|evidence|verdict|complete|resident|pfn)":("([^"\\]|\\.)*"|[^],}]*)/)) {
			print substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
		}
	}' "$scratch/document"
}

# document CAPABILITIES READER COMMAND...: prints the words and reasons of the command's JSON.
document() {
	granted=$1 through=$2
	shift 2
	with "$granted" "$BUILD/gmemctl" --json ${through:+"--reader=$through"} "$@" \
		> "$scratch/document" 2> "$scratch/said"
	note_status $?
	words
}

# Prints only this test's rows of list: other VMs and processes come and go.
document_of_list() {
	document "$1" "$2" list > "$scratch/whole"
	grep -E "\"pid\":($ours)," "$scratch/document" | steady
}

# Writes the text for node_exporter into a folder of another user, and to standard output.
samples() {
	rm -f "$scratch/folder/file"
	with "$1" "$BUILD/gmemctl" "--reader=$2" metrics "--output-file=$scratch/folder/file" \
		2> "$scratch/said"
	note_status $?
	with "$1" "$BUILD/gmemctl" "--reader=$2" metrics > "$scratch/document" 2> "$scratch/said"
	note_status $?
	# Prints this test's samples in full. Of the others it prints only the names.
	for file in "$scratch/folder/file" "$scratch/document"; do
		[ ! -e "$file" ] || sed -nE -e "/pid=\"($ours)\"/p" -e 's/^(gmemctl_[a-z_]*).*/\1/p' "$file"
	done | sort -u
}

# changes CAPABILITIES READER: prints what watch reports of guest_memfds that appear while it runs. The last
# one belongs to a process without capabilities, so root needs none to look at it. When watch reports that
# this one is gone, it has looked at all those before.
changes() (
	exec 9>&-
	# Removes the words of an earlier command. This command may be slow to print its own.
	: > "$scratch/said"
	: > "$scratch/document"
	# shellcheck disable=SC2046,SC2086 # words
	setpriv $(only $1) "$BUILD/gmemctl" --json "--reader=$2" watch --interval=0.5 \
		> "$scratch/document" 2> "$scratch/said" &
	watcher=$!
	until_line "$scratch/said" watching
	start later "$tools/host-memory"
	# shellcheck disable=SC2086
	inheritor vmm $as_vmm
	vmm=$inheritor
	inheritor plain --inh-caps=-all --bounding-set=-all
	until_line "$scratch/document" "\"new\",\"pid\":$inheritor,"
	end "$inheritor"
	until_line "$scratch/document" "\"gone\",\"pid\":$inheritor,"
	end "$watcher"
	note_status "$ended" > "$scratch/whole"
	stop
	end "$vmm"
	came=$vmm$(awk '$1 != "page" && NF == 3 { print "|" $2 }' "$scratch/later" | tr -d '\n')
	# Prints what was resident at the end. watch may have looked too early once, and not have
	# reported a change after that.
	sed -nE "s/.*\"event\":\"([a-z]+)\",\"pid\":($came),.*\"inode\":([0-9]+),.*\"resident\":([^,]*),.*/\1 \3 \4/p" \
		"$scratch/document" |
		awk '{ resident[$2] = $3 } $1 == "gone" { delete resident[$2] }
			END { for (inode in resident) print resident[inode] }' | sort
	words | grep complete
)

# Creates a VM, prints what its holder sees of it, and tries the folder of another user's holders.
held_by_it() {
	document "$1" '' create mine --size=4K --populate
	document "$full" "$2" pfns mine
	document "$full" "$2" map --verbose mine 0+4K
	steady "$scratch/said"
	"$BUILD/gmemctl" destroy mine > "$scratch/said" 2>&1
	in_their_folder "$1" create mine --size=4K
}

in_their_folder() (
	GMEMCTL_RUNTIME_DIR=$scratch/theirs
	granted=$1
	shift
	document "$granted" '' "$@"
)

# on_held CAPABILITIES COMMAND...: runs it on a VM of root, and in the folder of another user's holders.
on_held() {
	[ -e "$GMEMCTL_RUNTIME_DIR/gmemctl/held.vm" ] ||
		"$BUILD/gmemctl" create held --size=16K > "$scratch/said" 2>&1
	granted=$1
	shift
	document "$granted" '' "$@"
	in_their_folder "$granted" "$@"
}

# on_lost CAPABILITIES COMMAND...: runs it on a VM of root that has lost its files.
on_lost() (
	GMEMCTL_RUNTIME_DIR=$scratch/lost
	granted=$1
	shift
	mkdir -m 700 "$GMEMCTL_RUNTIME_DIR"
	"$BUILD/gmemctl" create gone --size=16K > "$scratch/said" 2>&1
	rm -rf "$GMEMCTL_RUNTIME_DIR"
	document "$granted" '' "$@"
	"$BUILD/gmemctl" destroy gone --if-exists > "$scratch/said" 2>&1
)

# report_to FOLDER CAPABILITIES READER: prints this test's rows of the report, and what it says of the rest.
report_to() {
	rm -rf "$1"
	with "$2" "$BUILD/gmemctl" --json "--reader=$3" report -o "$1" > "$scratch/whole" 2> "$scratch/said"
	note_status $?
	for file in doctor directmap list; do
		[ -e "$1/$file.json" ] || continue
		cp "$1/$file.json" "$scratch/document"
		note_status "$(jq .status "$scratch/document")"
		[ $file = list ] || words
	done
	[ ! -e "$1/list.json" ] || grep -E "\"pid\":($ours)," "$1/list.json" | steady
}

# Writes a report into a folder of root, and into one of another user.
reported() {
	report_to "$scratch/report" "$1" "$2"
	report_to "$scratch/folder/report" "$1" "$2"
}

# Without --json: the command's own output would be lost in the document.
executed() {
	on_held "$1" status held > "$scratch/whole"
	with "$1" "$BUILD/gmemctl" exec held -- sh -c "echo \"\$GMEM_NAME\"" 2> "$scratch/said"
	note_status $?
	in_their_folder "$1" exec held -- true
}

# Prints this test's rows of top on a terminal, without numbers, which differ each time. Prints messages, too.
on_screen() {
	rm -f "$scratch/status"
	: > "$scratch/said"
	cat > "$scratch/run" << EOT
${SETPRIV:-setpriv} $(
		# shellcheck disable=SC2086 # words
		only $1
	) '$BUILD/gmemctl' --reader=$2 top --interval=0.5 2> '$scratch/said'
echo \$? > '$scratch/left'
mv '$scratch/left' '$scratch/status'
EOT
	terminal 200 100 "$scratch/run"
	for _ in $(seq 300); do
		look
		! grep -q guest_memfd "$scratch/screen" || grep -q 'looking at all' "$scratch/screen" || break
		[ ! -e "$scratch/status" ] || break
		sleep 0.1
	done
	press q 2> "$scratch/tmux"
	await_status
	note_status "$(cat "$scratch/status")"
	grep -E "^ *($ours) " "$scratch/screen" | steady | tr -s ' ' | sort
	steady "$scratch/said"
}

say() {
	case $1 in
	top) on_screen "$3" "$2" ;;
	list) document_of_list "$3" "$2" ;;
	pfns | check)
		document "$3" "$2" "$1" "$other:$fd"
		document "$3" "$2" "$1" "$mapped:mmap"
		# Only a process that can read /proc/iomem knows that nobody owns the first page.
		[ "$1" = pfns ] || document "$3" "$2" check --pfn=0
		;;
	directmap) document "$3" "$2" directmap --holes ;;
	oops) document "$3" "$2" oops --dmesg ;;
	pfn) document "$3" "$2" pfn "$other_pfn" "$mapped_pfn" ;;
	watch) changes "$3" "$2" ;;
	metrics) samples "$3" "$2" ;;
	batch) document "$3" "$2" batch --keep-going "$scratch/batch" ;;
	create) held_by_it "$3" "$2" ;;
	convert) on_held "$3" convert held 0+4K private ;;
	map | punch) on_held "$3" "$1" held 0+4K ;;
	finalize) on_held "$3" "$1" held ;;
	status | destroy)
		on_held "$3" "$1" held
		on_lost "$3" "$1" gone
		;;
	report) reported "$3" "$2" ;;
	exec) executed "$3" ;;
	*) document "$3" "$2" "$1" ;;
	esac
}

# answer COMMAND READER CAPABILITIES: runs the command once for each. The file $answered has the answer.
answer() {
	case $3 in
	"$full") answered="$scratch/answers/$1 $2 all" ;;
	*) answered="$scratch/answers/$1 $2 $3" ;;
	esac
	[ -e "$answered" ] || say "$@" > "$answered"
}

# Whether the last answer admits that it is incomplete.
admits() {
	grep -qv '^0$' "$answered.statuses" || grep -q cannot-tell "$answered" ||
		grep -qE '"owners_complete":false|"not_ram_reason":"' "$answered"
}
