# SPDX-License-Identifier: ISC
"""Debian's package, put in another mailer's place."""

import os
import stat

import pytest

from lib.packaged import EXIM, POSTFIX, Packaged
from lib.packaged import bare, host, provider  # noqa: F401

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")


@pytest.mark.parametrize("packages, mailer", [
    (EXIM, "exim4-daemon-light"), (POSTFIX, "postfix")])
def test_in_the_place_of(provider, authority, packages, mailer):
    """apt takes the other one away, and nothing that needs a mailer; what is
    sent before there is a configuration is kept, and leaves with it."""
    with Packaged(packages) as host:
        host.trust(authority)
        said = host.apt_install()
        assert "1 newly installed, 1 to remove" in said
        assert host.status_of(mailer) == "config-files"
        for name in ("mailchute", "bsd-mailx", "cron"):
            assert host.status_of(name) == "installed"
        assert "not started, there is no /etc/mailchute/mailchute.conf" in said
        assert host.dpkg("--audit") == host.dpkg("--verify") == ""
        host.send("Subject: early\n\n")
        host.run("mail", "-s", "early too", "root", stdin="x\n", user="alice")
        assert len(host.drops()) == 2
        host.configure(log="")
        assert "mailchuted" in host.service("start")
        messages = provider.record.wait_messages(2)
        assert {m.header("Subject") for m in messages} == {"early", "early too"}
        assert all(m.addresses == ["it@contoso.com"] for m in messages)
        assert host.drops() == []


def test_names(host):
    """Each name under which programs look for sendmail is ours."""
    for name in ("/usr/lib/sendmail", "/usr/bin/mailq", "/usr/bin/newaliases"):
        assert host.run("readlink", "-f", name) == "/usr/sbin/sendmail\n"
    assert host.run("/usr/lib/sendmail", "-bp") == host.run("mailq") == \
        "Mail queue is empty\n"
    host.run("newaliases")


def owners(host):
    said = host.run("find", "/etc/mailchute", "/var/lib/mailchute",
                    "/var/spool/mailchute", "/run/mailchute",
                    "/var/log/mailchute", "-printf", "%p %M %u:%g\\n")
    return dict(line.split(" ", 1) for line in said.splitlines())


DAEMONS = "mailchute:mailchute"


def test_owners_and_modes(host):
    """Before the first start, and after it."""
    assert owners(host) == {
        "/etc/mailchute": "drwxr-xr-x root:root",
        "/etc/mailchute/mailchute.conf": "-rw-r--r-- root:root",
        "/etc/mailchute/password": "-rw-r----- root:mailchute",
        "/run/mailchute": "drwxr-xr-x " + DAEMONS,
        "/var/lib/mailchute": "drwx------ " + DAEMONS,
        "/var/log/mailchute": "drwxr-x--- " + DAEMONS,
        "/var/spool/mailchute": "drwxr-xr-x root:root",
        "/var/spool/mailchute/drop": "drwx-ws-wt " + DAEMONS}
    before = owners(host)
    host.service("start")
    after = owners(host)
    assert before.items() <= after.items()
    assert after["/run/mailchute/submit"] == "srw-rw-rw- " + DAEMONS
    assert after["/run/mailchute/control"] == "srw-rw-rw- " + DAEMONS
    assert after["/var/lib/mailchute/queue.db"] == "-rw------- " + DAEMONS


def test_the_user(host):
    entry = host.user("mailchute")
    assert entry.pw_uid < 1000
    assert entry.pw_shell == "/usr/sbin/nologin"
    assert host.run("id", "-Gn", "mailchute") == "mailchute\n"


def test_nothing_is_set_user_id(host):
    """Nor has a capability; all is root's, and writable by nobody else."""
    paths = host.run("dpkg", "-L", "mailchute").split()
    assert len(paths) > 50
    for path in paths:
        st = os.lstat(host.file(path))
        assert (st.st_uid, st.st_gid) == (0, 0), path
        if not stat.S_ISLNK(st.st_mode):
            assert st.st_mode & 0o7022 == 0, path
            assert "security.capability" not in os.listxattr(host.file(path))


def test_no_process_is_root(host):
    host.service("start")
    said = host.run("ps", "-o", "ruid=,euid=,suid=,fuid=", "-C", "mailchuted")
    assert said.split() == [str(host.user("mailchute").pw_uid)] * 8
