# SPDX-License-Identifier: ISC
"""Two daemons on one queue: one works, the other says who does."""

import contextlib
import fcntl
import os
import struct

from lib.fakedaemon import FakeDaemon, field, frame, frames
from lib.site import USER, program

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


def test_the_second_names_the_first_and_gives_up(running, server):
    """It waits up to 30 seconds for the lock, then exits 75."""
    done = running.run([program("mailchuted"), "-f", "-C",
                        running.conf_path])
    assert done.returncode == 75, done
    said = done.stderr + running.log.text()
    assert any(str(pid) in said for pid in running.group(running.daemon.pid))
    assert running.is_ready()
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


def test_the_second_takes_over(running, server):
    """A restart in which the old one is still stopping."""
    first, second = running.daemon, running.spawn()
    # The second one waits for the lock that the first one holds.
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert second.poll() is None
    running.daemon = first
    running.stop()
    running.daemon = second
    running.wait(running.is_ready, "the socket of the second daemon")
    running.submit("b@example.net", stdin=TEXT)
    server.record.wait_messages(2)


def test_it_runs_already(running):
    """sendmail -bd as an old init script says it."""
    if running.is_root:
        done = running.sendmail("-bd", stdin="")
        assert done.returncode == 0, done


def test_others_start_no_daemon(site):
    if site.is_root:
        for args in (["-bd"], ["-bD"]):
            done = site.sendmail(*args, stdin="", uid=5)
            assert done.returncode == 64 and done.stderr


# ---- a queue run where somebody has the queue ---------------------------------

REQUEST, DONE, FLUSH = 1, 9, 10  # docs/protocol.md
CONTROL = 6  # version of the contract


@contextlib.contextmanager
def taken(site):
    """Somebody has the queue's lock."""
    with open(site.path("lib/lock"), "w") as f:
        if site.is_root:
            os.chown(f.fileno(), site.uid, site.gid)
        f.write("%d\n" % os.getpid())
        f.flush()
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def test_a_queue_run_names_who_has_the_queue(site, server):
    site.submit("a@example.net", stdin=TEXT)
    with taken(site):
        done = site.sendmail("-q", stdin="")
    assert done.returncode == 75
    assert "in use by process %d" % os.getpid() in done.stderr
    assert not server.record.connections
    assert site.sendmail("-q", stdin="").returncode == 0
    server.record.wait_messages(1)


def test_a_queue_that_nobody_answers_for(site):
    """Neither the lock nor anybody at the socket: that passes, 75."""
    site.submit("a@example.net", stdin=TEXT)
    with taken(site):
        for name, args in (("mailchute", ["queue"]), ("mailq", [])):
            done = site.run([program(name), "-C", site.conf_path, *args])
            assert (done.returncode, done.stdout) == (75, "")
            assert done.stderr == name + ": another process holds the " \
                "queue and does not answer; try later\n"
    assert "a@example.net" in site.mailq()


def test_a_queue_run_is_made_by_the_daemon_that_came_first(site, server):
    """It was starting when the run was asked for."""
    asked = []

    def number(value):
        return struct.pack("!Q", value)

    def answer(client):
        asked.extend(frames(client.recv(65536)))
        client.sendall(frame(DONE, field(1, number(0))))
    site.submit("a@example.net", stdin=TEXT)
    with taken(site), FakeDaemon(site.path("run/control"), answer):
        done = site.run([program("mailchuted"), "--once", "-C",
                         site.conf_path])
    assert done.returncode == 0, done
    (kind, payload), = asked
    assert kind == REQUEST
    assert payload == field(1, number(CONTROL)) + field(2, number(FLUSH)) \
        + field(4, number(1)) + field(5, number(0)) + field(11, number(0))
    assert not server.record.connections
