# SPDX-License-Identifier: ISC
"""Clients of "sendmail -bs"."""

import contextlib
import smtplib
import socket
import subprocess

from .notify import DEADLINE
from .site import program


class Bs:
    """One sendmail -bs on pipes, spoken to line by line."""

    def __init__(self, site, *args, uid=None, **how):
        self.site = site
        if uid is not None and site.is_root:
            how.update(user=uid, group=uid, extra_groups=[])
        self.proc = subprocess.Popen(
            [program("sendmail"), "-bs", "-C", site.conf_path, *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd="/", env=site.environment(), **how)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.communicate()

    def send(self, octets):
        self.proc.stdin.write(octets if isinstance(octets, bytes)
                              else octets.encode())
        self.proc.stdin.flush()

    def reply(self):
        """One reply, all of its lines."""
        text = ""
        while True:
            line = self.proc.stdout.readline().decode()
            assert line.endswith("\r\n"), (text, line)
            text += line
            if line[3:4] != "-":
                return text.strip()

    def cmd(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def open(self, *rcpts, sender="alerts@contoso.example"):
        """Up to the text of a message."""
        assert self.reply().startswith("220 ")
        self.cmd("EHLO web02")
        assert self.cmd("MAIL FROM:<%s>" % sender).startswith("250 ")
        for rcpt in rcpts:
            assert self.cmd("RCPT TO:<%s>" % rcpt).startswith("250 ")
        assert self.cmd("DATA").startswith("354 ")
        return self

    def end(self):
        """Closes; the exit status, and what was said up to then."""
        with contextlib.suppress(BrokenPipeError):
            self.proc.stdin.close()
        self.proc.stdin = None
        out, err = self.proc.communicate(timeout=DEADLINE)
        assert err == b""
        return self.proc.returncode, out.decode()


class Smtp(smtplib.SMTP):
    """Python's own client, on a socket that is sendmail's standard input and
    output."""

    def __init__(self, site):
        ours, theirs = socket.socketpair()
        with theirs:
            self.proc = subprocess.Popen(
                [program("sendmail"), "-bs", "-C", site.conf_path],
                stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, cwd="/",
                env=site.environment())
        self._ours = ours
        super().__init__("localhost", 25, "web02", timeout=DEADLINE)

    def _get_socket(self, host, port, timeout):
        self._ours.settimeout(timeout)
        return self._ours

    def quit(self):
        super().quit()
        _, err = self.proc.communicate(timeout=DEADLINE)
        assert (self.proc.returncode, err) == (0, b"")
