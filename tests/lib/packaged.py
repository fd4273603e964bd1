# SPDX-License-Identifier: ISC
"""A small Debian into which mailchute's package goes, and a server that its
five lines of configuration reach: smtp.office365.com, port 587, of a network of
the test's own."""

import fcntl
import glob
import os
import shutil
import subprocess

import pytest

from exchange import Exchange

from . import debian
from .netns import own_network
from .notify import wait_until
from .packages import NEEDED
from .page import page, section
from .root import Root
from .site import TESTS

# What Debian's hosts have.
USUAL = ["bash-completion", "bsd-mailx", "cron", "jq", "logrotate",
         "monitoring-plugins-standard", "perl", "procps", "sqlite3",
         "strace", "swaks"]
# Each of Debian's own mailers, with programs that cannot be without one.
EXIM = [*NEEDED, *USUAL, "exim4-daemon-light"]
POSTFIX = [*NEEDED, "bsd-mailx", "cron", "postfix"]
# What docs/install.md names for a build from source, on a host with OpenRC.
SOURCE = [*section(page("install.md"), "From source")[0].replace(
    "\\\n", " ").split()[3:], "openrc", "systemd-standalone-sysusers",
    "systemd-standalone-tmpfiles"]
ROOTS = (EXIM, POSTFIX, SOURCE)

NAME, DOMAIN = "web01", "contoso.com"
PROVIDER, SUBMISSION = "smtp.office365.com", 587
LOGIN, HTTPS = "login.microsoftonline.com", 443
USER, PASSWORD = "alerts@contoso.com", "a long pass phrase"

CONF = """\
[local]
admin = it@contoso.com
[account]
user = alerts@contoso.com
password_file = password
"""

LOG = """\
[log]
target = file
file = /var/log/mailchute/mailchuted.log
"""

HOSTS = """\
127.0.0.1 localhost smtp.office365.com login.microsoftonline.com
127.0.1.1 web01.contoso.com web01
"""

QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def _made():
    """One of what is committed; made now if there is none."""
    top = os.path.dirname(TESTS)
    folder = os.path.join(top, "build-dev", "deb")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".log", "a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        if not glob.glob(os.path.join(folder, "*.deb")):
            subprocess.run(
                [os.path.join(top, "packaging", "deb.sh"), folder, "unchecked"],
                env={**os.environ, "DEB_BUILD_OPTIONS": "nocheck parallel=2"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    return folder


def package():
    """The file that packaging/deb.sh makes; ./dev says where it did."""
    folder = os.environ.get("MAILCHUTE_PACKAGE") or _made()
    found = glob.glob(os.path.join(folder, "mailchute_*.deb"))
    if len(found) != 1:
        raise RuntimeError("no package in %s; ./dev deb makes it" % folder)
    return found[0]


def begin_to_run(root, domain, hosts):
    """A Debian that was only installed becomes a host that runs, with sysvinit:
    it has its names, and services may start."""
    root.write("etc/hostname", NAME + "\n")
    root.write("etc/mailname", domain + "\n")
    root.write("etc/hosts", hosts)
    os.unlink(root.file("usr/sbin/policy-rc.d"))
    root.write("sbin/runlevel", "#!/bin/sh\necho N 2\n", 0o755)
    root.write("sbin/init", "", 0o755)


class Packaged(Root):
    """A Debian; the package lies in it as /root/mailchute.deb."""

    def __init__(self, packages=EXIM):
        super().__init__(debian.root(packages), NAME)

    def __enter__(self):
        super().__enter__()
        try:
            begin_to_run(self, DOMAIN, HOSTS)
            self.run("useradd", "--create-home", "--shell", "/bin/sh", "alice")
            shutil.copy(package(), self.file("root/mailchute.deb"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def group(self, name):
        for line in self.read("etc/group").splitlines():
            if line.startswith(name + ":"):
                return int(line.split(":")[2])
        raise KeyError(name)

    # ---- the package ------------------------------------------------------

    def install(self, name="mailchute.deb"):
        """In exim's place, as apt does it, in less time."""
        self.dpkg("--force-depends", "--remove", "exim4-daemon-light")
        return self.dpkg("--install", "/root/" + name)

    def apt_install(self, name="mailchute.deb"):
        return self.run("apt-get", "-qy", "install", "/root/" + name,
                        env=QUIET)

    def dpkg(self, *args, **how):
        return self.run("dpkg", *args, env=QUIET, **how)

    def status_of(self, name):
        return self.run("dpkg-query", "-W", "-f", "${db:Status-Status}", name)

    # ---- as an administrator sets it up -----------------------------------

    def trust(self, authority):
        """The server's certificate is of one that the system trusts; as
        update-ca-certificates does it, in less time."""
        with open(authority.roots) as f:
            self.write("etc/ssl/certs/tests.pem", f.read())
        self.run("sh", "-ec", "cd /etc/ssl/certs; ln -s tests.pem "
                 "$(openssl x509 -hash -noout -in tests.pem).0; "
                 "cat tests.pem >>ca-certificates.crt")

    def configure(self, more="", log=LOG):
        self.write("etc/mailchute/mailchute.conf", CONF + log + more)
        self.write("etc/mailchute/password", PASSWORD + "\n", 0o640)
        self.run("chown", "root:mailchute", "/etc/mailchute/password")

    def service(self, action, **how):
        return self.run("/etc/init.d/mailchuted", action, **how)

    def send(self, text="hello\n", to="root", **how):
        assert self.run("sendmail", "-i", to, stdin=text, **how) == ""

    def log(self):
        try:
            return self.read("var/log/mailchute/mailchuted.log")
        except FileNotFoundError:
            return ""

    def wait(self, true, what):
        """Until true() holds, asked again with each line of the log."""
        wait_until(true, [self.file("var/log/mailchute")], what)

    def wait_log(self, text, nth=1):
        self.wait(lambda: self.log().count(text) >= nth, text)

    def drops(self):
        return os.listdir(self.file("var/spool/mailchute/drop"))

    def newer(self, version="9.9-1"):
        """A package of a higher version: its programs are the same, since
        test_upgrade.py is about others; its number and its octets are not."""
        self.run("sh", "-ec", """
            cd /root
            dpkg-deb -R mailchute.deb newer
            sed -i 's/^Version:.*/Version: %s/' newer/DEBIAN/control
            dpkg-deb --root-owner-group -b newer newer.deb >/dev/null
        """ % version)
        return "newer.deb"


@pytest.fixture
def provider(authority):
    """Exchange Online, as far as this test's network reaches."""
    for packages in ROOTS:
        debian.root(packages)  # they come by the other network
    with own_network(), Exchange(authority.issue(PROVIDER), port=SUBMISSION,
                                 users={USER: PASSWORD}) as server:
        yield server


@pytest.fixture
def bare(provider, authority):
    """A host with exim, whose administrator has the package at hand."""
    with Packaged() as host:
        host.trust(authority)
        yield host


@pytest.fixture
def host(bare):
    """With the package in exim's place, configured and not started."""
    bare.install()
    bare.configure()
    return bare
