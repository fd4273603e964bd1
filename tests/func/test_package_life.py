# SPDX-License-Identifier: ISC
"""Debian's package, over its life: restarts, upgrades, removal, purge."""

import os
import pty

import pytest

from lib.notify import DEADLINE
from lib.packaged import CONF
from lib.packaged import bare, host, provider  # noqa: F401

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")

KEPT = "[queue]\ndelivery = off\n"
OURS = ("/etc/mailchute", "/run/mailchute", "/var/lib/mailchute",
        "/var/log/mailchute", "/var/spool/mailchute", "/etc/init.d/mailchuted",
        "/etc/logrotate.d/mailchute", "/usr/share/doc/mailchute")


def subjects(provider, n):
    return sorted(m.header("Subject")
                  for m in provider.record.wait_messages(n))


@pytest.fixture
def keeping(host):
    """It runs, and delivers nothing: one message lies in the queue."""
    host.configure(KEPT)
    host.service("start")
    host.send("Subject: queued\n\n")
    return host


def deliver(host):
    host.configure()
    host.service("start")


def remove(host):
    """As apt does it that has been told to put nothing in its place."""
    return host.dpkg("--force-depends", "--remove", "mailchute")


def purge(host, **how):
    return host.dpkg("--force-depends", "--purge", "mailchute", **how)


def left(host):
    return [path for path in OURS if os.path.lexists(host.file(path))]


def test_start_status_reload_restart_stop(provider, host):
    host.service("status", status=3)
    host.service("start")
    first = host.read("run/mailchute/mailchuted.pid")
    host.service("start")  # it runs: no second one
    assert host.read("run/mailchute/mailchuted.pid") == first
    host.service("status")
    host.configure(KEPT)
    host.service("reload")
    host.wait_log("event=reloaded")
    assert host.read("run/mailchute/mailchuted.pid") == first
    host.send("Subject: queued\n\n")
    host.service("restart")
    assert host.read("run/mailchute/mailchuted.pid") != first
    host.configure()
    host.service("restart")
    assert subjects(provider, 1) == ["queued"]
    host.service("stop")
    host.service("status", status=3)
    host.service("stop")
    assert host.run("pgrep", "mailchuted", status=1) == ""


def test_a_wrong_configuration(host):
    """The start fails, with the line; an install all the same does not."""
    host.configure("[queue]\ndelivery = perhaps\n")
    said = host.service("start", status=78)
    assert "mailchute.conf:10: " in said and "failed!" in said
    host.dpkg("--install", "/root/mailchute.deb")
    assert host.status_of("mailchute") == "installed"


def test_upgrade(provider, keeping):
    """With mail in the queue, and with mail that the version before wrote into
    the drop folder; nothing is asked, and what the administrator wrote stays."""
    host = keeping
    host.run("sed", "-i", "s/weekly/daily/", "/etc/logrotate.d/mailchute")
    host.service("stop")
    host.send("Subject: dropped\n\n")
    host.service("start")
    conf = host.read("etc/mailchute/mailchute.conf")
    before = host.read("run/mailchute/mailchuted.pid")
    said = host.dpkg("--install", "/root/" + host.newer())
    assert "conf" not in said
    assert host.run("dpkg-query", "-W", "-f", "${Version}",
                    "mailchute") == "9.9-1"
    assert host.read("etc/mailchute/mailchute.conf") == conf
    assert "daily" in host.read("etc/logrotate.d/mailchute")
    assert host.read("run/mailchute/mailchuted.pid") != before
    host.wait(lambda: host.run("mailq").count("it@contoso.com") == 2,
              "both of them in the queue")
    host.configure()
    host.service("reload")
    assert subjects(provider, 2) == ["dropped", "queued"]


def test_upgrade_of_drop_files_alone(provider, host):
    """Nobody has started it yet."""
    host.send("Subject: dropped\n\n")
    host.dpkg("--install", "/root/" + host.newer())
    assert subjects(provider, 1) == ["dropped"]


def test_removal_and_return(provider, keeping):
    remove(keeping)
    assert keeping.run("pgrep", "mailchuted", status=1) == ""
    assert not os.path.lexists(keeping.file("usr/sbin/sendmail"))
    assert not os.path.lexists(keeping.file("usr/lib/sendmail"))
    keeping.configure()
    keeping.install()
    assert subjects(provider, 1) == ["queued"]


def test_purge_of_an_empty_queue(provider, host):
    host.service("start")
    host.send("Subject: delivered\n\n")
    provider.record.wait_messages(1)
    host.wait_log("event=delivered")
    said = purge(host)
    assert "not delivered" not in said
    assert left(host) == []
    assert "chute" not in host.run("find", "/etc", "-name", "*mailchute*")


def test_purge_of_what_was_never_started(bare):
    bare.install()
    purge(bare)
    assert left(bare) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_purge_while_mail_waits(provider, keeping, at_once):
    """Both words of dpkg's come to the same: mail stays, and it says so."""
    host = keeping
    if not at_once:
        remove(host)
    said = purge(host)
    assert "mail that was not delivered stays" in said
    assert left(host) == ["/var/lib/mailchute", "/var/spool/mailchute"]
    host.dpkg("--install", "/root/mailchute.deb")
    deliver(host)
    assert subjects(provider, 1) == ["queued"]


def test_purge_while_drop_files_wait(provider, host):
    """There is no queue at all yet."""
    host.send("Subject: dropped\n\n")
    remove(host)
    # prerm has looked into the queue, which took the file in.
    said = purge(host)
    assert "mail that was not delivered stays" in said
    host.dpkg("--install", "/root/mailchute.deb")
    deliver(host)
    assert subjects(provider, 1) == ["dropped"]


def test_purge_while_only_drop_files_wait(provider, bare):
    """Nor a configuration: nothing could take them in."""
    bare.install()
    bare.send("Subject: dropped\n\n")
    assert len(bare.drops()) == 1
    said = purge(bare)
    assert "mail that was not delivered stays" in said
    bare.dpkg("--install", "/root/mailchute.deb")
    deliver(bare)
    assert subjects(provider, 1) == ["dropped"]


def test_purge_as_answered_before(keeping):
    """debconf has the administrator's word."""
    keeping.run("debconf-set-selections",
                stdin="mailchute mailchute/purge_queue boolean true\n")
    assert "not delivered" not in purge(keeping)
    assert left(keeping) == []


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_purge_asks(keeping, answer):
    """On a terminal, once dpkg has forgotten all but postrm."""
    remove(keeping)
    ours, theirs = pty.openpty()
    process = keeping.popen(
        "dpkg", "--force-depends", "--purge", "mailchute", stdin=theirs,
        stdout=theirs, stderr=theirs,
        env={"DEBIAN_FRONTEND": "teletype", "TERM": "dumb"})
    os.close(theirs)
    said = answered = ""
    try:
        while part := os.read(ours, 4096).decode():
            said += part
            if not answered and "[yes/no]" in said:
                answered = answer
                os.write(ours, answer.encode() + b"\n")
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait(DEADLINE) == 0
    assert "Remove mail that was not delivered?" in said
    assert ("mail that was not delivered stays" in said) == (answer == "no")
    assert left(keeping) == (["/var/lib/mailchute", "/var/spool/mailchute"]
                             if answer == "no" else [])


def test_the_configuration_is_nobodys_but_the_administrators(bare):
    """The package brings an example, which is the manual's five lines."""
    bare.install()
    assert not os.path.exists(bare.file("etc/mailchute/mailchute.conf"))
    bare.run("cp", "/usr/share/doc/mailchute/examples/mailchute.conf",
             "/etc/mailchute/")
    shown = bare.run("mailchute", "config")
    bare.write("etc/mailchute/mailchute.conf", CONF)

    def without_lines(text):
        return [line.split("#")[0] for line in text.splitlines()]
    assert without_lines(bare.run("mailchute", "config")) == \
        without_lines(shown)
