#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Without privilege gmemctl ends with status 3 and the reason, or reports what it can. It
# never reports a false fail.
# shellcheck source=tests/host/lib.sh
. tests/host/lib.sh

if [ "$(id -u)" -ne 0 ]; then
	skip "as an unprivileged user" "the tests must run as root to become another user"
	finish
fi
case $GMEMCTL in
*' '*)
	skip "as an unprivileged user" "the command runs under a tool that this user cannot read"
	finish
	;;
esac
if reader_missing; then
	skip "as an unprivileged user" "root cannot read kernel memory either: $why"
	finish
fi
# Other users may not be allowed to enter the checkout.
install -d -m 755 "$scratch/bin"
chmod 755 "$scratch"
install -m 755 "$GMEMCTL" "$scratch/bin/gmemctl"

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$scratch/bin/gmemctl" "$@"
}

# Root may have let all users read kernel memory (file capabilities, BPF options).
# Then this test says nothing.
if as_nobody directmap --json > "$scratch/look" 2> "$scratch/look.err"; then
	skip "as an unprivileged user" "this kernel lets every user read kernel memory"
	finish
fi
try 3 '' 'root|CAP_|privilege' as_nobody directmap
try_json 3 '.error.message | test("root|CAP_")' as_nobody directmap --json
try 3 '*' 'CAP_BPF|root' as_nobody check --pfn 4096
try_json 3 '.verdict_now == "unknown" or .error != null' as_nobody check --pfn 4096 --json
try 3 '' 'CAP_' as_nobody pfns "$$"
try 3 '*' 'may not be looked at, process [0-9]+ the first: root' as_nobody list
try_json 3 '.guest_memfds == [] and .processes.denied > 0 and .error != null' \
	as_nobody list --json
# Everybody may see node and zone. gmemctl reports that the other values are unknown.
try_json 3 '.frames[0] | .node != null and .direct_map == "unknown" and .ram == null and
	.owner == null and .reason != null' as_nobody pfn 4096 --json
as_nobody doctor --json > "$scratch/doctor" 2> "$scratch/doctor.err"
wrong=$(jq -r '.checks[] | select(.result == "fail") | .id' "$scratch/doctor" |
	grep -E '^(machine\.virtual|kernel\.version|reader\.(bpf|privilege|control|usable)|memory|kvm\.)')
if [ -s "$scratch/doctor" ] && [ -z "$wrong" ]; then
	pass "doctor fails no check only because the user may not see something"
else
	fail "doctor fails no check only because the user may not see something" "$wrong" "$(cat "$scratch/doctor.err")"
fi
# If KVM offers something to root, other users get no "no": it is theirs, too, or gmemctl cannot tell.
for purpose in guest-memfd private tdx snp; do
	gmemctl doctor --for=$purpose -q > "$scratch/root" 2>&1
	root=$?
	as_nobody doctor --for=$purpose -q > "$scratch/nobody" 2>&1
	nobody=$?
	if [ $root -ne 0 ] && [ $nobody -eq $root ]; then
		pass "doctor --for=$purpose: $nobody, as for root"
	elif [ $nobody -eq 3 ] || { [ $root -eq 0 ] && [ $nobody -eq 0 ]; }; then
		pass "doctor --for=$purpose: $nobody, where root has $root"
	else
		fail "doctor --for=$purpose: $nobody, where root has $root" "$(cat "$scratch/nobody")"
	fi
done
# Commands that need no privilege work.
try 0 'gmemctl' '' as_nobody --version
try 0 'simulated: no-direct-map' '*' as_nobody --simulate=no-direct-map walk
finish
