#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The bash completion, in a real bash: what it offers is what the command has.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

if ! command -v bash > "$scratch/bash"; then
	skip "bash completion" "there is no bash"
	finish
fi
printf '#!/bin/sh\nexec %s "$@"\n' "$GMEMCTL" > "$scratch/gmemctl"
chmod +x "$scratch/gmemctl"

# completions WORD...: what is offered for the last word.
completions() {
	PATH=$scratch:$PATH bash -c '
		. completions/gmemctl.bash
		COMP_WORDS=(gmemctl "$@")
		COMP_CWORD=$#
		_gmemctl
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

# offers 'WORDS' WORD...: all of them are offered, and nothing else that does not fit.
offers() {
	wanted=$1
	shift
	completions "$@" > "$scratch/offered"
	for word in $wanted; do
		if ! grep -qxF -e "$word" "$scratch/offered"; then
			fail "completing $*" "$word is not offered"
			return
		fi
	done
	pass "completing '$*'"
}

commands=$(gmemctl --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\)  .*/\1/p')
offers "$commands" ''
offers 'walk' wa
offers 'walk' --json wa
offers 'sw-protected tdx' walk --vm-type = ''
offers 'no-direct-map tdx-no-direct-map' walk --simulate = ''
offers 'no-direct-map' walk --flags = no
offers 'kcore' directmap --reader = k
for command in '' $commands; do
	# shellcheck disable=SC2086 # no command is no word
	options=$(gmemctl $command --help | grep -oE '^ +(-[A-Za-z], )?--[a-z-]+' |
		grep -oE -e '--[a-z-]+' | sort -u)
	# shellcheck disable=SC2086
	completions $command -- | sed 's/=$//' | sort -u > "$scratch/offered"
	if [ -n "$options" ] && [ "$options" = "$(cat "$scratch/offered")" ]; then
		pass "every option of ${command:-gmemctl}"
	else
		fail "every option of ${command:-gmemctl}" "help: $options" \
			"completion: $(cat "$scratch/offered")"
	fi
done
finish
