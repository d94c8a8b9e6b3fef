#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The conformance scripts on every simulated kernel. Each script is a test on each model and VM type that it
# is for. Unless it is for real kernels only, it must be for at least one.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

# Under an emulator the runner, too, is a program for another machine.
runner() {
	# shellcheck disable=SC2086 # words
	${EMULATOR-} "$BUILD/tests/conformance-runner" "$@"
}
: > "$scratch/ran"

# Prints the runner's tests with the model's name, without the skipped ones. Lines after a test explain it.
report() {
	awk -v model="$1" -v number="$tests_run" '
		/^(not )?ok/ {
			shown = !/# SKIP/
			if (!shown)
				next
			number++
			sub(/ok [0-9]+ - /, "ok " number " - " model ": ")
		}
		/^1\.\./ { next }
		/^# [0-9]+ operations/ { shown = 1 }
		shown
	' "$scratch/$1"
}

for model in $(models); do
	runner --simulate "$model" tests/conformance/*.gmt > "$scratch/$model" 2> "$scratch/stderr"
	status=$?
	report "$model" > "$scratch/report"
	cat "$scratch/report"
	tests_run=$((tests_run + $(grep -cE '^(not )?ok' "$scratch/report")))
	tests_failed=$((tests_failed + $(grep -c '^not ok' "$scratch/report")))
	grep -E '^(not )?ok' "$scratch/report" >> "$scratch/ran"
	if [ $status -gt 1 ] || ! grep -q '^1\.\.' "$scratch/$model"; then
		fail "$model: the runner of test scripts ends normally" "exit status $status"
		show stderr
	fi
done

for script in tests/conformance/*.gmt; do
	name=${script##*/}
	grep -q '^needs:.*real-kernel' "$script" && continue
	if grep -qF ": $name," "$scratch/ran"; then
		pass "$name ran on at least one model"
	else
		fail "$name ran on at least one model" "every model skipped it"
	fi
done

# The runner refuses files that are not scripts, and unknown options.
printf 'title: x\nsource: y\n\nvm size=1\n' > "$scratch/bad.gmt"
try 2 '' 'bad.gmt:4: vm has no size' runner --simulate plain "$scratch/bad.gmt"
printf 'title: x\nsource: y\n\nvm -> EWHAT\n' > "$scratch/bad.gmt"
try 2 '' 'bad.gmt:4: EWHAT is no result' runner --simulate plain "$scratch/bad.gmt"
printf 'title: x\nsource: y\n\nvm -> EINVAL\n' > "$scratch/bad.gmt"
try 1 '^#     expected EINVAL, got ok' '' runner --simulate plain "$scratch/bad.gmt"
try 64 '' '^usage' runner --vm-type none "$scratch/bad.gmt"
finish
