# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # helper and scratch are set by what is sourced
# Another user tries to make root write to a file of others, or read from it.
# shellcheck source-path=SCRIPTDIR source=../host/lib.sh
. "$(dirname "$0")/../host/lib.sh"

attacks=$BUILD/tests/hostile
victim=$scratch/victim
sticky=$scratch/sticky
mkdir "$sticky"
chmod 1777 "$sticky"

# whole NAME: whether the victim's file is unchanged.
whole() {
	if [ "$(cat "$victim")" = "root's" ]; then
		pass "$1"
	else
		fail "$1" "$(head -n 3 "$victim")"
	fi
}

# metrics -O, while another user swaps its FILE for a symbolic link and back.
echo "root's" > "$victim"
if start swap "$attacks/swap-link" "$sticky" gmemctl.prom "$victim"; then
	round=0 written=0 refused=0 other=
	while [ $round -lt 60 ]; do
		rm -f "$sticky/gmemctl.prom"
		gmemctl metrics --simulate=plain -O "$sticky/gmemctl.prom" 2> "$scratch/err"
		case $? in
		0) written=$((written + 1)) ;;
		2) refused=$((refused + 1)) ;;
		*) other="$other $?" ;;
		esac
		round=$((round + 1))
	done
	stop
	whole "metrics -O does not write through a link that another user swaps: $written written, $refused refused"
	if [ -z "$other" ] && [ -z "$(find "$sticky" -name '.gmemctl*')" ]; then
		pass 'metrics -O leaves no other file in the folder'
	else
		fail 'metrics -O leaves no other file in the folder' "$other" "$(ls -lA "$sticky")"
	fi
	rm -f "$sticky/gmemctl.prom"
	ln -s "$victim" "$sticky/gmemctl.prom"
	chown -h 65534 "$sticky/gmemctl.prom"
	try 2 '' 'a symbolic link of another user, with uid 65534' \
		gmemctl metrics --simulate=plain -O "$sticky/gmemctl.prom"
	whole 'metrics -O does not write through a symbolic link of another user'
else
	skip 'metrics -O does not write through a link that another user swaps' "$(tail -n 1 "$scratch/swap.err")"
fi

# map --from: the client is root without capabilities, and its holder has some. The client's rights decide.
head -c 4096 /dev/zero > "$scratch/others"
chown 65534 "$scratch/others" 2> "$scratch/err"
chmod 600 "$scratch/others"
chmod 755 "$scratch"
if ! with '' true 2> "$scratch/err"; then
	skip 'map --from by a client without capabilities' "$(tail -n 1 "$scratch/err")"
elif with '' cat "$scratch/others" > "$scratch/stdout" 2>&1; then
	skip 'map --from by a client without capabilities' "this process can read a file of uid 65534 anyway"
else
	try 0 '' 'simulated' gmemctl create held --simulate=tdx --size=1M
	try 0 '' 'simulated' gmemctl convert held 0+1M private
	try 2 '' 'others: Permission denied' with '' "$GMEMCTL" map held 0+4K --from="$scratch/others"
	try 0 '' 'simulated' gmemctl map held 0+4K --from="$scratch/others"
	# This client sends the same command, but not the file's descriptor.
	try 0 '^2$' 'others: Bad file descriptor' "$tools/holder-client" "$GMEMCTL_RUNTIME_DIR/gmemctl/held.sock" run \
		map held 64K+4K --from="$scratch/others"
	try 0 '' 'simulated' gmemctl destroy held
fi
finish
