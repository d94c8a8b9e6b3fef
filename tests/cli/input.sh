# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try
# Bad input, each with its message and status; and input that only looks bad.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

walk() {
	gmemctl walk --simulate=plain --dry-run "$@"
}

# size ARGUMENT BYTES: whether walk reads ARGUMENT as a size of BYTES.
size() {
	try 0 "^SIZE=\"$2\"|^size +$2\$|\"size\":$2,?\$" '' walk --json "--size=$1"
}

size 4096 4096
size 0x2000 8192
size 4K 4096
size 4k 4096
size 4KiB 4096
size 512KB 512000
size 1M 1048576
size 1.5M 1572864
size 0.5G 536870912
size 2GiB 2147483648
size 0x10K 16384

try 64 '' 'it must be above 0' walk --size=0
try 64 '' 'it is empty' walk --size=
try 64 '' 'it is negative' walk --size=-4096
try 64 '' 'is not a multiple of 4096' walk --size=4097
try 64 '' 'is not a multiple of 4096' walk --size=1
try 64 '' 'is not a multiple of 4096' walk --size=1KB
try 64 '' 'no size of 2\^63 or above' walk --size=8E
try 64 '' 'no size of 2\^63 or above' walk --size=9223372036854775808
try 64 '' 'does not fit in 64 bits' walk --size=16E
try 64 '' 'does not fit in 64 bits' walk --size=18446744073709551616
try 64 '' 'does not fit in 64 bits' walk --size=99999999999999999999999
try 64 '' 'its suffix is not one of' walk --size=4Q
try 64 '' 'its suffix is not one of' walk --size=4MiBs
try 64 '' 'its suffix is not one of' walk --size='4 M'
try 64 '' 'its suffix is not one of' walk --size=4096x
try 64 '' 'its suffix is not one of' walk --size=1.M
try 64 '' 'a fraction of a byte' walk --size=4096.5
try 64 '' 'it is not a number' walk --size=four
try 64 '' 'it is not a number' walk --size=0x
try 64 '' 'it is not a number' walk --size=+4096

try 64 '' "one of best, default" walk --vm-type=magic
try 64 '' "one of best, default" walk --vm-type=TDX
try 64 '' "one of best, default" walk --vm-type=
try 64 '' "flag 'huge' is not one of" walk --flags=huge
try 64 '' "flag 'huge' is not one of" walk --flags=mmap,huge
try 64 '' "'nonsense' is no column of walk" walk --output=nonsense
try 64 '' "'' is no column of walk" walk --output=
try 64 '' "'x' is no column of walk" walk --output=stage,x
try 64 '' "no simulated kernel is named 'magic'" gmemctl walk --simulate=magic
try 64 '' '^  plain ' gmemctl walk --simulate=magic

caps_on() {
	gmemctl caps "--simulate=$1"
}

try 64 '' "'noise' after the model is neither count nor fail=" caps_on plain,noise
try 64 '' "'' after the model is neither" caps_on plain,
try 64 '' "no simulated kernel is named ''" caps_on ,count
try 64 '' "'fail=open' is not fail=KIND@N:ERRNO" caps_on plain,fail=open
try 64 '' "'fail=open@1' is not fail=KIND@N:ERRNO" caps_on plain,fail=open@1
try 64 '' "'write' is no kind of call" caps_on plain,fail=write@1:EIO
try 64 '' "'0' is not the number of a call" caps_on plain,fail=open@0:EIO
try 64 '' "'-1' is not the number of a call" caps_on plain,fail=open@-1:EIO
try 64 '' "'1-' is not the number of a call" caps_on plain,fail=open@1-:EIO
try 64 '' "'ESLEEPY' is no errno" caps_on plain,fail=open@1:ESLEEPY
try 64 '' 'a kmem-request fails with EFAULT' caps_on plain,fail=kmem-request@1:EIO
try 64 '' 'one fail= is all there can be' caps_on plain,fail=open@1:EIO,fail=open@2:EIO
try 0 '*' '^gmemctl: caps: calls: ioctl [1-9]' caps_on plain,count
try 2 '*' '/dev/kvm: Cannot allocate memory' caps_on plain,fail=open@2+:ENOMEM

check() {
	gmemctl check --simulate=plain "$@"
}

try 64 '' 'give either TARGET or --pfn' check
try 64 '' 'give either TARGET or --pfn' check 1:2 --pfn=1
try 64 '' 'it is not a number' check --pfn=x
try 64 '' 'it is empty' check --pfn=
# A line break in an argument does not begin a line that looks like a message.
try 64 '' '^gmemctl: doctor: --for: .a.gmemctl: all is well. is not one of ' gmemctl doctor --for="a
gmemctl: all is well"
try 64 '' 'it is negative' check --pfn=-1
try 64 '' 'end lies before its start' check --pfn=20-10
try 64 '' 'it is empty' check --pfn=20-20
try 64 '' 'it is empty' check --pfn=20+0
try 64 '' 'it is empty' check --pfn=20+
try 64 '' 'counted, not sized' check --pfn=4K
try 64 '' 'counted, not sized' check --pfn=1-2-3
try 64 '' 'does not fit in 64 bits' check --pfn=0x10000000000000000
try 64 '' 'ends beyond 64 bits' check --pfn=2+18446744073709551615
try 64 '' 'beyond this CPU' check --pfn=0xfffffffffffff
try 64 '' 'beyond this CPU' check --pfn=1+0xfffffffffffff

# Numbers as logs and oopses have them. The model's RAM ends before 0xbffdf, and goes on at 0x100000.
try 64 '' "'84f35': did you mean 0x84f35\\?" check --pfn=84f35
try 64 '' "did you mean 0x84f35-0x84f40\\?" check --pfn=84f35-84f40
try 64 '' "did you mean 0x84f35-0x90000\\?" check --pfn=84f35-90000
try 64 '' "did you mean 0x84f35\\+16\\?" check --pfn=84f35+16
try 64 '' "did you mean 0x84f35\\+0xff\\?" check --pfn=84f35+ff
try 0 '' '' check --pfn=pfn:84f35 --quiet
try 0 '' '' check --pfn=PFN:0x84f35-0x84f40 --quiet
try_json 0 '.pages == 2 and .not_ram == 0' check --json --pfn=phys:104435fff-104436001
try_json 0 '.pages == 3' check --json --pfn=phys:0x104435001+0x2000
try 64 '' 'it is not a hexadecimal number' check --pfn=pfn:4K
try 64 '' 'it is empty' check --pfn=phys:
try 64 '' 'does not fit in 64 bits' check --pfn=phys:10000000000000000
try 0 '*' '104435 is taken for decimal, 0x197f3; .* hexadecimal: 0x104435 \(pfn:104435\)' \
	check --pfn=104435
try 0 '*' '104435 is taken for decimal' check --pfn=104435-104440
for sure in 0x197f3 pfn:197f3 256 999; do
	gmemctl check --simulate=plain "--pfn=$sure" > "$scratch/stdout" 2> "$scratch/stderr"
	if grep -q 'taken for decimal' "$scratch/stderr"; then
		fail "check --pfn=$sure prints no note about decimal" "$(cat "$scratch/stderr")"
	else
		pass "check --pfn=$sure prints no note about decimal"
	fi
done

# A page frame that is not RAM has no verdict. If the user meant a physical address, gmemctl says that.
try_json 3 '.verdict_now == "not-applicable" and .pages == 0 and .not_ram == 1 and
	(.verdict_now_reason | test("0xfee00 is not RAM"))' check --json --pfn=0xfee00
try_json 4 '.verdict_now == "safe" and .pages == 16 and .not_ram == 16' \
	check --json --pfn=0xbffcf+32
try 3 '*' '0x70123456 is not RAM; if .* is page frame 0x70123 ' \
	gmemctl check --simulate=tdx --pfn=0x70123456
try 64 '' 'beyond this CPU.*that is page frame 0x400435' check --pfn=0x400435000

# Addresses in the direct map, and others. No message repeats an address.
try_json 0 '.pages == 1 and .verdict_now == "safe"' check --json --pfn=va:ffff95c344435018
try_json 0 '.frames[0].pfn == 1066037' gmemctl pfn --simulate=plain --json va:0xffff95c344435018
try_json 0 '.pages == 2' check --json --pfn=va:ffff95c344435fff+2
try 64 '' 'va:ADDRESS: .*user space' check --pfn=va:7fff12345000
try 64 '' 'upper bits are not all alike' check --pfn=va:1234567812345678
try 64 '' "kernel's image" check --pfn=va:ffffffff81000000
try 64 '' 'before the direct map' check --pfn=va:ffff888084f35000
try 64 '' 'vmalloc' check --pfn=va:fffffe0000000000
try 3 '' 'forbids' check --pfn=va:ffff95c344435018 --reader=none
try 64 '' 'did you mean a kernel address, va:ADDRESS' check --pfn=ffff888084f35000
for hidden in va:ffff888084f35000 ffff888084f35000 0xffff888084f35000 0ffff888084f35000 va:ffff888084f35000x; do
	for command in "check --pfn=$hidden" "pfn $hidden"; do
		# shellcheck disable=SC2086 # words
		gmemctl $command --simulate=plain --json > "$scratch/stdout" 2>&1
		if grep -q 888084f35 "$scratch/stdout"; then
			fail "$command does not print the address" "$(cat "$scratch/stdout")"
		else
			pass "$command does not print the address"
		fi
	done
done

# Lines of standard input: ',' stands for the end of a line, '|' for a tab, ';' for a carriage return.
check_lines() {
	lines=$1
	shift
	printf '%s' "$lines" | tr ',|;' '\n\t\r' | gmemctl check --simulate=plain --pfn=- "$@"
}
try_json 0 '.pages == 6' \
	check_lines '# a log,, pfn:84f35|# one,0x200+4,0x202;,,0x300' --json
try 0 '*' '104435 is taken for decimal.*; so with others' check_lines '104435,104436,'
try 64 '' "standard input:2: '84f35': did you mean 0x84f35\\?" check_lines '0x1,84f35,'
try 64 '' 'standard input:3: a second word' check_lines '0x1,,0x2 0x3,'
try 64 '' 'standard input names no page frame' check_lines '# nothing,,'
try 64 '' 'standard input names no page frame' check --pfn=-
try 64 '' 'beyond this CPU' check_lines '0x1,0xfffffffffffff,'
long() {
	{ echo 0x1; head -c 300 /dev/zero | tr '\0' 1; } | gmemctl check --simulate=plain --pfn=-
}
try 64 '' 'standard input:2: the line is longer' long
many() {
	awk 'BEGIN { for (i = 0; i < 65537; i++) printf "0x%x\n", i + 256 }' |
		gmemctl check --simulate=plain --pfn=-
}
try 64 '' 'standard input:65537: more than 65536 lines' many

pfns() {
	gmemctl pfns --simulate=plain "$@"
}

try 2 '' "no VM is held under the name 'myvm'" pfns myvm
try 64 '' 'the PID: it is not a process' pfns 0
try 64 '' 'the PID: it is negative' pfns -- -5
try 64 '' 'the PID: it is too large' pfns 4294967297
try 64 '' 'the PID: it is not a process' pfns 1x
try 64 '' 'the FD: it is empty' pfns 1:
try 64 '' 'the FD: it is not a number' pfns 1:mmap,2
try 64 '' 'the FD: it is not a number' pfns 1:x
try 64 '' 'the FD: it is negative' pfns 1:-1
try 64 '' 'the FD: something follows' pfns 1:2:3
try 64 '' 'the FD: it is too large' pfns 1:2147483648
try 64 '' 'it needs an end' pfns 1 --offset=0
try 64 '' 'whole pages: 4096' pfns 1 --offset=1+4096
try 64 '' 'whole pages: 4096' pfns 1 --offset=0+1
try 64 '' 'end lies before its start' pfns 1 --offset=8K-4K
try 64 '' 'it is empty' pfns 1 --offset=4K-4K
try 64 '' 'one of mapped\|unmapped\|unknown' pfns 1 --direct-map=gone
try 64 '' 'it needs an end' pfns 1 --gpa-range=0
try 64 '' 'whole pages: 4096' pfns 1 --gpa-range=1-4096
try 64 '' 'it is negative' pfns 1 --node=-1
try 64 '' 'it is not a number' pfns 1 --node=all
try 64 '' 'number of a NUMA node' pfns 1 --node=1x
try 64 '' 'number of a NUMA node' pfns 1 --node=2147483648
try 2 '*' 'gmemctl: pfns: ' pfns 1999999999:3

pfn() {
	gmemctl pfn --simulate=plain "$@"
}

try 64 '' "'x': it is not a number" pfn x
try 64 '' "'84f35': did you mean 0x84f35" pfn 84f35
try 64 '' "'0x1\\+4': something follows" pfn 0x1+4
try 0 '*' '104435 is taken for decimal' pfn 104435
try 0 '*' '0xfee00 is not RAM' pfn 0xfee00
try 64 '' "'-1': it is negative" pfn -- -1
try 64 '' "'': it is empty" pfn ''
try 64 '' "'4K': something follows" pfn 4K
try 64 '' "'1-2': something follows" pfn 1-2
try 64 '' 'does not fit in 64 bits' pfn 0x10000000000000000
try 64 '' 'beyond this CPU' pfn 1 0xfffffffffffff
try 64 '' "'nonsense' is no column" pfn 1 --output=nonsense
try_json 0 '[.frames[].pfn] == [256, 256, 1] and all(.frames[]; .owner == "none" and
	.direct_map == "mapped" and .node == 0 and .zone != null)' pfn 0x100 256 1 --json
try_json 4 '.frames[0] | .owner == "none" and .direct_map == "unknown" and .reason != null' \
	pfn 256 --json --reader=none
# The user chose a reader, and opening it fails once. gmemctl does not use the other one instead.
try_json 0 '.evidence == "page-tables/kcore"' \
	gmemctl pfn 256 --json --reader=kcore --simulate=plain,fail=reader-open@1:EPERM
try 0 '' '' pfn 256 --quiet
# With --quiet a failure is still reported.
try 2 '' 'oops: .*no-such-file: No such file' gmemctl oops --quiet "$scratch/no-such-file"
try 64 '' 'pfn: ' pfn --quiet x

# doctor respects the choice of a reader, and tries no other.
doctor() {
	gmemctl doctor --simulate=tdx --raw -n -o id,result,detail "$@"
}
try 0 '^reader.usable pass page-tables/kcore$' 'simulated' doctor --reader=kcore
try 0 '^reader.bpf skip .*chose.*page-tables/kcore$' 'simulated' doctor --reader=kcore
try 0 '^reader.kcore skip .*chose.*page-tables/bpf$' 'simulated' doctor --reader=bpf
try 0 '^reader.usable skip .*forbids' 'simulated' doctor --reader=none
try 0 '^reader.control skip .*forbids' 'simulated' doctor --reader=none
# A line does not use a reader that an earlier line of the batch has opened, if it may not.
printf '%s\n' 'create v --populate' 'pfns v' 'walk --dry-run' 'pfns v --reader=none' 'pfns v' \
	> "$scratch/batch"
try_json 3 '[.commands[].status] == [0, 0, 0, 3, 0]' \
	gmemctl batch --simulate=plain --json --keep-going "$scratch/batch"

list() {
	gmemctl list --simulate=plain "$@"
}

try 64 '' "--sort: 'nonsense' is no column of list" list --sort=nonsense
try 64 '' "--sort: '' is no column of list" list --sort=
try 64 '' "--sort: '\\+pid' is no column of list" list --sort=+pid
try 64 '' "'nonsense' is no column of list" list --output=nonsense
try 0 '^count: +0$' 'there is no guest_memfd on this simulated kernel' list
try_json 0 '.guest_memfds == [] and .count == 0 and .total == 0' list --json --sort=size,pid

# The command line may contain characters that a terminal obeys.
try 64 '' "there is no command 'a[?]b'" gmemctl "$(printf 'a\033b')"
finish
