#!/bin/sh
# Every module of common/ and mail/ has a unit test, every parser a fuzz target
# with a corpus.  tested.exceptions holds "module reason" for those without.
. "$(dirname "$0")/lib.sh"

exceptions=tests/lint/tested.exceptions

excepted() {
    grep -qE "^$1 +[^ ]" "$exceptions"
}

without_unit_test() {
    find_in 'common mail' -name '*.c' | while read -r file; do
        name=$(basename "$file" .c)
        [ -f "tests/unit/$name.c" ] || excepted "${file%.c}" || echo "$file"
    done
}
judge 'every module of common/ and mail/ has a unit test' \
    "$(without_unit_test)"

# A parser is a module that offers to parse, scan or decode, or that gets
# things out of frames; the target of a contract, proto_x, may be called x.
parsers() {
    {
        find_in "$code_folders" -name '*.h' |
            xargs grep -lE '_(parse|scan|decode)[a-z_]*\('
        find_in "$code_folders" -name 'proto_*.h'
    } | sed 's/\.h$//' | sort -u
}
without_fuzz_target() {
    parsers | while read -r module; do
        name=$(basename "$module")
        [ ! -f "$module.c" ] || [ -f "tests/fuzz/$name.c" ] ||
            [ -f "tests/fuzz/${name#proto_}.c" ] || excepted "$module" ||
            echo "$module"
    done
}
judge 'every parser has a fuzz target' "$(without_fuzz_target)"

unlisted() {
    find_in tests/unit -name '*.c' | while read -r file; do
        grep -qE "${file%.c}(\.c)?( |\$)" tests/unit/*.mk || echo "$file"
    done
    find tests/fuzz -name '*.c' ! -name replay.c | while read -r file; do
        name=$(basename "$file" .c)
        grep -qE "${file%.c}( |\$)" tests/fuzz/local.mk || echo "$file"
        [ -n "$(ls "tests/fuzz/corpus/$name" 2>/dev/null)" ] ||
            echo "$file has no corpus"
    done
}
judge 'every test is built' "$(unlisted)"

stale() {
    grep -v '^#' "$exceptions" | while read -r module reason; do
        [ -f "$module.c" ] || echo "$module: there is no such module"
        [ -n "$reason" ] || echo "$module: no reason is given"
    done
}
judge 'exceptions have a reason' "$(stale)"
finish
