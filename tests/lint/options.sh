#!/bin/sh
# The option table against its manual, both ways: every option stands in the
# section of its name with the default that the table gives it, and the manual
# names no other.
. "$(dirname "$0")/lib.sh"

table=common/conf_table.c
manual=docs/mailchute.conf.5.in

# "section.name default" of each row.  A computed default is given in words
# (.shown); an option that has neither stands for what its .none says.
from_table() {
    sed -n '/^const struct conf_option conf_options/,/^};/p' "$table" |
        tr '\n\t' '  ' | sed 's/{ SECTION_/\n&/g' | awk '
    function value(member,    at, text) {
        at = index($0, "." member " = ")
        if (!at)
            return ""
        text = substr($0, at + length(member) + 4)
        sub(/, +\.[a-z_]+ = .*/, "", text)
        sub(/ *},? *(};)? *$/, "", text)
        sub(/PATH_LOCALSTATE */, "@localstatedir@", text)
        sub(/PATH_RUNSTATE */, "@runstatedir@", text)
        sub(/DEFAULT_USER/, "@DEFAULT_USER@", text)
        gsub(/"/, "", text)
        return text
    }
    /^{ SECTION_/ {
        section = tolower($2)
        sub(/section_/, "", section)
        name = $3
        gsub(/[",]/, "", section)
        gsub(/[",]/, "", name)
        text = value("shown")
        if (text == "") text = value("def")
        if (text == "") text = value("none")
        if (text == "") text = "none"
        print section "." name, text
    }' | sort
}

from_manual() {
    awk '
    /^\.S[sh] / { section = "" }
    /^\.Ss The \[[a-z]+\] section$/ { section = substr($3, 2, length($3) - 2) }
    section != "" && /^\.It Cm / { option = section "." $3; said = 0 }
    section != "" && /^Default: / && option != "" {
        sub(/^Default: /, "")
        sub(/\.$/, "")
        print option, $0
        option = ""
    }' "$manual" | sort
}

# lines WHAT FILE-A FILE-B: those of A that B has not.
missing() {
    comm -23 "$2" "$3" | sed "s|^|$1: |"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
from_table >"$scratch/table"
from_manual >"$scratch/manual"

too_few() {
    [ "$(wc -l <"$scratch/table")" -ge 50 ] ||
        echo "only $(wc -l <"$scratch/table") options found in $table"
}
judge 'the table can be read' "$(too_few)"
judge 'every option is in the manual with its default' \
    "$(missing "not in $manual" "$scratch/table" "$scratch/manual")"
judge 'the manual names no other' \
    "$(missing "not in $table" "$scratch/manual" "$scratch/table")"
finish
