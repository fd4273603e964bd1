#!/bin/sh
# Each refusal of smtpd has words for devices in common/device_words.c, and
# docs/device-replies.md has each of those.
. "$(dirname "$0")/lib.sh"

page=docs/device-replies.md
table=common/device_words.c

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# "503 5.5.1" for each reply_set(r, 503, "5.5.1", ...) and say(s, 503, ...).
find_in smtpd -name '*.c' | xargs cat | tr '\n\t' '  ' |
    grep -oE '(reply_set|say)\([^;]*;' |
    sed -nE 's/^[a-z_]*\( *[&a-z]+, ([45][0-9][0-9]), +"([0-9.]+)".*/\1 \2/p' |
    sort -u >"$scratch/said"
# Those of reply_of_err, by its table.
tr '\n\t' '  ' <"$table" |
    grep -oE '\{ [0-9]{3}, "[0-9.]+"' | sed -E 's/\{ ([0-9]+), "(.*)"/\1 \2/' |
    sort -u >"$scratch/known"

judge 'replies are found' "$(
    [ "$(wc -l <"$scratch/said")" -ge 10 ] || echo "few in smtpd"
    [ "$(wc -l <"$scratch/known")" -ge 20 ] || echo "few in $table")"
judge 'each refusal has words for devices' \
    "$(comm -23 "$scratch/said" "$scratch/known")"

# "code status|words", in the order of the table.
tr '\n\t' '  ' <"$table" |
    grep -oE '\{ [0-9]{3}, "[0-9.]+", (NULL|"[^"]*"), +"[^"]*"' |
    sed -E 's/\{ ([0-9]+), "([0-9.]+)".*"([^"]*)"$/\1 \2|\3/' >"$scratch/code"
sed -nE 's/^\| ([45][0-9][0-9] [0-9.]+) \| [^|]*\| ([^|]*) \|.*/\1|\2/p' \
    "$page" >"$scratch/page"
judge "each is in $page, and no other" \
    "$(diff "$scratch/code" "$scratch/page" | grep '^[<>]' || :)"
finish
