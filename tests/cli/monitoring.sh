# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2016,SC2317 # of jq and PromQL
# Files that are installed beside the command: alerts, a dashboard, systemd units.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

rules=packaging/prometheus/gmemctl.rules.yml
dashboard=packaging/grafana/gmemctl.json
if promtool=$(packaging/cached promtool 2> "$scratch/why") || promtool=$(command -v promtool); then
	try 0 'SUCCESS: [0-9]+ rules' '' "$promtool" check rules "$rules"
	try 0 'SUCCESS' '' "$promtool" test rules tests/prometheus/gmemctl.rules.test.yml
	alerts=$(grep -c -- '- alert:' "$rules")
	tested=$(sed -n 's/.*alertname: //p' tests/prometheus/gmemctl.rules.test.yml | sort -u | wc -l)
	if [ "$alerts" -eq "$tested" ]; then
		pass "a test of promtool names each of $alerts alerts"
	else
		fail "a test of promtool names each of $alerts alerts" "$tested are"
	fi
else
	skip "alert rules" "there is no promtool: run make deps"
fi

# They use only metrics that gmemctl writes: the names in the sources, with or without _total.
grep -oh '"gmemctl_[a-z_]*"' cli/commands/metrics/*.c | tr -d '"' | sort -u > "$scratch/known"
sed 's/$/_total/' "$scratch/known" | cat - "$scratch/known" | sort -u > "$scratch/names"
for file in "$rules" "$dashboard"; do
	unknown=$(grep -oh 'gmemctl_[a-z_]*' "$file" | sort -u | comm -23 - "$scratch/names")
	if [ -z "$unknown" ]; then
		pass "$file uses only metrics that gmemctl writes"
	else
		fail "$file uses only metrics that gmemctl writes" "$unknown"
	fi
done
try 0 '^true$' '' jq '.uid == "gmemctl" and ([.panels[].id] | length == (unique | length)) and
	all(.panels[]; .title != "" and all(.targets[]; .expr | contains("$instance")))' "$dashboard"

# The manual's SET-UP section names what is installed: alerts, units, folders. Prometheus accepts its
# example of a configuration.
page=cli/man/gmemctl-metrics.8.scd
{
	sed -n 's/^ *- alert: //p' "$rules"
	basename -a packaging/systemd/*.timer packaging/systemd/gmemctl-metrics.service.in | sed 's/\.in$//'
	sed -n 's/^ReadWritePaths=//p' packaging/systemd/*.service.in
	sed -n 's/^ConditionPathIsDirectory=//p' packaging/systemd/*.service.in
	printf '%s\n' "/gmemctl/prometheus/${rules##*/}" "/gmemctl/grafana/${dashboard##*/}"
} > "$scratch/wanted"
missing=$(while read -r word; do
	grep -qF -e "$word" "$page" || echo "$word"
done < "$scratch/wanted")
if [ -z "$missing" ] && [ "$(wc -l < "$scratch/wanted")" -gt 12 ]; then
	pass "the manual's set-up names $(wc -l < "$scratch/wanted") alerts, units and paths"
else
	fail "the manual's set-up names all alerts, units and paths" "it lacks:" "$missing"
fi

# Some labels have a fixed set of words. The page names each word that a run writes.
for model in tdx snp; do
	gmemctl metrics --simulate=$model 2> "$scratch/err"
done | grep -oE '(result|resource|direct_map|level|guest_memfd)="[^"]*"' | sort -u > "$scratch/labels"
missing=$(tr '=' ' ' < "$scratch/labels" | tr -d '"' | while read -r label word; do
	sed 's/\\//g' "$page" | grep -FA1 -e "_${label}_" | grep -qF -e "*$word*" || echo "$label $word"
done)
if [ -z "$missing" ] && [ "$(wc -l < "$scratch/labels")" -gt 12 ]; then
	pass "the manual explains the $(wc -l < "$scratch/labels") values of labels"
else
	fail "the manual explains the values of labels" "it lacks:" "$missing"
fi

sed -n '/^# SET-UP$/,/^# EXIT/p' "$page" | awk '/^rule_files:$/ { on = 1 } /^```$/ { on = 0 } on' > "$scratch/prometheus.yml"
if [ -n "$promtool" ]; then
	try 0 'SUCCESS' '' "$promtool" check config --syntax-only "$scratch/prometheus.yml"
else
	skip "the manual's prometheus.yml" "there is no promtool: run make deps"
fi

if command -v systemd-analyze > "$scratch/which"; then
	# systemd-analyze verify requires that the unit's program exists.
	mkdir "$scratch/units"
	for unit in packaging/systemd/*; do
		name=$(basename "$unit" .in)
		sed -e "s|@sbindir@/gmemctl|$BUILD/gmemctl|" -e "s|@docdir@|$scratch|" "$unit" \
			> "$scratch/units/$name"
	done
	touch "$scratch/README.md"
	for name in gmemctl-metrics gmemctl-features; do
		try 0 '' '' systemd-analyze verify --man=no "$scratch/units/$name.service" \
			"$scratch/units/$name.timer"
		try 0 'Overall exposure' '*' systemd-analyze security --offline=true --threshold=20 \
			"$scratch/units/$name.service"
	done
else
	skip "units of systemd" "there is no systemd-analyze"
fi
finish
