# SPDX-License-Identifier: ISC
"""What the store cannot say, or cannot do now: an error after which nobody
knows what is on the disk, and another program that holds the queue."""

import collections
import contextlib
import os
import signal
import sqlite3

import pytest

from lib import strike
from lib.notify import wait_end
from lib.site import USER
from lib.stranger import stopped

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to trace, and to lock")

TEMPFAIL = 75
MANY = 8  # of nearly 1 MiB: before the last one the journal is to be moved
TEXT = "From: %s\n\n" % USER + ("x" * 63 + "\n") * 15000


@pytest.fixture
def quick(make_site, server):
    site = make_site(server, backoff_min="1s", backoff_max="1s")
    site.conf["queue"]["retry"] = "1s"
    site.may_crash = True
    return site


def copies(server):
    """How often each recipient got his mail."""
    return collections.Counter(a for m in server.record.accepted
                               for a in m.addresses)


# ---- nobody knows ----

def fail_a_sync(site, pid):
    """One of queue.db itself: that is the checkpoint's, no commit's."""
    return strike.attached(pid, site.path("trace"), [
        "-P", site.path("lib/queue.db"), "-e", "trace=fdatasync,fsync",
        "-e", "inject=fdatasync,fsync:error=EIO:when=1"])


def test_an_error_at_a_checkpoint(quick, server):
    """The queue process ends, another one comes, and mail flows; what is
    submitted meanwhile lies in the drop folder."""
    quick.start()
    pid = quick.queue_pid()
    assert quick.mailchute("pause").returncode == 0
    with stopped(quick.daemon.pid), fail_a_sync(quick, pid):
        names = ["large%d@example.net" % i for i in range(MANY)]
        for name in names:
            quick.submit(name, stdin=TEXT)
        assert wait_end(pid)
        names.append("dropped@example.net")
        quick.submit(names[-1])
        assert quick.dropped()
    said = quick.log.wait_for("commit-failed")["text"]
    assert "checkpoint" in said and "queue.db" in said
    for i in range(3):
        names.append("next%d@example.net" % i)
        quick.submit(names[-1])
    quick.log.wait_for("queue-process-ended")
    quick.wait(lambda: len(quick.queue()) == len(names), "all mail")
    assert quick.mailchute("resume").returncode == 0
    server.record.wait_messages(len(names))
    quick.wait_empty()
    assert copies(server) == dict.fromkeys(names, 1)
    assert not quick.dropped()
    assert quick.queue_pid() != pid
    assert quick.stop() == 0


# ---- another program ----

@contextlib.contextmanager
def locked(site):
    """Somebody else writes to queue.db, and takes his time."""
    db = sqlite3.connect(site.path("lib/queue.db"), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        db.execute("ROLLBACK")
        db.close()


def states(site):
    return [state for state, in site.database("SELECT state FROM recipient")]


def taken_and_unsettled(site, server):
    """A message that the server is about to take: its answer is held back."""
    fault = server.faults.add(state="dot", stall=True)
    site.start()
    site.submit("a@example.net")
    server.record.wait_event("stall")
    assert states(site) == ["active"]
    return fault


def test_another_program_holds_the_queue(quick, server):
    """Longer than anybody waits for it.  The answer that came meanwhile is
    noted when it is over; until then the message is nobody's."""
    fault = taken_and_unsettled(quick, server)
    pid = quick.queue_pid()
    with locked(quick):
        fault.release()
        server.record.wait_messages(1)
        assert "holds the queue" in quick.log.wait_for("queue-locked")["text"]
        done = quick.sendmail("-i", "-f", USER, "refused@example.net")
        assert done.returncode == TEMPFAIL
        assert "another program holds the queue" in done.stderr
        # The loop goes on: others are answered.
        assert quick.queue()[0]["state"] == "active"
        assert states(quick) == ["active"]
        name = quick.queue()[0]["id"]
        assert quick.mailchute("remove", name).returncode == TEMPFAIL
    quick.wait_empty()
    quick.log.wait_for("queue-unlocked")
    quick.submit("b@example.net")
    server.record.wait_messages(2)
    quick.wait_empty()
    assert copies(server) == {"a@example.net": 1, "b@example.net": 1}
    assert quick.queue_pid() == pid
    assert os.path.exists(quick.path("lib/ballast"))
    for event in ("ballast", "uncertain", "fatal", "queue-process-ended"):
        assert not quick.log.events(event)
    assert quick.stop() == 0


def test_killed_while_another_program_holds_the_queue(quick, server):
    """That the answer was lost is what the next start finds."""
    quick.conf["queue"]["uncertain"] = "hold"
    fault = taken_and_unsettled(quick, server)
    pid = quick.queue_pid()
    with locked(quick):
        fault.release()
        server.record.wait_messages(1)
        quick.log.wait_for("queue-locked")
        os.kill(pid, signal.SIGKILL)
        assert wait_end(pid)
    quick.wait(lambda: states(quick) == ["held"], "the message held")
    assert "may have been delivered" in quick.mailq()
    quick.submit("b@example.net")
    server.record.wait_messages(2)
    assert copies(server) == {"a@example.net": 1, "b@example.net": 1}
    assert quick.stop() == 0
