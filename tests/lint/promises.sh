#!/bin/sh
# Every file, function and test that docs/promises.md names exists.
. "$(dirname "$0")/lib.sh"

page=docs/promises.md

# What stands between backquotes, with its line: "12:test_x.py::test_name", or
# "12:queue/x.c: name, other".
# shellcheck disable=SC2016 # the backquotes are the page's
named() {
    grep -noE '`[^`]+`' "$page" | tr -d '`'
}

files() {
    named | grep -oE '^[0-9]+:[a-z_]+/[A-Za-z0-9_./-]+' |
        while IFS=: read -r line file; do
            [ -e "$file" ] || echo "$page:$line: there is no $file"
        done
}
judge "files that $page names exist" "$(files)"

# What is named of a unit test is one of its tests, which stands in main's list,
# and no helper; names of the code may be those of constants.
names() {
    named | sed -nE 's/^([0-9]+):([a-z_]+\/[A-Za-z0-9_.\/-]+): (.+)/\1 \2 \3/p' |
        while read -r line file list; do
            [ -f "$file" ] || continue
            for name in $(echo "$list" | tr -d ,); do
                case $file in
                tests/*) pattern="(\\(|^[[:blank:]]+)${name}[,)]" ;;
                *) pattern="(^|[^A-Za-z0-9_])$name([^A-Za-z0-9_]|\$)" ;;
                esac
                grep -qE "$pattern" "$file" ||
                    echo "$page:$line: $file has no $name"
            done
        done
}
judge "functions that $page names exist" "$(names)"

pytests() {
    named | sed -nE 's/^([0-9]+):(test_[a-z0-9_]+\.py)::(.+)/\1 \2 \3/p' |
        while read -r line file name; do
            grep -qs "^def $name(" "tests/func/$file" "tests/programs/$file" ||
                echo "$page:$line: no $file of tests has $name"
        done
}
judge "tests from end to end that $page names exist" "$(pytests)"

# A line that names no code, or no test, promises nothing that is kept.
# shellcheck disable=SC2016 # as above
bare() {
    [ "$(grep -c '^| [^|]* | [^|]* | [^|]* |$' "$page")" -ge 100 ] ||
        echo 'few promises were found'
    grep -nE '^\|' "$page" | grep -vE '^[0-9]+:\|(-|.*promise \|)' |
        grep -vE '^[0-9]+:\| [^|]+ \| `[^|]+` \| `[^|]+` \|$' || :
}
judge 'every promise has its code and its test' "$(bare)"
finish
