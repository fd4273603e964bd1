# shellcheck shell=sh
# Certificates for a server of the tests, in the folder $tmp; read by run.sh and
# matrix.sh.
# shellcheck disable=SC2154 # tmp is theirs

# certificate NAME SUBJECT-ALT-NAME DAYS [KIND]: signed by ca.pem, with its key.
certificate() {
    kind='ec -pkeyopt ec_paramgen_curve:P-256'
    # shellcheck disable=SC2086 # words
    openssl req -newkey ${4:-$kind} -nodes \
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
        certificate rsa DNS:localhost,IP:127.0.0.1 30 rsa:2048 &&
        certificate wrong-name DNS:elsewhere.example 30 &&
        certificate partial-wildcard 'DNS:local*' 30 &&
        certificate expired DNS:localhost -1
} >"$tmp/log" 2>&1 || {
    echo "Bail out! no certificates: $(tail -1 "$tmp/log")"
    exit 1
}
