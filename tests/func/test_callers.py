# SPDX-License-Identifier: ISC
"""What programs have been seen to do with sendmail, done again.

tests/data/callers has a file for each; tests/data/README.md says its form.
account.rewrite is off here, so that the octets that arrive are the caller's.
"""

import glob
import os
import pwd
import re
import shlex
import signal
import subprocess
from email.header import decode_header, make_header

import pytest

from lib.notify import DEADLINE
from lib.site import program
from lib.specimens import path

FILES = sorted(glob.glob(path("callers", "*.txt")))
PARTS = re.compile(r"^==== (\w+)\n", re.M)
SOMEBODY = 5  # has a name on every system, and is not the daemon's user
CR = "\u240d"


class Call:
    """One recorded call: how it was made, and what is to come of it."""

    def __init__(self, file):
        with open(file, encoding="utf-8", newline="\n") as f:
            parts = PARTS.split(f.read())
        self.how = self._fields(parts[0])
        self.parts = dict(zip(parts[1::2], parts[2::2]))
        self.argv = shlex.split(self.how["argv"])
        self.is_root = self.how["user"] == "root"
        self.descriptors = self._words("descriptors")
        self.status = int(self.how.get("status", "0"))

    @staticmethod
    def _fields(text):
        return dict(line.split(": ", 1) for line in text.splitlines()
                    if line and not line.startswith("#"))

    def _words(self, name):
        return dict(w.split("=", 1) for w in self.how.get(name, "").split())

    def told(self):
        """What it is told on stdout, as a pattern."""
        text = self.parts.get("stdout", "").replace(CR, "\r")
        return re.escape(text).replace(r"\{any\}", ".*").encode()

    def ends(self):
        """The ends of the last line that have to be tried."""
        return [b"\n"] if self.how.get("end") == "seen" else [b"\n", b""]

    def stdin(self):
        """Its octets; the last line end is a matter of the variant."""
        return self.parts.get("stdin", "\n")[:-1].replace(CR, "\r").encode()

    def envelope(self, caller):
        text = self.parts["envelope"].replace("{caller}", caller)
        fields = self._fields(text)
        return fields["from"], fields["to"].split(", ")

    def header(self, caller):
        """All fields, in their order, as patterns."""
        for text in fields(self.parts["header"]):
            yield re.escape(text).replace(r"\{any\}", "(.|\n)*").replace(
                r"\{caller\}", re.escape(caller))

    def body(self, octets):
        """What comes of these octets; an empty last line may be none."""
        text = self.parts["body"]
        if len(self.ends()) > 1 and text.endswith("\n\n") and \
                not re.search(b"(\r\n?|\n)(\r\n?|\n)$", octets):
            text = text[:-1]
        return text.replace("\n", "\r\n").encode()

    # ---- the call ----

    def _before(self):
        for name in self.how.get("ignored", "").split():
            signal.signal(getattr(signal, "SIG" + name), signal.SIG_IGN)
        for fd in (1, 2):
            if self.descriptors.get(str(fd)) == "closed":
                os.close(fd)

    def _output(self, fd):
        kind = self.descriptors.get(str(fd))
        return subprocess.PIPE if kind in ("pipe", "file") else \
            subprocess.DEVNULL

    def run(self, site, octets):
        """Calls as the caller did; its status, and all that it was told."""
        how = {"env": {**site.environment(), **self._words("environment")}}
        if site.is_root and not self.is_root:
            how.update(user=SOMEBODY, extra_groups=[],
                       group=int(self.how.get("group", SOMEBODY)))
        if self.descriptors["0"] == "file":
            with open(site.path("input"), "wb") as f:
                f.write(octets)
            stdin, octets = open(site.path("input"), "rb"), None
        elif self.descriptors["0"] == "null":
            stdin, octets = open(os.devnull, "rb"), None
        else:
            stdin = open(os.devnull, "rb")
            how["stdin"] = subprocess.PIPE
        extra = [] if "3" not in self.descriptors else [stdin.fileno()]
        with stdin:
            how.setdefault("stdin", stdin)
            name = os.path.basename(self.argv[0])
            with subprocess.Popen(
                    [self.argv[0], "-C", site.conf_path, *self.argv[1:]],
                    executable=program(name), stdout=self._output(1),
                    stderr=self._output(2), cwd="/", pass_fds=extra,
                    preexec_fn=self._before, **how) as proc:
                told = proc.communicate(octets, timeout=DEADLINE)
        return proc.returncode, [text or b"" for text in told]


def caller(call, site):
    uid = os.getuid() if not site.is_root else 0 if call.is_root else SOMEBODY
    return pwd.getpwuid(uid).pw_name


def fields(header):
    return re.split(r"\n(?![ \t])", header.rstrip("\n"))


def as_read(field):
    """Words beyond ASCII travel in more than one form, and are read as one."""
    return str(make_header(decode_header(field)))


def judge(message, call, octets, name):
    sender, rcpts = call.envelope(name)
    assert message.sender == sender
    assert message.addresses == rcpts
    head, _, body = message.raw.partition(b"\r\n\r\n")
    found = fields(head.decode().replace("\r\n", "\n"))
    wanted = list(call.header(name))
    assert len(found) == len(wanted), found
    for got, pattern in zip(found, wanted):
        if not pattern.isascii():
            got = as_read(got)
        assert re.fullmatch(pattern, got), "%r is not %r" % (got, pattern)
    assert body == call.body(octets)


@pytest.mark.parametrize("file", FILES, ids=[
    os.path.basename(file)[:-len(".txt")] for file in FILES])
def test_caller(make_site, make_server, file):
    """With the last line's end, and without: a record does not tell."""
    server = make_server(provider="smtp")
    site = make_site(server, provider="smtp", auth="plain", rewrite="never")
    site.start()
    call = Call(file)
    for n, end in enumerate(call.ends(), 1):
        octets = call.stdin() + end
        status, (out, err) = call.run(site, octets)
        assert status == call.status and re.fullmatch(call.told(), out), out
        assert (err == b"") == (status == 0)
        if "envelope" in call.parts:
            message = server.record.wait_messages(n)[n - 1]
            judge(message, call, octets, caller(call, site))
    if "envelope" not in call.parts:
        assert site.queue() == [] and not server.record.messages
