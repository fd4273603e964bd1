# SPDX-License-Identifier: ISC
"""The values of --json, where they say more than that a key is there."""

import re
import time

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def seconds(text):
    assert re.fullmatch(TIME, text)
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - \
        time.timezone


def test_a_message_that_is_being_sent(running, server):
    """active goes before all other states of its recipients."""
    fault = server.faults.add(state="dot", stall=True)
    running.submit("a@example.net", "b@example.net", stdin=TEXT)
    server.record.wait_event("stall", "dot")
    running.wait(lambda: running.queue()[0]["state"] == "active", "its claim")
    message, = running.queue()
    assert [r["state"] for r in message["recipients"]] == ["active"] * 2
    assert re.search("^%s\\*" % message["id"], running.mailq(), re.M)
    fault.release()
    server.record.wait_messages(1)


def test_one_recipient_being_sent_names_the_message(running, server):
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    fault = server.faults.add(state="dot", stall=True)
    running.submit("later@example.net", "a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "dot")
    running.wait(lambda: running.queue()[0]["state"] == "active", "its claim")
    assert "active" in {r["state"] for r in running.queue()[0]["recipients"]}
    fault.release()
    server.record.wait_messages(1)


def test_what_an_account_has_sent(make_site, server):
    site = make_site(server, linger="10m").start()
    account, = site.status()["accounts"]
    assert (account["sent_minute"], account["sent_day"],
            account["recipients_day"], account["connections"]) == (0, 0, 0, 0)
    assert (account["tls"], account["relay"], account["next_at"]) == (
        None, None, None)
    site.submit("a@example.net", "b@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    account, = site.status()["accounts"]
    assert (account["sent_minute"], account["sent_day"],
            account["recipients_day"], account["connections"]) == (1, 1, 2, 1)
    assert (account["tls"], account["relay"]) == ("TLSv1.3", "localhost")
    assert account["expires"] == []


def test_when_and_how_much(make_site, server):
    """Times are the right ones, and figures those of the queue."""
    server.down()
    site = make_site(server, backoff_min="1h", backoff_max="1h").start()
    before = int(time.time())
    site.submit("a@example.net", stdin=TEXT)
    site.submit("b@example.net", stdin=TEXT)
    site.wait(lambda: site.status()["accounts"][0]["state"] == "backoff",
              "a back-off")
    status, queue = site.status(), site.queue()
    account, = status["accounts"]
    after = int(time.time())
    assert before <= seconds(account["since"]) <= after
    assert account["since"] == status["since"]
    assert before + 1800 <= seconds(account["next_at"]) <= after + 3600
    assert status["oldest_at"] == queue[0]["arrived_at"]
    assert before <= seconds(status["oldest_at"]) <= after
    assert (status["waiting"], status["messages"]) == (2, 2)
    assert status["octets"] == sum(m["size"] for m in queue)
    assert (status["held"], status["uncertain"], status["failed"]) == (0, 0, 0)
    assert (account["waiting"], account["connections"]) == (2, 0)
    for message in queue:
        recipient, = message["recipients"]
        assert recipient["next_at"] == account["next_at"]
