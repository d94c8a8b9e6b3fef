# SPDX-License-Identifier: GPL-2.0-or-later
# What fish offers at the end of a line: fish --no-config offered.fish LINE...
# Prints "line: LINE", then each word offered; of an argument behind a = only the argument.
source (dirname (status filename))/../../completions/gmemctl.fish
for line in $argv
    echo "line: $line"
    complete -C $line | string replace -r '\t.*' '' | string replace -r '^--[a-z-]+=(?=.)' ''
end
