#!/bin/sh
# Proves the other checks: each violation that they exist for is planted in a
# small tree of our files, and the check must complain about just that file.
. "$(dirname "$0")/lib.sh"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' HUP INT TERM

# What the checks read themselves, and no more: they go through all that is
# there some fifty times.
tar -cf - .clang-format docs/protocol.md common/proto_* tests/lint \
    tests/*/*.mk | tar -xf - -C "$copy"
chmod -R u+w "$copy"

# Each planted source is fine but for its own fault.
good='/* SPDX-License-Identifier: ISC */
/* Planted. */
#include "config.h"
'

# caught CHECK SUBJECT FILE CONTENT
caught() {
    mkdir -p "$copy/$(dirname "$3")"
    printf '%s\n' "$4" >"$copy/$3"
    output=$(top_srcdir=$copy "$copy/tests/lint/$1.sh" 2>&1 || :)
    rm "$copy/$3"
    case $output in
    '1..0 # SKIP'*)
        skip "$1: $2" "${output#*SKIP }"
        return
        ;;
    esac
    # The complaint: "not ok", then lines of "#", one of which names the file.
    complaint=$(printf '%s\n' "$output" |
        sed -n "\\|^not ok [0-9]* - $2|,/^[^#n]/p")
    case $complaint in
    *planted*) judge "$1: $2" '' ;;
    *) judge "$1: $2" "${output:-no output at all}" ;;
    esac
}

# expected SUBJECT COMPLAINT: fails when there is none.
expected() {
    case $2 in
    '') judge "$1" 'nothing was said' ;;
    *) judge "$1" '' ;;
    esac
}

body() {
    printf '%s\nvoid planted(void);\n\nvoid\nplanted(void)\n{\n%s\n}' \
        "$good" "$1"
}

many_lines() {
    awk -v n="$1" 'BEGIN { while (n-- > 0) print "\tn++;" }'
}

caught layers 'common/ includes only' common/planted.h '#include "mail/addr.h"'
caught layers 'mail/ includes only' mail/planted.c '#include "queue/store.h"'
caught layers 'sendmail/ includes' sendmail/planted.c '#include "queue/store.h"'
caught layers 'queue/ includes' queue/planted.c '#include "store.h"'
caught layers 'a private header' queue/planted.c '#include "mail/x_priv.h"'
caught layers 'config.h comes first' mail/planted.c '#include <stdio.h>'
caught layers 'header guards' mail/planted.h '#define PLANTED_H'

for call in 'strcpy(a, b)' 'x = sprintf (a, "%d", 1)' 'atoi(s)' 'system("ls")' \
    'localtime(&t)' 'strtok(s, " ")' 'rand()' 'mktemp(s)' 'gets(s)'; do
    caught banned 'no banned function' queue/planted.c "$(body "	$call;")"
done
caught banned 'only sendmail' delivery/planted.c "$(body '	printf("x");')"
caught banned 'only sendmail' common/planted.c "$(body '	fputs("x", stdout);')"
caught banned 'OpenSSL' queue/planted.c '#include <openssl/ssl.h>'
caught banned 'OpenSSL' delivery/planted.c '#  include <openssl/evp.h>'
caught banned 'SQLite' sendmail/planted.c '#include <sqlite3.h>'
caught banned 'libcurl is behind' admin/planted.c '#include <curl/curl.h>'
caught banned 'SQL stands' queue/planted.c "$(body '	run("SELECT 1");')"
caught banned 'SQL stands' queue/planted.c \
    "$(body '	run("DELETE FROM message");')"

caught protocol 'every frame and field' common/proto_planted.c \
    '	STR(1, planted, name, true),'

caught states 'two statements' queue/planted.c "$good
const char *const t[] = {
	[SQL_PLANTED] = \"UPDATE recipient SET due_at = 0, \"
	    \"state = 'held' WHERE message = ?1\",
};"
caught states 'one makes recipients' queue/planted.c "$good
const char *const t[] = {
	[SQL_PLANTED] = \"INSERT INTO recipient (message, state) \"
	    \"VALUES (?1, 'queued')\",
};"
caught states 'each statement has one place' queue/planted.c \
    "$(body '	query_start(s, SQL_RCPT_WRITE);')"
caught states 'state_set alone' queue/planted.c \
    "$(body '	store_rcpt_write(s, 1, 1, &change, e);')"

mkdir -p "$copy/queue"
echo '#define BATCH_PIECES 65 /* planted */' >"$copy/queue/batch.c"
complaint=$(top_srcdir=$copy "$copy/tests/lint/numbers.sh" |
    grep 'batch.c: BATCH_PIECES is 65' || :)
rm "$copy/queue/batch.c"
expected 'numbers: numbers are what was promised' "$complaint"

caught purity 'the schedule includes' queue/hosts_planted.c \
    '#include "common/clock.h"'
caught purity 'it asks for no time' queue/budget_planted.c \
    "$(body '	now = clock_wall();')"
caught purity 'it asks for no time' queue/schedule_planted.c \
    "$(body '	rnd = arc4random();')"

# links looks at a build: here one of a program that needs the library of the
# unit tests, and of an object with a global.
built=$copy/built
mkdir -p "$built/sendmail" "$built/mail"
if [ -x "$top_builddir/tests/unit/buf" ]; then
    cp "$top_builddir/tests/unit/buf" "$built/sendmail/sendmail"
    complaint=$(top_builddir=$built tests/lint/links.sh | grep libcmocka || :)
    expected 'links: sendmail needs libc alone' "$complaint"
else
    skip 'links: sendmail needs libc alone' 'no unit test was built'
fi
echo 'int planted;' | ${CC:-cc} -c -x c -o "$built/mail/planted.o" -
complaint=$(sanitized='' top_builddir=$built tests/lint/links.sh |
    grep 'planted.o: planted' || :)
expected 'links: no mutable state' "$complaint"

caught sizes 'files of at most' tests/planted.c "$(many_lines 501)"
caught sizes 'functions of at most' mail/planted.c "$(body "$(many_lines 80)")"

caught format 'formatted' mail/planted.c "$good
int planted( void );"
# The words are split here, or this file would be misspelt.
caught spelling 'spelling' docs/planted.md "This is the adr""ess of t""eh sender."
caught shell 'shellcheck' tests/lib/planted.sh "#!/bin/sh
echo \$1"
caught shell 'scripts are executable' tests/lib/planted.sh '#!/bin/sh'

caught words 'nothing is left' mail/planted.c "$good/* TO""DO */"
caught words 'no code is switched off' mail/planted.c '#if 0
#endif'
caught words 'no path of a build' docs/planted.md "in /ho""me/somebody/src"
caught words 'no path of a build' docs/planted.md "in $copy/common"
caught words 'the licence' mail/planted.h '#ifndef X'
caught words 'a source opens' mail/planted.c \
    '/* SPDX-License-Identifier: ISC */'
caught words 'no blanks at the end' docs/planted.md 'blank '

caught tested 'every module of' mail/planted.c "$good"
caught tested 'every test is built' tests/unit/planted.c "$good"
caught tested 'every test is built' tests/fuzz/planted.c "$good"
printf '%s\n' "$good" >"$copy/mail/planted.c"
caught tested 'every parser has' mail/planted.h 'int planted_parse(int);'
finish
