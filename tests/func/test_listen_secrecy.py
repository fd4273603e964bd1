# SPDX-License-Identifier: ISC
"""Passwords at a listener: within TLS, gone from memory at once, in no log."""

import contextlib
import os
import signal

import pytest

from lib import canary
from lib.site import USER

from test_listen import TEXT, TO, Client, send
from test_listen_auth import PASSWORD, Raw, b64, plain, sign_in, with_users
from test_listen_devices import devices
from test_listen_tls import Secured, context, put_pair

# ---- what the processes keep ---------------------------------------------------

LOGIN = "scanner-of-the-second-floor"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("lines", [
    ["AUTH PLAIN " + plain(LOGIN, PASSWORD)],
    ["AUTH LOGIN", b64(LOGIN), b64(PASSWORD)],
])
def test_nothing_of_it_stays_in_memory(site, lines):
    """The password in no process that lives on, and the hash in none of them
    ever: that of the client least of all."""
    port = with_users(site, users=[LOGIN])
    with open(site.path("conf/users")) as f:
        hash_ = f.read().strip().split(":")[1]
    search = canary.Search([PASSWORD, hash_.rpartition("$")[2]])
    with Raw(port) as c:
        c.say("EHLO copier")
        for line in lines:
            said = c.say(line)
        assert said[:3] == "235"
        seen = 0
        for pid in canary.family(site.daemon.pid):
            # A checker ends by itself.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                seen += search.look_at_memory(pid) > 50000
        assert seen >= 3  # parent, queue process, smtpd
        c.say("MAIL FROM:<%s>" % USER)
        # The search does see what is there: the login that the parent keeps.
        with pytest.raises(canary.Leak):
            canary.Search([LOGIN]).look_at_memory(site.daemon.pid)


# ---- TLS first ------------------------------------------------------------------

def with_tls(site, authority, tls):
    put_pair(site, authority.issue("localhost", rsa=True))
    return with_users(site, users=[LOGIN], tls=tls,
                      certificate_file="tls.pem", key_file="tls.key")


def test_a_password_waits_for_tls(site, server, authority):
    port = with_tls(site, authority, "required")
    with Raw(port) as c:
        assert "AUTH" not in c.say("EHLO copier")
        assert c.say("AUTH PLAIN " + plain(LOGIN, PASSWORD)).startswith(
            "538 5.7.11")
        assert c.say("AUTH LOGIN").startswith("538 5.7.11")
        assert c.say("MAIL FROM:<%s>" % USER).startswith("530 5.7.0 Turn on TLS")
    with Secured(port, context(authority)) as c:
        c.ehlo()
        assert c.mail(USER)[0] == 530
        assert c.login(LOGIN, PASSWORD)[0] == 235
        c.sendmail(USER, [TO], TEXT % "hello")
    message, = server.record.wait_messages(1)
    assert b"with ESMTPSA (TLS" in message.raw


def test_tls_comes_before_a_password(site, authority):
    """What was said without it would have to be forgotten."""
    port = with_tls(site, authority, "starttls")
    with Raw(port) as c:
        assert "250-AUTH PLAIN LOGIN" in c.say("EHLO copier")
        assert c.say("AUTH PLAIN " + plain(LOGIN, PASSWORD))[:3] == "235"
        assert c.say("STARTTLS").startswith("503 5.5.1")
        assert c.say("MAIL FROM:<%s>" % USER)[:3] == "250"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_nothing_of_it_stays_in_the_memory_of_tls(site, authority):
    port = with_tls(site, authority, "required")
    search = canary.Search([PASSWORD])
    with Secured(port, context(authority)) as c:
        c.ehlo()
        c.user, c.password = LOGIN, PASSWORD
        assert c.auth("LOGIN", c.auth_login)[0] == 235
        for pid in canary.family(site.daemon.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                search.look_at_memory(pid)


# ---- in the dialogue that is logged -----------------------------------------------

HIDDEN = "(an answer that is not logged)"
NONE = "(no command, which is not logged)"
WRONG = "not-the-password-of-it"

# What the device says, and what the log tells of it.
LOGGED = [
    # By both, in every form; the last words are those of an impatient one.
    (["AUTH PLAIN " + plain(LOGIN, PASSWORD)], ["AUTH PLAIN"]),
    (["auth plain", plain(LOGIN, PASSWORD)], ["auth plain", HIDDEN]),
    (["AUTH LOGIN", b64(LOGIN), b64(PASSWORD)],
     ["AUTH LOGIN", HIDDEN, HIDDEN]),
    (["AUTH login " + b64(LOGIN), b64(PASSWORD + "\0") + " \0"],
     ["AUTH login", HIDDEN]),
    (["  AUTH\tLOGIN  " + b64(LOGIN), b64(PASSWORD)],
     ["AUTH\\x09LOGIN", HIDDEN]),
    # Refused, and said once more where nobody asks.
    (["AUTH LOGIN", b64(LOGIN), b64(WRONG), b64(PASSWORD)],
     ["AUTH LOGIN", HIDDEN, HIDDEN, NONE]),
    (["AUTH LOGIN", b64(LOGIN), "*", b64(PASSWORD)],
     ["AUTH LOGIN", HIDDEN, HIDDEN, NONE]),
    (["AUTH CRAM-MD5", b64(PASSWORD), PASSWORD],
     ["AUTH CRAM-MD5", NONE, NONE]),
    (["AUTH PLAIN " + plain(LOGIN, PASSWORD), "AUTH PLAIN " + b64(PASSWORD)],
     ["AUTH PLAIN", "AUTH PLAIN"]),
    (["AUTH LOGIN", "A" * 9000, b64(PASSWORD)],
     ["AUTH LOGIN", "(a line too long to be kept)", NONE]),
    # No AUTH that anybody understands.
    (["AUTH=LOGIN " + b64(PASSWORD)], ["AUTH"]),
    (["AUTHLOGIN " + b64(PASSWORD), b64(PASSWORD)], [NONE, NONE]),
    (["\rAUTH PLAIN " + b64(PASSWORD)], [NONE]),
    (["X-AUTH " + PASSWORD], [NONE]),
]


def dialogue(site):
    return [e["text"] for e in site.log.events("dialogue")
            if e["from"] == "client"]


@pytest.mark.parametrize("together", [False, True])
def test_no_secret_of_a_sign_in_is_in_the_dialogue(site, together):
    """Whether the device waits for what it is asked or says all at once."""
    port = with_users(site, users=[LOGIN], log_dialogue="127.0.0.1")
    secrets = [PASSWORD, b64(PASSWORD).rstrip("="), b64(WRONG).rstrip("="),
               b64(LOGIN).rstrip("="), b64(PASSWORD + "\0").rstrip("="),
               plain(LOGIN, PASSWORD)]
    for lines, told in LOGGED:
        before = len(dialogue(site))
        with Raw(port) as c:
            c.say("EHLO copier")
            if together:
                c.socket.sendall("".join(
                    line + "\r\n" for line in lines).encode())
                for _ in lines:
                    c.read()
            else:
                for line in lines:
                    c.say(line)
            c.say("QUIT")
        assert dialogue(site)[before:] == ["EHLO copier", *told, "QUIT"], lines
    for secret in secrets:
        assert secret not in site.log.text()


# ---- and in the report of devices ---------------------------------------------------

def test_a_failed_sign_in_is_in_the_report(site):
    """By whom is not told: a password may stand in the name's place."""
    site.conf["queue"]["delivery"] = "off"
    port = with_users(site, users=[LOGIN])
    assert sign_in(port, LOGIN, WRONG)[:3] == "535"
    assert sign_in(port, WRONG, "nothing")[:3] == "535"
    one, = devices(site)
    assert (one["login"], one["messages"], one["failures"]) == (None, 0, 2)
    assert one["error"].startswith("wrong user name or password: type them in "
                                   "again") and "users_file" in one["error"]
    assert one["error_at"] and not one["old"]
    # Then it is set right: another line, for the login that it has now.
    with Client(port) as c:
        c.login(LOGIN, PASSWORD)
        c.sendmail(USER, [TO], TEXT % "hello")
    failed, fine = sorted(devices(site), key=lambda d: d["messages"])
    assert failed == one
    assert (fine["login"], fine["messages"], fine["failures"],
            fine["error"]) == (LOGIN, 1, 0, None)
    told = site.mailchute("devices")
    assert WRONG not in told.stdout + site.log.text()
    refused, again = site.log.events("device-refused")
    assert refused["reply"] == again["reply"] == \
        "535 5.7.8 User or password wrong; set them anew"
    assert "mailchute passwd" in refused["fix"]


def test_a_guesser_is_in_the_report(site):
    """Each guess, and not the end of its session on top."""
    port = with_users(site, users=[LOGIN])
    with Raw(port) as c:
        c.say("EHLO copier")
        for _ in range(3):
            c.say("AUTH PLAIN " + plain(LOGIN, WRONG))
        assert c.read().startswith("421") and c.closed()
    site.log.wait_for("device-refused", nth=4)
    site.wait(lambda: devices(site)[0]["failures"] > 1,
              "all failures in the report")
    one, = devices(site)
    assert (one["failures"], one["messages"]) == (3, 0)
    assert "users_file" in one["error"]


# ---- a mailchuted that does not answer ------------------------------------------

def test_a_late_answer_is_nobody_s(site):
    """What was asked for a message and came too late, must not be taken for
    what is asked for a password: that would be said to the queue process."""
    site.conf["queue"]["delivery"] = "off"
    port = with_users(site, auth="optional")
    late = "451 4.4.2 Server not ready; try again later"
    with Raw(port) as c, Raw(port) as other:
        c.say("EHLO copier")
        for line in ["MAIL FROM:<%s>" % USER, "RCPT TO:<%s>" % TO]:
            assert c.say(line).startswith("250 ")
        assert c.say("DATA").startswith("354 ")
        os.kill(site.daemon.pid, signal.SIGSTOP)
        try:
            assert c.say("Subject: x\r\n\r\nhello\r\n.") == late
        finally:
            os.kill(site.daemon.pid, signal.SIGCONT)
        password = "AUTH PLAIN " + plain("scanner", PASSWORD)
        assert c.say(password) == "421 4.3.2 Server not ready; send again"
        assert c.closed()
        # The others go on, and so does who comes again.
        other.say("EHLO copier")
        assert other.say(password) == "235 2.7.0 signed in"
    site.log.wait_for("client-sent-away", text="mailchuted did not answer")
    assert sign_in(port).startswith("235 ")
    send(port)
    assert len(site.queue()) == 1
