#!/bin/sh
# What each program links beyond libc, no more and no less: the table of
# docs/architecture.md.  A front end that every cron job starts pays for no
# library, and the program that reads a remote server's bytes has no database.
# configure asks for these libraries, in the versions that the README names.  And
# no object holds mutable state outside of main files and the log.
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

# unneeded PROGRAM 'LIBRARY...': those that it does not need.  What libbsd has,
# a newer libc may have, too.
unneeded() {
    for library in $2; do
        [ "$library" = libbsd ] || [ "$library" = libmd ] ||
            needed "$1" | grep -qx "$library" || echo "$library"
    done
}

# links PROGRAM 'LIBRARY...': what it needs beyond libc.
links() {
    listed="$listed $1"
    rows="$rows
$1: $2"
    program=$top_builddir/$1
    [ -x "$program" ] || return 0
    pattern=$(echo "$runtime $2" | tr -s ' ' '|')
    judge "$1 needs libc${2:+ $2} alone" "$(
        needed "$program" | grep -vxE "${pattern%|}" || :)"
    judge "$1 needs all of it" "$(unneeded "$program" "$2")"
}

listed=
rows=
front_end=
[ "${static_libbsd:-yes}" = yes ] || front_end='libbsd libmd'
links sendmail/sendmail "$front_end"
links admin/mailchute 'libbsd libjansson libcrypt'
links queue/mailchuted 'libbsd libsqlite3 libevent_core-[0-9.]* libz libseccomp'
links delivery/deliver 'libbsd libssl libcrypto libidn2 libseccomp'
links delivery/token 'libbsd libcurl libcrypto libjansson libseccomp'
links smtpd/smtpd "$front_end libssl libcrypto libcrypt libseccomp"

unlisted() {
    for program in ${programs:-}; do
        case "$listed " in *" $program "*) ;; *) echo "$program" ;; esac
    done
}
judge 'every program is in the table' "$(unlisted)"

# What people call the libraries.
names() {
    printf '%s\n' "$1" | sed 's/([^)]*)//g; s/OpenSSL/libssl, libcrypto/
        s/SQLite/libsqlite3/; s/^jansson/libjansson/; s/ jansson/ libjansson/; s/zlib/libz/; s/none//
        s/-\[0-9\.\]\*//g; s/,/ /g' | tr -s ' ' '\n' | grep . | sort
}

# The front end's libbsd is in an archive, or stands for one.
unlike() {
    printf '%s\n' "$rows" | grep . | while IFS=': ' read -r program libraries; do
        [ "$libraries" != "$front_end" ] || libraries=
        row=$(sed -n '/^| program | folder | libraries |/,/^$/p' "$page" |
            grep -E "^\\| \`${program##*/}\`" || :)
        [ -n "$row" ] || echo "$page has no row for $program"
        row=${row% |}
        [ "$(names "${row##*| }")" = "$(names "$libraries")" ] ||
            echo "$page: ${program##*/}: ${row##*| }"
    done
}
page=docs/architecture.md
[ ! -f $page ] || judge "$page has the same" "$(unlike)"

# asked_for: "library version" of each that configure asks for.
asked_for() {
    sed -nE 's/.*PKG_CHECK_MODULES\(\[[A-Z0-9]*\], \[([a-z0-9_-]*)( >= ([0-9.]+))?\].*/\1 \3/p' \
        configure.ac
}

versions() {
    asked_for | while read -r library version; do
        case $library in
        libbsd-overlay) name=libbsd ;;
        sqlite3) name=SQLite ;;
        libssl | libcrypto) name=OpenSSL ;;
        libevent_core) name=libevent ;;
        cmocka) continue ;;
        *) name=$library ;;
        esac
        grep -A4 '^The build needs' README.md | tr '\n' ' ' |
            grep -qE "[ ,]$name${version:+ $version}[, .]" ||
            echo "README.md does not say that the build needs $name${version:+ $version}"
    done
    [ "$(asked_for | grep -c ' [0-9]')" -ge 3 ] ||
        echo 'configure.ac asks for no versions'
}
[ ! -f configure.ac ] || judge 'configure asks for what README.md says' "$(versions)"

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
