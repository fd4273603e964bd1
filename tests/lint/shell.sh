#!/bin/sh
# Shell scripts say what they mean.
. "$(dirname "$0")/lib.sh"

need shellcheck
scripts() {
    find_in "$all_folders" -name '*.sh'
    for file in dev .ci/run; do
        [ ! -f "$file" ] || echo "$file"
    done
}
# shellcheck disable=SC2046
judge 'shellcheck' "$(
    shellcheck --source-path=SCRIPTDIR --external-sources --format=gcc \
        $(scripts) || :)"
not_executable() {
    scripts | while read -r file; do
        [ "$(head -c 2 "$file")" != '#!' ] || [ -x "$file" ] ||
            echo "$file is not executable"
    done
}
judge 'scripts are executable' "$(not_executable)"
finish
