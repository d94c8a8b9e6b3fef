#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The completions in a real bash, zsh and fish: they offer what the command has.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

mkdir "$scratch/bin" "$scratch/home"
ln -s "$(realpath "$(program "$BUILD/gmemctl")")" "$scratch/bin/gmemctl"
gmemctl --describe > "$scratch/table"
for name in alpha beta; do
	gmemctl create $name --simulate=plain --size=64K > "$scratch/created" 2>&1 ||
		fail "completion: create $name" "$(cat "$scratch/created")"
done

# Completions look only at the text of a link, so any file of that name stands for a guest_memfd.
# tests/host has a real one.
touch "$scratch/[kvm-gmem]"
sleep 600 9< "$scratch/[kvm-gmem]" &
owner=$!

# A shell gets all lines at once. Then the test checks what it offered for each.
cat > "$scratch/lines" << 'EOT'
gmemctl 
gmemctl doct
gmemctl --json doct
gmemctl --reader=none doct
gmemctl --output x doct
gmemctl walk --vm-type=
gmemctl walk --vm-type s
gmemctl create --vm-type=pro
gmemctl walk --simulate=
gmemctl walk --simulate=no
gmemctl walk --flags=no
gmemctl walk --flags=mmap,no
gmemctl directmap --reader=k
gmemctl doctor --sysroot=tests/hosts/e
gmemctl report -o tests/hosts/e
gmemctl report -o f
gmemctl --json report -o f
gmemctl report --output f
gmemctl caps -o fla
gmemctl pfns --direct-map un
gmemctl pfns --output=
gmemctl pfns -o pid,pf
gmemctl pfns -o +acc
gmemctl pfns -o +
gmemctl walk -o +
gmemctl walk --output=+
gmemctl walk -o +trigger,sou
gmemctl oops --output +inode,writ
gmemctl create 
gmemctl pfns be
gmemctl punch --by-gpa --color=never be
gmemctl check --reader none be
gmemctl convert alpha 
gmemctl convert alpha all 
gmemctl convert alpha all p
gmemctl convert alpha all private 
gmemctl status alpha 
EOT
echo "gmemctl pfns $owner" >> "$scratch/lines"
held='convert map finalize punch status exec destroy'
for command in $held; do
	printf '%s\n' "gmemctl $command " "gmemctl $command al" "gmemctl $command nothing"
done >> "$scratch/lines"
awk -F '\t' '$1 == "command" { print "gmemctl " $2 " --" } END { print "gmemctl --" }' \
	"$scratch/table" >> "$scratch/lines"

offered_in() {
	set -f
	IFS='
'
	# shellcheck disable=SC2046 # a word a line
	set -- "$@" $(cat "$scratch/lines")
	unset IFS
	set +f
	HOME=$scratch/home PATH=$scratch/bin:$PATH TERM=xterm "$@" > "$scratch/offered" 2> "$scratch/stderr"
}

# offered LINE: prints the words that the shell offered, sorted.
offered() {
	awk -v line="line: $1" '/^line: / { on = $0 == line; next } on && NF' "$scratch/offered" |
		sed 's/=$//' | sort -u
}

# offers LINE WORD...: whether the shell offered all of these words, and no other.
offers() {
	line=$1
	shift
	wanted=$(printf '%s\n' "$@" | sort -u)
	got=$(offered "$line")
	if [ "$wanted" = "$got" ]; then
		pass "$shell: '$line'"
	else
		fail "$shell: '$line'" "wanted:" "$wanted" "offered:" "$got"
		show stderr
	fi
}

# words CONDITION VALUE: prints fields of the table.
words() {
	awk -F '\t' "$1 { print $2 }" "$scratch/table"
}

# The shells offer the name of a held VM where a command takes one, and nowhere else.
judge_held() {
	for command in $held; do
		offers "gmemctl $command " alpha beta
		offers "gmemctl $command al" alpha
		offers "gmemctl $command nothing"
	done
	offers 'gmemctl create '
	offers 'gmemctl pfns be' beta
	offers "gmemctl pfns $owner" "$owner" "$owner:9"
	offers 'gmemctl punch --by-gpa --color=never be' beta
	offers 'gmemctl check --reader none be' beta
	offers 'gmemctl convert alpha '
	offers 'gmemctl convert alpha all ' private shared
	offers 'gmemctl convert alpha all p' private
	offers 'gmemctl convert alpha all private '
	offers 'gmemctl status alpha '
}

# added COMMAND: the columns that --output=+COLUMN adds to either table of the command, a + before each if the
# shell offers it so.
added() {
	awk -F '\t' -v command="$1" -v plus="$plus" '($1 == "column" || $1 == "second") && $2 == command &&
		$6 == "more" { print plus tolower($3) }' "$scratch/table"
}

# After a + the shells offer the columns that are not shown without it, those of a second table, too.
# shellcheck disable=SC2016,SC2046 # the dollars of awk; words
judge_added() {
	plus=+
	[ "$shell" != zsh ] || plus=
	if [ -z "$(words '$1 == "second" && $2 == "walk" && $6 == "more"' '$3')" ]; then
		fail "$shell: the table below walk has columns to add" "gmemctl --describe names none"
	fi
	offers 'gmemctl pfns -o +' $(added pfns)
	offers 'gmemctl walk -o +' $(added walk)
	offers 'gmemctl walk --output=+' $(added walk)
	offers 'gmemctl pfns -o +acc' "${plus}access-owner"
	if [ "$shell" = zsh ]; then
		offers 'gmemctl walk -o +trigger,sou' source
		offers 'gmemctl oops --output +inode,writ' writable
	else
		offers 'gmemctl walk -o +trigger,sou' +trigger,source
		offers 'gmemctl oops --output +inode,writ' +inode,writable
	fi
}

judge_offers() {
	# shellcheck disable=SC2016,SC2046 # the dollars of awk; words
	offers 'gmemctl ' $(words '$1 == "command"' '$2')
	for before in '' '--json ' '--reader=none ' '--output x '; do
		offers "gmemctl ${before}doct" doctor
	done
	offers 'gmemctl walk --vm-type=' default sw-protected sev sev-es snp tdx best
	offers 'gmemctl walk --vm-type s' sw-protected sev sev-es snp
	offers 'gmemctl create --vm-type=pro' protected
	# shellcheck disable=SC2046
	offers 'gmemctl walk --simulate=' help $(models)
	offers 'gmemctl walk --simulate=no' no-direct-map
	offers 'gmemctl walk --flags=no' no-direct-map
	if [ "$shell" = zsh ]; then
		offers 'gmemctl walk --flags=mmap,no' no-direct-map
		offers 'gmemctl pfns -o pid,pf' pfn
	else
		offers 'gmemctl walk --flags=mmap,no' mmap,no-direct-map
		offers 'gmemctl pfns -o pid,pf' pid,pfn
	fi
	offers 'gmemctl directmap --reader=k' kcore
	case $shell in # a folder as each shell shows it: zsh shows the parts of a path
	bash)
		offers 'gmemctl doctor --sysroot=tests/hosts/e' tests/hosts/el9
		offers 'gmemctl report -o tests/hosts/e' tests/hosts/el9
		;;
	zsh)
		offers 'gmemctl doctor --sysroot=tests/hosts/e' el9 hosts tests
		offers 'gmemctl report -o tests/hosts/e' el9 hosts tests
		;;
	fish)
		offers 'gmemctl doctor --sysroot=tests/hosts/e' tests/hosts/el9/
		# In report -o takes a folder: the shells offer folders, and no columns.
		offers 'gmemctl report -o tests/hosts/e' tests/hosts/el9/
		offers 'gmemctl report -o f'
		offers 'gmemctl --json report -o f'
		offers 'gmemctl report --output f' file
		offers 'gmemctl caps -o fla' flags
		;;
	esac
	offers 'gmemctl pfns --direct-map un' unmapped unknown
	# shellcheck disable=SC2016,SC2046
	offers 'gmemctl pfns --output=' $(words '$1 == "column" && $2 == "pfns"' 'tolower($3)')
	judge_added
	# shellcheck disable=SC2016
	for command in - $(words '$1 == "command"' '$2'); do
		line="gmemctl $command --"
		[ "$command" != - ] || line='gmemctl --'
		# shellcheck disable=SC2046
		offers "$line" $(words "\$1 == \"option\" && (\$2 == \"-\" || \$2 == \"$command\")" '$3')
	done
}

for shell in bash zsh fish; do
	if ! command -v $shell > "$scratch/which"; then
		skip "$shell completion" "there is no $shell"
		continue
	fi
	case $shell in
	bash) offered_in bash tests/completion/offered.bash ;;
	zsh) offered_in zsh -f tests/completion/offered.zsh ;;
	fish) offered_in fish --no-config tests/completion/offered.fish ;;
	esac
	judge_offers
	judge_held
done
kill "$owner"
finish
