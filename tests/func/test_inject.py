# SPDX-License-Identifier: ISC
"""A kill, and errors, at each system call of a submission and its settling.

Each scene is traced once for each of its processes, which enumerates the
places.  Then, place by place: the same from a fresh queue, with a blow there;
the daemon is started again without any, and what must hold is looked at:
whoever got exit 0 has his mail delivered, twice only where the queue itself
calls it uncertain; whoever did not got 75, or was killed; nothing is left.
"""

import functools
import os
import threading
import time

import pytest

from lib import strike
from lib.site import sanitized
from lib.stand import Scene, Stand

# How many points of each pair are walked; "all" for each of them.
POINTS = os.environ.get("MAILCHUTE_POINTS", "5" if sanitized() else "12")
STANDS = 12 if POINTS == "all" else 8  # side by side: most of it is waiting
TRIES = 3       # for a place that a run did not come to
HIT_AT_LEAST = 0.95
SHOWN = 10      # failures told at full length

pytestmark = pytest.mark.skipif(
    os.getuid() != 0, reason="needs root to trace what hides its memory")

SCENES = {
    "small": Scene(),
    "large": Scene(lines=18000),  # a part is staged before the end
    "dropped": Scene(has_daemon=False),
    "said": Scene(by_smtp=True),
    "said-and-dropped": Scene(by_smtp=True, has_daemon=False),
    "said-large": Scene(by_smtp=True, lines=18000),
    "replayed": Scene(by_folder=True),
    "deferred": Scene(fault={
        "state": "rcpt", "reply": "451 4.3.0 Temporary server error"}),
    "rejected": Scene(to="gone%d@example.net"),
    "uncertain": Scene(fault={"state": "dot", "drop_after_accept": True}),
}

PAIRS = [("small", "sendmail"), ("large", "sendmail"), ("dropped", "sendmail"),
         ("said", "sendmail"), ("said-and-dropped", "sendmail"),
         ("said-large", "sendmail"),
         ("small", "queue"), ("large", "queue"), ("replayed", "queue"),
         ("deferred", "queue"), ("rejected", "queue"), ("uncertain", "queue"),
         ("small", "parent"), ("small", "deliver"), ("deferred", "deliver"),
         ("uncertain", "deliver"), ("dropped", "start")]


def not_ours(role, places):
    """Where errors prove nothing: before sendmail has read where the folders
    are, since it would go by those of this host then; and what a sanitizer
    does at the start, which reports what it is refused."""
    marks = ["mailchute.conf", "away.conf"] if role == "sendmail" else []
    order = list(places)
    last = [i for i, p in enumerate(order)
            if any(mark in places[p] for mark in marks)
            or (sanitized() and p == ("close_range", 1))]
    return set(order[:last[-1] + 2]) if last else set()


def spread(points):
    if POINTS == "all" or len(points) <= int(POINTS):
        return points
    step = len(points) / int(POINTS)
    return [points[int(i * step)] for i in range(int(POINTS))]


def walk_one(stand, scene, role, point):
    for _ in range(TRIES):
        try:
            hit, problems = stand.walk(scene, role, point)
        except Exception as e:
            return False, ["%s: %s\n%s" % (type(e).__name__, e,
                                           stand.site.log.text()[-3000:])]
        if hit or problems:
            break
    return hit, problems


def walk_all(stands, scene, role, points):
    """On each stand one after the other: the missed, and the failures."""
    lock, todo, missed, failures = threading.Lock(), list(points), [], []

    def work(stand):
        while True:
            with lock:
                if not todo:
                    return
                point = todo.pop(0)
            hit, problems = walk_one(stand, scene, role, point)
            with lock:
                if not hit:
                    missed.append(point)
                if problems:
                    failures.append((point, problems))
    threads = [threading.Thread(target=work, args=(s,)) for s in stands]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return missed, failures


tally = []  # (points enumerated, walked, hit) of each pair


@pytest.fixture(scope="module")
def certificate(authority):
    """To make one takes longer than to walk a point."""
    return authority.issue("localhost")


@pytest.mark.parametrize("name, role", PAIRS)
def test_points(make_site, make_server, certificate, capsys, record_property,
                name, role):
    start = time.monotonic()
    scene = SCENES[name]
    stands = [Stand(make_site, functools.partial(make_server, certificate))
              for _ in range(STANDS)]
    places = stands[0].enumerate(scene, role)
    points = strike.points_at(places, not_ours(role, places))
    chosen = spread(points)
    missed, failures = walk_all(stands, scene, role, chosen)
    told = ("%d places, %d points enumerated, %d walked, %d hit, %d failed"
            % (len(places), len(points), len(chosen),
               len(chosen) - len(missed), len(failures)))
    tally.append((len(points), len(chosen), len(chosen) - len(missed)))
    record_property("points", told)
    with capsys.disabled():
        print("\n%s, %s: %s; %.0f s" % (name, role, told,
                                        time.monotonic() - start))
        print("".join("  missed: %s\n" % p for p in missed), end="")
    for point, problems in failures[:SHOWN]:
        print("%s:\n  %s" % (point, "\n  ".join(problems)))
    assert not failures, [(str(p), problems[0]) for p, problems in failures]


def test_the_points_were_hit(capsys, record_property):
    """What was walked past proves nothing."""
    if not tally:
        pytest.skip("no point was walked")
    enumerated, walked, hit = map(sum, zip(*tally))
    told = "%d points enumerated, %d walked, %d hit" % (enumerated, walked,
                                                        hit)
    record_property("points", told)
    with capsys.disabled():
        print("\nall: " + told)
    assert hit >= HIT_AT_LEAST * walked
