#!/bin/sh
# Functions that truncate, overflow, hide failures or start shells; and each
# library behind the files that own it.
. "$(dirname "$0")/lib.sh"

# elsewhere FILES-REGEX: drops the hits in files that may.
elsewhere() {
    grep -vE "^($1):" || :
}

# include_elsewhere HEADER-REGEX FILES-REGEX
include_elsewhere() {
    c_files | xargs grep -nE "^ *# *include *<$1>" | elsewhere "$2"
}

functions='strcpy|strcat|sprintf|vsprintf|strncpy|strncat|gets|atoi|atol|atoll'
functions="$functions|strtok|alloca|system|popen|tmpnam|tempnam|mktemp"
functions="$functions|localtime|gmtime|ctime|asctime|rand|srand|sscanf"
# shellcheck disable=SC2046 # our file names hold no blanks
judge 'no banned function' "$(
    grep_code "(^|[^A-Za-z0-9_.>])($functions) *\\(" $(c_files))"

# shellcheck disable=SC2046
judge 'only sendmail, admin and tests write to stdout' "$(
    grep_code '(^|[^A-Za-z0-9_])(v?printf|puts|putchar) *\(|[^A-Za-z0-9_]stdout[^A-Za-z0-9_]' \
        $(c_files) | elsewhere '(sendmail|admin|tests)/[^:]*')"

judge 'OpenSSL is behind tls files and delivery/token_key' "$(
    include_elsewhere 'openssl/.*' \
        '((common|delivery|smtpd)/tls[a-z_]*|delivery/token_key)\.[ch]|tests/[^:]*')"
judge 'SQLite is behind queue/store' "$(
    include_elsewhere 'sqlite3\.h' \
        'queue/store_priv\.h|tests/[^:]*')"
judge 'libcurl is behind delivery/token_http' "$(
    include_elsewhere 'curl/.*' 'delivery/token_http\.c')"

# Strings count here, comments do not matter.
verbs='(SELECT|INSERT (OR [A-Z]+ )?INTO|UPDATE [a-z_]+ SET|DELETE FROM'
verbs="$verbs|CREATE (TABLE|INDEX|VIEW|UNIQUE)|PRAGMA|BEGIN IMMEDIATE|COMMIT;)"
judge 'SQL stands in one place' "$(
    find_in "$code_folders" -name '*.[ch]' | xargs grep -nE "\"$verbs" |
        elsewhere 'queue/((salvage_)?sql|schema_[0-9]+)\.c')"
finish
