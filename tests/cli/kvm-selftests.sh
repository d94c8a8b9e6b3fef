# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2016,SC2317,SC2086 # inner shell; called by try; words
# The assertions of KVM's own selftests about guest_memfd, made with gmemctl commands only: guest_memfd_test,
# set_memory_region_test, pre_fault_memory_test and private_mem_conversions_test of Linux 7.3. Reads and
# writes by a guest are not here, as no vCPU runs.
#
# It runs on simulated kernels, or with RUNNING=1 on the running one. GMEMCTL is the command.
# shellcheck source-path=SCRIPTDIR source=lib.sh
: "${BUILD:=build}"
. "$(dirname "$0")/lib.sh"

# asks STATUS MESSAGE COMMAND...: a test with the names of kernel, VM type and selftest.
asks() {
	wanted=$1 err=$2
	shift 2
	gmemctl "$@" > "$scratch/stdout" 2> "$scratch/both" < /dev/null
	status=$?
	grep -v '^gmemctl: simulated: ' "$scratch/both" > "$scratch/stderr"
	judge "$kernel, $type, $selftest: $*" $status "$wanted" '*' "$err"
}
ok() {
	asks 0 '' "$@"
}

# new [OPTION...]: replaces vm by a new VM of the type under test.
new() {
	gmemctl destroy vm > "$scratch/out" 2>&1
	ok create vm "--vm-type=$type" $simulate "$@"
}
end() {
	gmemctl destroy vm > "$scratch/out" 2>&1
}
# Whether the host can touch the memory of this type.
touchable() {
	offers mmap && offers init-shared
}
offers() {
	jq -e --arg type "$type" --arg flag "$1" '[.capabilities[] | select(.asked_on == $type
		and .capability == "KVM_CAP_GUEST_MEMFD_FLAGS") | .flags[]] | index($flag)' \
		"$scratch/caps" > "$scratch/jq"
}
has() {
	jq -e --arg type "$type" --arg cap "$1" '[.capabilities[] | select(.asked_on == $type
		and .capability == $cap) | .value] | .[0] > 0' "$scratch/caps" > "$scratch/jq"
}

# value NAME FILTER WANTED COMMAND...: whether FILTER gives WANTED for the command's document.
value() {
	name="$kernel, $type, $selftest: $1" filter=$2 wanted=$3
	shift 3
	gmemctl "$@" --json > "$scratch/stdout" 2> "$scratch/stderr" < /dev/null
	got=$(jq -r "$filter" "$scratch/stdout" 2> "$scratch/jq")
	if [ "$got" = "$wanted" ]; then
		pass "$name: $wanted"
	else
		fail "$name" "it is $got, not $wanted"
		show stderr
	fi
}
pages() {
	if [ -n "$reader" ]; then
		value 'pages in memory' .pages "$1" pfns vm
	else
		skip "$kernel, $type, $selftest: pages in memory: $1" "$why"
	fi
}
private() {
	value 'bytes private' '.vms[0].private' "$1" status vm
}

# create takes a flag if KVM_CAP_GUEST_MEMFD_FLAGS of the VM offers it, and only then.
flags_are_as_offered() {
	for flag in mmap init-shared no-direct-map; do
		end
		if offers $flag; then
			ok create vm "--vm-type=$type" $simulate --flags=$flag
		else
			asks 2 "flag $flag .bit [0-2]. is not offered" \
				create vm "--vm-type=$type" $simulate --flags=$flag
		fi
	done
}

guest_memfd_test() {
	selftest=guest_memfd
	flags_are_as_offered
	end
	for size in 1 4095 4097; do
		asks 64 'not a multiple of 4096' create vm "--vm-type=$type" $simulate --size=$size
	done
	asks 64 'above 0' create vm "--vm-type=$type" $simulate --size=0
	new --flags= --size=4K
	value 'size' '.vms[0].size' 4096 status vm
	new --flags= --size=16K
	value 'size' '.vms[0].size' 16384 status vm
	asks 2 'without flag mmap|has no flag mmap|mmap' map vm all --method=host
	ok map vm 0+16K --method=allocate
	pages 4
	asks 64 'has 16384 bytes' map vm 16K+4K --method=allocate
	asks 64 'has 16384 bytes' map vm 20K+4K --method=allocate
	for range in 4095+4096 4096+4095 0+1 0+4095 0+4097 1+1 1+4095 1+4096 1+4097 4096+1 4096+4097; do
		asks 64 'whole pages: 4096' punch vm $range
	done
	ok punch vm 4K+4K
	pages 3
	ok map vm 4K+4K --method=allocate
	pages 4
	asks 64 'beyond the memory' create other "--vm-type=$type" $simulate --flags= --size=16K \
		--slot=0+16K@0x7ffffffffffff000
	if touchable; then
		new --flags=mmap,init-shared --size=16K
		ok map vm all --method=host
		pages 4
		ok punch vm 0+4K
		pages 3
		ok map vm 0+4K --method=host
		pages 4
	fi
	if offers mmap; then
		new --flags=mmap --size=16K
		asks 2 'init-shared' map vm all --method=host
	fi
	[ "$type" != default ] || value 'flags of default VMs' '[.capabilities[] | select(.asked_on
		== "default" and .capability == "KVM_CAP_GUEST_MEMFD_FLAGS") | .flags
		| index("mmap", "init-shared")] | all(. != null)' true caps $simulate
}

# Other programs use the descriptor itself.
guest_memfd_descriptor() {
	selftest=guest_memfd
	new --flags= --size=4K
	asks 1 'Invalid argument|Illegal seek' exec vm -- sh -c 'cat <&$GMEM_MEMORY_FD'
	asks 1 'Invalid argument|Illegal seek|I/O error' exec vm -- sh -c 'printf x >&$GMEM_MEMORY_FD || exit 1'
	ok exec vm -- sh -c 'test $(stat -L -c %s /proc/self/fd/$GMEM_MEMORY_FD) = 4096'
	ok exec vm -- sh -c 'test $(stat -L -c %o /proc/self/fd/$GMEM_MEMORY_FD) = 4096'
}

set_memory_region_test() {
	selftest=set_memory_region
	new --flags= --size=2M --slot=4G+1M@0 --slot=8G+1M@1M
	for offset in 1 100 4095; do
		asks 64 'offset is not a multiple' create other "--vm-type=$type" $simulate \
			--size=2M --slot=4G+1M@$offset
	done
	end
	for second in 8G+1M@0 8G+1M@512K 8G+512K@512K 8G+512K@0; do
		asks 2 'slot 0' create vm "--vm-type=$type" $simulate --flags= --size=2M \
			--slot=4G+1M@0 --slot=$second
	done
	for second in 4G+1M@1M 0x100080000+512K@1M 0xfff80000+1M@1M; do
		asks 2 'File exists.*slot 0' create vm "--vm-type=$type" $simulate --flags= --size=2M \
			--slot=4G+1M@0 --slot=$second
	done
	asks 64 'beyond the memory' create vm "--vm-type=$type" $simulate --flags= --size=2M --slot=4G+4M@0
	asks 2 'wraps|highest|beyond|width|physical' create vm "--vm-type=$type" $simulate --flags= \
		--size=2M --gpa=0xfffffffffff00000
	# When a slot is gone, its addresses and its part of the file are free again.
	new --flags= --size=2M --slots=64
	value memslots '.vms[0].slots' 64 status vm
	new --flags= --size=2M --slots=64
}

# pre_fault FLAG: shared memory can be pre-faulted only if the file provides it. Private memory always can.
pre_fault_memory_test() {
	selftest="pre_fault_memory ($1)"
	new "--flags=$2" --size=4M --slot=4G+2052K@0
	[ "$1" = shared ] || ok convert vm 0+2052K private
	ok map vm 0+2M --method=pre-fault
	asks 64 'bound to no guest-physical address' map vm 2M+8K --method=pre-fault
	ok map vm 2M+4K --method=pre-fault
	asks 64 'in no memslot' map vm 8G+4K --by-gpa --method=pre-fault
	pages 513
	ok map vm 4G+2M --by-gpa --method=pre-fault
	pages 513
}

private_mem_conversions_test() {
	selftest=private_mem_conversions
	new --flags= --size=2M --slots=4
	private 0
	ok map vm all --method=allocate
	ok convert vm all private
	private 2097152
	i=1
	while [ $i -lt 16 ]; do
		ok convert vm $((i * 4096))+4K shared
		i=$((i + 2))
	done
	private $((2097152 - 8 * 4096))
	pages 512
	ok convert vm all shared
	private 0
	pages 512
	# Punched private memory stays private, with other pages.
	ok convert vm all private
	ok punch vm 64K+64K
	private 2097152
	pages 496
	# Conversions across the ends of memslots, to shared and back to private.
	ok convert vm 508K+8K shared
	private $((2097152 - 8192))
	ok convert vm 508K+8K private
	ok convert vm 0+4K private
	private 2097152
	ok punch vm all
	pages 0
	ok map vm all --method=allocate
	pages 512
	end
}

# Pages of a TD can be pre-faulted when it is finalized, those of others at any time.
conversions_and_pre_fault() {
	private_mem_conversions_test
	case $type in
	tdx | snp)
		selftest='pre_fault_memory (launch)'
		new --flags= --size=2M
		ok convert vm all private
		asks 2 'pre-faulted after' map vm all --method=pre-fault
		ok map vm 0+64K
		ok finalize vm
		ok map vm 64K+64K --method=pre-fault
		asks 2 'no memslot|shared' map vm 0+4K --method=host
		;;
	*) ! has KVM_CAP_PRE_FAULT_MEMORY || pre_fault_memory_test private '' ;;
	esac
}

test_type() {
	guest_memfd_test
	[ -n "$simulate" ] || guest_memfd_descriptor
	set_memory_region_test
	if has KVM_CAP_MEMORY_ATTRIBUTES; then
		conversions_and_pre_fault
	else
		selftest=private_mem_conversions
		new --flags= --size=2M
		asks 2 'no memory attributes|no private memory' convert vm all private
	fi
	if [ "$type" = default ] && touchable && has KVM_CAP_PRE_FAULT_MEMORY; then
		pre_fault_memory_test shared mmap,init-shared
	fi
	end
}

# test_kernel NAME [--simulate=MODEL]: runs all tests on this kernel, for each VM type that it has.
test_kernel() {
	kernel=$1 simulate=${2-}
	gmemctl caps $simulate --json > "$scratch/caps" 2> "$scratch/err"
	for type in default sw-protected tdx snp; do
		jq -e --arg type "$type" '.vm_types | index($type)' "$scratch/caps" > "$scratch/jq" ||
			continue
		# Under valgrind a command takes a second.
		wrapped && [ $type != tdx ] && continue
		test_type
	done
}

reader=yes
if [ -z "${RUNNING-}" ]; then
	for model in plain sw-protected tdx snp; do
		wrapped && [ $model != tdx ] && continue
		test_kernel $model --simulate=$model
	done
elif [ ! -w /dev/kvm ]; then
	skip 'the selftests of KVM' 'there is no /dev/kvm to write to'
else
	gmemctl directmap --json > "$scratch/out" 2> "$scratch/err" || reader=
	why=$(jq -r '.error.message' "$scratch/out")
	test_kernel "Linux $(uname -r)"
fi
finish
