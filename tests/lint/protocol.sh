#!/bin/sh
# docs/protocol.md lists every frame and field of the contracts, and no other.
# Its headings name the struct or enum in backquotes; its rows begin with the
# number and the name.
. "$(dirname "$0")/lib.sh"

page=docs/protocol.md

documented() {
    awk -F '|' '
    /^#/ { name = match($0, /`[a-z_]+`/) ? \
        substr($0, RSTART + 1, RLENGTH - 2) : "" }
    name != "" && $2 ~ /^ *[0-9]+ *$/ {
        gsub(/ /, "", $2); gsub(/ /, "", $3)
        print name, $2, $3
    }' "$page" | sort
}

# Rows such as "STR(2, job_session, account, true)".
fields() {
    sed -nE 's/^	(STR|TXT|NUM|LST)\(([0-9]+), ([a-z_]+), ([a-z0-9_.]+).*/\3 \2 \4/p' \
        common/proto_*.c
}

# enum_members HEADER ENUM PREFIX: their numbers, from 1 on, and names.
enum_members() {
    awk -v enum="$2" -v prefix="$3" '
    $0 == "enum " enum " {" { inside = 1; next }
    /^};/ { inside = 0 }
    inside && match($1, "^" prefix "[A-Z0-9_]+") {
        print enum, ++n, substr($1, length(prefix) + 1, RLENGTH - length(prefix))
    }' "$1"
}

coded() {
    {
        fields
        enum_members common/proto_submit.h submit_type SUBMIT_
        enum_members common/proto_submit.h submit_field SF_
        enum_members common/proto_job.h job_type JOB_
        enum_members common/proto_token.h token_type TOKEN_
        enum_members common/proto_ctl.h ctl_type CTL_
    } | sort
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
documented >"$scratch/documented"
coded >"$scratch/coded"
judge 'every frame and field is documented' \
    "$(comm -13 "$scratch/documented" "$scratch/coded")"
judge 'every documented frame and field exists' \
    "$(comm -23 "$scratch/documented" "$scratch/coded")"
judge 'the tables are not empty' "$(
    [ "$(wc -l <"$scratch/coded")" -gt 100 ] || echo 'few rows were found')"
finish
