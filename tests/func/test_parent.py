# SPDX-License-Identifier: ISC
"""The parent keeps the sockets and has more rights than anybody else here: it
reads nothing that a client has said."""

import re

from lib import strike
from lib.site import USER

MARK = "canary-of-a-client"
TEXT = "From: %s\nSubject: %s\n\n%s\n" % (USER, MARK, MARK * 2000)


def test_it_reads_nothing_that_clients_say(running, server):
    trace = running.path("log/trace")
    with strike.attached(running.daemon.pid, trace, [
            "-yy", "-s", "100000", "-e", "trace=accept,accept4,read,readv,"
            "pread64,recvfrom,recvmsg,recvmmsg"]):
        running.submit("%s@example.net" % MARK, stdin=TEXT)
        server.record.wait_messages(1)
        running.mailq()
        running.mailchute("trace", MARK)
        running.mailchute("pause")
        running.mailchute("resume")
        assert running.status()
        running.submit("b@example.net", stdin=TEXT)
        server.record.wait_messages(2)
        running.wait_empty()
    calls = strike.read(trace).splitlines()
    assert not [c for c in calls if c.startswith("accept")], calls
    assert MARK not in strike.read(trace)
    # It is at work: the queue process asks it for each deliver.
    heard = [c for c in calls if re.match(r"recv(msg|from)\(\d+<UNIX", c)]
    assert heard, calls


def test_who_takes_clients_in(running):
    """The same look at the queue process finds all of it."""
    trace = running.path("log/trace")
    with strike.attached(running.queue_pid(), trace, [
            "-yy", "-s", "100000", "-e", "trace=accept,accept4,read,readv,"
            "recvfrom,recvmsg"]):
        running.submit("%s@example.net" % MARK, stdin=TEXT)
        running.mailq()
    calls = strike.read(trace).splitlines()
    assert len([c for c in calls if c.startswith("accept")
                and not c.endswith("unavailable)")]) >= 2
    assert MARK in strike.read(trace)
