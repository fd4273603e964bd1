#!/bin/sh
# The tree speaks of the program alone: no leftovers of how it was made.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2046
judge 'nothing is left for later' "$(
    grep -InwE 'TODO|FIXME|XXX|HACK|WIP' $(text_files) |
        grep -v '^tests/lint/' || :)"
# shellcheck disable=SC2046
judge 'no code is switched off' "$(
    grep -nE '^ *# *if +(0|1)\b' $(c_files) || :)"

# shellcheck disable=SC2046
judge 'no page is referred to that is not here' "$(
    grep -InE '(DESIGN|STYLE)( [0-9]|\.md|,|.s table| section)' \
        $(text_files) | grep -v '^tests/lint/' || :)"

# A path of the machine at hand is one below a folder that no system has, or
# below somebody's home.
usual='bin|boot|dev|etc|lib|media|mnt|opt|proc|run|sbin|srv|sys|tmp|usr|var'
here=$(pwd | cut -d / -f 2)
echo "$here" | grep -qE "^($usual)\$" && here=$(pwd | cut -c 2-)
# shellcheck disable=SC2046
judge 'no path of a build machine' "$(
    grep -InE "(^|[^A-Za-z0-9_.])/($here|home|Users)/[A-Za-z0-9]" \
        $(text_files) || :)"

no_licence() {
    c_files | while read -r file; do
        [ "$(head -n 1 "$file")" = '/* SPDX-License-Identifier: ISC */' ] ||
            echo "$file"
    done
}
judge 'the licence is the first line of each source' "$(no_licence)"

no_first_comment() {
    find_in "$code_folders" -name '*.c' | while read -r file; do
        case $(sed -n 2p "$file") in '/*'*) ;; *) echo "$file" ;; esac
    done
}
judge 'a source opens with what it owns and promises' "$(no_first_comment)"

# shellcheck disable=SC2046
judge 'no blanks at the end of a line' "$(
    grep -nE '[[:blank:]]+$' $(text_files) || :)"
no_final_newline() {
    text_files | while read -r file; do
        [ -z "$(tail -c 1 "$file")" ] || echo "$file"
    done
}
judge 'files end in a newline' "$(no_final_newline)"
finish
