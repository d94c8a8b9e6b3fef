# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# --accept: a script may accept some answers as success, but never a failure.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Each status, and the option that accepts it: 4 of pfn, 3 of check, 1 of walk.
try 4 '' '' gmemctl pfn 1 --simulate=plain --reader=none --quiet
try 0 '' '' gmemctl pfn 1 --simulate=plain --reader=none --quiet --accept=4
try 0 '' '' gmemctl --accept=3,4 pfn 1 --simulate=plain --reader=none --quiet
try 0 '' '' gmemctl pfn 1 --simulate=plain --reader=none --quiet --accept=3 --accept=4
try 4 '' '' gmemctl pfn 1 --simulate=plain --reader=none --quiet --accept=1,3
try 3 '' 'forbids' gmemctl check --pfn=1 --simulate=plain --reader=none
try 0 '' 'forbids' gmemctl check --pfn=1 --simulate=plain --reader=none --accept=3
try 1 '' '' gmemctl walk --simulate=no-direct-map --no-direct-map --quiet
try 0 '' '' gmemctl walk --simulate=no-direct-map --no-direct-map --quiet --accept=1
# A status of 0 stays 0, and a failure stays a failure.
try 0 '' '' gmemctl pfn 1 --simulate=plain --quiet --accept=1,3,4
try 2 '' 'no VM is held' gmemctl pfns nothing --accept=1,3,4
try 64 '' 'is no column' gmemctl pfn 1 --simulate=plain --output=x --accept=1,3,4
for wrong in '' 0 2 64 5 -4 '3,' ',3' '3,2' '3;4' 3x 0x103 18446744073709551616; do
	try 64 '' '--accept: it takes 1, 3 and 4' gmemctl pfn 1 --simulate=plain "--accept=$wrong"
done

# The document has the accepted status. If there is an error, it keeps its own status.
try_json 0 '.accepted == 4 and .error == null and .frames[0].reason != null' \
	gmemctl pfn 1 --simulate=plain --reader=none --json --accept=4
try_json 0 '.accepted == 3 and .error.status == 3' \
	gmemctl check --pfn=1 --simulate=plain --reader=none --json --accept=3,4
try_json 4 '.accepted == null' gmemctl pfn 1 --simulate=plain --reader=none --json
try_json 2 '.accepted == null and .error.status == 2' gmemctl pfns nothing --json --accept=1,3,4

# A line of a batch, after which the batch goes on; and the batch itself.
printf '%s\n' 'pfn 1 --reader=none --accept=4' 'pfn 1' > "$scratch/lines"
try 0 '' '' gmemctl batch --simulate=plain "$scratch/lines" --quiet
try_json 0 '[.commands[].document | [.status, .accepted]] == [[0, 4], [0, null]]' \
	gmemctl batch --simulate=plain "$scratch/lines" --json
printf '%s\n' 'pfn 1 --reader=none' 'pfn 1' > "$scratch/lines"
try 4 '' 'lines:1: pfn: partly done' gmemctl batch --simulate=plain "$scratch/lines" --quiet
try_json 0 '.accepted == 4 and [.commands[].status] == [4]' \
	gmemctl batch --simulate=plain "$scratch/lines" --json --accept=4

# A command that a holder runs.
try 0 '*' '*' gmemctl create held --simulate=plain --size=64K
try 3 '' 'forbids' gmemctl check held --reader=none
try 0 '' 'forbids' gmemctl check held --reader=none --accept=3
try_json 0 '.accepted == 3' gmemctl check held --reader=none --accept=3 --json
try 0 '*' '*' gmemctl destroy held
finish
