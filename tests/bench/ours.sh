# shellcheck shell=bash disable=SC2034,SC2154
# Our adapter for the benchmark beside the peers; README.md says how to run it.
# Sourced as root inside the cell: the variables are read by the harness, those
# in capitals that begin with SINK_, and HOLD and CONC, come from it.

PKGS="libbsd0 libevent-core-2.1-7 libidn2-0 libjansson4 libseccomp2 libsqlite3-0
    libssl3 sqlite3 zlib1g"
DAEMON=1
HOLD_OK=1
MAILQ=mailq
SUBMIT_BIN=/usr/sbin/sendmail
BINS="/usr/sbin/sendmail /usr/sbin/mailchuted /usr/libexec/mailchute/deliver
    /usr/bin/mailchute"
db=/var/lib/mailchute/queue.db
drop=/var/spool/mailchute/drop

peer_install() {
    # shellcheck disable=SC2086 # a list
    inst $PKGS
    cp -a /bench/src/. /
    getent passwd mailchute >/dev/null || useradd --system \
        --home-dir /nonexistent --shell /usr/sbin/nologin mailchute
}

peer_config() {
    local delivery=on connections=2
    [ "$HOLD" != 1 ] || delivery=off
    [ "$CONC" -eq 0 ] || connections=$CONC
    mkdir -p /etc/mailchute
    cat >/etc/mailchute/mailchute.conf <<EOF
[local]
hostname = host.bench.test
domain = bench.test
admin = root@bench.test

[queue]
delivery = $delivery
message_size_max = 200M

[account]
provider = smtp
host = $SINK_HOST
port = $SINK_PORT
tls_ca_file = $SINK_CA
user = $SINK_USER
auth = login
password_file = password
senders = @bench.test
connections = $connections
EOF
    (umask 077 && echo "$SINK_PASS" >/etc/mailchute/password)
    chown mailchute /etc/mailchute/password
}

peer_start() {
    mailchuted
    for _ in $(seq 200); do
        [ ! -S /run/mailchute/submit ] || return 0
        sleep 0.05
    done
    return 1
}

peer_stop() {
    pkill -TERM -x mailchuted
    for _ in $(seq 120); do
        pgrep -x mailchuted >/dev/null || return 0
        sleep 0.05
    done
}

peer_flush() {
    sendmail -q
}

peer_settled() {
    sqlite3 -readonly $db 'SELECT count(*) FROM v_queue' 2>/dev/null || echo 0
}

peer_qcount() {
    echo $(($(peer_settled) + $(find $drop -type f 2>/dev/null | wc -l)))
}

peer_purge() {
    rm -f $db $db-wal $db-shm
    find $drop -type f -delete 2>/dev/null
}
