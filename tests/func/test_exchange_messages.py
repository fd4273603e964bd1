# SPDX-License-Identifier: ISC
"""The stand-in itself: messages by DATA and BDAT, and what is made of them."""

import pytest

from lib.standin import *  # noqa: F401,F403
from lib.standin import MESSAGE, USER, send


def test_data(exchange, ready):
    assert send(ready) == ("250 2.0.0 OK <1@web01> "
                           "[Hostname=MR1P264MB0042.FRAP264.PROD.OUTLOOK.COM]")
    message = exchange.record.accepted[0]
    assert message.raw == MESSAGE.encode()
    assert (message.sender, message.addresses, message.how, message.user) == (
        USER, ["a@example.net"], "DATA", USER)
    assert message.header("message-id") == "<1@web01>"
    assert message.body == b"hello\r\n"


@pytest.mark.parametrize("body", [
    ".\r\n", "..\r\n", ".a\r\n", "a\r\n.\r\nb\r\n", "", "\r\n",
    "x\r\n" * 200000, "y" * 300000 + "\r\n"])
def test_dots_are_undone(exchange, ready, body):
    ready.cmd("DATA")
    text = "From: %s\r\n\r\n%s" % (USER, body)
    stuffed = text.replace("\r\n.", "\r\n..")
    assert ready.cmd(stuffed + ".").startswith("250 ")
    assert exchange.record.accepted[0].raw == text.encode()


def test_dots_split_over_packets(exchange, ready):
    ready.cmd("DATA")
    for octet in "From: %s\r\n\r\n..\r\n.x\r\n..\r\n.\r\n" % USER:
        ready.send(octet)
    assert ready.reply().startswith("250 ")
    assert exchange.record.accepted[0].body == b".\r\nx\r\n.\r\n"


def test_message_id_is_made(ready):
    reply = send(ready, "From: %s\r\n\r\nx\r\n" % USER)
    assert reply.startswith("250 2.0.0 OK <") and "@" in reply


@pytest.mark.parametrize("end", ["\n.\n", "\r\n.\n", "\n.\r\n"])
def test_only_crlf_dot_crlf_ends(exchange, ready, end):
    ready.cmd("DATA")
    ready.send(MESSAGE + "x" + end + "MAIL FROM:<smuggled@example.net>\r\n")
    assert ready.cmd(".").startswith("550 5.6.11 ")
    assert not exchange.record.accepted


def test_bare_lf_with_data(ready):
    assert send(ready, MESSAGE + "a\nb\r\n").startswith("550 5.6.11 ")


def test_bdat(exchange, ready):
    part = MESSAGE.encode() + b".\r\na\nb"  # with BDAT a bare LF is no error
    ready.send(b"BDAT %d\r\n%b" % (len(part), part))
    assert ready.reply() == "250 2.6.0 CHUNK received OK, %d octets" \
        % len(part)
    ready.send(b"BDAT 3 LAST\r\nend")
    assert ready.reply().startswith("250 2.0.0 OK <1@web01>")
    message = exchange.record.accepted[0]
    assert message.raw == part + b"end"
    assert (message.how, message.chunks) == ("BDAT", [len(part), 3])


def test_bdat_without_recipient(signed_in):
    signed_in.send("BDAT 5 LAST\r\nNOOP\n")
    assert signed_in.reply() == "503 5.5.2 Need mail command"
    assert signed_in.cmd("NOOP") == "250 2.0.0 OK"


def test_bdat_after_refused_recipient(exchange, ready):
    assert ready.cmd("RSET").startswith("250")
    exchange.options.recipient_replies["*"] = "550 5.1.1 no"
    ready.send("MAIL FROM:<%s>\r\nRCPT TO:<x@b.example>\r\nBDAT 4 LAST\r\nabcd"
               % USER)
    assert [ready.reply()[:3] for _ in range(3)] == ["250", "550", "503"]


def test_data_after_bdat(ready):
    ready.send("BDAT 1\r\nx")
    ready.reply()
    assert ready.cmd("DATA").startswith("503 ")


@pytest.mark.parametrize("rest", ["", "x", "-1", "5 FIRST", "5 LAST x"])
def test_bdat_refused(ready, rest):
    assert ready.cmd("BDAT " + rest).startswith("501 5.5.4")
    assert ready.reply() == ""


def test_binarymime_needs_bdat(signed_in):
    signed_in.cmd("MAIL FROM:<%s> BODY=BINARYMIME" % USER)
    signed_in.cmd("RCPT TO:<a@b.example>")
    assert signed_in.cmd("DATA").startswith("503 ")


def test_pipelining(exchange, signed_in):
    signed_in.send("MAIL FROM:<%s>\r\nRCPT TO:<a@b.example>\r\n"
                   "RCPT TO:<c@b.example>\r\nDATA\r\n" % USER)
    assert [signed_in.reply()[:9] for _ in range(4)] == [
        "250 2.1.0", "250 2.1.5", "250 2.1.5", "354 Start"]
    assert exchange.record.connections[0].pipelined == 3
    signed_in.send(MESSAGE + ".\r\nMAIL FROM:<%s>\r\nRSET\r\nQUIT\r\n" % USER)
    assert [signed_in.reply()[:3] for _ in range(4)] == [
        "250", "250", "250", "221"]
    assert exchange.record.accepted[0].addresses == ["a@b.example",
                                                     "c@b.example"]


def test_pipelining_after_refused_mail(exchange, signed_in):
    exchange.faults.add(state="mail", reply="432 4.3.2 Busy")
    signed_in.send("MAIL FROM:<%s>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n"
                   % USER)
    assert [signed_in.reply()[:3] for _ in range(3)] == ["432", "503", "503"]


@pytest.mark.parametrize("head, reply", [
    ("From: root@web01.example", "554 5.2.252 SendAsDenied; "
     "alerts@contoso.example not allowed to send as root@web01.example; "),
    ("Subject: no From at all", "550 5.7.512 "),
    ("From: root", "550 5.7.512 "),
    ("From: a@b@c.example", "550 5.7.512 "),
    ("From: %s, alerts@contoso.example" % USER, "550 5.1.20 "),
    ("From: Alerts <ALERTS@contoso.example>", "250 2.0.0 OK "),
    ("From: \"a@b\" <%s>" % USER, "250 2.0.0 OK "),
    ("From: Ops <ops@contoso.example>", "250 2.0.0 OK "),
])
def test_send_as(exchange, ready, head, reply):
    exchange.options.send_as_also.append("ops@*")
    assert send(ready, head + "\r\n\r\nx\r\n").startswith(reply)
    assert bool(exchange.record.accepted) == (reply[0] == "2")


def test_foreign_sender_is_refused_only_after_data(ready):
    assert ready.cmd("RSET").startswith("250")
    assert ready.cmd("MAIL FROM:<other@example.net>") == "250 2.1.0 Sender OK"


def test_large_message(exchange, ready):
    body = b"0123456789abcdef" * 4 + b"\r\n"
    ready.cmd("DATA")
    ready.send(MESSAGE)
    for _ in range(100):
        ready.send(body * 5000)
    assert ready.cmd(".").startswith("250 ")
    message = exchange.record.accepted[0]
    assert message.size == len(MESSAGE) + 100 * 5000 * len(body)
    assert len(message.raw) < 100000
