#!/bin/sh
# Common misspellings, in code and in prose.
. "$(dirname "$0")/lib.sh"

need codespell
# shellcheck disable=SC2046
judge 'spelling' "$(
    codespell --ignore-words tests/lint/spelling.ignore $(text_files) || :)"
finish
