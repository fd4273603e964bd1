#!/bin/sh
# The waits and sizes that were promised, with which no test can wait: each has
# the value that is written here.  What they do is tested with shorter ones.
. "$(dirname "$0")/lib.sh"

# The expression worked out; nothing when there is none.
number() {
    [ -z "$1" ] || awk "BEGIN { printf \"%d\", $1 }"
}

# What a constant of a file is.
value() {
    [ ! -f "$1" ] || number "$(
        sed -n "s/^#define[[:blank:]]*$2[[:blank:]]\{1,\}\([^/]*\).*/\1/p" "$1" |
            sed 's/INT64_C(\([0-9]*\))/\1/g; s/\([0-9]\)[UL]*/\1/g')"
}

wrong() {
    while read -r file name want; do
        got=$(value "$file" "$name")
        [ "$got" = "$(number "$want")" ] ||
            echo "$file: $name is ${got:-not there}, not $want"
    done <<END
common/proto_submit.h SUBMIT_WRITER_MS 12*3600*1000
smtpd/patience.c LOCAL_COMMAND_MS 3600*1000
smtpd/patience.c PUBLIC_COMMAND_MS 5*60*1000
smtpd/patience.c PUBLIC_BETWEEN_MS 30*60*1000
smtpd/patience.c PUBLIC_TEXT_MS 2*3600*1000
smtpd/patience.c PUBLIC_START_MS 5*60*1000
smtpd/patience.c PUBLIC_RATE 100
smtpd/patience.c CROWDED_COMMAND_MS 60*1000
smtpd/patience.c CROWDED_BETWEEN_MS 5*60*1000
smtpd/patience.c CROWDED_TEXT_MS 30*60*1000
smtpd/patience.c CROWDED_START_MS 2*60*1000
smtpd/patience.c CROWDED_RATE 1000
smtpd/listener.c HANDSHAKE_MS 60*1000
common/parcel.h PARCEL_MEMORY 1024*1024
common/ctl_ask.h CTL_SILENCE_MS 60*1000
queue/answer.c DAEMON_WAIT_MS 5*1000
queue/engine.c LOCK_WAIT_S 30
queue/parent.c STOP_GRACE_MS 4*1000
queue/batch.c BATCH_PIECES 64
queue/batch.c BATCH_OCTETS 1024*1024
queue/admit.c STAGE_AT 1024*1024
queue/store.h CHUNK_SIZE 64*1024
queue/upkeep.c JOURNAL_MAX 64*1024*1024
queue/upkeep.c SUBMISSIONS_S 7*24*3600
queue/dropfile.c ABANDONED_S 24*3600
queue/dropdir.c ROUND_S 60
queue/times.c JUMP_MS 60*1000
queue/account.c HOLD_MIN_S 15*60
END
}
judge 'numbers are what was promised' "$(wrong)"

# The three waits of sendmail for the daemon: for a place in line, for the
# greeting, and for progress.
waits() {
    file=common/submit.c
    grep -qsx 'const struct submit_limits submit_limits = { 2000, 5000, 60000 };' \
        "$file" || echo "$file: they are not 2, 5 and 60 s"
}
judge 'sendmail waits for 2, 5 and 60 seconds' "$(waits)"
finish
