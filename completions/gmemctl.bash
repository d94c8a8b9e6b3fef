# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016 # the dollars of awk
# Bash completion of gmemctl. It gets commands, options, columns and words from the command itself (gmemctl
# --describe), so it is always up to date.

# Prints rows of the table: _gmemctl_table AWK-CONDITION AWK-VALUE. In awk, cmd is the command.
_gmemctl_table() {
	gmemctl --describe 2> /dev/null | awk -F '\t' -v cmd="${command:--}" "$1 { print $2 }"
}

# Prints processes that have a guest_memfd, if this user may look at them.
_gmemctl_owners() {
	local link
	find /proc/[0-9]*/fd -lname '*\[kvm-gmem]*' 2> /dev/null | while read -r link; do
		link=${link#/proc/}
		printf '%s\n' "${link%%/*}" "${link%%/*}:${link##*/}"
	done
}

# Prints the names of held VMs. A gmemctl without holders prints nothing.
_gmemctl_held() {
	gmemctl status --raw --noheadings --output=name 2> /dev/null
	return 0
}

# Prints names of columns. A + adds columns, also to a second table: after it only those that are not shown
# without it are of use.
_gmemctl_columns() {
	case $cur in
	+*) _gmemctl_table '$1 ~ /^(column|second)$/ && $2 == cmd && $6 == "more" && !seen[$3]++' 'tolower($3)' ;;
	*) _gmemctl_table '$1 == "column" && $2 == cmd' 'tolower($3)' ;;
	esac
}

# Prints possible values for an argument of that name.
_gmemctl_words() {
	case $1 in
	COLUMNS) _gmemctl_columns ;;
	*TARGET*) _gmemctl_owners; _gmemctl_held ;;
	*NAME*) [[ $command == create ]] || _gmemctl_held ;;
	*) _gmemctl_table "\$1 == \"word\" && \$2 == \"$1\"" '$3' ;;
	esac
}

# Offers files or folders. Their names may contain blanks.
_gmemctl_paths() {
	local what
	case $1 in
	*FILE*) what=-f ;;
	*DIR*) what=-d ;;
	*) return 1 ;;
	esac
	mapfile -t COMPREPLY < <(compgen "$what" -- "$cur")
	compopt -o filenames 2> /dev/null
	return 0
}

# Prints the name of the argument that an option takes; with "required" only if the argument is required. A
# command's own option comes before a common one of the same letter: it is later in the table.
_gmemctl_arg() {
	_gmemctl_table "\$1 == \"option\" && (\$2 == \"-\" || \$2 == cmd) && \$5 != \"-\" &&
		(\$3 == \"$1\" || \$4 == \"$1\") && (\"$2\" == \"\" || \$6 == \"$2\")" '$5' | tail -n 1
}

# Sets command to the first word that is not an option or an option's argument, and position to the
# number of such words after it.
_gmemctl_place() {
	local i word
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		=) ((i++)) ;;
		-*) [[ ${COMP_WORDS[i + 1]} == = || -z $(_gmemctl_arg "$word" required) ]] || ((i++)) ;;
		*) if [[ -z $command ]]; then command=$word; else ((position++)); fi ;;
		esac
	done
}

# Prints the name of the command's argument at that position.
_gmemctl_positional() {
	_gmemctl_table '$1 == "command" && $2 == cmd' '$3' |
		awk -v at="$((position + 1))" '{ print $at }'
}

_gmemctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} arg="" words
	local command="" position=0
	COMPREPLY=()
	_gmemctl_place
	if [[ $cur == = ]]; then
		cur=
		arg=$(_gmemctl_arg "$prev")
	elif [[ $prev == = ]]; then
		arg=$(_gmemctl_arg "${COMP_WORDS[COMP_CWORD - 2]}")
	elif [[ $prev == -* ]]; then
		arg=$(_gmemctl_arg "$prev" required)
	fi
	[[ -z $arg && -n $command && $cur != -* ]] && arg=$(_gmemctl_positional)
	if _gmemctl_paths "$arg"; then
		return 0
	elif [[ -n $arg ]]; then
		words=$(_gmemctl_words "$arg")
	elif [[ $cur == -* ]]; then
		words=$(_gmemctl_table '$1 == "option" && ($2 == "-" || $2 == cmd)' \
			'$3 ($6 == "required" ? "=" : "")')
	elif [[ -z $command ]]; then
		words=$(_gmemctl_table '$1 == "command"' '$2')
	fi
	# In a list with commas the last item is completed, and in a list that begins with + what follows it.
	if [[ $arg == COLUMNS || $arg == FLAGS || $arg == STATUS ]] && [[ $cur == *,* || $cur == +* ]]; then
		local before=+
		[[ $cur != *,* ]] || before=${cur%,*},
		words=$(printf '%s\n' "$words" | awk -v before="$before" '{ print before $0 }')
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2> /dev/null
	[[ $cur == *:* ]] && declare -F __ltrim_colon_completions > /dev/null &&
		__ltrim_colon_completions "$cur"
	return 0
}

complete -F _gmemctl gmemctl
