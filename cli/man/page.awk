# SPDX-License-Identifier: GPL-2.0-or-later
# Pages of section 8 take what the command says of itself (gmemctl --describe):
#   awk -f page.awk DESCRIBE PAGE
#   @options       a paragraph for each option of the page's command, or for the common ones
#   @columns       one for each column
#   @capabilities  one for each command
#   @failures      one for each code of a JSON document's error
#   @more NAME TEXT, below one of them: TEXT stands behind what is said of NAME
# What cannot be done is said on standard error, and is an error.
BEGIN {
	while ((getline line < ARGV[1]) > 0)
		rows[++n_rows] = line
	if (!n_rows)
		fail(ARGV[1] " says nothing")
	command = ARGV[2]
	sub(/.*\//, "", command)
	command = command == "gmemctl.8.scd" ? "-" : substr(command, 9, length(command) - 14)
	ARGV[1] = ""
}

function fail(what) {
	print FILENAME ": " what > "/dev/stderr"
	failed = 1
}

# A sentence, as scdoc writes it.
function sentence(text) {
	gsub(/[\\_*]/, "\\\\&", text)
	text = toupper(substr(text, 1, 1)) substr(text, 2)
	return text ~ /[.?!]$/ ? text : text "."
}

function paragraph(name, head, text) {
	print head "\n\t" text (name in more ? " " more[name] : "") "\n"
	delete more[name]
	n_written++
}

function option_head(row) {
	return (row[4] == "-" ? "" : "*" row[4] "*, ") "*" row[3] "*" \
		(row[6] == "required" ? "=_" row[5] "_" : row[6] == "optional" ? "[=_" row[5] "_]" : "")
}

function capabilities(names) {
	gsub(/,/, ", ", names)
	gsub(/_/, "\\_", names)
	return names == "-" ? "none" : names
}

# Writes what a marker stands for, with what was said below it.
function expand(i, row) {
	if (!marker)
		return
	n_written = 0
	for (i = 1; i <= n_rows; i++) {
		split(rows[i], row, "\t")
		if (marker == "options" && row[1] == "option" && row[2] == command)
			paragraph(row[3], option_head(row), sentence(row[7]))
		if (marker == "columns" && row[1] == "column" && row[2] == command)
			paragraph(row[3], "*" row[3] "*" (row[6] == "shown" ? " (shown)" : ""),
				sentence(row[7]))
		if (marker == "capabilities" && row[1] == "command")
			paragraph(row[2], "*" row[2] "*", capabilities(row[6]))
		if (marker == "failures" && row[1] == "failure")
			paragraph(row[2], "_" row[2] "_", sentence(row[3]))
	}
	if (!n_written)
		fail("@" marker ": gmemctl has none")
	for (i in more)
		fail("@more " i ": there is none of that name")
	split("", more)
	marker = ""
}

/^@(options|columns|capabilities|failures)$/ {
	expand()
	marker = substr($0, 2)
	next
}
/^@more [^ ]+ ./ && marker {
	name = $0
	sub(/^@more /, "", name)
	text = name
	sub(/ .*/, "", name)
	more[name] = substr(text, length(name) + 2)
	next
}
/^@/ { fail("what is this: " $0) }
marker && $0 == "" { next } # the last paragraph brings its own
{
	expand()
	print
}
END {
	expand()
	exit failed
}
