#!/bin/sh
# Includes point one way: common <- mail <- the programs' folders, which never
# include one another (docs/architecture.md).
. "$(dirname "$0")/lib.sh"

# layer FOLDER 'ALLOWED...': what a folder may include of ours.
layer() {
    [ -d "$1" ] || return 0
    allowed=$(echo "$2" | tr ' ' '|')
    judge "$1/ includes only $2" "$(
        find "$1" -name '*.[ch]' -exec grep -HnE '^ *# *include *"' {} + |
            grep -vE "\"(config\.h|($allowed)/[a-z0-9_]+\.h)\"" || :)"
}

layer common 'common'
layer mail 'common mail'
for program in sendmail queue delivery smtpd admin; do
    layer "$program" "common mail $program"
done

# Unit tests look inside.
private_elsewhere() {
    c_files | grep -v '^tests/unit/' | while read -r file; do
        grep -HnE '^#include "[a-z/]+_priv\.h"' "$file" |
            grep -vE "\"$(dirname "$file")/" || :
    done
}
judge 'a private header stays in its folder' "$(private_elsewhere)"

config_not_first() {
    c_files | grep '\.c$' | while read -r file; do
        first=$(grep -m 1 '^#include' "$file" || :)
        [ -z "$first" ] || [ "$first" = '#include "config.h"' ] ||
            echo "$file: the first include is $first"
    done
}
judge 'config.h comes first' "$(config_not_first)"

guards() {
    c_files | grep '\.h$' | while read -r file; do
        guard=$(echo "$file" | tr 'a-z/.' 'A-Z__')
        grep -q "^#define $guard\$" "$file" || echo "$file: wants $guard"
    done
}
judge 'header guards carry the name of their file' "$(guards)"
finish
