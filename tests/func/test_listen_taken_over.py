# SPDX-License-Identifier: ISC
"""An smtpd that a client has taken over: what it gets of the parent and of the
queue process, and what becomes of it.  The test holds its channel."""

import array
import ctypes
import os
import smtplib
import socket

import pytest

from lib.notify import DEADLINE, wait_end
from test_listen import Client, add_listener, send
from test_listen_processes import clients, server
from test_listen_sockets import needs_root

CHANNEL = 3  # LISTEN_FD of common/proto_listen.h
ASK = b"\x02" + bytes(4)  # LISTEN_ASK, of a client that has said nothing
PIDFD_GETFD = 438


def steal(pid):
    """As code in that process has it."""
    pidfd = os.pidfd_open(pid)
    try:
        fd = ctypes.CDLL(None, use_errno=True).syscall(
            PIDFD_GETFD, pidfd, CHANNEL, 0)
        assert fd >= 0, os.strerror(ctypes.get_errno())
        channel = socket.socket(fileno=fd)
        channel.settimeout(DEADLINE)
        return channel
    finally:
        os.close(pidfd)


class Taken:
    """A client inside, whose smtpd is ours, and one beside it."""

    def __init__(self, site, port):
        self.site, self.port = site, port
        self.other = Client(port)
        self.other.noop()
        self.beside, = clients(site)
        self.client = Client(port)
        self.client.noop()
        self.pid, = set(clients(site)) - {self.beside}
        self.server = server(site)
        self.channel = steal(self.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
        self.client.close()
        self.other.close()

    def ends_alone(self, why):
        """It is killed and named, as is its fork server; nobody else is
        concerned."""
        site = self.site
        said = site.log.wait_for("smtpd-taken-over", client="127.0.0.1")
        assert said["listener"] == "scan"
        assert why in said["text"]
        assert "SECURITY.md" in said["fix"]
        assert wait_end(self.pid)
        assert wait_end(self.server)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            self.client.noop()
        send(self.port)
        assert server(site) != self.server
        assert self.other.noop()[0] == 250
        assert self.beside in clients(site)
        assert len(site.log.events("smtpd-taken-over")) == 1
        # That it was killed is no crash of its own.
        assert site.log.events("smtpd-ended") == []


@pytest.fixture
def port(site):
    site.conf["queue"]["delivery"] = "off"
    return add_listener(site)


@needs_root
def test_it_has_one_connection_to_the_queue(site, port):
    """More would be those of the others: 256 are for all listeners."""
    site.start()
    got = []
    with Taken(site, port) as taken:
        try:
            while len(got) < 300:
                taken.channel.sendall(ASK)
                text, fds, _, _ = socket.recv_fds(taken.channel, 512, 1)
                got += fds
                if not text:
                    break
        except ConnectionError:
            pass
        # What it holds keeps nobody from sending, now or later.
        taken.ends_alone("connection")
        for fd in got:
            os.close(fd)


@needs_root
def test_it_does_not_hold_up_the_parent(site, port):
    """By answers that it does not read."""
    site.start()
    with Taken(site, port) as taken:
        try:
            for _ in range(1000):
                taken.channel.sendall(ASK)
        except ConnectionError:
            pass
        taken.ends_alone("answer")


@needs_root
@pytest.mark.parametrize("record", [
    b"\xff" * 100, ASK + ASK, ASK[:3], b"\x07" + bytes(4), b"\x02" * 8192])
def test_what_no_smtpd_says(site, port, record):
    site.start()
    with Taken(site, port) as taken:
        taken.channel.sendall(record)
        taken.ends_alone("no smtpd")


@needs_root
def test_descriptors_on_the_channel(site, port):
    """The parent takes none."""
    site.start()
    with Taken(site, port) as taken:
        before = os.listdir("/proc/%d/fd" % site.daemon.pid)
        with open("/dev/null", "rb") as null:
            taken.channel.sendmsg([b"\xff"], [(
                socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", [null.fileno()] * 8))])
        taken.ends_alone("no smtpd")
        assert len(os.listdir("/proc/%d/fd" % site.daemon.pid)) <= len(before)


@needs_root
def test_a_channel_that_ends_is_no_takeover(site, port):
    """So does each, when its client has gone."""
    site.start()
    with Client(port) as c:
        c.noop()
        pid, = clients(site)
        steal(pid).shutdown(socket.SHUT_RDWR)
        assert c.getreply()[0] == 421
    assert wait_end(pid)
    send(port)
    assert site.log.events("smtpd-taken-over") == []
    assert site.log.events("smtpd-ended") == []
