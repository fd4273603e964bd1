# SPDX-License-Identifier: ISC
"""No setuid, no setgid, no daemon that stays root: promise 3 of the design.

Everything works where nobody may gain a right: under no_new_privs, as a user
who has no entry anywhere, as systemd's DynamicUser= makes one, and with a root
file system that cannot be written to.
"""

import os
import re
import stat
import subprocess

import pytest

from lib.site import USER, program

NOBODY_KNOWS = 61184  # the first of DynamicUser=
TEXT = "From: %s\nSubject: x\n\nhello\n" % USER

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def installed():
    """Every file that make install has put there."""
    prefix = os.path.dirname(os.path.dirname(program("mailchuted")))
    for folder, _, names in os.walk(prefix):
        for name in names:
            yield os.path.join(folder, name)


def test_nothing_is_set_id():
    programs = 0
    for path in installed():
        seen = os.lstat(path)
        if stat.S_ISREG(seen.st_mode):
            assert seen.st_mode & (stat.S_ISUID | stat.S_ISGID) == 0, path
            assert "security.capability" not in os.listxattr(path), path
            programs += seen.st_mode & 0o111 != 0
    assert programs >= 4


def processes(site):
    """(uids, gids, groups, NoNewPrivs) of each process of the daemon."""
    for pid in site.group(site.daemon.pid):
        with open("/proc/%d/status" % pid) as f:
            text = f.read()
        yield tuple(re.search(r"^%s:\t(.*)$" % name, text, re.M).group(1)
                    .split() for name in ("Uid", "Gid", "Groups",
                                          "NoNewPrivs"))


def owned_by(site, uid):
    """All folders and secrets are that user's, who need have no name."""
    site.conf["queue"]["user"] = "mailchute"
    for folder, _, names in os.walk(site.root):
        for path in [folder, *(os.path.join(folder, n) for n in names)]:
            mode = stat.S_IMODE(os.stat(path).st_mode)
            os.chown(path, uid, uid)
            os.chmod(path, mode)


def become(uid):
    return ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid,
            "--clear-groups", "--no-new-privs"]


def call(site, name, *args, stdin="", through):
    return subprocess.run(
        [*through, program(name), "-C", site.conf_path, *args], input=stdin,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=site.environment(), timeout=60)


@needs_root
def test_root_is_given_up(running, server):
    """By every process, for good."""
    fault = server.faults.add(state="mail", stall=True)
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "mail")
    seen = list(processes(running))
    assert len(seen) == 3  # with deliver
    for uids, gids, groups, _ in seen:
        assert set(uids) == {str(running.uid)}
        assert set(gids) == {str(running.gid)}
        assert set(groups) <= {str(running.gid)}
    fault.release()


@needs_root
@pytest.mark.parametrize("uid", [NOBODY_KNOWS, 5])
def test_a_daemon_of_anybody_s(site, server, uid):
    """Started without root it stays who it is; queue.user need not exist."""
    through = become(uid)
    owned_by(site, uid)
    site.start(through=through)
    for uids, _, _, no_new_privs in processes(site):
        assert set(uids) == {str(uid)} and no_new_privs == ["1"]
    for caller in (through, become(NOBODY_KNOWS + 1)):
        done = call(site, "sendmail", "-i", "-f", USER, "a@example.net",
                    stdin=TEXT, through=caller)
        assert (done.returncode, done.stderr) == (0, "")
    server.record.wait_messages(2)
    site.wait(lambda: call(site, "mailq", through=through).stdout ==
              "Mail queue is empty\n", "an empty queue")


@needs_root
def test_without_a_daemon(site, server):
    """The same by a queue run of the user's own."""
    through = become(NOBODY_KNOWS)
    owned_by(site, NOBODY_KNOWS)
    site.write_conf()
    done = call(site, "sendmail", "-i", "-f", USER, "a@example.net",
                stdin=TEXT, through=through)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(site.dropped()) == 1
    assert "a@example.net" in call(site, "mailq", through=through).stdout
    assert call(site, "sendmail", "-q", through=through).returncode == 0
    assert len(server.record.accepted) == 1


@needs_root
def test_read_only_root(site, server):
    """As in a container: only the three folders can be written to."""
    script = """
        set -e
        mount --make-rprivate /
        for folder in lib run spool/drop log reports; do
            mount --bind "$1/$folder" "$1/$folder"
        done
        mount -o remount,bind,ro /
        if mountpoint -q /tmp; then mount -o remount,bind,ro /tmp; fi
        if touch "$1/conf/x" 2>/dev/null; then exit 99; fi
        shift
        exec "$@"
    """
    through = ["unshare", "-m", "sh", "-c", script, "sh", site.root]
    site.start(through=through)
    done = call(site, "sendmail", "-i", "-f", USER, "a@example.net",
                stdin=TEXT, through=[*through, *become(NOBODY_KNOWS)])
    assert (done.returncode, done.stderr) == (0, "")
    server.record.wait_messages(1)
    site.wait_empty()
