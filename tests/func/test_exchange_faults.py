# SPDX-License-Identifier: ISC
"""The stand-in itself: each fault it can have, its clock, its record."""

import smtplib
import socket
import ssl
import threading
import time

import pytest

from exchange import Fault, Timeout
from exchange.faults import FOREVER
from lib.client import Client, b64
from lib.standin import *  # noqa: F401,F403
from lib.standin import MESSAGE, PASSWORD, USER, send

# How far to go before each state answers.
PATHS = {
    "greeting": lambda c: c.reply(),
    "ehlo": lambda c: (c.reply(), c.cmd("EHLO x.example"))[-1],
    "starttls": lambda c: (c.hello(), c.cmd("STARTTLS"))[-1],
    "ehlo2": lambda c: c.secure(),
    "auth_user": lambda c: (c.secure(), c.cmd("AUTH LOGIN"))[-1],
    "auth_password": lambda c: (c.secure(), c.cmd("AUTH LOGIN"),
                                c.cmd(b64(USER)))[-1],
    "auth": lambda c: (c.secure(), c.login(USER, PASSWORD))[-1],
}
MAILS = {
    "mail": lambda c: c.cmd("MAIL FROM:<%s>" % USER),
    "rcpt": lambda c: (PATH(c, "mail"), c.cmd("RCPT TO:<a@b.example>"))[-1],
    "data": lambda c: (PATH(c, "rcpt"), c.cmd("DATA"))[-1],
    "body": lambda c: (PATH(c, "data"), c.cmd(MESSAGE))[-1],
    "dot": lambda c: (PATH(c, "data"), c.cmd(MESSAGE + "."))[-1],
    "bdat": lambda c: (PATH(c, "rcpt"), c.send("BDAT 1\r\nx"), c.reply())[-1],
    "idle": lambda c: (PATH(c, "dot"), c.reply())[-1],
    "rset": lambda c: c.cmd("RSET"),
    "noop": lambda c: c.cmd("NOOP"),
    "quit": lambda c: c.cmd("QUIT"),
}


def PATH(client, state):
    if state in PATHS:
        return PATHS[state](client)
    if not client.is_signed_in:
        client.secure()
        client.login(USER, PASSWORD)
        client.is_signed_in = True
    return MAILS[state](client)


ALL = [*PATHS, *MAILS]


@pytest.mark.parametrize("state", ALL)
def test_fault_reply_and_close(exchange, client, state):
    exchange.faults.add(state=state, reply="421 4.3.2 Service not active")
    assert PATH(client, state) == "421 4.3.2 Service not active"
    assert client.reply() == ""
    exchange.record.wait_idle()
    assert not any(m.accepted for m in exchange.record.messages
                   if state != "idle")


@pytest.mark.parametrize("state", ALL)
def test_fault_close(exchange, client, state):
    exchange.faults.add(state=state, close=True)
    assert PATH(client, state) == ""


@pytest.mark.parametrize("state", ALL)
def test_fault_rst(exchange, client, state):
    exchange.faults.add(state=state, rst=True)
    with pytest.raises(OSError):  # ssl.SSLError is one
        PATH(client, state)


@pytest.mark.parametrize("state", [s for s in ALL if s != "body"])
def test_fault_stall_and_release(exchange, client, state):
    fault = exchange.faults.add(state=state, stall=True)
    answers = []
    # Who waits for an answer cannot release it.
    thread = threading.Thread(
        target=lambda: answers.append(PATH(client, state)))
    thread.start()
    exchange.record.wait_event("stall", state)
    assert not answers
    fault.release()
    thread.join(60)
    assert answers[0][:1] in ("2", "3") or state == "idle"


def test_fault_stall_ends_with_the_client(exchange, client):
    exchange.faults.add(state="greeting", stall=True)
    client.connect()
    exchange.record.wait_event("stall")
    client.close()
    exchange.record.wait_idle()
    assert "stalled" in exchange.record.connections[0].ended


def test_stop_ends_a_stall(exchange, client):
    exchange.faults.add(state="greeting", stall=True)
    client.connect()
    exchange.record.wait_event("stall")
    exchange.stop()
    assert not [t for t in threading.enumerate()
                if t.name == "exchange-session"]


@pytest.mark.parametrize("how", [
    {"close": True}, {"rst": True}, {"raw": b"this is not TLS\r\n"},
    {"raw": b"\x15\x03\x01\x00\x02\x02\x46"}])
def test_fault_handshake(exchange, client, how):
    exchange.faults.add(state="handshake", **how)
    client.hello()
    assert client.cmd("STARTTLS").startswith("220 ")
    with pytest.raises(OSError):
        client.handshake()


def test_fault_handshake_alert(exchange, client):
    exchange.faults.add(state="handshake", raw=b"\x15\x03\x01\x00\x02\x02\x46")
    client.hello()
    client.cmd("STARTTLS")
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        client.handshake()


def test_fault_handshake_stall(exchange, client):
    exchange.faults.add(state="handshake", stall=True)
    client.hello()
    client.cmd("STARTTLS")
    exchange.record.wait_event("stall", "handshake")


def test_injected_bytes_after_starttls(exchange, client):
    exchange.faults.add(state="starttls", raw=b"220 2.0.0 SMTP server ready"
                        b"\r\n250 2.1.0 Injected\r\n")
    client.hello()
    client.send("STARTTLS\r\n")
    assert client.reply().startswith("220 ")
    assert client.reply() == "250 2.1.0 Injected"
    client.handshake()  # the server goes on, should the client


def test_fault_raw(exchange, client):
    exchange.faults.add(state="ehlo", raw=b"\x00\xff nonsense\r\n")
    client.reply()
    assert client.cmd("EHLO x.example") == "\x00\xff nonsense"
    assert client.cmd("NOOP") == "250 2.0.0 OK"


def test_fault_drip(exchange, client):
    exchange.faults.add(state="ehlo", drip=0.001, reply="250 x")
    client.reply()
    client.send("EHLO x.example\r\n")
    assert client.reply() == "250 x"


def test_fault_several_lines(exchange, client):
    exchange.faults.add(state="ehlo", reply="250 one\n250 two\n250 three")
    client.reply()
    assert client.cmd("EHLO x.example") == "250-one\n250-two\n250 three"


def test_fault_nth_and_count(exchange, signed_in):
    exchange.faults.add(state="noop", nth=2, count=2, reply="451 4.0.0 no")
    assert [signed_in.cmd("NOOP")[:3] for _ in range(5)] == [
        "250", "451", "451", "250", "250"]


def test_fault_forever_and_clear(exchange, signed_in):
    exchange.faults.add(state="noop", count="forever", reply="451 4.0.0 no")
    assert {signed_in.cmd("NOOP")[:3] for _ in range(20)} == {"451"}
    exchange.faults.clear()
    assert signed_in.cmd("NOOP").startswith("250")


def test_fault_match(exchange, signed_in):
    exchange.faults.add(state="rcpt", match="BAD@", reply="550 5.1.1 no")
    signed_in.cmd("MAIL FROM:<%s>" % USER)
    assert signed_in.cmd("RCPT TO:<good@b.example>").startswith("250")
    assert signed_in.cmd("RCPT TO:<bad@b.example>") == "550 5.1.1 no"
    assert send(signed_in).startswith("250")
    assert exchange.record.accepted[0].addresses == ["good@b.example"]


def test_fault_delay(exchange, signed_in):
    exchange.faults.add(state="noop", delay=0.05)
    before = time.monotonic()
    assert signed_in.cmd("NOOP").startswith("250")
    assert time.monotonic() - before >= 0.05


def test_fault_body_after(exchange, ready):
    exchange.faults.add(state="body", after=100000, rst=True)
    ready.cmd("DATA")
    with pytest.raises(OSError):
        for _ in range(100000):
            ready.send("x" * 998 + "\r\n")
        ready.reply()
    assert not exchange.record.messages


def test_fault_bdat(exchange, ready):
    exchange.faults.add(state="bdat", reply="452 4.3.1 Insufficient resources")
    ready.send("BDAT 1\r\nx")
    assert ready.reply().startswith("452")
    ready.send("BDAT 1 LAST\r\ny")
    assert ready.reply() == "503 5.5.2 Need mail command"


@pytest.mark.parametrize("rst", [False, True])
def test_drop_after_accept(exchange, ready, rst):
    exchange.faults.add(state="dot", drop_after_accept=True, rst=rst)
    ready.cmd("DATA")
    ready.send(MESSAGE + ".\r\n")
    try:
        assert ready.reply() == ""
    except OSError:
        assert rst
    message = exchange.record.wait_messages(1)[0]
    assert message.accepted and message.reply is None


def test_dot_refused(exchange, ready):
    exchange.faults.add(state="dot", reply="452 4.3.1 No space")
    assert send(ready) == "452 4.3.1 No space"
    message = exchange.record.messages[0]
    assert not message.accepted and message.reply == "452 4.3.1 No space"


def test_auth_refused_though_right(exchange, client):
    exchange.faults.add(state="auth", reply="454 4.7.0 Temporary failure")
    client.secure()
    assert client.login(USER, PASSWORD).startswith("454")
    assert client.login(USER, PASSWORD).startswith("235")


@pytest.mark.parametrize("words, expected", [
    (["state=mail", "reply=432 4.3.2 Busy", "count=2"],
     Fault("mail", reply="432 4.3.2 Busy", count=2)),
    (["state=dot", "drop_after_accept"],
     Fault("dot", drop_after_accept=True)),
    (["state=body", "after=100", "rst", "count=forever"],
     Fault("body", after=100, rst=True, count=FOREVER)),
    (["state=handshake", "raw=\\x15\\x03"],
     Fault("handshake", raw=b"\x15\x03")),
    (["state=ehlo", "reply=250 a\\n250 b", "drip=0.5"],
     Fault("ehlo", reply="250 a\n250 b", drip=0.5)),
])
def test_fault_from_words(words, expected):
    assert Fault.parse(words) == expected


@pytest.mark.parametrize("words", [["state=nowhere"], ["reply=x"], ["what"],
                                   ["state=mail", "count=x"]])
def test_fault_from_words_refused(words):
    with pytest.raises((ValueError, TypeError)):
        Fault.parse(words)


# ---- time --------------------------------------------------------------------

def test_tarpit_holds_back_5yz_alone(make_server):
    server = make_server(tarpit=0.2)
    with Client(server) as c:
        c.reply()
        before = time.monotonic()
        c.cmd("EHLO bad")
        assert time.monotonic() - before >= 0.2


def test_round_trip_counts_once_for_a_flight(exchange, signed_in):
    exchange.options.delay_ms = 300
    before = time.monotonic()
    signed_in.send("NOOP\r\n" * 50)
    for _ in range(50):
        assert signed_in.reply() == "250 2.0.0 OK"
    took = time.monotonic() - before
    assert 0.3 <= took < 10  # fifty round trips would be fifteen seconds


# ---- the server as a whole -----------------------------------------------------

def test_down_and_up(exchange, authority):
    port = exchange.port
    exchange.down()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    exchange.up()
    with Client(exchange, authority) as c:
        assert exchange.port == port and c.reply().startswith("220 ")


def test_nobody_else_gets_the_port_of_one_that_is_down(exchange):
    exchange.down()
    with socket.socket() as s, pytest.raises(OSError):
        s.bind(("127.0.0.1", exchange.port))


def test_who_was_there_beside_a_connection(exchange):
    """By the kernel's word: whether its end was seen here is a matter of luck."""
    with Client(exchange) as first:
        first.hello()
        with Client(exchange) as second:
            second.hello()
    for _ in range(20):
        with Client(exchange) as c:
            c.hello()
    assert [c.beside for c in exchange.record.connections] == [0, 1] + 20 * [0]


def test_wait_tells_what_was_seen(exchange, client):
    client.hello()
    with pytest.raises(Timeout, match="EHLO"):
        exchange.record.wait_messages(1, deadline=0.01)


def test_smtplib_and_many_at_once(exchange, authority):
    exchange.options.connections = 0
    context = ssl.create_default_context(cafile=authority.roots)

    def run(n):
        with smtplib.SMTP("localhost", exchange.port,
                          local_hostname="c.example") as s:
            s.starttls(context=context)
            s.login(USER, PASSWORD)
            for i in range(5):
                s.sendmail(USER, ["r%d-%d@b.example" % (n, i)], MESSAGE)
    threads = [threading.Thread(target=run, args=(n,)) for n in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    got = exchange.record.wait_messages(100)
    assert len({m.addresses[0] for m in got}) == 100
    exchange.record.wait_idle()
    assert all(c.quit for c in exchange.record.connections)


def test_record_forgets(exchange, client):
    client.hello()
    exchange.record.forget()
    assert [c.id for c in exchange.record.connections] == [1]
    assert not exchange.record.events
