# SPDX-License-Identifier: ISC
"""Listeners with TLS: clients of all ages come in, and none by a wrong key."""

import os
import signal
import smtplib
import socket
import ssl
import struct
import subprocess

import pytest

from lib import canary
from lib.notify import DEADLINE
from lib.site import USER, sanitized
from test_listen import (TEXT, TO, Client, add_listener, children, comm,
                         greeting, send)

VERSIONS = {"1.0": "-tls1", "1.1": "-tls1_1", "1.2": "-tls1_2", "1.3": "-tls1_3"}
NAMES = {"1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}


def put_pair(site, certificate, key=None, mode=0o600):
    """As the files that the listeners have; a certificate of the authority."""
    with open(certificate.cert) as f:
        site.secret("tls.pem", f.read(), 0o644)
    with open((key or certificate).key) as f:
        site.secret("tls.key", f.read(), mode)


@pytest.fixture
def old(authority):
    """A certificate as old devices know them."""
    return authority.issue("localhost", rsa=True)


@pytest.fixture
def secure(site, old):
    """Listeners with that; to be started."""
    put_pair(site, old)

    def add(name="scan", tls="starttls", **options):
        return add_listener(site, name, tls=tls, certificate_file="tls.pem",
                            key_file="tls.key", **options)
    return add


def context(authority, version=None):
    """Of a client, of that version alone if one is given."""
    c = ssl.create_default_context(cafile=authority.roots)
    if version is not None:
        c.set_ciphers("DEFAULT:@SECLEVEL=0")
        c.minimum_version = c.maximum_version = version
    return c


class Secured(Client):
    """A client that has started TLS."""

    def __init__(self, port, ctx):
        super().__init__(port)
        self._host = "localhost"  # whose certificate it has to be
        self.ehlo()
        self.starttls(context=ctx)

    def serial(self):
        return self.sock.getpeercert()["serialNumber"]


def s_client(port, *args):
    """openssl s_client in that session: what it has printed, or None when
    there was no handshake."""
    run = subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-quiet",
         "-starttls", "smtp", *args],
        input=b"QUIT\r\n", capture_output=True, timeout=DEADLINE)
    return run.stdout.decode() if run.returncode == 0 else None


# ---- who comes in -------------------------------------------------------------

def test_each_version_by_each_tls_min(site, secure):
    ports = {least: secure("m" + least.replace(".", ""), tls_min=least)
             for least in VERSIONS}
    site.start()
    for least, port in ports.items():
        for version, option in VERSIONS.items():
            said = s_client(port, option, "-cipher", "DEFAULT:@SECLEVEL=0")
            if version < least:
                assert said is None, (least, version)
            else:
                assert said.endswith("221 2.0.0 bye\r\n"), (least, version)
    seen = [(e["listener"], e["version"]) for e in site.log.events("tls")]
    assert sorted(seen) == sorted(
        ("m" + least.replace(".", ""), NAMES[version])
        for least in VERSIONS for version in VERSIONS if version >= least)
    failed = site.log.events("tls-failed")
    assert len(failed) == 6
    for e in failed:
        assert e["client"] == "127.0.0.1" and "below listen.tls_min" in e["text"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1,
                                     ssl.TLSVersion.TLSv1_1])
def test_old_tls_in_and_new_tls_out(site, server, secure, authority, version):
    """What this project is for, from where that is allowed alone."""
    port = secure(tls="required", tls_min="1.0", allow="127.0.0.1")
    site.start()
    assert greeting(port, "127.0.0.2").startswith("554 ")
    with Secured(port, context(authority, version)) as c:
        name = c.sock.version()
        c.sendmail(USER, [TO], TEXT % "hello")
    message = server.record.wait_messages(1)[0]
    assert message.body == b"hello\r\n"
    assert server.record.connections[0].tls in ("TLSv1.2", "TLSv1.3")
    event = site.log.events("tls")[0]
    assert event["version"] == name and event["client"] == "127.0.0.1"
    assert b"\twith ESMTPS (%s %s)\r\n" % (
        name.encode(), event["cipher"].encode()) in message.raw


# What openssl itself has forgotten, it can still be offered.

def client_hello(cipher):
    """Of TLS 1.0, with that cipher alone."""
    body = (b"\x03\x01" + bytes(32) + b"\x00" + struct.pack(">HH", 2, cipher)
            + b"\x01\x00")
    hello = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello


def first_answer(port, cipher):
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        s.sendall(client_hello(cipher))
        return s.makefile("rb").read(7)


def test_what_no_version_makes_good(site, secure):
    """RC4, triple DES, export, no encryption, nobody's certificate."""
    port = secure(tls="implicit", tls_min="1.0")
    site.start()
    assert first_answer(port, 0x002f)[:1] == b"\x16"  # AES128-SHA: ServerHello
    for cipher in (0x0004, 0x0005, 0x000a, 0x0009, 0x0003, 0x0008, 0x0001,
                   0x0002, 0x0034, 0xc018, 0xc011, 0xc012, 0xc006):
        answer = first_answer(port, cipher)
        assert answer[0] == 0x15 and answer[5:7] == b"\x02\x28", hex(cipher)


# ---- modes --------------------------------------------------------------------

def test_starttls_may_be_used(site, server, secure, authority):
    port = secure()
    site.start()
    send(port, "in clear")
    with Secured(port, context(authority)) as c:
        assert not c.has_extn("starttls") and not c.esmtp_features
        c.ehlo()
        assert c.has_extn("size") and not c.has_extn("starttls")
        assert c.docmd("STARTTLS")[0] == 503
        c.sendmail(USER, [TO], TEXT % "in secret")
    bodies = {m.body: m.raw for m in server.record.wait_messages(2)}
    assert b"\twith ESMTP\r\n" in bodies[b"in clear\r\n"]
    assert b"\twith ESMTPS (TLSv1.3 " in bodies[b"in secret\r\n"]


def test_a_stop_is_told(site, secure, authority):
    port = secure(tls="implicit")
    site.start()
    with smtplib.SMTP_SSL("localhost", port, timeout=DEADLINE,
                          context=context(authority)) as c:
        site.daemon.send_signal(signal.SIGTERM)
        assert c.getreply() == (421, b"4.3.2 Server restarting; send again")
    site.stop()
    assert not site.log.events("device-refused")


def test_required_comes_first(site, secure, authority):
    port = secure(tls="required")
    site.start()
    with Client(port) as c:
        c.ehlo()
        assert c.mail(USER) == (
            530, b"5.7.0 Turn on TLS (STARTTLS) in this device")
        assert c.docmd("DATA")[0] == 530
        assert c.noop()[0] == c.rset()[0] == 250
    with Secured(port, context(authority)) as c:
        c.sendmail(USER, [TO], TEXT % "hello")


def test_implicit(site, server, secure, authority):
    port = secure(tls="implicit")
    site.start()
    with smtplib.SMTP_SSL("localhost", port, timeout=DEADLINE,
                          context=context(authority)) as c:
        c.ehlo()
        assert not c.has_extn("starttls")
        c.sendmail(USER, [TO], TEXT % "hello")
    server.record.wait_messages(1)
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        s.sendall(b"EHLO copier\r\n")
        s.makefile("rb").read()
    assert "no TLS" in site.log.wait_for("tls-failed")["text"]


def test_who_looks_whether_the_port_is_open(site, secure):
    """As monitoring does each minute: no failure, and no refusal."""
    port = secure(tls="implicit")
    site.start()
    for _ in range(3):
        socket.create_connection(("127.0.0.1", port), DEADLINE).close()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        s.sendall(b"EHLO copier\r\n")
        s.makefile("rb").read()
    site.log.wait_for("tls-failed")
    site.wait(lambda: len(site.log.events("client")) == 4, "all of them")
    site.stop()
    assert len(site.log.events("tls-failed")) == 1
    assert len(site.log.events("client-sent-away")) == 1


def test_a_client_that_does_not_trust_us(site, secure):
    port = secure()
    site.start()
    with Client(port) as c, pytest.raises(ssl.SSLError):
        c.ehlo()
        c.starttls(context=ssl.create_default_context())
    assert "does not trust" in site.log.wait_for("tls-failed")["text"]


# ---- who means harm -----------------------------------------------------------

def test_commands_behind_starttls_are_dropped(site, secure):
    """CVE-2011-0411: they would be taken for the client's own."""
    site.conf["queue"]["delivery"] = "off"
    port = secure()
    site.start()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"STARTTLS\r\nMAIL FROM:<%s>\r\nRCPT TO:<%s>\r\n"
                  % (USER.encode(), TO.encode()))
        assert f.read() == b"554 5.5.0 TLS start failed; check device TLS\r\n"
    assert site.log.wait_for("starttls-injection")["client"] == "127.0.0.1"
    assert site.queue() == []


def test_commands_instead_of_a_handshake(site, secure):
    port = secure()
    site.start()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"STARTTLS\r\n")
        assert f.readline()[:4] == b"220 "
        s.sendall(b"MAIL FROM:<%s>\r\n" % USER.encode())
        assert b"250" not in f.read()
    site.log.wait_for("tls-failed")


def test_a_handshake_that_never_ends_keeps_nobody_else(site, secure, authority):
    port = secure(tls="implicit")
    site.start()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        s.sendall(client_hello(0x002f)[:20])
        with smtplib.SMTP_SSL("localhost", port, timeout=DEADLINE,
                              context=context(authority)) as c:
            assert c.noop()[0] == 250
        site.stop()
        assert s.recv(1) == b""


def test_smtpd_is_confined_and_small_with_tls(site, secure, authority):
    port = secure()
    site.start()
    with Secured(port, context(authority)) as c:
        c.noop()
        pid, = (p for p in children(site) if comm(p) == "smtpd")
        with open("/proc/%d/status" % pid) as f:
            status = dict(line.split(":", 1) for line in f)
    assert sanitized() or status["Seccomp"].strip() == "2"
    assert status["NoNewPrivs"].strip() == "1"
    kib = int(status["VmHWM"].split()[0])
    print("%d KiB" % kib)
    assert sanitized() or kib <= 10 * 1024


def memory(pid):
    """All that a process has written into its memory."""
    found = []
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            place, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in place.split("-"))
            if end - start > canary.MAPPING_MAX:
                continue
            mem.seek(start)
            found.append(mem.read(end - start))
    return b"".join(found)


@pytest.mark.skipif(os.getuid() != 0, reason="only root looks into memory")
def test_the_queue_process_has_no_key(site, secure, old):
    """It is a fork of the one that has."""
    secure()
    site.start()
    with open(old.key, "rb") as f:
        line = f.read().splitlines()[3]
    assert line in memory(site.daemon.pid)
    for restart in (False, True):
        if restart:
            reload(site)
        assert line not in memory(site.queue_pid())


# ---- the files ----------------------------------------------------------------

def reload(site):
    """A reload: its words about certificates."""
    before = len(site.log.events("certificate"))
    starts = len(site.log.events("started"))
    site.daemon.send_signal(signal.SIGHUP)
    site.log.wait_for("started", nth=starts + 1)
    return site.log.events("certificate")[before:]


def test_a_reload_takes_the_new_pair(site, secure, authority, old):
    port = secure()
    site.start()
    with Secured(port, context(authority)) as c:
        before = c.serial()
        put_pair(site, authority.issue("localhost,x.example", rsa=True))
        assert "fix" not in reload(site)[0]
        assert c.noop()[0] == 250  # who is inside stays
    with Secured(port, context(authority)) as c:
        assert c.serial() != before


def test_a_renewed_pair_is_told_of(site, secure, authority, old):
    """What was told of the one before was of that one."""
    secure()
    put_pair(site, authority.issue("localhost", rsa=True, expired=True))
    site.start()
    event, = site.log.events("certificate")
    assert "expired" in event["text"]
    put_pair(site, old)
    event, = reload(site)
    assert "text" not in event and event["until"].endswith("Z")


def test_a_pair_that_cannot_serve_keeps_the_one_before(site, secure, authority,
                                                       old):
    """A renewal that is half written, or somebody's mistake."""
    port = secure()
    other = authority.issue("localhost,y.example", rsa=True)
    site.start()
    with Secured(port, context(authority)) as c:
        before = c.serial()
    with open(other.cert) as f:
        half = f.read()[:400]
    wrong = [
        (lambda: put_pair(site, old, other), "not that of the certificate"),
        (lambda: site.secret("tls.pem", half, 0o644), "no certificate"),
        (lambda: site.secret("tls.pem", "", 0o644), "is empty"),
        (lambda: put_pair(site, old, mode=0o644), "can be read by others"),
        (lambda: os.remove(site.path("conf/tls.key")), "No such file"),
        (lambda: put_pair(site, authority.issue(
            "localhost", rsa=True, key_bits=1024)), "too small"),
    ]
    for change, word in wrong:
        change()
        event, = reload(site)
        assert word in event["text"] and "stays in use" in event["fix"]
        with Secured(port, context(authority)) as c:
            assert c.serial() == before
    put_pair(site, other)
    assert "fix" not in reload(site)[0]
    with Secured(port, context(authority)) as c:
        assert c.serial() != before


def test_a_start_without_a_pair(site, server, secure, authority, old):
    """Everything else works, and nobody is let down to no TLS unseen."""
    ports = {tls: secure(tls, tls=tls)
             for tls in ("starttls", "required", "implicit")}
    plain = add_listener(site)
    put_pair(site, old, authority.issue("localhost", rsa=True, key_bits=3072))
    site.start()
    assert len(site.log.events("certificate", fix="no TLS")) == 3
    send(plain)
    server.record.wait_messages(1)
    with Client(ports["starttls"]) as c:
        c.ehlo()
        assert not c.has_extn("starttls")
        assert c.docmd("STARTTLS")[0] == 454
    with pytest.raises(smtplib.SMTPConnectError) as e:
        Client(ports["required"])
    assert e.value.smtp_code == 421
    assert e.value.smtp_error == b"4.7.0 No TLS here just now; try later"
    with socket.create_connection(("127.0.0.1", ports["implicit"]),
                                  DEADLINE) as s:
        assert s.makefile("rb").read() == b""
    for name in ("required", "implicit"):
        site.log.wait_for("device-refused", listener=name,
                      text="the listener has no certificate")
    put_pair(site, old)
    assert len(reload(site)) == 3
    with Secured(ports["required"], context(authority)) as c:
        assert c.noop()[0] == 250


def test_a_chain_is_sent_whole(site, secure, authority, old):
    """What stands behind the first certificate."""
    port = secure()
    with open(old.cert) as a, open(authority.roots) as b:
        site.secret("tls.pem", a.read() + b.read(), 0o644)
    site.start()
    run = subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
         "-starttls", "smtp", "-showcerts"],
        input=b"QUIT\r\n", capture_output=True, timeout=DEADLINE)
    assert run.stdout.count(b"BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("how, word", [
    (lambda ca: ca.issue("localhost", rsa=True, expired=True), "expired"),
    (lambda ca: ca.issue("localhost", rsa=True, not_yet=True), "not valid yet"),
    (lambda ca: ca.issue("localhost"), "RSA"),
], ids=["expired", "not-yet", "not-rsa"])
def test_what_is_worth_a_warning(site, secure, authority, how, word):
    secure(tls_min="1.0")
    put_pair(site, how(authority))
    site.start()
    event, = site.log.events("certificate")
    assert word in event["text"] and event["until"].endswith("Z")
