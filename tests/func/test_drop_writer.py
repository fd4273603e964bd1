# SPDX-License-Identifier: ISC
"""Writers of drop files that take their time, and clocks that do not."""

import os
import select
import subprocess

import pytest

from lib.clock import Clock, hurried
from lib.notify import DEADLINE
from lib.site import program
from lib.stranger import Eyes

HOUR = 3600
MUCH = b"Subject: x\n\n" + b"y" * 70 + b"\n" + b"z" * (2 << 20)


class Writer:
    """A sendmail whose caller has only begun: its file has no end yet."""

    def __init__(self, site, env=None, wait=True):
        self.site = site
        self.proc = subprocess.Popen(
            [program("sendmail"), "-C", site.conf_path, "-i",
             "a@example.net"], env=site.environment(**(env or {})),
            stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.say(MUCH)
        self.name = wait and site.wait(
            lambda: [n for n in site.dropped() if self.size(n) > 1 << 20],
            "the file to be half-written")[0]

    def size(self, name):
        return os.stat(self.site.path("spool/drop/" + name)).st_size

    def say(self, text):
        """Something more for it to read, which it does at once."""
        self.proc.stdin.write(text)
        self.proc.stdin.flush()

    def end(self):
        try:
            self.proc.stdin.close()
        except BrokenPipeError:
            pass
        status = self.proc.wait(DEADLINE)
        self.said = self.proc.stderr.read().decode()
        self.proc.stderr.close()
        return status


@pytest.fixture
def clock(site):
    # A clock that is read from a file passes no sandbox.
    site.conf["sandbox"] = {"mode": "off"}
    site.write_conf()
    return Clock(site.path("clock"))


@pytest.mark.parametrize("talks", [False, True], ids=["silent", "talking"])
def test_a_writer_is_given_up_after_twelve_hours(site, server, talks):
    """Whether it says nothing more or goes on for ever: then its message is
    its caller's again, and no file is left."""
    eyes = Eyes(site.path("spool/drop"))
    writer = Writer(site, hurried(10000), wait=False)
    if talks:
        # Until nobody reads it any more, and no end of it.
        with pytest.raises(BrokenPipeError):
            while True:
                writer.say(b"w")
                select.select([], [writer.proc.stdin], [])
    assert writer.proc.wait(DEADLINE) == 75
    assert writer.end() == 75
    assert "did not end in time; nothing was sent" in writer.said
    assert eyes.seen()  # there was one
    eyes.close()
    assert site.dropped() == []
    site.start()
    site.wait_empty()
    assert server.record.accepted == []


@pytest.mark.parametrize("leap", [25 * HOUR, 10 * 365 * 24 * HOUR])
def test_a_clock_that_leaps_takes_no_mail_from_its_writer(site, server, clock,
                                                          leap):
    """By the daemon's clock nobody has written to the file for a day."""
    writer = Writer(site)
    clock.set(leap)
    site.start(env=site.environment(**clock.environment()))
    site.submit("b@example.net")
    server.record.wait_messages(1)
    assert site.dropped() == [writer.name]
    assert writer.end() == 0 and writer.said == ""
    server.record.wait_messages(2)
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    site.wait_empty()


def test_what_nobody_writes_any_more_goes_aside(site, server, clock):
    writer = Writer(site)
    writer.proc.kill()
    writer.end()
    clock.set(23 * HOUR)
    site.start(env=site.environment(**clock.environment()))
    site.submit("b@example.net")
    server.record.wait_messages(1)
    assert site.dropped() == [writer.name]
    site.stop()
    clock.set(25 * HOUR)
    site.start(env=site.environment(**clock.environment()))
    site.log.wait_for("drop-file-aside", text="gave up half-way")
    assert site.dropped() == ["aside." + writer.name]
    assert len(server.record.accepted) == 1
