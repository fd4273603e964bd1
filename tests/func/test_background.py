# SPDX-License-Identifier: ISC
"""Starting mailchuted in the background: by its own name, and as init scripts
have always started sendmail."""

import os
import signal
import subprocess

import pytest

from lib.notify import DEADLINE, wait_end, wait_until
from lib.site import USER, program

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
OTHER = 5

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


@pytest.fixture
def background(site):
    """Its daemon, when it is there at the end, is nobody's child."""
    yield site
    if os.path.exists(site.path("run/mailchuted.pid")):
        site.end_background()


def operator(site, who):
    """How to run a command as one of those who may start it."""
    if who == "root":
        return {}
    return {"user": site.uid, "group": site.gid, "extra_groups": []}


def call(site, name, *args, **how):
    return site.run([program(name), "-C", site.conf_path, *args], **how)


@needs_root
@pytest.mark.parametrize("who", ["root", "queue.user"])
@pytest.mark.parametrize("name, option", [
    ("sendmail", "-bd"), ("sendmail", "-q30m"), ("mailchuted", None)])
def test_it_starts_and_returns_once_mail_is_taken(background, server, name,
                                                  option, who):
    how = operator(background, who)
    args = [] if option is None else [option]
    if who != "root":  # it writes no log, else
        os.chown(background.path("log"), background.uid, background.gid)
    done = call(background, name, *args, **how)
    assert (done.returncode, done.stdout) == (0, ""), done
    assert background.is_ready()
    pid = background.background_pid()
    with open("/proc/%d/status" % pid) as f:
        fields = dict(line.split(":", 1) for line in f)
    assert set(fields["Uid"].split()) == {str(background.uid)}
    assert os.getsid(pid) != os.getsid(0)
    # One runs: nothing to do.
    done = call(background, "sendmail", "-bd", **how)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert background.background_pid() == pid
    background.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


@needs_root
@pytest.mark.parametrize("name, args", [
    ("sendmail", ["-bd"]), ("sendmail", ["-bD"]), ("sendmail", ["-q30m"]),
    ("mailchuted", [])])
def test_why_it_does_not_start(site, name, args):
    """The status and the reason are the daemon's, in the background too."""
    site.conf["queue"]["lifetim"] = "5d"
    site.write_conf()
    done = call(site, name, *args)
    assert done.returncode == 78 and "lifetime" in done.stderr
    assert not site.is_ready()
    site.conf["queue"].pop("lifetim")
    site.write_conf()
    os.chown(site.path("lib"), OTHER, OTHER)
    done = call(site, name, *args)
    assert done.returncode == 78
    assert "has to belong to user id %d" % site.uid in done.stderr
    assert not os.path.exists(site.path("run/mailchuted.pid"))


@needs_root
@pytest.mark.parametrize("who", ["root", "queue.user"])
def test_in_the_foreground(site, server, who):
    """sendmail -bD is mailchuted -f: its caller's child, to its end."""
    proc = subprocess.Popen(
        [program("sendmail"), "-C", site.conf_path, "-bD"], cwd="/",
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=site.environment(), start_new_session=True,
        **operator(site, who))
    try:
        wait_until(site.is_ready, [site.path("run")], "the socket",
                   process=proc)
        assert site.background_pid() == proc.pid
        site.submit("a@example.net", stdin=TEXT)
        server.record.wait_messages(1)
        proc.send_signal(signal.SIGTERM)
        assert proc.wait(DEADLINE) == 0
    finally:
        proc.kill()
        wait_end(proc.pid)
    assert not os.path.exists(site.path("run/mailchuted.pid"))


@needs_root
@pytest.mark.parametrize("args, status", [(["-q30m"], 0), (["-q1h"], 0),
                                          (["-bd"], 64), (["-bD"], 64),
                                          (["-bd", "-q30m"], 64)])
def test_others_start_none(site, args, status):
    done = call(site, "sendmail", *args, uid=OTHER)
    assert (done.returncode, done.stdout) == (status, "")
    assert bool(done.stderr) == (status != 0)
    assert not site.is_ready()
    assert not os.path.exists(site.path("run/mailchuted.pid"))
