# SPDX-License-Identifier: ISC
"""A program at a terminal of its own, and what a person sees there."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from .notify import DEADLINE

# What waits for an answer: the last line, with no end, begins at its margin.
PROMPT = re.compile(r"(?:^|\n)([A-Z][^\n]*: )$")


class Terminal:
    """Started at once, by popen; close() ends it, however far it came.  pair:
    both ends of a terminal, if not of this machine's own."""

    def __init__(self, argv, user=None, pair=None, popen=subprocess.Popen,
                 **how):
        self.fd, theirs = pair or pty.openpty()
        if user is not None:
            os.fchown(theirs, user, -1)
            how.update(user=user, group=user, extra_groups=[])
        self.seen = ""      # all of it, with what was typed as it is shown
        self._before = 0    # of that: how much was there at the last answer
        self.process = popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
            preexec_fn=self._take_terminal, start_new_session=True, **how)
        os.close(theirs)

    @staticmethod
    def _take_terminal():
        """It controls the process, so that ^C typed there means something."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    @property
    def new(self):
        """What was shown since the last answer."""
        return self.seen[self._before:]

    def _read(self, until):
        """More of it; false at the end."""
        ready, _, _ = select.select([self.fd], [], [],
                                    max(0, until - time.monotonic()))
        assert ready, "nothing more is said after:\n" + self.seen
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        said = self.seen + data.decode("utf-8", "replace")
        self.seen = said.replace("\r\n", "\n")
        return bool(data)

    def prompt(self, deadline=DEADLINE):
        """Waits for a question: its last line, or None at the end."""
        until = time.monotonic() + deadline
        while True:
            found = PROMPT.search(self.new)
            if found:
                return found.group(1)
            if not self._read(until):
                return None

    def wait(self, pattern, deadline=DEADLINE):
        """Waits until that is shown: a match of what is new."""
        until = time.monotonic() + deadline
        while True:
            found = re.search(pattern, self.new)
            if found:
                return found
            assert self._read(until), "it ended before it said %r:\n%s" % (
                pattern, self.seen)

    def type(self, line):
        self._before = len(self.seen)
        os.write(self.fd, line.encode() + b"\n")

    def answer(self, prompt, line=""):
        """Waits for a question that begins so, and answers it."""
        got = self.prompt()
        assert got is not None and got.startswith(prompt), \
            "%r was not asked but %r, after:\n%s" % (prompt, got, self.seen)
        self.type(line)
        return got

    def let_echo(self):
        """As a shell does while what it has started is stopped."""
        mode = termios.tcgetattr(self.fd)
        mode[3] |= termios.ECHO
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)

    def is_echoing(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def press(self, key):
        os.write(self.fd, key.encode())

    def interrupt(self):
        self.press("\x03")

    def hang_up(self):
        os.close(self.fd)
        self.fd = None

    def end(self, deadline=DEADLINE):
        """Waits for the end: the exit status."""
        until = time.monotonic() + deadline
        while self.fd is not None and self._read(until):
            pass
        status = self.process.wait(DEADLINE)
        assert status != -signal.SIGKILL
        return status
