# SPDX-License-Identifier: ISC
"""Devices: the report, and each one's own turns and limits."""

import json
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.notify import DEADLINE
from lib.site import USER
from test_listen import TEXT, TO, Client, add_listener, greeting, send
from test_listen_auth import PASSWORD, with_users
from test_listen_tls import (Secured, context, old, s_client,  # noqa: F401
                             secure)

OTHER = "127.0.0.2"


def devices(site, *options, uid=0):
    done = site.mailchute("devices", "--json", *options, uid=uid)
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_address(site):
    return {d["address"]: d for d in devices(site)}


def send_from(port, address, text="hello", name="copier", sender=USER):
    with Client(port, source_address=(address, 0)) as c:
        c.local_hostname = name
        return c.sendmail(sender, [TO], TEXT % text)


# ---- the report ---------------------------------------------------------------

def test_who_sends_is_listed(site):
    port = add_listener(site)
    site.start()
    send_from(port, "127.0.0.1")
    send_from(port, "127.0.0.1", name="renamed")
    send_from(port, OTHER, name="old-scanner")
    found = by_address(site)
    assert sorted(found) == ["127.0.0.1", OTHER]
    one = found["127.0.0.1"]
    assert {k: one[k] for k in ("listener", "login", "name", "tls", "cipher",
                                "old", "messages", "failures", "error",
                                "error_at")} == {
        "listener": "scan", "login": None, "name": "renamed", "tls": None,
        "cipher": None, "old": True, "messages": 2, "failures": 0,
        "error": None, "error_at": None}
    assert one["first_at"] <= one["last_at"] == one["old_at"]
    shown = site.mailchute("devices").stdout
    assert "old-scanner" in shown and "none, old" in shown
    assert shown.splitlines()[-1] == \
        "2 of 2 devices still use no TLS or one below 1.2"
    # Nobody else is told.
    denied = site.mailchute("devices", uid=1)
    assert denied.returncode == 77 and "127.0.0" not in denied.stdout


def test_it_is_known_after_a_crash_and_without_a_daemon(site):
    port = add_listener(site)
    site.start()
    send_from(port, "127.0.0.1")
    site.kill()
    assert by_address(site)["127.0.0.1"]["messages"] == 1
    site.start()
    assert by_address(site)["127.0.0.1"]["messages"] == 1


def test_who_is_turned_away_is_listed(site):
    port = add_listener(site, allow="127.0.0.1")
    site.start()
    send(port)
    for _ in range(3):
        assert greeting(port, OTHER).startswith("554 ")
    one = by_address(site)[OTHER]
    assert (one["messages"], one["failures"]) == (0, 3)
    assert "allow" in one["error"] and one["error_at"]
    # It may have the newest TLS: it is not among the old ones.
    assert not one["old"]
    assert [d["address"] for d in devices(site, "--old")] == ["127.0.0.1"]
    assert site.mailchute("devices").stdout.splitlines()[-1] == \
        "1 of 1 devices still uses no TLS or one below 1.2; " \
        "1 more never sent a message"
    # Told once: what was counted is not counted again.
    assert by_address(site)[OTHER]["failures"] == 3


def test_what_was_refused_is_listed_after_a_stop(site):
    port = add_listener(site, allow="127.0.0.1")
    site.start()
    greeting(port, OTHER)
    site.stop()
    assert by_address(site)[OTHER]["failures"] == 1
    assert site.mailchute("devices").stdout.splitlines()[-1] == \
        "1 never sent a message"


def test_a_flood_of_addresses_is_bounded(site):
    """300 addresses knock three times: 256 of them are in the report."""
    port = add_listener(site, allow="127.0.0.1")
    site.start()
    send(port)
    for i in range(300):
        for _ in range(3):
            greeting(port, "127.9.%d.%d" % (i // 250, i % 250 + 1))
    found = by_address(site)
    assert len(found) == 256 + 1
    assert found["127.0.0.1"]["messages"] == 1
    assert sum(d["failures"] for d in found.values()) == 3 * 256


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_the_tls_of_a_device(site, secure, authority):  # noqa: F811
    """It is that of the last message; when it last was old stays known."""
    port = secure(tls_min="1.0")
    site.start()
    for version, name, is_old in [(ssl.TLSVersion.TLSv1, "TLSv1", True),
                                  (ssl.TLSVersion.TLSv1_1, "TLSv1.1", True),
                                  (ssl.TLSVersion.TLSv1_3, "TLSv1.3", False)]:
        with Secured(port, context(authority, version)) as c:
            cipher = c.sock.cipher()[0]
            c.sendmail(USER, [TO], TEXT % "hello")
        one = by_address(site)["127.0.0.1"]
        assert (one["tls"], one["cipher"], one["old"]) == (name, cipher, is_old)
        assert one["old_at"]
    assert one["messages"] == 3
    assert devices(site, "--old") == []


def test_a_handshake_that_fails_is_a_failure(site, secure):  # noqa: F811
    port = secure(tls="required")
    site.start()
    assert s_client(port, "-tls1", "-cipher", "DEFAULT:@SECLEVEL=0") is None
    site.log.wait_for("tls-failed")
    one = by_address(site)["127.0.0.1"]
    assert (one["messages"], one["failures"]) == (0, 1)
    assert "tls_min" in one["error"]


# ---- turns and limits ---------------------------------------------------------

def test_two_devices_alternate(site, server):
    """One has ten messages waiting when the other's one comes."""
    site.conf["account"]["connections"] = "1"
    port = add_listener(site)
    site.start()
    site.mailchute("pause")
    for i in range(6):
        send_from(port, "127.0.0.1", "first %d" % i)
    for i in range(6):
        send_from(port, OTHER, "second %d" % i)
    site.mailchute("resume")
    order = [m.body.split()[0] for m in server.record.wait_messages(12)]
    pairs = list(zip(order[::2], order[1::2]))
    assert all(set(p) == {b"first", b"second"} for p in pairs), order


def test_a_device_that_fills_the_queue_stops_itself_alone(site):
    site.conf["queue"].update(uid_messages="2", delivery="off")
    port = add_listener(site)
    site.start()
    send(port)
    send(port)
    with pytest.raises(Exception) as e:
        send(port)
    assert e.value.smtp_code == 452
    send_from(port, OTHER)
    # Nor is that the limit of local users.
    assert site.sendmail("-i", TO, stdin="Subject: x\n\nx\n",
                         uid=1).returncode == 0
    # It is counted again after a restart.
    site.restart()
    with pytest.raises(Exception) as e:
        send(port)
    assert e.value.smtp_code == 452
    send_from(port, OTHER)


def test_a_mad_device_leaves_the_others_of_the_day(site, server):
    """All come by one uid, whose share it is not."""
    site.conf["account"]["recipients_per_day"] = "20"
    port = add_listener(site)
    site.start()
    for i in range(17):
        send_from(port, "127.0.0.1", "mad %d" % i)
    server.record.wait_messages(15)
    send_from(port, OTHER, "other")
    assert b"other" in server.record.wait_messages(16)[15].body
    site.wait(lambda: len(site.queue()) == 2, "the rest of it to wait")
    for message in site.queue():
        r, = message["recipients"]
        assert r["text"].startswith("its device has had its share")
    told = site.log.wait_for("share")
    assert told["device"] == "device 127.0.0.1 of listener scan"
    shown = " ".join(site.mailchute("status").stdout.split())
    assert "device 127.0.0.1 of listener scan has sent to 15 of the 20" in \
        shown
    # Nor does a restart give it more.
    site.restart()
    send_from(port, OTHER, "again")
    assert b"again" in server.record.wait_messages(17)[16].body


def test_many_at_once_are_no_user_s_connections(site):
    """All come by mailchuted's own uid, whose submissions at once are limited
    by the listener."""
    site.conf["queue"].update(uid_connections="1", delivery="off")
    port = add_listener(site, connections=32, client_connections=32,
                        rate="none")
    site.start()
    with ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(send, port, "x" * 900000)
                     for _ in range(32)]:
            assert done.result() == {}
    assert len(site.queue()) == 32


# ---- the sender that all mail is given ----------------------------------------

FORCED = "scans@contoso.example"


def forced(site, server, text, sender="scan01@printers.example", **options):
    server.options.send_as_also = [FORCED]
    site.conf["account"]["senders"] = "@contoso.example"
    port = add_listener(site, **{"from": FORCED, **options})
    site.start()
    with Client(port) as c:
        c.sendmail(sender, [TO], text)
    message, = server.record.wait_messages(1)
    return message


def test_a_forced_sender_takes_the_place_of_both(site, server):
    message = forced(site, server, "From: Copier 3 <c3@printers.example>\r\n"
                     "Sender: c3@printers.example\r\nTo: %s\r\n\r\nx\r\n" % TO)
    assert message.sender == FORCED
    assert message.header("From") == \
        '"Copier 3 (c3@printers.example)" <%s>' % FORCED
    assert message.header("Reply-To") == 'Copier 3 <c3@printers.example>'
    assert message.header("Sender") is None
    assert b"X-Original-From" not in message.raw


def test_a_reply_to_stays(site, server):
    message = forced(site, server, "From: c3@printers.example\r\n"
                     "Reply-To: help@contoso.example\r\n\r\nx\r\n")
    assert message.header("Reply-To") == "help@contoso.example"


def test_a_sender_who_cannot_be_answered_is_no_reply_to(site, server):
    message = forced(site, server, "From: root\r\n\r\nx\r\n", sender="root")
    assert FORCED in message.header("From")
    assert message.header("Reply-To") is None


def test_a_null_sender_and_no_from(site, server):
    message = forced(site, server, "Subject: x\r\n\r\nx\r\n", sender="")
    assert message.sender == FORCED
    assert FORCED in message.header("From")


def test_senders_judges_what_the_client_says(site, server):
    with pytest.raises(smtplib.SMTPDataError) as e:
        forced(site, server, "From: a@else.example\r\n\r\nx\r\n",
               senders="@printers.example")
    assert e.value.smtp_code == 550


# ---- words --------------------------------------------------------------------

def refusal(site, port, talk, code, words, reason, fix):
    """What the client says is refused so, and the log says what to change."""
    before = len(site.log.events("device-refused"))
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        f = s.makefile("rwb")
        assert f.readline()[:4] == b"220 "
        for line in talk:
            f.write(line.encode() + b"\r\n")
            f.flush()
            reply = f.readline()
            while reply[3:4] == b"-":
                reply = f.readline()
    reply = reply.decode().rstrip()
    assert reply.startswith(code) and words in reply
    event = site.log.wait_for("device-refused", nth=before + 1)
    assert event["reply"] == reply
    assert (event["listener"], event["client"]) == ("scan", "127.0.0.1")
    assert reason in event["text"], event
    assert fix in event["fix"], event


MAIL = ["HELO copier", "MAIL FROM:<%s>" % USER]
WHOLE = MAIL + ["RCPT TO:<%s>" % TO, "DATA"]

REFUSALS = [
    ({}, ["HELO c", "MAIL FROM:<a b>"], "501 5.1.7",
     "Sender address invalid", "", "scanner@example.com"),
    ({}, MAIL + ["RCPT TO:<@>"], "501 5.1.3", "Recipient address invalid", "",
     "address book"),
    ({"max_recipients": 1}, MAIL + ["RCPT TO:<a@b.example>",
                                    "RCPT TO:<c@b.example>"],
     "452 4.5.3", "Too many recipients", "at most 1",
     "max_recipients of [listen scan]"),
    ({"max_size": "1K"}, ["EHLO c", "MAIL FROM:<%s> SIZE=5000" % USER],
     "552 5.3.4", "Too large", "1024 octets that listen.max_size allows",
     "max_size of [listen scan]"),
    ({"max_size": "1K"}, WHOLE + ["x" * 900 + "\r\n" + "x" * 900 + "\r\n."],
     "552 5.3.4", "Too large", "1024 octets that listen.max_size allows",
     "max_size of [listen scan]"),
    ({"senders": "@other.example"}, WHOLE + ["Subject: x\r\n\r\n."],
     "550 5.7.1", "Sender not allowed", USER, "senders of [listen scan]"),
    ({"bare_newline": "refuse"}, WHOLE + ["a\nb\r\n."], "554 5.6.0",
     "Message malformed", "", "bare_newline"),
    ({}, WHOLE + ["Subject: " + "x" * (1024 * 1024 + 1) + "\r\n\r\nhello\r\n."],
     "554 5.6.0", "Message malformed", "header", "what it is given to send"),
    ({}, ["MAIL FROM:<%s>" % USER, "DATA"], "503 5.5.1", "out of order",
     "come first", "log_dialogue of [listen scan]"),
    ({}, ["FOO"], "500 5.5.2", "Command not known", "no such command",
     "log_dialogue of [listen scan]"),
    ({"rate": "1/1h"}, WHOLE + ["Subject: x\r\n\r\n."] + WHOLE[1:]
     + ["Subject: x\r\n\r\n."], "451 4.7.0", "Too many messages",
     "too many messages", "rate of [listen scan]"),
]


@pytest.mark.parametrize("options, talk, code, words, reason, fix", REFUSALS,
                         ids=[r[2].replace(" ", "-") for r in REFUSALS])
def test_a_refusal_fits_two_lines(site, options, talk, code, words, reason,
                                  fix):
    port = add_listener(site, **options)
    site.start()
    refusal(site, port, talk, code, words, reason, fix)
    found = by_address(site)
    # A command that is not known is nobody's trouble.
    if code.startswith("500"):
        assert not found
        return
    assert found["127.0.0.1"]["failures"] == 1
    assert reason in found["127.0.0.1"]["error"]


def test_the_log_of_a_session_is_bounded(site):
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        c.ehlo()
        for _ in range(60):
            assert c.docmd("MAIL FROM:<a b>")[0] == 501
    events = site.log.events("device-refused")
    assert len(events) == 21
    assert "more of this session" in events[-1]["text"]
    assert by_address(site)["127.0.0.1"]["failures"] == 60


# ---- the dialogue -------------------------------------------------------------

def dialogue(site):
    return [(e["from"], e["text"]) for e in site.log.events("dialogue")]


def test_the_dialogue_of_one_client(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, log_dialogue=OTHER)
    site.start()
    send(port, "never logged")
    assert not dialogue(site)
    send_from(port, OTHER, "never logged, either")
    said = dialogue(site)
    assert said[0][0] == "server" and said[0][1].startswith("220 ")
    assert said[1] == ("client", "ehlo copier")
    assert ("client", "data") in said
    assert said[-2] == ("client", "QUIT")
    assert said[-1] == ("server", "221 2.0.0 bye")
    assert "never logged" not in site.log.text()


def test_no_secret_is_in_a_dialogue(site):
    """What a device says to sign in, where nobody can or where it fails."""
    port = add_listener(site, log_dialogue="127.0.0.1")
    site.start()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        f = s.makefile("rwb")
        f.readline()
        for line in ["AUTH PLAIN c2VjcmV0MQ==", "auth login c2VjcmV0Mg==",
                     "c2VjcmV0Mw==", "  AUTH\tLOGIN", "c2VjcmV0NA==",
                     "DATA", "secret five"]:
            f.write(line.encode() + b"\r\n")
            f.flush()
            f.readline()
    site.log.wait_for("dialogue", nth=3, text="no command")
    shown = [text for who, text in dialogue(site) if who == "client"]
    assert shown[:2] == ["AUTH PLAIN", "auth login"]
    assert "c2Vj" not in site.log.text() and "secret" not in site.log.text()


def test_a_dialogue_is_bounded(site):
    port = add_listener(site, log_dialogue="127.0.0.1")
    site.start()
    with Client(port) as c:
        for _ in range(300):
            c.noop()
    assert len(dialogue(site)) == 201


def test_what_is_refused_is_of_who_has_signed_in(site):
    port = with_users(site, max_recipients=1)
    with Client(port) as c:
        c.login("scanner", PASSWORD)
        c.sendmail(USER, [TO], TEXT % "hello")
        c.mail(USER)
        assert c.rcpt(TO)[0] == 250 and c.rcpt(USER)[0] == 452
    site.wait(lambda: any(d["failures"] for d in site.json("devices")),
              "the report of the refusal")
    one, = site.json("devices")
    assert (one["login"], one["messages"], one["failures"]) == ("scanner", 1, 1)
