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

# certificate NAME SUBJECT-ALT-NAME DAYS: signed by ca.pem, with its key.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj "/CN=$1" -keyout "$tmp/$1.key" -out "$tmp/$1.csr" &&
        echo "subjectAltName=$2" >"$tmp/$1.ext" &&
        openssl x509 -req -in "$tmp/$1.csr" -CA "$tmp/ca.pem" \
            -CAkey "$tmp/ca.key" -extfile "$tmp/$1.ext" -days "$3" \
            -out "$tmp/$1.crt" &&
        cat "$tmp/$1.crt" "$tmp/$1.key" >"$tmp/$1.pem"
}
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -days 30 -subj "/CN=$1" -keyout "$tmp/$1.key" -out "$tmp/$1.pem"
}
{
    authority ca && authority other &&
        certificate good DNS:localhost,IP:127.0.0.1 30 &&
        certificate wrong-name DNS:elsewhere.example 30 &&
        certificate partial-wildcard 'DNS:local*' 30 &&
        certificate expired DNS:localhost -1
} >"$tmp/log" 2>&1 || {
    echo "Bail out! no certificates: $(tail -1 "$tmp/log")"
    exit 1
}
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
