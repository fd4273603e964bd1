#!/bin/sh
# What the pages refer to exists, and docs/architecture.md has the picture of
# queue/state.c.
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
