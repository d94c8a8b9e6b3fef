# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Progress of commands that look: only on a terminal, only on standard error, and erased at the end. held.sh
# tests the progress of populating.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

if wrapped || ! command -v script > "$scratch/which"; then
	skip 'progress on a terminal' 'it needs script(1), and time that a run under valgrind hides'
	finish
fi

# Writing two million rows into a file takes longer than a second.
cat > "$scratch/lines" << 'EOT'
create vm --vm-type=sw-protected --size=8G
map vm all --method=allocate --quiet
EOT
on_terminal() {
	{ cat "$scratch/lines"; echo "$1"; } > "$scratch/all"
	script -qec "'$GMEMCTL_FILE' batch --simulate=tdx '$scratch/all' $2" /dev/null < /dev/null > "$scratch/terminal"
	tr '\r' '\n' < "$scratch/terminal" > "$scratch/drawn"
}
bar='^\[=* *\] +[0-9]+%  [0-9.]+[KMG] of 8G  [0-9.]+[KMG]/s  [0-9]+:[0-9]+ left'

on_terminal 'pfns vm --each --noheadings --output=offset' "> '$scratch/rows'"
if grep -qE "$bar" "$scratch/drawn"; then
	pass "pfns draws its progress on a terminal"
else
	fail "pfns draws its progress on a terminal" "$(cat "$scratch/drawn")"
fi
# After the last drawing gmemctl erases the line, before it prints anything else there.
if grep -E -A 1 "$bar" "$scratch/drawn" | tail -n 1 | grep -q "^$(printf '\033')\[K"; then
	pass "pfns erases the line of progress at the end"
else
	fail "pfns erases the line of progress at the end" "$(tail -n 3 "$scratch/drawn" | od -c)"
fi
if ! grep -q "$(printf '\033')" "$scratch/rows"; then
	pass "no line of progress is among the rows"
else
	fail "no line of progress is among the rows" "$(grep -n "$(printf '\033')" "$scratch/rows" | head -n 3)"
fi
for rest in '--quiet|>' '|2> /dev/null >'; do
	on_terminal "pfns vm --each --noheadings --output=offset ${rest%|*}" "${rest#*|} '$scratch/rows'"
	if grep -q '%' "$scratch/drawn"; then
		fail "no progress with ${rest%|*} ${rest#*|}" "$(head -n 3 "$scratch/drawn")"
	else
		pass "no progress with ${rest%|*} ${rest#*|}"
	fi
done

# A report shows each of its steps.
script -qec "'$GMEMCTL_FILE' report --simulate=tdx -o '$scratch/report'" /dev/null < /dev/null > "$scratch/terminal"
tr '\r' '\n' < "$scratch/terminal" > "$scratch/drawn"
for step in '0 of 5  doctor' '2 of 5  list' '4 of 5  metrics'; do
	if grep -q "%  $step" "$scratch/drawn"; then
		pass "report shows its step: $step"
	else
		fail "report shows its step: $step" "$(head -n 12 "$scratch/drawn")"
	fi
done
try 0 '^doctor.json' '' gmemctl report --simulate=tdx -o "$scratch/report2"
finish
