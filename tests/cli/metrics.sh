# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# gmemctl metrics: the parsers of those who use its output accept it, and the file that it writes is right.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

metrics() {
	gmemctl metrics "$@"
}
promtool=$(packaging/cached promtool 2> "$scratch/why") || promtool=$(command -v promtool)
openmetrics() {
	tests/tools/parse-openmetrics.py < "$scratch/text"
}
parser=yes
/usr/bin/python3 -c 'import prometheus_client.openmetrics.parser' 2> "$scratch/why.python" || parser=no

for model in $(models); do
	metrics "--simulate=$model" > "$scratch/text" 2> "$scratch/err"
	if [ $parser = yes ]; then
		case $model in
		arm64*) ;; # its kernel counts no splits
		*) try 0 '^counter gmemctl_direct_map_splits -$' '' openmetrics ;;
		esac
		try 0 '^gauge gmemctl_direct_map_bytes bytes$' '' openmetrics
	else
		skip "$model: OpenMetrics" "there is no python3-prometheus-client: run make deps"
	fi
	metrics "--simulate=$model" --format=prometheus > "$scratch/text" 2> "$scratch/err"
	if [ -n "$promtool" ]; then
		try 0 '' '' sh -c "'$promtool' check metrics < '$scratch/text'"
	else
		skip "$model: the text format" "there is no promtool: run make deps"
	fi
	if grep -q "simulated=\"$model\"" "$scratch/text" && ! grep -q '# EOF\|# UNIT' "$scratch/text"; then
		pass "$model: it says that it is simulated"
	else
		fail "$model: it says that it is simulated" "$(cat "$scratch/text")"
	fi
done
# The parser does reject a wrong text.
if [ $parser = yes ]; then
	metrics --simulate=tdx 2> "$scratch/err" | grep -v '# EOF' > "$scratch/text"
	try 1 '*' 'EOF' openmetrics
fi
try 0 '^gmemctl_keys\{resource="tdx"\} 31$' 'simulated: tdx' metrics --simulate=tdx
try 0 '^gmemctl_keys_used\{resource="sev_es"\} 0$' 'simulated: snp' metrics --simulate=snp
try 4 '^gmemctl_complete 0$' 'gmemctl list tells why' metrics --simulate=tdx --reader=none
try 0 '' '' metrics --simulate=tdx --quiet
try_json 0 '[.samples[] | select(.name == "gmemctl_keys")] == [{name: "gmemctl_keys", type: "gauge",
	unit: null, labels: {resource: "tdx"}, value: 31,
	help: "KeyIDs (tdx) and ASIDs (sev, sev_es) that VMs can have on this host"}]' \
	metrics --simulate=tdx --json
try 0 '^NAME="gmemctl_keys" LABELS="resource=\\x22tdx\\x22" VALUE="31"$' 'simulated' \
	metrics --simulate=tdx --pairs

# gmemctl --describe lists its metrics, and the man page is made from this list. gmemctl must write exactly
# these, with the same type, unit, labels and meaning. No model counts mappings that were merged again.
unseen=gmemctl_direct_map_collapses_total
{
	for model in $(models); do
		metrics "--simulate=$model" --json
	done
	for host in tests/hosts/*/; do
		metrics "--sysroot=$host" --json
	done
	printf '%s\n' 'create vm --vm-type=tdx --size=64K' 'convert vm all private' 'map vm all' 'metrics --json' |
		gmemctl batch --simulate=tdx
} 2> "$scratch/err" | jq -rs '[.[].samples[]?] | group_by(.name)[] | [.[0].name, .[0].type, .[0].unit // "-",
	([.[].labels | keys[]] | unique | join(",")), .[0].help] | @tsv' | sort > "$scratch/written"
gmemctl --describe | awk -F '\t' '$1 == "metric"' | jq -rR 'split("\t")[1:] |
	.[3] |= (ltrimstr("-") | split(",") | sort | join(",")) | @tsv' | sort > "$scratch/described"
if sysroot_missing; then
	skip "metrics writes exactly the metrics that --describe lists" "$(cat "$scratch/stderr")"
elif grep -v "^$unseen	" "$scratch/described" | diff - "$scratch/written" > "$scratch/diff" &&
	grep -q "^$unseen	" "$scratch/described"; then
	pass "metrics writes exactly the $(wc -l < "$scratch/written") metrics that --describe lists"
else
	fail "metrics writes exactly the metrics that --describe lists" "< said, > written:" "$(cat "$scratch/diff")"
fi

# Features: they fit into a label of Kubernetes, and have an expiry time.
metrics --simulate=snp --format=nfd --expiry=600 > "$scratch/features" 2> "$scratch/err"
label='[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?'
wrong=$(sed 1d "$scratch/features" | grep -vxE "$label=$label")
if [ -z "$wrong" ] && grep -qx 'gmemctl-vm-type.snp=true' "$scratch/features" &&
	[ "$(wc -c < "$scratch/features")" -lt 65536 ]; then
	pass "every line of features is a valid node label"
else
	fail "every line of features is a valid node label" "$wrong" "$(cat "$scratch/features")"
fi
expiry=$(sed -n '1s/^# +expiry-time=\(....-..-..T..:..:..Z\)$/\1/p' "$scratch/features")
left=$(($(date -d "${expiry:-1970-01-01}" +%s) - $(date +%s)))
if [ $left -gt 300 ] && [ $left -le 600 ]; then
	pass "features expire in ten minutes"
else
	fail "features expire in ten minutes" "$left seconds left: $(head -n 1 "$scratch/features")"
fi
try_json 0 '.features | any(.name == "gmemctl-keys.sev_es" and .value == "99")' \
	metrics --simulate=snp --format=nfd --json
try 2 '' '/dev/kvm' metrics --simulate=plain,fail=open@1+:ENOENT --format=nfd

# A file appears whole or not at all.
folder=$scratch/folder
mkdir "$folder"
file=$folder/gmemctl.prom
try 0 '' 'simulated: tdx' metrics --simulate=tdx --output-file "$file"
if [ "$(stat -c %a "$file")" = 644 ] && [ "$(ls -A "$folder")" = gmemctl.prom ] &&
	[ "$(tail -n 1 "$file")" = '# EOF' ]; then
	pass "metrics -O writes one file, which everybody may read"
else
	fail "metrics -O writes one file, which everybody may read" "$(ls -lA "$folder")"
fi
echo before > "$file"
try 2 '' 'no file can be made beside it' metrics --simulate=tdx -O "$scratch/nowhere/x"
try 2 '' 'not a file name' metrics --simulate=tdx -O "$folder/"
# The scan fails: the old file stays.
try 2 '' '/proc' metrics --simulate=tdx,fail=list-directory@1+:EIO -O "$file"
try 2 '' '/dev/kvm' metrics --simulate=plain,fail=open@1+:ENOENT -f nfd -O "$file"
if [ "$(cat "$file")" = before ] && [ "$(ls -A "$folder")" = gmemctl.prom ]; then
	pass "a failed metrics -O leaves the old file and no other file"
else
	fail "a failed metrics -O leaves the old file and no other file" "$(ls -lA "$folder")"
fi
# metrics replaces only a regular file. For anything else use a redirection: a rename would take away the
# reader's FIFO, or the device node.
mkfifo "$scratch/fifo"
mkdir "$scratch/linked"
echo before > "$scratch/linked/target"
ln -s linked/target "$scratch/link"
ln -s nothing "$scratch/dangling"
ln -s fifo "$scratch/to-fifo"
ln -s circle "$scratch/circle"
for there in fifo to-fifo; do
	try 2 '' "$there: it is a FIFO, .*redirect standard output" \
		metrics --simulate=tdx -O "$scratch/$there"
done
try 2 '' 'folder: it is a directory, ' metrics --simulate=tdx -O "$folder"
try 2 '' 'dangling: it is a symbolic link that leads to no file' \
	metrics --simulate=tdx -O "$scratch/dangling"
try 2 '' 'circle: .*symbolic links' metrics --simulate=tdx -O "$scratch/circle"
try 64 '' '--output-file: its FILE is empty' metrics --simulate=tdx -O ''
try 0 '' 'simulated: tdx' metrics --simulate=tdx -O "$scratch/link"
if [ -p "$scratch/fifo" ] && [ -L "$scratch/link" ] && [ ! -e "$scratch/nothing" ] &&
	[ "$(tail -n 1 "$scratch/linked/target")" = '# EOF' ] &&
	[ "$(ls -A "$scratch/linked")" = target ]; then
	pass "a FIFO stays one; a symbolic link stays, and its target is written"
else
	fail "a FIFO stays one; a symbolic link stays, and its target is written" \
		"$(ls -lA "$scratch" "$scratch/linked")"
fi

# Readers in a loop never see a part of the file.
(
	i=0
	while [ $i -lt 40 ]; do
		metrics --simulate=tdx -O "$file" 2> "$scratch/err"
		i=$((i + 1))
	done
) &
writer=$!
parts=0
reads=0
metrics --simulate=tdx -O "$file" 2> "$scratch/err"
while kill -0 $writer 2> "$scratch/kill"; do
	[ "$(tail -n 1 "$file")" = '# EOF' ] || parts=$((parts + 1))
	reads=$((reads + 1))
done
wait $writer
if [ $parts -eq 0 ] && [ $reads -gt 0 ]; then
	pass "a reader never sees an incomplete file of metrics"
else
	fail "a reader never sees an incomplete file of metrics" "$parts of $reads reads"
fi

try 64 '' 'one of openmetrics\|prometheus\|nfd' metrics --format=xml
try 64 '' 'takes the text' metrics --raw --output-file="$file"
# Options for rows, with a format that has no rows.
for option in -oname --output=name --output-all -n --noheadings -b --bytes; do
	try 64 '' '--(output|output-all|noheadings|bytes) is for --json, --raw or --pairs' \
		metrics --simulate=tdx "$option"
	try 64 '' 'not for the text of --format=nfd' metrics --simulate=tdx -f nfd "$option"
done
try 0 '^tdx$' 'simulated' metrics --simulate=tdx --raw -n -o value -f nfd
try 64 '' "'labels' is no column of the features of metrics" metrics --simulate=tdx --raw -o labels -f nfd
echo metrics > "$scratch/batch"
try 0 '^# EOF$' 'simulated' gmemctl batch --simulate=tdx --noheadings --bytes "$scratch/batch"
try 64 '' 'belongs to --format=nfd' metrics --expiry=60
# A missing label says that the node lacks the feature. So if KVM does not answer, nothing is published.
for fail in ioctl@1:EPERM ioctl@1+:EIO ioctl@2+:EPERM ioctl@1+:ENOTTY; do
	try 3 '' 'KVM_CHECK_EXTENSION.*gmemctl doctor. tells more' \
		gmemctl metrics --format=nfd --simulate="tdx,fail=$fail"
done
finish
