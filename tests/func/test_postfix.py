# SPDX-License-Identifier: ISC
"""A real other server: Postfix with SASL and TLS, from end to end."""

import os
import re

import pytest

from lib.netns import own_network
from lib.postfix import (NAME, NO_SIZE, SIZE_LIMIT, SUBMISSION, SUBMISSIONS,
                         Postfix)
from lib.site import USER

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")

PASSWORD = "a real pass-word: %s"
TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


@pytest.fixture(scope="module")
def server(authority):
    postfix = Postfix(authority, USER, PASSWORD)  # packages come by the net
    with own_network(), postfix:
        yield postfix


@pytest.fixture
def postfix(server):
    """The same, with an empty box; since: where its log stood."""
    server.forget()
    server.since = len(server.log())
    return server


@pytest.fixture
def make(postfix, make_site):
    def make(**account):
        site = make_site(None, **{
            "provider": "smtp", "host": NAME, "port": SUBMISSION,
            "backoff_min": "1s", "backoff_max": "2s", **account})
        site.password = PASSWORD
        site.secret("password", PASSWORD + "\n")
        site.conf["queue"]["retry"] = "1s"
        return site
    return make


def body_of(text):
    return text.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def awkward():
    """Dots, 8-bit octets, long lines, blank lines at both ends."""
    lines = [b"", b".", b"..", b".leading dot", b"trailing blank ", b"\t",
             "gr\u00fc\u00dfe".encode(), bytes(range(128, 256)),
             b"x" * 998, b"From here on", b"." * 72]
    lines += [b"%d %s" % (n, b"z" * (n % 90)) for n in range(3000)]
    return b"\n".join(lines) + b"\n\n.\n\n"


@pytest.mark.parametrize("port, tls", [
    (SUBMISSION, "starttls"), (SUBMISSIONS, "implicit")])
@pytest.mark.parametrize("auth", ["login", "plain"])
def test_signs_in(make, postfix, port, tls, auth):
    site = make(port=port, tls=tls, auth=auth).start()
    site.submit("a@example.net", stdin=TEXT)
    (_, message), = postfix.wait_mail(1)
    assert message["Delivered-To"] == "a@example.net"
    assert message["Return-Path"] == "<%s>" % USER
    site.wait_empty()
    postfix.wait_log(r"sasl_method=%s, sasl_username=%s"
                     % (auth.upper(), re.escape(USER)), postfix.since)


@pytest.mark.parametrize("auth", ["login", "plain"])
def test_a_wrong_password(make, postfix, auth):
    """Held after one sign-in, whatever comes then."""
    site = make(auth=auth)
    site.secret("password", "another\n")
    site.start()
    for n in (1, 2, 3):
        site.submit("a%d@example.net" % n, stdin=TEXT)
        site.wait(lambda: site.status()["accounts"][0]["state"] == "held",
                  "the account held")
    account, = site.status()["accounts"]
    assert account["code"] == 535 and "5.7.8" in site.mailq()
    failed = r"SASL %s authentication failed" % auth.upper()
    postfix.wait_log(failed, postfix.since)
    assert len(re.findall(failed, postfix.log()[postfix.since:])) == 1
    # The right one ends it.
    site.secret("password", PASSWORD + "\n")
    postfix.wait_mail(3)


@pytest.mark.parametrize("chunking, verb", [("yes", "bdat"), ("no", "data")])
def test_arrives_as_it_was(make, postfix, chunking, verb):
    body = awkward()
    site = make(chunking=chunking).start()
    site.submit("a@example.net", stdin=b"From: %s\nSubject: dots\n\n"
                % USER.encode() + body)
    (text, message), = postfix.wait_mail(1)
    assert body_of(text) == body
    assert (message["Subject"], message["From"]) == ("dots", USER)
    site.wait_empty()
    site.stop()
    postfix.wait_log(r"disconnect from .* %s=1 " % verb, postfix.since)


@pytest.mark.parametrize("chunking", ["yes", "no"])
def test_longer_than_a_line_may_be(make, postfix, chunking):
    """It goes as quoted-printable, and what it says is what it was."""
    body = b"y" * 5000 + b"\n." + b"z" * 70000 + b"\n"
    site = make(chunking=chunking).start()
    site.submit("a@example.net",
                stdin=b"From: %s\n\n" % USER.encode() + body)
    (text, came), = postfix.wait_mail(1)
    assert max(map(len, text.splitlines())) <= 998
    assert came.get_payload(decode=True).replace(b"\r\n", b"\n") == body


def test_twenty_recipients(make, postfix):
    site = make().start()
    names = ["r%d@example.net" % n for n in range(20)]
    site.submit(*names, stdin=TEXT)
    came = postfix.wait_mail(20)
    assert sorted(m["Delivered-To"] for _, m in came) == sorted(names)
    # One envelope, hence one id of Postfix's.
    assert len({re.search(rb"with ESMTPSA id (\w+)", text).group(1)
                for text, _ in came}) == 1


def test_notify_success(make, postfix):
    """It is Postfix that tells, since it offers DSN."""
    site = make().start()
    done = site.sendmail("-i", "-f", USER, "-N", "success", "-V", "id+41",
                         "-R", "hdrs", "--", "a@example.net", stdin=TEXT)
    assert done.returncode == 0, done
    came = postfix.wait_mail(2)
    notice, = (m for _, m in came if m["Delivered-To"] == USER)
    assert notice.get_content_type() == "multipart/report"
    text = notice.as_string()
    assert "Action: delivered" in text and "Original-Envelope-Id: idA" in text
    assert "Reporting-MTA: dns; mail.example.net" in text


def test_notify_never(make, postfix):
    site = make().start()
    site.sendmail("-i", "-f", USER, "-N", "never", "--",
                  "unknown@example.net", "a@example.net", stdin=TEXT)
    postfix.wait_mail(1)
    site.wait_empty()


@pytest.mark.parametrize("port", [SUBMISSION, NO_SIZE])
@pytest.mark.parametrize("chunking", ["yes", "no"])
def test_too_large(make, postfix, port, chunking):
    """By the SIZE that it offers, or by its refusal: a bounce."""
    site = make(port=port, chunking=chunking).start()
    site.submit("a@example.net", stdin=TEXT + ("x" * 70 + "\n")
                * (SIZE_LIMIT // 70))
    (_, notice), = postfix.wait_mail(1)
    assert notice["Delivered-To"] == USER
    assert notice.get_content_type() == "multipart/report"
    text = notice.as_string()
    assert "Final-Recipient: rfc822; a@example.net" in text
    assert "Status: 5.3.4" in text
    site.wait_empty()


def test_one_unknown_among_good_ones(make, postfix):
    site = make().start()
    site.submit("a@example.net", "unknown@example.net", "b@example.net",
                stdin=TEXT)
    came = postfix.wait_mail(3)
    assert sorted(m["Delivered-To"] for _, m in came) == \
        sorted(["a@example.net", "b@example.net", USER])
    notice, = (m for _, m in came if m["Delivered-To"] == USER)
    text = notice.as_string()
    assert "Final-Recipient: rfc822; unknown@example.net" in text
    assert "Status: 5.1.1" in text and "Diagnostic-Code: smtp; 550" in text
    assert "a@example.net" not in text.split("Subject: x")[0]
    site.wait_empty()


def test_later_then_taken(make, postfix):
    """One is put off as by greylisting, the other goes at once."""
    postfix.access({"later@example.net": "DEFER 4.7.1 come back later"})
    site = make(linger="0s").start()
    site.submit("later@example.net", "a@example.net", stdin=TEXT)
    postfix.wait_mail(1)
    site.wait(lambda: site.recipients()["later@example.net"]["code"] == 450,
              "the refusal")
    assert "come back later" in site.mailq()
    postfix.access({})
    came = postfix.wait_mail(2)
    assert {m["Delivered-To"] for _, m in came} == \
        {"later@example.net", "a@example.net"}
    site.wait_empty()


def test_international_address(make, postfix):
    site = make().start()
    site.submit("gr\u00fc\u00dfe@example.net",
                stdin="From: %s\nTo: gr\u00fc\u00dfe@example.net\n"
                "Subject: gr\u00fc\u00dfe\n\nhello\n" % USER)
    (text, _), = postfix.wait_mail(1)
    assert "Delivered-To: gr\u00fc\u00dfe@example.net".encode() in text
    assert "Subject: gr\u00fc\u00dfe".encode() in text
    assert b"with UTF8SMTPSA" in text


def test_one_connection_for_many(make, postfix):
    site = make(linger="1m").start()
    for n in (1, 2, 3):
        site.submit("a%d@example.net" % n, stdin=TEXT)
        postfix.wait_mail(n)
        site.wait_empty()
    assert len(site.log.events("session")) == 1
    site.stop()
    postfix.wait_log(r"disconnect from .* mail=3 ", postfix.since)


def test_stopped_and_started_again(make, postfix):
    """An idle connection breaks, the next is refused; then mail arrives."""
    site = make(linger="1m").start()
    site.submit("a@example.net", stdin=TEXT)
    postfix.wait_mail(1)
    postfix.stop()
    try:
        site.submit("b@example.net", stdin=TEXT)
        said = site.log.wait_for("backoff")
        assert "refused" in said["text"]
    finally:
        postfix.start()
    postfix.wait_mail(2)
    site.wait_empty()
