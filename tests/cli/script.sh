# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2016 # backquotes of the README
# Runs the README's script unchanged: on simulated kernels, or with RUNNING=1 on the running one.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

readme=$(dirname "$0")/../../README.md
sed -n '/^## For scripts/,/^## /{/^```sh$/,/^```$/p;}' "$readme" | sed '/^```/d' > "$scratch/script"
lines=$(wc -l < "$scratch/script")
if [ "$lines" -ge 10 ] && [ "$lines" -le 20 ]; then
	pass 'the script has 10 to 20 lines'
else
	fail 'the script has 10 to 20 lines' "it has $lines"
fi

# In the script, gmemctl is the command under test.
mkdir "$scratch/bin"
printf '#!/bin/sh\nexec %s "$@"\n' "$GMEMCTL" > "$scratch/bin/gmemctl"
chmod 755 "$scratch/bin/gmemctl"
cd "$scratch" || exit 2

# says STATUS MODEL PATTERN...: whether the script ends so, prints all of these, and leaves nothing.
says() {
	wanted=$1 pattern=
	model=$2
	shift 2
	MODEL=$model PATH=$scratch/bin:$PATH sh "$scratch/script" > "$scratch/stdout" \
		2> "$scratch/stderr" < /dev/null
	status=$?
	for pattern in "$@"; do
		matches "$scratch/stdout" "$pattern" || break
		pattern=
	done
	if [ $status -ne "$wanted" ]; then
		fail "the README's script on ${model:-the running kernel}" "status $status, not $wanted"
	elif [ -n "$pattern" ]; then
		fail "the README's script on ${model:-the running kernel}" "it does not say $pattern"
	elif [ -n "$(ls "$GMEMCTL_RUNTIME_DIR/gmemctl")" ]; then
		fail "the README's script on ${model:-the running kernel}" "something is left"
	else
		pass "the README's script on ${model:-the running kernel}"
		return
	fi
	show stdout
	show stderr
}

if [ -n "${RUNNING-}" ]; then
	if [ ! -w /dev/kvm ]; then
		skip "the README's script on the running kernel" "there is no /dev/kvm to write to"
	elif gmemctl directmap > "$scratch/out" 2>&1; then
		says 0 '' '^a flush is safe' '^order +0 +1024 ' '^demo '
	else
		says 0 '' '^it cannot be told' '^demo '
	fi
else
	for model in tdx snp sw-protected; do
		says 0 $model '^a flush is safe' '^order +0 +1024 +4M$' ' 16M +8M '
	done
	for model in plain arm64; do
		says 0 $model '^a default VM has no private memory' '^a flush is safe' \
			'^order +0 +1024 ' '^demo .* 16M +0B '
	done
	# What cannot be told is not a failure. A conversion that fails ends the script.
	says 0 plain,fail=read-kmem@1+:EPERM '^it cannot be told' '^demo .* 16M +0B '
	says 2 in-place
	matches "$scratch/stderr" 'convert: .* converts memory in place' ||
		fail 'the script shows why convert failed' 'standard error does not have it'
fi
finish
