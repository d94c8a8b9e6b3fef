# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The tests that run on the test kernel. tests/run --kernel sources this file, and defines run_tap. Each
# line boots once, so that no test meets what another one left behind. The log of each boot is checked.
# An emulator uses little more than one CPU, so two run at a time.

kernel_tests() {
	# shellcheck source=tests/kernel/lib.sh
	. tests/kernel/lib.sh
	tests/kernel/build
	case $? in
	0) ;;
	77)
		echo "test kernel                  0 passed, 0 failed, 1 skipped"
		echo "  ok 1 - the test kernel # SKIP its source cannot be had, see above"
		skipped=$((skipped + 1)) passed=0
		echo "$passed passed, $failed failed, $skipped skipped"
		exit 0
		;;
	*)
		echo "not ok - the test kernel does not build"
		failed=$((failed + 1))
		return
		;;
	esac
	GMEM_KERNEL_CURRENT=$cache/current
	conformance="$BUILD/tests/conformance-runner --expendable tests/conformance/*.gmt"
	here="env BUILD=$BUILD GMEMCTL=$BUILD/gmemctl"
	set_modules="KERNEL_MODULES=$(readlink -f "$GMEM_KERNEL_CURRENT")"

	both in_qemu elsewhere
}

# shellcheck disable=SC2086,SC2046 # words
in_qemu() {
	# SVM: software-protected VMs, two nodes, page tables of four and of five levels.
	run_tap qemu/conformance tests/kernel/run-qemu --timeout 900 -- $conformance
	for script in tests/host/verdict tests/host/pfns tests/host/list; do
		run_tap "qemu/${script##*/}" tests/kernel/run-qemu --timeout 600 -- $here sh $script.sh
	done
	for levels in 4 5; do
		for script in tests/host/directmap tests/kernel/guest/readers \
			tests/kernel/guest/removal; do
			run_tap "qemu-$levels-levels/${script##*/}" tests/kernel/run-qemu \
				--timeout 600 --levels $levels -- $here sh $script.sh
		done
	done
	for script in tests/kernel/guest/caps tests/kernel/guest/nodes tests/host/numa tests/host/script \
		tests/host/populate tests/host/kvm-selftests; do
		run_tap "qemu/${script##*/}" tests/kernel/run-qemu --timeout 900 -- \
			$here sh $script.sh
	done
	run_tap qemu/privilege tests/kernel/run-qemu --timeout 1800 -- $here sh tests/host/privilege.sh
}

# shellcheck disable=SC2086,SC2046 # words
in_other_modes() {
	run_tap qemu/dump sh tests/kernel/dump.sh
	# systemd as the first process, AppArmor.
	run_tap qemu/services tests/kernel/run-qemu --timeout 600 --append gmem_systemd -- \
		$here sh tests/kernel/guest/services.sh
	for mode in integrity confidentiality; do
		run_tap qemu/lockdown-$mode tests/kernel/run-qemu --timeout 600 \
			--append lockdown=$mode -- $here sh tests/kernel/guest/lockdown.sh
	done
}

# shellcheck disable=SC2086,SC2046 # words
in_bochs() {
	# VMX: KVM's TDX code on the software TDX module; cache flushes that fault.
	run_tap bochs/conformance tests/kernel/run-bochs --timeout 900 $(bochs_files) -- $conformance
	run_tap bochs-2-cpus/conformance tests/kernel/run-bochs --timeout 900 --cpus 2 \
		$(bochs_files) -- "$BUILD/tests/conformance-runner" --expendable \
		tests/conformance/tdx-*.gmt
	for script in tests/host/directmap tests/host/pfns; do
		run_tap "bochs/${script##*/}" tests/kernel/run-bochs --timeout 900 \
			$(bochs_files) -- $here sh $script.sh
	done
	# KVM prints a warning for the page that the module refuses here.
	run_tap bochs/tdx tests/kernel/run-bochs --timeout 900 --expect tdx_sept_set_private_spte \
		$(bochs_files) -- $here $set_modules \
		"SETPRIV=$(readlink -f "$(command -v setpriv)")" sh tests/kernel/guest/tdx.sh
	run_tap bochs/truth tests/kernel/run-bochs --timeout 900 --console null \
		--expect clflush_cache_range $(bochs_files) -- \
		$here $set_modules sh tests/kernel/guest/truth.sh
	run_tap bochs/fault sh tests/kernel/fault.sh
}

on_stock_kernels() {
	run_tap stock-oops sh tests/kernel/oops.sh
	for suite in bookworm trixie trixie-backports; do
		run_tap "stock-$suite" sh tests/kernel/stock.sh $suite
	done
}

# The second lane. It takes about as long as in_qemu() does.
elsewhere() {
	in_bochs
	on_stock_kernels
	in_other_modes
}

# The files that the tests in Bochs need. There is no root of this machine.
bochs_files() {
	for file in "$BUILD/gmemctl" "$BUILD/tests/conformance-runner" "$PWD/tests/conformance" \
		"$PWD/tests/host" "$PWD/tests/cli" "$PWD/tests/kernel/guest" "$(command -v jq)" \
		"$(command -v setpriv)" \
		"$BUILD/tests/tools/own-memory" "$BUILD/tests/tools/secret-pages" \
		"$BUILD/tests/tools/flush-truth" "$GMEM_KERNEL_CURRENT"/gmem_flush.ko \
		"$GMEM_KERNEL_CURRENT"/tdx-host.ko; do
		echo "--file $(readlink -f "$file")"
	done
}
