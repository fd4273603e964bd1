# SPDX-License-Identifier: ISC
"""A small Debian in which exim was the mailer, and our package is now; with the
programs of others that send mail."""

import os
import subprocess

from . import debian, packages, trace
from .notify import DEADLINE, wait_until
from .packaged import NAME, begin_to_run, package
from .root import Root, ended
from .site import USER

DOMAIN = "contoso.example"
# From of alice's mail, where it does not say who she is.
ALICE = '"Alice Example (alice@web01)" <alerts@contoso.example>'
PASSWORD = "a pass-word of the tests"

CONF = """\
[local]
admin = it@contoso.example

[queue]
free_space_min = 1M

[account]
host = localhost
port = {port}
user = {user}
auth = login
password_file = password
tls_ca_file = /etc/mailchute/roots.pem

[log]
target = file
file = /var/log/mailchute/log
level = debug
"""

SETUP = """\
useradd --create-home --shell /bin/sh --comment 'Alice Example' alice
useradd --create-home --shell /bin/sh bob
useradd --system --shell /usr/sbin/nologin nagios
chown root:mailchute /etc/mailchute/password
chmod 640 /etc/mailchute/password
"""

HOSTS = """\
127.0.0.1 localhost
127.0.1.1 web01.contoso.example web01
"""


def made():
    """The folder with the programs, and with our package over exim."""
    return debian.installed(packages.ALL, package())


class Host:
    """Its mail goes to server, one of tests/exchange in the same network."""

    def __init__(self, server, authority):
        self.root = Root(made(), NAME)
        self.server, self.authority = server, authority
        self._traces = 0

    def __enter__(self):
        self.root.__enter__()
        try:
            self._install()
        except BaseException:
            self.root.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        self.root.__exit__()

    def _install(self):
        root = self.root
        begin_to_run(root, DOMAIN, HOSTS)
        root.write("etc/mailchute/mailchute.conf",
                   CONF.format(port=self.server.port, user=USER))
        root.write("etc/mailchute/password", PASSWORD + "\n", 0o600)
        with open(self.authority.roots) as f:
            root.write("etc/mailchute/roots.pem", f.read())
        root.run("sh", "-ec", SETUP)
        self.server.options.users[USER] = PASSWORD
        os.mkdir(root.file("run/trace"), 0o755)

    # ---- mailchuted -----------------------------------------------------

    def start(self):
        """As the package does it; mail is taken when it returns."""
        self.root.run("service", "mailchuted", "start")

    def configure(self, line):
        """Adds a line to the account's, in force at once."""
        text = self.root.read("etc/mailchute/mailchute.conf")
        self.root.write("etc/mailchute/mailchute.conf", text.replace(
            "[account]\n", "[account]\n" + line + "\n"))
        before = len(self.log())
        self.root.run("service", "mailchuted", "reload")
        wait_until(lambda: "event=started" in self.log()[before:],
                   [self.root.file("var/log/mailchute")], "a reload")

    def log(self):
        """All that the daemon has told of itself."""
        path = "var/log/mailchute/log"
        return self.root.read(path) if os.path.exists(
            self.root.file(path)) else ""

    def wait_file(self, name):
        """Waits until a program has written something into it."""
        path = self.root.file(name)
        wait_until(lambda: os.path.exists(path) and os.path.getsize(path),
                   [os.path.dirname(path)], name)

    def wait_queue(self, text):
        """Waits until this is what waits, as JSON tells it."""
        wait_until(lambda: self.root.run("mailchute", "queue", "--json") ==
                   text, [self.root.file("var/log/mailchute")], "the queue")

    # ---- the programs of others -----------------------------------------

    def begin(self, *argv, set_ids=False, **how):
        """Starts a program, watched; popen's arguments.

        set_ids: it is set-uid, or starts such programs.
        """
        self._traces += 1
        prefix = "/run/trace/%d" % self._traces
        how.setdefault("stdin", subprocess.DEVNULL)
        become = self._as(how.pop("user", "root"))
        return Program(self.root, prefix, self.root.popen(
            *trace.command(prefix, set_ids), *become, *argv,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how))

    def _as(self, user):
        """strace stays root, so that set-uid programs are what they are."""
        if user == "root":
            return []
        return [*self.root.become(user), "env", "HOME=" +
                self.root.user(user).pw_dir, "USER=" + user, "LOGNAME=" + user]

    def run(self, *argv, stdin=b"", deadline=DEADLINE, **how):
        """Runs a program, watched, to its end."""
        program = self.begin(*argv, stdin=subprocess.PIPE, **how)
        return program.end(stdin, deadline)

    def version(self, package):
        return self.root.run("dpkg-query", "-W", "-f", "${Version}", package)


class Program:
    """One that runs, or ran: status, out, err, and its calls of sendmail."""

    def __init__(self, root, prefix, process):
        self._root, self._prefix, self.process = root, prefix, process

    def end(self, stdin=None, deadline=DEADLINE):
        """Waits for the end of all its processes."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        out, err = ended(self.process, stdin, deadline)
        self.status = self.process.returncode
        self.out = out.decode(errors="replace")
        self.err = err.decode(errors="replace")
        self.calls = trace.calls(self._root.file(self._prefix))
        return self
