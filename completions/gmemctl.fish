# SPDX-License-Identifier: GPL-2.0-or-later
# Fish completion of gmemctl. It gets commands, options, columns and words from the command itself (gmemctl
# --describe), so it is always up to date.

# Prints the table's rows with these two first fields, as "word<tab>description".
function __gmemctl_table --argument-names kind of word what
    gmemctl --describe 2>/dev/null | awk -F '\t' -v kind="$kind" -v of="$of" -v word="$word" -v what="$what" '
        $1 == kind && $2 == of { print $word "\t" ($what == "-" ? "" : $what) }'
end

# Prints the command on the line so far: the first word that is a command.
function __gmemctl_command
    set -l commands (gmemctl --describe 2>/dev/null | awk -F '\t' '$1 == "command" { print $2 }')
    for token in (commandline -opc)[2..-1]
        if contains -- $token $commands
            echo $token
            return 0
        end
    end
    return 1
end

function __gmemctl_has --argument-names command
    test "$(__gmemctl_command)" = "$command"
end

# Prints processes that have a guest_memfd, if this user may look at them.
function __gmemctl_owners
    for link in (find /proc/*/fd -lname '*\[kvm-gmem]*' 2>/dev/null | string match -r '^/proc/[0-9]+/fd/.*')
        set -l part (string split / -- $link)
        printf '%s\t%s\n' $part[3] (cat /proc/$part[3]/comm)
        printf '%s:%s\t%s\n' $part[3] $part[5] (cat /proc/$part[3]/comm)
    end
end

# Prints which argument of the command is next: with "NAME RANGE" and one word on the line, "RANGE".
function __gmemctl_positional --argument-names args
    set -l command (__gmemctl_command)
    set -l taking (gmemctl --describe 2>/dev/null | awk -F '\t' -v cmd="$command" '
        $1 == "option" && ($2 == "-" || $2 == cmd) && $6 == "required" { print $3; print $4 }')
    set -l words
    set -l taken
    for token in (commandline -opc)[2..-1]
        if test -n "$taken"
            set taken
        else if contains -- $token $taking
            set taken $token
        else if not string match -q -- '-*' $token
            set -a words $token
        end
    end
    string split ' ' -- $args | awk -v at=(count $words) 'NR == at'
end

# Prints the names of held VMs. A gmemctl without holders prints nothing.
function __gmemctl_held
    gmemctl status --raw --noheadings --output=name 2>/dev/null | string replace -r '$' '\theld VM'
end

# Prints the columns of a command. A + adds columns, also to a second table: after it only those that are not
# shown without it are of use.
function __gmemctl_columns --argument-names command
    if string match -q -r '^(-[^=]*=)?\+' -- (commandline -ct)
        gmemctl --describe 2>/dev/null | awk -F '\t' -v cmd="$command" '
            $1 ~ /^(column|second)$/ && $2 == cmd && $6 == "more" && !seen[$3]++ { print $3 "\t" $7 }'
    else
        __gmemctl_table column $command 3 7
    end
end

# Prints possible values for an argument of that name.
function __gmemctl_words --argument-names arg
    switch $arg
        case COLUMNS
            __gmemctl_columns (__gmemctl_command; or echo -) | string lower | __gmemctl_list
        case FLAGS STATUS
            __gmemctl_table word $arg 3 4 | __gmemctl_list
        case '*TARGET*'
            __gmemctl_owners
            __gmemctl_held
        case '*NAME*'
            __gmemctl_has create; or __gmemctl_held
        case '*FILE*'
            __fish_complete_path (commandline -ct)
        case '*DIR*'
            __fish_complete_directories (commandline -ct | string replace -r '^-[^=]*=' '')
        case '*'
            __gmemctl_table word $arg 3 4
    end
end

# In a list with commas the last item is completed, and in a list that begins with + what follows it.
function __gmemctl_list
    set -l token (commandline -ct | string replace -r '^-[^=]*=' '')
    set -l before (string match -r '^.*,|^\+' -- $token)
    while read -l line
        echo "$before$line"
    end
end

# Prints commands that have their own option for that letter. It comes before a common one.
function __gmemctl_own_letter --argument-names letter
    gmemctl --describe 2>/dev/null | awk -F '\t' -v letter="$letter" '
        $1 == "option" && $2 != "-" && $4 == letter { print $2 }'
end

complete -c gmemctl -f
gmemctl --describe 2>/dev/null | while read -d \t -l kind command a b c d e
    switch $kind
        case command
            complete -c gmemctl -n 'not __gmemctl_command' -a $command -d "$b"
            test "$a" = -; or complete -c gmemctl -n "__gmemctl_has $command" -a "(__gmemctl_words (__gmemctl_positional '$a'))"
        case option
            set -l how -c gmemctl -d "$e"
            test "$c" = -; or set -a how -a "(__gmemctl_words '$c')"
            test "$d" = required; and string match -q -r 'FILE' -- $c; and set -a how -r
            test "$d" = required; and not string match -q -r 'FILE' -- $c; and set -a how -x
            set -l long -l (string replace -r '^--' '' -- $a)
            test "$command" = -; or set -a how -n "__gmemctl_has $command"
            if test "$b" = -
                complete $how $long
                continue
            end
            set -l letter -s (string replace - '' -- $b)
            set -l others
            test "$command" = -; and set others (__gmemctl_own_letter $b)
            if test -z "$others"
                complete $how $long $letter
            else
                complete $how $long
                complete $how $letter -n "not contains -- (__gmemctl_command; or echo -) $others"
            end
    end
end
