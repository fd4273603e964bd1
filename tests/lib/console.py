# SPDX-License-Identifier: ISC
"""Somebody logged in as root on a Debian of a test's own (root.py)."""

import fcntl
import os
import re
import struct
import termios

from .notify import DEADLINE
from .terminal import Terminal

TIOCSPTLCK, TIOCGPTPEER = 0x40045431, 0x5441
SHELL = "root@%s:~# "


def pair(root, columns):
    """Both ends of a terminal among that Debian's own."""
    ours = os.open(root.file("dev/pts/ptmx"), os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(ours, TIOCSPTLCK, struct.pack("i", 0))
    theirs = fcntl.ioctl(ours, TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(ours, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    return ours, theirs


class Console(Terminal):
    """A login shell of root's.  What is begun in it ends with the next prompt
    of the shell's, as a person sees it."""

    def __init__(self, root, columns=80, term="xterm"):
        self.shell = SHELL % root.hostname
        # In there, the shell leads a session of its own, with its jobs.
        super().__init__(
            ["setsid", "--ctty", "bash", "--login", "--noediting"],
            pair=pair(root, columns), env={"TERM": term},
            popen=lambda argv, **how: root.popen(*argv, **how))
        self.wait(re.escape(self.shell) + "$")

    def close(self):
        """Who is left behind hears of it, and ends."""
        self.hang_up()
        self.process.wait(DEADLINE)

    def prompt(self, deadline=DEADLINE):
        """Of the program that runs; None at its end."""
        found = self.wait(r"(?:^|\n)([A-Z][^\n]*: |%s)$"
                          % re.escape(self.shell), deadline)
        return None if found.group(1) == self.shell else found.group(1)

    def begin(self, command):
        self.type(command)
        self.wait(re.escape(command) + "\n")
        self._before += len(command) + 1

    def run(self, command, *statuses):
        """To its end, with one of those, or 0; what it said."""
        self.begin(command)
        said = self.wait(r"(?s)(?:^|(.*\n))%s$" % re.escape(self.shell))
        assert self.status() in (statuses or (0,)), self.seen
        return said.group(1) or ""

    def interrupt(self):
        """Whatever was asked before is over."""
        self._before = len(self.seen)
        super().interrupt()

    def status(self):
        self.begin("echo $?")
        return int(self.wait(r"(\d+)\n%s$" % re.escape(self.shell)).group(1))

    def end(self, deadline=DEADLINE):
        """Waits for the end of what was begun: its status."""
        assert self.prompt(deadline) is None, self.seen
        return self.status()
