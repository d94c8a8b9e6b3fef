# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# A report: what it contains, what it must not contain, and that commands say the same
# of it on another machine.
. tests/cli/lib.sh

if sysroot_missing; then
	skip "a report is read on another machine" "$(cat "$scratch/stderr")"
	finish
fi

# rows FILE: prints id, result, detail and fix of each check, without those that need a live kernel. arm64.dic
# is one of these: it reads a register.
rows() {
	jq -r '.checks[] | select(.id | test("^(reader\\.(kcore|bpf|usable|control)|arm64\\.dic)$") | not) |
		[.id, .result, .detail, .fix] | @tsv' "$1"
}

# same NAME: whether $scratch/here and $scratch/there have the same lines, and any at all.
same() {
	if [ -s "$scratch/here" ] && diff "$scratch/here" "$scratch/there" > "$scratch/diff"; then
		pass "$1"
	else
		fail "$1" "$(cat "$scratch/diff")"
	fi
}

# same_rows NAME DIR: whether doctor has the same rows for the report as on the host.
same_rows() {
	gmemctl doctor --sysroot="$2" --json > "$scratch/there.json"
	rows "$2/doctor.json" > "$scratch/here"
	rows "$scratch/there.json" > "$scratch/there"
	same "$1: doctor says the same of the report"
}

try 64 '' '-o DIR is missing' gmemctl report --simulate
try 64 '' 'report does not take it' gmemctl report --sysroot=tests/hosts/el9 -o "$scratch/x"
for model in $(models); do
	try_json '0' '[.files[].file] | contains(["doctor.json", "index", "proc/cpuinfo"])' \
		gmemctl report "--simulate=$model" -o "$scratch/$model" --json
	same_rows "$model" "$scratch/$model"
	gmemctl caps --sysroot="$scratch/$model" --json | jq .capabilities > "$scratch/there" 2> "$scratch/jq"
	if jq .capabilities "$scratch/$model/caps.json" | cmp -s - "$scratch/there"; then
		pass "$model: caps says the same of the report"
	else
		fail "$model: caps says the same of the report"
	fi
done

# paths OPTION: prints the paths of the verdict on a page frame. A snapshot may lack what decides them.
paths() {
	gmemctl check --pfn=0x10 --json "$1" | jq -r '.paths[].kernel_path'
}
for model in $(models); do
	paths "--simulate=$model" > "$scratch/here"
	paths "--sysroot=$scratch/$model" > "$scratch/there"
	same "$model: check asks about the same kernel paths in the report"
done
try 0 '^machine aarch64 16384$' '' grep machine "$scratch/arm64-16k/index"
try 0 '^machine x86_64 4096$' '' grep machine "$scratch/plain/index"

# A report of this machine, as far as this user may look at it.
try '0' '^doctor\.json' '*' gmemctl report -o "$scratch/this"
same_rows "this machine" "$scratch/this"
if [ -z "$(find "$scratch/this" -type d ! -perm 700 -o -type f ! -perm 600 -o -type l)" ]; then
	pass "other users cannot read a report"
else
	fail "other users cannot read a report" "$(find "$scratch/this" -printf '%m %p\n')"
fi

# The test knows the name of each file in it. It has nothing of processes, and no address of the kernel.
others=$(cd "$scratch/this" && find . -type f | grep -vE '^\./(((doctor|caps|list|directmap|metrics)\.json)|index|kvm-answers|proc/(cpuinfo|config\.gz|iomem|misc|zoneinfo|meminfo|vmstat|cmdline|cgroups|filesystems|self/(status|mounts|uid_map)|sys/kernel/[a-z_]*)|sys/(module|devices/(system|faux)|fs/cgroup|class|kernel|firmware)/.*|(usr/)?lib/modules/.*|boot/config-.*)$')
if [ -z "$others" ]; then
	pass "a report has only the files that it should have"
else
	fail "a report has only the files that it should have" "$others"
fi
if grep -rnE '(^|[^0-9a-f])f{4}[0-9a-f]{12}' "$scratch/this" > "$scratch/found"; then
	fail "a report has no address of the kernel" "$(cat "$scratch/found")"
else
	pass "a report has no address of the kernel"
fi
leaked=$(grep -vE '^Cap' "$scratch/this/proc/self/status"; grep -v 'System RAM' "$scratch/this/proc/iomem";
	grep -vE ' cgroup2? ' "$scratch/this/proc/self/mounts" 2> "$scratch/none")
if [ -z "$leaked" ]; then
	pass "a report has only the needed lines of each file"
else
	fail "a report has only the needed lines of each file" "$leaked"
fi

# Folders that cannot take a report.
try 2 '' 'not empty' gmemctl report --simulate -o "$scratch/this"
touch "$scratch/file"
try 2 '' 'cannot be opened as a folder' gmemctl report --simulate -o "$scratch/file"
mkdir "$scratch/empty"
ln -s empty "$scratch/link"
try 2 '' 'cannot be opened as a folder' gmemctl report --simulate -o "$scratch/link"
try 2 '' 'cannot be made' gmemctl report --simulate -o "$scratch/none/below"
mkdir -m 755 "$scratch/wide"
try 0 '*' '*' gmemctl report --simulate -o "$scratch/wide"
if [ "$(stat -c %a "$scratch/wide")" = 700 ]; then
	pass "report takes the rights of others from its folder"
else
	fail "report takes the rights of others from its folder"
fi

# If the folder cannot be made, the message says why, and what to do.
try 2 '' 'it cannot be made: No such file.*; make the folder above it first' \
	gmemctl report --simulate -o "$scratch/absent/of/it"
try 2 '' 'it cannot be made: Not a directory; choose another folder' \
	gmemctl report --simulate -o "$scratch/stdout/it"

# report tells which command failed.
try 4 '^caps\.json .* 2 ' 'gmemctl caps failed: caps\.json says why' \
	gmemctl report --simulate='plain,fail=open@1+:EIO' -o "$scratch/part"

# --redact: the report has no name of a process. Here gmemctl itself holds a VM.
if gmemctl create seen --size=64K > "$scratch/created" 2>&1; then
	try 0 '*' '*' gmemctl report -o "$scratch/named"
	try 0 '^redacted: +yes' '*' gmemctl report -o "$scratch/redacted" --redact
	if grep -qs '"gmemctl"' "$scratch/named/list.json" &&
		jq -e '[.. | .command? // empty | select(. != "list")] |
		length > 0 and all(. == "redacted")' \
			"$scratch/redacted/list.json" > "$scratch/jq" &&
		! grep -E 'command="[^"]' "$scratch/redacted/metrics.json" | grep -qv 'command="redacted"'; then
		pass "report --redact leaves out names of processes"
	else
		fail "report --redact leaves out names of processes" "$(jq -c '[.. | .command? // empty]' \
			"$scratch/named/list.json" "$scratch/redacted/list.json")"
	fi
	gmemctl destroy seen > "$scratch/destroyed" 2>&1
else
	skip "report --redact leaves out names of processes" "no VM can be made here: $(cat "$scratch/created")"
fi

# The Debian package's script as reportbug runs it: by bash in the locale C, with its answer on descriptor 3.
mkdir "$scratch/bin" "$scratch/tmp"
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\ncd "%s" && exec %s "$@"\n' "$PWD" "$GMEMCTL" > "$scratch/bin/gmemctl"
chmod +x "$scratch/bin/gmemctl"
# reportbug_runs PATH: runs the script. Its answer is in $scratch/answer, its other output in $scratch/said.
reportbug_runs() {
	# shellcheck disable=SC2016 # for bash
	TMPDIR=$scratch/tmp LC_ALL=C PATH=$1 bash -c 'set -e; $1 3>|$2' bash \
		packaging/debian/gmemctl.bug-script "$scratch/answer" > "$scratch/said" 2>&1
}
if reportbug_runs "$scratch/bin:/usr/bin:/bin" && [ ! -s "$scratch/said" ] &&
	sed -n '/^-- doctor\.json$/,/^-- index$/{/^-- /!p;}' "$scratch/answer" | jq -e '.command == "doctor"' \
		> "$scratch/jq" 2>&1 &&
	sed -n '/^-- list\.json$/,/^-- metrics\.json$/{/^-- /!p;}' "$scratch/answer" |
	jq -e '[.. | .command? // empty | select(. != "list")] |
		all(. == "redacted")' > "$scratch/jq" 2>&1; then
	pass "reportbug gets the report, without names of processes"
else
	fail "reportbug gets the report, without names of processes" "$(cat "$scratch/said" "$scratch/jq")" \
		"$(head -3 "$scratch/answer")"
fi
printf '#!/bin/sh\necho "gmemctl: no report today" >&2\nexit 2\n' > "$scratch/bin/gmemctl"
if reportbug_runs "$scratch/bin:/usr/bin:/bin" && grep -qx 'gmemctl: no report today' "$scratch/answer"; then
	pass "reportbug gets the reason where there is no report"
else
	fail "reportbug gets the reason where there is no report" "$(cat "$scratch/said" "$scratch/answer")"
fi
if [ -z "$(ls -A "$scratch/tmp")" ]; then
	pass "reportbug's script leaves nothing behind"
else
	fail "reportbug's script leaves nothing behind" "$(ls -A "$scratch/tmp")"
fi
finish
