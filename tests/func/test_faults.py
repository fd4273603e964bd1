# SPDX-License-Identifier: ISC
"""Each state of the session and each thing that can go wrong in it.

After every fault the mail is still there with a reason, and once the server
is well again each recipient gets it; twice only where the answer to the whole
message was what got lost.
"""

import itertools

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\n%s" % (USER, ("y" * 70 + "\n") * 3000)

STATES = ["greeting", "ehlo", "starttls", "ehlo2", "auth_user",
          "auth_password", "auth", "mail", "rcpt", "data", "body", "dot"]

KINDS = {
    "close": {"close": True},
    "rst": {"rst": True},
    "421": {"reply": "421 4.3.2 Service not active [X]"},
    "451": {"reply": "451 4.3.0 Temporary server error. Please try again"},
    "nonsense": {"raw": b"\x00\x01\x02 what is this\r\n"},
    "no code": {"raw": b"hello there\r\n"},
    "other code": {"raw": b"250-one\r\n350 two\r\n"},
    "long line": {"raw": b"250 " + b"x" * 100000 + b"\r\n"},
    "many lines": {"raw": b"250-x\r\n" * 20000 + b"250 x\r\n"},
    "half a line": {"raw": b"250 2.0", "close": True},
    "199": {"raw": b"199 x\r\n"},
    "600": {"raw": b"600 x\r\n"},
}

# Every kind in the states where replies are read by different code, the
# others where they differ from those.
FULL = ["greeting", "ehlo2", "mail", "dot"]
CASES = [(s, k) for s, k in itertools.product(STATES, KINDS)
         if s in FULL or k in ("close", "rst", "421", "nonsense")]
CASES = [(s, k) for s, k in CASES
         if not (s == "body" and KINDS[k].get("raw"))]


@pytest.fixture
def quick(make_site, server):
    """A site that tries again within a second or two."""
    site = make_site(server, backoff_min="1s", backoff_max="2s")
    site.conf["queue"]["retry"] = "1s"
    return site


@pytest.mark.parametrize("state, kind", CASES)
def test_once(quick, server, state, kind):
    if state == "data":
        quick.conf["account"]["chunking"] = "no"
    server.faults.add(state=state, count=1, **KINDS[kind])
    quick.start()
    quick.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("fault", state)
    got = server.record.wait_messages(1)
    quick.wait_empty()
    got = server.record.accepted
    assert all(m.addresses == ["a@example.net"] for m in got), "a bounce"
    assert {m.header("Message-ID") for m in got} == {
        got[0].header("Message-ID")}
    # A good answer that could not be read: the server has taken it.
    unread = state == "dot" and KINDS[kind].get("raw", b"")[:1] == b"2"
    assert len(got) == 1 + unread
    assert got[0].body.count(b"\n") == 3000
    quick.wait(lambda: quick.status()["verdict"] == "ok", "a good verdict")


@pytest.mark.parametrize("state", STATES)
def test_for_ever(make_site, server, state):
    """It lasts: the mail stays, a reason and a next time are told."""
    if state in ("auth", "auth_user", "auth_password"):
        reply = "454 4.7.0 Temporary authentication failure"
    else:
        reply = "451 4.3.0 Temporary server error in " + state
    server.faults.add(state=state, count="forever", reply=reply,
                      close=state == "body")
    site = make_site(server, backoff_min="1s", backoff_max="1s",
                     chunking="no" if state == "data" else "yes")
    site.conf["queue"]["retry"] = "1s"
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("fault", state, nth=2)

    def told():
        r = site.recipients().get("a@example.net")
        a = site.status()["accounts"][0]
        return r and any(reply[4:] in str(x["text"]) for x in (r, a)) and r
    recipient = site.wait(told, "the server's words in the queue")
    assert recipient["state"] in ("queued", "active", "uncertain")
    # Each try may end with other words, as the server closes early or late.
    site.wait(lambda: reply[4:] in " ".join(site.mailq().split()),
              "the server's words in mailq")
    assert not server.record.accepted


@pytest.mark.parametrize("state", [
    "greeting", "ehlo", "starttls", "handshake", "ehlo2", "auth", "mail",
    "dot"])
def test_silence_and_then_an_end(quick, server, state):
    """A server that says nothing; it is restarted while we wait."""
    server.faults.add(state=state, count=1, stall=True)
    quick.start()
    quick.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", state)
    server.disconnect()
    server.record.wait_messages(1 + (state == "dot"))
    quick.wait_empty()
    # Before it fell silent the server had taken the whole message.
    assert len(server.record.accepted) == 1 + (state == "dot")
    assert len({m.header("Message-ID") for m in server.record.accepted}) == 1


@pytest.mark.parametrize("state", ["greeting", "ehlo2", "auth", "mail",
                                   "dot"])
def test_slow_replies_are_no_fault(running, server, state):
    server.faults.add(state=state, count=1, drip=0.01)
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert len(server.record.connections) == 1


@pytest.mark.parametrize("state", ["idle", "quit", "rset"])
@pytest.mark.parametrize("kind", ["close", "rst", "421", "nonsense"])
def test_after_the_message(make_site, server, state, kind):
    """The message is settled: what follows cannot harm it."""
    server.faults.add(state=state, count=1, **KINDS[kind])
    site = make_site(server, backoff_min="1s",
                     linger="0s" if state == "quit" else "30s").start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    site.submit("b@example.net", stdin=TEXT)
    server.record.wait_messages(2)
    site.wait_empty()
    assert [m.addresses for m in server.record.accepted] == [
        ["a@example.net"], ["b@example.net"]]


def test_server_away(quick, server):
    server.down()
    quick.start()
    for i in range(3):
        quick.submit("r%d@example.net" % i, stdin=TEXT)
    seen = quick.wait(
        lambda: quick.status()["accounts"][0]["state"] == "backoff"
        and quick.status()["accounts"][0], "a back-off")
    assert "localhost" in seen["text"]
    assert len(quick.queue()) == 3
    server.up()
    server.record.wait_messages(3)
    quick.wait_empty()


def test_no_such_host(make_site, server):
    site = make_site(server, host="no-such-host.invalid").start()
    site.submit("a@example.net", stdin=TEXT)
    seen = site.wait(
        lambda: site.status()["accounts"][0]["state"] == "backoff"
        and site.status()["accounts"][0], "a back-off")
    assert "no-such-host.invalid" in seen["text"]


@pytest.mark.parametrize("reply", [
    "550 5.1.1 User unknown", "553 5.1.3 Bad address", "500 5.5.2 what"])
def test_refused_recipient_bounces(running, server, reply):
    server.faults.add(state="rcpt", match="gone@", count=1, reply=reply)
    running.submit("gone@example.net", stdin=TEXT)
    bounce = server.record.wait_messages(1)[0]
    assert bounce.parsed.get_content_type() == "multipart/report"
    assert reply.encode() in bounce.raw.replace(b"\r\n ", b" ")
    running.wait_empty()


@pytest.mark.parametrize("reply", [
    "552 5.3.4 Message size exceeds fixed maximum message size",
    "554 5.6.0 Corrupt message content", "550 5.6.11 bare"])
def test_refused_message_bounces(running, server, reply):
    server.faults.add(state="dot", count=1, reply=reply)
    running.submit("a@example.net", stdin=TEXT)
    bounce = server.record.wait_messages(1)[0]
    assert bounce.parsed.get_content_type() == "multipart/report"
    running.wait_empty()
    assert len(server.record.accepted) == 1


def test_connection_lost_in_a_large_body(quick, server):
    server.faults.add(state="body", after=2000000, count=1, rst=True)
    quick.start()
    quick.submit("a@example.net", stdin=TEXT * 20)
    server.record.wait_event("fault", "body")
    server.record.wait_messages(1)
    quick.wait_empty()
    assert len(server.record.accepted) == 1
