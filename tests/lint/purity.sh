#!/bin/sh
# The schedule is arithmetic: it gets the clock and the dice from its callers.
. "$(dirname "$0")/lib.sh"

pure() {
    find_in queue '(' -name 'schedule*.[ch]' -o -name 'budget*.[ch]' \
        -o -name 'hosts*.[ch]' ')' ! -name '*_store.[ch]'
}

# The headers of clocks, files, sockets, random numbers and the store.
headers='(sys/)?(time|random|timerfd|socket|stat|types)\.h|poll\.h|unistd\.h'
headers="$headers|fcntl\\.h|stdio\\.h|bsd/.*|common/(clock|log)\\.h"
headers="$headers|queue/(store|times|parts)[a-z_]*\\.h"
judge 'the schedule includes no clock, and nothing that is outside' "$(
    pure | xargs grep -nE "^ *# *include *[<\"]($headers)[>\"]" /dev/null || :)"

# Those of libbsd come with config.h.
calls='time|clock|gettimeofday|localtime_r|gmtime_r|getrandom|getentropy'
calls="$calls|random|drand48|arc4random|arc4random_uniform|arc4random_buf"
calls="$calls|times_now|clock_[a-z_]+"
# shellcheck disable=SC2046 # our file names hold no blanks
judge 'it asks for no time and throws no dice' "$(
    grep_code "(^|[^A-Za-z0-9_.>])($calls) *\\(" $(pure))"

missing() {
    for file in queue/schedule.c queue/schedule.h queue/budget.c queue/hosts.c \
        queue/hosts.h; do
        pure | grep -qxF "$file" || echo "$file was not looked at"
    done
}
judge 'all of the schedule was looked at' "$(missing)"
finish
