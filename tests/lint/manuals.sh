#!/bin/sh
# The manuals are sound mdoc, every program has one, and every verb and option
# that a program's --help names stands in it.
. "$(dirname "$0")/lib.sh"

need mandoc

lint() {
    for page in docs/*.[1-8].in; do
        built=$top_builddir/${page%.in}
        if [ ! -f "$built" ]; then
            echo "$built was not built"
            continue
        fi
        # Those that a manual refers to need not be installed.
        mandoc -T lint -W style "$built" |
            grep -v 'referenced manual not found' || :
    done
}
judge 'mandoc has nothing to say' "$(lint)"

# rendered PAGE: as plain text.
rendered() {
    mandoc -T utf8 "$1" | sed "s/.$(printf '\b')//g"
}

# undocumented PROGRAM PAGE: words of --help that the page lacks.  A verb begins
# its line, after blanks.
undocumented() {
    help=$("$top_builddir/$1" --help 2>/dev/null) || {
        echo "$1 --help fails"
        return
    }
    page=$(rendered "$top_builddir/docs/$2")
    {
        printf '%s\n' "$help" | grep -oE -e '(^|[ [])--?[a-zA-Z][a-z-]*' |
            tr -d ' [' || :
        printf '%s\n' "$help" | sed -nE 's/^ +([a-z]+)( .*)?$/\1/p'
    } | sort -u | while read -r word; do
        printf '%s\n' "$page" | grep -qE -e "(^|[^a-z-])$word([^a-z-]|\$)" ||
            echo "$2 does not speak of $word"
    done
}

for pair in sendmail/sendmail:sendmail.8 admin/mailchute:mailchute.1 \
    queue/mailchuted:mailchuted.8 smtpd/smtpd:smtpd.8; do
    program=${pair%:*}
    page=${pair#*:}
    [ -x "$top_builddir/$program" ] || continue
    if [ ! -f "docs/$page.in" ]; then
        judge "$program has a manual" "docs/$page.in is missing"
    elif [ "$program" != sendmail/sendmail ] &&
        [ "$program" != smtpd/smtpd ]; then
        judge "$page knows what --help names" "$(undocumented "$program" "$page")"
    fi
done
finish
