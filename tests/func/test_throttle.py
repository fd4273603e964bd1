# SPDX-License-Identifier: ISC
"""What the server says of itself and of the account: it costs no message an
attempt, and never two sign-ins where one will do."""

import re
import time

import pytest

from lib.catalogue import rows
from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n"
BUSY = "421 4.3.9 Something that no row knows"
CROWDED = "432 4.3.2 Concurrent connections limit exceeded. Visit " \
    "https://aka.ms/concurrent_sending for more information."
NO_LOGON = "430 4.2.0 STOREDRV; mailbox logon failure; STOREDRV.Submission." \
    "Exception:ConnectionFailedTransientException.MapiExceptionLogonFailed"
PROXY = "451 4.7.0 Temporary server error. Please try again later. PRX2"
OLD_TLS = "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade."
REFUSED = "535 5.7.139 Authentication unsuccessful, the user credentials " \
    "were incorrect."

# Each state of a session in which a server can answer, with the phase.
STATES = {"greeting": "greeting", "ehlo": "EHLO", "starttls": "STARTTLS",
          "ehlo2": "EHLO", "auth_user": "AUTH", "auth_password": "AUTH",
          "auth": "AUTH", "mail": "MAIL FROM", "rcpt": "RCPT TO",
          "data": "DATA", "dot": "end of data"}


def mailbox(state):
    return state.replace("_", "-") + "@contoso.example"


def account(site):
    return site.status()["accounts"][0]


def wait_state(site, state):
    return site.wait(lambda: account(site)["state"] == state and account(site),
                     "the account to be " + state)


def seconds(instant):
    return time.mktime(time.strptime(instant, "%Y-%m-%dT%H:%M:%SZ"))


# ---- 421 -------------------------------------------------------------------------

def test_421_in_every_state(make_server, make_site):
    """All at once, an account and a server for each."""
    first = make_server()
    site = make_site(first)
    servers = {}
    for state in STATES:
        server = servers[state] = make_server()
        user = mailbox(state)
        server.options.users[user] = site.password
        server.faults.add(state=state, reply=BUSY)
        site.conf["account " + state.replace("_", "-")] = {
            **site.conf["account"], "user": user, "senders": user,
            # longer than a busy machine takes to note a failure twice
            "port": server.port, "chunking": "no", "backoff_min": "3s"}
    site.start()
    for state in STATES:
        assert site.sendmail(
            "-i", "-f", mailbox(state), "--", "a@example.net",
            stdin=TEXT % mailbox(state)).returncode == 0
    for state, server in servers.items():
        message, = server.record.wait_messages(1)
        assert message.addresses == ["a@example.net"], state
    site.wait_empty()
    for state, phase in STATES.items():
        told, = [e for e in site.log.events("backoff")
                 if e["account"] == state.replace("_", "-")]
        assert (told["code"], told["phase"]) == ("421", phase)
        assert told["text"] == BUSY[4:]
        assert len(servers[state].record.connections) == 2, state
    # Nobody was told of anything; test_catalogue.py counts the attempts.
    assert not site.log.events("bounced")
    assert first.record.accepted == []


def test_421_between_two_messages_is_no_back_off(make_site, server):
    """The server ends a session that is idle: a new one is made at once."""
    server.faults.add(state="idle", reply="421 4.4.1 Connection timed out")
    site = make_site(server, linger="1m", connections="1").start()
    for name in "ab":
        site.submit(name + "@example.net", stdin=TEXT % USER)
        server.record.wait_messages(ord(name) - ord("a") + 1)
    site.wait_empty()
    assert not site.log.events("backoff")
    assert account(site)["state"] == "ready"


@pytest.mark.parametrize("said", [b"421 4.3.2 Service not active\r\n", b""],
                         ids=["421", "closed"])
def test_421_before_the_first_message(make_site, server, said):
    """The sign-in is taken, and the session over: one more sign-in after the
    account's wait, not at once, and the message was never begun."""
    server.faults.add(state="auth", count="forever", close=True,
                      raw=b"235 2.7.0 Authentication successful\r\n" + said)
    # A close may come late, and what a BDAT has brought by then is uncertain.
    site = make_site(server, backoff_min="1s", backoff_max="1h",
                     chunking="no").start()
    site.submit("a@example.net", stdin=TEXT % USER)
    site.log.wait_for("backoff", nth=3)
    message, = site.queue()
    assert (message["state"], message["attempts"]) == ("queued", 0)
    server.faults.clear()
    site.mailchute("retry", "ALL")
    got, = server.record.wait_messages(1)
    assert got.addresses == ["a@example.net"]
    site.wait_empty()
    # Each sign-in but the last one has been waited for.
    told = [int(e["failures"]) for e in site.log.events("backoff")]
    assert told == list(range(1, server.record.auths))
    assert not site.log.events("uncertain")


# ---- 432 -------------------------------------------------------------------------

def test_432_is_one_connection_less_also_after_a_restart(make_site, server):
    server.faults.add(state="mail", count=2, reply=CROWDED)
    site = make_site(server, connections="3", backoff_min="1h",
                     backoff_max="1h").start()
    assert account(site)["connections_max"] == 3
    site.submit("a@example.net", stdin=TEXT % USER)
    for nth in (1, 2):
        site.log.wait_for("backoff", code="432", nth=nth)
        assert account(site)["connections_max"] == 3 - nth
        assert site.mailchute("retry", "ALL").returncode == 0
    server.record.wait_messages(1)
    site.wait_empty()
    assert account(site)["connections_max"] == 1
    assert re.search(r" \d/1 ", site.mailchute("status").stdout)
    site.restart()
    assert account(site)["connections_max"] == 1
    assert account(site)["state"] == "ready"


# ---- what is worded as passing ---------------------------------------------------

@pytest.mark.parametrize("state, text, hint", [
    ("dot", NO_LOGON, "Add-MailboxPermission -Identity %s -User PRINCIPAL "
     "-AccessRights FullAccess" % USER),
    ("auth", PROXY, "check account.user (%s)" % USER),
    ("auth", OLD_TLS, "Set-TransportConfig -AllowLegacyTLSClients $true"),
], ids=["logon", "proxy", "tls"])
def test_a_passing_fault_that_repeats_is_a_warning(make_site, server, state,
                                                   text, hint):
    server.faults.add(state=state, count="forever", reply=text)
    site = make_site(server, backoff_min="1h", backoff_max="1h")
    site.conf["queue"]["retry"] = "1s"
    site.start()
    site.submit("a@example.net", stdin=TEXT % USER)
    told = wait_state(site, "backoff")
    assert hint in told["fix"] and told["text"] == text[4:]
    status = site.mailchute("status")
    assert status.returncode == 1
    assert status.stdout.startswith("warning: ")
    assert hint in " ".join(status.stdout.split())
    # Of the message's own fault it was three times; of the connection's, once.
    assert len(site.log.events("deferred")) == (3 if state == "dot" else 0)
    assert site.queue()[0]["attempts"] == (3 if state == "dot" else 0)
    server.faults.clear()
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)
    site.wait_empty()
    assert wait_state(site, "ready")["fix"] is None


def test_another_answer_ends_the_count(make_site, server):
    """Two doubts, another reply, two doubts: no trouble of the account."""
    for nth, reply in enumerate([NO_LOGON] * 2 + ["451 4.3.0 Not now"]
                                + [NO_LOGON] * 2):
        server.faults.add(state="dot", nth=1, count=1, reply=reply)
    site = make_site(server)
    site.conf["queue"]["retry"] = "1s"
    site.start()
    site.submit("a@example.net", stdin=TEXT % USER)
    server.record.wait(lambda: server.record.accepted, "the message")
    site.wait_empty()
    assert len(site.log.events("deferred")) == 5
    assert not site.log.events("backoff")


# ---- 550 5.5.3 -------------------------------------------------------------------

def test_too_many_recipients_are_halved(make_site, server):
    """Twice refused: eight, four, two; each gets it once, and none bounces."""
    server.faults.add(state="dot", count=2, reply="550 5.5.3 RESOLVER.ADR."
                      "RecipLimit; too many recipients")
    site = make_site(server, connections="1")
    site.conf["queue"]["retry"] = "1s"
    site.start()
    to = ["r%d@example.net" % i for i in range(8)]
    site.submit(*to, stdin=TEXT % USER)
    server.record.wait(lambda: sum(len(m.addresses) for m in
                                   server.record.accepted) == 8, "all of it")
    site.wait_empty()
    assert [len(m.addresses) for m in server.record.messages[:2]] == [8, 4]
    assert all(len(m.addresses) == 2 for m in server.record.accepted)
    assert sorted(a for m in server.record.accepted
                  for a in m.addresses) == to
    assert not site.log.events("bounced")


# ---- 535 -------------------------------------------------------------------------

def test_535_once_with_a_password_then_a_quarter_of_an_hour(make_site, server):
    server.faults.add(state="auth", count="forever", reply=REFUSED)
    site = make_site(server).start()
    for name in "abc":
        site.submit(name + "@example.net", stdin=TEXT % USER)
    told = wait_state(site, "held")
    assert seconds(told["next_at"]) - seconds(told["since"]) >= 15 * 60
    site.restart()
    site.submit("d@example.net", stdin=TEXT % USER)
    site.wait(lambda: len(site.queue()) == 4, "four messages")
    assert server.record.auths == 1
    assert site.queue()[0]["attempts"] == 0


def test_535_once_more_with_a_fresh_token(make_site, server):
    site = make_site(server, auth="xoauth2", password_file=None)
    site.conf["account"]["token_file"] = site.path("conf/token")
    server.options.tokens[USER] = "another"
    site.start()
    site.submit("a@example.net", stdin=TEXT % USER)
    wait_state(site, "held")
    assert server.record.auths == 1
    # A fresh one that is refused as well is tried once.
    site.secret("token", "fresh\n")
    site.log.wait_for("account-held", nth=2)
    assert server.record.auths == 2
    site.submit("b@example.net", stdin=TEXT % USER)
    site.wait(lambda: len(site.queue()) == 2, "two messages")
    told = wait_state(site, "held")
    assert server.record.auths == 2
    assert told["text"].startswith("5.7.3 ")
    site.secret("token", "another\n")
    server.record.wait_messages(2)
    site.wait_empty()


# ---- holds -----------------------------------------------------------------------

HOLDS = [r for r in rows() if r.key in (
    "3.3.3", "3.3.6", "3.3.8", "3.4.5", "3.4.6", "3.4.9", "3.4.10a")]


@pytest.mark.parametrize("row", HOLDS, ids=lambda r: r.key)
def test_a_hold_is_for_all_mail_and_bounces_none(make_site, server, row):
    """Also with a lifetime that is over before anybody mends it."""
    server.faults.add(state=row.state, count="forever", reply=row.reply)
    site = make_site(server)
    site.conf["queue"]["lifetime"] = "1s"
    site.conf["queue"]["delay_notice"] = "never"
    site.start()
    for name in "abc":
        site.submit(name + "@example.net", stdin=TEXT % USER)
    wait_state(site, "held")
    site.wait(lambda: len(site.queue()) == 3, "three messages")
    tried = len(server.record.connections)
    site.restart()
    site.submit("d@example.net", stdin=TEXT % USER)
    site.wait(lambda: len(site.queue()) == 4, "four messages")
    assert len(server.record.connections) == tried == 1
    assert all(m["attempts"] == 0 and m["state"] == "queued"
               for m in site.queue())
    assert not site.log.events("bounced")
    server.faults.clear()
    site.mailchute("retry", "ALL")
    got = server.record.wait_messages(4)
    assert sorted(m.addresses[0][0] for m in got) == list("abcd")
