#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The units of packaging/systemd, run by systemd with all their limits. The services start, see what root
# sees, and write their files. AppArmor confines them and denies nothing.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

folder=/var/lib/prometheus/node-exporter
features=/etc/kubernetes/node-feature-discovery/features.d
units=/run/systemd/system
cp "$BUILD/gmemctl" /usr/local/sbin/gmemctl
mkdir -p $folder $features
for unit in packaging/systemd/*; do
	name=$(basename "$unit" .in)
	sed -e 's|@sbindir@|/usr/local/sbin|' -e 's|@docdir@|/usr/local/share/doc|' "$unit" > "$units/$name"
	# No other service of this machine starts, and no journal. (The metrics' service asks for a
	# priority of the block layer, which the test kernel does not have.)
	mkdir "$units/$name.d"
	printf '[Unit]\nDefaultDependencies=no\n' > "$units/$name.d/alone.conf"
	case $name in
	*.service)
		printf '[Service]\nStandardError=file:/run/said\nIOSchedulingClass=\n' \
			>> "$units/$name.d/alone.conf"
		;;
	esac
done

denied() {
	dmesg | grep -c 'apparmor="DENIED".*profile="gmemctl-metrics"'
}

try 0 '' '' apparmor_parser --replace --skip-cache "$BUILD/gmemctl-metrics.apparmor"
try 0 '^gmemctl-metrics \(enforce\)$' '' cat /sys/kernel/security/apparmor/profiles
try 0 '' '' systemctl daemon-reload

# A VMM of another user. The service must see it.
chmod 666 /dev/kvm
start other setpriv --reuid=65534 --regid=65534 --clear-groups "$tools/host-memory"
gmemctl metrics --format=prometheus --output-file="$scratch/as-root" 2> "$scratch/said"

try 0 '' '' systemctl start gmemctl-metrics.service
try 0 '^gmemctl_complete 1' '' cat $folder/gmemctl.prom
# Without the lines that differ between any two runs: the time, and the number of processes.
for file in $folder/gmemctl.prom "$scratch/as-root"; do
	grep -v -e seconds -e '^gmemctl_processes{result="seen"}' "$file" > "$scratch/${file##*/}.steady"
done
same "gmemctl-metrics.service writes the same metrics as gmemctl run by root" "$scratch/as-root.steady" "$scratch/gmemctl.prom.steady"
if promtool=$(packaging/cached promtool 2> "$scratch/why"); then
	try 0 '' '' sh -c "$promtool check metrics < $folder/gmemctl.prom"
else
	skip "promtool accepts the metrics of the service" "$(cat "$scratch/why")"
fi
try 0 '' '' systemctl start gmemctl-features.service
try 0 '^# \+expiry-time=' '' cat $features/gmemctl
gmemctl metrics --format=nfd | grep -v '^#' > "$scratch/features-of-root"
grep -v '^#' $features/gmemctl > "$scratch/features"
same "gmemctl-features.service writes the same features as gmemctl run by root" "$scratch/features-of-root" "$scratch/features"
try 0 '^gmemctl-reader=page-tables-bpf$' '' cat "$scratch/features"
try 0 '' '' systemctl start gmemctl-metrics.timer gmemctl-features.timer
try 0 'gmemctl-metrics.service' '' systemctl list-timers --no-pager
if [ "$(denied)" -eq 0 ]; then
	pass "AppArmor denies the two services nothing"
else
	fail "AppArmor denies the two services nothing" "$(dmesg | grep DENIED | head -n 5)"
fi

# The profile does confine: it denies another program, and a file in another folder.
printf '[Service]\nReadWritePaths=/var/tmp\nExecStart=\nExecStart=/usr/local/sbin/gmemctl metrics %s\n' \
	--output-file=/var/tmp/elsewhere > "$units/gmemctl-metrics.service.d/elsewhere.conf"
systemctl daemon-reload
try 1 '' '*' systemctl start gmemctl-metrics.service
if [ "$(denied)" -gt 0 ] && [ ! -e /var/tmp/elsewhere ]; then
	pass "AppArmor denies gmemctl-metrics.service a file outside its folder"
else
	fail "AppArmor denies gmemctl-metrics.service a file outside its folder" "$(dmesg | tail -n 5)"
fi
stop
finish
