# SPDX-License-Identifier: ISC
"""SIGTERM ends everything soon, whatever is going on."""

import os
import select
import signal
import socket
import subprocess

import pytest

from lib.notify import DEADLINE, wait_end
from lib.site import USER, program

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER

# Seconds.  Five are promised, where nothing else is going on; of all else that
# the programs wait for nothing is over as soon as that.
LIMIT = 30


def wait_ends(pids, seconds=DEADLINE):
    """Waits until all these processes have ended."""
    for pid in pids:
        assert wait_end(pid, seconds), "process %d is left" % pid


def stop(site):
    site.background_pid()  # it has come as far as it says
    assert site.stop(LIMIT) == 0
    assert not os.path.exists(site.path("run/submit"))


def test_idle(running):
    stop(running)


@pytest.mark.parametrize("state", ["greeting", "ehlo", "starttls",
                                   "handshake", "ehlo2", "auth", "mail",
                                   "data", "dot", "idle", "quit"])
def test_while_the_server_is_silent(make_site, server, state):
    fault = server.faults.add(state=state, stall=True)
    site = make_site(server, chunking="no",
                     linger="0s" if state == "quit" else "10s").start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", state)
    stop(site)
    fault.release()
    server.record.wait_idle()
    accepted = len(server.record.accepted)
    site.conf["queue"]["retry"] = "1s"
    site.start()
    server.record.wait_messages(max(1, accepted))
    site.wait_empty()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_processes(running, server, sig):
    """A service manager, or ^C: what is on its way still arrives, once."""
    fault = server.faults.add(state="dot", stall=True)
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "dot")
    os.killpg(running.daemon.pid, sig)
    running.log.wait_for("stopping")
    fault.release()
    proc, running.daemon = running.daemon, None
    assert proc.wait(LIMIT) == 0
    assert running.log.events("delivered")
    assert not running.log.events("uncertain")


def test_a_queue_run_ends_as_well(make_site, server):
    """mailchuted --once: what it had in hand stays in the queue."""
    fault = server.faults.add(state="dot", stall=True)
    site = make_site(server)
    site.submit("a@example.net", stdin=TEXT)
    site.submit("b@example.net", stdin=TEXT)
    run = site.spawn("--once")
    server.record.wait_event("stall", "dot")
    run.send_signal(signal.SIGTERM)
    assert run.wait(LIMIT) == 0
    assert not site.group(run.pid)
    states = sorted(r["state"] for r in site.recipients().values())
    assert states == ["queued", "uncertain"]
    fault.release()


def test_while_it_backs_off(make_site, server):
    server.down()
    site = make_site(server, backoff_min="1h", backoff_max="1h").start()
    site.submit("a@example.net", stdin=TEXT)
    site.log.wait_for("backoff")
    stop(site)


def test_with_clients_that_say_nothing(running):
    clients = []
    for name in ("submit", "control"):
        for _ in range(20):
            s = socket.socket(socket.AF_UNIX)
            s.connect(running.path("run/" + name))
            clients.append(s)
    stop(running)
    for s in clients:
        s.close()


def test_in_the_middle_of_a_submission(running):
    """The submission goes to the drop folder or fails; it is not lost."""
    proc = subprocess.Popen(
        [program("sendmail"), "-C", running.conf_path, "-i",
         "a@example.net"], stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=running.environment())
    proc.stdin.write(b"Subject: x\n\n" + b"y" * 70 + b"\n")
    proc.stdin.flush()
    stop(running)
    proc.stdin.close()
    assert proc.wait(DEADLINE) == 0
    assert len(running.dropped()) == 1


def test_children_end_with_the_daemon(running, server):
    """Only the parent is killed: nothing else may stay behind."""
    server.faults.add(state="mail", stall=True)
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "mail")
    pids = running.group(running.daemon.pid)
    assert len(pids) >= 3, "parent, queue process, deliver"
    proc, running.daemon = running.daemon, None
    proc.kill()
    proc.wait()
    wait_ends(pids)
    assert not running.group(proc.pid)


@pytest.mark.parametrize("which", ["queue", "deliver"])
def test_the_daemon_without_a_child(make_site, server, which):
    """Whichever dies is started again, and the mail goes on."""
    site = make_site(server, backoff_min="1s")
    site.conf["queue"]["retry"] = "1s"
    site.may_crash = True
    site.start()
    fault = server.faults.add(state="mail", stall=True)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "mail")
    others = [p for p in site.group(site.daemon.pid) if p != site.daemon.pid]
    deliver = [p for p in others
               if os.readlink("/proc/%d/exe" % p).endswith("/deliver")]
    victims = deliver if which == "deliver" else \
        [p for p in others if p not in deliver]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    server.record.wait_idle()
    fault.release()
    wait_ends(victims)
    server.record.wait_messages(1)
    site.wait_empty()


def test_all_stay_in_the_process_group(running, server):
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    me = running.daemon.pid
    before = set(running.group(me))
    found = []
    for pid in (int(p) for p in os.listdir("/proc") if p.isdigit()):
        try:
            if os.readlink("/proc/%d/exe" % pid).startswith(
                    os.path.realpath(os.path.dirname(os.path.dirname(
                        program("mailchuted"))))):
                found.append((pid, os.getpgid(pid)))
        except OSError:
            continue
    after = set(running.group(me))
    ours = {pid for pid, leader in found if leader == me}
    # One may have come, or ended, since.
    assert before & after <= ours <= before | after
    assert me in ours


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give up root")
def test_nothing_runs_as_root_beyond_the_parent(running, server):
    server.faults.add(state="mail", stall=True)
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "mail")
    for pid in running.group(running.daemon.pid):
        with open("/proc/%d/status" % pid) as f:
            fields = dict(line.split(":", 1) for line in f)
        assert set(fields["Uid"].split()) == {str(running.uid)}, fields["Name"]
        assert set(fields["Gid"].split()) == {str(running.gid)}
        assert int(fields["CapEff"], 16) == 0
        assert int(fields["CapPrm"], 16) == 0
