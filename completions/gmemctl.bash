# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016 # the dollars of awk
# Bash completion of gmemctl. Commands, options, columns and words are asked of the command itself
# (gmemctl --describe), so that this file never falls behind it.

# Rows of the table: _gmemctl_table AWK-CONDITION AWK-VALUE, with the command in cmd.
_gmemctl_table() {
	gmemctl --describe 2> /dev/null | awk -F '\t' -v cmd="${command:--}" "$1 { print $2 }"
}

# Processes that hold a guest_memfd, as far as this user may look.
_gmemctl_owners() {
	local link
	find /proc/[0-9]*/fd -lname '*\[kvm-gmem]*' 2> /dev/null | while read -r link; do
		link=${link#/proc/}
		printf '%s\n' "${link%%/*}" "${link%%/*}:${link##*/}"
	done
}

# Names of held VMs; none where this gmemctl holds none.
_gmemctl_held() {
	gmemctl status --raw --noheadings --output=name 2> /dev/null
	return 0
}

# What an argument of that name may be.
_gmemctl_words() {
	case $1 in
	COLUMNS) _gmemctl_table '$1 == "column" && $2 == cmd' 'tolower($3)' ;;
	*TARGET*) _gmemctl_owners; _gmemctl_held ;;
	*NAME*) [[ $command == create ]] || _gmemctl_held ;;
	*) _gmemctl_table "\$1 == \"word\" && \$2 == \"$1\"" '$3' ;;
	esac
}

# Files or folders, whose names may have blanks in them.
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

# The name of the argument that an option takes; with "required" only where it must. A command's own
# option comes before a common one of the same letter: it stands later in the table.
_gmemctl_arg() {
	_gmemctl_table "\$1 == \"option\" && (\$2 == \"-\" || \$2 == cmd) && \$5 != \"-\" &&
		(\$3 == \"$1\" || \$4 == \"$1\") && (\"$2\" == \"\" || \$6 == \"$2\")" '$5' | tail -n 1
}

# Sets command, the first word that is no option and no argument of one, and position, how many such
# words come behind it.
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

# The name of the command's argument at that position.
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
	# Lists with commas are completed at their end.
	if [[ $arg == COLUMNS || $arg == FLAGS || $arg == STATUS ]] && [[ $cur == *,* ]]; then
		local before=${cur%,*},
		words=$(printf '%s\n' "$words" | awk -v before="$before" '{ print before $0 }')
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2> /dev/null
	[[ $cur == *:* ]] && declare -F __ltrim_colon_completions > /dev/null &&
		__ltrim_colon_completions "$cur"
	return 0
}

complete -F _gmemctl gmemctl
