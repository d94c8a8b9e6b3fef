# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are called by try_json
# directmap --holes: names the owner of a guest_memfd's hole. For any other hole it looks at the size.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# A launch takes the memory out of the direct map: more pages than any other kernel user removes at once.
cat > "$scratch/lines" << 'EOT'
create big --size=256M --flags=no-direct-map --vm-type=sw-protected
convert big all private
map big all
directmap --holes
directmap --holes --output=+pid,command,inode
punch big 64M+64M
directmap --holes
EOT
whole() {
	gmemctl batch --simulate=no-direct-map --keep-going --json "$scratch/lines"
}
these='[.commands[].document | select(.command == "directmap")]'
try_json 1 "$these"' | length == 3 and
	all(.[]; .status == 1 and .owners_complete and .owners_complete_reason == null)' whole
try_json 1 "$these"' | .[0].hole_list | (map(.pages) | add) == 65536 and
	all(.[]; .maker == "guest_memfd of process \(.pid) (\(.command))" and .inode > 0)' whole
# Punched pages are back in the direct map. The rest still belongs to its owner.
try_json 1 "$these"' | .[2] | .holes == 201326592 and
	(.hole_list | (map(.pages) | add) == 49152 and all(.[]; .pid != null))' whole
grep -v json "$scratch/lines" > "$scratch/table"
try 1 'unmapped +guest_memfd of process [0-9]+ \(' '*' \
	gmemctl batch --simulate=no-direct-map --keep-going "$scratch/table"

# The lines of /proc/meminfo still count what left the direct map, and nothing else is amiss.
printf 'create vm --size=16M --flags=no-direct-map --vm-type=sw-protected\nconvert vm all private\nmap vm all\ndirectmap\n' > "$scratch/hole"
try_json 0 '.commands[3].document | (.meminfo | add) == (.in_direct_map | add) + .holes and
	.holes == 16777216 and (.meminfo_agrees | not) and (.meminfo_agrees_reason |
	test("; the lines still count the holes: pages that leave the direct map are not subtracted$"))' \
	gmemctl batch --simulate=no-direct-map --json "$scratch/hole"

# gmemctl may look at no process, so it claims nothing about owners.
try_json 0 '(.owners_complete | not) and (.owners_complete_reason | length > 0)' \
	gmemctl directmap --holes --json --simulate=plain,fail=list-directory@1:EACCES
# Without --holes gmemctl does not look for owners.
try_json 0 'has("owners_complete") | not' gmemctl directmap --json --simulate=plain
finish
