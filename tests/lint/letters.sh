#!/bin/sh
# Every letter of sendmail/args.c's table stands in docs/compatibility.md and in
# the manual, so that an administrator finds what his scripts use.
. "$(dirname "$0")/lib.sh"

letters() {
    sed -nE "s/^	\{ '([A-Za-z])', TAKES_.*/\1/p" sendmail/args.c
}
too_few() {
    [ "$(letters | wc -l)" -ge 30 ] || echo 'few letters were found'
}
judge 'the table can be read' "$(too_few)"

not_on_the_page() {
    letters | while read -r letter; do
        grep -qE "^\|.*\`-${letter}[\` a-z0-9]" docs/compatibility.md ||
            echo "-$letter"
    done
}
judge 'docs/compatibility.md has every option' "$(not_on_the_page)"

not_in_the_manual() {
    letters | while read -r letter; do
        grep -qE "^\.(It )?(.* )?Fl ([A-Za-z]+ Ns Ar [a-z]+ , Fl )?$letter( |\$)" \
            docs/sendmail.8.in || echo "-$letter"
    done
}
judge 'sendmail(8) has every option' "$(not_in_the_manual)"
finish
