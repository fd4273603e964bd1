# SPDX-License-Identifier: ISC
"""The answer to the whole message is lost: the one window for "twice"."""

import pytest

from lib.clock import Clock
from lib.site import USER

UNCERTAIN = "It may have been delivered, or not."
TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


@pytest.fixture(params=[False, True], ids=["close", "rst"])
def lossy(request, server):
    """The first message is taken, and the client hears nothing."""
    server.faults.add(state="dot", drop_after_accept=True, rst=request.param)
    return server


@pytest.mark.parametrize("chunking", ["yes", "no"])
def test_retried_with_the_same_message_id(make_site, lossy, chunking):
    site = make_site(lossy, backoff_min="1s", chunking=chunking)
    site.conf["queue"]["retry"] = "3s"
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    site.log.wait_for("uncertain")
    two = lossy.record.wait_messages(2)
    site.wait_empty()
    assert len(lossy.record.accepted) == 2
    assert two[0].header("Message-ID") == two[1].header("Message-ID")
    assert two[0].header("Date") == two[1].header("Date")
    assert two[0].reply is None and two[1].reply.startswith("250 ")


def held(make_site, server):
    site = make_site(server, backoff_min="1s")
    site.conf["queue"].update(uncertain="hold", retry="1s")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait(lambda: site.recipients()["a@example.net"]["state"] == "held",
              "the recipient held")
    site.submit("b@example.net", stdin=TEXT)
    server.record.wait_messages(2)
    # The server has the second one before the daemon knows of it.
    site.wait(lambda: len(site.queue()) == 1, "the held message alone")
    return site


def test_held_on_request(make_site, lossy):
    site = held(make_site, lossy)
    message = site.queue()[0]
    assert message["state"] == "held"
    assert "a@example.net" in site.mailq()
    assert UNCERTAIN in site.mailq() and "mailchute release" in site.mailq()
    assert site.mailchute("retry", "ALL").returncode == 0
    assert site.queue()[0]["state"] == "held"  # only release ends it


def test_held_and_released(make_site, lossy):
    site = held(make_site, lossy)
    assert site.mailchute("release", site.queue()[0]["id"]).returncode == 0
    three = lossy.record.wait_messages(3)
    assert three[2].header("Message-ID") == three[0].header("Message-ID")
    site.wait_empty()


def test_held_and_removed(make_site, lossy):
    site = held(make_site, lossy)
    assert site.mailchute("remove", site.queue()[0]["id"]).returncode == 0
    site.wait_empty()
    assert len(lossy.record.accepted) == 2


def test_removed_while_uncertain(make_site, lossy):
    """Whoever knows that it arrived need not wait for the next try."""
    site = make_site(lossy)
    site.conf["queue"]["retry"] = "1h"
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    site.wait(lambda: site.queue()[0]["state"] == "uncertain",
              "an uncertain delivery")
    assert site.recipients()["a@example.net"]["meaning"] == UNCERTAIN
    number = site.queue()[0]["id"]
    assert site.mailchute("remove", number).stdout == number + ": removed\n"
    assert site.mailq() == "Mail queue is empty\n"
    assert len(lossy.record.messages) == 1


def test_three_in_a_row_back_the_account_off(make_site, server):
    server.faults.add(state="dot", drop_after_accept=True, count=3)
    site = make_site(server, backoff_min="10m", connections=1)
    site.conf["queue"]["retry"] = "1h"
    site.start()
    for n, state in ((1, "ready"), (2, "ready"), (3, "backoff")):
        site.submit("a%d@example.net" % n, stdin=TEXT)
        server.record.wait_messages(n)
        site.wait(lambda: site.status()["uncertain"] == n, "the count")
        account, = site.status()["accounts"]
        assert account["state"] == state
    done = site.mailchute("status")
    assert done.returncode == 1 and "3 uncertain" in done.stdout
    assert site.status()["verdict"] == "warning"


def test_given_up_without_an_answer(make_site, server):
    """Its time is over, and nobody knows: its sender is told just that."""
    server.faults.add(state="dot", drop_after_accept=True, count=2)
    site = make_site(server, backoff_min="1s")
    clock = Clock(site.path("clock"))
    site.conf["sandbox"] = {"mode": "off"}  # it is read from a file
    site.conf["queue"].update(retry="1h", lifetime="30s")
    site.start(env=site.environment(**clock.environment()))
    site.submit("a@example.net", stdin=TEXT)
    site.log.wait_for("uncertain")
    clock.set(59)
    site.mailchute("retry", "ALL")
    bounce = server.record.wait_messages(3)[2]
    assert bounce.addresses == [USER]
    told = " ".join(bounce.raw.decode().split())
    assert "The last try ended without an answer from the server: it may " \
        "have arrived, or not." in told
    assert "Ask the recipient whether it arrived" in told
    assert "could not be delivered" not in told
    site.wait_empty()
    assert len(server.record.accepted) == 3
    assert "expired" in site.mailchute("trace", "a@example.net").stdout


def killed_before_the_answer(make_site, server, **queue):
    """The daemon dies while it waits: found active, so uncertain."""
    fault = server.faults.add(state="dot", stall=True)
    site = make_site(server)
    site.conf["queue"].update(queue)
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "dot")
    site.kill()
    fault.release()
    server.record.wait_idle()
    site.start()
    assert site.log.wait_for("queue-opened", nth=2)["uncertain"] == "1"
    return site


def test_killed_before_the_answer(make_site, server):
    site = killed_before_the_answer(make_site, server, retry="1s")
    two = server.record.wait_messages(2)
    site.wait_empty()
    assert two[0].header("Message-ID") == two[1].header("Message-ID")


def test_killed_before_the_answer_and_held(make_site, server):
    site = killed_before_the_answer(make_site, server, uncertain="hold")
    [message] = site.queue()
    assert message["state"] == "held" and message["attempts"] == 1
    assert message["recipients"][0]["meaning"].startswith(UNCERTAIN)
    # What comes later is past it, and has found it where it is.
    site.submit("b@example.net", stdin=TEXT)
    server.record.wait_messages(2)
    site.wait(lambda: len(site.queue()) == 1, "the held message alone")
    assert [m.addresses for m in server.record.accepted] == [
        ["a@example.net"], ["b@example.net"]]


@pytest.mark.parametrize("state", ["mail", "rcpt", "data"])
def test_killed_before_the_last_octet(make_site, server, state):
    """What never left whole is not uncertain: one copy."""
    server.faults.add(state=state, stall=True)
    site = make_site(server, chunking="no").start()
    site.submit("a@example.net", stdin=TEXT + ("x" * 70 + "\n") * 50000)
    server.record.wait_event("stall", state)
    site.kill()
    server.record.wait_idle()
    server.faults.clear()
    site.start()
    server.record.wait_messages(1)
    site.wait_empty()
    assert len(server.record.accepted) == 1
