# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# --sysroot, the files of another host: which commands take it, and what they report if a file is missing.
. tests/cli/lib.sh

if sysroot_missing; then
	skip "files of another host" "$(cat "$scratch/stderr")"
	finish
fi

host=tests/hosts/el9

try 64 '' 'exclude each other' gmemctl --sysroot=$host --simulate doctor
try 64 '' 'its DIR is empty' gmemctl doctor --sysroot=
for command in $(commands); do
	case $command in
	doctor | caps | metrics | pfn | check | report) continue ;;
	esac
	words=$(gmemctl --describe | awk -F '\t' -v c="$command" '$1 == "command" && $2 == c {
		n = split($3, words, " "); for (i = 1; i <= n; i++) if (words[i] !~ /^(\[|-$)/) print "1" }')
	# shellcheck disable=SC2086 # words
	try 64 '' "$command does not take it" gmemctl $command --sysroot=$host $words
done
try 64 '' 'not in a batch' sh -c "echo 'doctor --sysroot=$host' | $GMEMCTL batch --simulate"
try 64 '' 'has no processes' gmemctl check --sysroot=$host 1:3

try 2 '' 'No such file' gmemctl doctor --sysroot="$scratch/none"
try 2 '' 'Not a directory' gmemctl doctor --sysroot=README.md
mkdir "$scratch/empty"
try 3 'kernel\.version +cannot-tell' '' gmemctl doctor --sysroot="$scratch/empty"
echo '/dev/kvm' > "$scratch/empty/index"
try 2 '' 'index: line 1 is not one of' gmemctl doctor --sysroot="$scratch/empty"

# In each format the output says that it is about a snapshot.
try 4 '^snapshot: tests/hosts/el9$' '*' gmemctl caps --sysroot=$host
try 4 '*' '^gmemctl: snapshot: tests/hosts/el9$' gmemctl caps --sysroot=$host --raw
try_json 4 '.snapshot == "tests/hosts/el9" and .simulated == null' \
	gmemctl caps --sysroot=$host --json
try_json 3 '.evidence == "snapshot" and .snapshot == "tests/hosts/el9" and .direct_map_unknown == 1 and
	([.paths[] | select(.verdict == "faults")] | length) == 0' \
	gmemctl check --sysroot=$host --pfn=0x10 --json
# The rows are those of the host's machine. Its /proc/cpuinfo shows which machine that is.
try_json 3 '[.paths[].kernel_path] | contains(["stage2-map"]) and all(. != "tdx-page-add")' \
	gmemctl check --sysroot=tests/hosts/arm64 --pfn=0x10 --json
try_json 3 '[.paths[].kernel_path] | contains(["tdx-page-add"]) and all(. != "stage2-map")' \
	gmemctl check --sysroot=$host --pfn=0x10 --json
mkdir "$scratch/unknown"
printf 'types=0x1 mem2=1\n' > "$scratch/unknown/kvm-answers"
# If the collector did not look for something, doctor does not report it as absent.
try_json 3 '[.checks[] | select(.id == "memory.nodes" or .id == "reader.btf" or
	.id == "kvm.guest-memfd" or .id == "reader.bpf")] |
	length == 4 and all(.result == "cannot-tell")' gmemctl doctor --sysroot="$scratch/unknown" --json
# Commands report KVM's answers as they do on the host.
try_json 4 '[.capabilities[] | select(.capability == "KVM_CAP_VM_TYPES") | .value] == [33, 33, 33] and
	([.capabilities[] | select(.value == null) | .reason] | unique) ==
	["asking KVM failed: the snapshot does not tell"]' gmemctl caps --sysroot=$host --json
try 4 'gmemctl_complete 0' 'a snapshot has neither' gmemctl metrics --sysroot=$host
try 0 '^gmemctl-snapshot=true$' '^gmemctl: snapshot: tests/hosts/el9$' gmemctl metrics --format=nfd --sysroot=$host

# RAM and zone of a page frame.
cp -r $host "$scratch/ram"
chmod -R u+w "$scratch/ram"
cat > "$scratch/ram/proc/iomem" <<- END
	00001000-0009ffff : System RAM
	000a0000-000fffff : Reserved
	00100000-7fffffff : System RAM
END
cat > "$scratch/ram/proc/zoneinfo" <<- END
	Node 0, zone    DMA32
	        spanned  1044480
	  start_pfn:           4096
END
try_json 4 '.frames == [.frames[0]] and .frames[0].ram == true and .frames[0].zone == "DMA32" and
	.frames[0].node == 0 and .frames[0].direct_map == "unknown" and .frames[0].owner == null and
	.frames[0].reason == "a snapshot has no page tables to read"' \
	gmemctl pfn --sysroot="$scratch/ram" 0x2000 --json

# The configuration of an arm64 kernel shows how large its pages are. Without it no address is a page frame.
cp -r tests/hosts/arm64 "$scratch/pages"
chmod -R u+w "$scratch/pages"
printf '40000000-7fffffff : System RAM\n' > "$scratch/pages/proc/iomem"
sed -i '/^machine/d' "$scratch/pages/index"
for size in 4 16 64; do
	printf 'CONFIG_KVM=y\nCONFIG_ARM64_%sK_PAGES=y\n' $size > "$scratch/pages/proc/config"
	try_json 4 ".frames[0].pfn == 1342177280 / 1024 / $size and .frames[0].ram == true" \
		gmemctl pfn --sysroot="$scratch/pages" phys:50000000 --json
done
echo CONFIG_KVM=y > "$scratch/pages/proc/config"
try 64 '' 'size of a page of that arm64 kernel is not in DIR' \
	gmemctl pfn --sysroot="$scratch/pages" phys:50000000
try_json 3 '.frames[0].pfn == 327680 and .frames[0].ram == null' gmemctl pfn --sysroot="$scratch/pages" 0x50000 --json
try 3 '*' 'size of a page of that arm64 kernel is not in the snapshot' \
	gmemctl check --sysroot="$scratch/pages" --pfn=0x50000

# Only the banner was collected: it has the release.
mkdir -p "$scratch/banner/proc"
echo 'Linux version 6.1.0-32-amd64 (who@where) (gcc-12 (Debian) 12.2.0) #1 SMP' > "$scratch/banner/proc/version"
try_json 1 '.kernel == "6.1.0-32-amd64" and (.checks[] | select(.id == "kernel.version") | .result == "fail")' \
	gmemctl doctor --sysroot="$scratch/banner" --json
for text in '' 'Linux version' 'Linux version ' 'FreeBSD 14' "Linux version $(head -c 3000 /dev/zero | tr '\0' 7) x"; do
	printf '%s\n' "$text" > "$scratch/banner/proc/version"
	try_json 3 '.checks[] | select(.id == "kernel.version") | .result == "cannot-tell"' \
		gmemctl doctor --sysroot="$scratch/banner" --json
done

# One link leads out of DIR, and reading the other file would never end.
mkdir -p "$scratch/bad/proc"
ln -s /etc/passwd "$scratch/bad/proc/cpuinfo"
mkfifo "$scratch/bad/proc/vmstat"
try_json 3 '.checks[] | select(.id == "tdx.cpu") |
	.detail == "/proc/cpuinfo: the snapshot does not tell"' \
	gmemctl doctor --sysroot="$scratch/bad" --json
try_json 3 '.checks[] | select(.id == "memory.splits") | .result == "cannot-tell"' \
	gmemctl doctor --sysroot="$scratch/bad" --json

finish
