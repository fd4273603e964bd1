#!/bin/sh
# Files of at most 500 lines, functions of at most 80.  sizes.exceptions holds
# "name limit reason" for what honestly needs more: name is a file, or
# file:function.
. "$(dirname "$0")/lib.sh"

exceptions=tests/lint/sizes.exceptions

# over LIMIT: of "lines name" those beyond LIMIT, or beyond their own limit.
over() {
    awk -v limit="$1" -v exceptions="$exceptions" '
    BEGIN {
        while ((getline line <exceptions) > 0)
            if (line !~ /^#/ && split(line, part, " ") >= 3)
                own[part[1]] = part[2]
    }
    {
        allowed = $2 in own ? own[$2] : limit
        if ($1 > allowed)
            print $2 ": " $1 " lines, " allowed " allowed"
    }'
}

# In our format a function, and nothing else, has its braces in column 1.
function_lines() {
    awk '
    function name(line) {
        sub(/\(.*/, "", line)
        sub(/.*[ *]/, "", line)
        return line
    }
    FNR == 1 { start = 0; head = "" }
    /^[a-z_][A-Za-z0-9_]*\(/ { head = name($0); first = FNR }
    /^\{$/ { start = head == "" ? FNR : first }
    /^\}$/ && start { print FNR - start + 1, FILENAME ":" head
        start = 0; head = "" }
    ' "$@"
}

file_lines() {
    text_files | grep -E '(\.([ch]|py|sh|mk|ac|m4)|^Makefile\.am|^dev)$' |
        while read -r file; do
            echo "$(wc -l <"$file") $file"
        done
}

stale_exceptions() {
    grep -v '^#' "$exceptions" | while read -r name limit reason; do
        case $limit in '' | *[!0-9]*) echo "$name: no limit is given" ;; esac
        [ -n "$reason" ] || echo "$name: no reason is given"
        [ -f "${name%%:*}" ] || echo "$name: there is no such file"
    done
}

judge 'files of at most 500 lines' "$(file_lines | over 500)"
# shellcheck disable=SC2046
judge 'functions of at most 80 lines' "$(
    function_lines $(c_files | grep '\.c$') | over 80)"
judge 'exceptions have a limit and a reason' "$(stale_exceptions)"
finish
