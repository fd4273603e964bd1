# SPDX-License-Identifier: ISC
"""queue.admin_group and queue.user, with a daemon and without one."""

import grp
import os
import sys

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
OTHER = 5  # a user who is neither root nor queue.user
GROUP = "games"

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")

# What "sqlite3 -readonly" does.
READ = """
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
print(db.execute("SELECT count(*) FROM v_queue").fetchone()[0])
"""


def member():
    return {"user": OTHER, "group": OTHER,
            "extra_groups": [grp.getgrnam(GROUP).gr_gid]}


def rows(site, **who):
    done = site.run([sys.executable, "-c", READ, site.path("lib/queue.db")],
                    **who)
    return done.stdout.strip() or done.stderr


def test_a_group_that_comes_later(holding):
    """The queue was there before: its members read it all the same."""
    holding.submit("a@example.net", stdin=TEXT)
    assert "unable to open" in rows(holding, **member())
    holding.conf["queue"]["admin_group"] = GROUP
    holding.restart()
    assert rows(holding, **member()) == "1"
    holding.submit("b@example.net", stdin=TEXT)
    assert rows(holding, **member()) == "2"
    holding.stop()
    assert rows(holding, **member()) == "2"
    assert "unable to open" in rows(holding, user=OTHER, group=OTHER,
                                    extra_groups=[])
    gid = grp.getgrnam(GROUP).gr_gid
    for name in ("queue.db", "queue.db-wal", "queue.db-shm"):
        st = os.stat(holding.path("lib/" + name))
        assert (st.st_mode & 0o7777, st.st_uid, st.st_gid) == (
            0o640, holding.uid, gid)


@pytest.fixture
def without(holding):
    """A queue with a message, a group, and no daemon."""
    holding.conf["queue"]["admin_group"] = GROUP
    holding.restart()
    holding.submit("a@example.net", stdin=TEXT)
    holding.wait(holding.queue, "the message")
    holding.stop()
    return holding


def test_members_look_without_a_daemon(without):
    """And change nothing: that is not theirs, today or later."""
    number = without.queue()[0]["id"]
    for args in (["queue"], ["show", number], ["trace", number]):
        done = without.mailchute(*args, **member())
        assert done.returncode == 0 and "a@example.net" in done.stdout
    assert "a@example.net" in without.mailq(**member())
    done = without.mailchute("status", **member())
    assert done.returncode == 2 and "not running" in done.stdout
    for verb in ("hold", "release", "retry", "remove"):
        done = without.mailchute(verb, number, **member())
        assert (done.returncode, done.stdout) == (69, ""), (verb, done)
        assert done.stderr == "mailchute: no mailchuted runs, and without " \
            "one only root and queue.user may change the queue\n"
    assert without.queue()[0]["state"] == "queued"


def test_queue_user_does_all_without_a_daemon(without, server):
    who = {"user": without.uid, "group": without.gid, "extra_groups": []}
    number = without.queue()[0]["id"]
    assert number in without.mailq(**who)
    done = without.mailchute("hold", number, **who)
    assert (done.returncode, done.stdout) == (0, number + ": held\n")
    assert without.mailchute("release", number, **who).returncode == 0
    without.conf["queue"]["delivery"] = "on"
    without.write_conf()
    assert without.sendmail("-q", stdin="", **who).returncode == 0
    server.record.wait_messages(1)
    assert without.mailq(**who) == "Mail queue is empty\n"
