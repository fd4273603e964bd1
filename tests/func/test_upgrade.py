# SPDX-License-Identifier: ISC
"""What programs of an earlier version wrote and said, met by those of today,
and the other way about.  tests/data holds it octet for octet."""

import os
import socket

import pytest

from lib import specimens
from lib.fakedaemon import (ACCEPTED, GREETING, REFUSED, FakeDaemon, copy_as,
                            frames, greeting, read_until_end)
from lib.notify import DEADLINE
from lib.specimens import VERSION_1

TEMPFAIL, SOFTWARE = 75, 70
LARGE = b"Subject: large\r\n\r\n" + (b"x" * 70 + b"\r\n") * 75000


@pytest.fixture
def old_host(site):
    """As the drop files know it."""
    site.write("conf/aliases", specimens.ALIASES)
    return site


def plant(site, name, data):
    """A file in the drop folder, as its owner would have written it."""
    site.write("planted", "")
    with open(site.path("planted"), "wb") as f:
        f.write(data)
    copy_as(site.path("spool/drop/" + name), site.path("planted"), site.uid,
            site.gid)


def say(site, data):
    """As a client on the socket: the (type, payload) that the daemon says."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(DEADLINE)
        s.connect(site.path("run/submit"))
        s.sendall(data)
        heard = b""
        while True:
            more = s.recv(65536)
            if not more:
                return list(frames(heard))
            heard += more


def arrived(server, n):
    return sorted(sorted(m.addresses) for m in server.record.wait_messages(n))


def as_sent(names):
    return sorted(sorted(VERSION_1[name]) for name in names)


# ---- version 1, written and said ----------------------------------------------

@pytest.mark.parametrize("when", ["before the start", "while it runs"])
def test_drop_files_of_version_1(old_host, server, when):
    site = old_host
    if when == "while it runs":
        site.start()
    for name in VERSION_1:
        plant(site, name, specimens.drop_file(name))
    if when == "before the start":
        site.start()
    assert arrived(server, len(VERSION_1)) == as_sent(VERSION_1)
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    site.wait_empty()
    bodies = [m.raw for m in server.record.accepted]
    assert sum("Grüße aus dem Café\r\n".encode() in b for b in bodies) == 1
    assert sum(b"the disk\r\n.\r\nis full\r\n" in b for b in bodies) == 1
    with_envid = [m.mail_params for m in server.record.accepted
                  if "ENVID" in m.mail_params]
    assert [p["ENVID"] for p in with_envid] == ["QQ+2B314159"] * 2
    assert [p["RET"] for p in with_envid] == ["HDRS"] * 2


def test_submissions_of_version_1(old_host, server):
    site = old_host.start()
    for name in VERSION_1:
        (first, _), (second, payload) = say(site, specimens.said(name))
        assert (first, second) == (GREETING, ACCEPTED), payload
    assert arrived(server, len(VERSION_1)) == as_sent(VERSION_1)


def test_a_repeat_is_known_by_its_id(old_host, server):
    """By the socket, its answer lost; then by the drop folder."""
    site = old_host.start()
    say(site, specimens.said("small"))
    server.record.wait_messages(1)
    # Its owner is who has said it.
    site.write("planted", "")
    with open(site.path("planted"), "wb") as f:
        f.write(specimens.drop_file("small"))
    copy_as(site.path("spool/drop/again"), site.path("planted"), os.getuid(),
            site.gid)
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    site.wait_empty()
    assert len(server.record.accepted) == 1


@pytest.mark.parametrize("way", ["socket", "drop folder"])
def test_a_large_one_of_version_1(site, server, way):
    site.start()
    data = specimens.submission(LARGE, ["a@example.net"])
    if way == "socket":
        assert say(site, data)[1][0] == ACCEPTED
    else:
        plant(site, "large", b"mailchute drop 1\n" + data)
    message = server.record.wait_messages(1)[0]
    assert message.body == LARGE.partition(b"\r\n\r\n")[2]


def test_more_recipients_than_a_frame_holds(make_site, server):
    site = make_site(server)
    site.conf["queue"]["delivery"] = "off"
    site.start()
    rcpts = ["%s%d@example.net" % ("x" * 40, n) for n in range(6000)]
    assert say(site, specimens.submission(b"x: y\r\n", rcpts))[1][0] == \
        ACCEPTED
    assert site.database("SELECT count(*) FROM recipient") == [(6000,)]


def daemon_of_version_1(answer):
    def behave(client):
        client.sendall(specimens.read("submit-1", "greeting"))
        read_until_end(client)
        client.sendall(specimens.read("submit-1", answer))
    return behave


@pytest.mark.parametrize("answer, status, text", [
    ("accepted", 0, ""),
    ("refused-temporary", TEMPFAIL, "make room there"),
    ("refused-permanent", SOFTWARE, "a frame of unknown type")])
def test_sendmail_and_a_daemon_of_version_1(site, answer, status, text):
    with FakeDaemon(site.path("run/submit"), daemon_of_version_1(answer)):
        done = site.sendmail("-i", "a@example.net")
    assert done.returncode == status and text in done.stderr, done
    assert site.dropped() == []


# ---- what is newer than today ---------------------------------------------------

NEWER = b"mailchute drop 2\n" + specimens.submission(
    b"x: y\r\n", ["a@example.net"], version=2)


def test_newer_drop_files_wait_and_hold_up_nobody(site, server):
    """The package was upgraded, and the daemon still is the old one."""
    plant(site, "a-newer", NEWER)
    plant(site, "b-cut", NEWER[:40])
    site.start()
    site.submit("b@example.net", uid=site.uid)
    site.log.wait_for("drop-file-newer", nth=2)
    plant(site, "c-old", specimens.drop_file("small"))
    assert arrived(server, 2) == [["a@example.net"], ["b@example.net"]]
    site.wait(lambda: site.dropped() == ["a-newer", "b-cut"],
              "the newer files alone")
    site.restart()
    said = site.log.wait_for("drop-file-newer", file="a-newer", nth=2)
    assert "version 2" in said["text"] and "knows 1" in said["text"]
    assert site.dropped() == ["a-newer", "b-cut"]


def test_a_newer_submission_is_put_off(running):
    (_, _), (kind, payload) = say(running, specimens.submission(
        b"x: y\r\n", ["a@example.net"], version=2, more=b"\xc8\0\0\0\1x"))
    assert kind == REFUSED
    assert b"4.5.0" in payload and b"restart mailchuted" in payload
    # What version 1 never had is no matter of versions.
    (_, _), (kind, payload) = say(running, specimens.submission(
        b"x: y\r\n", ["a@example.net"], more=b"\xc8\0\0\0\1x"))
    assert kind == REFUSED
    assert b"5.5.0" in payload and b"a field is not known" in payload


@pytest.mark.parametrize("version", [0, 2, 999])
def test_sendmail_and_a_daemon_of_another_version(site, server, version):
    """One that lacks what the message needs does not get it, and it is kept;
    a newer one is told in words that it knows."""
    def behave(client):
        client.sendall(greeting(version))
        if version == 0:
            client.recv(1)
            client.sendall(specimens.read("submit-1", "refused-temporary"))
        else:
            read_until_end(client)
            client.sendall(specimens.read("submit-1", "accepted"))
    with FakeDaemon(site.path("run/submit"), behave):
        site.submit("a@example.net")
    assert len(site.dropped()) == (version == 0)
    if version == 0:
        site.start()
        assert arrived(server, 1) == [["a@example.net"]]
