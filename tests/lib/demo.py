#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What "./dev demo" shows: programs hand in mail, and it goes its way.

Takes the folder of an installation whose etc/, var/ and run/ lie below it, so
that the programs run without an option, as they do on a real machine.  Each
step is checked; the first that is not as expected ends the demo with status 1.
"""

import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from exchange import Authority, Exchange  # noqa: E402
from lib.notify import wait_until  # noqa: E402

USER = "alerts@contoso.example"

CONF = """\
[local]
admin = it@contoso.example
hostname = web01.contoso.example

[account]
user = %s
password_file = password
host = localhost
port = %d
tls_ca_file = %s

[log]
target = file
file = %s
"""

MAIL = """\
To: Bob <bob@fabrikam.example>
Cc: carol@fabrikam.example
Bcc: dave@fabrikam.example
Subject: disk usage of web01

/var is at 81 %.
"""

CRON = """\
From: root (Cron Daemon)
To: root
Subject: Cron <root@web01> /usr/local/bin/backup
Content-Type: text/plain; charset=UTF-8
Auto-Submitted: auto-generated
X-Cron-Env: <SHELL=/bin/sh>

backup: 3 files could not be read
"""

COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ


class Unexpected(Exception):
    """The demo did not go as it should."""


def paint(code, text):
    return "\033[%sm%s\033[0m" % (code, text) if COLOURS else text


def say(text):
    print("\n" + paint("1", text), flush=True)


def show(text, code="0"):
    for line in text.rstrip("\n").split("\n"):
        print(paint(code, "  " + line).rstrip(), flush=True)


def expect(true, what):
    if not true:
        raise Unexpected(what)


class Follower(threading.Thread):
    """Prints a file as it grows, like tail -f, until it is told to stop."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self._path, self._told = path, threading.Event()

    def run(self):
        with open(self._path) as f:
            f.seek(0, os.SEEK_END)
            while True:
                line = f.readline()
                if line:
                    show(line, "36")
                elif self._told.wait(0.02):
                    show(f.read(), "36")
                    return

    def stop(self):
        self._told.set()
        self.join()


class Demo:
    def __init__(self, root):
        self.root = root
        self.log = self.path("log")
        self.daemon = None
        # A program that cron starts has no more than this.
        self.env = {
            "PATH": ":".join([self.path("sbin"), self.path("bin"),
                              "/usr/bin:/bin"]),
            "HOME": root, "LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1",
            "GIT_CONFIG_NOSYSTEM": "1"}
        authority = Authority(self.path("ca"))
        self.roots = authority.roots
        self.server = Exchange(authority.issue("localhost"))
        self.server.options.users[USER] = "correct horse"

    def path(self, name):
        return os.path.join(self.root, name)

    def shell(self, command, stdin="", status=(0,)):
        """Shows and runs a command; returns what it printed."""
        show("$ " + command + (" <<EOF" if stdin else ""), "32")
        if stdin:
            show(stdin + "EOF", "33")
        done = subprocess.run(
            ["/bin/sh", "-c", command], input=stdin, text=True, env=self.env,
            cwd=self.root, timeout=60, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        if done.stdout:
            show(done.stdout)
        expect(done.returncode in status,
               "%s: exit status %d" % (command, done.returncode))
        return done.stdout

    # ---- the steps ------------------------------------------------------

    def configure(self):
        self.server.up()
        os.makedirs(self.path("etc/mailchute"))
        conf = self.path("etc/mailchute/mailchute.conf")
        with open(conf, "w") as f:
            f.write(CONF % (USER, self.server.port, self.roots, self.log))
        with open(self.path("etc/mailchute/password"), "w",
                  opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write("correct horse\n")
        say("A server that speaks as Exchange Online does listens on port %d. "
            "The\nconfiguration, with a port and a certificate of its own:"
            % self.server.port)
        with open(conf) as f:
            show(f.read())

    def start(self):
        say("mailchuted starts, not as root:")
        show("$ mailchuted -f &", "32")
        with open(self.path("stderr"), "wb") as err:
            self.daemon = subprocess.Popen(
                [self.path("sbin/mailchuted"), "-f"], env=self.env, cwd="/",
                stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        os.makedirs(self.path("run/mailchute"), exist_ok=True)
        wait_until(lambda: os.path.exists(self.path("run/mailchute/submit")),
                   [self.path("run/mailchute")], "the socket",
                   process=self.daemon)

    def hand_in(self):
        say("Delivery pauses, so that there is a queue to look at. Then "
            "programs hand in\nmail: git,")
        self.shell("mailchute pause")
        self.make_project()
        self.shell("cd project && git format-patch -1 --stdout | "
                   "sendmail -i list@fabrikam.example")
        say("a script that lets sendmail read the recipients, as mail(1) does,")
        self.shell("sendmail -t -i", MAIL)
        say("and cron, whose mail goes to root: that is a local name, and no "
            "alias stands\nfor it, so local.admin gets it.")
        self.shell("sendmail -FCronDaemon -i -odi -oem -oi -t -f root", CRON)
        say("Each was on disk before sendmail returned. The queue:")
        listing = self.shell("mailq")
        for word in ("bob@fabrikam.example", "dave@fabrikam.example",
                     "list@fabrikam.example", "it@contoso.example"):
            expect(word in listing, "%s is not in the queue" % word)
        expect(not self.server.record.accepted, "mail went out while paused")

    def make_project(self):
        """Something for git to send."""
        project = self.path("project")
        os.mkdir(project)
        with open(project + "/greeting", "w") as f:
            f.write("hello\n")
        for args in (["init", "-q"], ["add", "."],
                     ["-c", "user.name=Alice",
                      "-c", "user.email=alice@contoso.example",
                      "commit", "-qm", "greeting: say hello"]):
            subprocess.run(["git", *args], cwd=project, env=self.env,
                           check=True)

    def deliver(self):
        say("Delivery resumes; the log, as it is written:")
        follower = Follower(self.log)
        follower.start()
        self.shell("mailchute resume")
        messages = self.server.record.wait_messages(3)
        self.wait_listing(lambda text: "Mail queue is empty" in text)
        follower.stop()
        self.shell("mailq")
        record = self.server.record
        expect(record.auths <= 2, "more sign-ins than connections")
        expect(all(c.tls in ("TLSv1.2", "TLSv1.3")
                   for c in record.connections), "a session without TLS")
        rcpts = sorted(a for m in messages for a in m.addresses)
        expect(rcpts == ["bob@fabrikam.example", "carol@fabrikam.example",
                         "dave@fabrikam.example", "it@contoso.example",
                         "list@fabrikam.example"],
               "the recipients were %s" % ", ".join(rcpts))
        cron = [m for m in messages if "it@contoso.example" in m.addresses][0]
        say("Cron's message as the server has it. Exchange takes mail only "
            "under the\naddress of the mailbox that signs in, so From was "
            "rewritten:")
        show("MAIL FROM:<%s>" % cron.sender, "36")
        show(cron.raw.decode().replace("\r\n", "\n"))
        expect(cron.sender == USER and USER in cron.header("From"),
               "the sender was not rewritten")
        expect(all(m.header("Bcc") is None for m in messages), "Bcc went out")

    def refuse(self):
        say("Now somebody changes the mailbox's password, and forgets this "
            "machine:")
        self.server.options.users[USER] = "changed"
        self.server.disconnect()
        self.server.record.wait_idle()
        before = self.server.record.auths
        self.shell("sendmail -t -i", MAIL)
        self.shell("sendmail -i bob@fabrikam.example",
                   "Subject: another\n\nIt waits too.\n")
        listing = self.wait_listing(lambda text: "535" in text)
        show("$ mailq", "32")
        show(listing)
        status = self.shell("mailchute status", status=(1, 2))
        expect("535" in status, "status does not tell the refusal")
        expect(self.server.record.auths == before + 1,
               "the wrong password was tried more than once")
        say("The password was tried once, not once a message; nothing bounced. "
            "With the\nnew one in place the mail goes out:")
        self.shell("(umask 077; echo changed > etc/mailchute/password)")
        self.shell("mailchute retry ALL")
        self.server.record.wait_messages(5)
        self.wait_listing(lambda text: "Mail queue is empty" in text)
        self.shell("mailchute status")

    def stop(self):
        say("SIGTERM ends the daemon; the folder is removed.")
        self.daemon.terminate()
        expect(self.daemon.wait(10) == 0, "mailchuted did not end well")
        with open(self.path("stderr")) as f:
            expect(f.read() == "", "mailchuted wrote to stderr")

    def wait_listing(self, true):
        """Asks mailq after each line of the log until it shows something."""
        def listing():
            done = subprocess.run(["mailq"], env=self.env, text=True,
                                  capture_output=True, timeout=60)
            return done.stdout if true(done.stdout) else None
        return wait_until(listing, [self.log], "mailq to show it",
                          process=self.daemon)

    def close(self):
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        self.server.stop()


def main(root):
    demo = Demo(root)
    try:
        demo.configure()
        demo.start()
        demo.hand_in()
        demo.deliver()
        demo.refuse()
        demo.stop()
        return 0
    except (Unexpected, AssertionError, OSError,
            subprocess.SubprocessError) as e:
        print("\nNot as expected: %s" % e, file=sys.stderr)
        for name in ("log", "stderr"):
            if os.path.exists(demo.path(name)):
                with open(demo.path(name)) as f:
                    sys.stderr.write("".join(f.readlines()[-30:]))
        return 1
    finally:
        demo.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
