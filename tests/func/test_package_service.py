# SPDX-License-Identifier: ISC
"""The unit of Debian's package, and what logrotate and bash take from it."""

import os
import re
import subprocess

import pytest

from lib.notify import DEADLINE
from lib.packaged import CONF, LOG, USER
from lib.packaged import bare, host, provider  # noqa: F401
from lib.unit import Unit, confined, step

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")

UNKNOWN = 54321  # a uid that no passwd has


@pytest.fixture
def unit(host):
    with Unit(host) as unit:
        unit.listen()
        yield unit


def subjects(provider, n):
    return sorted(m.header("Subject")
                  for m in provider.record.wait_messages(n))


def refused(path):
    """The calls that strace saw and the unit's filter does not let through,
    of programs that it started."""
    ours, calls = set(), []
    with open(path) as f:
        for line in f:
            pid, call = line.split(None, 1)
            if call.startswith("execve("):
                if "/usr/sbin/mailchuted" in call.split(",")[0]:
                    ours.add(pid)
                assert "python3" not in call or not ours
            elif ours:
                calls.append(line)
    assert ours
    return calls


def test_a_session(provider, unit, tmp_path):
    """Socket, readiness, signs of life, delivery, reload, end; and none of its
    processes ever makes a call that the unit refuses."""
    host, watch = unit.root, str(tmp_path / "calls")
    unit.start(watch=watch)
    host.send("Subject: first\n\n", user="alice")
    assert subjects(provider, 1) == ["first"]
    programs = [words[0] for words in unit.processes().values()]
    assert sorted(programs) == ["/usr/libexec/mailchute/deliver"] + \
        ["/usr/sbin/mailchuted"] * 2
    unit.supervisor.wait_for("WATCHDOG=1")
    assert host.run("mailchute", "status").startswith("ok: ")
    unit.reload()
    host.send("Subject: second\n\n")
    assert subjects(provider, 2) == ["first", "second"]
    host.run("mailq")
    host.run("mailchute", "trace", "it@contoso.com")
    assert unit.stop() == 0
    assert refused(watch) == []


def test_restart_with_mail(provider, unit):
    """What waits stays, and who comes while it is down is not turned away."""
    host = unit.root
    host.configure("[queue]\ndelivery = off\n")
    unit.start()
    host.send("Subject: queued\n\n")
    assert unit.stop() == 0
    assert not unit.processes()
    host.configure()
    # The socket is systemd's, and stays.
    sender = host.popen("sendmail", "root", stdin=subprocess.PIPE)
    sender.stdin.write(b"Subject: meanwhile\n\n")
    sender.stdin.close()
    unit.start()
    assert sender.wait(DEADLINE) == 0
    assert subjects(provider, 2) == ["meanwhile", "queued"]


@pytest.mark.parametrize("argv, said", [
    (["touch", "/etc/x"], "Read-only file system"),
    (["touch", "/usr/sbin/x"], "Read-only file system"),
    (["touch", "/var/lib/x"], "Read-only file system"),
    (["ls", "/root/private"], "No such file or directory"),
    (["chown", "mailchute", "/var/lib/mailchute"], "Operation not permitted"),
    (["cat", "/proc/1/cmdline"], "No such file or directory"),
    (["touch", "/var/lib/mailchute/x"], ""),
    (["touch", "/var/log/mailchute/x"], "")])
def test_what_it_may_not(unit, argv, said):
    """The tests above are worth something."""
    unit.root.run("mkdir", "/root/private")
    unit.socket.close()
    unit.socket = None
    with unit.popen("/usr/bin/" + argv[0], *argv[1:],
                    stderr=subprocess.PIPE) as done:
        err = done.stderr.read().decode()
    assert said in err and bool(said) == bool(done.returncode), err


def test_a_credential(provider, host):
    """A password that root alone can read."""
    host.run("chown", "root:root", "/etc/mailchute/password")
    host.run("chmod", "0600", "/etc/mailchute/password")
    with Unit(host, "LoadCredential=password:/etc/mailchute/password\n") as u:
        u.start()
        host.send("Subject: signed in\n\n")
        assert subjects(provider, 1) == ["signed in"]
        assert u.stop() == 0


def test_commands(provider, host):
    """In the unit's cage too: the password of one, and an alarm to another."""
    host.write("etc/mailchute/mailchute.conf", """\
[local]
admin = it@contoso.com
alarm_command = /usr/bin/tee /var/lib/mailchute/alarm
[account]
user = alerts@contoso.com
password_command = /usr/bin/head -n 1 /etc/mailchute/password
""" + LOG)
    with Unit(host) as u:
        u.start()
        host.send("Subject: signed in\n\n")
        assert subjects(provider, 1) == ["signed in"]
        provider.options.users[USER] = "another"
        provider.disconnect()
        host.send("Subject: kept\n\n")
        host.wait_log("event=alarm-told")
        assert "is held" in host.read("var/lib/mailchute/alarm")
        assert u.stop() == 0


GROUP = "[queue]\nadmin_group = mailadmin\n"
DROP_IN = "SupplementaryGroups=mailadmin\nSystemCallFilter=@chown\n"


@pytest.fixture
def admins(host):
    host.run("groupadd", "mailadmin")
    host.run("usermod", "-aG", "mailadmin", "alice")
    host.configure(GROUP)
    return host


def test_admin_group(provider, admins):
    """With docs/install.md's drop-in the group reads the database."""
    with Unit(admins, DROP_IN) as u:
        u.start()
        said = admins.run("sqlite3", "-readonly", "/var/lib/mailchute/queue.db",
                          "SELECT count(*) FROM v_queue", user="alice")
        assert said == "0\n"
        admins.run("mailchute", "pause", user="alice")
        assert u.stop() == 0


# ---- other ways to be started, and to send ---------------------------------

def as_nobody(host, *argv, uid=UNKNOWN):
    return ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid,
            "--clear-groups", "--no-new-privs", "--bounding-set=-all", *argv]


@pytest.mark.parametrize("running", [True, False])
def test_an_unknown_user(provider, host, running):
    """No name, no home, no privilege to gain: a container's."""
    if running:
        host.service("start")
    host.run(*as_nobody(host, "sendmail", "-i", "bob@contoso.com"),
             stdin="Subject: unknown\n\n")
    assert len(host.drops()) == (not running)
    host.service("start")
    [message] = provider.record.wait_messages(1)
    assert "from userid %d)" % UNKNOWN in message.header("Received")


def test_a_user_without_a_home(provider, host):
    host.service("start")
    host.run("useradd", "--no-create-home", "--home-dir", "/nonexistent",
             "ghost")
    uid = host.user("ghost").pw_uid
    host.run(*as_nobody(host, "sendmail", "-i", "bob@contoso.com", uid=uid),
             stdin="Subject: homeless\n\n", env={"HOME": "/nonexistent"})
    [message] = provider.record.wait_messages(1)
    assert message.header("X-Original-From") == "ghost@contoso.com"


def test_a_read_only_root(provider, host):
    """As containers are run: root's mailchuted -f, three folders to write."""
    host.write("etc/mailchute/mailchute.conf", CONF + "[log]\n"
               "target = stderr\n")
    steps = [step("read_only_but", "/run", "/var/lib/mailchute",
                  "/var/spool/mailchute")]
    # Before there is a daemon, into the drop folder.
    sender = confined(host, steps, "/usr/sbin/sendmail", "root",
                      stdin=subprocess.PIPE)
    sender.communicate(b"Subject: read-only\n\n", timeout=DEADLINE)
    assert sender.returncode == 0
    assert len(host.drops()) == 1
    daemon = confined(host, steps, "/usr/sbin/mailchuted", "-f",
                      stderr=subprocess.DEVNULL)
    assert subjects(provider, 1) == ["read-only"]
    host.run("sh", "-c", "kill $(cat /run/mailchute/mailchuted.pid)")
    assert daemon.wait(DEADLINE) == 0


# ---- beside it ------------------------------------------------------------------

def test_logrotate(provider, host):
    """The former file is whole, and the daemon writes into a new one."""
    host.service("start")
    host.send("Subject: before\n\n")
    host.wait_log("event=delivered")
    before = host.log()
    assert host.run("logrotate", "-f", "/etc/logrotate.d/mailchute") == ""
    host.wait_log("event=started")
    host.send("Subject: after\n\n")
    host.wait_log("event=delivered")
    rotated = host.read("var/log/mailchute/mailchuted.log.1")
    assert rotated.startswith(before)
    assert rotated.count("event=delivered") == 1
    assert host.log().count("event=delivered") == 1
    # Again, without a daemon: nothing to tell, and nobody else is told.
    host.service("stop")
    assert host.run("logrotate", "-f", "/etc/logrotate.d/mailchute") == ""
    assert {"mailchuted.log.1", "mailchuted.log.2.gz"} <= set(
        os.listdir(host.file("var/log/mailchute")))


COMPLETE = """\
. /usr/share/bash-completion/bash_completion
__load_completion mailchute
complete -p mailchute >&2
COMP_WORDS=(%s) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
_mailchute
echo "${COMPREPLY[@]}"
"""


def complete(host, words, user="root"):
    script = COMPLETE.replace("COMP_CWORD=", "\nCOMP_CWORD=") % words
    said = host.run("bash", "-c", script, user=user, stderr=subprocess.DEVNULL)
    return said.split()


def test_completion(host):
    host.configure("[queue]\ndelivery = off\n")
    host.service("start")
    host.send(user="alice")
    host.send()
    words = complete(host, 'mailchute ""')
    assert {"queue", "show", "trace", "hold", "release", "retry", "remove",
            "pause", "resume", "status", "config"} <= set(words)
    assert complete(host, "mailchute re") == ["release", "retry", "remove",
                                              "resume"]
    ids = re.findall(r"^([0-9A-F]{12}) ", host.run("mailq"), re.M)
    assert len(ids) == 2
    assert set(complete(host, 'mailchute remove ""')) == \
        {"ALL", "--yes", *ids}
    assert set(complete(host, 'mailchute show "01"')) == set(ids)
    # One's own, for whoever may see no others.
    assert len(complete(host, 'mailchute show "01"', user="alice")) == 1
