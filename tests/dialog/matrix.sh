#!/bin/sh
# Each bad reply in each place of a session: matrix.c says what is judged of the
# many, one TAP result a place.  With an argument, only that place.
: "${top_srcdir:=.}" "${top_builddir:=.}"
here=$top_srcdir/tests/dialog

if ! command -v openssl >/dev/null; then
    echo "1..0 # SKIP the openssl program is not installed"
    exit 0
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mailchute-matrix.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/dialog/certificates.sh
. "$here/certificates.sh"

[ -z "${sanitized:-}" ] || export DIALOG_SANDBOX_OFF=1

"$top_builddir/tests/dialog/matrix" "$top_builddir/delivery/deliver" "$tmp" "$@"
