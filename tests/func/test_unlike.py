# SPDX-License-Identifier: ISC
"""Programs of one installation of which one was upgraded under the other:
deliver under a mailchuted that runs on, mailq beside an older daemon."""

import os
import shutil
import socket
import struct

import pytest

from lib.fakedaemon import FakeDaemon, field, frame, frames
from lib.notify import DEADLINE
from lib.site import program

TEMPFAIL = 75
REQUEST, DONE = 1, 9

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a mount of its own")

# ---- deliver -------------------------------------------------------------------

# Passes the SESSION on as one of another version, and the answer back.
OTHER_VERSION = """#!/usr/bin/python3 -I
import os, socket, struct
up = socket.socket(fileno=os.dup(3))
here, there = socket.socketpair()
if os.fork() == 0:
    os.dup2(there.fileno(), 3)
    os.set_inheritable(4, True)
    os.execv("%s", ["deliver"])
there.close()
os.close(3)
head = up.recv(5, socket.MSG_WAITALL)
session = bytearray(up.recv(struct.unpack("!BI", head)[1],
                            socket.MSG_WAITALL))
session[12] += 6
here.sendall(head + session)
while True:
    said = here.recv(65536)
    if not said:
        break
    up.sendall(said)
"""

SAYS = """#!/usr/bin/python3 -I
import os, socket
os.write(3, %r)
while os.read(3, 65536):
    pass
"""


class Libexec:
    """A folder that stands in the place of the installed one, for a daemon
    started through it and for nobody else."""

    def __init__(self, site):
        self.folder = site.path("libexec")
        self.real = site.path("deliver")
        os.mkdir(self.folder)
        shutil.copy(program("deliver"), self.real)

    def put(self, text):
        path = os.path.join(self.folder, "deliver")
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, 0o755)

    @property
    def through(self):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                'mount --bind "$0" "$1" && shift && exec "$@"', self.folder,
                os.path.dirname(program("deliver"))]


def other_version(libexec):
    libexec.put(OTHER_VERSION % libexec.real)


def refuses(libexec):
    """As one of a later day does."""
    libexec.put(SAYS % frame(14, b"upgraded: restart mailchuted"))


def other_ready(libexec):
    """READY as it may look in a version to come."""
    libexec.put(SAYS % frame(2, field(40, b"x") + field(99, b"y")))


def babbles(libexec):
    libexec.put(SAYS % b"\xff\xff\xff\xff\xffhello")


def ends(libexec):
    libexec.put("#!/bin/sh\nexit 0\n")


def half_written(libexec):
    with open(libexec.real, "rb") as f:
        libexec.put(f.read(4096))


def missing(libexec):
    """As while "make install" puts another in its place."""


@needs_root
@pytest.mark.parametrize("what, text, fix", [
    (other_version, "to deliver, which knows", "restart"),
    (refuses, "upgraded: restart mailchuted", "restart"),
    (other_ready, "broke the protocol", "restart"),
    (babbles, "broke the protocol", "restart"),
    (ends, "ended without a word", "restart"),
    (half_written, "", None),
    (missing, "libexec/mailchute/deliver", None)],
    ids=lambda v: getattr(v, "__name__", ""))
def test_another_deliver_was_installed(make_site, server, what, text, fix):
    """Nothing is sent, tried or bounced; it goes once mailchuted is the one
    that deliver belongs to."""
    site = make_site(server, backoff_min="1s", backoff_max="2s")
    libexec = Libexec(site)
    what(libexec)
    site.start(through=libexec.through)
    site.submit("a@example.net", "b@example.net")
    said = site.log.wait_for("backoff", nth=2)
    assert text in said["text"]
    account, = site.status()["accounts"]
    assert account["state"] == "backoff" and text in account["text"]
    if fix:
        assert fix in account["fix"]
        assert fix in site.mailq()
    message, = site.queue()
    assert message["attempts"] == 0
    assert {r["state"] for r in message["recipients"]} == {"queued"}
    assert not server.record.messages
    site.stop()
    site.start()
    (sent,) = server.record.wait_messages(1)
    assert sorted(sent.addresses) == ["a@example.net", "b@example.net"]
    site.wait_empty()
    assert len(server.record.accepted) == 1
    assert not site.log.events("bounced") and not site.log.events("uncertain")


@needs_root
def test_it_is_installed_in_the_middle_of_a_delivery(make_site, server):
    """The one that runs is not touched; the next one is the other."""
    site = make_site(server, backoff_min="1s", backoff_max="2s", linger="0s")
    libexec = Libexec(site)
    shutil.copy(libexec.real, os.path.join(libexec.folder, "deliver"))
    fault = server.faults.add(state="dot", stall=True)
    site.start(through=libexec.through)
    site.submit("a@example.net")
    server.record.wait_event("stall", "dot")
    # As install(1) does it: another file under the name.
    os.unlink(os.path.join(libexec.folder, "deliver"))
    other_version(libexec)
    fault.release()
    server.record.wait_messages(1)
    site.wait_empty()
    server.record.wait_idle()
    site.submit("b@example.net")
    site.log.wait_for("backoff")
    assert site.recipients()["b@example.net"]["state"] == "queued"
    site.restart()
    assert [m.addresses for m in server.record.wait_messages(2)] == [
        ["a@example.net"], ["b@example.net"]]
    site.wait_empty()


# ---- control ---------------------------------------------------------------------

def number(tag, value):
    return field(tag, struct.pack("!Q", value))


def test_a_request_of_another_version(running):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(DEADLINE)
        s.connect(running.path("run/control"))
        s.sendall(frame(REQUEST, number(1, 200) + field(200, b"new")))
        heard = b""
        while True:
            more = s.recv(65536)
            if not more:
                break
            heard += more
    ((kind, payload),) = frames(heard)
    assert kind == DONE
    assert payload.startswith(number(1, TEMPFAIL))
    assert b"version 200" in payload and b"restart mailchuted" in payload


OLDER = frame(DONE, number(1, TEMPFAIL) + field(
    2, b"the request is of version 2 and mailchuted speaks 1; restart "
       b"mailchuted, or use the program that came with it"))
STRANGE = frame(2, field(1, b"0193A0B1C2D3") + field(77, b"new"))


@pytest.mark.parametrize("answer, text", [
    (OLDER, "restart mailchuted"),
    (STRANGE, "restart mailchuted"),
    (frame(99, b"a row to come"), ""),
    (b"", "before its answer was complete")],
    ids=["older", "unknown field", "unknown row", "nothing"])
@pytest.mark.parametrize("who", ["mailq", "mailchute", "sendmail -q"])
def test_a_daemon_of_another_version(site, who, answer, text):
    """Never an empty queue, never a success."""
    def behave(client):
        client.recv(65536)
        client.sendall(answer)
    argv = {"mailq": ["mailq", "-C", site.conf_path],
            "mailchute": ["mailchute", "-C", site.conf_path, "queue"],
            "sendmail -q": ["sendmail", "-C", site.conf_path, "-q"]}[who]
    with FakeDaemon(site.path("run/control"), behave):
        done = site.run([program(argv[0]), *argv[1:]])
    assert done.returncode == TEMPFAIL, done
     # Rows are nothing that sendmail -q looks at.
    if who == "sendmail -q" and answer is STRANGE:
        text = "before its answer was complete"
    assert text in done.stderr, done
    assert "empty" not in done.stdout
