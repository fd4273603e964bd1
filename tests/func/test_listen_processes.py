# SPDX-License-Identifier: ISC
"""The processes of a listener: one for each client, copied from a fork server
that has nothing of any of them."""

import os
import re
import signal
import smtplib
import time

import pytest

from lib.notify import DEADLINE, wait_end
from lib.site import sanitized
from test_listen import Client, add_listener, children, comm, send
from test_listen_sockets import needs_root
from test_reload import reloaded


def of_name(site, name):
    return [p for p in children(site) if comm(p) == name]


def clients(site):
    """The smtpd of each who is inside."""
    return of_name(site, "smtpd")


def server(site):
    """Beside it for a moment: one that it replaced, a copy without its name."""
    until = time.monotonic() + DEADLINE
    while len(pids := of_name(site, "smtpd-forks")) > 1 and \
            time.monotonic() < until:
        os.sched_yield()
    pid, = pids
    return pid


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return {k: v.strip() for k, v in (line.split(":", 1) for line in f)}


def descriptors(pid):
    folder = "/proc/%d/fd" % pid
    return {int(n): os.readlink(folder + "/" + n) for n in os.listdir(folder)}


@pytest.fixture
def port(site):
    site.conf["queue"]["delivery"] = "off"
    return add_listener(site)


# ---- what one has ---------------------------------------------------------------

def test_each_client_has_a_process_of_its_own(site, port):
    """One after the other, too: none is used again."""
    site.start()
    seen = set()
    for _ in range(3):
        with Client(port) as a, Client(port) as b:
            a.noop()
            b.noop()
            now = clients(site)
            assert len(now) == 2
            assert seen.isdisjoint(now)
            seen.update(now)
        for pid in now:
            assert wait_end(pid)
    assert len(of_name(site, "smtpd-forks")) == 1


def test_a_copy_is_confined_as_a_program_of_its_own(site, port):
    site.start()
    with Client(port) as c:
        c.noop()
        pid, = clients(site)
        has = status(pid)
        assert sanitized() or has["Seccomp"] == "2"
        assert has["NoNewPrivs"] == "1"
        assert has["PPid"] == str(site.daemon.pid)
        assert has["Threads"] == "1"
        # Whatever stops all processes at once does not cut off a message.
        ignored = int(has["SigIgn"], 16)
        for s in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            assert ignored & 1 << s - 1
        assert int(has["SigBlk"], 16) == 0
        # "max core file size" and no way for others of the same user.
        with open("/proc/%d/limits" % pid) as f:
            assert re.search(r"^Max core file size +0 +0 ", f.read(), re.M)
        assert os.stat("/proc/%d/mem" % pid).st_uid == 0


@needs_root
def test_a_copy_holds_its_client_alone(site, port):
    """With the channel to the parent and the log: not what is another's, and not
    the way to the server."""
    site.start()
    with Client(port) as a, Client(port) as b:
        a.noop()
        b.noop()
        held = [descriptors(p) for p in clients(site)]
        assert [sorted(h) for h in held] == [[0, 1, 2, 3]] * 2
        assert all(h[0] == h[1] for h in held)
        assert all(h[2] == site.log.path for h in held)
        assert len({h[0] for h in held}) == 2
        assert len({h[3] for h in held}) == 2
        own = descriptors(server(site))
        assert sorted(own) == [0, 1, 2, 3]
        assert own[0] == own[1] == "/dev/null"
        assert own[3] not in {h[3] for h in held}
        # Nor does the queue process have anything of it.
        queue = descriptors(site.queue_pid()).values()
        assert own[3] not in queue


def test_nobody_of_the_same_user_reads_one(site, port):
    site.start()
    with Client(port) as c:
        c.noop()
        for pid in (clients(site)[0], server(site)):
            assert site.run(["cat", "/proc/%d/maps" % pid],
                            uid=site.uid).returncode != 0


# ---- what may become of one -------------------------------------------------------

def test_a_crash_ends_its_server_and_nobody_else(site, port):
    """Who looks for the layout of memory by crashes finds another each time."""
    site.start()
    with Client(port) as other:
        other.noop()
        beside, = clients(site)
        with Client(port) as c:
            c.noop()
            pid, = set(clients(site)) - {beside}
            before = server(site)
            # As the sandbox does, and no sanitizer makes a report of it.
            os.kill(pid, signal.SIGSYS)
            with pytest.raises(smtplib.SMTPServerDisconnected):
                c.noop()
        said = site.log.wait_for("smtpd-ended", client="127.0.0.1")
        assert (said["listener"], said["signal"]) == ("scan", str(int(signal.SIGSYS)))
        assert "not queued" in said["text"] and "SECURITY.md" in said["fix"]
        assert wait_end(before)
        send(port)
        assert server(site) != before
        assert other.noop()[0] == 250
        assert beside in clients(site)
    assert len(site.log.events("smtpd-ended")) == 1


def test_a_server_that_was_killed(site, port):
    """The next client is served, and who is inside stays."""
    site.start()
    with Client(port) as c:
        c.noop()
        before = server(site)
        os.kill(before, signal.SIGKILL)
        assert wait_end(before)
        send(port)
        assert server(site) != before
        assert c.noop()[0] == 250
    assert site.log.events("smtpd-ended") == []
    assert site.log.wait_for("fork-server")["next"]


def test_a_server_that_hangs(site, port):
    """Nobody is sent away for it: there is a way without."""
    site.start()
    send(port)
    before = server(site)
    os.kill(before, signal.SIGSTOP)
    send(port)
    assert wait_end(before)
    said = site.log.wait_for("fork-server")
    assert "no answer" in said["text"] and "a minute" in said["next"]
    send(port)
    assert of_name(site, "smtpd-forks") == []
    # A reload is an order to try again.
    reloaded(site)
    send(port)
    assert server(site)


# ---- the daemon -------------------------------------------------------------------

def test_the_first_client_starts_it(site, port):
    site.start()
    assert of_name(site, "smtpd-forks") == []
    send(port)
    assert server(site)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_none_outlives_the_daemon(site, port, end):
    site.start()
    with Client(port) as c:
        c.noop()
        pids = clients(site) + [server(site)]
        site.stop() if end == "stop" else site.kill()
        for pid in pids:
            assert wait_end(pid)
        if end == "stop":
            assert c.getreply()[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            c.noop()


def test_a_reload_is_the_next_client_s(site, port):
    site.start()
    with Client(port) as inside:
        assert inside.ehlo()[0] == 250
        size = inside.esmtp_features["size"]
        before = server(site)
        site.conf["listen scan"]["max_size"] = "1M"
        site.write_conf()
        reloaded(site)
        assert wait_end(before)
        with Client(port) as c:
            c.ehlo()
            assert c.esmtp_features["size"] == str(1 << 20) != size
        assert server(site) != before
        assert inside.noop()[0] == 250


@needs_root
@pytest.mark.parametrize("is_good", [True, False])
def test_a_log_that_was_moved_away(site, port, is_good):
    """SIGHUP after it, whatever becomes of the configuration then."""
    site.start()
    send(port)
    before = server(site)
    os.rename(site.log.path, site.log.path + ".1")
    if not is_good:
        with open(site.conf_path, "a") as f:
            f.write("[queue]\nlife_time = 3d\n")
    site.daemon.send_signal(signal.SIGHUP)
    site.log.wait_for("started" if is_good else "reload-refused")
    send(port)
    site.log.wait_for("client", client="127.0.0.1")
    assert descriptors(server(site))[2] == site.log.path
    assert wait_end(before)
