#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of the man pages: the test runs each command after "$ " on a simulated kernel. It must print
# what the page shows. A line "..." stands for any number of lines.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

if wrapped; then
	skip "examples of the man pages" "under valgrind nothing would be different"
	finish
fi
mkdir "$scratch/bin"
ln -s "$(realpath "$GMEMCTL")" "$scratch/bin/gmemctl"

# Writes the n-th example of a page to n.command and n.wanted. Like scdoc, it makes one backslash of
# two, and drops a single one.
extract() {
	rm -f "$scratch"/*.command "$scratch"/*.wanted
	sed -e 's/\\\(.\)/\1/g' "$1" | awk -v to="$scratch/" '
		/^```/ { inside = !inside; file = ""; next }
		inside && /^\$ / {
			n++
			print substr($0, 3) > (to n ".command")
			file = to n ".wanted"
			printf "" > file
			next
		}
		inside && /^# / { file = "" }
		inside && file { print > file }
	'
}

for page in cli/man/*.scd; do
	extract "$page"
	for file in "$scratch"/*.command; do
		[ -e "$file" ] || continue
		command=$(cat "$file")
		name=$(tr -d '\134' < "$file") # echo would make a line's end of \n
		PATH=$scratch/bin:$PATH sh -c "$command" > "$scratch/got" 2>&1 < /dev/null
		case $command in
		# Columns without headings: libsmartcols up to 2.38 made them as wide as the headings.
		*--noheadings*) sed -i 's/  */ /g' "${file%.command}.wanted" "$scratch/got" ;;
		esac
		if shows "${file%.command}.wanted" "$scratch/got"; then
			pass "${page##*/}: $name"
		else
			fail "${page##*/}: $name" "the page and the command differ:" \
				"$(diff "${file%.command}.wanted" "$scratch/got")"
		fi
	done
done
finish
