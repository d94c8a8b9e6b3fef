# SPDX-License-Identifier: GPL-2.0-or-later
# What an interactive zsh offers at the end of a line: zsh -f offered.zsh LINE...
# Prints "line: LINE", then each word offered. A shell of its own runs in a pseudo-terminal; every
# match that it adds is written to a file instead of the terminal. Lines are put into its editor by a
# widget, one after the other.
zmodload zsh/zpty zsh/zselect || exit 2
folder=${0:A:h:h:h}/completions
home=$(mktemp -d) || exit 2
trap 'rm -rf $home' EXIT
hits=$home/hits
print -rl -- "$@" > $home/lines

cat > $home/.zshrc << END
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
offered() { _main_complete }
zle -C offered list-choices offered
zle-line-init() {
	local line
	while IFS= read -r line; do
		print -r -- "line: \$line" >> $hits
		BUFFER=\$line CURSOR=\$#line
		zle offered
	done < $home/lines
	print -r -- "<end>" >> $hits
}
zle -N zle-line-init
END

: > $hits
# Zsh wakes the commands that it waits for with SIGCONT. That takes back the SIGSTOP with which a
# sanitized one's search for leaks attaches to itself, and it would wait for ever.
export ZDOTDIR=$home ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
zpty shell zsh -i || exit 2

# What the shell draws is thrown away, so that it never waits for a reader. Half a minute without one
# more line is no answer.
integer i lines=0
for ((i = 0; i < 600; i++)); do
	while zpty -rt shell drawn; do :; done
	if grep -qxF '<end>' $hits; then
		grep -vxF '<end>' $hits
		zpty -d shell
		exit 0
	fi
	if (( $(wc -l < $hits) > lines )); then
		lines=$(wc -l < $hits) i=0
	fi
	zselect -t 5
done
print -r "the shell does not answer" >&2
exit 2
