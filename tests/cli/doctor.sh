# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# gmemctl doctor on many hosts: the answer for each purpose, the checks that fail, and the decisive line.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

if sysroot_missing; then
	skip "doctor on files of other hosts" "$(cat "$scratch/stderr")"
	finish
fi

purposes='guest-memfd private tdx snp'

# Each of these hosts is another host with one or two changes.
while read -r name base commands; do
	case $name in
	'' | \#*) continue ;;
	esac
	mkdir -p "$scratch/hosts"
	cp -r "tests/hosts/$base" "$scratch/hosts/$name"
	chmod -R u+w "$scratch/hosts/$name"
	(cd "$scratch/hosts/$name" && eval "$commands") ||
		fail "$name: cannot be made of $base" "$commands"
	grep -q "^$name " tests/hosts/expected || fail "$name has no row in tests/hosts/expected"
done < tests/hosts/variants

# folder HOST: prints the folder with the host's files.
folder() {
	if [ -d "tests/hosts/$1" ]; then
		echo "tests/hosts/$1"
	else
		echo "$scratch/hosts/$1"
	fi
}

# answers HOST STATUS...: with --for the exit status is the answer. The document has the answer
# as a word, and the cause.
answers() {
	name=$1
	shift
	for purpose in $purposes; do
		gmemctl doctor --sysroot="$(folder "$name")" --for="$purpose" --json \
			> "$scratch/stdout" 2> "$scratch/stderr"
		status=$?
		keep_json "$scratch/stdout"
		key=$(echo "$purpose" | sed 's/-/_/; s/^private$/private_memory/')
		word=$(jq -r ".$key" "$scratch/stdout")
		case $word in
		yes) means=0 ;;
		no) means=1 ;;
		cannot-tell) means=3 ;;
		*) means=none ;;
		esac
		if [ $status -eq "$1" ] && [ "$means" = "$1" ] &&
			jq -e ".${key}_reason | length > 0" "$scratch/stdout" > /dev/null; then
			pass "$name: $purpose: $word"
		else
			fail "$name: $purpose: status $status, $word, not $1" \
				"$(jq -r ".${key}_reason" "$scratch/stdout")" \
				"$(cat "$scratch/stderr")"
		fi
		shift
	done
}

# fails HOST CHECKS: whether only these checks fail. One cause gives one fail.
fails() {
	failed=$(jq -r '[.checks[] | select(.result == "fail") | .id] | join(",")' "$scratch/stdout")
	if [ "${failed:--}" = "$2" ]; then
		pass "$1: fails: $2"
	else
		fail "$1: fails: $failed, not $2"
	fi
}

# line HOST CHECK RESULT PATTERN: whether the check has this result, and its text matches PATTERN.
line() {
	if jq -e --arg id "$2" --arg result "$3" --arg text "$4" \
		'.checks[] | select(.id == $id) | .result == $result and
		((.detail + "\n" + (.fix // "")) | test($text))' "$scratch/stdout" > /dev/null; then
		pass "$1: $2: $4"
	else
		fail "$1: $2 is not $3 with '$4'" \
			"$(jq -c --arg id "$2" '.checks[] | select(.id == $id)' "$scratch/stdout")"
	fi
}

while read -r name memfd private tdx snp failed check result text; do
	case $name in
	'' | \#*) continue ;;
	esac
	answers "$name" "$memfd" "$private" "$tdx" "$snp"
	fails "$name" "$failed"
	line "$name" "$check" "$result" "$text"
done < tests/hosts/expected
for host in tests/hosts/*/; do
	host=$(basename "$host")
	grep -q "^$host " tests/hosts/expected || fail "$host has no row in tests/hosts/expected"
done

# contradicts HOST PATTERN: whether no advice contradicts the host by matching PATTERN.
contradicts() {
	name=$1
	gmemctl doctor --sysroot="$(folder "$name")" --json 2> "$scratch/stderr" |
		jq -r '.checks[] | .fix // empty' > "$scratch/fixes"
	if ! [ -s "$scratch/fixes" ] || grep -nE "$2" "$scratch/fixes" > "$scratch/wrong"; then
		fail "$name: no advice has '$2'" "$(cat "$scratch/wrong" "$scratch/fixes")"
	else
		pass "$name: no advice has '$2'"
	fi
}
contradicts tdx68 'modprobe tdx-host|BIOS'
contradicts tdx_builtin 'modprobe|load kvm_intel'
contradicts no_vmx modprobe
contradicts desktop_tme BIOS
contradicts cloud_vm 'BIOS|modprobe'
contradicts deb13 'Linux 6\.8 |BIOS'
contradicts container 'modprobe|BIOS|firmware'
contradicts arm64_deb13 'CONFIG_|6\.8 '
contradicts arm64 'ept|EPT|npt|NPT|levels|CONFIG_'
contradicts vm_no_ept 'load|modprobe|ept='
contradicts kvm_ept_off 'load|modprobe|hypervisor'
# Other commands that need KVM give the same advice as doctor.
for name in cloud_vm node_in_vm no_vmx container node_in_container node_of_another built_in_silent \
	module_unloaded built_in_no_config cpu_unknown arm64_no_kvm; do
	advice=$(gmemctl doctor --sysroot="$(folder $name)" --json 2> "$scratch/stderr" |
		jq -r '[.checks[] | select(.result == "fail" and
			(.id | test("^(machine.virtual|kvm.device|kvm.access)$")))] | .[0].fix')
	for command in caps 'metrics --format=nfd'; do
		# shellcheck disable=SC2086 # words
		gmemctl $command --sysroot="$(folder $name)" > "$scratch/stdout" 2> "$scratch/stderr"
		if [ -n "$advice" ] && grep -qF "$advice" "$scratch/stderr"; then
			pass "$name: $command: $advice"
		else
			fail "$name: $command does not say: $advice" "$(cat "$scratch/stderr")"
		fi
	done
done
# doctor names what is missing for a dump of a fault, and nothing that is there.
after=$scratch/after
mkdir -p "$after/proc/sys/kernel" "$after/sys/kernel"
while IFS='|' read -r panics loaded result fix; do
	rm -f "$after/index" "$after/proc/sys/kernel/panic_on_oops" "$after/sys/kernel/kexec_crash_loaded"
	[ "$panics" = '?' ] || echo "$panics" > "$after/proc/sys/kernel/panic_on_oops"
	case $loaded in
	'?') ;;
	none) echo '/sys/kernel/kexec_crash_loaded ENOENT' > "$after/index" ;;
	*) echo "$loaded" > "$after/sys/kernel/kexec_crash_loaded" ;;
	esac
	try_json 3 ".checks[] | select(.id == \"machine.after-fault\") | .result == \"$result\" and .fix == $fix" \
		gmemctl doctor --sysroot="$after" --json
done << 'END'
1|1|pass|null
0|1|skip|"for a dump of a fault: sysctl kernel.panic_on_oops=1"
1|0|skip|"for a dump of a fault: load a crash kernel (package kdump-tools or kexec-tools)"
0|0|skip|"for a dump of a fault: load a crash kernel (package kdump-tools or kexec-tools), then sysctl kernel.panic_on_oops=1"
0|none|skip|"for a dump of a fault: use a kernel with CONFIG_CRASH_DUMP and CONFIG_KEXEC_FILE"
1|none|skip|"for a dump of a fault: use a kernel with CONFIG_CRASH_DUMP and CONFIG_KEXEC_FILE"
?|none|skip|"for a dump of a fault: use a kernel with CONFIG_CRASH_DUMP and CONFIG_KEXEC_FILE"
?|1|cannot-tell|"for a dump of a fault: look whether the sysctl kernel.panic_on_oops is 1"
?|0|skip|"for a dump of a fault: load a crash kernel (package kdump-tools or kexec-tools), and look whether the sysctl kernel.panic_on_oops is 1"
1|?|cannot-tell|null
0|?|skip|"for a dump of a fault: sysctl kernel.panic_on_oops=1, where a crash kernel is loaded"
?|?|cannot-tell|null
END
# If an architecture lacks a feature, doctor does not report it as an option that is off.
try_json 0 '[.checks[] | select(.id | test("^(config.kvm-(memory-attributes|sw-protected-vm)|kvm.pre-fault)$")) |
	.detail] == ["the CPU is Arm", "the CPU is Arm", "KVM on arm64 has no KVM_PRE_FAULT_MEMORY"]' \
	gmemctl doctor --sysroot=tests/hosts/arm64 --json

# doctor has these checks on arm64 only.
arm64='[.checks[] | select(.id | startswith("arm64.")) | .result]'
try_json 0 "$arm64"' == ["pass", "pass", "pass", "pass"]' gmemctl doctor --simulate=arm64 --json
try_json 0 "$arm64"' == ["pass", "cannot-tell", "skip", "pass"]' \
	gmemctl doctor --simulate=arm64-no-direct-map --json
try_json 0 "$arm64"' == []' gmemctl doctor --simulate=plain --json
try_json 0 '.checks[] | select(.id == "memory.secretmem") | .result == "fail" and
	(.fix | contains("rodata=off"))' gmemctl doctor --simulate=arm64,fail=create-file@1+:ENOSYS --json

# A TD in the numbering of older kernels is not SEV: no command says that.
old=tests/hosts/tdx68
try_json 4 '.vm_types == ["default", "sw-protected"] and .doubted_vm_types == ["bit-2"] and
	(.doubted_vm_types_reason | test("before Linux 6.16")) and
	(.capabilities[] | select(.capability == "KVM_CAP_VM_TYPES" and .asked_on == "/dev/kvm") |
	.flags) == ["default", "sw-protected", "bit-2"]' gmemctl caps --sysroot=$old --json
for name in tdx68 tdx68_off tdx68_unsaid tdx68_no_cpu tdx68_both el9_offer_alone arm64_types; do
	gmemctl metrics --format=nfd --sysroot="$(folder $name)" > "$scratch/features" 2> "$scratch/stderr"
	if grep -q '^gmemctl-vm-type.default=true$' "$scratch/features" &&
		! grep -qi sev "$scratch/features"; then
		pass "$name: no label claims that the host has SEV"
	else
		fail "$name: no label claims that the host has SEV" "$(cat "$scratch/features" "$scratch/stderr")"
	fi
done
try_json 3 '[.paths[] | select(.kernel_path | startswith("tdx-")) | .verdict] == ["unknown", "unknown", "unknown"] and
	[.paths[] | select(.kernel_path | startswith("snp-") or startswith("sev-")) | .verdict] ==
	["not-applicable", "not-applicable", "not-applicable", "not-applicable"]' \
	gmemctl check --pfn=0x100 --sysroot=$old --json

# metrics reports the keys that a container may use. Version 1 of cgroups has these files in another place.
try 4 '^gmemctl_keys_max\{resource="sev_es"\} 20$' '*' gmemctl metrics --sysroot=tests/hosts/snp_ctr
try 4 '^gmemctl_keys\{resource="sev_es"\} 99$' '*' gmemctl metrics --sysroot=tests/hosts/cgroup_v1

# If metrics cannot see the number of keys, it does not call itself complete.
call=1
without=0
wrong=
while [ $call -le 80 ]; do
	gmemctl metrics --simulate=snp,fail=open@$call+:EACCES > "$scratch/text" 2> "$scratch/stderr"
	if ! grep -q '^gmemctl_keys{resource="sev_es"} 99$' "$scratch/text"; then
		without=$((without + 1))
		grep -q '^gmemctl_complete 1$' "$scratch/text" && wrong="$wrong $call"
	fi
	call=$((call + 1))
done
if [ $without -gt 0 ] && [ -z "$wrong" ]; then
	pass "metrics is not complete if it cannot read the number of keys"
else
	fail "metrics is not complete if it cannot read the number of keys" "$without without; open$wrong failed"
fi

# Each command that a fix names finds the kernel's own lines in the log. No fix names another command.
while IFS='|' read -r macro source said; do
	case $macro in
	'' | \#*) continue ;;
	esac
	look=$(sed -n "s/^#define $macro \"dmesg | \(.*\)\"\$/\1/p" libgmem/base/log.h)
	if [ -n "$look" ] && echo "[    1.234567] $said" | sh -c "$look" > "$scratch/found"; then
		pass "$look: $said"
	else
		fail "$look does not find: $said" "$source"
	fi
done < tests/hosts/kernel-lines
# shellcheck disable=SC2013 # each is one word
for macro in $(sed -n 's/^#define \(GMEM_LOG_[A-Z0-9]*\) .*/\1/p' libgmem/base/log.h); do
	grep -q "^$macro|" tests/hosts/kernel-lines || fail "$macro has no line in tests/hosts/kernel-lines"
done
others=$(grep -rnE '"[^"]*\b(dmesg \| *grep|see dmesg|look at dmesg|dmesg (may|names|says|shows))' \
	libgmem cli --include='*.c' --include='*.h' | grep -v '^libgmem/base/log.h:')
if [ -z "$others" ]; then
	pass "no fix names another command that reads the log"
else
	fail "no fix names another command that reads the log" "$others"
fi

# If a call fails, the answer is not "no", whichever call it was.
call=1
wrong=
while [ $call -le 40 ]; do
	for fault in open@$call+ ioctl@$call ioctl@$call+; do
		gmemctl doctor --simulate=tdx,fail="$fault":EACCES --json \
			> "$scratch/text" 2> "$scratch/stderr"
		jq -e '.guest_memfd != "no" and .private_memory != "no" and .tdx != "no" and
			all(.checks[]; .result != "fail")' "$scratch/text" > "$scratch/jq" ||
			wrong="$wrong $fault"
	done
	call=$((call + 1))
done
if [ -z "$wrong" ]; then
	pass "doctor does not answer no because a call was refused"
else
	fail "doctor does not answer no because a call was refused" "$wrong"
fi

# Output for people has a line for each purpose, on simulated kernels, too.
try 0 '^TDX: +no: the CPU is AMD$' '*' gmemctl doctor --simulate=snp
try 1 '^TDX: +no: CONFIG_INTEL_TDX_HOST is off' '*' gmemctl doctor --simulate=plain --for=tdx
try 1 '' '*' gmemctl doctor --simulate=plain --for=private -q
try 0 '^SNP: +yes: ' '*' gmemctl doctor --simulate=snp --for=snp
try 64 '' '--for: .*one of guest-memfd' gmemctl doctor --simulate=snp --for=sev
# If no VM can be created, KVM's offer of a VM type is not a "yes".
try 3 '^TDX: +cannot-tell: a VM could not be created: Operation not permitted' '*' \
	gmemctl doctor --simulate=tdx,fail=ioctl@2+:EPERM --for=tdx
try 3 '^SNP: +cannot-tell: a VM could not be created' '*' \
	gmemctl doctor --simulate=snp,fail=ioctl@2+:EMFILE --for=snp
finish
