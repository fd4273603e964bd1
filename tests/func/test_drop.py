# SPDX-License-Identifier: ISC
"""The drop folder: each way into it, and each thing found in it."""

import os
import pwd
import socket
import stat
import subprocess

import pytest

from lib.fakedaemon import (ACCEPTED, END, FakeDaemon, copy_as, field, frame,
                            frames, greeting, read_until_end, relay)
from lib.site import USER, program

MAGIC = b"mailchute drop 1\n"
TEMPFAIL = 75
TEXT = "From: %s\nTo: a@example.net\nSubject: x\n\nhello\n" % USER

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def one_file(site):
    names = site.dropped()
    assert len(names) == 1, names
    return site.path("spool/drop/" + names[0])


def is_complete(path):
    with open(path, "rb") as f:
        data = f.read()
    return data.startswith(MAGIC) and \
        [kind for kind, _ in frames(data[len(MAGIC):])][-1] == 5


def delivered_once(site, server):
    """Starts the daemon; exactly one message arrives, and all is tidy."""
    if site.daemon is None:
        site.start()
    server.record.wait_messages(1)
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    site.wait_empty()
    assert len(server.record.accepted) == 1
    return server.record.accepted[0]


# ---- ways into it ------------------------------------------------------------

def test_no_daemon(site, server):
    site.submit("a@example.net")
    path = one_file(site)
    seen = os.stat(path)
    assert stat.S_IMODE(seen.st_mode) == 0o640
    assert seen.st_gid == site.gid and seen.st_nlink == 1
    assert is_complete(path)
    assert delivered_once(site, server).addresses == ["a@example.net"]


@needs_root
@pytest.mark.parametrize("user", ["games", "nobody", "root"])
def test_the_owner_is_who_submitted(site, user):
    site.conf["queue"]["delivery"] = "off"
    uid = pwd.getpwnam(user).pw_uid
    assert site.sendmail("-i", "a@example.net", uid=uid).returncode == 0
    seen = os.stat(one_file(site))
    assert (seen.st_uid, seen.st_gid) == (uid, site.gid)
    site.start()
    site.wait(lambda: site.queue(), "the message in the queue")
    message = site.queue()[0]
    assert (message["uid"], message["sender"]) == (
        uid, user + "@contoso.example")


def test_stale_socket(site, server):
    """A socket that nobody listens on, as a killed daemon leaves it."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(site.path("run/submit"))
    os.chmod(site.path("run/submit"), 0o666)
    site.submit("a@example.net")
    one_file(site)
    delivered_once(site, server)


def test_socket_folder_missing(site, server):
    os.rmdir(site.path("run"))
    site.submit("a@example.net")
    one_file(site)


@needs_root
def test_socket_denied(site, server):
    os.chmod(site.path("run"), 0o700)
    assert site.sendmail("-i", "a@example.net", uid=5).returncode == 0
    one_file(site)


def test_something_else_at_the_socket(site):
    site.write("run/submit", "not a socket")
    site.submit("a@example.net")
    one_file(site)


def test_daemon_without_a_greeting(site, server):
    """Five seconds are the limit of what is believed to be a daemon."""
    hang = FakeDaemon(site.path("run/submit"), lambda c: c.recv(1 << 20) and
                      c.recv(1))
    with hang:
        site.submit("a@example.net")
    one_file(site)
    delivered_once(site, server)


def test_daemon_that_is_too_new(site):
    with FakeDaemon(site.path("run/submit"),
                    lambda c: c.sendall(greeting(99))):
        site.submit("a@example.net")
    assert is_complete(one_file(site))


def test_backlog_full(site):
    with FakeDaemon(site.path("run/submit"), None, backlog=0):
        waiting = []
        for _ in range(8):
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(False)
            s.connect_ex(site.path("run/submit"))
            waiting.append(s)
        site.submit("a@example.net")
        for s in waiting:
            s.close()
    one_file(site)


@pytest.mark.parametrize("when", ["at once", "after the greeting",
                                  "after some octets", "after all"])
def test_daemon_dies(site, server, when):
    def behave(client):
        if when == "at once":
            return
        client.sendall(greeting())
        if when == "after some octets":
            client.recv(10)
        if when == "after all":
            read_until_end(client)
    with FakeDaemon(site.path("run/submit"), behave):
        site.submit("a@example.net", stdin=TEXT + "x" * 500 + "\n")
    assert is_complete(one_file(site))
    delivered_once(site, server)


@pytest.mark.parametrize("answer", [
    b"\xff" * 100, b"\x06\x00\x00\x00\x00", b"\x06\xff\xff\xff\xff",
    b"HTTP/1.0 200 OK\r\n\r\n", greeting()])
def test_daemon_talks_nonsense(site, answer):
    def behave(client):
        client.sendall(greeting())
        read_until_end(client)
        client.sendall(answer)
    with FakeDaemon(site.path("run/submit"), behave):
        done = site.sendmail("-i", "a@example.net")
    assert done.returncode == 0
    assert is_complete(one_file(site))


def test_lost_answer_is_no_second_copy(site, server):
    """The daemon took it, its answer got lost: the drop file is the same
    submission, and intake knows it by its id."""
    site.start()
    os.rename(site.path("run/submit"), site.path("run/real"))

    def spoil(kind, payload):
        return None if kind == ACCEPTED else frame(kind, payload)
    with FakeDaemon(site.path("run/submit"),
                    relay(site.path("run/real"), spoil)):
        site.submit("a@example.net")
    delivered_once(site, server)


BIG = TEXT + ("y" * 70 + "\n") * 40000  # 2.8 MB


def dies_after(octets):
    """A daemon that takes so much of a message and is then gone."""
    def behave(client):
        client.sendall(greeting())
        data = b"-"
        left = octets
        while data and left > 0:
            data = client.recv(65536)
            left -= len(data)
    return behave


@pytest.mark.parametrize("octets", [1000, 500000])
def test_large_and_the_daemon_dies_early(site, server, octets):
    """The first 1 MiB is still in memory: nothing is lost yet."""
    with FakeDaemon(site.path("run/submit"), dies_after(octets)):
        site.submit("a@example.net", stdin=BIG)
    assert delivered_once(site, server).body.count(b"\r\n") == 40001


def test_large_from_a_pipe_and_the_daemon_dies(site):
    with FakeDaemon(site.path("run/submit"), dies_after(2000000)):
        done = site.sendmail("-i", "a@example.net", stdin=BIG)
    assert done.returncode == TEMPFAIL and done.stderr
    assert site.dropped() == []


def test_large_from_a_file_and_the_daemon_dies(site, server):
    """A file can be read again from its start."""
    path = site.write("big", BIG)
    with FakeDaemon(site.path("run/submit"), dies_after(2000000)), \
            open(path, "rb") as f:
        done = site.run([program("sendmail"), "-C", site.conf_path, "-i",
                         "-f", USER, "a@example.net"], stdin=f)
    assert done.returncode == 0, done
    assert delivered_once(site, server).body.count(b"\r\n") == 40001


def test_large_without_a_daemon(site, server):
    site.submit("a@example.net", stdin=BIG)
    assert delivered_once(site, server).body.count(b"\r\n") == 40001


# ---- the folder itself -------------------------------------------------------

@needs_root
def test_root_makes_the_folder(site, server):
    os.rmdir(site.path("spool/drop"))
    site.submit("a@example.net")
    seen = os.stat(site.path("spool/drop"))
    assert (stat.S_IMODE(seen.st_mode), seen.st_uid, seen.st_gid) == (
        0o3733, site.uid, site.gid)
    delivered_once(site, server)


@needs_root
def test_others_do_not(site):
    os.rmdir(site.path("spool/drop"))
    done = site.sendmail("-i", "a@example.net", uid=5)
    assert done.returncode == TEMPFAIL
    assert site.path("spool/drop") in done.stderr
    assert "start mailchuted as root, which makes it" in done.stderr
    assert not os.path.exists(site.path("spool/drop"))


@needs_root
@pytest.mark.parametrize("owner, mode", [(5, 0o644), (0, 0o646)])
def test_root_makes_none_by_somebody_s_word(site, owner, mode):
    """-C of a file that is another's, or that others may write."""
    os.rmdir(site.path("spool/drop"))
    os.chown(site.conf_path, owner, 0)
    os.chmod(site.conf_path, mode)
    done = site.sendmail("-i", "a@example.net")
    assert done.returncode == TEMPFAIL and done.stderr
    assert not os.path.exists(site.path("spool/drop"))
    os.chown(site.conf_path, 0, 0)
    os.chmod(site.conf_path, 0o644)
    assert site.sendmail("-i", "a@example.net").returncode == 0
    assert len(site.dropped()) == 1


@needs_root
def test_no_folder_without_a_user(site):
    """And how there will be one."""
    site.conf["queue"]["user"] = "no-such-user-here"
    site.write_conf()
    os.rmdir(site.path("spool/drop"))
    done = site.sendmail("-i", "a@example.net")
    assert done.returncode == TEMPFAIL
    assert "make it by useradd --system --user-group --shell " \
        "/usr/sbin/nologin no-such-user-here\n" in done.stderr


@needs_root
def test_folder_denied(site):
    os.chmod(site.path("spool/drop"), 0o700)
    done = site.sendmail("-i", "a@example.net", uid=5)
    assert done.returncode == TEMPFAIL
    assert site.path("spool/drop") in done.stderr


def test_folder_full(site):
    """A write that fails leaves no half file, and says so."""
    done = site.run(["/bin/sh", "-c", 'ulimit -f 1; exec "$@"', "sh",
                     program("sendmail"), "-C", site.conf_path, "-i",
                     "a@example.net"], TEXT + "x" * 70000 + "\n")
    assert done.returncode == TEMPFAIL and done.stderr
    assert site.dropped() == []


def test_killed_while_writing(site, server):
    """Half a file is no message; nothing is sent from it."""
    proc = subprocess.Popen(
        [program("sendmail"), "-C", site.conf_path, "-i", "a@example.net"],
        stdin=subprocess.PIPE, env=site.environment())
    proc.stdin.write(("Subject: x\n\n" + "z" * 70 + "\n").encode() * 60000)
    proc.stdin.flush()
    proc.kill()
    proc.wait()
    site.start()
    site.submit("b@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    assert [m.addresses for m in server.record.accepted] == [
        ["b@example.net"]]


# ---- what lies in it -----------------------------------------------------------

@pytest.fixture
def whole(site):
    """A good drop file, kept aside for tests to plant."""
    site.submit("a@example.net")
    path = site.path("good")
    os.rename(one_file(site), path)
    return path


def plant(site, name):
    return site.path("spool/drop/" + name)


def test_replayed_while_the_daemon_runs(site, server, whole):
    site.start()
    copy_as(plant(site, "new"), whole, site.uid, site.gid)
    delivered_once(site, server)


def test_the_same_submission_twice(site, server, whole):
    copy_as(plant(site, "one"), whole, site.uid, site.gid)
    copy_as(plant(site, "two"), whole, site.uid, site.gid)
    delivered_once(site, server)


@pytest.mark.parametrize("spoil", [
    lambda d: d[:-1], lambda d: d[:len(MAGIC) + 3], lambda d: MAGIC,
    lambda d: MAGIC + b"\x02\x00"])
def test_without_its_end_it_waits(site, server, whole, spoil):
    with open(whole, "rb") as f:
        data = f.read()
    path = plant(site, "half")
    with open(path, "wb") as f:
        f.write(spoil(data))
    os.chmod(path, 0o640)
    os.chown(path, site.uid, site.gid)
    site.start()
    site.submit("b@example.net")
    server.record.wait_messages(1)
    assert site.dropped() == ["half"]
    assert len(server.record.accepted) == 1


ENDING = frame(END, field(17, (3).to_bytes(8, "big")))  # SF_SIZE


@pytest.mark.parametrize("data", [
    b"#!/bin/sh\nid\n" * 100, MAGIC + frame(2, b"abc") + ENDING,
    MAGIC + b"\xff" * 100 + ENDING, MAGIC + frame(4, b"x\r\n") + ENDING],
    ids=["script", "envelope", "frame", "no envelope"])
def test_no_message_at_all_goes_aside(site, server, data):
    path = plant(site, "junk")
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o640)
    os.chown(path, site.uid, site.gid)
    site.start()
    site.wait(lambda: site.dropped() == ["aside.junk"], "the junk set aside")
    site.submit("b@example.net")
    server.record.wait_messages(1)


def test_things_that_are_no_files(site, server):
    os.mkdir(plant(site, "folder"))
    os.mkfifo(plant(site, "fifo"))
    os.symlink("/etc/passwd", plant(site, "link"))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(plant(site, "sock"))
    site.start()
    site.submit("b@example.net")
    server.record.wait_messages(1)
    assert len(server.record.accepted) == 1
    assert os.path.islink(plant(site, "link")) or \
        os.path.islink(plant(site, "aside.link"))


def test_hard_link_is_not_taken(site, server, whole):
    """A link to somebody's file must not be sent in his name."""
    copy_as(plant(site, "one"), whole, site.uid, site.gid)
    os.link(plant(site, "one"), site.path("spool/other"))
    site.start()
    site.submit("b@example.net")
    server.record.wait_messages(1)
    assert [m.addresses for m in server.record.accepted] == [
        ["b@example.net"]]


@needs_root
def test_foreign_group_is_not_taken(site, server, whole):
    """A file renamed into the folder keeps its own group."""
    copy_as(plant(site, "one"), whole, 5, 5)
    site.start()
    site.submit("b@example.net")
    server.record.wait_messages(1)
    assert [m.addresses for m in server.record.accepted] == [
        ["b@example.net"]]


def test_refused_for_now_is_tried_again(site, server):
    site.submit("a@example.net")
    site.conf["queue"]["free_space_min"] = "1024G"
    site.start()
    site.wait(lambda: "space" in site.log.text(), "the refusal in the log")
    assert len(site.dropped()) == 1
    site.stop()
    site.conf["queue"]["free_space_min"] = "1M"
    delivered_once(site, server)
