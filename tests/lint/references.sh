#!/bin/sh
# What the pages refer to exists; docs/architecture.md names every source file,
# and has the picture of queue/state.c, whose movers exist; administrators are
# told of each alarm.
. "$(dirname "$0")/lib.sh"

folders='common|mail|sendmail|queue|delivery|smtpd|admin|tests|docs|m4|packaging'

dangling() {
    for page in README.md CONTRIBUTING.md SECURITY.md NEWS.md docs/*.md \
        tests/*/README.md; do
        grep -onE "(^|[^A-Za-z0-9_./-])($folders)/[A-Za-z0-9_./-]*[A-Za-z0-9_/]" \
            "$page" | while IFS=: read -r line path; do
            path=$(printf '%s' "$path" | sed -E 's/^[^a-z]//')
            # "common/proto_*.h" is a pattern; what stands before it is cut.
            case $path in *_) continue ;; esac
            [ -e "$path" ] || [ -e "$path.in" ] || [ -e "$path.c" ] ||
                echo "$page:$line: there is no $path"
        done
    done
}
judge 'files that the pages name exist' "$(dangling)"

missing_pages() {
    c_files | xargs grep -noE '(docs|tests)/[a-z/_]+\.(md|sh|c|py)' |
        while IFS=: read -r file line path; do
            [ -e "$path" ] || echo "$file:$line: there is no $path"
        done
}
judge 'pages that the code names exist' "$(missing_pages)"

named_nowhere() {
    find_in "$code_folders" -name '*.c' | while read -r file; do
        grep -qF "\`$file\`" docs/architecture.md || echo "$file"
    done
}
judge 'docs/architecture.md names every source file' "$(named_nowhere)"

# An alarm wakes somebody, who looks it up.
alarms_untold() {
    kinds=$(sed -nE 's/^\t\[ALARM_[A-Z_]+\] = \{ "([a-z-]+)".*/\1/p' \
        queue/alarm_kind.c)
    [ "$(echo "$kinds" | wc -l)" -ge 5 ] || echo 'few alarms were found'
    for kind in $kinds; do
        grep -q "^| $kind |" docs/operations.md ||
            echo "docs/operations.md does not tell of the alarm $kind"
        grep -q "^\.It Sy $kind\$" docs/mailchuted.8.in ||
            echo "docs/mailchuted.8.in does not tell of the alarm $kind"
    done
}
judge 'the pages tell of each alarm' "$(alarms_untold)"

# "QUEUED -> HELD  hold_one: ..., settle: ...": a function, or a module.
movers() {
    sed -n '/^   STAGING   -> QUEUED/,/^```/p' docs/architecture.md |
        grep -oE -e '-> [A-Z]+ +[a-z_]+' -e '[a-z_]+(, [a-z_]+)?:' |
        grep -oE '[a-z_]+' | sort -u
}
strangers() {
    [ "$(movers | wc -l)" -ge 5 ] || echo 'few movers were found'
    movers | while read -r name; do
        [ -f "queue/$name.c" ] || grep -qE "^$name\(" queue/*.c ||
            echo "nothing is called $name"
    done
}
judge 'what moves a recipient exists' "$(strangers)"

# The drawing alone: its first line has STAGING in it, its last REMOVED.
picture() {
    sed -nE "s/^($1)//; /^ +STAGING\$/,/--> REMOVED\$/p" "$2"
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
picture ' \*	?' queue/state.c >"$scratch/code"
picture '' docs/architecture.md >"$scratch/page"
judge 'the picture of the states is that of queue/state.c' "$(
    [ -s "$scratch/code" ] || echo 'no picture was found'
    diff "$scratch/code" "$scratch/page" || :)"
finish
