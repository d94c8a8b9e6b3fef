#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Real faults: the pages of these TDs leave the direct map (kvm.gmem_no_direct_map_for_all=1). gmemctl
# predicts the fault and refuses to go on. With --force the kernel dies where gmemctl predicted it. Each
# boot has one fault. $BUILD/test-results-kernel keeps the kernel's log beside the prediction.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

kept=$BUILD/test-results-kernel

# run NAME FUNCTION COMMAND...: boots a kernel that must die in clflush_cache_range(), called by FUNCTION.
run() {
	name=$1 function=$2
	shift 2
	# shellcheck disable=SC2086
	tests/kernel/run-bochs --timeout 900 --append kvm.gmem_no_direct_map_for_all=1 \
		--log "$kept/fault-$name.log" --dies "clflush_cache_range.*Call Trace.*$function" \
		--file "$BUILD/gmemctl" --file "$BUILD/tests/conformance-runner" \
		--file "$PWD/tests/kernel/guest" -- "$@" \
		> "$kept/fault-$name.prediction" 2> "$scratch/$name.err"
	status=$?
	if [ $status -eq 0 ]; then
		pass "$name: with --force the kernel dies in clflush_cache_range(), called by $function()"
	else
		fail "$name: with --force the kernel dies in clflush_cache_range(), called by $function()" \
			"status $status" "$(tail -n 20 "$scratch/$name.err")"
	fi
}

# predicted NAME PATTERN...: whether the prediction has all patterns.
predicted() {
	name=$1
	shift
	for pattern; do
		if grep -qE -e "$pattern" "$kept/fault-$name.prediction"; then
			pass "$name: gmemctl predicts the fault, in a line like $pattern"
		else
			fail "$name: gmemctl predicts the fault, in a line like $pattern" "$(head -n 40 "$kept/fault-$name.prediction")"
		fi
	done
}

# not_present NAME: whether the fault was the predicted one.
not_present() {
	if grep -q '#PF: supervisor read access' "$kept/fault-$1.log" &&
		grep -q '#PF: error_code(0x0000) - not-present page' "$kept/fault-$1.log"; then
		pass "$1: the kernel's log shows a read of a page that is not present, error code 0"
	else
		fail "$1: the kernel's log shows a read of a page that is not present, error code 0"
	fi
}

# told NAME PATH STEP PATTERN: whether oops reads in the log what gmemctl predicted. The last page frame
# that PATTERN finds in the prediction is the one that faulted.
told() {
	pfn=$(sed -nE "s/$4/\\1/p" "$kept/fault-$1.prediction" | tail -n 1)
	gmemctl oops "$kept/fault-$1.log" --raw -n -o KIND,ACCESS,DIRECT-MAP,LEVEL,PFN,KERNEL-PATH,STEP,COMMAND |
		head -n 1 > "$scratch/told"
	echo "not-present clflush unmapped 4K ${pfn:-?} $2 $3 gmemctl" > "$scratch/wanted"
	if cmp -s "$scratch/told" "$scratch/wanted"; then
		pass "$1: oops finds the predicted page frame, path and step in the log: $pfn"
	else
		fail "$1: oops finds the predicted page frame, path and step in the log" \
			"$(cat "$scratch/told" "$scratch/wanted")"
	fi
}

walk="$BUILD/gmemctl walk --vm-type=tdx --no-direct-map"
run page-add tdh_mem_page_add sh -c "$walk; echo status \$?
	$BUILD/gmemctl batch --keep-going tests/kernel/guest/fault-page-add.batch"
predicted page-add '^pre-flight +refused +tdx-page-add' '^tdx-page-add +clflush +faults' '^status 1$'
not_present page-add
told page-add tdx-page-add KVM_TDX_INIT_MEM_REGION '^tdx-page-add +faults +(0x[0-9a-f]+)$'
run page-aug tdh_mem_page_aug "$BUILD/gmemctl" batch --keep-going tests/kernel/guest/fault-page-aug.batch
predicted page-aug '^tdx-page-aug +faults +0x'
not_present page-aug
told page-aug tdx-page-aug KVM_PRE_FAULT_MEMORY '^tdx-page-aug +faults +(0x[0-9a-f]+)$'
finish
