# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Bash completion of gmemctl. Commands, options, models and VM types are asked of the command
# itself, so that this file never falls behind it.

# Commands, from the list that --help ends with.
_gmemctl_commands() {
	gmemctl --help 2> /dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\)  .*/\1/p'
}

# Long options of a command, each with a = where it takes an argument.
_gmemctl_options() {
	# shellcheck disable=SC2086 # no command is no word
	gmemctl $1 --help 2> /dev/null |
		sed -n 's/^ \{2,\}\(-[A-Za-z], \)\{0,1\}\(--[a-z-]*\(\[\{0,1\}=\)\{0,1\}\).*/\2/p' |
		sed 's/\[=$//'
}

# Processes that hold a guest_memfd, as far as this user may look.
_gmemctl_owners() {
	local link
	for link in /proc/[0-9]*/fd/*; do
		[[ $(readlink "$link" 2> /dev/null) == *"[kvm-gmem]"* ]] || continue
		link=${link#/proc/}
		printf '%s\n' "${link%%/*}" "${link%%/*}:${link##*/}"
	done
}

_gmemctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command="" word words
	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* || $word == = ]] || { command=$word; break; }
	done
	[[ $cur == = ]] && cur=
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	case $prev in
	--simulate) words=$(gmemctl --simulate=help 2> /dev/null | sed -n 's/^  \([a-z-]*\) .*/\1/p') ;;
	--vm-type) words="default sw-protected sev sev-es snp tdx best" ;;
	--flags) words="mmap init-shared no-direct-map" ;;
	--reader) words="bpf kcore none" ;;
	--format | -f) words="openmetrics prometheus nfd" ;;
	--color) words="auto always never" ;;
	*)
		if [[ $cur == -* ]]; then
			words=$(_gmemctl_options "$command")
		elif [[ -z $command ]]; then
			words=$(_gmemctl_commands)
		else
			case $command in
			pfns | check) words=$(_gmemctl_owners) ;;
			*) words="" ;;
			esac
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2> /dev/null
	[[ $cur == *:* ]] && declare -F __ltrim_colon_completions > /dev/null &&
		__ltrim_colon_completions "$cur"
	return 0
}

complete -F _gmemctl gmemctl
