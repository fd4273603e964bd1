#!/bin/sh
# What each program links beyond libc: the table of docs/architecture.md.  A
# front end that every cron job starts pays for no library, and the program
# that reads a remote server's bytes has no database.  And no object holds
# mutable state outside of main files and the log.
. "$(dirname "$0")/lib.sh"

need readelf
need nm

# Libraries that the compiler adds by itself when it sanitizes.
runtime='libc ld-linux[a-z0-9_-]*'
case ${sanitized:-} in
?*) runtime="$runtime libasan libubsan libm libgcc_s libpthread libdl librt" ;;
esac

needed() {
    readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\.so.*/\1/p'
}

# links PROGRAM 'LIBRARY...': what it may need beyond libc.
links() {
    listed="$listed $1"
    program=$top_builddir/$1
    [ -x "$program" ] || return 0
    pattern=$(echo "$runtime $2" | tr -s ' ' '|')
    judge "$1 needs libc${2:+ $2} alone" "$(
        needed "$program" | grep -vxE "${pattern%|}" || :)"
}

listed=
front_end=
[ "${static_libbsd:-yes}" = yes ] || front_end='libbsd libmd'
links sendmail/sendmail "$front_end"
links admin/mailchute 'libbsd libjansson'
links queue/mailchuted 'libbsd libsqlite3 libevent_core-[0-9.]* libz libseccomp'
links delivery/deliver 'libbsd libssl libcrypto libidn2 libseccomp'
links smtpd/smtpd "$front_end"

unlisted() {
    for program in ${programs:-}; do
        case "$listed " in *" $program "*) ;; *) echo "$program" ;; esac
    done
}
judge 'every program is in the table' "$(unlisted)"

# Constants that hold addresses are in a section of their own, which becomes
# read-only at start.  Flags that a signal handler sets can be nowhere else;
# they are called got_x.  A sanitizer adds data of its own to each object.
globals() {
    find "$top_builddir" -path '*/tests' -prune -o -name '*.o' -print |
        grep -vE '/(main|[a-z]+_main|log|[a-z_]+-main)\.o$' |
        while read -r object; do
            nm -f sysv "$object" | awk -F '|' -v object="${object##*/}" '
                $7 ~ /^\.(data|bss)/ && $7 !~ /^\.data\.rel\.ro/ &&
                    $3 ~ /[dDbB]/ && $1 !~ /^got_/ { print object ": " $1 }'
        done
}
[ -n "${sanitized:-}" ] ||
    judge 'no mutable state outside of main files and the log' "$(globals)"
finish
