# SPDX-License-Identifier: ISC
"""Real clients at listeners: each with and without TLS, signed in or not."""

import email
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib import clients
from lib.clients import Message, Way
from lib.netns import own_network
from lib.site import USER

from test_listen import add_listener
from test_listen_auth import PASSWORD, b64, passwd, plain
from test_listen_devices import devices
from test_listen_tls import put_pair

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")

TLS = {"none": "none", "starttls": "required", "implicit": "implicit"}
MECHANISMS = [None, "PLAIN", "LOGIN"]
WRONG = "not-the-password-of-it"
LARGE = 3 * 1024 * 1024


@pytest.fixture(scope="module")
def root(authority):
    made = clients.Debian(authority)  # packages come by the net
    with own_network(), made:
        yield made


def body(least):
    """Dots, blank lines at both ends, UTF-8, long lines, From; so large."""
    lines = [b"", b".", b"..", b".leading dot", b"trailing blank ", b"\t",
             "gr\u00fc\u00dfe".encode(), b"From here on",
             b"x" * 998, b"." * 72]
    size, n = 0, 0
    while size < least:
        lines.append(b"%d %s" % (n, b"z" * (n % 66)))
        size, n = size + len(lines[-1]), n + 1
    return b"\n".join(lines) + b"\n\n.\n\nend\n"


def message(name, least=2000):
    recipients = ["r%d@%s.example" % (n, name) for n in range(12)]
    head = "From: Scanner <%s>\nTo: %s\nSubject: %s\nMIME-Version: 1.0\n" \
        "Content-Type: text/plain; charset=utf-8\n" \
        "Content-Transfer-Encoding: 8bit\n\n" % (USER, recipients[0], name)
    return Message(name, USER, recipients, head.encode() + body(least))


def login_of(mechanism):
    return "user-by-" + mechanism.lower() if mechanism else None


@pytest.fixture
def listeners(site, authority):
    """One for each kind of TLS, where one may sign in; {tls: port}, and the
    name of each is its kind's."""
    put_pair(site, authority.issue("localhost", rsa=True))
    files = {"certificate_file": "tls.pem", "key_file": "tls.key"}
    ports = {tls: add_listener(
        site, tls, tls=value, auth="optional", users_file="users",
        rate="none", client_connections=20, connections=20,
        log_dialogue="127.0.0.1", **(files if tls != "none" else {}))
        for tls, value in TLS.items()}
    site.hunt.belongs.add("conf/users")
    logins = [login_of(m) for m in MECHANISMS if m]
    site.watch(lambda: [text for password in (PASSWORD, WRONG) for text in [
        password, b64(password), *[plain(login, password)
                                   for login in logins]]])
    site.write_conf()
    for login in logins:
        passwd(site, login)
    site.start()
    return ports


def ways(ports):
    """{name: Way}, one of each."""
    return {"%s-%s" % (tls, (mechanism or "nobody").lower()):
            Way(port, tls, mechanism, login_of(mechanism),
                PASSWORD if mechanism else None)
            for tls, port in ports.items() for mechanism in MECHANISMS}


def wrong_ways(ports):
    return {name + "-wrong": way._replace(password=WRONG)
            for name, way in ways(ports).items()
            if name in ("starttls-plain", "none-login")}


# ---- judging ------------------------------------------------------------------

def protocol(way, by):
    if by is clients.s_nail and not way.mechanism:
        return "SMTP"
    return "ESMTP%s%s" % ("" if way.tls == "none" else "S",
                          "A" if way.mechanism else "")


def came_by(message, listener):
    """What Received says of the protocol and of TLS: (ESMTPS, (VERSION,
    CIPHER))."""
    found, = re.findall(
        rb"Received: from \S+ \(\[127\.0\.0\.1\]\)\r\n\tby \S+ \(mailchute, "
        rb"listener %s\)\r\n\twith (\S+)(?: \((\S+) (\S+)\))?\r\n"
        % listener.encode(), message.raw)
    said, version, cipher = (word.decode() or None for word in found)
    return said, (version, cipher)


def text_of(raw):
    return raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def judge(site, server, all_ways, sent, by):
    """Each message has arrived as it was, to all, and each device is known."""
    came = {m.header("Subject"): m for m in
            server.record.wait_messages(len(sent))}
    known = {(d["listener"], d["login"]): d for d in devices(site)}
    assert sorted(came) == sorted(sent) and len(known) == len(sent)
    for name, way in all_ways.items():
        message, device = came[name], known[way.tls, way.login]
        assert sorted(message.addresses) == sorted(sent[name].recipients)
        if by is clients.s_nail:
            got = email.message_from_bytes(message.raw).get_payload(
                decode=True).replace(b"\r\n", b"\n")
        else:
            got = message.body.replace(b"\r\n", b"\n")
            assert message.body == got.replace(b"\n", b"\r\n")
        assert got == text_of(sent[name].text), name
        said, tls = came_by(message, way.tls)
        assert said == protocol(way, by)
        assert tls == (device["tls"], device["cipher"])
        assert (device["tls"] is None) == (way.tls == "none")
        assert (device["messages"], device["failures"]) == (1, 0)
    said = [e["text"] for e in site.log.events("dialogue")]
    for mechanism in "PLAIN", "LOGIN":
        assert said.count("AUTH " + mechanism) == len(TLS)
    assert len(site.log.events("signed-in")) == 2 * len(TLS)


def judge_refused(site, count):
    """Nobody signed in: that is in the log, and in the report of devices."""
    refused = site.log.events("sign-in-refused")
    assert [e["text"] for e in refused] == ["wrong password"] * count
    assert not site.log.events("signed-in") and not site.queue()
    found = devices(site)
    assert len(found) == 2
    for d in found:
        assert d["messages"] == 0 and d["failures"] > 0 and d["login"] is None
        assert "wrong user name or password" in d["error"] and d["error_at"]


# ---- programs that run once for each message ------------------------------------

# How each tells that it was refused: its exit status, and a word of it.
PROGRAMS = {
    clients.swaks: (28, "No authentication type succeeded"),
    clients.curl: (67, "Login denied"),
    clients.msmtp: (77, "authentication failed"),
    clients.s_nail: (4, "535"),
}


def send_all(root, send, all_ways):
    """All ways side by side: what was sent, and how it ended."""
    sent = {name: message(name, LARGE if name == "starttls-plain" else 2000)
            for name in all_ways}
    with ThreadPoolExecutor(len(sent)) as pool:
        done = {name: pool.submit(send, root, way, sent[name])
                for name, way in all_ways.items()}
        return sent, {name: f.result() for name, f in done.items()}


@pytest.mark.parametrize("send", PROGRAMS, ids=lambda f: f.__name__)
def test_program(root, site, server, listeners, send):
    all_ways = ways(listeners)
    sent, done = send_all(root, send, all_ways)
    assert {name: status for name, (status, _) in done.items()} == \
        dict.fromkeys(sent, 0), done
    judge(site, server, all_ways, sent, send)


@pytest.mark.parametrize("send", PROGRAMS, ids=lambda f: f.__name__)
def test_program_with_a_wrong_password(root, site, listeners, send):
    _, done = send_all(root, send, wrong_ways(listeners))
    for status, said in done.values():
        assert (status, PROGRAMS[send][1] in said) == \
            (PROGRAMS[send][0], True), said
    judge_refused(site, 2)


# ---- Postfix --------------------------------------------------------------------

def test_postfix(root, site, server, listeners):
    all_ways = ways(listeners)
    with clients.Postfix(root, all_ways) as postfix:
        sent, done = send_all(root, postfix.send, all_ways)
        assert set(done.values()) == {(0, "")}
        judge(site, server, all_ways, sent, postfix.send)
        for name in sent:
            postfix.wait_log(r"to=<r11@%s\.example>, relay=localhost\S+, .*"
                             r"status=sent \(250 2\.0\.0" % name)


def test_postfix_with_a_wrong_password(root, site, listeners):
    all_ways = wrong_ways(listeners)
    with clients.Postfix(root, all_ways) as postfix:
        sent, _ = send_all(root, postfix.send, all_ways)
        for name in sent:
            postfix.wait_log(
                r"%s\.example>.*status=deferred \(SASL authentication failed; "
                r"server localhost\S+ said: 535 5\.7\.8" % name)
    judge_refused(site, 2)
