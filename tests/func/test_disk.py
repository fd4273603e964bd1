# SPDX-License-Identifier: ISC
"""A disk that is full or read-only, and folders that vanish: nothing that was
acknowledged is lost, nothing is done twice, and mail flows by itself once it
can.

Each folder of the daemon's may lie on a small file system of its own.
"""

import collections
import os
import shutil
import signal

import pytest

from lib import strike
from lib.disk import MIB, Disk
from lib.notify import DEADLINE, wait_end, wait_until
from lib.site import USER
from lib.stranger import stopped

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to mount, and to trace")

TEMPFAIL = 75
SMALL = "From: %s\nSubject: x\n\n" % USER + "a line of a body\n" * 120
FLOOR = 24 * MIB


def large(mib=4):
    return "From: %s\n\n" % USER + ("x" * 63 + "\n") * (mib * MIB // 64)


@pytest.fixture
def make_disk():
    made = []

    def make(path, size):
        made.append(Disk(path, size))
        return made[-1]
    yield make
    for disk in made:
        disk.close()


@pytest.fixture
def quick(make_site, server):
    site = make_site(server, backoff_min="1s", backoff_max="1s")
    site.conf["queue"].update(retry="1s", free_space_min=str(FLOOR))
    site.may_crash = True
    return site


@pytest.fixture
def small(quick, make_disk):
    """A site whose queue lies on a small disk; not started."""
    quick.disk = make_disk(quick.path("lib"), 64 * MIB)
    return quick


def refused(site, *rcpts, **how):
    """sendmail that says it failed for now."""
    done = site.sendmail("-i", "-f", USER, *rcpts, **how)
    assert done.returncode == TEMPFAIL and done.stderr, done
    return done.stderr


def is_empty(site):
    return site.database("select count(*) from message") == [(0,)]


def copies(server):
    """How often each recipient got his mail."""
    return collections.Counter(a for m in server.record.accepted
                               for a in m.addresses)


def queue_some(site, server, n=20):
    """Mail that waits for its server."""
    server.down()
    names = ["r%d@example.net" % i for i in range(n)]
    for name in names:
        site.submit(name, stdin=SMALL)
    site.wait(lambda: site.status()["accounts"][0]["state"] == "backoff",
              "a back-off")
    return names


# ---- full ----

def test_below_the_floor(small, server):
    small.start()
    small.disk.fill(leave=FLOOR - MIB)
    assert "queue.free_space_min" in refused(small, "a@example.net")
    assert not small.dropped()
    small.disk.empty()
    small.submit("b@example.net", stdin=SMALL)
    server.record.wait_messages(1)
    assert copies(server) == {"b@example.net": 1}
    small.wait(lambda: is_empty(small), "an empty queue")
    assert small.stop() == 0


def test_full(small, server):
    """Not an octet is left: what is delivered is noted all the same."""
    small.start()
    names = queue_some(small, server)
    small.disk.fill()
    assert small.disk.free() == 0
    refused(small, "late@example.net")
    server.up()
    server.record.wait_messages(len(names))
    small.wait(lambda: is_empty(small), "an empty queue")
    assert copies(server) == dict.fromkeys(names, 1)
    refused(small, "late@example.net")
    small.disk.empty()
    small.submit("after@example.net", stdin=SMALL)
    server.record.wait_messages(len(names) + 1)
    small.wait(lambda: is_empty(small), "an empty queue")
    assert copies(server) == dict.fromkeys(names + ["after@example.net"], 1)
    assert small.stop() == 0


def test_full_at_the_start(small, server):
    """The daemon was killed, and the disk has filled up since."""
    small.start()
    names = queue_some(small, server)
    small.kill()
    small.disk.fill()
    small.start()
    refused(small, "late@example.net")
    server.up()
    server.record.wait_messages(len(names))
    small.wait(lambda: is_empty(small), "an empty queue")
    assert copies(server) == dict.fromkeys(names, 1)
    small.disk.empty()
    small.submit("after@example.net", stdin=SMALL)
    server.record.wait_messages(len(names) + 1)
    small.wait(lambda: is_empty(small), "an empty queue")
    assert small.stop() == 0


def test_full_without_anything_in_reserve(small, server):
    """It cannot start, says so, and goes on when there is room."""
    small.start()
    names = queue_some(small, server)
    small.kill()
    os.unlink(small.path("lib/ballast"))
    small.disk.fill()
    daemon = small.spawn()
    assert daemon.wait(DEADLINE) == TEMPFAIL
    assert "no space left" in small.report()[2][1]
    small.submit("dropped@example.net", stdin=SMALL)
    small.disk.empty()
    small.start()
    server.up()
    server.record.wait_messages(len(names) + 1)
    small.wait(lambda: is_empty(small), "an empty queue")
    assert copies(server) == dict.fromkeys(names + ["dropped@example.net"], 1)
    assert small.stop() == 0


@pytest.mark.parametrize("floor", [FLOOR, 1], ids=["floor", "no floor"])
def test_full_in_the_middle_of_a_large_message(small, server, floor):
    """Refused as a whole; what it took in vain is room for others."""
    small.conf["queue"].update(free_space_min=str(floor),
                               message_size_max="200M")
    small.start()
    small.disk.fill(leave=40 * MIB)
    names = queue_some(small, server, 3)
    for _ in range(2):
        refused(small, "large@example.net", stdin=large(80))
    server.up()
    small.wait(lambda: copies(server) == dict.fromkeys(names, 1),
               "the mail that waited")
    small.wait(lambda: is_empty(small), "an empty queue")
    if floor == 1:  # there is little on the disk, and none is set apart
        small.disk.empty()
    small.submit("after@example.net", stdin=large(8))
    server.record.wait_messages(len(names) + 1)
    small.wait(lambda: is_empty(small), "an empty queue")
    assert copies(server) == dict.fromkeys(names + ["after@example.net"], 1)
    assert small.stop() == 0


def test_a_queue_that_was_full_of_mail_takes_mail_again(small, server):
    """Its file does not shrink, and what is free in it is room."""
    small.start()
    server.down()
    names = []
    while True:
        name = "r%d@example.net" % len(names)
        done = small.sendmail("-i", "-f", USER, name, stdin=large(4))
        if done.returncode != 0:
            break
        names.append(name)
    assert done.returncode == TEMPFAIL and len(names) > 3
    server.up()
    server.record.wait_messages(len(names))
    small.wait(lambda: is_empty(small), "an empty queue")
    small.submit("after@example.net", stdin=large(4))
    server.record.wait_messages(len(names) + 1)
    assert copies(server) == dict.fromkeys(names + ["after@example.net"], 1)
    small.wait(lambda: is_empty(small), "an empty queue")
    assert small.stop() == 0


def test_drop_folder_full(quick, server, make_disk):
    quick.conf["queue"]["free_space_min"] = "0"
    quick.write_conf()
    disk = make_disk(quick.path("spool/drop"), 4 * MIB)
    quick.submit("before@example.net", stdin=SMALL)
    disk.fill()
    for text in (SMALL, large(2)):
        assert quick.path("spool/drop") in refused(
            quick, "full@example.net", stdin=text)
    assert len([n for n in quick.dropped() if n[0] != "."]) == 1
    # One that runs needs no drop folder, and takes what lies in it.
    quick.start()
    quick.submit("socket@example.net", stdin=SMALL)
    server.record.wait_messages(2)
    disk.empty()
    quick.stop()
    quick.submit("after@example.net", stdin=large(2))
    quick.start()
    server.record.wait_messages(3)
    quick.wait(lambda: not quick.dropped(), "an empty drop folder")
    assert copies(server) == dict.fromkeys(
        ["before@example.net", "socket@example.net", "after@example.net"], 1)
    quick.wait(lambda: is_empty(quick), "an empty queue")
    assert quick.stop() == 0


def test_drop_folder_below_the_floor(quick, server, make_disk):
    """The last octets of a disk are not ours, daemon or none."""
    quick.conf["queue"]["free_space_min"] = "4M"
    quick.write_conf()
    disk = make_disk(quick.path("spool/drop"), 8 * MIB)
    quick.submit("before@example.net", stdin=SMALL)
    left = disk.free()
    # Room at its beginning, and none in the middle: nothing stays of it.
    for name in ("large@example.net", "again@example.net"):
        assert "queue.free_space_min" in refused(quick, name, stdin=large(6))
        assert disk.free() == left
    disk.fill(leave=4 * MIB - 4096)
    left = disk.free()
    assert "queue.free_space_min" in refused(quick, "a@example.net")
    assert disk.free() == left and len(quick.dropped()) == 2  # the filler
    disk.empty()
    quick.submit("after@example.net", stdin=large(2))
    quick.start()
    server.record.wait_messages(2)
    assert copies(server) == dict.fromkeys(
        ["before@example.net", "after@example.net"], 1)


# ---- read-only ----

def test_read_only_at_the_start(small, server):
    small.start()
    names = queue_some(small, server, 3)
    small.stop()
    small.disk.read_only()
    daemon = small.spawn()
    assert daemon.wait(DEADLINE) != 0
    assert "Read-only file system" in small.report()[2][1]
    small.submit("dropped@example.net", stdin=SMALL)
    assert "r1@example.net" in small.mailq()
    small.disk.writable()
    small.start()
    server.up()
    server.record.wait_messages(4)
    small.wait(lambda: is_empty(small), "an empty queue")
    assert copies(server) == dict.fromkeys(names + ["dropped@example.net"], 1)
    assert small.stop() == 0


def test_read_only_while_running(small, server):
    """strace says so at first, since a file that is open for writing keeps
    its disk writable; as soon as none is, the disk is read-only indeed."""
    small.start()
    names = queue_some(small, server, 3)
    writes = "pwrite64,fdatasync,ftruncate"
    pid = small.queue_pid()
    # The parent starts no other one, which would have the file open again.
    with stopped(small.daemon.pid), strike.attached(pid, small.path("trace"), [
            "-e", "trace=" + writes,
            "-e", "inject=%s:error=EROFS" % writes]):
        small.submit("dropped@example.net", stdin=SMALL)
        assert wait_end(pid)
        small.disk.read_only()
    server.up()
    small.log.wait_for("fatal", text="Read-only file system")
    small.submit("dropped2@example.net", stdin=SMALL)
    assert not server.record.accepted
    small.disk.writable()
    server.record.wait_messages(5)
    small.wait(lambda: is_empty(small), "an empty queue")
    assert copies(server) == dict.fromkeys(
        names + ["dropped@example.net", "dropped2@example.net"], 1)
    assert small.stop() == 0


def test_drop_folder_read_only(quick, server, make_disk):
    quick.conf["queue"]["free_space_min"] = "0"
    quick.write_conf()
    disk = make_disk(quick.path("spool/drop"), 4 * MIB)
    quick.submit("before@example.net", stdin=SMALL)
    disk.read_only()
    assert "Read-only file system" in refused(quick, "a@example.net")
    quick.start()
    server.record.wait_messages(1)
    # It cannot be removed, and is not sent twice for that.
    stuck = quick.log.wait_for("drop-file-stuck")
    assert "Read-only file system" in stuck["text"]
    quick.submit("socket@example.net", stdin=SMALL)
    server.record.wait_messages(2)
    disk.writable()
    quick.restart()
    quick.wait(lambda: not quick.dropped(), "an empty drop folder")
    assert copies(server) == dict.fromkeys(
        ["before@example.net", "socket@example.net"], 1)
    assert quick.stop() == 0


# ---- vanished ----

FOLDERS = {"directory": ("lib", 0o700), "socket_directory": ("run", 0o755),
           "drop_directory": ("spool/drop", 0o3733)}


def make_anew(site, option):
    name, mode = FOLDERS[option]
    path = site.path(name)
    os.mkdir(path)
    os.chown(path, site.uid, site.gid)
    os.chmod(path, mode)


@pytest.mark.parametrize("option", FOLDERS)
def test_gone_before_the_start(quick, server, option):
    """The daemon makes it as it has to be."""
    name, mode = FOLDERS[option]
    shutil.rmtree(quick.path(name))
    quick.daemon = quick.spawn()
    quick.log.wait_for("started")
    seen = os.stat(quick.path(name))
    assert (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid) == (
        mode, quick.uid, quick.gid)
    quick.submit("a@example.net", stdin=SMALL)
    server.record.wait_messages(1)


def test_queue_directory_removed_while_running(quick, server):
    """What lay in it is gone; nothing else is, and nothing is pretended."""
    quick.start()
    # What a start writes is written once this has gone.
    quick.submit("first@example.net", stdin=SMALL)
    server.record.wait_messages(1)
    quick.wait_empty()
    shutil.rmtree(quick.path("lib"))
    assert quick.path("lib") in refused(quick, "a@example.net", stdin=SMALL)
    make_anew(quick, "directory")
    quick.submit("b@example.net", stdin=SMALL)
    assert "removed" in quick.log.wait_for("commit-failed")["text"]
    server.record.wait_messages(2)
    quick.wait_empty()
    # And when the queue process has to start again without it.
    pid = quick.queue_pid()
    shutil.rmtree(quick.path("lib"))
    os.kill(pid, signal.SIGKILL)
    said = quick.log.wait_for("fatal")["text"]
    assert quick.path("lib") in said and "No such file" in said
    quick.submit("c@example.net", stdin=SMALL)
    assert len(quick.dropped()) == 1
    make_anew(quick, "directory")
    server.record.wait_messages(3)
    assert copies(server) == dict.fromkeys(
        ["first@example.net", "b@example.net", "c@example.net"], 1)
    assert quick.stop() == 0


def test_socket_directory_removed_while_running(quick, server):
    """Mail goes by the drop folder; a reload makes the sockets again."""
    quick.start()
    wait_until(lambda: os.path.exists(quick.path("run/mailchuted.pid")),
               [quick.path("run")], "the last file to be made there")
    shutil.rmtree(quick.path("run"))
    quick.submit("dropped@example.net", stdin=SMALL)
    server.record.wait_messages(1)
    make_anew(quick, "socket_directory")
    quick.daemon.send_signal(signal.SIGHUP)
    quick.wait(quick.is_ready, "the socket")
    quick.wait_empty()
    quick.submit("socket@example.net", stdin=SMALL)
    server.record.wait_messages(2)
    assert not quick.dropped() and set(copies(server).values()) == {1}
    assert quick.stop() == 0


def test_drop_directory_removed_while_running(quick, server):
    """Another one in its place is taken up with the next reload at least."""
    quick.start()
    quick.log.wait_for("started")
    shutil.rmtree(quick.path("spool/drop"))
    quick.submit("socket@example.net", stdin=SMALL)
    server.record.wait_messages(1)
    make_anew(quick, "drop_directory")
    run = quick.path("run/submit")
    os.rename(run, run + ".away")
    quick.submit("dropped@example.net", stdin=SMALL)
    os.rename(run + ".away", run)
    quick.daemon.send_signal(signal.SIGHUP)
    server.record.wait_messages(2)
    quick.wait(lambda: not quick.dropped(), "an empty drop folder")
    assert set(copies(server).values()) == {1}
    assert quick.stop() == 0
