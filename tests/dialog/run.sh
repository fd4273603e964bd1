#!/bin/sh
# Plays every *.txt of this folder: one TAP result each.  Certificates are made
# for the occasion.  With arguments, only the scripts named.
: "${top_srcdir:=.}" "${top_builddir:=.}"
here=$top_srcdir/tests/dialog

if ! command -v openssl >/dev/null; then
    echo "1..0 # SKIP the openssl program is not installed"
    exit 0
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mailchute-dialog.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT

. "$here/certificates.sh"
# The weakest policy that a system can have: what refuses old TLS is deliver.
cat >"$tmp/openssl.cnf" <<END
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = weak
[weak]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
END
cat "$tmp/other.pem" "$tmp/other.key" >"$tmp/self-signed.pem"

# Leaks are not looked for inside the sandbox: a build with sanitizers looks for
# them without it, and tests/unit/sandbox.c and tls.c enter it there as well.
[ -z "${sanitized:-}" ] || export DIALOG_SANDBOX_OFF=1

[ $# -gt 0 ] || set -- "$here"/*.txt
echo "1..$#"
number=0
failed=0
for script; do
    number=$((number + 1))
    name=$(basename "$script" .txt)
    if OPENSSL_CONF="$tmp/openssl.cnf" "$top_builddir/tests/dialog/driver" \
        "$top_builddir/delivery/deliver" "$top_builddir/tests/dialog/hasty" \
        "$tmp" "$script" >"$tmp/out"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' "$tmp/out"
        failed=1
    fi
done
exit $failed
