# SPDX-License-Identifier: ISC
"""Passwords at a listener: within TLS, and gone from memory at once."""

import contextlib
import os

import pytest

from lib import canary
from lib.site import USER

from test_listen import TEXT, TO
from test_listen_auth import PASSWORD, Raw, b64, plain, with_users
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
