#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A stock kernel. A debugger outside (tests/kernel/oops.sh) takes a page of a guest_memfd out of its direct
# map. The test compares what `check` says just before the fault with what `oops` says of the log. The
# answers from the dump are compared with those of the host without that page.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

leave secret "$tools/secret-pages" 4
leave memory "$tools/own-memory" 1048576 3 bind
start back "$tools/read-back"
case $? in
0) ;;
77) skip "oops of a page that is not in the direct map" "$(cat "$scratch/back.err")"; finish ;;
*) fail "the helper read-back starts" "$(cat "$scratch/back.err")"; finish ;;
esac
gmemctl pfns "$helper" --each --raw -n -o PFN,LEVEL > "$scratch/levels"
pfn=$(awk '$2 == "4K" { print $1; exit }' "$scratch/levels")
if [ -z "$pfn" ]; then
	fail "the guest_memfd has a page that the direct map maps as 4K" "$(head -n 5 "$scratch/levels")"
	finish
fi
try_json 0 '.verdict_now == "safe"' gmemctl check --pfn "$pfn" --json
# tests/kernel/oops.sh reads this line. On arm64 the line also tells where the tables and RAM begin. The
# kernel's image begins with _text, at the address that /proc/iomem tells for the kernel's code.
where=
if [ "$(uname -m)" = aarch64 ]; then
	text=$(awk '$3 == "_text" { print $1; exit }' /proc/kallsyms)
	swapper=$(awk '$3 == "swapper_pg_dir" { print $1; exit }' /proc/kallsyms)
	code=$(awk '/: Kernel code/ { sub(/-.*/, "", $1); print $1; exit }' /proc/iomem)
	ram=$(awk '/: System RAM/ { sub(/-.*/, "", $1); print $1; exit }' /proc/iomem)
	where=$(printf ' 0x%x 0x%x' $((0x$swapper - 0x$text + 0x$code)) $((0x$ram)))
fi
echo "# hole $pfn$where"
tries=0
while [ "$(gmemctl pfn "$pfn" --raw -n -o DIRECT-MAP)" != unmapped ] && [ $tries -lt 300 ]; do
	tries=$((tries + 1))
	sleep 0.2
done
try_json 1 '.verdict_now == "faults" and ([.paths[] | select(.kernel_path == "gup-copy") |
	.verdict] == ["faults"])' gmemctl check --pfn "$pfn" --json
live_all "$pfn $(column secret secret 2) $(column secret ordinary 2)" "$pfn $(column secret secret 2 | head -n 1)"
offset=$(awk -v pfn=$((pfn)) '$1 == "page" && $3 == pfn { print $2 }' "$scratch/back")
echo "$offset" >&9
tries=0
until dmesg | grep -q 'end trace' || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.2
done
dmesg > "$scratch/log"
sed -n '/BUG: unable\|Unable to handle/,/end trace/s/^/# /p' "$scratch/log"
gmemctl oops "$scratch/log" --raw -n -o KIND,ACCESS,DIRECT-MAP,LEVEL,PFN,KERNEL-PATH,STEP,COMMAND | head -n 1 > "$scratch/told"
echo "not-present read unmapped 4K $pfn gup-copy /proc/PID/mem read-back" > "$scratch/wanted"
same "oops reports the page frame, level, path and step of the fault that check predicted" "$scratch/told" "$scratch/wanted"
try_json 0 ".faults[0] | .pid == $helper and (.removed | test(\"^set_direct_map_invalid\"))" \
	gmemctl oops "$scratch/log" --json
# The thread is dead: its descriptors are closed, and nobody can look at its mappings any more.
try_json 4 "[.frames[] | .owner == null and .pfn == $((pfn)) and .direct_map == \"unmapped\"] == [true]" \
	gmemctl oops --dmesg --json
try 4 "^ *[0-9]+ +read-back +$helper +not-present +read +4K +$pfn +gup-copy" '*' gmemctl oops --dmesg
sed 's/^/# /' "$scratch/stdout"
finish
