# SPDX-License-Identifier: ISC
"""Somebody sets the clock while the daemon runs."""

import calendar
import time

import pytest

from lib.clock import Clock

YEAR = 365 * 86400


@pytest.fixture
def clock(site):
    clock = Clock(site.path("clock"))
    # A clock that is read from a file passes no sandbox.
    site.conf["sandbox"] = {"mode": "off"}
    site.conf["queue"]["retry"] = "1h"
    site.conf["queue"]["lifetime"] = "2d"
    site.start(env=site.environment(**clock.environment()))
    return clock


def arrival(site):
    [[arrived, due]] = site.database(
        "SELECT arrived_at, due_at FROM message ORDER BY id LIMIT 1")
    return arrived, due


@pytest.mark.parametrize("years", [10, -10])
def test_mail_neither_expires_nor_waits_for_years(site, server, clock, years):
    """What waits an hour goes on waiting an hour, whatever year it is."""
    server.faults.add(state="rcpt", reply="450 4.2.1 try later")
    site.submit("late@example.net")
    site.log.wait_for("deferred")
    before = arrival(site)
    clock.set(years * YEAR)
    site.submit("next@example.net")  # any event: the daemon looks at the clock
    server.record.wait_messages(1)
    site.wait(lambda: arrival(site)[0] != before[0], "the queue to follow")
    moved = [b - a for a, b in zip(before, arrival(site))]
    assert moved[0] == moved[1]
    assert abs(moved[0] - years * YEAR) <= 2
    assert site.log.wait_for("clock")
    # Nothing has expired and nothing was tried again for it.
    site.wait(lambda: len(site.queue()) == 1, "the late one alone")
    assert not site.log.events("expired")
    assert len(site.log.events("deferred")) == 1
    # An attempt that fails now finds a young message.
    server.faults.add(state="rcpt", reply="450 4.2.1 try later")
    site.mailchute("retry", "ALL")
    site.log.wait_for("deferred", nth=2)
    clock.set(0)
    site.submit("last@example.net")
    server.record.wait_messages(2)
    site.wait(lambda: abs(arrival(site)[0] - time.time()) < YEAR,
              "the queue to come back")
    site.mailchute("retry", "ALL")
    server.record.wait_messages(3)
    site.wait_empty()


@pytest.mark.parametrize("state, reply, event", [
    ("rcpt", "450 4.2.1 try later", "deferred"),
    ("greeting", "421 4.3.2 Service not active", "backoff")])
def test_what_was_left_in_another_year_goes_on(site, server, state, reply,
                                               event):
    """The clock was wrong all along, and is right at the next start."""
    clock = Clock(site.path("clock"))
    clock.set(10 * YEAR)
    site.conf["sandbox"] = {"mode": "off"}
    site.conf["queue"]["retry"] = "1s"
    site.conf["account"].update(backoff_min="1s", backoff_max="1s")
    server.faults.add(state=state, reply=reply, count="forever")
    site.start(env=site.environment(**clock.environment()))
    site.submit("a@example.net")
    site.log.wait_for(event)
    site.stop()
    arrived, due = arrival(site)
    assert min(arrived, due) > time.time() + 9 * YEAR
    clock.set(0)
    server.faults.clear()
    site.start(env=site.environment(**clock.environment()))
    server.record.wait_messages(1)
    site.wait_empty()


def test_budgets_follow(site, server, clock):
    """A jump neither frees what was used nor closes the account for years."""
    site.conf["account"]["rate"] = "2/1h"
    site.write_conf()
    site.stop()
    site.start(env=site.environment(**clock.environment()))
    for n in range(2):
        site.submit("a%d@example.net" % n)
    server.record.wait_messages(2)
    clock.set(YEAR)
    site.submit("late@example.net")
    site.log.wait_for("clock")
    site.wait(lambda: len(site.queue()) == 1, "the late one alone")
    assert site.status()["accounts"][0]["state"] == "budget"
    assert len(server.record.accepted) == 2


def since(site):
    """{fact: its instant}, and since when the verdict stands."""
    facts = dict(site.database("SELECT name, CAST(value AS INTEGER) FROM fact "
                               "WHERE name IN ('paused_at', 'held_since')"))
    told = calendar.timegm(time.strptime(site.status()["since"],
                                         "%Y-%m-%dT%H:%M:%SZ"))
    return {**facts, "told": told}


@pytest.mark.parametrize("years", [10, -10])
def test_since_when_mail_stands_follows(site, clock, years):
    """Paused a minute ago is not paused ten years ago, nor in ten years."""
    site.mailchute("pause")
    site.submit("a@example.net")
    message, = site.queue()
    site.mailchute("hold", message["id"])
    before = since(site)
    clock.set(years * YEAR)
    site.submit("next@example.net")
    site.log.wait_for("clock")
    after = since(site)
    assert set(after) == {"paused_at", "held_since", "told"}
    for name, at in after.items():
        assert abs(at - before[name] - years * YEAR) <= 2, name
