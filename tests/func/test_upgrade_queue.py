# SPDX-License-Identifier: ISC
"""A queue.db that a mailchuted of each schema version has left, with mail in every
state: opened, shown, delivered, salvaged; and one that is newer than we are."""

import glob
import itertools
import os
import sqlite3
import threading

import pytest

from lib.notify import DEADLINE
from lib.site import USER, program
from lib.specimens import (AWAY, FINISHED, HELD, VERSION_1, WAITING,
                           drop_file, plant_queue, queue_conf)
from lib import specimens

CONFIG = 78
FIRST_PAGE = 8192
NEWEST = 3
BODY = "für später, in zwei Teilen\r\n".encode() * 3000

# What becomes due by "retry ALL" once nothing is paused.
GOES = sorted(a for a, state in WAITING.items() if state != "held")


@pytest.fixture(params=range(1, NEWEST + 1))
def upgraded(request, site, server):
    """A host whose queue was left by that version; not started yet."""
    site.write("conf/aliases", specimens.ALIASES)
    queue_conf(site, away_port=server.port)
    for user in HELD, AWAY:
        server.options.users[user] = site.password
    plant_queue(site, version=request.param)
    site.left_by = request.param
    return site


def states(site):
    """Of every recipient that waits, but for the one that alarms go to."""
    return {a: r["state"] for a, r in site.recipients().items()
            if r["state"] not in ("delivered", "failed")
            and a != site.conf["local"]["admin"]}


def version(site):
    return site.database("PRAGMA user_version")[0][0]


def set_version(path, number):
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = %d" % number)
    db.close()


def mail(server):
    """What has arrived, but for our own alarms."""
    return [m for m in server.record.accepted
            if "mailchute on " not in (m.header("Subject") or "")]


def arrived(server, n):
    server.record.wait(lambda: len(mail(server)) >= n,
                       "%d messages" % n)
    return sorted(a for m in mail(server) for a in m.addresses)


def test_it_is_served_and_delivered(upgraded, server):
    site = upgraded.start()
    # A pause outlives the upgrade, and so does every reason to wait.
    assert site.status()["paused"]
    assert states(site) == WAITING
    waiting = site.recipients()
    for address, text in [("later@example.net", "451 4.3.2 not now"),
                          ("ops@example.net", "452 4.2.2 full"),
                          ("refused@example.net",
                           "550 5.1.1 nobody of that name")]:
        assert text in site.mailchute("trace", address).stdout
    assert "may have been delivered" in \
        waiting["active@example.net"]["meaning"]
    assert "queue-opened" in site.log.text()
    for address, what in FINISHED.items():
        found = site.json("trace", address)
        assert what in [e["what"] for e in found if "what" in e], address
    accounts = {a["name"]: a for a in site.status()["accounts"]}
    assert accounts["held"]["state"] == "held"
    assert accounts["held"]["code"] == 535
    assert site.mailq().count("@example.net") >= len(WAITING) - 1

    site.mailchute("resume")
    site.mailchute("retry", "ALL")
    assert arrived(server, len(GOES)) == GOES
    ops, = [m for m in server.record.accepted
            if m.addresses == ["ops@example.net"]]
    assert ops.body == BODY
    site.wait(lambda: states(site) == {"held@example.net": "held",
                                       "too@example.net": "held"},
              "the held message alone")
    site.mailchute("release", "ALL")
    assert arrived(server, len(GOES) + 1) == sorted(WAITING)
    site.wait_empty()
    assert len(mail(server)) == len(GOES) + 1
    assert version(site) == NEWEST
    assert os.path.exists(site.path("lib/queue.db.v%d" % site.left_by)) == (
        site.left_by < NEWEST)


def test_it_is_shown_without_a_daemon(upgraded):
    shown = upgraded.mailq()
    for address in WAITING:
        assert address in shown
    assert states(upgraded) == WAITING


def test_its_submissions_are_known(upgraded, server):
    """A client that lost the answer before the upgrade comes again after it,
    by the drop folder: the id was taken down by version 1."""
    site = upgraded
    (uid, one), = site.database(
        "SELECT uid, id FROM submission WHERE message = (SELECT message FROM"
        " recipient WHERE address = 'queued@example.net')")
    data = drop_file("small")
    at = data.index(b"\x03\0\0\0\x10") + 5
    path = site.path("spool/drop/again")
    with open(path, "wb") as f:
        f.write(data[:at] + one + data[at + 16:])
    os.chmod(path, 0o640)
    if site.is_root:
        os.chown(path, uid, site.gid)
    site.start()
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    assert states(site) == WAITING


def test_it_is_salvaged(upgraded):
    site = upgraded
    path = site.path("lib/queue.db")
    with open(path, "r+b") as f:
        f.write(b"\xa5" * FIRST_PAGE)
    site.start()
    assert len(glob.glob(path + ".damaged-*[Z]")) == 1
    assert states(site) == WAITING
    assert site.status()["paused"]
    assert [e["what"] for e in site.json("trace", "late@example.net")] == [
        "expired"]


def test_a_newer_queue_is_refused_and_left_alone(upgraded, server):
    """A downgrade: exit 78 with a word, mail to the drop folder, and the copy
    that the newer one made brings all back."""
    site = upgraded
    path = site.path("lib/queue.db")
    os.rename(path, path + ".v1")
    plant_queue(site)
    set_version(path, NEWEST + 1)
    with open(path, "rb") as f:
        before = f.read()

    proc = site.spawn()
    assert proc.wait(DEADLINE) == CONFIG
    said = site.log.text() + open(site.path("log/stderr")).read()
    assert "of version %d" % (NEWEST + 1) in said
    assert "up to %d" % NEWEST in said
    assert "run the newer mailchute" in said
    for argv in (["mailq"], ["mailchute", "status"]):
        done = site.run([program(argv[0]), "-C", site.conf_path, *argv[1:]])
        assert done.returncode != 0 and "empty" not in done.stdout
    site.submit("meanwhile@example.net")
    assert len(site.dropped()) == 1
    with open(path, "rb") as f:
        assert f.read() == before
    assert not glob.glob(path + ".damaged-*")

    # As mailchuted(8) says.
    os.rename(path, path + ".newer")
    for end in "-wal", "-shm":
        if os.path.exists(path + end):
            os.unlink(path + end)
    os.rename(path + ".v1", path)
    site.start()
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    assert states(site) == dict(WAITING,
                                **{"meanwhile@example.net": "queued"})


# ---- under load --------------------------------------------------------------------

SUBMITTERS, RESTARTS = 4, 6


class Load:
    """Threads that call sendmail, one message after the other, until told."""

    def __init__(self, site):
        self.site = site
        self.failed = []
        self.sent = []
        self.over = False
        self.changed = threading.Condition()
        self.threads = [threading.Thread(target=self._run, args=(n,))
                        for n in range(SUBMITTERS)]
        for t in self.threads:
            t.start()

    def _run(self, who):
        for n in itertools.count():
            address = "u%d-%d@example.net" % (who, n)
            done = self.site.sendmail("-i", "-f", USER, "--", address)
            with self.changed:
                if (done.returncode, done.stderr) != (0, ""):
                    self.failed.append(done)
                self.sent.append(address)
                self.changed.notify_all()
                if self.over:
                    return

    def wait_more(self, n):
        with self.changed:
            goal = len(self.sent) + n
            assert self.changed.wait_for(lambda: len(self.sent) >= goal,
                                         DEADLINE)

    def end(self):
        self.over = True
        for t in self.threads:
            t.join()


def test_an_upgrade_under_load(upgraded, server):
    """The old queue, drop files of the old version, and submissions all along,
    while mailchuted ends and another comes: none is refused, none is lost, and
    none arrives twice.

    The other one is started anew from the same path and is the same program,
    since there is one version yet; what an earlier one left is the specimens.
    """
    site = upgraded
    for name in VERSION_1:
        path = site.path("spool/drop/" + name)
        with open(path, "wb") as f:
            f.write(drop_file(name))
        os.chmod(path, 0o640)
        if site.is_root:
            os.chown(path, site.uid, site.gid)
    load = Load(site)
    try:
        for n in range(RESTARTS):
            site.start()
            if n == 0:
                site.mailchute("resume")
                site.mailchute("retry", "ALL")
            load.wait_more(SUBMITTERS + 1)
            assert site.stop() == 0
            # One of them at least begins and ends without a daemon.
            load.wait_more(SUBMITTERS + 1)
    finally:
        load.end()
    assert load.failed == []
    site.start()
    site.mailchute("release", "ALL")
    expected = sorted(load.sent + list(WAITING)
                      + [a for to in VERSION_1.values() for a in to])
    count = len(load.sent) + len(GOES) + 1 + len(VERSION_1)
    assert arrived(server, count) == expected
    site.wait_empty()
    assert site.dropped() == []
    assert len(mail(server)) == count
    assert not site.log.events("bounced")
    assert len(site.log.events("replayed")) >= len(VERSION_1) + RESTARTS
