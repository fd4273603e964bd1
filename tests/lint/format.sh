#!/bin/sh
# The code is as clang-format 14 leaves it; other versions differ in places.
. "$(dirname "$0")/lib.sh"

tool=clang-format-14
command -v "$tool" >/dev/null 2>&1 || tool=clang-format
need "$tool"
"$tool" --version | grep -q 'version 14\.' ||
    skip_all 'clang-format is not of version 14'

# shellcheck disable=SC2046
judge 'formatted' "$(
    "$tool" --dry-run -Werror $(c_files) 2>&1 | grep error: || :)"
finish
