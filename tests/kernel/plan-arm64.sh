# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # tests/run sets what is used here, and uses what is set here
# What runs on Debian's stock arm64 kernels in QEMU: sourced by tests/run --arm64, which has run_tap.
# Each machine is booted once, with programs that were built for it.

# NAME CPU PAGE LEVELS BLOCKS KERNEL-OPTIONS
arm64_table='
neoverse-n1 neoverse-n1                        4096  4 no  -
lpa2        max,pauth-impdef=on                4096  5 no  -
cortex-a72  cortex-a72                         4096  4 no  -
48-bits     max,pauth-impdef=on,lpa2=off       4096  4 no  -
bbml3       max,pauth-impdef=on,midr=0x410fd8e0 4096 5 yes -
pkvm        max,pauth-impdef=on                4096  5 no  kvm-arm.mode=protected
16k         max,pauth-impdef=on                16384 4 no  -
'
# No FEAT_S2FWB; 52 bits; nVHE with page table isolation. These run wherever arm64 is tested.
arm64_few='neoverse-n1 lpa2 cortex-a72'

arm64_files() {
	for file in "$BUILD/gmemctl" "$BUILD/tests/tools/own-memory" "$BUILD/tests/tools/secret-pages" \
		"$BUILD/tests/conformance-runner" "$PWD/tests/conformance" "$PWD/tests/host" "$PWD/tests/cli" "$PWD/tests/kernel/guest" /usr/bin/jq; do
		echo "--file $file"
	done
}

# arm64_kernel PAGE: prints its file, or why there is none, which is status 77.
arm64_kernel() {
	flavour=
	[ "$1" = 4096 ] || flavour=$(($1 / 1024))k
	# shellcheck disable=SC2086 # none, or a word
	tests/kernel/stock-arm64 trixie-backports $flavour
}

arm64_machine() {
	started=$(date +%s)
	kernel=$(arm64_kernel "$3" 2> "$results/$1.stock")
	case $? in
	0) ;;
	77)
		echo "ok 1 - $1 # SKIP $(tail -n 1 "$results/$1.stock")" > "$results/$1.tap"
		echo 1..1 >> "$results/$1.tap"
		count "arm64-kernel/$1" 0 "$results/$1.tap" "$results/$1.stock"
		return
		;;
	*)
		echo "not ok - the stock kernel of $1"
		cat "$results/$1.stock"
		failed=$((failed + 1))
		return
		;;
	esac
	# These are ten thousand calls. What KVM answers depends on protected KVM and on the page, not on the CPU.
	case $1 in
	neoverse-n1 | pkvm | 16k) conformance=yes ;;
	*) conformance=no ;;
	esac
	# shellcheck disable=SC2046 # words
	run_tap "arm64-kernel/$1" tests/kernel/run-qemu --arch=arm64 --cpu "$2" --timeout 850 \
		--kernel "$kernel/vmlinuz" --append "${6#-}" $(arm64_files) -- \
		env "BUILD=$BUILD" "GMEMCTL=$BUILD/gmemctl" "PAGE=$3" "LEVELS=$4" "BLOCKS=$5" \
		"CONFORMANCE=$conformance" \
		sh tests/kernel/guest/arm64.sh
}

# arm64_tests all|few
arm64_tests() {
	echo "$arm64_table" | sed '/^$/d' > "$results/machines"
	while read -r name cpu page levels blocks options <&8; do
		case "$1 $arm64_few " in
		all\ * | *" $name "*) arm64_machine "$name" "$cpu" "$page" "$levels" "$blocks" "$options" ;;
		esac
	done 8< "$results/machines"
	run_tap arm64-kernel/oops sh tests/kernel/oops.sh arm64
}
