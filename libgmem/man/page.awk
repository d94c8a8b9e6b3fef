# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a page of section 3: awk -f page.awk PAGE.3.scd. What a function does stands in its header,
# once; these lines of a page are replaced by what include/gmem says:
#
#   @types HEADER NAMES       structs, enums, callbacks and constants, as they are declared
#   @functions HEADER NAMES   a heading and the comment for each function, with its prototype
#
# NAMES is an extended regular expression for the whole name. Variable LIST=1 prints the names of
# the page's functions instead, one a line.

function escaped(text)
{
	text = doubled(text)
	gsub(/[*_`]/, "\\\\&", text)
	return text
}

# The text of a comment: paragraphs and lists, and what users look for on lines of its own.
function prose(comment,    lines, n, i, line, text)
{
	n = split(comment, lines, "\n")
	text = ""
	for (i = 1; i <= n; i++) {
		line = lines[i]
		sub(/^[ \t]*(\/\*|\*\/|\*)[ \t]?/, "", line)
		sub(/[ \t]*\*\/[ \t]*$/, "", line)
		if (line ~ /^[ \t]*$/)
			text = text "\n\n"
		else if (line ~ /^ - /)
			text = text "\n" substr(line, 2)
		else
			text = text (text == "" || text ~ /\n$/ ? "" : " ") line
	}
	text = escaped(text)
	gsub(/ ?(Errors|Errors then|Kernel source|Since): /, "\n\n&", text)
	gsub(/\n\n +/, "\n\n", text)
	gsub(/^\n+|[ \n]+$/, "", text)
	return text
}

# scdoc shows one of two backslashes, in a literal block as elsewhere.
function doubled(text,    parts, n, i, result)
{
	n = split(text, parts, /\\/)
	result = parts[1]
	for (i = 2; i <= n; i++)
		result = result "\\\\" parts[i]
	return result
}

# Tabs as the source means them: to every eighth column.
function expanded(code,    lines, n, i, at, text)
{
	n = split(doubled(code), lines, "\n")
	text = ""
	for (i = 1; i <= n; i++) {
		while ((at = index(lines[i], "\t")))
			lines[i] = substr(lines[i], 1, at - 1) \
				substr("        ", (at - 1) % 8 + 1) substr(lines[i], at + 1)
		text = text (i > 1 ? "\n" : "") lines[i]
	}
	return text
}

function literal(code)
{
	sub(/\n+$/, "", code)
	print "```"
	print expanded(code)
	print "```\n"
}

function name_of_function(code,    name)
{
	name = code
	gsub(/\n/, " ", name)
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
	return name
}

function name_of_type(code,    name)
{
	name = code
	if (name ~ /^#define/) {
		sub(/^#define[ \t]+/, "", name)
		sub(/[ \t(].*/, "", name)
	} else if (name ~ /^typedef/) {
		sub(/^.*\(\*/, "", name)
		sub(/\).*/, "", name)
	} else {
		sub(/^(struct|enum)[ \t]+/, "", name)
		sub(/[ \t;{].*/, "", name)
	}
	return name
}

# One declaration with the comment before it.
function take(code, comment,    name)
{
	if (code ~ /^GMEM_API/) {
		name = name_of_function(code)
		if (name !~ wanted || !functions)
			return
		if (LIST) {
			print name
			return
		}
		sub(/^GMEM_API /, "", code)
		print "## " name "()\n"
		literal(code)
		if (comment != "")
			print prose(comment) "\n"
		else
			print FILENAME ": " name " has no comment" > "/dev/stderr"
	} else if (!functions && !LIST) {
		name = name_of_type(code)
		if (name !~ wanted || name ~ /_H$/ || name == "GMEM_API")
			return
		sub(/[ \n]+$/, "", comment)
		literal((comment == "" ? "" : comment "\n") code)
	}
}

function read_header(header,    file, line, comment, code, open)
{
	file = "include/gmem/" header
	comment = code = ""
	open = ""
	while ((getline line < file) > 0) {
		if (open == "comment") {
			comment = comment "\n" line
			if (line ~ /\*\//)
				open = ""
		} else if (open == "code") {
			code = code "\n" line
			if ((code ~ /^(struct|enum)[^(;]*\{/ && line ~ /^};/) ||
			    (code !~ /^(struct|enum)[^(;]*\{/ && line ~ /;[^;]*$/)) {
				take(code, comment)
				comment = ""
				open = ""
			}
		} else if (line ~ /^\/\*/) {
			comment = line
			if (line !~ /\*\//)
				open = "comment"
		} else if (line ~ /^#define/) {
			while (line ~ /\\$/ && (getline code < file) > 0)
				line = line "\n" code
			take(line, comment)
			comment = ""
		} else if (line ~ /^(GMEM_API|struct|enum|typedef)/) {
			code = line
			if (line ~ /;[^;]*$/ && line !~ /\{[ \t]*$/) {
				take(code, comment)
				comment = ""
			} else {
				open = "code"
			}
		} else if (line ~ /^$/) {
			comment = ""
		}
	}
	close(file)
}

/^@(types|functions) / {
	functions = $1 == "@functions"
	wanted = "^(" $3 ")$"
	read_header($2)
	next
}

/^```/ {
	in_literal = !in_literal
}

!LIST {
	print in_literal ? expanded($0) : $0
}
