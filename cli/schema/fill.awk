# SPDX-License-Identifier: GPL-2.0-or-later
# Schemas take what the command says of its columns (gmemctl --describe): the description "@column" of
# a key is replaced, and "@failures" by the codes of failures. awk -f fill.awk DESCRIBE SCHEMA
BEGIN {
	while ((getline line < ARGV[1]) > 0) {
		split(line, row, "\t")
		if (row[1] == "column")
			says[row[2], row[4]] = row[7]
		if (row[1] == "failure")
			codes = codes (codes == "" ? "" : ", ") "\"" row[2] "\""
	}
	command = ARGV[2]
	sub(/.*\//, "", command)
	sub(/\.json$/, "", command)
	ARGV[1] = ""
}

/^\t*"[a-z0-9_]+": \{$/ {
	key = $0
	gsub(/[\t": {]/, "", key)
}
/"description": "@column"/ {
	text = says[command, key]
	if (text == "") {
		print FILENAME ": " command " has no column " key > "/dev/stderr"
		failed = 1
	}
	gsub(/[\\"]/, "\\\\&", text)
	text = toupper(substr(text, 1, 1)) substr(text, 2)
	sub(/"@column".*/, "", $0)
	print $0 "\"" text "\","
	next
}
{ sub(/"@failures"/, "[" codes "]"); print }
END { exit failed }
