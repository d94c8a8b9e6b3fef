# SPDX-License-Identifier: GPL-2.0-or-later
# Pages of section 8 take what the command says of itself (gmemctl --describe):
#   awk -f page.awk DESCRIBE PAGE
#   @options       a paragraph for each option of the page's command, or for the common ones
#   @columns       one for each column
#   @capabilities  one for each command
#   @failures      one for each code of a JSON document's error
#   @metrics       one for each metric
# and what a document has beside its rows, from the schema of the command's name:
#   @facts         a paragraph for each value that is told below the rows
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
	schema = ARGV[2]
	sub(/man\/gmemctl-/, "schema/", schema)
	sub(/\.8\.scd$/, ".json", schema)
	ARGV[1] = ""
}

function fail(what) {
	print FILENAME ": " what > "/dev/stderr"
	failed = 1
}

function escape(text) {
	gsub(/[\\_*]/, "\\\\&", text)
	return text
}

# A sentence, as scdoc writes it.
function sentence(text) {
	text = escape(text)
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

# "*gmemctl\_keys*, gauge (_resource_)"
function metric_head(row) {
	gsub(/,/, "_, _", row[5])
	return "*" escape(row[2]) "*, " row[3] (row[4] == "-" ? "" : ", " row[4]) \
		(row[5] == "-" ? "" : " (_" row[5] "_)")
}

# The first string of a schema's line, and its value where that is a string too.
function key_of(line) {
	gsub(/^\t*"|".*/, "", line)
	return line
}
function value_of(line) {
	sub(/^\t*"[a-z]+": "/, "", line)
	sub(/",?$/, "", line)
	gsub(/\\"/, "\"", line)
	return line
}

# Learns the names of a document's values in their order, and what the schema says of each. A schema
# has a tab for each level: a key of the document stands behind two, one of an object in it behind four.
function read_schema(line, n, name, path) {
	while ((getline line < schema) > 0) {
		n = match(line, /[^\t]/) - 1
		if (line ~ /": \{$/) {
			path[n] = key_of(line)
			if (n == 2)
				path[3] = ""
		}
		if (path[1] != "properties")
			continue
		name = path[3] == "properties" ? path[2] "_" path[4] : path[2]
		if (line ~ /": \{$/ && (n == 2 || (n == 4 && path[3] == "properties")))
			names[++n_names] = name
		if (n == 3 && line ~ /"title": /)
			titles[name] = value_of(line)
		if ((n == 3 || (n == 5 && path[3] == "properties")) && line ~ /"description": /)
			says[name] = value_of(line)
		# An object is told by its values, and rows are columns.
		if ((n == 3 && line ~ /"type": "object"/) ||
		    (n == 4 && path[3] == "items" && line ~ /"type": "object"|"\$ref"/))
			left_out[path[2]]
	}
	close(schema)
}

function facts(i, name, label) {
	read_schema()
	left_out["command"]
	for (i = 1; i <= n_names; i++) {
		name = names[i]
		if (name in left_out || name ~ /_reason$/)
			continue
		if (says[name] == "")
			fail(schema " does not describe " name)
		label = name in titles ? titles[name] : name
		gsub(/_/, " ", label)
		paragraph(name, "*" label "*", sentence(says[name]))
	}
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
		if (marker == "metrics" && row[1] == "metric")
			paragraph(row[2], metric_head(row), sentence(row[6]))
	}
	if (marker == "facts")
		facts()
	if (!n_written)
		fail("@" marker ": gmemctl has none")
	for (i in more)
		fail("@more " i ": there is none of that name")
	split("", more)
	marker = ""
}

/^@(options|columns|facts|capabilities|failures|metrics)$/ {
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
