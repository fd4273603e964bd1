# SPDX-License-Identifier: ISC
"""A queue that was damaged, removed or replaced: mail is saved and accepted.

The daemon runs with delivery off, so that what it holds can be compared.
"""

import glob
import json
import os
import shutil

import pytest

from lib import strike
from lib.notify import DEADLINE

BODY = "From: a@contoso.example\nSubject: x\n\n" + "line of a body\n" * 4000
COUNT = 60
PAGE = 8192


@pytest.fixture
def filled(make_site):
    """A stopped site whose queue holds messages r0 to r59."""
    site = make_site(None)
    site.conf["queue"]["delivery"] = "off"
    site.start()
    for i in range(COUNT):
        site.submit("r%d@example.net" % i, stdin=BODY if i % 3 == 0 else
                    "Subject: small\n\nx\n")
    return site


def poke(path, at, data):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(data)


def header(db):
    poke(db, 0, b"\xde\xad" * 50)


def first_page(db):
    poke(db, 0, b"\xa5" * PAGE)


def middle(db):
    pages = os.path.getsize(db) // PAGE
    for page in (pages // 2, pages // 2 + 7, pages - 2):
        poke(db, page * PAGE, b"\x5a" * PAGE)


def cut(db):
    os.truncate(db, os.path.getsize(db) // PAGE * 4 // 5 * PAGE)


def empty(db):
    os.truncate(db, 0)


def other(db):
    with open(db, "wb") as f:
        f.write(b"this is no database at all\n" * 5000)


def journal(db):
    with open(db + "-wal", "wb") as f:
        f.write(os.urandom(40000))


# What is done to the file, and how much of the mail is saved at least.
CASES = [(header, COUNT), (first_page, COUNT), (middle, COUNT // 2),
         (cut, 0), (empty, 0), (other, 0), (journal, COUNT)]


def queue(site):
    """What waits, but for the mail that tells an administrator of it all."""
    return [m for m in site.queue() if m["sender"] != ""]


def addresses(site):
    """All that waits; nothing while the queue process starts again."""
    done = site.mailchute("queue", "--json")
    if done.returncode != 0:
        return []
    return [r["address"] for line in done.stdout.splitlines()
            for r in json.loads(line)["recipients"]]


def aside(site):
    return [f for f in glob.glob(site.path("lib/queue.db.damaged-*"))
            if not f.endswith(("-wal", "-shm"))]


@pytest.mark.parametrize("harm, at_least", CASES,
                         ids=[c[0].__name__ for c in CASES])
def test_a_damaged_file(filled, harm, at_least):
    site = filled
    before = {m["id"]: set(r["address"] for r in m["recipients"])
              for m in site.queue()}
    site.stop()
    db = site.path("lib/queue.db")
    harm(db)
    # The check is left out after a clean stop; the harm to a page may hide.
    if harm is middle:
        open(db + ".suspect", "w").close()
    with open(db, "rb") as f:
        harmed = f.read()
    site.submit("dropped@example.net")
    site.start()
    found = aside(site)
    assert len(found) == 1
    with open(found[0], "rb") as f:
        assert f.read() == harmed, "the damaged file was changed"
    site.wait(lambda: "dropped@example.net" in site.recipients(),
              "the mail of the drop folder")
    after = {m["id"]: set(r["address"] for r in m["recipients"])
             for m in queue(site)}
    saved = {i: r for i, r in after.items() if i in before}
    assert len(saved) >= at_least
    assert all(before[i] == r for i, r in saved.items())
    assert len(after) == len(saved) + 1
    if harm not in (empty, other):
        lost = site.log.text().count("event=message-lost")
        assert len(saved) + lost == COUNT, "what was lost is not told"
    assert "queue-replaced" in site.log.text()
    status = site.status()
    assert status["verdict"] != "ok"
    # Every body that was saved is whole, or it would not have been.
    for i in list(saved)[:3]:
        assert site.mailchute("show", i).returncode == 0
    # Nothing is done twice, and the word ends as the file is taken away.
    site.restart()
    assert aside(site) == found
    assert len(queue(site)) == len(after)
    site.wait(lambda: len(site.queue()) > len(after), "the mail that tells it")
    assert len(site.queue()) == len(after) + 1, "it is told by mail, once"
    assert len(site.log.events("queue-replaced")) == 1
    assert not glob.glob(site.path("lib/queue.db.*[dtwys]"))


@pytest.mark.parametrize("page", range(1, 13))
def test_damage_that_a_start_meets(make_site, page):
    """After a clean stop nothing is checked beforehand: each page is read when
    it is needed, and whether that is at the start or later, it starts."""
    site = make_site(None)
    site.may_crash = True
    site.conf["queue"]["delivery"] = "off"
    site.start()
    for i in range(3):
        site.submit("r%d@example.net" % i)
    site.stop()
    poke(site.path("lib/queue.db"), page * PAGE, os.urandom(PAGE))
    site.start()
    site.submit("after@example.net")
    site.wait(lambda: "after@example.net" in addresses(site), "new mail")
    if aside(site):
        site.log.wait_for("queue-replaced")
        site.wait(lambda: site.mailchute("status").returncode != 0,
                  "a verdict that is not ok")


def test_a_salvage_that_ends_the_process_is_not_tried_for_ever(filled):
    site = filled
    site.stop()
    db = site.path("lib/queue.db")
    header(db)
    with open(db + ".tries", "w") as f:
        f.write("%016d\n" % 7 * 2)
    site.start()
    assert len(aside(site)) == 1
    assert queue(site) == []
    assert "nothing could be read" in site.log.text()


def test_an_empty_file_without_a_journal_is_new(make_site):
    site = make_site(None)
    with open(site.path("lib/queue.db"), "w"):
        pass
    os.chown(site.path("lib/queue.db"), site.uid, site.gid)
    site.start()
    assert not aside(site)


@pytest.mark.parametrize("what", ["queue.db", "queue.db-wal"])
def test_removed_while_running(filled, what):
    """What would be lost is not acknowledged; it goes by the drop folder."""
    site = filled
    site.may_crash = True
    os.rename(site.path("lib/" + what), site.path("lib/kept"))
    site.submit("after@example.net")
    site.wait(lambda: "after@example.net" in addresses(site),
              "the message in the new queue")
    assert "removed or replaced" in site.log.text()


def test_replaced_while_running(filled):
    """A backup is restored under the daemon: it goes on with that."""
    site = filled
    site.may_crash = True
    db = site.path("lib/queue.db")
    shutil.copy(db, db + ".backup")
    os.chown(db + ".backup", site.uid, site.gid)
    os.rename(db + ".backup", db)
    site.submit("after@example.net")
    site.wait(lambda: "after@example.net" in addresses(site),
              "the message in the restored queue")


def test_folder_moved_while_running(filled):
    """It comes back: nothing that was acknowledged is lost."""
    site = filled
    site.may_crash = True
    os.rename(site.path("lib"), site.path("away"))
    done = site.sendmail("-f", "a@contoso.example", "late@example.net")
    assert done.returncode in (0, 75)
    os.rename(site.path("away"), site.path("lib"))
    site.wait(lambda: len(addresses(site)) ==
              COUNT + (done.returncode == 0), "all mail")


# ---- errors of the disk, by strace; test_inject.py has all of them ----

@pytest.mark.parametrize("call, error", [
    ("fdatasync", "EIO"), ("fdatasync", "ENOSPC"), ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC")])
def test_an_error_at_commit(filled, call, error):
    """Nothing is acknowledged twice or lost: each message is there once."""
    site = filled
    site.may_crash = True
    point = strike.Point(call, 1, error)
    with strike.attached(site.queue_pid(), site.path("trace"),
                         point.options()):
        done = site.sendmail("-f", "a@contoso.example", "late@example.net")
    assert done.returncode in (0, 75)
    assert point.was_hit(strike.read(site.path("trace")))
    want = 1 if done.returncode == 0 else 0
    site.wait(lambda: len(addresses(site)) >= COUNT + want, "all mail")
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    assert addresses(site).count("late@example.net") == want


@pytest.mark.parametrize("nth, is_suspect", [(5, False), (60, False),
                                             (20, True)])
def test_a_disk_that_cannot_be_read_is_no_damage(filled, nth, is_suspect):
    """It may be read again: the queue stays what it is, and mail waits."""
    site = filled
    before = site.recipients().keys()
    site.kill()
    if is_suspect:
        open(site.path("lib/queue.db.suspect"), "w").close()
    point = strike.Point("pread64", nth, "EIO", for_ever=True)
    daemon = site.spawn(env=site.environment(leaks=False), through=[
        "strace", "-f", "-o", site.path("trace"), *point.options()])
    assert daemon.wait(DEADLINE) == 75
    assert "the disk" in site.log.events("fatal")[-1]["text"]
    assert not aside(site)
    site.submit("dropped@example.net")
    site.start()
    site.wait(lambda: before | {"dropped@example.net"} <=
              site.recipients().keys(), "all mail")
