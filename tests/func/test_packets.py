# SPDX-License-Identifier: ISC
"""What goes to a server in one piece, seen by deliver's system calls."""

import re

import pytest

from lib import strike
from lib.site import USER

# 2 KiB, as most mail of programs.
TEXT = "From: %s\nSubject: x\n\n" % USER + ("x" * 63 + "\n") * 30


class Trace:
    """Of the daemon's deliver, from its start."""

    def __init__(self, site):
        self.path = site.path("log/trace")
        self.attached = strike.attached(site.daemon.pid, self.path, [
            "-f", "-yy", "-s", "4096", "-e",
            "trace=setsockopt,write,writev,sendto,sendmsg"])

    def calls(self, port):
        """Those on the connection to a port, as "name(...) = result"."""
        return [line.split(None, 1)[1]
                for line in strike.joined(strike.read(self.path))
                if re.search(r"\w\(\d+<TCP:\[\S+:%d\]>" % port, line)]

    def writes(self, port):
        return [c for c in self.calls(port) if not c.startswith("setsockopt")]


@pytest.fixture
def plain(make_site, make_server):
    """Without TLS, so that what is written can be read."""
    server = make_server(certificate=None, provider="smtp",
                         auth_required=False)
    return make_site(server, provider="smtp", tls="none", auth="none",
                     password_file=None, tls_ca_file=None, linger="0s"), server


@pytest.mark.parametrize("chunking, flights", [
    ("yes", [["EHLO"], ["MAIL", "RCPT", "BDAT", "x" * 63], ["QUIT"]]),
    ("no", [["EHLO"], ["MAIL", "RCPT", "DATA"], ["x" * 63], ["QUIT"]])])
def test_a_small_message_leaves_in_one_piece(plain, chunking, flights):
    site, server = plain
    site.conf["account"]["chunking"] = chunking
    site.start(env=site.environment(leaks=False))
    trace = Trace(site)
    with trace.attached:
        site.submit("a@example.net", stdin=TEXT)
        server.record.wait_messages(1)
        server.record.wait_idle()
    writes = trace.writes(server.port)
    assert len(writes) == len(flights), writes
    for text, words in zip(writes, flights):
        assert all(word in text for word in words), text


def test_one_write_for_each_message_in_tls(site, server):
    site.conf["account"]["linger"] = "60s"
    site.start(env=site.environment(leaks=False))
    trace = Trace(site)
    with trace.attached:
        counts = []
        for n in range(3):
            site.submit("a@example.net", stdin=TEXT)
            server.record.wait_messages(n + 1)
            site.wait_empty()
            counts.append(len(trace.writes(server.port)))
    assert len(server.record.connections) == 1
    assert [b - a for a, b in zip(counts, counts[1:])] == [1, 1], counts


def test_no_octet_waits_for_more(site, server):
    """Nagle's algorithm would hold back a flight's end for 40 ms and more."""
    site.start(env=site.environment(leaks=False))
    trace = Trace(site)
    with trace.attached:
        site.submit("a@example.net", stdin=TEXT)
        server.record.wait_messages(1)
        site.wait_empty()
    calls = trace.calls(server.port)
    assert re.match(r"setsockopt\(.*TCP_NODELAY, \[1\], 4\) = 0", calls[0])
