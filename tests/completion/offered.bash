# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What bash offers at the end of a line: bash offered.bash LINE...
# Prints "line: LINE", then each word offered.
# shellcheck source=completions/gmemctl.bash
. completions/gmemctl.bash
for line in "$@"; do
	echo "line: $line"
	# As readline breaks words: a = is one of its own.
	read -ra COMP_WORDS <<< "${line//=/ = }"
	[[ $line == *' ' ]] && COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_gmemctl
	printf '%s\n' "${COMPREPLY[@]}"
done
