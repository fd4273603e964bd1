#!/bin/sh
# One place changes the state of a recipient: queue/state.c, and queue/message.c
# for the first move of all recipients of a new message.
. "$(dirname "$0")/lib.sh"

# statements REGEX: "file: SQL_NAME" of each statement that matches, by the
# text of its strings put one behind the other.
statements() {
    find_in queue -name '*.c' | while read -r file; do
        awk -v regex="$1" -v file="$file" '
        function end() {
            if (text ~ regex)
                print file ": " name
            text = ""
        }
        /^[[:blank:]]*\[SQL_[A-Z_]+\]/ {
            end()
            name = $0
            sub(/^[^[]*\[/, "", name)
            sub(/\].*/, "", name)
        }
        {
            line = $0
            while (match(line, /"([^"\\]|\\.)*"/)) {
                text = text substr(line, RSTART + 1, RLENGTH - 2)
                line = substr(line, RSTART + RLENGTH)
            }
        }
        /;$/ { end() }
        END { end() }' "$file"
    done
}

# but EXPECTED FOUND: what is in one of the two alone.
but() {
    printf '%s\n' "$2" | grep -vxF "$1" || :
    printf '%s\n' "$1" | grep -vxF "$2" | sed 's/$/ is gone/' || :
}

judge 'two statements set the state of a recipient' "$(but \
    'queue/sql.c: SQL_RCPT_QUEUE
queue/sql.c: SQL_RCPT_WRITE' \
    "$(statements 'UPDATE recipient SET ([^W]|W[^H])*[ ,]?state = ')")"

judge 'one makes recipients, in staging' "$(but \
    'queue/sql.c: SQL_RCPT_ADD' \
    "$(statements "(INSERT|REPLACE)[A-Z ]* INTO recipient .*'staging'")"
    but 'queue/sql.c: SQL_RCPT_ADD' \
        "$(statements '(INSERT|REPLACE)[A-Z ]* INTO recipient ')")"

# used NAME FILES-REGEX: where else it stands.
used() {
    # shellcheck disable=SC2046 # our file names hold no blanks
    grep_code "(^|[^A-Za-z0-9_])$1([^A-Za-z0-9_]|\$)" \
        $(find_in "$code_folders" -name '*.c') | grep -vE "^($2):" || :
}

judge 'each statement has one place that uses it' "$(
    used SQL_RCPT_QUEUE 'queue/(sql|message)\.c'
    used SQL_RCPT_WRITE 'queue/(sql|rcpt)\.c'
    used SQL_RCPT_ADD 'queue/(sql|rcpt)\.c')"

judge 'state_set alone writes a state' "$(
    used store_rcpt_write 'queue/(rcpt|state)\.c')"
finish
