# SPDX-License-Identifier: ISC
"""mailchute trace: what became of it."""

import os
import re

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\nMessage-ID: <m.1@contoso.example>\n\nhello\n" \
    % USER

EVENT_KEYS = {"id", "what", "at", "sender", "address", "account", "size",
              "arrived_at", "uid", "message_id", "relay", "code", "status",
              "text"}

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def test_from_the_first_refusal_to_the_end(running, server):
    server.options.recipient_replies["a@*"] = "451 4.3.0 Not now"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.recipients()["a@example.net"]["code"],
                 "a reason")
    number = running.queue()[0]["id"]
    for word in (number, number.lower(), "<m.1@contoso.example>",
                 "m.1@contoso.example", "A@example.NET", USER):
        message, = running.json("trace", word)
        assert (message["id"], message["state"]) == (number, "queued")
        assert [a["outcome"] for a in message["timeline"]] == ["deferred"]
        text = running.mailchute("trace", word).stdout
        assert number in text and "451 4.3.0 Not now" in text
        assert "hello" not in text
    server.options.recipient_replies.clear()
    running.mailchute("retry", number)
    server.record.wait_messages(1)
    running.wait_empty()
    for word in (number, "m.1@contoso.example", "a@example.net", USER):
        event, = running.json("trace", word)
        assert EVENT_KEYS <= set(event)
        assert (event["id"], event["what"], event["address"],
                event["sender"], event["message_id"], event["code"]) == (
            number, "delivered", "a@example.net", USER,
            "<m.1@contoso.example>", 250)
        done = running.mailchute("trace", word)
        assert done.returncode == 0
        assert done.stdout.startswith(number + "  delivered\n")
        assert "accepted\n" in done.stdout
        assert "delivered  a@example.net by localhost" in done.stdout
    done = running.mailchute("show", number)
    assert done.returncode == 66 and "mailchute trace" in done.stderr


def test_bounced_and_removed(running, server):
    server.options.recipient_replies["no@*"] = "550 5.1.1 No such user"
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    running.submit("no@example.net", "later@example.net", stdin=TEXT)

    def ended():
        """What the journal has; the message itself may be in the queue."""
        return [o for o in running.json("trace", "no@example.net")
                if "what" in o]
    running.wait(ended, "a bounce")
    event, = ended()
    assert (event["what"], event["code"], event["status"]) == (
        "bounced", 550, "5.1.1")
    number = event["id"]
    running.wait(lambda: running.recipients()["later@example.net"]["code"],
                 "a reason")
    assert running.mailchute("remove", number).returncode == 0
    event, = running.json("trace", "later@example.net")
    assert (event["what"], event["text"]) == (
        "removed", "removed by uid %d" % os.getuid())


def test_nothing_is_found(holding):
    holding.submit("a@example.net", stdin=TEXT)
    for word in ("b@example.net", "0123456789AB", "example.net"):
        done = holding.mailchute("trace", word)
        assert (done.returncode, done.stdout) == (66, "")
        assert word in done.stderr
        assert "remembered for 30d (queue.history)" in done.stderr
    assert holding.mailchute("trace").returncode == 64


def test_without_a_daemon(running, server):
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    running.stop()
    event, = running.json("trace", "a@example.net")
    assert event["what"] == "delivered"


@needs_root
def test_others_find_their_own(running, server):
    running.submit("a@example.net", stdin=TEXT)
    assert running.sendmail("-f", USER, "a@example.net", stdin=TEXT,
                            uid=5).returncode == 0
    server.record.wait_messages(2)
    running.wait_empty()
    assert len(running.json("trace", "a@example.net")) == 2
    event, = running.json("trace", "a@example.net", uid=5)
    assert event["uid"] == 5
    done = running.mailchute("trace", "a@example.net", uid=6)
    assert (done.returncode, done.stdout) == (66, "")


def heads(text):
    """The messages that are told of: the id of each, as often as it is."""
    return re.findall(r"^([0-9A-F]{12})  ", text, re.M)


def test_a_part_that_ended_is_told_once(running, server):
    """What waits still tells of all its recipients, and of the notice."""
    server.options.recipient_replies["no@*"] = "550 5.1.1 No such user"
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    running.submit("no@example.net", "later@example.net", stdin=TEXT)
    made = running.log.wait_for("bounced")
    number, notice = made["id"], made["notice"]
    server.record.wait_messages(1)  # the notice
    running.wait(lambda: len(running.queue()) == 1, "the notice's end")
    shown = running.mailchute("show", number).stdout
    assert "  told\n" in shown and "by notice %s\n" % notice in shown
    message = running.json("show", number)[0]
    assert [(a["text"], a["address"]) for a in message["timeline"]
            if a["outcome"] == "told"] == [("by notice " + notice, None)]
    for word in (number, "no@example.net"):
        told = running.mailchute("trace", word).stdout
        assert heads(told).count(number) == 1
        assert "No such user" in told
    # A search for the message finds the notice, which names it.
    told = running.mailchute("trace", number).stdout
    assert heads(told) == [number, notice]
    assert "  about         %s\n" % number in told
    # And when both have gone.
    assert running.mailchute("remove", number).returncode == 0
    told = running.mailchute("trace", number).stdout
    assert set(heads(told)) == {number, notice}
    assert [(e["id"], e["what"]) for e in running.json("trace", number)] == [
        (number, "bounced"), (notice, "delivered"), (number, "removed")]
    assert heads(running.mailchute("trace", notice).stdout) == [notice]


def test_a_notice_that_waits_is_found(running, server):
    server.options.recipient_replies["no@*"] = "550 5.1.1 No such user"
    server.options.recipient_replies[USER] = "451 4.3.0 Not now"
    running.submit("no@example.net", stdin=TEXT)
    made = running.log.wait_for("bounced")
    running.wait(lambda: running.recipients()[USER]["code"], "a reason")
    told = running.mailchute("trace", made["id"]).stdout
    assert heads(told) == [made["notice"], made["id"]]
