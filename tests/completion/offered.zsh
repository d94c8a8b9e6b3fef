# SPDX-License-Identifier: GPL-2.0-or-later
# What an interactive zsh offers at the end of a line: zsh -f offered.zsh LINE...
# Prints "line: LINE", then each word offered. A shell of its own runs in a pseudo-terminal; every
# match that it adds is written to a file instead of the terminal.
zmodload zsh/zpty zsh/zselect || exit 2
folder=${0:A:h:h:h}/completions
hits=$(mktemp) || exit 2
trap 'rm -f $hits $hits.rc' EXIT

cat > $hits.rc << END
PROMPT='%% '
fpath=($folder \$fpath)
autoload -Uz compinit
compinit -u -D
unsetopt beep
compadd() {
	local -a got
	builtin compadd -O got "\$@"
	(( \$#got )) && print -rl -- \$got >> $hits
	builtin compadd "\$@"
}
offered() { _main_complete; print -r -- "<end>" >> $hits }
zle -C offered list-choices offered
bindkey '^Xz' offered
print -r -- "<ready>" >> $hits
END

zpty shell zsh -f -i || exit 2
zpty -w shell "source $hits.rc"

# Waits until the shell has written the word; what it draws is thrown away.
wait_for() {
	local drawn i
	for ((i = 0; i < 600; i++)); do
		while zpty -rt shell drawn; do :; done
		grep -qxF -e "$1" $hits && return
		zselect -t 5
	done
	print -r "the shell does not answer" >&2
	exit 2
}
wait_for '<ready>'
for line in "$@"; do
	: > $hits
	zpty -n -w shell $line$'\C-xz'
	wait_for '<end>'
	print -r -- "line: $line"
	grep -vxF '<end>' $hits
	zpty -n -w shell $'\C-u'
done
zpty -d shell
exit 0
