#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# gmemctl respects lockdown: in mode confidentiality it does not read kernel memory, and it says why.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

case $(cat /sys/kernel/security/lockdown) in
*\[confidentiality\]*)
	try_json 3 '.error.message | test("lockdown")' gmemctl directmap --json
	try_json 3 '.error.message | test("lockdown")' gmemctl --reader=kcore directmap --json
	try 3 '' 'lockdown' gmemctl check --pfn 0x1000
	try_json 3 '.verdict_now == "unknown" or .error != null' gmemctl walk --json
	try_json 0 '.error == null' gmemctl caps --json
	;;
*\[integrity\]*)
	try 0 'evidence: +page-tables/bpf' '' gmemctl directmap
	try 0 'verdict now: +safe' '' gmemctl check --pfn 0x1000
	;;
*)
	fail "the kernel runs in a lockdown mode" "$(cat /sys/kernel/security/lockdown)"
	;;
esac
finish
