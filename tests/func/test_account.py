# SPDX-License-Identifier: ISC
"""A fault of the account never bounces a message: it holds the account."""

import base64
import os
import re
import signal

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
OTHER = "other@contoso.example"

WRONG = "535 5.7.139 Authentication unsuccessful, "
TEXTS = [
    WRONG + "the user credentials were incorrect. [X]",
    WRONG + "SmtpClientAuthentication is disabled for the Tenant. Visit "
    "https://aka.ms/smtp_auth_disabled for more information. [X]",
    WRONG + "basic authentication is disabled. [X]",
    WRONG + "account locked. Contact your administrator. [X]",
    WRONG + "something nobody has seen before. [X]",
    "535 5.7.3 Authentication unsuccessful [X]",
    "550 5.7.30 Basic authentication is not supported for Client Submission.",
]


def account(site):
    return site.status()["accounts"][0]


def wait_state(site, state):
    return site.wait(lambda: account(site)["state"] == state and account(site),
                     "the account to be " + state)


@pytest.fixture
def refused(site, server):
    """Started with a wrong password, one message tried and held."""
    server.options.users[USER] = "something else"
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    wait_state(site, "held")
    return site


def test_wrong_password(refused, server):
    seen = account(refused)
    assert (seen["code"], seen["status"]) == (535, "5.7.139")
    assert "the user credentials were incorrect" in seen["text"]
    assert seen["meaning"] and seen["fix"]
    message = refused.queue()[0]
    assert message["state"] == "queued"  # the hold is the account's alone
    shown = refused.mailq()
    assert "535 5.7.139" in shown
    assert "credentials were incorrect" in re.sub(r"\s+", " ", shown)
    for part in (seen["meaning"], seen["fix"], "next try:"):
        assert part in shown
    assert server.record.auths == 1


def test_one_sign_in_whatever_arrives(refused, server):
    """Smart lockout counts: no message, and no queue run, signs in again."""
    for i in range(5):
        refused.submit("r%d@example.net" % i, stdin=TEXT)
    if refused.is_root:
        done = refused.sendmail("-q", stdin="", uid=5)
        assert done.returncode in (0, 77)
    refused.wait(lambda: len(refused.queue()) == 6, "six messages")
    refused.restart()
    refused.submit("late@example.net", stdin=TEXT)
    refused.wait(lambda: len(refused.queue()) == 7, "seven messages")
    assert account(refused)["state"] == "held"
    assert server.record.auths == 1
    assert len(server.record.connections) == 1


def test_retry_gives_one_attempt(refused, server):
    assert refused.mailchute("retry", "ALL").returncode == 0
    server.record.wait(lambda: server.record.auths == 2, "a second sign-in")
    wait_state(refused, "held")
    refused.submit("b@example.net", stdin=TEXT)
    refused.wait(lambda: len(refused.queue()) == 2, "two messages")
    assert server.record.auths == 2


def sign_ins(server):
    """Who tried to sign in, in the order."""
    return [e.text.split()[1] for e in server.record.of_kind("auth")]


@pytest.fixture
def two_refused(site, server):
    """Two accounts that are held, with a message each: USER's is the first."""
    server.options.users[USER] = "something else"
    site.conf["account other"] = dict(site.conf["account"], user=OTHER)
    site.start()
    for user in (USER, OTHER):
        site.submit("a@example.net", stdin=TEXT.replace(USER, user))
        server.record.wait(lambda u=user: u in sign_ins(server), "a sign-in")
    site.wait(lambda: {a["state"] for a in site.status()["accounts"]} ==
              {"held"}, "both accounts held")
    return site


def test_retry_of_a_message_is_for_its_account_alone(two_refused, server):
    number = two_refused.queue()[1]["id"]
    done = two_refused.mailchute("retry", number)
    assert (done.returncode, done.stdout.splitlines()) == (0, [
        number + ": due now", "account other may sign in once, now"])
    server.record.wait(lambda: len(sign_ins(server)) == 3, "a sign-in")
    two_refused.log.wait_for("account-held", nth=3)
    assert sign_ins(server) == [USER, OTHER, OTHER]
    done = two_refused.mailchute("retry", "ALL")
    assert done.stdout.count("may sign in once, now") == 2
    server.record.wait(lambda: len(sign_ins(server)) == 5, "two sign-ins")
    assert sorted(sign_ins(server)[3:]) == [USER, OTHER]


def test_retry_of_a_held_message_signs_in_nowhere(refused, server):
    number = refused.queue()[0]["id"]
    assert refused.mailchute("hold", number).returncode == 0
    done = refused.mailchute("retry", number, "0123456789AB")
    assert done.returncode == 66
    assert "left alone" in done.stdout and "sign in" not in done.stdout
    refused.submit("b@example.net", stdin=TEXT)
    refused.wait(lambda: len(refused.queue()) == 2, "two messages")
    assert server.record.auths == 1


@pytest.mark.parametrize("by", ["retry", "flush"])
def test_the_message_that_was_named_goes_first(make_site, server, by):
    server.faults.add(state="greeting", count="forever",
                      reply="421 4.3.2 Service not active")
    site = make_site(server, backoff_min="1h", backoff_max="1h").start()
    for i in range(4):
        site.submit("r%d@example.net" % i, stdin=TEXT)
    wait_state(site, "backoff")
    number = site.queue()[2]["id"]
    server.faults.clear()
    if by == "retry":
        assert site.mailchute("retry", number).returncode == 0
    else:
        assert site.sendmail("-qI" + number, stdin="").returncode == 0
    first = server.record.wait_messages(3)[0]
    assert first.addresses == ["r2@example.net"]


def test_sighup_gives_one_attempt(refused, server):
    refused.daemon.send_signal(signal.SIGHUP)
    server.record.wait(lambda: server.record.auths == 2, "a second sign-in")
    wait_state(refused, "held")
    assert server.record.auths == 2


def test_changed_secret_ends_the_hold(refused, server):
    refused.password = "canary-new-password"
    server.options.users[USER] = refused.password
    refused.secret("password", refused.password + "\n")
    server.record.wait_messages(1)
    refused.wait_empty()
    wait_state(refused, "ready")
    assert server.record.auths == 2


def test_a_secret_that_changes_while_nothing_runs(make_site, server):
    """Noticed at the next start; one that is the same is not tried again."""
    site = make_site(server)
    site.secret("password", "wrong\n")
    site.start()
    site.submit("a@example.net")
    site.log.wait_for("account-held")
    site.restart()
    site.submit("b@example.net")
    site.wait(lambda: len(site.queue()) == 2, "two messages")
    assert server.record.auths == 1
    site.stop()
    site.secret("password", site.password + "\n")
    site.start()
    server.record.wait_messages(2)
    site.wait_empty()


def test_retry_after_the_cure(refused, server):
    """The administrator enabled SMTP AUTH: nothing here changed."""
    server.options.users[USER] = refused.password
    assert refused.mailchute("retry", "ALL").returncode == 0
    server.record.wait_messages(1)
    refused.wait_empty()
    wait_state(refused, "ready")


@pytest.mark.parametrize("text", TEXTS)
def test_refusals_that_hold(site, server, text):
    server.faults.add(state="auth", count="forever", reply=text)
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    seen = wait_state(site, "held")
    assert text.split(" ", 2)[2][:40] in seen["text"]
    assert server.record.auths == 1
    assert len(site.queue()) == 1
    server.faults.clear()
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)


@pytest.mark.parametrize("state, text", [
    ("mail", "530 5.7.57 Client not authenticated to send mail. [X]"),
    ("dot", "550 5.2.252 Sender throttled due to continuous send as denied "
     "errors."),
    ("dot", "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; "
     "WASCL UserAction verdict is not None. Actual verdict is Suspend"),
    ("dot", "554 5.2.0 STOREDRV.Submission.Exception:"
     "SubmissionQuotaExceededException"),
    ("mail", "550 5.7.705 Access denied, tenant has exceeded threshold"),
    ("dot", "550 5.1.8 Access denied, bad outbound sender [AS(42004)]"),
    ("dot", "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:"
     "QuotaExceededException.MapiExceptionShutoffQuotaExceeded"),
])
def test_other_faults_of_the_account(site, server, state, text):
    """Coded 5yz, and yet no message bounces."""
    server.faults.add(state=state, count="forever", reply=text)
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    site.wait(lambda: account(site)["state"] in ("held", "backoff"),
              "the account out of service")
    assert list(site.recipients()) == ["a@example.net"]
    server.faults.clear()
    site.mailchute("retry", "ALL")
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["a@example.net"]  # and no bounce before it


@pytest.mark.parametrize("state, text", [
    ("auth", "454 4.7.0 Temporary authentication failure"),
    ("auth", "421 4.7.66 TLS 1.0 and 1.1 are not supported. [X]"),
    ("auth", "451 4.7.0 Temporary server error. Please try again later. PRX2"),
    ("mail", "432 4.3.2 Concurrent connections limit exceeded. Visit x"),
    ("mail", "421 4.3.2 Service not active [X]"),
    ("greeting", "421 4.3.2 Service not available"),
    ("greeting", "554 5.3.2 no"),
    ("ehlo2", "421 4.3.2 Service not active [X]"),
])
def test_faults_that_back_off(make_site, server, state, text):
    """Then one connection, later, and all goes on by itself."""
    server.faults.add(state=state, count=1, reply=text)
    site = make_site(server, backoff_min="1s").start()
    site.submit("a@example.net", stdin=TEXT)
    site.log.wait_for("backoff")
    server.record.wait_messages(1)
    site.wait_empty()
    wait_state(site, "ready")


def test_fresh_mail_does_not_break_a_back_off(make_site, server):
    server.faults.add(state="greeting", count="forever",
                      reply="421 4.3.2 Service not active")
    site = make_site(server, backoff_min="1h", backoff_max="1h").start()
    site.submit("a@example.net", stdin=TEXT)
    wait_state(site, "backoff")
    before = len(server.record.connections)
    for i in range(5):
        site.submit("r%d@example.net" % i, stdin=TEXT)
    site.wait(lambda: len(site.queue()) == 6, "six messages")
    assert len(server.record.connections) == before
    for recipient in site.recipients().values():
        assert recipient["next_at"]
    server.faults.clear()
    assert site.mailchute("retry", "ALL").returncode == 0
    server.record.wait_messages(6)


def test_server_that_echoes_the_password(site, server):
    """Nonsense is quoted in the log, but not while signing in."""
    echo = base64.b64encode(site.password.encode()).decode()
    server.faults.add(state="auth", raw=echo + "\r\n")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    told = site.log.wait_for("backoff")["text"]
    assert "no reply" in told
    assert echo not in site.log.text() + site.mailq()


def test_secret_missing(site, server):
    """The daemon runs, takes mail, and says what is wrong."""
    os.unlink(site.path("conf/password"))
    proc = site.spawn()
    site.daemon = proc
    site.wait(site.is_ready, "the socket")
    site.submit("a@example.net", stdin=TEXT)
    seen = wait_state(site, "held")
    assert site.path("conf/password") in seen["text"] + (seen["fix"] or "")
    assert server.record.auths == 0
    # The log said so before any mail came, and nobody need run "retry".
    assert site.path("conf/password") in site.log.events("secret")[0]["text"]
    site.secret("password", site.password + "\n")
    server.record.wait_messages(1)


def test_secret_that_is_empty(site, server):
    site.secret("password", "\n")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    seen = wait_state(site, "held")
    assert "line of %s is empty" % site.path("conf/password") in seen["text"]
    assert server.record.auths == 0


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_secret_readable_by_others(site, server, mode):
    os.chmod(site.path("conf/password"), mode)
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    seen = wait_state(site, "held")
    assert "chmod" in seen["text"] + (seen["fix"] or "")
    assert server.record.auths == 0
