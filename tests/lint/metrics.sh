#!/bin/sh
# Every metric of mailchute metrics stands in docs/metrics.md and in the manual,
# which name no other; rules are about those alone; and it knows each alarm.
. "$(dirname "$0")/lib.sh"

code=admin/report_metrics.c
more=admin/report_metrics_listener.c
page=docs/metrics.md
manual=docs/mailchute.1.in
rules=packaging/prometheus/mailchute.rules.yml

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sed -nE 's/.*"(mailchute_[a-z0-9_]+)".*/\1/p' "$code" "$more" |
    sort >"$scratch/code"
# shellcheck disable=SC2016 # the backquotes are the page's
sed -nE 's/^\| `(mailchute_[a-z0-9_]+)` \|.*/\1/p' "$page" |
    sort >"$scratch/page"
sed -nE 's/^\.It Cm (mailchute_[a-z0-9_]+)( .*)?$/\1/p' "$manual" |
    sort >"$scratch/manual"

judge 'metrics are found, and each once' "$(
    [ "$(wc -l <"$scratch/code")" -ge 30 ] || echo 'few metrics were found'
    uniq -d "$scratch/code")"
judge "$page has every metric, and no other" "$(
    diff "$scratch/code" "$scratch/page" || :)"
judge "$manual has every metric, and no other" "$(
    diff "$scratch/code" "$scratch/manual" || :)"

# What else the page says of one, in rules and in its example.
others() {
    grep -ohE 'mailchute_[a-z0-9_]+' "$page" "$rules" | sort -u |
        comm -23 - "$scratch/code"
}
judge 'rules and examples are about what there is' "$(others)"

# Rules on the page are those of the file.
strangers() {
    sed -nE 's/^ +(- alert|expr): (.*)/\2/p' "$page" | while read -r line; do
        grep -qF ": $line" "$rules" || echo "$rules does not say: $line"
    done
}
judge 'the rules of the page are those of the file' "$(
    [ "$(grep -c '^ *- alert:' "$page")" -ge 4 ] || echo 'few rules were found'
    strangers)"

# name true|false: does it belong to an account?
kinds() {
    sed -nE 's/^\t\[ALARM_[A-Z_]+\] = \{ "([a-z-]+)", (true|false),.*/\1 \2/p' \
        queue/alarm_kind.c | sort
}
known() {
    sed -n '/^} alarm_kinds\[\] = {/,/^};/p' "$code" |
        sed -nE 's/^\t\{ "([a-z-]+)", (true|false) \},/\1 \2/p' | sort
}
kinds >"$scratch/kinds"
known >"$scratch/known"
judge "$code knows each alarm" "$(
    [ "$(wc -l <"$scratch/kinds")" -ge 5 ] || echo 'few alarms were found'
    diff "$scratch/kinds" "$scratch/known" || :)"
finish
