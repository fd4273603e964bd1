# SPDX-License-Identifier: ISC
"""Clients of a listener that mean harm, or do it: what becomes of the others."""

import contextlib
import os
import re
import resource
import smtplib
import socket

import pytest

from lib.notify import DEADLINE
from lib.site import USER, sanitized
from test_listen import TO, Client, add_listener, children, comm, greeting, send
from test_listen_auth import sign_in, with_users
from test_listen_sockets import needs_root

MIB = 1024
OCTETS = 1024 * 1024


def memory(pid, what="VmRSS"):
    """In KiB."""
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^%s:\s+(\d+) kB" % what, f.read(), re.M)[1])


def read_line(s):
    line = b""
    while not line.endswith(b"\n"):
        piece = s.recv(1)
        if not piece:
            break
        line += piece
    return line


def dial(port):
    return socket.create_connection(("127.0.0.1", port), DEADLINE)


# ---- places ------------------------------------------------------------------

def test_a_thousand_idle_connections(site):
    """As many as the limits say are held, the others are told; nobody's mail
    waits for them, and nothing grows but by those inside."""
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, connections=400, client_connections=400)
    other = add_listener(site, "other")
    site.start()
    send(port)
    queue = site.queue_pid()
    before = memory(site.daemon.pid), memory(queue)
    idle = [dial(port) for _ in range(1000)]
    try:
        heard = [read_line(s)[:3] for s in idle]
        assert heard == [b"220"] * 400 + [b"421"] * 600
        programs = [p for p in children(site) if comm(p) == "smtpd"]
        assert len(programs) == 400
        # Mail of this host, and of another listener.
        site.submit("a@example.net")
        send(other)
        # Those inside can still send.
        idle[0].sendall(b"NOOP\r\n")
        assert read_line(idle[0]) == b"250 2.0.0 ok\r\n"
        if not sanitized():
            assert memory(site.daemon.pid) - before[0] < 1 * MIB
            assert memory(queue) - before[1] < 1 * MIB
            assert max(memory(p) for p in programs) < 10 * MIB
        # Nor does the log: ten lines a minute.
        assert len(site.log.events("turned-away")) < 100
    finally:
        for s in idle:
            s.close()
    assert send_until_let_in(port) == {}
    assert len(site.queue()) == 4


def send_until_let_in(port):
    """Those who left do so one by one."""
    while True:
        try:
            return send(port)
        except smtplib.SMTPConnectError as e:
            assert e.smtp_code == 421


# ---- talk --------------------------------------------------------------------

@pytest.mark.parametrize("command", [
    "NOOP", "RSET", "VRFY x", "HELP", "EHLO x", "MAIL FROM:<a@b.example>"])
def test_a_flood_of_commands(site, command):
    """What leads to no message comes to an end."""
    port = add_listener(site, max_recipients=10)
    site.start()
    answers = 0
    with dial(port) as s:
        read_line(s)
        while answers < 1000:
            s.sendall(command.encode() + b"\r\n")
            line = read_line(s)
            while line[3:4] == b"-":
                line = read_line(s)
            if line.startswith(b"421 "):
                break
            answers += 1
        assert read_line(s) == b""
    assert answers <= 200 + 2 * 10
    site.log.wait_for("client-sent-away", client="127.0.0.1")
    send(port)


@pytest.mark.parametrize("path", [b"", 9000 * b"x", b"\0"])
def test_a_browser_is_no_client(site, path):
    """A page may have it post what looks like a message."""
    port = add_listener(site)
    site.start()
    with dial(port) as s:
        assert read_line(s).startswith(b"220 ")
        s.sendall(b"POST /%s HTTP/1.1\r\nHost: x\r\n\r\n"
                  b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\n"
                  b"DATA\r\nSubject: x\r\n\r\nevil\r\n.\r\n"
                  % (path, USER.encode(), TO.encode()))
        assert read_line(s).startswith(b"421 4.7.0 ")
        assert read_line(s) == b""
    assert site.queue() == []


def test_a_line_without_an_end(site):
    """Nothing of it is kept; what follows it is a command again."""
    port = add_listener(site)
    site.start()
    with dial(port) as s:
        read_line(s)
        for _ in range(64):
            s.sendall(b"x" * 65536)
        s.sendall(b"\r\nNOOP\r\n")
        assert read_line(s).startswith(b"500 5.5.2 ")
        assert read_line(s).startswith(b"250 ")
        program, = [p for p in children(site) if comm(p) == "smtpd"]
        if not sanitized():
            assert memory(program, "VmHWM") < 10 * MIB


def test_who_reads_no_replies(site):
    """It is not waited for with more than its answers; the others go on."""
    port = add_listener(site)
    site.start()
    with dial(port) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        try:
            for _ in range(100):
                deaf.sendall(b"EHLO x\r\n" * 1000)
        except BlockingIOError:
            pass
        send(port)


def test_who_reads_some_of_its_replies_and_then_none(site):
    """No write waits for a client: it would wait for ever, beyond any deadline.
    That there is room for something is no room for all."""
    from lib import strike
    port = add_listener(site, max_recipients=50000)
    site.start()
    trace = site.path("log/trace")

    def calls():
        """The first that found no room, and those behind it."""
        _, full, after = strike.read(trace).partition("EAGAIN")
        return full, after

    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(DEADLINE)
        deaf.connect(("127.0.0.1", port))
        assert read_line(deaf).startswith(b"220 ")
        program, = [p for p in children(site) if comm(p) == "smtpd"]
        with strike.attached(program, trace, [
                "-s", "8", "-e", "trace=sendto,write"]):
            deaf.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                deaf.sendall(b"EHLO x\r\n" * 50000)
            deaf.settimeout(DEADLINE)
            while not calls()[0]:
                os.sched_yield()
            while "(1, " not in calls()[1]:
                deaf.recv(4096)
        assert "sendto(1, " in calls()[1] and "write(1, " not in calls()[1]
    send(port)


def test_a_message_that_is_too_large_is_read_to_its_end(site):
    """So that its text does not become commands; no more of it is kept."""
    port = add_listener(site, max_size="64K")
    site.start()
    with Client(port) as c:
        c.ehlo()
        c.mail(USER)
        c.rcpt(TO)
        assert c.docmd("DATA")[0] == 354
        for _ in range(256):
            c.send(b"x" * 998 + b"\r\n" + b"MAIL FROM:<a@b.example>\r\n" * 2000)
        c.send(b"\r\n.\r\n")
        assert c.getreply()[0] == 552
        assert c.docmd("NOOP") == (250, b"2.0.0 ok")
        program, = [p for p in children(site) if comm(p) == "smtpd"]
        if not sanitized():
            assert memory(program, "VmHWM") < 10 * MIB
    assert site.queue() == []


def test_a_chunk_of_four_gigabytes_is_no_lease_of_a_place(site):
    """Refused, it is read on for 64 MiB at most, and nothing of it is kept."""
    port = add_listener(site, max_size="64K")
    site.start()
    with dial(port) as s:
        assert read_line(s).startswith(b"220 ")
        s.sendall(b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nBDAT 4294967296 LAST\r\n"
                  % (USER.encode(), TO.encode()))
        assert [read_line(s)[:4] for _ in range(3)] == [b"250 ", b"250 ", b"552 "]
        sent = 0
        with pytest.raises(OSError):
            while sent < 256 * OCTETS:
                s.sendall(b"MAIL FROM:<a@b.example>\r\n" * 40000)
                sent += 25 * 40000
        assert 64 * OCTETS <= sent < 128 * OCTETS
    # another one hears it, since it stops in time
    with dial(port) as s:
        read_line(s)
        s.sendall(b"BDAT 4294967296\r\n")
        assert read_line(s).startswith(b"503 5.5.1 ")
        for _ in range(65):
            s.sendall(b"\n" * OCTETS)
        assert read_line(s).startswith(b"421 4.7.0 ")
        assert s.recv(1) == b""
    assert site.queue() == []


def test_who_has_guessed_may_send_where_nobody_signs_in(site):
    """Though of the places there, too, few are left."""
    site.conf["queue"]["delivery"] = "off"
    open_ = add_listener(site, "open", connections=8, client_connections=8)
    port = with_users(site)
    assert sign_in(port, password="guess")[:3] == "535"
    inside = [dial(open_) for _ in range(7)]
    for s in inside:
        assert read_line(s).startswith(b"220 ")
    send(open_)
    for s in inside:
        s.close()
    assert len(site.queue()) == 1


# ---- the parent --------------------------------------------------------------

def test_the_parent_reads_nothing_of_a_client(site):
    """It accepts, and hands on: see test_parent.py."""
    from lib import strike
    mark = "canary-of-a-device"
    port = add_listener(site)
    site.start()
    trace = site.path("log/trace")
    with strike.attached(site.daemon.pid, trace, [
            "-yy", "-s", "100000", "-e", "trace=accept,accept4,read,readv,"
            "pread64,recvfrom,recvmsg,recvmmsg"]):
        send(port, mark)
        with dial(port) as s:
            read_line(s)
            s.sendall(("HELO %s\r\nQUIT\r\n" % mark).encode())
            read_line(s)
            read_line(s)
    calls = strike.read(trace)
    assert "accept4(" in calls and "smtpd" not in calls
    assert mark not in calls
    assert not re.findall(r"(?:read|recv\w*)\(\d+<TCP", calls)


# ---- coming and going ----------------------------------------------------------

def test_who_comes_too_often_is_told_before_it_costs_a_process(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, connection_rate="5/1h", allow="127.0.0.0/8",
                        client_connections=32)
    site.start()
    for _ in range(5):
        send_until_let_in(port)
    for _ in range(30):
        assert greeting(port).rstrip() == \
            "421 4.7.0 Device connects too often; wait"
    # The others may.
    assert greeting(port, "127.0.0.2").startswith("220 ")
    assert len(site.log.events("client", client="127.0.0.1")) == 5
    # As of all who are turned away: ten lines a minute.
    told = site.log.events("turned-away")
    assert 10 <= len(told) <= 20
    assert "listen.connection_rate" in told[0]["text"]
    assert "connection_rate of [listen scan]" in told[0]["fix"]
    one, = (d for d in site.json("devices") if d["address"] == "127.0.0.1")
    assert (one["messages"], one["failures"]) == (5, 30)
    assert one["error"].startswith("as many connections within the time")
    assert len(site.queue()) == 5


def test_by_itself_a_listener_lets_come_hundreds(site):
    """A scanner with a connection for each page, and a busy null client."""
    port = add_listener(site, connections=400, client_connections=400)
    site.start()
    for _ in range(300):
        assert greeting(port).startswith("220 ")


# ---- what is short -------------------------------------------------------------

def limit(site, spare):
    """So many descriptors more than it has now; None: as before.  Its own user
    may say so."""
    pid = site.daemon.pid
    has = {int(n) for n in os.listdir("/proc/%d/fd" % pid)}
    if spare is None:
        _, soft = resource.getrlimit(resource.RLIMIT_NOFILE)
    else:
        soft = [n for n in range(len(has) + spare + 1) if n not in has][spare]
    r = site.run(["prlimit", "--pid", str(pid), "--nofile=%d:" % soft],
                 uid=site.uid)
    assert r.returncode == 0, r.stderr


@needs_root
def test_no_descriptors_for_one_more(site):
    """Each is told, the log is not flooded, and it goes on by itself."""
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site)
    site.start()
    send(port)
    site.wait(lambda: "smtpd" not in [comm(p) for p in children(site)],
              "the end of that client")
    limit(site, 1)
    for _ in range(30):
        line = greeting(port)
        assert line.startswith("421 4.3.2 ")
    told = site.log.events("turned-away")
    assert 10 <= len(told) <= 20
    assert "open files" in told[0]["text"]
    assert "LimitNOFILE" in told[0]["fix"]
    assert site.log.events("smtpd") == []
    # None for the client itself: it waits for one.
    limit(site, 0)
    with dial(port) as s:
        site.log.wait_for("accept")
        limit(site, None)
        assert read_line(s).startswith(b"220 ")
    send(port)
