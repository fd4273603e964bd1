# SPDX-License-Identifier: ISC
"""Who is in a sandbox, by the kernel's word, and from when on.

What a sandbox forbids is tried out by tests/unit/sandbox.c.
"""

import ctypes
import os
import re
import socket

import pytest

from lib import strike
from lib.site import USER, program

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER

def status(pid):
    """What /proc says: (a filter of system calls, no new privileges)."""
    with open("/proc/%d/status" % pid) as f:
        text = f.read()
    return tuple(int(re.search(r"^%s:\t(\d)$" % name, text, re.M).group(1))
                 for name in ("Seccomp", "NoNewPrivs"))


def delivers(site):
    """The deliver processes of the daemon."""
    path = os.path.realpath(program("deliver"))
    return [pid for pid in site.group(site.daemon.pid)
            if os.readlink("/proc/%d/exe" % pid) == path]


def landlock_abi():
    """The newest that this kernel has; 0: it has none."""
    create_ruleset, version = 444, 1  # the same on every architecture
    return max(0, ctypes.CDLL(None).syscall(create_ruleset, None, 0, version))


@pytest.fixture
def silent():
    """A server that takes connections and says nothing by itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener


def start(site, mode="strict", **how):
    """With a sanitizer, too, which then looks for no leaks."""
    site.conf["sandbox"] = {"mode": mode}
    return site.start(env=site.environment(leaks=False), **how)


def start_for(site, listener, **account):
    site.conf["account"].update(host="127.0.0.1", **account,
                                port=listener.getsockname()[1])
    return start(site)


def test_each_process_but_the_parent(site, server):
    start(site)
    fault = server.faults.add(state="mail", stall=True)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "mail")
    parent, queue = site.daemon.pid, site.queue_pid()
    deliver, = delivers(site)
    assert set(site.group(parent)) == {parent, queue, deliver}
    assert status(queue) == (2, 1)
    assert status(deliver) == (2, 1)
    assert status(parent)[0] == 0  # it starts what has none
    fault.release()


def test_files_are_closed_as_well(site):
    """By Landlock, where the kernel has it; there is no word of it in /proc."""
    trace = site.path("log/trace")
    start(site, through=["strace", "-DD", "-f", "-o", trace, "-e",
                         "trace=landlock_restrict_self,seccomp"])
    queue = site.queue_pid()
    site.stop()
    lines = [line.split(None, 1)[1] for line in
             strike.joined(strike.read(trace))
             if line.startswith("%d " % queue)]
    filters = [i for i, line in enumerate(lines) if re.match(
        r"seccomp\(SECCOMP_SET_MODE_FILTER.* = 0$", line)]
    closed = [i for i, line in enumerate(lines) if re.match(
        r"landlock_restrict_self\(.* = 0$", line)]
    assert filters
    assert len(closed) == (landlock_abi() > 0)
    assert site.log.events("sandbox", process="queue", text="seccomp, " + (
        "Landlock ABI %d" % landlock_abi() if closed else ""))


def test_a_mode_that_has_none(site):
    """What the tests above look at is not there by itself."""
    start(site, "off")
    assert status(site.queue_pid()) == (0, 1)


def test_before_the_first_octet_that_it_sends(make_site, silent):
    """By implicit TLS deliver speaks first."""
    site = start_for(make_site(), silent, tls="implicit")
    site.submit("a@example.net", stdin=TEXT)
    conn, _ = silent.accept()
    with conn:
        assert conn.recv(1, socket.MSG_PEEK) == b"\x16"  # a ClientHello
        deliver, = delivers(site)
        assert status(deliver) == (2, 1)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_before_the_first_octet_that_it_reads(make_site, silent, tls):
    """In the order of its calls: connect, sandbox, then the server."""
    site = start_for(make_site(), silent, tls=tls)
    trace = site.path("log/trace")
    with strike.attached(site.daemon.pid, trace, [
            "-f", "-yy", "-e", "trace=execve,connect,seccomp,landlock_restrict_self,"
            "read,recvfrom,"
            "recvmsg,readv,write,sendto,sendmsg,writev"]):
        site.submit("a@example.net", stdin=TEXT)
        conn, _ = silent.accept()
        with conn:
            conn.sendall(b"220 here\r\n")
            conn.recv(100)
    lines = strike.joined(strike.read(trace))
    pid, = {line.split()[0] for line in lines
            if "execve(" in line and "/deliver" in line}
    calls = [line.split(None, 1)[1] for line in lines
             if line.split()[0] == pid]
    port = silent.getsockname()[1]
    filters = [i for i, call in enumerate(calls)
               if call.startswith("seccomp(SECCOMP_SET_MODE_FILTER")
               and call.endswith("= 0")]
    closed = [i for i, call in enumerate(calls) if re.match(
        r"landlock_restrict_self\(.* = 0$", call)]
    talks = [i for i, call in enumerate(calls) if re.match(
        r"(read|write|recv|send)\w*\(\d+<TCP:\[.*:%d\]>" % port, call)]
    assert filters and talks, calls
    assert len(closed) == (landlock_abi() > 0)
    assert max(filters + closed) < min(talks)
