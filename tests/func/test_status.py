# SPDX-License-Identifier: ISC
"""Is my mail going out?  What mailchute status says, to whom, and how it
exits."""

import contextlib
import os
import re
import signal

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


# ---- our own limits ------------------------------------------------------------

@pytest.mark.parametrize("limit, said", [
    ({"rate": "1/1h"}, "account.rate is used up (1 message in 1h)"),
    ({"recipients_per_day": "1"},
     "account.recipients_per_day is used up (1 recipient in 1d)")])
def test_a_budget_that_lets_nothing_out(make_site, server, limit, said):
    """Once nothing waits for it, it worries nobody."""
    site = make_site(server, **limit).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    done = site.mailchute("status")
    assert done.returncode == 0 and done.stdout.startswith("ok: ")
    site.submit("b@example.net", stdin=TEXT)
    site.wait(site.queue, "a message that waits")
    done = site.mailchute("status")
    line = done.stdout.splitlines()[0]
    assert (done.returncode, line.partition(":")[0]) == (1, "warning")
    assert said in line and "; 1 message waits, the next try is in " in line
    account, = site.status()["accounts"]
    assert (account["state"], account["text"]) == ("budget", said)
    assert account["meaning"] and account["fix"]
    recipient = site.recipients()["b@example.net"]
    assert recipient["next_at"] == account["next_at"]


# ---- figures -----------------------------------------------------------------------

def test_what_failed_within_a_day(running, server):
    """Messages, however many of their recipients; and not for ever."""
    server.options.recipient_replies["no*@*"] = "550 5.1.1 No such user"
    assert running.status()["failed"] == 0
    running.submit("no1@example.net", "no2@example.net", "a@example.net",
                   stdin=TEXT)
    running.submit("no3@example.net", stdin=TEXT)
    running.wait(lambda: running.status()["failed"] == 2, "two failures")
    running.wait_empty()
    assert "2 failed in 24 h" in running.mailchute("status").stdout
    assert running.json("status", uid=5)[0]["failed"] == 2
    running.stop()
    assert running.status()["failed"] == 2
    # They were the day before yesterday's.
    running.database_change("UPDATE event SET at = at - 2 * 86400")
    assert running.status()["failed"] == 0


# ---- remarks -----------------------------------------------------------------------

# In a mount namespace of the daemon's own: arguments are lib, a folder for
# layers, its user, and the daemon.
IN_MEMORY = """
    set -e
    mount --make-rprivate /
    mount -t tmpfs -o uid=$3,mode=700 none "$1"
    shift 3
    exec "$@"
"""
ON_LAYERS = """
    set -e
    mount --make-rprivate /
    mount -t tmpfs none "$2"
    mkdir "$2/lower" "$2/upper" "$2/work"
    chown $3 "$2/upper"
    mount -t overlay -o \\
        "lowerdir=$2/lower,upperdir=$2/upper,workdir=$2/work" none "$1"
    shift 3
    exec "$@"
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a mount")
@pytest.mark.parametrize("mounts, remark", [
    (IN_MEMORY, "the queue in %s lies in memory: its mail is lost when the "
     "host stops"),
    (ON_LAYERS, "the queue in %s lies on an overlay: its mail is lost with "
     "the container, unless a volume is mounted there")])
def test_remarks_change_no_verdict(site, mounts, remark):
    lib = site.path("lib")
    os.mkdir(site.path("layers"))
    site.start(through=["unshare", "-m", "sh", "-c", mounts, "sh", lib,
                        site.path("layers"), str(site.uid)])
    status = site.status()
    assert (status["verdict"], status["remarks"]) == ("ok", [remark % lib])
    done = site.mailchute("status")
    assert done.returncode == 0
    assert done.stdout.startswith("ok: no mail waits\n")
    assert "\nnote    the queue in" in done.stdout


# ---- who may know what --------------------------------------------------------------

@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_anyone_sees_the_verdict_and_the_figures(site):
    """No account, no word of a server, no path of a secret."""
    os.unlink(site.path("conf/password"))
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    assert site.sendmail("mine@example.net", uid=5).returncode == 0
    site.wait(lambda: site.status()["verdict"] == "critical", "a hold")
    assert site.path("conf/password") in site.mailchute("status").stdout
    done = site.mailchute("status", uid=5)
    assert done.returncode == 2
    assert done.stdout.startswith("critical: an account is held: its mail "
                                  "waits until something is changed (for ")
    assert "queue: 2 waiting" in done.stdout
    status, = site.json("status", uid=5)
    assert (status["waiting"], status["accounts"], status["remarks"]) == (
        2, [], [])
    assert status["since"] == site.status()["since"]
    own = site.mailq(uid=5)
    assert "mine@example.net" in own and "cannot sign in" in own
    for said in (done.stdout, str(status), own,
                 site.mailchute("queue", uid=5).stdout):
        assert USER not in said
        assert "conf/password" not in said


# ---- a daemon that hangs -------------------------------------------------------

@contextlib.contextmanager
def stopped(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_daemon_that_hangs(running, server):
    """No mail goes out: critical, before a monitoring plugin gives up."""
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    with stopped(running.group(running.daemon.pid)):
        done = running.mailchute("status")
        assert done.returncode == 2
        assert done.stdout == "critical: mailchuted (pid %d) does not " \
            "answer\n" % running.daemon.pid
        status = running.status()
    assert (status["verdict"], status["waiting"]) == ("critical", None)
    assert running.mailchute("status").returncode == 0


# ---- no daemon, and why ----------------------------------------------------------

@pytest.mark.skipif(os.getuid() != 0, reason="as another it stays who it is")
@pytest.mark.parametrize("option, value, cause", [
    ("user", "no-such-user-here", "queue.user: there is no user "
     "no-such-user-here; make it by useradd"),
    ("admin_group", "no-such-group", "queue.admin_group: there is no group "
     "no-such-group; make it by groupadd")])
def test_why_it_cannot_run(site, option, value, cause):
    """A pager shows the verdict alone: the cause stands in it."""
    site.conf["queue"][option] = value
    site.write_conf()
    done = site.mailchute("status")
    assert done.returncode == 2
    assert done.stdout.startswith(
        "critical: mailchuted is not running, and cannot: " + cause)
    assert cause in site.status()["reason"]
    done = site.mailchute("queue")
    assert done.returncode == 78
    assert done.stderr.startswith("mailchute: " + cause)
    assert len(done.stderr.splitlines()) == 1


def test_errors_of_the_configuration(site):
    def reason():
        done = site.mailchute("status")
        assert done.returncode == 2
        said, = done.stdout.splitlines()
        assert site.status()["reason"] == said.removeprefix("critical: ")
        # The others, each once: what the verdict names is not told twice.
        others = done.stderr.splitlines()
        assert len(others) == int((re.search(r"; and (\d+) more$", said)
                                   or [0, 0])[1])
        assert not any(other in said for other in others)
        return said
    site.conf["queue"]["lifetim"] = "5d"
    site.write_conf()
    assert re.fullmatch("critical: the configuration has errors: %s:\\d+: .*"
                        "lifetime.*" % re.escape(site.conf_path), reason())
    site.conf["local"]["nonsense"] = "x"
    site.write_conf()
    assert reason().endswith("; and 1 more")
    os.unlink(site.conf_path)
    assert reason() == "critical: the configuration has errors: " \
        "%s: cannot be read: No such file or directory; mailchute setup " \
        "makes it" % site.conf_path


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_a_configuration_that_may_not_be_read(site):
    os.chmod(site.conf_path, 0o600)
    done = site.mailchute("status", uid=5)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == "unknown: the configuration %s may not be read\n" \
        % site.conf_path


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_a_stranger_hears_one_line(site):
    """Not also what a daemon in his name could not make."""
    os.rmdir(site.path("lib"))
    done = site.mailchute("queue", uid=5)
    assert (done.returncode, done.stdout) == (69, "")
    said, = done.stderr.splitlines()
    assert "only root and %s may look" % site.user in said
