# SPDX-License-Identifier: ISC
"""A daemon that is attacked by its drop folder, and watched meanwhile."""

import os
import pwd
import select
import time

import pytest

from .notify import DEADLINE
from .stranger import Eyes, cpu, state

ATTACKER, VICTIM = "games", "bin"
SECRET = "nobody else's business\n"


@pytest.fixture
def folder(site):
    """The site's folder, and a home of the attacker's on the same disk."""
    os.mkdir(site.path("home"))
    os.chown(site.path("home"), *pwd.getpwnam(ATTACKER)[2:4])
    site.write("secret", SECRET, 0o644)
    return lambda name="": site.path("spool/drop/" + name)


@pytest.fixture
def guarded(site, server, folder):
    """The daemon, watched: it takes others' mail by the folder all the while,
    stays who it is, comes to rest, and touches nothing beyond the folder."""
    guard = Guard(site, server)
    yield guard
    guard.close()


class Guard:
    def __init__(self, site, server):
        self.site, self.server = site, server
        self.eyes = Eyes(site.path("secret"), site.path("home"))
        self.sent = 0  # by drop; each has an address of its own
        self.due = 0  # messages that are to have arrived by now
        # Where no daemon is, sendmail uses the folder.
        self.conf = site.path("conf/nobody-home.conf")
        with open(site.conf_path) as f:
            text = f.read()
        site.write("conf/nobody-home.conf", text.replace(
            site.path("run"), site.path("run/nowhere")))

    def start(self):
        self.site.start()
        self.queue = self.site.queue_pid()
        self.pids = {self.site.daemon.pid, self.queue}
        return self

    def drop(self, user=VICTIM):
        """Mail of another's goes into the folder; its address."""
        self.sent += 1
        self.due += 1
        rcpt = "v%d@example.net" % self.sent
        done = self.site.sendmail("-C", self.conf, "-i", rcpt,
                                  uid=pwd.getpwnam(user).pw_uid)
        assert (done.returncode, done.stderr) == (0, ""), done
        return rcpt

    def of(self, rcpt):
        return [m for m in self.server.record.accepted
                if rcpt in m.addresses]

    def arrives(self, rcpt, user=VICTIM):
        """It is delivered, once, as who dropped it."""
        self.server.record.wait(lambda: self.of(rcpt), "mail to " + rcpt)
        [m] = self.of(rcpt)
        assert "from userid %d)" % pwd.getpwnam(user).pw_uid in \
            m.header("Received")
        return m

    def serves(self, user=VICTIM):
        self.arrives(self.drop(user), user)

    def rests(self):
        """Nothing is left to do, so nothing is done: a loop never gets here."""
        end = time.monotonic() + DEADLINE
        calm, before = 0, None
        while calm < 10:
            assert time.monotonic() < end, "the queue process does not rest"
            now = cpu(self.queue)
            calm = calm + 1 if now == before and state(self.queue) == "S" \
                else 0
            before = now
            select.select([], [], [], 0.02)

    def is_who_it_was(self):
        """No process of it was replaced."""
        assert self.pids <= set(self.site.group(self.site.daemon.pid))

    def unharmed(self):
        self.serves()
        self.rests()
        self.is_who_it_was()
        assert not self.eyes.seen()
        with open(self.site.path("secret")) as f:
            assert f.read() == SECRET
        self.eyes.seen()  # that was us
        assert len(self.server.record.accepted) == self.due

    def told(self, event="drop-file-odd", **match):
        return len(self.site.log.events(event, **match))

    def close(self):
        self.eyes.close()


def looks(path):
    """What a thing in the folder is, whatever it leads to."""
    st = os.lstat(path)
    return (st.st_ino, st.st_mode, st.st_uid, st.st_gid, st.st_size)
