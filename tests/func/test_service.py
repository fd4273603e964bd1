# SPDX-License-Identifier: ISC
"""Under a service manager: readiness, watchdog, sockets of its making."""

import contextlib
import os
import resource
import signal
import socket

import pytest

from lib.notify import DEADLINE
from lib.supervisor import Supervisor, lend, listening


@pytest.fixture
def supervisor(site):
    s = Supervisor(site.path("notify"))
    yield s
    s.close()


def test_says_what_it_does(site, supervisor):
    site.daemon = site.spawn(
        env=site.environment(NOTIFY_SOCKET=supervisor.path))
    supervisor.wait_for("READY=1")
    assert site.is_ready()
    site.daemon.send_signal(signal.SIGHUP)
    said = supervisor.wait_for("RELOADING=1")
    # What sd_notify(3) wants beside it, by the same clock.
    assert said[1].startswith("MONOTONIC_USEC=")
    supervisor.wait_for("READY=1")
    site.daemon.send_signal(signal.SIGTERM)
    supervisor.wait_for("STOPPING=1")
    assert site.daemon.wait(DEADLINE) == 0
    site.daemon = None


def test_a_refused_reload_is_over_too(site, supervisor):
    site.daemon = site.spawn(
        env=site.environment(NOTIFY_SOCKET=supervisor.path))
    supervisor.wait_for("READY=1")
    site.write("conf/mailchute.conf", "nonsense\n")
    site.daemon.send_signal(signal.SIGHUP)
    supervisor.wait_for("RELOADING=1")
    supervisor.wait_for("READY=1")


def test_abstract_name(site):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind("\0mailchute-test-%d" % os.getpid())
        s.settimeout(DEADLINE)
        site.daemon = site.spawn(env=site.environment(
            NOTIFY_SOCKET="@mailchute-test-%d" % os.getpid()))
        assert s.recv(4096) == b"READY=1\n"


def process_state(pid):
    """The letter of proc(5)."""
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rpartition(")")[2].split()[0]


def test_watchdog(site, supervisor):
    """A sign of life comes while the queue process serves, and none once it
    does not; the parent alone is no sign."""
    site.daemon = site.spawn(env=site.environment(
        NOTIFY_SOCKET=supervisor.path, WATCHDOG_USEC="300000"))
    for _ in range(3):
        supervisor.wait_for("WATCHDOG=1")
    parent = site.daemon.pid
    queue = [pid for pid in site.group(parent) if pid != parent]
    assert len(queue) == 1
    os.kill(queue[0], signal.SIGSTOP)
    # On a busy machine it stops a little later, and nothing tells of that.
    while process_state(queue[0]) not in "Tt":
        os.sched_yield()
    # The parent still hears us, and answers after whatever was under way.
    site.daemon.send_signal(signal.SIGHUP)
    supervisor.wait_for("RELOADING=1")
    # A sign that it gave before may still come; then it is silent for longer
    # than it ever was.
    supervisor.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        for _ in range(3):
            assert supervisor.hear() == ["WATCHDOG=1"]
    os.kill(queue[0], signal.SIGCONT)
    supervisor.socket.settimeout(DEADLINE)
    supervisor.wait_for("READY=1")
    supervisor.wait_for("WATCHDOG=1")


def test_watchdog_of_another_process(site, supervisor):
    site.daemon = site.spawn(env=site.environment(
        NOTIFY_SOCKET=supervisor.path, WATCHDOG_USEC="1000",
        WATCHDOG_PID="1"))
    assert supervisor.hear() == ["READY=1"]
    site.daemon.send_signal(signal.SIGTERM)
    assert supervisor.hear() == ["STOPPING=1"]


def test_sockets_of_the_manager(site, server):
    """A submission before the start waits, and is served; the sockets stay
    when the daemon goes."""
    path = site.path("run/submit")
    with listening(path) as submit, \
            listening(site.path("run/control")) as control:
        site.daemon = lend(site, [control, submit], "control:submit")
        site.submit("a@example.net")
        server.record.wait_messages(1)
        site.wait_empty()
        assert site.mailq() == "Mail queue is empty\n"
        assert site.dropped() == []
        site.daemon.send_signal(signal.SIGHUP)
        site.log.wait_for("started", nth=2)
        site.submit("b@example.net")
        server.record.wait_messages(2)
        assert site.stop() == 0
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)


def test_one_socket_of_the_manager(site, server):
    with listening(site.path("run/submit")) as submit:
        site.daemon = lend(site, [submit], "submit")
        site.log.wait_for("started")
        site.submit("a@example.net")
        server.record.wait_messages(1)
        site.wait_empty()
        assert site.mailq() == "Mail queue is empty\n"


def datagrams(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    return s


def silent(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    return s


def network(path):
    s = socket.socket(socket.AF_INET)
    s.bind(("127.0.0.1", 0))
    s.listen(1)
    return s


@pytest.mark.parametrize("make, name", [
    (listening, "smtp"), (listening, ""), (datagrams, "submit"),
    (silent, "submit"), (network, "control")])
def test_sockets_of_no_use(site, make, name):
    with make(site.path("run/odd")) as s:
        proc = lend(site, [s], name)
        assert proc.wait(DEADLINE) == 78
    with open(site.path("log/stderr")) as f:
        assert 'service manager' in f.read()


def test_nothing_is_inherited(site):
    """A descriptor that the starter left open reaches no process of ours."""
    with open(site.path("private"), "w") as f:
        site.start(pass_fds=[f.fileno()])
        for pid in site.group(site.daemon.pid):
            for fd in os.listdir("/proc/%d/fd" % pid):
                with contextlib.suppress(FileNotFoundError):  # closed since
                    assert os.readlink("/proc/%d/fd/%s" % (pid, fd)) != f.name


# ---- limits ------------------------------------------------------------------------

def test_it_raises_a_soft_limit_of_descriptors(site):
    """Its own limits count; one that was set hard is kept."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 700))
    site.start(preexec_fn=few)
    for pid in site.group(site.daemon.pid):
        with open("/proc/%d/limits" % pid) as f:
            limit, = [line for line in f if line.startswith("Max open files")]
        assert limit.split()[3:5] == ["700", "700"]
