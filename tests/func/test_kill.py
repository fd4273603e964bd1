# SPDX-License-Identifier: ISC
"""kill -9 of everything, again and again: exit 0 means durable.

The kills are spread over four phases, each started by what really happens
there: the start of the daemon, submissions, commits, deliveries.  In the end
every submission that got exit 0 must have reached the server.
"""

import collections
import os
import random
import threading
import time

from lib.notify import Watch
from lib.site import USER, sanitized

KILLS = int(os.environ.get("MAILCHUTE_KILLS", 40 if sanitized() else 100))
EXITS = 5 * KILLS
SUBMITTERS = 3
A_ROUND = 8       # submissions allowed in a round
PATIENCE = 20     # seconds for what shall start a kill; then it is "idle"


class Submitters:
    """Threads that call sendmail while they are allowed to."""

    def __init__(self, site):
        self.site = site
        self.changed = threading.Condition()
        self.allowed = 0
        self.next = 0
        self.taken = set()   # exit 0
        self.refused = 0
        self.running = 0
        self.over = False
        self.threads = [threading.Thread(target=self._run)
                        for _ in range(SUBMITTERS)]
        for t in self.threads:
            t.start()

    def allow(self, n):
        with self.changed:
            self.allowed = n
            self.changed.notify_all()

    def _run(self):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.allowed or self.over)
                if self.over:
                    return
                self.allowed -= 1
                number = self.next
                self.next += 1
                self.running += 1
            # Some are larger than what is kept in one chunk.
            size = 1200 if number % 10 == 0 else 10
            done = self.site.sendmail(
                "-i", "-f", USER, "r%d@example.net" % number,
                stdin="From: %s\nX-Number: %d\n\n%s" % (
                    USER, number, ("x" * 70 + "\n") * size))
            with self.changed:
                self.running -= 1
                if done.returncode == 0:
                    self.taken.add(number)
                else:
                    assert done.returncode == 75, done
                    self.refused += 1
                self.changed.notify_all()

    def wait_exits(self, n):
        with self.changed:
            goal = len(self.taken) + n
            return self.changed.wait_for(lambda: len(self.taken) >= goal,
                                         PATIENCE)

    def end(self):
        with self.changed:
            self.over = True
            self.changed.notify_all()
        for t in self.threads:
            t.join()


def wait_changes(watch, n):
    """The nth change in a folder of the queue's."""
    end = time.monotonic() + PATIENCE
    for _ in range(n):
        if not watch.wait(end - time.monotonic()):
            return False
    return True


def wait_ready(site, watch):
    """Until the daemon takes submissions."""
    end = time.monotonic() + PATIENCE
    while not site.is_ready() and time.monotonic() < end:
        watch.wait(end - time.monotonic())


def wait_server(server, since, n):
    """The nth thing that happens at the server."""
    record = server.record
    with record.changed:
        return record.changed.wait_for(
            lambda: len(record.events) >= since + n, PATIENCE)


def one_kill(site, server, submitters, phase, dice):
    """Starts the daemon, waits for the phase, kills all; did it come?"""
    with Watch(site.path("lib"), site.path("run"), site.path("log")) as watch:
        since = len(server.record.events)
        proc = site.spawn()
        if phase == "start":
            came = wait_changes(watch, dice.randint(1, 12))
        else:
            # Or all would go by the drop folder.
            wait_ready(site, watch)
            submitters.allow(A_ROUND)
        if phase == "commit":
            came = wait_changes(watch, dice.randint(10, 40))
        elif phase == "submit":
            came = submitters.wait_exits(dice.randint(1, A_ROUND))
        elif phase == "delivery":
            came = wait_server(server, since, dice.randint(1, 40))
        site.kill_group(proc)
    return came


def arrivals(server, wanted):
    """How often each number has come, when all have or no more come."""
    got, missing, seen = collections.Counter(), set(wanted), 0
    while missing:
        try:
            server.record.wait(lambda: len(server.record.messages) > seen,
                               "another message")
        except AssertionError:
            break
        new = server.record.messages[seen:]
        seen += len(new)
        got.update(int(m.header("X-Number")) for m in new if m.accepted)
        missing -= got.keys()
    return got


def test_nothing_is_lost(make_site, server):
    seed = int(os.environ.get("MAILCHUTE_SEED", time.time_ns() % 1000000))
    dice = random.Random(seed)
    print("seed", seed)
    site = make_site(server, backoff_min="1s", backoff_max="1s")
    site.conf["queue"]["retry"] = "1s"
    site.write_conf()
    submitters = Submitters(site)
    spread = collections.Counter()
    phases = ["submit", "commit", "delivery", "start"]
    kills = 0
    try:
        while kills < KILLS or len(submitters.taken) < EXITS:
            phase = phases[kills % len(phases)]
            came = one_kill(site, server, submitters, phase, dice)
            spread[phase if came else "idle (meant: %s)" % phase] += 1
            kills += 1
    finally:
        submitters.allow(0)
        submitters.end()
    site.start()
    got = arrivals(server, submitters.taken)
    missing = sorted(submitters.taken - set(got))
    replayed = len(site.log.events("replayed"))
    twice = sum(n - 1 for n in got.values())
    print("%d kills: %s" % (kills, ", ".join(
        "%s %d" % pair for pair in sorted(spread.items()))))
    print("%d exits 0, %d exits 75, %d by the drop folder" % (
        len(submitters.taken), submitters.refused, replayed))
    print("arrived: %d, more than once: %d" % (len(got), twice))
    print("missing:", " ".join(map(str, missing)) or "none")
    assert not missing
    assert kills >= KILLS and len(submitters.taken) >= EXITS
    for phase in phases:
        assert spread[phase] >= KILLS / len(phases) / 2, spread
    # At most one for each connection that a kill may have cut.
    assert twice <= 2 * kills
    site.wait_empty()
    assert site.database("pragma integrity_check") == [("ok",)]
