# SPDX-License-Identifier: ISC
"""How mail goes out: signing in, the commands, several recipients."""

import os
import re

import pytest

from lib.site import USER

TEXT = "From: Alerts <%s>\nTo: a@example.net\nSubject: x\n\nhello\n" % USER


def release(site, n):
    """Holds back n messages and then lets them go at once."""
    assert site.mailchute("pause").returncode == 0
    for i in range(n):
        site.submit("r%d@example.net" % i, stdin=TEXT)
    assert site.mailchute("resume").returncode == 0


# ---- signing in ----------------------------------------------------------------

def test_login(running, server):
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    seen = server.record.connections[0]
    assert seen.tls in ("TLSv1.2", "TLSv1.3")
    assert (seen.sni, seen.mechanism, seen.user, seen.auths) == (
        "localhost", "LOGIN", USER, 1)
    assert seen.helo == "web01.contoso.example"
    assert seen.verbs()[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    assert seen.commands[3] == "AUTH LOGIN"


def test_xoauth2(make_site, server):
    site = make_site(server, auth="xoauth2", password_file=None)
    site.conf["account"]["token_file"] = site.path("conf/token")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    seen = server.record.connections[0]
    assert (seen.mechanism, seen.user, seen.auths) == ("XOAUTH2", USER, 1)


@pytest.mark.parametrize("n,words", [(3000, 3), (20000, 2)])
def test_long_tokens(make_site, server, n, words):
    """Beyond what a command line takes, the token waits to be asked for."""
    site = make_site(server, auth="xoauth2", password_file=None)
    site.token = "eyJ0." + "x" * n
    server.options.tokens[USER] = site.token
    site.secret("token", site.token + "\n")
    site.conf["account"]["token_file"] = site.path("conf/token")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    seen = server.record.connections[0]
    assert (seen.mechanism, seen.user, seen.auths) == ("XOAUTH2", USER, 1)
    assert len(seen.commands[3].split(" ")) == words


def test_auth_chooses_among_credentials(make_site, server):
    """The password given beside the token is not sent in its place."""
    site = make_site(server, auth="xoauth2")
    site.conf["account"]["token_file"] = site.path("conf/token")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert server.record.connections[0].mechanism == "XOAUTH2"


def test_token_is_read_again_for_each_connection(make_site, server):
    site = make_site(server, auth="xoauth2", password_file=None, linger="0s")
    site.conf["account"]["token_file"] = site.path("conf/token")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    server.record.wait_idle()
    site.token = "eyJ0.another-token-" + "x" * 2000
    server.options.tokens[USER] = site.token
    site.secret("token", site.token)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(2)
    assert [c.user for c in server.record.connections] == [USER, USER]


def test_password_command(make_site, server):
    site = make_site(server, password_file=None)
    script = site.path("conf/pass")
    with open(script, "w") as f:
        f.write("#!/bin/sh\ncat %s\n" % site.path("conf/password"))
    os.chmod(script, 0o755)
    site.conf["account"]["password_command"] = script
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


@pytest.mark.parametrize("mechanisms, used", [
    (["PLAIN"], "PLAIN"), (["PLAIN", "LOGIN"], "PLAIN")])
def test_plain_at_other_servers(make_site, make_server, mechanisms, used):
    server = make_server(provider="smtp", mechanisms=mechanisms)
    site = make_site(server, provider="smtp", auth="plain")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert server.record.connections[0].mechanism == used


def test_implicit_tls(make_site, make_server):
    server = make_server(implicit_tls=True)
    site = make_site(server, tls="implicit").start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert "STARTTLS" not in server.record.connections[0].verbs()


def test_no_tls_on_loopback_and_no_auth(make_site, make_server):
    server = make_server(certificate=None, provider="smtp",
                         auth_required=False)
    site = make_site(server, provider="smtp", tls="none", auth="none",
                     password_file=None, tls_ca_file=None).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert server.record.auths == 0


def test_the_next_host_is_tried(make_site, make_server):
    """At other providers host may be a list; nobody listens on port 1."""
    server = make_server(provider="smtp")
    site = make_site(server, provider="smtp", auth="plain",
                     host="localhost:1 localhost:%d" % server.port).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


# ---- connections ---------------------------------------------------------------

def test_one_connection_for_many_messages(make_site, server):
    site = make_site(server, connections=1).start()
    release(site, 10)
    server.record.wait_messages(10)
    assert len(server.record.connections) == 1
    assert server.record.auths == 1


def test_linger(make_site, server):
    site = make_site(server, linger="30s", connections=1).start()
    for i in range(3):
        site.submit("a@example.net", stdin=TEXT)
        server.record.wait_messages(i + 1)
    assert len(server.record.connections) == 1


def test_without_linger_it_says_quit(make_site, server):
    site = make_site(server, linger="0s").start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    server.record.wait_idle()
    assert server.record.connections[0].quit


def test_never_more_connections_than_allowed(make_site, server):
    """A fourth of the mailbox would be answered 432."""
    server.options.delay_ms = 5
    site = make_site(server, connections=3).start()
    release(site, 60)
    server.record.wait_messages(60)
    site.wait_empty()
    assert not [e for e in server.record.of_kind("reply")
                if e.text.startswith("432")]
    assert 1 <= len(server.record.connections) <= 3
    assert len({m.addresses[0] for m in server.record.accepted}) == 60


def most_at_once(record):
    """Of connections that the client had not closed."""
    return max(1 + c.beside for c in record.connections)


def test_a_connection_counts_until_its_quit_is_over(make_site, server):
    """To the mailbox, one that waits for the answer to QUIT is still there."""
    server.faults.add(state="quit", stall=True)
    site = make_site(server, connections=1, linger="0s").start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "quit")
    site.submit("b@example.net", stdin=TEXT)
    assert server.record.wait_messages(2)[1].addresses == ["b@example.net"]
    server.record.wait_idle()
    assert most_at_once(server.record) == 1
    assert len(server.record.connections) == 2


def test_a_quit_that_hangs_keeps_one_of_three(make_site, server):
    server.faults.add(state="quit", stall=True, count="forever")
    server.options.delay_ms = 5
    site = make_site(server, connections=3, linger="0s").start()
    release(site, 30)
    server.record.wait_messages(30)
    server.record.wait_event("stall", "quit")
    release(site, 30)
    server.record.wait_messages(60)
    site.wait_empty()
    assert most_at_once(server.record) <= 3


def test_commands_come_in_one_flight(running, server):
    """PIPELINING: the recipients are there before MAIL was answered."""
    running.submit("a@example.net", "b@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert server.record.connections[0].pipelined >= 2


# ---- the message ---------------------------------------------------------------

def test_what_arrives_is_what_was_sent(running, server):
    body = "".join("%d .dots\n.\n..\n\n" % i for i in range(5000))
    running.submit("a@example.net", stdin=(
        "From: Alerts <%s>\nTo: a@example.net\nSubject: x\nX-Own: kept\n"
        "Message-ID: <own.1@contoso.example>\n"
        "Date: Mon, 23 Nov 2026 10:00:00 +0100\n\n%s" % (USER, body)))
    m = server.record.wait_messages(1)[0]
    assert m.body == body.replace("\n", "\r\n").encode()
    assert m.header("Message-ID") == "<own.1@contoso.example>"
    assert m.header("Date") == "Mon, 23 Nov 2026 10:00:00 +0100"
    assert m.header("X-Own") == "kept"
    assert m.header("From") == "Alerts <%s>" % USER
    received = m.header("Received")
    assert "web01.contoso.example" in received
    assert re.search(r"[0-9A-F]{12}", received)


@pytest.mark.parametrize("chunking, offered, how", [
    ("yes", True, "BDAT"), ("no", True, "DATA"), ("yes", False, "DATA")])
def test_bdat_and_data(make_site, server, chunking, offered, how):
    if not offered:
        server.options.extensions.remove("CHUNKING")
    site = make_site(server, chunking=chunking).start()
    body = ".first\n" + ".\n" * 100 + "..\n" + ("x" * 900 + "\n") * 200
    site.submit("a@example.net", stdin=TEXT + body + "\n")
    m = server.record.wait_messages(1)[0]
    assert m.how == how
    assert m.body == b"hello\r\n" + body.replace("\n", "\r\n").encode() \
        + b"\r\n"


@pytest.mark.parametrize("extensions", [
    [], ["PIPELINING"], ["CHUNKING"], ["8BITMIME"],
    ["ENHANCEDSTATUSCODES", "DSN"]])
def test_servers_that_offer_less(make_site, make_server, extensions):
    server = make_server(extensions=extensions)
    site = make_site(server).start()
    site.submit("a@example.net", "b@example.net", stdin=TEXT)
    m = server.record.wait_messages(1)[0]
    assert len(m.addresses) == 2 and m.body == b"hello\r\n"


def test_dsn_only_where_it_is_offered(make_site, make_server):
    server = make_server(extensions=["PIPELINING"])
    site = make_site(server).start()
    site.sendmail("-i", "-f", USER, "-N", "never", "-R", "full", "-V", "e1",
                  "a@example.net", stdin=TEXT)
    m = server.record.wait_messages(1)[0]
    assert not {"RET", "ENVID"} & set(m.mail_params)
    assert m.recipients[0][1] == {}


def test_idn_domain_without_smtputf8(make_site, server):
    server.options.extensions.remove("SMTPUTF8")
    site = make_site(server).start()
    site.submit("a@b\u00fccher.example", stdin=TEXT)
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["a@xn--bcher-kva.example"]


# ---- several recipients ----------------------------------------------------------

def test_mixed_results(make_site, server):
    server.options.recipient_replies.update({
        "gone@*": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found",
        "later@*": "451 4.3.0 Try again later"})
    site = make_site(server).start()
    site.submit("a@example.net", "gone@example.net", "later@example.net",
                "b@example.net", stdin=TEXT)
    first = server.record.wait_messages(1)[0]
    assert sorted(first.addresses) == ["a@example.net", "b@example.net"]
    bounce = server.record.wait_messages(2)[1]
    assert bounce.addresses == [USER]
    assert b"gone@example.net" in bounce.raw
    assert b"later@example.net" not in bounce.body.split(b"message/rfc822")[0]
    site.wait(lambda: list(site.recipients()) == ["later@example.net"],
              "one recipient left")
    left = site.recipients()["later@example.net"]
    assert (left["state"], left["code"], left["status"]) == (
        "queued", 451, "4.3.0")
    assert "Try again later" in left["text"]
    server.options.recipient_replies.clear()
    assert site.mailchute("retry", "ALL").returncode == 0
    assert server.record.wait_messages(3)[2].addresses == [
        "later@example.net"]
    site.wait_empty()


def test_too_many_recipients_for_the_server(make_site, make_server):
    """452 4.5.3: those accepted go, the others follow."""
    server = make_server(recipients=2)
    site = make_site(server, backoff_min="1s")
    site.conf["queue"]["retry"] = "1s"
    site.start()
    site.submit(*["r%d@example.net" % i for i in range(5)], stdin=TEXT)
    server.record.wait(
        lambda: len({a for m in server.record.messages for a in m.addresses
                     if m.accepted}) == 5, "five recipients")
    site.wait_empty()
    assert all(len(m.addresses) <= 2 for m in server.record.accepted)


def test_recipients_per_message(make_site, server):
    site = make_site(server, recipients_per_message=2).start()
    site.submit(*["r%d@example.net" % i for i in range(5)], stdin=TEXT)
    server.record.wait(
        lambda: len({a for m in server.record.messages
                     for a in m.addresses}) == 5, "five recipients")
    site.wait_empty()
    got = [a for m in server.record.accepted for a in m.addresses]
    assert len(got) == 5 and len(set(got)) == 5
    assert len({m.header("Message-ID") for m in server.record.accepted}) == 1


def test_larger_than_the_server_takes(make_site, make_server):
    server = make_server(size=10000)
    site = make_site(server).start()
    site.submit("a@example.net", stdin=TEXT + ("x" * 70 + "\n") * 300)
    bounce = server.record.wait_messages(1)[0]
    assert bounce.parsed.get_content_type() == "multipart/report"
    assert b"10000" in bounce.raw or b"5.3.4" in bounce.raw
    site.wait_empty()


def test_rate(make_site, server):
    """Two a window: the third waits, and says so."""
    site = make_site(server, rate="2/1h").start()
    for _ in range(3):
        site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(2)
    site.wait(lambda: site.status()["accounts"][0]["state"] == "budget",
              "the account out of its budget")
    # The second may be with the server, and not yet known to be.
    site.wait(lambda: len(site.queue()) == 1, "the third alone")
    assert len(server.record.accepted) == 2
    site.restart()  # what was sent is known after a restart
    assert len(site.queue()) == 1
    assert site.status()["accounts"][0]["state"] == "budget"
    assert len(server.record.accepted) == 2


def test_a_day_s_budget_is_used_to_its_end(make_site, server):
    """What does not fit goes in part; the rest waits, and says for what."""
    site = make_site(server, recipients_per_day=3)
    site.conf["queue"]["uid_share"] = "100"
    site.start()
    site.submit(*["r%d@example.net" % i for i in range(5)], stdin=TEXT)
    site.submit("late@example.net", stdin=TEXT)
    assert len(server.record.wait_messages(1)[0].addresses) == 3
    site.wait(lambda: len(site.recipients()) == 3, "three to be left")
    site.wait(lambda: all("recipients_per_day is used up (3 " in (
        r["text"] or "") for r in site.recipients().values()), "the reason")
    assert site.status()["accounts"][0]["state"] == "budget"
    for recipient in site.recipients().values():
        assert recipient["state"] == "queued"
        assert recipient["next_at"]
    assert "recipients_per_day is used up" in " ".join(site.mailq().split())
    assert len(server.record.accepted) == 1


def test_the_log_tells_each_delivery(running, server):
    running.submit("a@example.net", "b@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    for rcpt in ("a@example.net", "b@example.net"):
        line = running.log.wait_for("delivered", rcpt=rcpt)
        assert re.fullmatch("[0-9A-F]{12}", line["id"])
        assert line["relay"].startswith("localhost")
        assert line["tls"].startswith("TLSv1.")
        assert line["code"] == "250"
        assert "Hostname=" in line["text"]


# ---- staging hosts ---------------------------------------------------------------

def test_redirect(make_site, server):
    """All mail goes to one address, and says for whom it was."""
    site = make_site(server)
    site.conf["local"]["redirect"] = "staging@contoso.example"
    site.start()
    site.submit("a@example.net", "b@example.net", "root", stdin=TEXT)
    server.record.wait_messages(1)
    message = server.record.messages[0]
    assert message.addresses == ["staging@contoso.example"]
    told = message.header("X-Mailchute-Redirected")
    assert "a@example.net" in told and "b@example.net" in told


def test_redirect_of_a_whole_town(make_site, server):
    """A field that names them all would be refused, by us or by the server."""
    site = make_site(server)
    site.conf["local"]["redirect"] = "staging@contoso.example"
    site.start()
    many = 45000
    site.submit(*["resident%d@example.net" % i for i in range(many)],
                stdin=TEXT)
    message, = server.record.wait_messages(1)
    assert message.addresses == ["staging@contoso.example"]
    told = message.header("X-Mailchute-Redirected")
    assert len(told) < 20000
    names = re.findall(r"resident(\d+)@example.net", told)
    assert names == [str(i) for i in range(len(names))] and len(names) > 500
    assert told.endswith("(and %d more)" % (many - len(names)))
