#!/bin/sh
# docs/office365.md has each row of the catalogue of replies in its tables, as it
# stands in the code and in that order, and no other; and the settings that it
# shows are read without an error.
. "$(dirname "$0")/lib.sh"

page=docs/office365.md
rows=$top_builddir/tests/lint/rows

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The rows of the tables that begin with "Code".
sed -n '/^| Code /,/^$/p' "$page" | grep '^|' |
    grep -vE '^\|( Code |-)' >"$scratch/page" || :
"$rows" >"$scratch/code"
sed -n '/^| AADSTS or error /,/^$/p' "$page" | grep '^|' |
    grep -vE '^\|( AADSTS |-)' >"$scratch/page-token" || :
"$rows" token >"$scratch/code-token"

judge 'the tables are not empty' "$(
    [ "$(wc -l <"$scratch/code")" -ge 80 ] || echo 'few rows were found'
    [ "$(wc -l <"$scratch/code-token")" -ge 50 ] || echo 'few numbers were found')"
judge "each reply of the code is in $page, and no other" \
    "$(diff "$scratch/code" "$scratch/page" | grep '^[<>]' || :)"
judge "each refusal of a token is in $page, and no other" \
    "$(diff "$scratch/code-token" "$scratch/page-token" | grep '^[<>]' || :)"

# Each block of an account, as a configuration of its own.
settings() {
    awk -v dir="$scratch" '
    /^```ini/ { inside = 1; n++; next }
    /^```/ { inside = 0 }
    inside { print >(dir "/conf" n) }' "$page"
    [ -f "$scratch/conf1" ] || echo 'no configuration was found'
    for conf in "$scratch"/conf*; do
        # The name of the host that this runs on may give a warning.
        "$top_builddir/admin/mailchute" -C "$conf" config 2>&1 >/dev/null |
            grep -v ': warning: ' | sed "s|^$scratch/|$page, |" || :
    done
}
judge "mailchute takes the configurations of $page" "$(settings)"
finish
