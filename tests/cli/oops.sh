# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# gmemctl oops: logs that this project has made, from files, standard input and the simulated kernels.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

logs=$(dirname "$0")/oops

# The row of a fault: every word comes from the text alone.
row='-o LINE,COMMAND,PID,KIND,ACCESS,LEVEL,PFN,KERNEL-PATH,STEP -n --raw'
# shellcheck disable=SC2086 # words
try 0 '^1 vmm 412 not-present clflush 4K 0x26e0 tdx-page-add KVM_TDX_INIT_MEM_REGION$' '' \
	gmemctl oops $row "$logs/x86-page-add"
# shellcheck disable=SC2086
try 0 '^1 init 1 not-present write 4K 0x44f85 gmem-clear KVM_RUN$' '' \
	gmemctl oops $row "$logs/arm64-clear"
# shellcheck disable=SC2086
try 1 '^3 modprobe 77 null-pointer read - - - -$' '' gmemctl oops $row "$logs/null"
# A stock kernel's log: tests/kernel/oops.sh made it. Before, check had predicted the
# fault of that page frame.
# shellcheck disable=SC2086
try 0 '^1 read-back 144 not-present read 4K 0x2103b gup-copy /proc/PID/mem$' '' \
	gmemctl oops $row "$logs/stock-7.3.4"
# shellcheck disable=SC2086
try 0 '^1 read-back 115 not-present read 4K 0x457ec gup-copy /proc/PID/mem$' '' \
	gmemctl oops $row "$logs/stock-7.3.4-arm64"
try_json 0 '.faults[0] | .pfn == 9952 and .level == "4K" and .direct_map == "unmapped" and .witness == "R10"
	and .kernel_path == "tdx-page-add" and .page == "guest_memfd" and .machine == "x86-64" and
	.kernel == "7.3.4" and .cpu == 1 and (.removed | test("^set_direct_map_invalid_noflush"))' \
	gmemctl oops "$logs/x86-page-add" --json
try_json 1 '.faults[0].kind == "null-pointer" and .faults_found == 1 and .other_oopses == 1' \
	gmemctl oops "$logs/null" --json

# Standard input, with and without a name; CRLF; the same from the journal.
for name in '' -; do
	# shellcheck disable=SC2086
	sed 's/$/\r/; s/^/Nov 29 10:12:46 host kernel: /' "$logs/x86-page-add" |
		gmemctl oops $name -n --raw -o PFN,KERNEL-PATH > "$scratch/stdout" 2> "$scratch/stderr"
	judge "standard input '$name'" $? 0 '^0x26e0 tdx-page-add$' ''
done

# journalctl -o json, and a log of RFC 5424.
sed 's/.*/{"__CURSOR":"s=1","PRIORITY":"1","MESSAGE":"&","_HOSTNAME":"h"}/' "$logs/x86-page-add" > "$scratch/log.json"
try 0 '^1 0x26e0 tdx-page-add$' '' gmemctl oops -n --raw -o LINE,PFN,KERNEL-PATH "$scratch/log.json"
sed 's/^/<4>1 2026-11-29T10:12:46.123456+00:00 host kernel - - - /' "$logs/x86-page-add" > "$scratch/log.5424"
try 0 '^1 0x26e0 tdx-page-add$' '' gmemctl oops -n --raw -o LINE,PFN,KERNEL-PATH "$scratch/log.5424"

# Logs without a page fault: empty input, an empty file, other oopses.
try 3 '' 'standard input: no page fault in 0 lines' gmemctl oops -n --raw -o LINE
echo 'Oops: general protection fault, maybe for address 0x1: 0000 [#1] SMP' > "$scratch/gp"
try 3 '' 'no page fault in 1 line, but 1 oops of another sort' gmemctl oops -n --raw -o LINE "$scratch/gp"
try_json 3 '.faults == [] and .other_oopses == 1 and (.error.message | length) > 0' \
	gmemctl oops "$scratch/gp" --json
try 2 '' 'no-such-file: No such file' gmemctl oops "$scratch/no-such-file"
try 2 '' 'Is a directory' gmemctl oops "$scratch" -n --raw
try 64 '' 'either FILE or --dmesg' gmemctl oops --dmesg "$scratch/gp"
try 64 '' '*' gmemctl oops "$scratch/gp" "$scratch/gp"

# A line about the RMP is no page fault. oops names its page frame and the next step.
rmp='SEV-SNP: RMPUPDATE failed for PFN 84f35, pg_level: 1, ret: 5'
echo "[   12.345678] $rmp" | tee "$scratch/rmp2" > "$scratch/rmp"
echo "$rmp" >> "$scratch/rmp2"
next="page frame 0x84f35 .RMPUPDATE failed.* 'gmemctl pfn pfn:84f35' .*gmemctl-guide.7., problem 10"
try 3 '' "rmp: no page fault in 1 line; line 1 is no page fault: .*$next" gmemctl oops -n --raw -o LINE "$scratch/rmp"
try 3 '^rmpupdate pfn: +0x84f35$' 'RMPUPDATE failed; other lines' gmemctl oops "$scratch/rmp2"
try_json 3 '.rmpupdate_failures == 2 and .rmpupdate_pfn == 544565 and .faults == [] and
	(.error.message | contains("pfn:84f35"))' gmemctl oops "$scratch/rmp2" --json
cat "$logs/x86-page-add" "$scratch/rmp" > "$scratch/both"
try 0 '^1 0x26e0$' "both: line 29 is no page fault: .*$next" gmemctl oops -n --raw -o LINE,PFN "$scratch/both"
try_json 0 '.rmpupdate_failures == 0 and (has("rmpupdate_pfn") | not)' gmemctl oops "$logs/x86-page-add" --json

# With --dmesg oops also looks that page frame up. A mount that only the command sees puts a log in the place of
# the kernel's.
with_log() {
	log=$1
	shift
	# shellcheck disable=SC2016 # for that shell
	unshare --user --map-root-user --mount sh -c 'mount --bind "$1" /dev/kmsg && shift && exec "$@"' sh "$log" "$@"
}
echo '3,1,1,-;SEV-SNP: RMPUPDATE failed for PFN 100, pg_level: 1, ret: 5' > "$scratch/kmsg"
if with_log "$scratch/kmsg" true 2> "$scratch/unshare"; then
	# shellcheck disable=SC2086 # words
	{
		try_json 3 '.rmpupdate_pfn == 256 and .faults == [] and [.frames[].pfn] == [256] and
			(.error.message | contains("pfn:100"))' \
			with_log "$scratch/kmsg" $GMEMCTL --reader=none oops --dmesg --json
		try 3 '^0x100 ' "line 1 is no page fault: .*'gmemctl pfn pfn:100'" \
			with_log "$scratch/kmsg" $GMEMCTL --reader=none oops --dmesg
	}
else
	skip "oops --dmesg looks up the page frame of a failed RMPUPDATE" "$(tail -n 1 "$scratch/unshare")"
fi

# Kernel addresses appear in no format. Only --verbose prints them, on standard error.
for format in '' --raw --pairs --json '--json --verbose' --output-all; do
	# shellcheck disable=SC2086
	gmemctl oops $format "$logs/x86-page-add" > "$scratch/stdout" 2> "$scratch/stderr"
	if grep -qi ffff "$scratch/stdout" "$scratch/stderr"; then
		fail "no kernel address with '$format'"
		show stdout
		show stderr
	else
		pass "no kernel address with '$format'"
	fi
done
try 0 '*' 'line 1: address 0xffff8aa5026e0000' gmemctl oops --verbose "$logs/x86-page-add"
try 0 '*' 'line 1: the direct map is at 0xffff8aa500000000' gmemctl oops -v "$logs/x86-page-add"

# If the text has no address, oops does not show it as 0.
sed -n '3,$ { /CR2/d; p }' "$logs/x86-page-add" > "$scratch/headless"
gmemctl oops --verbose "$scratch/headless" > "$scratch/stdout" 2> "$scratch/stderr"
judge "an oops without an address is shown without one" $? 0 'not-present' ''
# A compressed file has no lines to read: oops says what to do.
gzip -c "$logs/x86-page-add" > "$scratch/log.gz"
try 3 '' 'log.gz: it is compressed with gzip: zcat .*log.gz . gmemctl oops' gmemctl oops -n --raw -o LINE "$scratch/log.gz"
gmemctl oops -n --raw -o LINE - < "$scratch/log.gz" > "$scratch/stdout" 2> "$scratch/stderr"
judge "oops refuses a compressed log on standard input" $? 3 '' 'standard input: it is compressed with gzip: zcat FILE . gmemctl oops'

# Damaged logs: oops names each damage.
head -n 3 "$logs/x86-page-add" > "$scratch/half"
try 1 'incomplete' '' gmemctl oops "$scratch/half"
try 1 ' is of an architecture|a page fault of riscv: x86-64 and arm64 are decoded' '' \
	gmemctl oops "$logs/riscv"
sed 's/PTE 800ffffffd91f020/PTE 800ffffffd911020/; s/026e0000/026e1000/2' "$logs/x86-page-add" |
	sed 's/fault for address: ffff8aa5026e0000/fault for address: ffff8aa512345000/' > "$scratch/wrong"
# No path of the table touches such an address, whatever the trace says.
try 1 'The address is not in the direct map' '' gmemctl oops "$scratch/wrong"
try_json 1 '.faults[0] | .pfn == null and .removed == null and .kernel_path == null and .page == null and
	.step == "KVM_TDX_INIT_MEM_REGION" and .direct_map == "unknown"' gmemctl oops "$scratch/wrong" --json
sed 's/ffff8aa5026e0000/ffffb3a5001a3c60/' "$logs/x86-page-add" > "$scratch/vmalloc"
try 1 'The address is not in the direct map' '' gmemctl oops "$scratch/vmalloc"
# If the entry is empty, the text does not tell whether the address is in the direct map: its
# base and its end are random.
sed 's/PTE 800ffffffd91f020/PTE 0/' "$scratch/vmalloc" > "$scratch/empty"
# shellcheck disable=SC2086
try 0 '^1 vmm 412 not-present clflush 4K - tdx-page-add KVM_TDX_INIT_MEM_REGION$' '' \
	gmemctl oops $row "$scratch/empty"
{ head -c 100000 /dev/zero; echo; head -c 100000 /dev/zero | tr '\0' x; echo; cat "$logs/x86-page-add"; } \
	> "$scratch/dirt"
try 0 'not-present' 'lines longer than a kernel writes, .*: 1$' gmemctl oops "$scratch/dirt"
try 0 'not-present' 'zero bytes that were passed over: 100000' gmemctl oops "$scratch/dirt"
# A user may choose the name of a thread freely.
printf 's/Comm: vmm/Comm: a\033[2Jb/' > "$scratch/edit"
sed -f "$scratch/edit" "$logs/x86-page-add" > "$scratch/escape"
gmemctl oops "$scratch/escape" > "$scratch/stdout"
if grep -q "$(printf '\033')" "$scratch/stdout"; then
	fail "a name with escapes does not reach the terminal"
else
	pass "a name with escapes does not reach the terminal"
fi

# The journal of a boot with two faults: oops explains one of them, and not the other.
cat "$logs/x86-page-add" "$logs/null" > "$scratch/two"
try 1 'tdx-page-add' '' gmemctl oops "$scratch/two"
try_json 1 '[.faults[].line] == [1, 31]' gmemctl oops "$scratch/two" --json

# A simulated kernel took the fault: its own log, and the state of its page frames now.
printf 'walk --no-direct-map --force\noops --dmesg\n' > "$scratch/lines"
gmemctl batch --keep-going --simulate=tdx-no-direct-map "$scratch/lines" \
	> "$scratch/stdout" 2> "$scratch/stderr"
judge "the log of a simulated kernel" $? 4 \
	'^ *[0-9]+ .*not-present +clflush +4K +0x100000 tdx-page-add KVM_TDX_INIT_MEM_REGION' '*'
if grep -qE '^ *0x100000 yes +0 DMA32? .*unmapped|^0x100000 .* unmapped ' "$scratch/stdout"; then
	pass "oops --dmesg shows that the page frame is still unmapped"
else
	fail "oops --dmesg shows that the page frame is still unmapped"
	show stdout
fi
# +COLUMN adds to the second table, too, which the heading of REASON is in.
sed -i 's/--dmesg/--dmesg --output=+reason/' "$scratch/lines"
gmemctl batch --keep-going --simulate=tdx-no-direct-map "$scratch/lines" \
	> "$scratch/stdout" 2> "$scratch/stderr"
judge "oops --dmesg --output=+reason" $? 4 '^ *PFN .* REASON *$' '*'
try 64 '' "'reason' is a column of the frames of oops" gmemctl oops --dmesg --simulate=tdx -o reason
try 3 '' 'the log of the simulated kernel: no page fault in 0 lines' \
	gmemctl oops --dmesg --simulate=tdx -n --raw -o LINE
finish
