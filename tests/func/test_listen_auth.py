# SPDX-License-Identifier: ISC
"""Signing in at a listener: who is let in, and what guessing costs."""

import base64
import os
import signal
import smtplib
import socket

import pytest

from lib.notify import DEADLINE
from lib.site import USER

from test_listen import (TEXT, TO, Client, add_listener, children, comm,
                         greeting, send)

PASSWORD = "s3cret-of-the-copier"


def b64(text):
    data = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(data).decode()


def plain(login, password, authzid=""):
    return b64("%s\0%s\0%s" % (authzid, login, password))


class Raw:
    """A client that says what no library would."""

    def __init__(self, port, address="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE,
                                               source_address=(address, 0))
        self.file = self.socket.makefile("rb")
        assert self.read().startswith("220 ")

    def read(self):
        """One reply, its lines joined."""
        lines = []
        while True:
            line = self.file.readline().decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def say(self, line):
        self.socket.sendall(line.encode("latin-1") + b"\r\n")
        return self.read()

    def closed(self):
        return self.file.readline() == b""

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.file.close()
        self.socket.close()


def passwd(site, *words, password=PASSWORD):
    done = site.mailchute("passwd", *words, stdin=password + "\n")
    assert done.returncode == 0, done
    return done


def with_users(site, auth="required", users=("scanner",), **options):
    """A listener with a users' file; its port."""
    port = add_listener(site, auth=auth, users_file="users", **options)
    site.hunt.belongs.add("conf/users")
    site.watch(lambda: [PASSWORD, b64(PASSWORD)])
    site.write_conf()
    for login in users:
        passwd(site, login)
    site.start()
    return port


def sign_in(port, login="scanner", password=PASSWORD):
    with Raw(port) as c:
        c.say("EHLO copier")
        return c.say("AUTH PLAIN " + plain(login, password))


# ---- both mechanisms, in every form -------------------------------------------

def test_smtplib(site, server):
    port = with_users(site)
    for mechanism in ["PLAIN", "LOGIN"]:
        for initial in [True, False]:
            with Client(port) as c:
                c.ehlo()
                assert set(c.esmtp_features["auth"].split()) == {"PLAIN",
                                                                 "LOGIN"}
                c.user, c.password = "scanner", PASSWORD
                code, _ = c.auth(
                    mechanism, getattr(c, "auth_" + mechanism.lower()),
                    initial_response_ok=initial)
                assert code == 235
                c.sendmail(USER, [TO], TEXT % mechanism)
    server.record.wait_messages(4)
    assert [e["login"] for e in site.log.events("signed-in")] == \
        ["scanner"] * 4


def test_raw_dialogues(site):
    port = with_users(site, users=["scanner", "Drucker für uns"])
    right = "235 2.7.0 signed in"
    for lines in [
            ["AUTH PLAIN " + plain("scanner", PASSWORD)],
            ["auth plain " + plain("SCANNER", PASSWORD, "SCANNER")],
            ["AUTH PLAIN", plain("Drucker für uns", PASSWORD)],
            # a NUL behind it, and no padding
            ["AUTH PLAIN " + plain("scanner", PASSWORD + "\0").rstrip("=")],
            ["AUTH LOGIN", b64("scanner"), b64(PASSWORD)],
            ["AUTH LOGIN " + b64("scanner"), b64(PASSWORD)],
            ["AUTH LOGIN", b64("scanner\0") + " ", b64(PASSWORD + "\0") + "\0"],
    ]:
        with Raw(port) as c:
            c.say("EHLO copier")
            for line in lines[:-1]:
                assert c.say(line).startswith("334 ")
            assert c.say(lines[-1]) == right, lines
            assert c.say("AUTH LOGIN").startswith("503 5.5.1")
            assert c.say("MAIL FROM:<%s> AUTH=<>" % USER).startswith("250")


def test_challenges(site):
    with Raw(with_users(site)) as c:
        c.say("EHLO copier")
        assert c.say("AUTH PLAIN") == "334 "
        assert c.say("*").startswith("501 ")
        assert c.say("AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert c.say(b64("scanner")) == "334 UGFzc3dvcmQ6"
        assert c.say("*").startswith("501 ")
        assert c.say("NOOP").startswith("250")


MALFORMED = [
    ("AUTH", "501 5.5.4"), ("AUTH CRAM-MD5", "504 5.5.4"),
    ("AUTH PLAIN =", "501 5.5.2"), ("AUTH PLAIN %%%", "501 5.5.2"),
    ("AUTH PLAIN " + b64("no NUL"), "501 5.5.2"),
    ("AUTH PLAIN " + "A" * 4000, "501 5.5.2"),
    ("AUTH PLAIN " + b64("\0a"), "501 5.5.2"),
    ("AUTH PLAIN " + plain("a", "b\0c"), "535 5.7.8"),
    ("AUTH PLAIN " + plain("a", ""), "535 5.7.8"),
    ("AUTH PLAIN " + plain("a:b", "c"), "535 5.7.8"),
    ("AUTH PLAIN " + plain("a", "c" * 512), "535 5.7.8"),
    ("AUTH PLAIN " + b64(b"\0a\0\xff\xfe"), "535 5.7.8"),
    ("AUTH PLAIN " + plain("scanner", PASSWORD, "root"), "535 5.7.8"),
    ("AUTH PLAIN " + "A" * 9000, "500 5.5.2"),
    ("AUTH PLAIN \0", "500 5.5.2"),
]


def test_malformed(site):
    port = with_users(site)
    for line, code in MALFORMED:
        with Raw(port) as c:
            c.say("EHLO copier")
            assert c.say(line).startswith(code), line
            assert c.say("MAIL FROM:<%s>" % USER).startswith("530 5.7.0")
            assert c.say("AUTH PLAIN " + plain("scanner", PASSWORD)) == \
                "235 2.7.0 signed in"


def test_long_line_amid(site):
    with Raw(with_users(site)) as c:
        c.say("EHLO copier")
        assert c.say("AUTH LOGIN").startswith("334")
        assert c.say("A" * 9000).startswith("500 5.5.6")
        assert c.say("NOOP").startswith("250")


# ---- what it is for -------------------------------------------------------------

def test_required(site):
    with Raw(with_users(site)) as c:
        c.say("EHLO copier")
        for line in ["NOOP", "RSET", "VRFY x"]:
            assert c.say(line)[:1] == "2"
        assert c.say("MAIL FROM:<%s>" % USER) == \
            "530 5.7.0 Set user and password in this device"
        assert c.say("RCPT TO:<%s>" % TO).startswith("503")
        assert c.say("DATA").startswith("503")
        assert c.say("HELO copier").startswith("250")
        assert c.say("MAIL FROM:<%s>" % USER).startswith("530")
    assert site.queue() == []


def test_optional(site):
    port = with_users(site, auth="optional")
    with Client(port) as c:
        c.sendmail(USER, [TO], TEXT % "without")
        assert c.login("scanner", PASSWORD)[0] == 235
        c.sendmail(USER, [TO], TEXT % "with")
    assert len(site.log.events("signed-in")) == 1
    assert {d["login"] for d in site.json("devices")} == {None, "scanner"}
    with Raw(port) as c:
        c.say("EHLO copier")
        c.say("MAIL FROM:<%s>" % USER)
        assert c.say("AUTH LOGIN").startswith("503 5.5.1")


def test_off(site):
    port = add_listener(site)
    site.start()
    with Raw(port) as c:
        assert "AUTH" not in c.say("EHLO copier")
        assert c.say("AUTH LOGIN").startswith("502 5.5.1")


def test_wrong_password_and_unknown_login(site):
    port = with_users(site)
    wrong = "535 5.7.8 User or password wrong; set them anew"
    assert sign_in(port, password="x" + PASSWORD[1:]) == wrong
    assert sign_in(port, password=PASSWORD[:-1]) == wrong
    assert sign_in(port, login="nobody-of-that-name") == wrong
    told = site.log.events("sign-in-refused")
    assert [e["text"] for e in told] == ["wrong password", "wrong password",
                                         "no such login"]
    assert [e.get("login") for e in told] == ["scanner", "scanner", None]
    # what stands in the wrong field may be a password
    assert "nobody-of-that-name" not in site.log.text()


def test_new_password_without_reload(site):
    port = with_users(site)
    assert sign_in(port, "phone", "another-password")[:3] == "535"
    passwd(site, "phone", password="another-password")
    passwd(site, "scanner", password="a-third-password")
    assert sign_in(port, "phone", "another-password")[:3] == "235"
    assert sign_in(port)[:3] == "535"
    passwd(site, "scanner", "--delete", password="")
    assert sign_in(port, password="a-third-password")[:3] == "535"


# ---- whose mail -----------------------------------------------------------------

def from_(sender):
    return "From: %s\r\n\r\nhello\r\n" % sender


def send_as(port, sender, login=None, address="127.0.0.1"):
    """The code that a message gets."""
    with Client(port, source_address=(address, 0)) as c:
        if login is not None:
            c.login(login, PASSWORD)
        try:
            c.sendmail(sender, [TO], from_(sender))
        except smtplib.SMTPDataError as e:
            return e.smtp_code
        return 250


def test_senders_of_a_login(site):
    site.conf["queue"]["delivery"] = "off"
    port = with_users(site, auth="optional", users=["scanner", "boss"],
                      senders="@contoso.example")
    with open(site.path("conf/users")) as f:
        text = f.read()
    site.secret("users", "# who\n\n" + text.replace(
        "\nboss:", "\n;\nboss:").rstrip("\n") +
        ":boss@other.example, *@*.other.example\n")
    assert send_as(port, "a@contoso.example", "scanner") == 250
    assert send_as(port, "boss@other.example", "scanner") == 550
    assert send_as(port, "boss@other.example") == 550
    assert send_as(port, "boss@other.example", "boss") == 250
    assert send_as(port, "a@sub.other.example", "boss") == 250
    assert send_as(port, "a@contoso.example", "boss") == 550
    # comments and order stay, and so do the senders
    passwd(site, "boss")
    with open(site.path("conf/users")) as f:
        lines = f.read().splitlines()
    assert [line.split(":")[0] for line in lines] == ["# who", "", "scanner",
                                                      ";", "boss"]
    assert lines[4].split(":")[2:] == ["boss@other.example, *@*.other.example"]


def test_senders_of_a_network(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(
        site, senders="@contoso.example 127.0.2.0/24=scan@other.example "
        "127.0.3.1=@third.example")
    site.start()
    for address, sender, code in [
            ("127.0.0.1", "a@contoso.example", 250),
            ("127.0.0.1", "scan@other.example", 550),
            ("127.0.2.7", "scan@other.example", 250),
            ("127.0.2.7", "a@contoso.example", 250),
            ("127.0.2.7", "a@third.example", 550),
            ("127.0.3.1", "a@third.example", 250),
            ("127.0.3.2", "a@third.example", 550)]:
        assert send_as(port, sender, address=address) == code, (address, sender)


def test_many_at_once(site):
    """More than are compared side by side: each waits for its turn."""
    port = with_users(site, client_connections=24)
    inside = [Raw(port) for _ in range(24)]
    for c in inside:
        c.say("EHLO copier")
    for i, c in enumerate(inside):
        password = "wrong" if i % 12 == 3 else PASSWORD
        c.socket.sendall(b"AUTH PLAIN " +
                         plain("scanner", password).encode() + b"\r\n")
    assert [c.read()[:3] for c in inside] == [
        "535" if i % 12 == 3 else "235" for i in range(24)]
    for c in inside:
        c.file.close()
        c.socket.close()


# ---- guessing -------------------------------------------------------------------

def test_a_session_ends_after_three_failures(site):
    with Raw(with_users(site)) as c:
        c.say("EHLO copier")
        for _ in range(3):
            assert c.say("AUTH PLAIN " + plain("scanner", "wrong"))[:3] == "535"
        assert c.read().startswith("421 4.7.0")
        assert c.closed()


def test_a_guesser_is_shut_out_and_others_are_not(site):
    port = with_users(site)

    def guess(address, password):
        with Raw(port, address) as c:
            c.say("EHLO copier")
            return c.say("AUTH PLAIN " + plain("scanner", password))

    assert [guess("127.0.0.2", "guess%d" % i)[:3] for i in range(10)] == \
        ["535"] * 10
    # It could but sign in: there is no place for it.
    for _ in range(2):
        assert greeting(port, "127.0.0.2").rstrip() == \
            "421 4.7.0 Wrong password too often; correct it"
    assert guess("127.0.0.3", PASSWORD)[:3] == "235"
    assert len(site.log.events("sign-in-blocked")) == 1
    assert len(site.log.events("sign-in-refused")) == 10
    assert len(site.log.events("turned-away", client="127.0.0.2")) == 2
    one, = (d for d in site.json("devices") if d["address"] == "127.0.0.2")
    assert (one["failures"], one["messages"]) == (10 + 2, 0)
    assert one["error"].startswith("too many wrong passwords")


def test_who_is_shut_out_may_send_where_nobody_has_to_sign_in(site):
    site.conf["queue"]["delivery"] = "off"
    port = with_users(site, auth="optional")
    for i in range(10):
        sign_in(port, password="guess%d" % i)
    with Raw(port) as c:
        c.say("EHLO copier")
        assert c.say("AUTH PLAIN " + plain("scanner", PASSWORD)) == \
            "454 4.7.0 Wrong password too often; correct it"
        assert c.say("MAIL FROM:<%s>" % USER).startswith("250")
    send(port)
    assert len(site.queue()) == 1


def test_many_connections_are_no_more_guesses(site):
    """What is compared at the same time counts as if it were wrong."""
    port = with_users(site, client_connections=24)
    inside = [Raw(port, "127.0.0.2") for _ in range(24)]
    for c in inside:
        c.say("EHLO copier")
    for i, c in enumerate(inside):
        c.socket.sendall(b"AUTH PLAIN " +
                         plain("scanner", "guess%d" % i).encode() + b"\r\n")
    heard = [c.read()[:3] for c in inside]
    for c in inside:
        c.file.close()
        c.socket.close()
    assert (heard.count("535"), heard.count("454")) == (10, 14)
    assert len(site.log.events("sign-in-refused")) == 10
    assert len(site.log.events("sign-in-blocked")) == 1


def test_guessers_leave_places_for_others(site):
    """From addresses enough for all: who has guessed gets none of the last."""
    port = with_users(site, connections=8, client_connections=4)
    guessers = ["127.0.1.%d" % i for i in range(1, 9)]
    for address in guessers:
        with Raw(port, address) as c:
            c.say("EHLO copier")
            assert c.say("AUTH PLAIN " +
                         plain("scanner", "wrong"))[:3] == "535"
    site.log.wait_for("client", nth=8)
    site.wait(lambda: "smtpd" not in map(comm, children(site)),
              "all to have left")
    inside = [Raw(port, address) for address in guessers[:7]]
    assert greeting(port, guessers[7]).rstrip() == \
        "421 4.7.0 Wrong password too often; correct it"
    assert sign_in(port)[:3] == "235"
    for c in inside:
        c.file.close()
        c.socket.close()
    told = site.log.wait_for("turned-away")
    assert "without wrong passwords" in told["text"]


# ---- when it cannot be told -----------------------------------------------------

LATER = "454 4.7.0 No TLS or sign-in just now; try later"


def test_users_file_is_missing(site):
    port = with_users(site)
    os.unlink(site.path("conf/users"))
    assert sign_in(port) == LATER
    assert sign_in(port) == LATER
    told, = site.log.events("users-file")
    assert told["file"] == site.path("conf/users")
    assert "No such file" in told["text"]


def test_users_file_is_missed_at_the_start(site):
    add_listener(site, auth="required", users_file="users")
    site.start()
    told, = site.log.events("users-file")
    assert site.path("conf/users") in told["text"]


DAMAGES = [
    ("phone:geheim\n", "no hash"),
    ("nonsense\n", "no line of login:hash"),
    ("SCANNER:$6$x$y\n", "stands on line 1 already"),
    ("phone:$6$x$y:not a pattern\n", "no address pattern"),
]


def test_users_file_is_damaged(site):
    port = with_users(site)
    path = site.path("conf/users")
    with open(path) as f:
        good = f.read()
    for i, (damage, words) in enumerate(DAMAGES):
        site.secret("users", good + damage)
        assert sign_in(port) == LATER
        told = site.log.events("users-file")
        assert len(told) == i + 1
        assert (told[i]["file"], told[i]["line"]) == (path, "2")
        assert words in told[i]["text"]
        done = site.mailchute("passwd", "scanner", stdin=PASSWORD + "\n")
        assert done.returncode == 78
        assert path + ":2: " in done.stderr
        with open(path) as f:
            assert f.read() == good + damage


def test_users_file_may_be_read_by_others(site):
    port = with_users(site)
    os.chmod(site.path("conf/users"), 0o644)
    assert sign_in(port) == LATER
    assert "chmod" in site.log.events("users-file")[0]["text"]


def checkers(site):
    """Pids of those that compare a password now."""
    pids = []
    for pid in site.group(site.daemon.pid):
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            if f.read().split(b"\0")[1:2] == [b"-a"]:
                pids.append(pid)
    return pids


def test_a_checker_that_is_killed(site):
    port = with_users(site)

    # A hash that takes long to compute, so that it can be met.
    slow = "$6$rounds=90000000$saltsalt$" + "x" * 86
    site.secret("users", "scanner:%s\n" % slow)
    with Raw(port) as c:
        c.say("EHLO copier")
        c.socket.sendall(b"AUTH PLAIN " +
                         plain("scanner", PASSWORD).encode() + b"\r\n")
        site.log.wait_for("sandbox", process="checker")
        pid, = checkers(site)
        os.kill(pid, signal.SIGKILL)
        assert c.read() == LATER
    passwd(site, "scanner")
    assert sign_in(port)[:3] == "235"


def test_reload_makes_who_has_signed_in_return(site):
    port = with_users(site)
    with Client(port) as c:
        c.login("scanner", PASSWORD)
        c.sendmail(USER, [TO], TEXT % "before")
        site.daemon.send_signal(signal.SIGHUP)
        site.log.wait_for("started", nth=2)
        assert c.getreply() == (
            421, b"4.3.2 Server restarting; send again")
    assert not site.log.events("device-refused")
    assert sign_in(port)[:3] == "235"
