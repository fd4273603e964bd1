# SPDX-License-Identifier: ISC
"""What docs/install.md, docs/operations.md, docs/office365.md and docs/devices.md
have people type, typed."""

import contextlib
import os
import shlex
import shutil
import subprocess

import pytest

from exchange import Fault
from lib.packaged import SOURCE, USER, Packaged, package
from lib.packaged import bare, host, provider  # noqa: F401
from lib.page import Reader, page, section, steps
from lib.site import TESTS

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")

PACKAGE = "root/mailchute_0.1.0-1_amd64.deb"  # as the pages call it

# A disk with room for the queue, and for not much more than free_space_min.
SMALL_DISK = """\
service mailchuted stop >/dev/null
mkdir /run/disk
mount -t tmpfs -o size=116M,mode=700 tmpfs /run/disk
cp -a /var/lib/mailchute/. /run/disk
chown mailchute:mailchute /run/disk
mount --move /run/disk /var/lib/mailchute
service mailchuted start >/dev/null
head -c 12M /dev/zero >/var/lib/mailchute/somebody-elses
"""
LARGE_DISK = "rm /var/lib/mailchute/somebody-elses"
# A page of the file, in which SQLite then finds no table.
DAMAGE = """\
service mailchuted stop >/dev/null
head -c 8192 /dev/urandom | dd of=/var/lib/mailchute/queue.db bs=8192 seek=2 \
    conv=notrunc status=none
service mailchuted start >/dev/null
"""


class Elsewhere:
    """What happens at the server, on the disk and on other hosts, for a page's
    comments."""

    def __init__(self, host, server, authority):
        self.host, self.server = host, server
        self.authority = authority
        self.others = contextlib.ExitStack()

    def __getitem__(self, name):
        return getattr(self, name.replace("-", "_"))

    def fault(self, words):
        self.server.faults.add(Fault.parse(shlex.split(words)))

    def refuse(self, words):
        pattern, reply = words.split(" ", 1)
        self.server.options.recipient_replies[pattern] = reply

    def no_fault(self, _):
        self.server.faults.clear()
        self.server.options.recipient_replies.clear()

    def password(self, password):
        """The mailbox has another one."""
        self.server.options.users[USER] = password
        self.server.disconnect()

    def down(self, _):
        self.server.down()
        self.server.disconnect()

    def up(self, _):
        self.server.up()

    def small_disk(self, _):
        self.host.run("sh", "-ec", SMALL_DISK)

    def large_disk(self, _):
        self.host.run("sh", "-ec", LARGE_DISK)

    def damage(self, _):
        self.host.run("sh", "-ec", DAMAGE)


    def another_host(self, archive):
        """With exim, and another number for the user to come; the reader goes
        on there, with this file."""
        other = self.others.enter_context(Packaged())
        other.trust(self.authority)
        other.run("useradd", "--system", "somebody")
        shutil.copy(self.host.file(archive), other.file(archive))
        shutil.copy(package(), other.file(PACKAGE))
        self.host = self.reader.host = other


def follow(name, host, server, authority):
    elsewhere = Elsewhere(host, server, authority)
    with elsewhere.others:
        elsewhere.reader = Reader(host, elsewhere)
        return elsewhere.reader.follow(page(name))


def test_install(bare, provider, authority):
    shutil.copy(package(), bare.file(PACKAGE))
    assert follow("install.md", bare, provider, authority) >= 20


def test_operations(host, provider, authority):
    """On the host that docs/install.md has left."""
    host.service("start")
    assert follow("operations.md", host, provider, authority) >= 30


def copy_tree(folder):
    """As one gets it: what is committed, where that is known."""
    top = os.path.dirname(TESTS)
    with subprocess.Popen(
            ["git", "-C", top, "archive", "HEAD"]
            if os.path.exists(top + "/.git") else
            ["tar", "-c", "-C", top, "--exclude=./build*", "."],
            stdout=subprocess.PIPE) as tree:
        os.mkdir(folder)
        subprocess.run(["tar", "-x", "-C", folder], stdin=tree.stdout,
                       check=True)


# What OpenRC makes when it is the first process, and a service of systems that
# have no scripts of sysvinit's.
BOOT = """\
mkdir /run/openrc
cd /run/openrc
mkdir daemons exclusive failed hotplugged inactive options scheduled started \\
    starting stopped stopping tmp wasinactive
touch softlevel
printf '#!/sbin/openrc-run\\nstart() { :; }\\n' >/etc/init.d/localmount
chmod 755 /etc/init.d/localmount
"""


def test_from_source(provider, authority):
    """On a Debian without git, mandoc and any mailer, but with OpenRC; what it
    installs carries mail."""
    needed, build = section(page("install.md"), "From source")[:2]
    start = next(block for block in section(
        page("install.md"), "sysvinit, OpenRC, FreeBSD")
        if "rc-service" in block)
    with Packaged(SOURCE) as host:
        def service(action):
            host.run("rc-service", "mailchuted", action)
            return host.read("run/mailchute/mailchuted.pid")
        host.trust(authority)
        copy_tree(host.file("root/mailchute"))
        assert "0 newly installed" in host.run("sh", "-ec", needed)
        host.run("sh", "-ec", "cd /root/mailchute\n" + build, deadline=600)
        assert host.run("readlink", "-f", "/usr/lib/sendmail") == \
            "/usr/sbin/sendmail\n"
        host.send("Subject: early\n\n", to="bob@contoso.com")
        host.configure()
        host.run("sh", "-ec", BOOT + "cd /root/mailchute\n" + start)
        [message] = provider.record.wait_messages(1)
        assert message.addresses == ["bob@contoso.com"]
        first = service("status")
        host.configure("[queue]\ndelivery = off\n")
        assert service("reload") == first
        host.wait_log("event=reloaded")
        assert service("restart") != first
        host.configure("[queue]\ndelivery = perhaps\n")
        said = host.run("rc-service", "mailchuted", "restart", status=1)
        assert "mailchute.conf:" in said
        host.configure()
        service("start")
        host.run("rc-service", "mailchuted", "stop")
        assert not os.path.exists(host.file("run/mailchute/submit"))
        host.run("rc-service", "mailchuted", "status", status=3)


def test_office365(bare, provider, authority):
    """From the package to the first message, on a host that has no more."""
    bare.install()
    assert follow("office365.md", bare, provider, authority) >= 8
    message, = provider.record.accepted
    assert message.header("From") == '"alice@web01" <%s>' % USER
    assert message.header("Reply-To") is None


def test_devices(host, provider, authority):
    """On a host that sends already, and has an address beside loopback."""
    subprocess.run(["ip", "address", "add", "192.0.2.10/32", "dev", "lo"],
                   check=True, stdin=subprocess.DEVNULL)
    host.service("start")
    assert follow("devices.md", host, provider, authority) >= 8


def test_every_command_is_seen():
    """No line that looks like one is passed over."""
    for name in ("install.md", "operations.md", "office365.md",
                 "devices.md"):
        lines = [n for n, line in enumerate(page(name).splitlines(), 1)
                 if line.startswith(("    # ", "    $ "))]
        assert lines == [s.line for s in steps(page(name)) if s.kind in "#$"]
