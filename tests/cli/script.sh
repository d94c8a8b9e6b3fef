# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2016 # backquotes of the README
# Runs the README's script unchanged: on simulated kernels, or with RUNNING=1 on the running one.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

readme=$(dirname "$0")/../../README.md
sed -n '/^## For scripts/,/^## /{/^```sh$/,/^```$/p;}' "$readme" | sed '/^```/d' > "$scratch/script"
lines=$(wc -l < "$scratch/script")
if [ "$lines" -eq 10 ]; then
	pass 'the script has ten lines'
else
	fail 'the script has ten lines' "it has $lines"
fi

# In the script, gmemctl is the command under test.
mkdir "$scratch/bin"
printf '#!/bin/sh\nexec %s "$@"\n' "$GMEMCTL" > "$scratch/bin/gmemctl"
chmod 755 "$scratch/bin/gmemctl"
cd "$scratch" || exit 2

# says MODEL PATTERN...: whether the script ends with 0, prints all of these, and leaves nothing.
says() {
	model=$1
	shift
	MODEL=$model PATH=$scratch/bin:$PATH sh "$scratch/script" > "$scratch/stdout" \
		2> "$scratch/stderr" < /dev/null
	status=$?
	for pattern in "$@"; do
		matches "$scratch/stdout" "$pattern" || break
		pattern=
	done
	if [ $status -ne 0 ]; then
		fail "the README's script on ${model:-the running kernel}" "status $status"
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
		says '' '^a flush is safe' '^order +0 +1024 ' '^demo '
	else
		says '' '^it cannot be told' '^page frames cannot be seen' '^demo '
	fi
else
	for model in tdx snp sw-protected; do
		says $model '^a flush is safe' '^order +0 +1024 +4M$' ' 16M +8M '
	done
	says plain '^no private memory on this kernel' '^a flush is safe' '^order +0 +1024 ' '^demo .* 16M +0B '
fi
finish
